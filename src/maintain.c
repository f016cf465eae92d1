/*
 * maintain.c
 *	  sync_maintain: one pass of what keeps the book small.
 *
 * Each step is bounded in rows and in pages, takes only what nobody holds and never
 * waits.  What a decision needs is in sync_state, which no step removes from.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "guc.h"
#include "maintain_statistics.h"
#include "maintain_sweep.h"
#include "outbox_gate.h"
#include "outbox_lease.h"
#include "outbox_target.h"
#include "query.h"

PG_FUNCTION_INFO_V1(sync_maintain);

static SlPlan find_due_targets = {
	.sql = "SELECT o.target_system FROM %s.sync_outbox AS o"
		   " WHERE o.retry_at OPERATOR(pg_catalog.<=) $1"
		   " UNION SELECT l.target_system FROM %s.sync_lease AS l"
		   " WHERE l.ends_at OPERATOR(pg_catalog.<=) $1 ORDER BY target_system",
	.nargs = 1,
	.argtypes = {TIMESTAMPTZOID}};

static List *
due_targets(TimestampTz now)
{
	Datum         values[1] = {TimestampTzGetDatum(now)};
	MemoryContext context = CurrentMemoryContext;
	List         *targets = NIL;
	uint64        n;

	sl_spi_connect();
	n = sl_query_select(&find_due_targets, values, NULL);
	MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < n; i++)
		targets = lappend(targets, TextDatumGetCString(sl_query_value_not_null(i, 1)));
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return targets;
}

static int64
return_leases(SlKeeping *keeping)
{
	int64     returned = 0;
	ListCell *cell;

	foreach (cell, due_targets(keeping->now))
	{
		CHECK_FOR_INTERRUPTS();
		returned += sl_outbox_return_all_due((const char *) lfirst(cell),
											 &keeping->has_more);
	}
	return returned;
}

static void
push_key(JsonbParseState **state, const char *key)
{
	JsonbValue value = {.type = jbvString};

	value.val.string.val = (char *) key;
	value.val.string.len = (int) strlen(key);
	pushJsonbValue(state, WJB_KEY, &value);
}

static void
push_count(JsonbParseState **state, const char *key, int64 count)
{
	JsonbValue value = {.type = jbvNumeric};

	push_key(state, key);
	value.val.numeric = DatumGetNumeric(
		DirectFunctionCall1(int8_numeric, Int64GetDatum(count)));
	pushJsonbValue(state, WJB_VALUE, &value);
}

static Datum
end_report(JsonbParseState *state, bool has_more)
{
	JsonbValue more = {.type = jbvBool};

	push_key(&state, "more");
	more.val.boolean = has_more;
	pushJsonbValue(&state, WJB_VALUE, &more);
	return JsonbPGetDatum(
		JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

static void
check_limit(int32 max_rows)
{
	if (max_rows < 1)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_rows must be at least 1, not %d", max_rows)));
}

/* (max_rows) */
Datum
sync_maintain(PG_FUNCTION_ARGS)
{
	SlKeeping        keeping = {.now = sl_now(), .max_rows = PG_GETARG_INT32(0)};
	JsonbParseState *state = NULL;

	sl_gate_need_primary("sync_maintain");
	check_limit(keeping.max_rows);
	sl_keeping_open(&keeping, sl_all_entities());
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_count(&state, "leases", return_leases(&keeping));
	if (sl_sweep_begin())
		for (int s = 0; s < SL_NSWEEPS; s++)
			push_count(&state, sl_sweep_name(s), sl_sweep(&keeping, s));
	push_count(&state, "rolled_up", sl_statistics_roll_up(&keeping));
	push_count(&state, "statistics", sl_statistics_remove(&keeping));
	return end_report(state, keeping.has_more);
}
