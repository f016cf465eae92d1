/*
 * outbox_pause.c
 *	  sync_pause, sync_resume, sync_pause_reason: somebody holds up polling, or lets it go on.
 *
 * A pause is a row's mark and nothing else: what waits, waits on.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "guc.h"
#include "outbox_gate.h"
#include "outbox_row.h"
#include "outbox_target.h"
#include "query.h"

PG_FUNCTION_INFO_V1(sync_pause);
PG_FUNCTION_INFO_V1(sync_resume);
PG_FUNCTION_INFO_V1(sync_pause_reason);

/* One that is paused already keeps its time. */
static SlPlan pause_targets = {
	.sql = "UPDATE %s.sync_target AS t SET paused_at = $2, paused_by = SESSION_USER"
		   " WHERE ($1 IS NULL OR t.target_system OPERATOR(pg_catalog.=) $1)"
		   "  AND t.paused_at IS NULL",
	.nargs = 2,
	.argtypes = {TEXTOID, TIMESTAMPTZOID}};

static SlPlan resume_targets = {
	.sql = "UPDATE %s.sync_target AS t SET paused_at = NULL, paused_by = NULL"
		   " WHERE ($1 IS NULL OR t.target_system OPERATOR(pg_catalog.=) $1)"
		   "  AND t.paused_at IS NOT NULL"
		   " RETURNING t.target_system",
	.nargs = 1,
	.argtypes = {TEXTOID}};

/* The target that a caller named, NULL for all; one that no policy names is an error. */
static char *
target_of(FunctionCallInfo fcinfo)
{
	char *target = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (target != NULL)
		sl_need_target(target, NULL);
	return target;
}

/* Where there is nothing to mark, a pause of all would be forgotten. */
static void
need_targets(void)
{
	if (sl_all_entities() == NIL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("there is no policy yet, and so no target to pause"),
						errhint("Write a policy first, with sync_configure; in one "
								"transaction with sync_pause() nothing is handed out "
								"in between.")));
}

Datum
sync_pause(PG_FUNCTION_ARGS)
{
	char *target = target_of(fcinfo);
	Datum values[2];
	char  nulls[2] = {target == NULL ? 'n' : ' ', ' '};

	sl_gate_need_primary("sync_pause");
	if (target == NULL)
		need_targets();
	values[0] = target == NULL ? (Datum) 0 : CStringGetTextDatum(target);
	values[1] = TimestampTzGetDatum(sl_now());
	sl_spi_connect();
	sl_query_write(&pause_targets, values, nulls);
	sl_spi_finish();
	PG_RETURN_VOID();
}

Datum
sync_resume(PG_FUNCTION_ARGS)
{
	char  *target = target_of(fcinfo);
	Datum  values[1] = {target == NULL ? (Datum) 0 : CStringGetTextDatum(target)};
	uint64 n;

	sl_gate_need_primary("sync_resume");
	sl_spi_connect();
	n = sl_query_write(&resume_targets, values, target == NULL ? "n" : " ");
	for (uint64 i = 0; i < n; i++)
		sl_outbox_notify(TextDatumGetCString(sl_query_value_not_null(i, 1)));
	if (target == NULL)
		sl_home_move();
	sl_spi_finish();
	PG_RETURN_VOID();
}

Datum
sync_pause_reason(PG_FUNCTION_ARGS)
{
	char  *target = target_of(fcinfo);
	SlGate gate;

	sl_gate_look_stable(target, &gate);
	if (gate.elsewhere != NULL)
		PG_RETURN_TEXT_P(cstring_to_text(
			psprintf("this book is not where it was written: %s", gate.elsewhere)));
	if (gate.is_paused)
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("paused by %s", gate.paused_by)));
	if (RecoveryInProgress())
		PG_RETURN_TEXT_P(cstring_to_text("this server is a standby"));
	PG_RETURN_NULL();
}
