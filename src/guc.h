/*
 * guc.h
 *	  The settings, and the clock that tests may set.
 */
#ifndef SL_GUC_H
#define SL_GUC_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* sync_ledger.notify: NOTIFY sync_outbox at commit */
extern bool sl_guc_notify;

/* sync_ledger.allow_failover: a promoted or copied server goes on by itself */
extern bool sl_guc_allow_failover;

/* sync_ledger.system: on whose behalf attached tables are written; "": their own */
extern char *sl_guc_system;

extern void sl_guc_init(void);

/*
 * The database's own time, or what a superuser has set sync_ledger.now to.  Time
 * measures windows only; it is never compared with a system's.
 */
extern TimestampTz sl_now(void);
extern bool        sl_now_is_set(void);

#endif
