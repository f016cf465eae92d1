/*
 * outbox_claim.c
 *	  A waiting row becomes a worker's.
 *
 * What a worker gets is computed from the state under the record's lock, and the row is
 * looked at under it: between the look that found it and the lock it may have gone, or
 * come back to wait for its retry.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/sequence.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "canonical.h"
#include "decide.h"
#include "duration.h"
#include "json_out.h"
#include "normalize.h"
#include "outbox_claim.h"
#include "outbox_columns.h"
#include "outbox_row.h"
#include "payload.h"
#include "policy_cache.h"
#include "query.h"

/* What sync_poll returns. */
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

/* One row on its way to a worker. */
typedef struct Claim
{
	SlBatch         *batch;
	SlRecord        *record;
	int              target;
	const SlContent *content;
	const SlPolicy  *builder; /* the payload is in the words of this policy ... */
	const SlContent *built;   /* ... and of this content, by the fields of that one */
	Datum            row[SL_OUTBOX_NCOLUMNS]; /* as its table has it */
	bool             row_nulls[SL_OUTBOX_NCOLUMNS];
	Datum            values[NCOLUMNS]; /* as it is handed out */
	bool             nulls[NCOLUMNS];
} Claim;

static int64
lease_of(SlPoll *poll)
{
	if (poll->lease.id == 0)
		poll->lease.id = nextval_internal(sl_relation_oid("sync_lease_seq"), false);
	return poll->lease.id;
}

static SlValue
json_string(const char *text, int32 len)
{
	StringInfoData json;

	initStringInfo(&json);
	sl_append_json_string(&json, text, len);
	return (SlValue){json.data, json.len, SL_EXACT};
}

static Datum
payload_of(const Claim *claim)
{
	const SlRecord *record = claim->record;
	const char *idempotency_key = TextDatumGetCString(claim->values[COL_IDEMPOTENCY_KEY]);
	SlPayloadMarks marks = {json_string(record->key, record->key_len),
							json_string(idempotency_key, strlen(idempotency_key))};

	return JsonbPGetDatum(
		sl_payload(claim->builder, record->state,
				   sl_policy_system(claim->builder,
									claim->batch->policy->systems[claim->target].name),
				   claim->built, &marks));
}

