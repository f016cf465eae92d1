/*
 * outbox_nack.c
 *	  sync_nack and sync_extend: a worker's call failed, or takes longer than its lease.
 *
 * Only the row's own lease moves it.  A failed call may have landed all the same: its
 * write is lost, not undone.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "backoff.h"
#include "duration.h"
#include "event_store.h"
#include "lease_store.h"
#include "outbox_gate.h"
#include "outbox_late.h"
#include "outbox_leased.h"
#include "outbox_nack.h"
#include "outbox_return.h"
#include "outbox_row.h"
#include "query.h"
#include "statistics.h"

PG_FUNCTION_INFO_V1(sync_nack);
PG_FUNCTION_INFO_V1(sync_extend);

/* An error text is kept up to this many bytes; some targets answer with whole pages. */
#define MAX_ERROR 2000

enum
{
	ARG_ID,
	ARG_LEASE,
	ARG_ERROR,
	ARG_RETRY_AFTER,
	ARG_PERMANENT
};

/* Under the record's lock: the row, if it is still the lease's. */
static SlPlan look_again = {
	.sql = "SELECT o.target_system, o.attempts FROM %s.sync_outbox AS o"
		   " WHERE o.id OPERATOR(pg_catalog.=) $1 AND o.lease OPERATOR(pg_catalog.=) $2",
	.nargs = 2,
	.argtypes = {INT8OID, INT8OID}};

/* A lease that is over, but that nobody else took yet, goes on from now. */
static SlPlan extend_row = {
	.sql = "UPDATE %s.sync_outbox AS o"
		   " SET visible_at = GREATEST(o.visible_at, $3) OPERATOR(pg_catalog.+) $4"
		   " WHERE o.id OPERATOR(pg_catalog.=) $1 AND o.lease OPERATOR(pg_catalog.=) $2"
		   " RETURNING o.target_system, o.attempts, o.visible_at",
	.nargs = 4,
	.argtypes = {INT8OID, INT8OID, TIMESTAMPTZOID, INTERVALOID}};

/* What a worker said of a row. */
typedef struct Failure
{
	int64       lease;
	const char *error;       /* or NULL */
	Interval   *retry_after; /* or NULL */
	bool        is_permanent;
	bool        is_undone;
} Failure;

typedef struct Extension
{
	int64       lease;
	Interval   *by;
	TimestampTz ends_at; /* of the row that has the lease for longest */
} Extension;

/* A target that named its time was not asked in vain: that was no failed attempt. */
static SlComeback
comeback_of(const Failure *failure, const SlPolicy *policy, int32 attempts,
			TimestampTz now)
{
	SlComeback comeback = {.error = failure->error,
						   .is_undone = failure->is_undone,
						   .attempts = attempts};

	if (failure->is_permanent ||
		(failure->retry_after == NULL && attempts >= policy->max_attempts))
		comeback.is_dead = true;
	else if (failure->retry_after != NULL)
	{
		comeback.attempts = Max(attempts - 1, 0);
		comeback.due = sl_later("retry_after", now, failure->retry_after);
	}
	else
		comeback.due = now + sl_backoff(attempts, pg_prng_double(&pg_global_prng_state));
	return comeback;
}

static const char *
event_of(const SlComeback *comeback, const Failure *failure)
{
	if (comeback->is_dead)
		return SL_EVENT_DEAD;
	return failure->retry_after == NULL ? SL_EVENT_FAILED : SL_EVENT_PUT_OFF;
}

static const char *
counted_as(const SlComeback *comeback, const Failure *failure)
{
	return comeback->is_dead || failure->retry_after == NULL ? SL_CALL_FAILED
															 : SL_CALL_PUT_OFF;
}

static void
fail(SlBatch *batch, SlRecord *record, int target, const Failure *failure)
{
	int32      attempts = DatumGetInt32(sl_query_value_not_null(0, 2));
	SlComeback comeback = comeback_of(failure, batch->policy, attempts, batch->now);
	SlLogEntry entry;

	sl_batch_log_lease(batch, record, target, event_of(&comeback, failure), &entry);
	entry.attempt = attempts;
	entry.detail = failure->error;
	sl_log_add(&batch->log, record, &entry);
	sl_outbox_give_back(batch, record, target, &comeback);
	sl_count_calls(batch->policy, target, counted_as(&comeback, failure), 1, batch->now);
}

/* Without a policy that names the target, nothing waits for it to go again. */
static void
log_left(SlBatch *batch, SlRecord *record, const char *target)
{
	SlLogEntry entry = {
		.event = SL_EVENT_DROPPED,
		.detail = "its call failed, and the policy does not name it any more",
		.system = target};

	sl_log_add(&batch->log, record, &entry);
}

/* A row that the state does not name is left from a policy that named the target before. */
static int
nack_batch(SlBatch *batch, const SlNamedRow *rows, int n, void *arg)
{
	Failure  *failure = arg;
	SlRecord *record = sl_row_record(batch, rows[0].key);
	Datum     values[2] = {Int64GetDatum(rows[0].id), Int64GetDatum(failure->lease)};
	char     *name;
	int       target;

	if (sl_query_select(&look_again, values, NULL) == 0)
		return 0;
	name = TextDatumGetCString(sl_query_value_not_null(0, 1));
	target = sl_policy_system(batch->policy, name);
	if (target >= 0 && rows[0].id == record->state->parts[target].leased_id)
		fail(batch, record, target, failure);
	else
	{
		sl_outbox_log_claim(rows[0].id);
		sl_outbox_drop(&batch->outbox, rows[0].id);
	}
	if (target < 0)
	{
		log_left(batch, record, name);
		sl_batch_renew(batch, record);
	}
	return 1;
}

