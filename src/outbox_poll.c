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
#include "outbox_place.h"
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

/* The candidates of one entity: their records, locked where nobody else holds them. */
static void
lock_candidates(SlBatch *batch, SlWalk *walk, SlCandidate **candidates, int n)
{
	for (int i = 0; i < n; i++)
		sl_batch_add(batch, candidates[i]->key, (int32) strlen(candidates[i]->key));
	sl_batch_lock_free(batch);
	for (int i = 0; i < n; i++)
		if (batch->records[i]->state == NULL)
			sl_walk_hold(walk, candidates[i]);
}

static void
claim_batch(Poll *poll, SlBatch *batch, SlCandidate **candidates, int target)
{
	MemoryContext context = CurrentMemoryContext;

	sl_spi_connect();
	MemoryContextSwitchTo(context);
	for (int i = 0; i < batch->nrecords; i++)
		if (batch->records[i]->state != NULL)
			claim_candidate(poll, batch, batch->records[i], target,
							candidates[i]->turn.id);
	sl_batch_put(batch);
	sl_spi_finish();
	MemoryContextSwitchTo(context);
}

/* Claims the candidates of one entity, in their order. */
static void
claim_entity(Poll *poll, SlWalk *walk, SlCandidate **candidates, int n)
{
	const SlPolicy *policy = sl_policy_get(candidates[0]->entity);
	int             target = sl_policy_system(policy, poll->target);
	SlBatch         batch;

	if (target < 0)
	{
		for (int i = 0; i < n; i++)
			sl_walk_hold(walk, candidates[i]);
		return;
	}
	sl_batch_open(&batch, policy, n);
	lock_candidates(&batch, walk, candidates, n);
	claim_batch(poll, &batch, candidates, target);
	sl_batch_close(&batch);
}

/* The candidates of the first one's entity, from it on; returns how many. */
static int
pick_entity(SlCandidate *candidates, int n, SlCandidate **picked)
{
	int npicked = 0;

	for (int i = 0; i < n; i++)
	{
		if (candidates[i].is_done || strcmp(candidates[i].entity, candidates[0].entity))
			continue;
		candidates[i].is_done = true;
		picked[npicked++] = &candidates[i];
	}
	return npicked;
}

static void
claim_candidates(Poll *poll, SlWalk *walk, SlCandidate *candidates, int n)
{
	SlCandidate **picked = palloc(sizeof(SlCandidate *) * n);

	for (int i = 0; i < n; i++)
		if (!candidates[i].is_done)
			claim_entity(poll, walk, picked, pick_entity(candidates + i, n - i, picked));
}

static bool
claim_next(Poll *poll, SlWalk *walk)
{
	int          n;
	SlCandidate *candidates = sl_walk_next(walk,
										   Min(poll->max_changes - poll->nclaimed, BATCH),
										   &n);

	if (n > 0)
		claim_candidates(poll, walk, candidates, n);
	return n > 0;
}

static void
claim_all(Poll *poll)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "sync_ledger poll",
											   ALLOCSET_DEFAULT_SIZES);
	SlWalk        walk;
	bool          is_found = true;

	sl_walk_open(&walk, poll->target, poll->entity);
	while (poll->nclaimed < poll->max_changes && is_found)
	{
		MemoryContext old = MemoryContextSwitchTo(work);

		CHECK_FOR_INTERRUPTS();
		is_found = claim_next(poll, &walk);
		MemoryContextSwitchTo(old);
		MemoryContextReset(work);
	}
	sl_walk_close(&walk);
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