static void
set_text(Claim *claim, int column, const char *text)
{
	claim->nulls[column] = text == NULL;
	claim->values[column] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

/* What the row itself says is what is sent. */
static void
take_row(Claim *claim)
{
	const Datum *row = claim->row;

	claim->values[COL_ID] = row[SL_OUTBOX_ID];
	claim->values[COL_ENTITY] = row[SL_OUTBOX_ENTITY];
	claim->values[COL_KEY] = row[SL_OUTBOX_KEY];
	claim->values[COL_ACTION] = row[SL_OUTBOX_ACTION];
	claim->values[COL_CHANGE_SET] = row[SL_OUTBOX_CHANGE_SET];
	claim->values[COL_SOURCE] = row[SL_OUTBOX_SOURCE];
	claim->values[COL_TARGET] = row[SL_OUTBOX_TARGET];
	claim->values[COL_DIRECTION] = row[SL_OUTBOX_DIRECTION];
	claim->values[COL_IDEMPOTENCY_KEY] = row[SL_OUTBOX_IDEMPOTENCY_KEY];
	claim->values[COL_HASH] = row[SL_OUTBOX_HASH];
}

/* What is sent follows from the state, after the claim was decided on it. */
static void
describe(Claim *claim)
{
	const SlPolicy  *policy = claim->batch->policy;
	const SlRecord  *record = claim->record;
	const SlContent *content = claim->content;
	const SlPart    *part = &record->state->parts[claim->target];
	const char      *source = sl_author_name(policy, record->state, part->leased_source);
	const char      *target = policy->systems[claim->target].name;

	claim->values[COL_ID] = Int64GetDatum(part->leased_id);
	claim->values[COL_CHANGE_SET] = sl_fields_to_jsonb(policy, content->nfields,
													   content->fields, content->values);
	set_text(claim, COL_ENTITY, policy->entity);
	set_text(claim, COL_KEY, pnstrdup(record->key, record->key_len));
	set_text(claim, COL_ACTION, sl_action_name(content->action));
	set_text(claim, COL_SOURCE, source);
	set_text(claim, COL_TARGET, target);
	set_text(claim, COL_DIRECTION, sl_direction(source, target));
	set_text(claim, COL_IDEMPOTENCY_KEY,
			 sl_idempotency_key(policy, record->state, record, claim->target, true));
	set_text(claim, COL_HASH,
			 sl_content_hash(policy, record->state, claim->target, content));
}

/* As it was sent: also what was stored before its field got a type that it does not fit. */
static SlContent *
read_content(const SlPolicy *policy, Jsonb *change_set)
{
	SlContent *content = palloc(sizeof(SlContent));

	content->action = SL_ACTION_CREATE;
	content->nfields = 0;
	content->fields = palloc(sizeof(int) * policy->nfields);
	content->values = palloc(sizeof(SlValue) * policy->nfields);
	for (int f = 0; f < policy->nfields; f++)
	{
		const SlFieldSpec *spec = &policy->fields[f];
		JsonbValue         found;
		SlReason           reason;
		Jsonb             *sent;
		int                n = content->nfields;

		if (getKeyJsonValueFromContainer(&change_set->root, spec->name, spec->name_len,
										 &found) == NULL)
			continue;
		sent = JsonbValueToJsonb(&found);
		if (!sl_normalize_jsonb(policy, f, sent, &content->values[n], &reason))
			content->values[n] = sl_value_of_jsonb(sent);
		content->fields[n] = f;
		content->nfields++;
	}
	return content;
}

static bool
has_key_of_row(const Claim *claim)
{
	return strcmp(TextDatumGetCString(claim->values[COL_IDEMPOTENCY_KEY]),
				  TextDatumGetCString(claim->row[SL_OUTBOX_IDEMPOTENCY_KEY])) == 0;
}

/*
 * A create of unknown outcome goes again as it was called, by the policy that built it: under
 * its key the target may know it.
 */
static void
build_again(Claim *claim)
{
	const SlPolicy *policy = claim->batch->policy;
	const SlPolicy *then;
	int32           version = DatumGetInt32(claim->row[SL_OUTBOX_BUILT_BY]);

	if (claim->row_nulls[SL_OUTBOX_BUILT_BY] || version == policy->version ||
		!has_key_of_row(claim))
		return;
	then = sl_policy_of_version(policy->entity, version);
	if (then == NULL || sl_policy_system(then, policy->systems[claim->target].name) < 0)
		return;
	claim->builder = then;
	claim->values[COL_CHANGE_SET] = claim->row[SL_OUTBOX_CHANGE_SET];
	claim->built = read_content(then, DatumGetJsonbP(claim->row[SL_OUTBOX_CHANGE_SET]));
}

static void
set_row(Claim *claim, int column, Datum value)
{
	claim->row[column] = value;
	claim->row_nulls[column] = false;
}

static void
note_lease(SlPoll *poll, const Claim *claim, TimestampTz ends_at)
{
	SlLease *lease = &poll->lease;

	poll->places[lease->nrows] = (SlLeasedPlace){DatumGetInt64(claim->values[COL_ID]),
												 sl_table_written(&poll->outbox),
												 claim->record->tid};
	lease->ends_at = Max(lease->ends_at, ends_at);
	lease->rows[lease->nrows++] = DatumGetInt64(claim->values[COL_ID]);
}

/*
 * Marks the waiting row as leased, which changes no column of an index; adds its attempt and
 * age to what is handed out.  The row itself tells of the claim, until it ends.
 */
static void
lease_row(SlPoll *poll, Claim *claim)
{
	TimestampTz now = claim->batch->now;
	TimestampTz ends_at = sl_later("lease", now, poll->duration);
	int32       attempt = DatumGetInt32(claim->row[SL_OUTBOX_ATTEMPTS]) + 1;

	claim->values[COL_ATTEMPT] = Int32GetDatum(attempt);
	claim->values[COL_CREATED_AT] = claim->row[SL_OUTBOX_CREATED_AT];
	set_row(claim, SL_OUTBOX_ATTEMPTS, Int32GetDatum(attempt));
	set_row(claim, SL_OUTBOX_STATUS, poll->leased);
	set_row(claim, SL_OUTBOX_LEASE, claim->values[COL_LEASE]);
	set_row(claim, SL_OUTBOX_CLAIM_ID,
			Int64GetDatum(nextval_internal(poll->event_sequence, false)));
	set_row(claim, SL_OUTBOX_VISIBLE_AT, TimestampTzGetDatum(ends_at));
	set_row(claim, SL_OUTBOX_UPDATED_AT, TimestampTzGetDatum(now));
	set_row(claim, SL_OUTBOX_ACTION, claim->values[COL_ACTION]);
	set_row(claim, SL_OUTBOX_CHANGE_SET, claim->values[COL_CHANGE_SET]);
	set_row(claim, SL_OUTBOX_HASH, claim->values[COL_HASH]);
	set_row(claim, SL_OUTBOX_IDEMPOTENCY_KEY, claim->values[COL_IDEMPOTENCY_KEY]);
	claim->row_nulls[SL_OUTBOX_BUILT_BY] = claim->content->action != SL_ACTION_CREATE;
	claim->row[SL_OUTBOX_BUILT_BY] = Int32GetDatum(claim->builder->version);
	claim->row_nulls[SL_OUTBOX_WORKER] = poll->worker == NULL;
	if (poll->worker != NULL)
		set_row(claim, SL_OUTBOX_WORKER, CStringGetTextDatum(poll->worker));
	sl_table_update_found(&poll->outbox, claim->row, claim->row_nulls);
	note_lease(poll, claim, ends_at);
}

static void
hand_out(SlPoll *poll, Claim *claim)
{
	claim->values[COL_LEASE] = Int64GetDatum(lease_of(poll));
	claim->values[COL_PAYLOAD] = payload_of(claim);
	set_text(claim, COL_NATIVE_ID, claim->record->state->parts[claim->target].native_id);
	lease_row(poll, claim);
	tuplestore_putvalues(poll->result->setResult, poll->result->setDesc, claim->values,
						 claim->nulls);
	poll->nclaimed++;
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

/* The row is still claimable; read into the claim. */
static bool
find_row(SlPoll *poll, Claim *claim, SlCandidate *candidate)
{
	const SlPart *part = &claim->record->state->parts[claim->target];

	if (part->waiting_version == 0 || part->leased_version != 0)
		return false;
	if (!sl_table_find_at(&poll->outbox, &candidate->tid, part->waiting_id, claim->row,
						  claim->row_nulls))
		sl_outbox_row_missing(part->waiting_id);
	return !claim->row_nulls[SL_OUTBOX_PLACE] && claim->row_nulls[SL_OUTBOX_LEASE];
}

static Claim
begin(SlBatch *batch, SlRecord *record, int target)
{
	return (Claim){.batch = batch,
				   .record = record,
				   .target = target,
				   .builder = batch->policy};
}

static void
claim_record(SlPoll *poll, SlBatch *batch, SlRecord *record, int target,
			 SlCandidate *candidate)
{
	Claim claim = begin(batch, record, target);
	bool  was_called = record->state->parts[target].existence == SL_CREATE_LOST;

	if (!find_row(poll, &claim, candidate))
		return;
	sl_batch_renew(batch, record);
	claim.content = sl_decide_claim(batch->policy, record->state, target, batch->now);
	claim.built = claim.content;
	if (claim.content->action == SL_ACTION_NONE)
		drop_claim(batch, record, target);
	else
	{
		describe(&claim);
		if (was_called && claim.content->action == SL_ACTION_CREATE)
			build_again(&claim);
		hand_out(poll, &claim);
	}
}

/* A row that the state does not name is left from a policy that named the target before. */
static void
claim_row(SlPoll *poll, SlBatch *batch, SlRecord *record, int target,
		  SlCandidate *candidate)
{
	const SlPart *part = &record->state->parts[target];
	int64         id = candidate->turn.id;

	if (id == part->waiting_id)
		claim_record(poll, batch, record, target, candidate);
	else if (id != part->leased_id)
		sl_outbox_drop(&batch->outbox, id);
}

/* A system that shows a living record is told of an update, and of nothing else. */
static bool
is_update_of(const SlPolicy *policy, const SlState *state, int target, int64 id)
{
	const SlPart *part = &state->parts[target];

	return state->policy_version == policy->version && !state->is_deleted &&
		   part->existence == SL_THERE && part->leased_version == 0 &&
		   part->waiting_version != 0 && part->waiting_id == id;
}

/* No write is remembered there: what waits changes with the record only, not with time. */
static bool
remembers_nothing(const SlPolicy *policy, const SlPart *part)
{
	for (int f = 0; f < policy->nfields; f++)
		if (part->shown[f].nwrites > 0)
			return false;
	return true;
}

/* What an update sends, and how it is described; false where it is none. */
static bool
describe_update(Claim *claim)
{
	const SlBatch *batch = claim->batch;
	SlState       *state = claim->record->state;
	SlContent     *content = palloc(sizeof(SlContent));

	claim->content = content;
	if (remembers_nothing(batch->policy, &state->parts[claim->target]))
	{
		sl_content(batch->policy, state, claim->target, batch->now, content);
		take_row(claim);
	}
	else
	{
		claim->content = sl_decide_claim(batch->policy, state, claim->target, batch->now);
		if (claim->content->action == SL_ACTION_UPDATE)
			describe(claim);
	}
	return claim->content->action == SL_ACTION_UPDATE;
}

/*
 * A claim of an update is written to its row alone: whoever reads the state takes it in.
 * False where it needs more than that, and nothing has been done.
 */
static bool
claim_alone(SlPoll *poll, SlBatch *batch, SlRecord *record, int target,
			SlCandidate *candidate)
{
	Claim claim = begin(batch, record, target);

	if (IsolationUsesXactSnapshot() ||
		!is_update_of(batch->policy, record->state, target, candidate->turn.id))
		return false;
	if (!find_row(poll, &claim, candidate))
		return true;
	if (!describe_update(&claim))
		return false;
	claim.built = claim.content;
	hand_out(poll, &claim);
	return true;
}

static void
claim_locked(SlPoll *poll, SlBatch *batch, SlRecord *record, int target,
			 SlCandidate *candidate)
{
	bool is_done;

	CHECK_FOR_INTERRUPTS();
	MemoryContextSwitchTo(batch->work);
	record->state = sl_state_decode(batch->policy, record->stored, record->stored_len);
	is_done = claim_alone(poll, batch, record, target, candidate);
	record->state = NULL;
	if (is_done)
	{
		MemoryContextSwitchTo(batch->context);
		MemoryContextReset(batch->work);
		return;
	}
	sl_batch_enter(batch, record);
	claim_row(poll, batch, record, target, candidate);
	sl_batch_leave(batch, record);
}

static bool
has_locked(const SlBatch *batch)
{
	for (int i = 0; i < batch->nrecords; i++)
		if (batch->records[i]->stored != NULL)
			return true;
	return false;
}

void
sl_claim_rows(SlPoll *poll, SlBatch *batch, int target, SlCandidate **candidates)
{
	if (!has_locked(batch))
		return;
	poll->event_sequence = sl_relation_oid("sync_event_id_seq");
	poll->leased = CStringGetTextDatum("leased");
	sl_table_open(&poll->outbox, "sync_outbox", SL_OUTBOX_NCOLUMNS);
	for (int i = 0; i < batch->nrecords; i++)
		if (batch->records[i]->stored != NULL)
			claim_locked(poll, batch, batch->records[i], target, candidates[i]);
	sl_table_close(&poll->outbox);
}