static char *
clipped_error(const text *error)
{
	const char *data = VARDATA_ANY(error);
	int         len = VARSIZE_ANY_EXHDR(error);

	return pnstrdup(data, pg_mbcliplen(data, len, MAX_ERROR));
}

static bool
give_back(Failure *failure, int64 id)
{
	int         n;
	SlNamedRow *rows = sl_rows_of_lease(failure->lease, &id, 1, &n);

	return sl_rows_each(rows, n, nack_batch, failure) == 1;
}

void
sl_nack_undone(int64 id, int64 lease, const char *error)
{
	Failure failure = {.lease = lease, .is_undone = true};

	failure.error = pnstrdup(error, pg_mbcliplen(error, strlen(error), MAX_ERROR));
	give_back(&failure, id);
}

void
sl_nack_put_off(int64 id, int64 lease, const char *why)
{
	Interval at_once = {0};
	Failure  failure = {.lease = lease,
						.error = why,
						.retry_after = &at_once,
						.is_undone = true};

	give_back(&failure, id);
}

/* (id, lease, error, retry_after, permanent): whether the row was still the lease's. */
Datum
sync_nack(PG_FUNCTION_ARGS)
{
	Failure failure = {0};
	int64   id;

	if (PG_ARGISNULL(ARG_ID) || PG_ARGISNULL(ARG_LEASE))
		PG_RETURN_BOOL(false);
	sl_gate_need_primary("sync_nack");
	failure.lease = PG_GETARG_INT64(ARG_LEASE);
	if (!PG_ARGISNULL(ARG_ERROR))
		failure.error = clipped_error(PG_GETARG_TEXT_PP(ARG_ERROR));
	if (!PG_ARGISNULL(ARG_RETRY_AFTER))
		failure.retry_after = PG_GETARG_INTERVAL_P(ARG_RETRY_AFTER);
	failure.is_permanent = !PG_ARGISNULL(ARG_PERMANENT) && PG_GETARG_BOOL(ARG_PERMANENT);
	id = PG_GETARG_INT64(ARG_ID);
	if (give_back(&failure, id))
		PG_RETURN_BOOL(true);
	sl_count_too_late(sl_one_id(id), failure.lease);
	PG_RETURN_BOOL(false);
}

static void
log_extension(SlBatch *batch, const SlNamedRow *row)
{
	SlRecord  *record = sl_row_record(batch, row->key);
	int        target = sl_policy_system(batch->policy,
										 TextDatumGetCString(sl_query_value_not_null(0, 1)));
	SlLogEntry entry;

	if (target < 0 || row->id != record->state->parts[target].leased_id)
		return;
	sl_batch_log_lease(batch, record, target, SL_EVENT_EXTENDED, &entry);
	entry.attempt = DatumGetInt32(sl_query_value_not_null(0, 2));
	sl_log_add(&batch->log, record, &entry);
}

static int
extend_batch(SlBatch *batch, const SlNamedRow *rows, int n, void *arg)
{
	Extension *extension = arg;
	int        extended = 0;
	Datum      values[4];

	values[1] = Int64GetDatum(extension->lease);
	values[2] = TimestampTzGetDatum(batch->now);
	values[3] = PointerGetDatum(extension->by);
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		values[0] = Int64GetDatum(rows[i].id);
		if (sl_query_write(&extend_row, values, NULL) == 0)
			continue;
		log_extension(batch, &rows[i]);
		extension->ends_at = Max(extension->ends_at,
								 DatumGetTimestampTz(sl_query_value_not_null(0, 3)));
		extended++;
	}
	if (extended > 0)
		sl_lease_extend(extension->lease, extension->ends_at);
	return extended;
}

/* (lease, by): how many rows are still the lease's, and now for longer. */
Datum
sync_extend(PG_FUNCTION_ARGS)
{
	Extension   extension = {.ends_at = DT_NOBEGIN};
	SlNamedRow *rows;
	int64      *ids;
	int         nids;
	int         n;
	int         extended;

	if (PG_ARGISNULL(0))
		PG_RETURN_INT32(0);
	sl_gate_need_primary("sync_extend");
	if (PG_ARGISNULL(1) || sl_later("by", 0, PG_GETARG_INTERVAL_P(1)) <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a lease can only be extended by more than zero"),
						errhint("To give a row back, use sync_nack.")));
	extension.lease = PG_GETARG_INT64(0);
	extension.by = PG_GETARG_INTERVAL_P(1);
	ids = sl_lease_rows(extension.lease, &nids);
	rows = sl_rows_of_lease(extension.lease, ids, nids, &n);
	extended = sl_rows_each(rows, n, extend_batch, &extension);
	if (extended == 0)
		sl_count_lease_too_late(extension.lease, ids, nids);
	PG_RETURN_INT32(extended);
}
