/*
 * identity_ack.c
 *	  The native id that a write was acknowledged with.
 *
 * The answer to a create says whom the id names.  Where it names another record
 * already, that one stays as it is, and a human must say.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "identity_ack.h"
#include "identity_hold.h"
#include "identity_place.h"
#include "intake.h"
#include "query.h"
#include "waiting.h"

static void
check_length(const char *native_id)
{
	if (strlen(native_id) > SL_MAX_KEY_LEN)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the native id is longer than %d bytes", SL_MAX_KEY_LEN),
						errhint("Pass what the target calls the record.")));
}

/* The row is locked by the claim that it refused. */
static void
read_link(const SlBatch *batch, int target, SlAnswered *answered)
{
	SlIdentityIndex index;

	sl_identity_index_open(&index, batch->policy);
	sl_identity_index_begin_look(&index, CurrentMemoryContext);
	if (!sl_link_look(&index, batch->policy->systems[target].name, answered->native_id,
					  &answered->link))
		elog(ERROR, "a native id that was locked is gone: \"%s\"", answered->native_id);
	sl_identity_index_close(&index);
}

SlAnswered
sl_answered_claim(SlBatch *batch, SlRecord *record, SlAck *ack)
{
	const char *known = record->state->parts[ack->target].native_id;
	const char *key = pnstrdup(record->key, record->key_len);
	SlClaim     claim = {.native_id = ack->native_id, .record_key = key};
	SlAnswered answered = {.is_create = record->state->parts[ack->target].leased_action ==
										SL_ACTION_CREATE};

	if (ack->native_id != NULL && *ack->native_id == '\0')
		ack->native_id = NULL;
	if (ack->native_id == NULL || sl_is_same_name(known, ack->native_id))
		return answered;
	check_length(ack->native_id);
	sl_links_claim(batch->policy, ack->target, &claim, 1);
	if (claim.is_made)
	{
		sl_record_claimed(record, ack->target, ack->native_id);
		return answered;
	}
	answered.native_id = ack->native_id;
	read_link(batch, ack->target, &answered);
	if (sl_is_same_name(answered.link.record_key, key))
		answered.native_id = NULL;
	else if (answered.link.record_key != NULL)
		ack->native_id = NULL;
	return answered;
}

/* The id was in doubt, and the answer says whose it is. */
static void
release(SlBatch *batch, SlRecord *record, const SlAnswered *answered)
{
	SlHolding holding;

	if (!sl_holding_lock(batch->policy, answered->link.conflict_id, &holding))
		elog(ERROR, "an open conflict holds nothing: " INT64_FORMAT,
			 answered->link.conflict_id);
	sl_holding_place(batch, record, &holding,
					 psprintf("native id %s is this record, as our write was answered",
							  answered->native_id));
	sl_conflict_end(answered->link.conflict_id, pnstrdup(record->key, record->key_len),
					"acknowledged", batch->now);
}

/*
 * A create that was answered with the id of another record has made none of its own, for all
 * we know: nothing goes there for it, unless a human says that the id is its.
 */
static void
leave_out(SlBatch *batch, SlRecord *record, int target, const SlAnswered *answered)
{
	const SlPart *part = &record->state->parts[target];
	SlLogEntry    entry = {0};

	if (!answered->is_create || record->state->is_deleted ||
		part->existence != SL_THERE || part->native_id != NULL)
		return;
	sl_batch_take(batch, record,
				  sl_decide_unlink(batch->policy, record->state, target,
								   answered->native_id, batch->now),
				  &entry);
}

static void
hold(const SlBatch *batch, const SlRecord *record, int target, const SlAnswered *answered)
{
	const SlPolicy *policy = batch->policy;
	const char     *key = pnstrdup(record->key, record->key_len);
	SlValue        *values = palloc(sizeof(SlValue) * policy->nfields);
	SlHeld          held = {.policy = policy,
							.system = target,
							.native_id = answered->native_id,
							.own_key = key,
							.candidates = list_make2((char *) answered->link.record_key,
													 (char *) key),
							.values = values,
							.newest = sl_held_token(policy, target, answered->link.held_version,
													answered->link.held_policy),
							.is_answer = true,
							.is_open = answered->link.conflict_id != 0,
							.conflict_id = answered->link.conflict_id,
							.now = batch->now};

	sl_shown_values(policy, record->state, target, values);
	sl_hold(&held);
}

void
sl_answered_finish(SlBatch *batch, SlRecord *record, int target,
				   const SlAnswered *answered)
{
	if (answered->native_id == NULL)
		return;
	if (answered->link.record_key == NULL)
		release(batch, record, answered);
	else
	{
		hold(batch, record, target, answered);
		leave_out(batch, record, target, answered);
	}
}
