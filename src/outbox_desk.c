/*
 * outbox_desk.c
 *	  sync_redrive and sync_discard: what an operator does with rows that failed.
 *
 * A row that a worker has, and one that stands behind it, are left alone.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "event_store.h"
#include "outbox_gate.h"
#include "outbox_leased.h"
#include "outbox_row.h"
#include "query.h"

PG_FUNCTION_INFO_V1(sync_redrive);
PG_FUNCTION_INFO_V1(sync_discard);

/* Under the record's lock: a dead letter, or a row that waits for its retry. */
static SlPlan redrive_row = {
	.sql = "UPDATE %s.sync_outbox AS o SET place = pg_catalog.pg_current_xact_id(),"
		   "  status = 'pending', visible_at = $2, retry_at = NULL, updated_at = $2,"
		   "  attempts = CASE o.status WHEN 'dead' THEN 0 ELSE o.attempts END"
		   " WHERE o.id OPERATOR(pg_catalog.=) $1"
		   "  AND (o.status OPERATOR(pg_catalog.=) 'dead' OR o.retry_at IS NOT NULL)"
		   " RETURNING o.target_system, o.idempotency_key",
	.nargs = 2,
	.argtypes = {INT8OID, TIMESTAMPTZOID}};

/* Under the record's lock: no worker has it. */
static SlPlan look_again = {
	.sql = "SELECT o.target_system, o.idempotency_key, o.action,"
		   "  (SELECT pg_catalog.string_agg(k, ', ' ORDER BY k COLLATE \"C\")"
		   "   FROM pg_catalog.jsonb_object_keys(o.change_set) AS k)"
		   " FROM %s.sync_outbox AS o WHERE o.id OPERATOR(pg_catalog.=) $1"
		   "  AND o.status OPERATOR(pg_catalog.<>) 'leased'",
	.nargs = 1,
	.argtypes = {INT8OID}};

/* Fills the entry of what is done to a row that the last statement returned. */
static void
log_row(SlBatch *batch, const SlNamedRow *row, const char *event, const char *detail)
{
	SlLogEntry entry = {.event = event, .detail = detail};

	entry.system = TextDatumGetCString(sl_query_value_not_null(0, 1));
	entry.idempotency_key = TextDatumGetCString(sl_query_value_not_null(0, 2));
	sl_log_add(&batch->log, sl_row_record(batch, row->key), &entry);
}

static int
redrive_batch(SlBatch *batch, const SlNamedRow *rows, int n, void *arg)
{
	Datum values[2] = {Int64GetDatum(rows[0].id), TimestampTzGetDatum(batch->now)};

	if (sl_query_write(&redrive_row, values, NULL) == 0)
		return 0;
	log_row(batch, &rows[0], SL_EVENT_REDRIVEN, NULL);
	sl_outbox_notify(TextDatumGetCString(sl_query_value_not_null(0, 1)));
	return 1;
}

/* (id): whether it was a row that failed; it goes now. */
Datum
sync_redrive(PG_FUNCTION_ARGS)
{
	SlNamedRow *rows;
	int         n;

	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(false);
	sl_gate_need_primary("sync_redrive");
	rows = sl_row_of_id(PG_GETARG_INT64(0), &n);
	PG_RETURN_BOOL(sl_rows_each(rows, n, redrive_batch, NULL) == 1);
}

/* What was not sent and why: update phone: ... */
static char *
words_of(const char *reason)
{
	char *action = TextDatumGetCString(sl_query_value_not_null(0, 3));
	bool  is_null;
	Datum fields = sl_query_value(0, 4, &is_null);

	return psprintf("%s%s%s: %s", action, is_null ? "" : " ",
					is_null ? "" : TextDatumGetCString(fields), reason);
}

/* Its end has been logged: it does not go as one that is left behind. */
static void
leave_out(SlRecord *record, int64 id)
{
	int n = 0;

	for (int i = 0; i < record->left.nrows; i++)
		if (record->left.rows[i].id != id)
			record->left.rows[n++] = record->left.rows[i];
	record->left.nrows = n;
}

/*
 * A row that the state does not name is left from a policy that named the target before; one
 * that only the state of then names is named no more.
 */
static int
discard_batch(SlBatch *batch, const SlNamedRow *rows, int n, void *arg)
{
	SlRecord  *record = sl_row_record(batch, rows[0].key);
	Datum      values[1] = {Int64GetDatum(rows[0].id)};
	SlWaiting *waiting;
	int        target;

	if (sl_query_select(&look_again, values, NULL) == 0)
		return 0;
	target = sl_policy_system(batch->policy,
							  TextDatumGetCString(sl_query_value_not_null(0, 1)));
	if (target >= 0 && record->state->parts[target].leased_version != 0)
		return 0;
	log_row(batch, &rows[0], SL_EVENT_DISCARDED, words_of(arg));
	if (target < 0 || rows[0].id != record->state->parts[target].waiting_id)
	{
		sl_outbox_drop(&batch->outbox, rows[0].id);
		leave_out(record, rows[0].id);
		if (target < 0)
			sl_batch_renew(batch, record);
		return 1;
	}
	waiting = sl_decide_discard(batch->policy, record->state, target, batch->now);
	record->is_dirty = true;
	for (int t = 0; t < batch->policy->nsystems; t++)
		record->is_changed[t] |= waiting->is_changed[t];
	record->is_changed[target] = true;
	return 1;
}

static char *
need_reason(FunctionCallInfo fcinfo, int arg)
{
	char *reason = PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));

	if (reason == NULL || reason[strspn(reason, " \t\n\r")] == '\0')
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a row is not discarded without a reason"),
						errhint("Say why it is not sent: sync_trace will tell it.")));
	return reason;
}

/* (id, reason): whether it was a row that no worker has; it is gone. */
Datum
sync_discard(PG_FUNCTION_ARGS)
{
	char       *reason = need_reason(fcinfo, 1);
	SlNamedRow *rows;
	int         n;

	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(false);
	sl_gate_need_primary("sync_discard");
	rows = sl_row_of_id(PG_GETARG_INT64(0), &n);
	PG_RETURN_BOOL(sl_rows_each(rows, n, discard_batch, reason) == 1);
}
