/*
 * outbox_lease.c
 *	  Leases that ran out: their rows come back, their writes are of unknown outcome.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "decide.h"
#include "event_store.h"
#include "guc.h"
#include "outbox_lease.h"
#include "outbox_row.h"
#include "policy_cache.h"
#include "query.h"

/* A pass brings back so many rows; the next poll goes on. */
#define MAX_RETURNED 1000

static SlPlan find_expired = {
	.sql = "SELECT o.entity, o.record_key, o.id FROM %s.sync_outbox AS o"
		   " WHERE o.target_system OPERATOR(pg_catalog.=) $1"
		   "  AND o.status OPERATOR(pg_catalog.=) 'leased'"
		   "  AND o.visible_at OPERATOR(pg_catalog.<=) $2"
		   "  AND ($3 IS NULL OR o.entity OPERATOR(pg_catalog.=) $3)"
		   " ORDER BY o.entity, o.visible_at LIMIT $4",
	.nargs = 4,
	.argtypes = {TEXTOID, TIMESTAMPTZOID, TEXTOID, INT4OID}};

static SlPlan end_lease = {
	.sql = "UPDATE %s.sync_outbox AS o SET status = 'pending', lease = NULL,"
		   "  worker = NULL, last_error = 'the lease ran out', visible_at = $2,"
		   "  updated_at = $2, place = pg_catalog.pg_current_xact_id()"
		   " WHERE o.id OPERATOR(pg_catalog.=) $1",
	.nargs = 2,
	.argtypes = {INT8OID, TIMESTAMPTZOID}};

/* Under the record's lock: the lease may have been ended, or extended, meanwhile. */
static SlPlan is_expired = {
	.sql = "SELECT o.id FROM %s.sync_outbox AS o WHERE o.id OPERATOR(pg_catalog.=) $1"
		   "  AND o.status OPERATOR(pg_catalog.=) 'leased'"
		   "  AND o.visible_at OPERATOR(pg_catalog.<=) $2",
	.nargs = 2,
	.argtypes = {INT8OID, TIMESTAMPTZOID}};

typedef struct Expired
{
	char *entity;
	char *key;
	int64 id;
} Expired;

static Expired *
find(const char *target, const char *entity, TimestampTz now, int *n)
{
	Datum         values[4];
	char          nulls[4] = {' ', ' ', ' ', ' '};
	MemoryContext context = CurrentMemoryContext;
	Expired      *expired;

	values[0] = CStringGetTextDatum(target);
	values[1] = TimestampTzGetDatum(now);
	values[2] = entity == NULL ? (Datum) 0 : CStringGetTextDatum(entity);
	nulls[2] = entity == NULL ? 'n' : ' ';
	values[3] = Int32GetDatum(MAX_RETURNED);
	sl_spi_connect();
	*n = (int) sl_query_select(&find_expired, values, nulls);
	MemoryContextSwitchTo(context);
	expired = palloc(sizeof(Expired) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		expired[i].entity = TextDatumGetCString(sl_query_value_not_null(i, 1));
		expired[i].key = TextDatumGetCString(sl_query_value_not_null(i, 2));
		expired[i].id = DatumGetInt64(sl_query_value_not_null(i, 3));
	}
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return expired;
}

/* One row at most is waiting and one leased: what waits after all takes its place. */
static void
return_row(SlBatch *batch, SlRecord *record, int target, Datum *values)
{
	SlReturn  *result;
	SlLogEntry entry;

	if (sl_query_select(&is_expired, values, NULL) == 0)
		return;
	sl_batch_log_lease(batch, record, target, SL_EVENT_EXPIRED, &entry);
	sl_log_add(&batch->log, record, &entry);
	result = sl_decide_lost(batch->policy, record->state, target, batch->now);
	record->is_dirty = true;
	sl_outbox_drop(&batch->outbox, result->replaced_id);
	if (result->is_dropped)
		sl_outbox_drop(&batch->outbox, result->leased_id);
	else
		sl_query_write(&end_lease, values, NULL);
	for (int t = 0; t < batch->policy->nsystems; t++)
		record->is_changed[t] |= result->waiting->is_changed[t];
	if (result->is_dropped)
		record->is_changed[target] = true;
}

/* A row that the state does not name is left from a policy that named the target before. */
static void
return_expired(SlBatch *batch, SlRecord *record, int target, int64 id)
{
	Datum values[2] = {Int64GetDatum(id), TimestampTzGetDatum(batch->now)};

	CHECK_FOR_INTERRUPTS();
	if (id == record->state->parts[target].leased_id)
		return_row(batch, record, target, values);
	else if (sl_query_select(&is_expired, values, NULL) > 0)
		sl_outbox_drop(&batch->outbox, id);
}

static int
return_entity(const char *target, const Expired *expired, int n)
{
	const SlPolicy *policy = sl_policy_get(expired[0].entity);
	int             system = sl_policy_system(policy, target);
	MemoryContext   context = CurrentMemoryContext;
	SlBatch         batch;
	int             i;

	sl_batch_open(&batch, policy, n);
	for (i = 0; i < n && strcmp(expired[i].entity, expired[0].entity) == 0; i++)
		if (system >= 0)
			sl_batch_add(&batch, expired[i].key, (int32) strlen(expired[i].key));
	sl_batch_lock_free(&batch);
	sl_spi_connect();
	MemoryContextSwitchTo(context);
	for (int r = 0; r < batch.nrecords; r++)
		if (batch.records[r]->state != NULL)
			return_expired(&batch, batch.records[r], system, expired[r].id);
	sl_batch_put(&batch);
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	sl_batch_close(&batch);
	return i;
}

void
sl_outbox_return_expired(const char *target, const char *entity)
{
	int      n;
	Expired *expired = find(target, entity, sl_now(), &n);

	for (int i = 0; i < n;)
		i += return_entity(target, expired + i, n - i);
}
