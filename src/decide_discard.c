/*
 * decide_discard.c
 *	  A human says that what waits for a target is not sent, or that a record is to go there.
 *
 * What it held is settled there until C moves: nothing waits any more, and nothing of it
 * begins to wait again by itself.  The calls that went out may land all the same.
 */
#include "postgres.h"

#include "rules.h"

/* As after a write that was confirmed, but that nobody knows what the system shows. */
static void
settle_field(SlShown *shown, TimestampTz now)
{
	shown->is_settled = true;
	shown->knows_golden = false;
	shown->is_unsure = false;
	sl_date_lost_writes(shown, now);
}

static void
settle_update(SlPart *part, const SlContent *content, TimestampTz now)
{
	for (int i = 0; i < content->nfields; i++)
		settle_field(&part->shown[content->fields[i]], now);
	if (part->erasure == SL_ERASURE_LOST)
		part->erasure = SL_ERASURE_STRAY;
}

/* The next change of C creates the record there, whatever became of this create. */
static void
settle_create(const SlPolicy *policy, SlState *state, SlPart *part, TimestampTz now)
{
	sl_unsee_record(policy, part);
	for (int f = 0; f < policy->nfields; f++)
		sl_date_lost_writes(&part->shown[f], now);
	part->existence = SL_NOT_THERE;
	part->create_version = state->version;
	part->create_source = SL_AUTHOR_NONE;
}

SlWaiting *
sl_decide_discard(const SlPolicy *policy, SlState *state, int target, TimestampTz now)
{
	SlWaiting *waiting = sl_waiting_begin(policy, state, now);
	SlPart    *part = &state->parts[target];

	switch (waiting->before[target].action)
	{
		case SL_ACTION_NONE:
			break;
		case SL_ACTION_CREATE:
			settle_create(policy, state, part, now);
			break;
		case SL_ACTION_UPDATE:
			settle_update(part, &waiting->before[target], now);
			break;
		case SL_ACTION_DELETE:
			part->erasure = SL_ERASURE_SETTLED;
			break;
	}
	sl_waiting_end(waiting, policy, state, now);
	return waiting;
}

SlWaiting *
sl_decide_let_in(const SlPolicy *policy, SlState *state, int system, TimestampTz now)
{
	SlPart *part = &state->parts[system];
	bool    is_discarded = part->existence == SL_NOT_THERE && part->create_version != 0;
	SlWaiting *waiting;

	if (state->is_deleted || (part->existence != SL_LEFT_OUT && !is_discarded))
		return NULL;
	waiting = sl_waiting_begin(policy, state, now);
	if (part->existence == SL_LEFT_OUT)
		sl_leave(part, now); /* what it had there is none of what is created now */
	part->create_version = 0;
	sl_waiting_end(waiting, policy, state, now);
	return waiting;
}
