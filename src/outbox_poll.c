/*
 * outbox_poll.c
 *	  sync_poll: a worker claims what waits for a target.
 *
 * A claim locks the record of what it claims and skips what is locked: it never
 * waits.  What a worker gets is computed from the state under that lock.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "canonical.h"
#include "compat.h"
#include "decide.h"
#include "event_store.h"
#include "guc.h"
#include "json_out.h"
#include "outbox_lease.h"
#include "outbox_row.h"
#include "outbox_target.h"
#include "payload.h"
#include "policy_cache.h"
#include "query.h"

PG_FUNCTION_INFO_V1(sync_poll);

#define MAX_CHANGES 100000

/* Records are locked and written so many at a time. */
#define BATCH 500

enum
{
	ARG_TARGET,
	ARG_MAX_CHANGES,
	ARG_LEASE,
	ARG_WORKER,
	ARG_ENTITY
};

enum
{
	COL_ID,
	COL_LEASE,
	COL_ENTITY,
	COL_KEY,
	COL_NATIVE_ID,
	COL_ACTION,
	COL_CHANGE_SET,
	COL_PAYLOAD,
	COL_SOURCE,
	COL_TARGET,
	COL_DIRECTION,
	COL_IDEMPOTENCY_KEY,
	COL_HASH,
	COL_ATTEMPT,
	COL_CREATED_AT,
	NCOLUMNS
};

/* In the order in which rows became claimable; from a place on, for what was skipped. */
static SlPlan find_claimable = {
	.sql =
		"SELECT o.id, o.entity, o.record_key, o.place::pg_catalog.text FROM %s.sync_outbox AS o"
		" WHERE o.target_system OPERATOR(pg_catalog.=) $1 AND o.place IS NOT NULL"
		"  AND ROW(o.place, o.id) OPERATOR(pg_catalog.>) ROW($2::pg_catalog.xid8, $3)"
		"  AND ($4 IS NULL OR o.entity OPERATOR(pg_catalog.=) $4)"
		" ORDER BY o.target_system, o.place, o.id LIMIT $5",
	.nargs = 5,
	.argtypes = {TEXTOID, TEXTOID, INT8OID, TEXTOID, INT4OID}};

static SlPlan claim_row = {
	.sql = "UPDATE %s.sync_outbox AS o SET status = 'leased', place = NULL, lease = $2,"
		   "  worker = $3, visible_at = $4, updated_at = $5,"
		   "  attempts = o.attempts OPERATOR(pg_catalog.+) 1, action = $6,"
		   "  change_set = $7, field_hash = $8, idempotency_key = $9"
		   " WHERE o.id OPERATOR(pg_catalog.=) $1"
		   "  AND o.status OPERATOR(pg_catalog.=) 'pending'"
		   " RETURNING o.attempts, o.created_at",
	.nargs = 9,
	.argtypes = {INT8OID, INT8OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID,
				 JSONBOID, TEXTOID, TEXTOID}};

/* One call of sync_poll. */
typedef struct Poll
{
	const char    *target;
	const char    *entity; /* or NULL: all */
	const char    *worker; /* or NULL */
	int32          max_changes;
	Interval      *duration;
	int64          lease; /* 0 until something is claimed */
	int32          nclaimed;
	ReturnSetInfo *result;
} Poll;

/* A row that looked claimable. */
typedef struct Candidate
{
	int64 id;
	char *entity;
	char *key;
	bool  is_done;
} Candidate;

/* Where the next look begins. */
typedef struct Mark
{
	char  place[24];
	int64 id;
} Mark;

static int64
lease_of(Poll *poll)
{
	if (poll->lease == 0)
		poll->lease = nextval_internal(sl_relation_oid("sync_lease_seq"), false);
	return poll->lease;
}

static TimestampTz
lease_end(const Poll *poll, TimestampTz now)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												   TimestampTzGetDatum(now),
												   PointerGetDatum(poll->duration)));
}

