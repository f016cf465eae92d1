/*
 * installation.h
 *	  Where the extension is installed in this database, and whose it is.
 */
#ifndef SL_INSTALLATION_H
#define SL_INSTALLATION_H

#include "postgres.h"

/* Registers the callbacks that keep this file's memory true; called by _PG_init. */
extern void sl_installation_init(void);

/* The schema that the extension lives in, quoted as an identifier where needed. */
extern const char *sl_schema_name(void);
extern Oid         sl_schema_oid(void);

/* The owner of the book, and of any relation. */
extern Oid sl_owner_oid(void);
extern Oid sl_owner_of(Oid relid);

/* The oid of one of the extension's own relations, in its own schema. */
extern Oid sl_relation_oid(const char *name);

/*
 * Grows each time the extension is found in another place than before (dropped
 * and created again, schema renamed): what was remembered under an older number is
 * void.
 */
extern uint64 sl_install_generation(void);

#endif
