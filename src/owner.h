/*
 * owner.h
 *	  The rights with which the extension reads and writes its own tables.
 */
#ifndef SL_OWNER_H
#define SL_OWNER_H

#include "postgres.h"

/* What was in force before: the stack's, and unchanged until sl_owner_end(). */
typedef struct SlOwner
{
	Oid user;
	int context;
	int settings; /* the nest level of the search path; 0: it was the safe one */
} SlOwner;

/*
 * From here to sl_owner_end(), the owner of the book with a search path that nobody else
 * can put anything into; an error ends it too.  Nothing of the caller's may run in between:
 * no value of a type that is not PostgreSQL's own is made or read, and no relation but the
 * extension's is named.
 */
extern void sl_owner_begin(SlOwner *before);
extern void sl_owner_end(const SlOwner *before);

/*
 * The same as another role, whose code may run: what it sets, such as a search path, goes
 * with the stretch, and it can leave nothing else in the session, such as a temporary table.
 */
extern void sl_role_begin(Oid role, SlOwner *before);

#endif