/* A place is as many digits at most as a 64-bit number has. */
static void
set_mark(Mark *mark, uint64 row)
{
	char *place = TextDatumGetCString(sl_query_value_not_null(row, 4));

	strlcpy(mark->place, place, sizeof(mark->place));
	mark->id = DatumGetInt64(sl_query_value_not_null(row, 1));
}

static Candidate *
find_candidates(Poll *poll, Mark *mark, int *n)
{
	Datum         values[5];
	char          nulls[5] = {' ', ' ', ' ', ' ', ' '};
	MemoryContext context = CurrentMemoryContext;
	Candidate    *candidates;

	values[0] = CStringGetTextDatum(poll->target);
	values[1] = CStringGetTextDatum(mark->place);
	values[2] = Int64GetDatum(mark->id);
	values[3] = poll->entity == NULL ? (Datum) 0 : CStringGetTextDatum(poll->entity);
	nulls[3] = poll->entity == NULL ? 'n' : ' ';
	values[4] = Int32GetDatum(Min(poll->max_changes - poll->nclaimed, BATCH));
	sl_spi_connect();
	*n = (int) sl_query_select(&find_claimable, values, nulls);
	MemoryContextSwitchTo(context);
	candidates = palloc0(sizeof(Candidate) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		candidates[i].id = DatumGetInt64(sl_query_value_not_null(i, 1));
		candidates[i].entity = TextDatumGetCString(sl_query_value_not_null(i, 2));
		candidates[i].key = TextDatumGetCString(sl_query_value_not_null(i, 3));
	}
	if (*n > 0)
		set_mark(mark, *n - 1);
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return candidates;
}

static Datum
payload_of(const SlPolicy *policy, const SlRecord *record, int target,
		   const SlContent *content, const char *idempotency_key)
{
	StringInfoData key;
	StringInfoData stamp;
	StringInfoData payload;
	SlValue        key_value;
	SlValue        stamp_value;

	initStringInfo(&key);
	initStringInfo(&stamp);
	initStringInfo(&payload);
	sl_append_json_string(&key, record->key, record->key_len);
	sl_append_json_string(&stamp, idempotency_key, (int32) strlen(idempotency_key));
	key_value = (SlValue){key.data, key.len, SL_EXACT};
	stamp_value = (SlValue){stamp.data, stamp.len, SL_EXACT};
	sl_append_payload(&payload, policy, target, content, &key_value, &stamp_value);
	return sl_text_to_jsonb(payload.data);
}

static void
set_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	values[column] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

/* What a claim hands out and what its row takes, but for what the row itself adds. */
static void
describe_claim(Poll *poll, const SlBatch *batch, const SlRecord *record, int target,
			   const SlContent *content, Datum *values, bool *nulls)
{
	const SlPolicy *policy = batch->policy;
	const SlPart   *part = &record->state->parts[target];
	const char     *source = sl_author_name(policy, record->state, part->leased_source);
	char           *key = sl_idempotency_key(policy, record->state, record, target, true);

	values[COL_ID] = Int64GetDatum(part->leased_id);
	values[COL_LEASE] = Int64GetDatum(lease_of(poll));
	set_text(values, nulls, COL_ENTITY, policy->entity);
	set_text(values, nulls, COL_KEY, pnstrdup(record->key, record->key_len));
	set_text(values, nulls, COL_NATIVE_ID, part->native_id);
	set_text(values, nulls, COL_ACTION, sl_action_name(content->action));
	values[COL_CHANGE_SET] = sl_fields_to_jsonb(policy, content->nfields, content->fields,
												content->values);
	values[COL_PAYLOAD] = payload_of(policy, record, target, content, key);
	set_text(values, nulls, COL_SOURCE, source);
	set_text(values, nulls, COL_TARGET, poll->target);
	set_text(values, nulls, COL_DIRECTION, sl_direction(source, poll->target));
	set_text(values, nulls, COL_IDEMPOTENCY_KEY, key);
	set_text(values, nulls, COL_HASH,
			 sl_content_hash(policy, record->state, target, content));
}

