/*
 * sync_ledger.c
 *	  The module's entry: what is set up when a backend loads the library.
 *
 * Nothing is computed here; each line of _PG_init names the file that does it.
 */
#include "postgres.h"

#include "fmgr.h"

#include "guc.h"
#include "heap_checks.h"
#include "installation.h"
#include "outbox_mark.h"
#include "policy_cache.h"
#include "statistics.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	sl_guc_init();
	sl_installation_init();
	sl_checks_init();
	sl_policy_cache_init();
	sl_mark_init();
	sl_statistics_init();
}
