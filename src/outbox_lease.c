/*
 * outbox_lease.c
 *	  What time brings back: rows whose lease ran out, and those whose retry is due.
 *
 * Of a lease that ran out the write is of unknown outcome.  Nothing here waits for a
 * lock: what somebody else holds is left to the next poll.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "decide.h"
#include "event_store.h"
#include "outbox_due.h"
#include "outbox_lease.h"
#include "outbox_return.h"
#include "outbox_row.h"
#include "policy_cache.h"
#include "query.h"
#include "statistics.h"

/* A pass brings back so many rows; the next poll goes on. */
#define MAX_RETURNED 1000

/* Under the record's lock: what was due may have gone, or wait for longer, meanwhile. */
static SlPlan look_again = {
	.sql =
		"SELECT o.attempts FROM %s.sync_outbox AS o WHERE o.id OPERATOR(pg_catalog.=) $1"
		"  AND (o.lease IS NOT NULL OR o.retry_at IS NOT NULL)"
		"  AND o.visible_at OPERATOR(pg_catalog.<=) $2",
	.nargs = 2,
	.argtypes = {INT8OID, TIMESTAMPTZOID}};

static SlPlan is_over = {
	.sql = "SELECT o.target_system FROM %s.sync_outbox AS o"
		   " WHERE o.id OPERATOR(pg_catalog.=) $1"
		   "  AND o.lease IS NOT NULL AND o.visible_at OPERATOR(pg_catalog.<=) $2",
	.nargs = 2,
	.argtypes = {INT8OID, TIMESTAMPTZOID}};

/* A retry takes a new place at the end. */
static SlPlan give_place = {
	.sql = "UPDATE %s.sync_outbox AS o"
		   " SET place = pg_catalog.pg_current_xact_id(), retry_at = NULL"
		   " WHERE o.id OPERATOR(pg_catalog.=) $1",
	.nargs = 1,
	.argtypes = {INT8OID}};

static void
end_lease(SlBatch *batch, SlRecord *record, int target, int32 attempts)
{
	SlComeback comeback = {
		.error = SL_LEASE_RAN_OUT,
		.attempts = attempts,
		.due = batch->now,
	};
	SlLogEntry entry;

	sl_batch_log_lease(batch, record, target, SL_EVENT_EXPIRED, &entry);
	sl_log_add(&batch->log, record, &entry);
	sl_outbox_give_back(batch, record, target, &comeback);
}

/* A row that the state does not name is left from a policy that named the target before. */
static void
return_row(SlBatch *batch, SlRecord *record, int target, int64 id)
{
	const SlPart *part = &record->state->parts[target];
	Datum         values[2] = {Int64GetDatum(id), TimestampTzGetDatum(batch->now)};

	CHECK_FOR_INTERRUPTS();
	if (sl_query_select(&look_again, values, NULL) == 0)
		return;
	if (id == part->leased_id)
		end_lease(batch, record, target, DatumGetInt32(sl_query_value_not_null(0, 1)));
	else if (id == part->waiting_id)
		sl_query_write(&give_place, values, NULL);
	else
	{
		sl_outbox_log_claim(id);
		sl_outbox_drop(&batch->outbox, id);
	}
}

/* Those of the first one's entity: what can be locked, in a batch. */
static int
add_due(SlBatch *batch, const SlDue *due, int n)
{
	int i;

	for (i = 0; i < n && strcmp(due[i].entity, due[0].entity) == 0; i++)
		sl_batch_add(batch, due[i].key, (int32) strlen(due[i].key));
	sl_batch_lock_free(batch);
	return i;
}

/* Without a policy that names the target, nothing can be brought back to it. */
static void
end_left(SlBatch *batch, SlRecord *record, int64 id)
{
	SlLogEntry entry = {
		.event = SL_EVENT_DROPPED,
		.detail = "its lease ran out, and the policy does not name it any more"};
	Datum values[2] = {Int64GetDatum(id), TimestampTzGetDatum(batch->now)};

	if (sl_query_select(&is_over, values, NULL) == 0)
		return;
	entry.system = TextDatumGetCString(sl_query_value_not_null(0, 1));
	sl_log_add(&batch->log, record, &entry);
	sl_outbox_log_claim(id);
	sl_outbox_drop(&batch->outbox, id);
	sl_batch_renew(batch, record);
}

/* target -1: the policy does not name it; what waits for its retry there waits on. */
static void
return_batch(SlDueLook *look, SlBatch *batch, int target, const SlDue *due)
{
	MemoryContext context = CurrentMemoryContext;

	sl_batch_open_states(batch);
	sl_spi_connect();
	MemoryContextSwitchTo(context);
	for (int r = 0; r < batch->nrecords; r++)
		if (batch->records[r]->stored == NULL || (target < 0 && due[r].lease == NULL))
			sl_due_hold(look, &due[r]);
		else if (target < 0)
			end_left(batch, batch->records[r], due[r].id);
		else
			return_row(batch, batch->records[r], target, due[r].id);
	sl_batch_put(batch);
	sl_spi_finish();
	MemoryContextSwitchTo(context);
}

/* Those of the first one's entity; returns how many they are, adds up what came back. */
static int
return_entity(SlDueLook *look, const char *target, const SlDue *due, int n, int *returned)
{
	const SlPolicy *policy = sl_policy_get(due[0].entity);
	int             system = sl_policy_system(policy, target);
	SlBatch         batch;
	int             done;

	sl_batch_open(&batch, policy, n);
	done = add_due(&batch, due, n);
	return_batch(look, &batch, system, due);
	sl_batch_close(&batch);
	if (system < 0)
		return done;
	sl_count_calls(policy, system, SL_CALL_LOST, batch.log.nrows, batch.now);
	*returned += batch.log.nrows;
	return done;
}

static int
return_found(SlDueLook *look, const char *target, const SlDue *due, int n)
{
	int returned = 0;

	for (int i = 0; i < n;)
		i += return_entity(look, target, due + i, n - i, &returned);
	sl_due_close(look);
	return returned;
}

int
sl_outbox_return_due(const char *target, const char *entity)
{
	SlDueLook look;
	int       n;
	SlDue    *due = sl_due_find(&look, target, entity, MAX_RETURNED, &n);

	return return_found(&look, target, due, n);
}

int
sl_outbox_return_all_due(const char *target, bool *is_more)
{
	SlDueLook look;
	int       n;
	SlDue    *due = sl_due_find_all(&look, target, NULL, MAX_RETURNED, &n);
	int       returned;

	*is_more |= look.passed < look.now;
	returned = return_found(&look, target, due, n);
	if (returned > 0)
		sl_outbox_notify(target);
	return returned;
}