/* Marks the waiting row as leased; adds its attempt and age. */
static void
lease_row(Poll *poll, const SlBatch *batch, Datum *values, bool *nulls)
{
	Datum args[9];
	char  arg_nulls[9];

	memset(arg_nulls, ' ', sizeof(arg_nulls));
	args[0] = values[COL_ID];
	args[1] = values[COL_LEASE];
	args[2] = poll->worker == NULL ? (Datum) 0 : CStringGetTextDatum(poll->worker);
	arg_nulls[2] = poll->worker == NULL ? 'n' : ' ';
	args[3] = TimestampTzGetDatum(lease_end(poll, batch->now));
	args[4] = TimestampTzGetDatum(batch->now);
	args[5] = values[COL_ACTION];
	args[6] = values[COL_CHANGE_SET];
	args[7] = values[COL_HASH];
	args[8] = values[COL_IDEMPOTENCY_KEY];
	if (sl_query_write(&claim_row, args, arg_nulls) != 1)
		elog(ERROR, "the outbox has no waiting row " INT64_FORMAT " of record \"%s\"",
			 DatumGetInt64(values[COL_ID]), TextDatumGetCString(values[COL_KEY]));
	values[COL_ATTEMPT] = sl_query_value_not_null(0, 1);
	values[COL_CREATED_AT] = sl_query_value_not_null(0, 2);
}

static void
log_claim(const Poll *poll, SlBatch *batch, const SlRecord *record, int target,
		  const Datum *values)
{
	SlLogEntry entry;

	sl_batch_log_lease(batch, record, target, SL_EVENT_CLAIMED, &entry);
	entry.actor = poll->worker;
	entry.attempt = DatumGetInt32(values[COL_ATTEMPT]);
	entry.change_set = values[COL_CHANGE_SET];
	entry.detail = sl_action_name(record->state->parts[target].leased_action);
	sl_log_add(&batch->log, record, &entry);
}

/* What waited has nothing left to send. */
static void
drop_claim(SlBatch *batch, SlRecord *record, int target)
{
	SlLogEntry entry = {
		.event = SL_EVENT_DROPPED,
		.system = batch->policy->systems[target].name,
		.version = record->state->version,
	};

	record->is_changed[target] = true;
	sl_log_add(&batch->log, record, &entry);
}

static void
renew_keys(const SlBatch *batch, SlRecord *record)
{
	SlWaiting *renewed = sl_decide_renewal(batch->policy, record->state, batch->now);

	for (int t = 0; renewed != NULL && t < batch->policy->nsystems; t++)
		record->is_changed[t] |= renewed->is_changed[t];
}

static void
claim_record(Poll *poll, SlBatch *batch, SlRecord *record, int target)
{
	SlPart    *part = &record->state->parts[target];
	Datum      values[NCOLUMNS] = {0};
	bool       nulls[NCOLUMNS] = {false};
	SlContent *content;

	if (part->waiting_version == 0 || part->leased_version != 0)
		return;
	record->is_dirty = true;
	renew_keys(batch, record);
	content = sl_decide_claim(batch->policy, record->state, target, batch->now);
	if (content->action == SL_ACTION_NONE)
	{
		drop_claim(batch, record, target);
		return;
	}
	describe_claim(poll, batch, record, target, content, values, nulls);
	lease_row(poll, batch, values, nulls);
	log_claim(poll, batch, record, target, values);
	tuplestore_putvalues(poll->result->setResult, poll->result->setDesc, values, nulls);
	poll->nclaimed++;
}

/* A row that the state does not name is left from a policy that named the target before. */
static void
claim_candidate(Poll *poll, SlBatch *batch, SlRecord *record, int target, int64 id)
{
	const SlPart *part = &record->state->parts[target];

	CHECK_FOR_INTERRUPTS();
	if (id == part->waiting_id)
		claim_record(poll, batch, record, target);
	else if (id != part->leased_id)
		sl_outbox_drop(&batch->outbox, id);
}

