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
#include "outbox_leased.h"
#include "outbox_row.h"
#include "query.h"

PG_FUNCTION_INFO_V1(sync_redrive);

/* Under the record's lock: a dead letter, or a row that waits for its retry. */
static SlPlan redrive_row = {
	.sql = "UPDATE %s.sync_outbox AS o SET place = pg_catalog.pg_current_xact_id(),"
		   "  status = 'pending', visible_at = $2, updated_at = $2,"
		   "  attempts = CASE o.status WHEN 'dead' THEN 0 ELSE o.attempts END"
		   " WHERE o.id OPERATOR(pg_catalog.=) $1"
		   "  AND (o.status OPERATOR(pg_catalog.=) 'dead'"
		   "   OR (o.status OPERATOR(pg_catalog.=) 'pending' AND o.place IS NULL"
		   "    AND o.visible_at IS NOT NULL))"
		   " RETURNING o.target_system, o.idempotency_key",
	.nargs = 2,
	.argtypes = {INT8OID, TIMESTAMPTZOID}};

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
	rows = sl_row_of_id(PG_GETARG_INT64(0), &n);
	PG_RETURN_BOOL(sl_rows_each(rows, n, redrive_batch, NULL) == 1);
}