/* Claims the candidates of one entity, in their order. */
static void
claim_entity(Poll *poll, Candidate *candidates, int n, const char *entity)
{
	const SlPolicy *policy = sl_policy_get(entity);
	int             target = sl_policy_system(policy, poll->target);
	MemoryContext   context = CurrentMemoryContext;
	int64          *ids = palloc(sizeof(int64) * n);
	SlBatch         batch;

	sl_batch_open(&batch, policy, n);
	for (int i = 0; i < n; i++)
	{
		if (strcmp(candidates[i].entity, entity) != 0)
			continue;
		candidates[i].is_done = true;
		ids[batch.nrecords] = candidates[i].id;
		if (target >= 0)
			sl_batch_add(&batch, candidates[i].key, (int32) strlen(candidates[i].key));
	}
	sl_batch_lock_free(&batch);
	sl_spi_connect();
	MemoryContextSwitchTo(context);
	for (int i = 0; i < batch.nrecords; i++)
		if (batch.records[i]->state != NULL)
			claim_candidate(poll, &batch, batch.records[i], target, ids[i]);
	sl_batch_put(&batch);
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	sl_batch_close(&batch);
}

static void
claim_candidates(Poll *poll, Candidate *candidates, int n)
{
	for (int i = 0; i < n; i++)
		if (!candidates[i].is_done)
			claim_entity(poll, candidates, n, candidates[i].entity);
}

static void
claim_all(Poll *poll)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "sync_ledger poll",
											   ALLOCSET_DEFAULT_SIZES);
	Mark          mark = {"0", PG_INT64_MIN};
	int           n = -1;

	while (poll->nclaimed < poll->max_changes && n != 0)
	{
		MemoryContext old = MemoryContextSwitchTo(work);
		Candidate    *candidates;

		CHECK_FOR_INTERRUPTS();
		candidates = find_candidates(poll, &mark, &n);
		claim_candidates(poll, candidates, n);
		MemoryContextSwitchTo(old);
		MemoryContextReset(work);
	}
	MemoryContextDelete(work);
}

static void
need(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"%s\" of sync_poll must not be null", name)));
}

static void
check_limits(const Poll *poll)
{
	if (poll->max_changes < 1 || poll->max_changes > MAX_CHANGES)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("max_changes must be from 1 to %d, not %d", MAX_CHANGES,
							   poll->max_changes)));
	if (lease_end(poll, 0) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("lease must be longer than zero"),
				 errhint(
					 "Give the time that a worker needs for its calls, and some more.")));
}

/*
 * (target, max_changes, lease, worker, entity).  Claims count from the commit of the
 * caller's transaction: a worker commits before it calls.
 */
Datum
sync_poll(PG_FUNCTION_ARGS)
{
	Poll poll = {0};

	need(fcinfo, ARG_TARGET, "target");
	need(fcinfo, ARG_MAX_CHANGES, "max_changes");
	need(fcinfo, ARG_LEASE, "lease");
	poll.target = text_to_cstring(PG_GETARG_TEXT_PP(ARG_TARGET));
	poll.max_changes = PG_GETARG_INT32(ARG_MAX_CHANGES);
	poll.duration = PG_GETARG_INTERVAL_P(ARG_LEASE);
	if (!PG_ARGISNULL(ARG_WORKER))
		poll.worker = text_to_cstring(PG_GETARG_TEXT_PP(ARG_WORKER));
	if (!PG_ARGISNULL(ARG_ENTITY))
		poll.entity = text_to_cstring(PG_GETARG_TEXT_PP(ARG_ENTITY));
	check_limits(&poll);
	InitMaterializedSRF(fcinfo, 0);
	poll.result = (ReturnSetInfo *) fcinfo->resultinfo;
	sl_outbox_return_due(poll.target, poll.entity);
	claim_all(&poll);
	if (poll.nclaimed == 0)
		sl_need_target(poll.target, poll.entity);
	return (Datum) 0;
}
