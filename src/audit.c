/*
 * audit.c
 *	  How what a system shows stands to the golden record.
 *
 * Pure, and told from the state alone: nothing is asked of the outbox.
 */
#include "postgres.h"

#include "audit.h"
#include "waiting.h"

static const SlPart *
part_of(const SlSpot *spot)
{
	return &spot->state->parts[spot->system];
}

static bool
is_carried(const SlSpot *spot)
{
	return spot->policy->fields[spot->field].paths[spot->system] != NULL;
}

static bool
counts_as_null(const SlSpot *spot)
{
	return spot->policy->systems[spot->system].unseen_is_null;
}

static bool
shows_golden(const SlSpot *spot)
{
	return sl_value_same(&sl_spot_shown(spot)->value, &sl_spot_golden(spot)->value);
}

/* Something else is on its way there. */
static bool
is_moving(const SlSpot *spot)
{
	const SlWrite *in_flight = sl_in_flight(sl_spot_shown(spot));

	return sl_is_unsure(spot) ||
		   (in_flight != NULL &&
			!sl_value_same(&in_flight->value, &sl_spot_golden(spot)->value));
}

SlStanding
sl_field_standing(const SlSpot *spot)
{
	if (spot->state->is_deleted)
		return SL_STANDING_NONE;
	if (part_of(spot)->existence != SL_THERE)
		return SL_STANDING_MISSING;
	if (!sl_spot_shown(spot)->is_seen && !counts_as_null(spot))
		return SL_STANDING_UNSEEN;
	return shows_golden(spot) && !is_moving(spot) ? SL_STANDING_MATCHED
												  : SL_STANDING_DIFFERENT;
}

static bool
something_waits(const SlPolicy *policy, const SlState *state, int system, TimestampTz now)
{
	SlContent content;

	sl_content(policy, state, system, now, &content);
	return content.action != SL_ACTION_NONE ||
		   state->parts[system].leased_action != SL_ACTION_NONE;
}

/* A field without a value was never seen there, and that is no wonder. */
static SlStanding
standing_in_record(const SlSpot *spot)
{
	SlStanding standing = sl_field_standing(spot);

	if (standing == SL_STANDING_UNSEEN && sl_value_is_null(&sl_spot_golden(spot)->value))
		return SL_STANDING_MATCHED;
	return standing;
}

SlStanding
sl_record_standing(const SlPolicy *policy, SlState *state, int system, TimestampTz now)
{
	bool is_there = state->parts[system].existence == SL_THERE;
	bool is_unseen = false;

	if (state->is_deleted)
		return is_there ? SL_STANDING_DIFFERENT : SL_STANDING_NONE;
	if (!is_there)
		return SL_STANDING_MISSING;
	if (something_waits(policy, state, system, now))
		return SL_STANDING_DIFFERENT;
	for (int f = 0; f < policy->nfields; f++)
	{
		SlSpot     spot = {policy, state, system, f, now};
		SlStanding standing = is_carried(&spot) ? standing_in_record(&spot)
												: SL_STANDING_MATCHED;

		if (standing == SL_STANDING_DIFFERENT)
			return standing;
		is_unseen |= standing == SL_STANDING_UNSEEN;
	}
	return is_unseen ? SL_STANDING_UNSEEN : SL_STANDING_MATCHED;
}

static const char *
settled_divergence(const SlShown *shown)
{
	if (!shown->knows_golden)
		return "baseline";
	return sl_value_is_null(&shown->value) ? "kept null" : "near miss";
}

/* Nothing is known for sure, and what is sent there will tell. */
static bool
will_be_sure(const SlSpot *spot)
{
	return sl_in_flight(sl_spot_shown(spot)) != NULL ||
		   (sl_is_unsure(spot) && spot->policy->systems[spot->system].is_writable);
}

/*
 * What is still to be sent has a row, that of a dead letter too: but where a new policy would send
 * it, and the record was not touched since.
 */
static const char *
unsent_divergence(const SlPart *part)
{
	return part->waiting_version != 0 || part->leased_action != SL_ACTION_NONE
			   ? NULL
			   : "untouched";
}

/* Where nothing is sent at all. */
static const char *
standing_divergence(const SlSpot *spot)
{
	if (sl_spot_golden(spot)->conflict != NULL || spot->state->conflict != NULL)
		return "conflict";
	return spot->policy->systems[spot->system].is_writable ? NULL : "read-only";
}

const char *
sl_field_divergence(const SlSpot *spot)
{
	const SlShown *shown = sl_spot_shown(spot);
	bool           is_null = sl_value_is_null(&sl_spot_golden(spot)->value);
	const char    *reason = standing_divergence(spot);
	bool           is_unsent = reason == NULL && sl_waits_unfrozen(spot);

	if (spot->state->is_deleted || part_of(spot)->existence != SL_THERE ||
		!is_carried(spot))
		return NULL;
	if (will_be_sure(spot))
		return is_unsent ? unsent_divergence(part_of(spot)) : NULL;
	if (shown->is_seen ? shows_golden(spot) : is_null)
		return NULL;
	if (is_unsent)
		return unsent_divergence(part_of(spot));
	if (!shown->is_seen)
		return "unseen";
	return reason == NULL && shown->is_settled ? settled_divergence(shown) : reason;
}

static bool
is_in_conflict(const SlPolicy *policy, const SlState *state, int system)
{
	for (int f = 0; f < policy->nfields; f++)
		if (policy->fields[f].paths[system] != NULL && state->golden[f].conflict != NULL)
			return true;
	return state->conflict != NULL;
}

static bool
has_values_for(const SlPolicy *policy, const SlState *state, int system)
{
	for (int f = 0; f < policy->nfields; f++)
		if (policy->fields[f].paths[system] != NULL &&
			!sl_value_is_null(&state->golden[f].value))
			return true;
	return false;
}

static bool
carries_anything(const SlPolicy *policy, int system)
{
	for (int f = 0; f < policy->nfields; f++)
		if (policy->fields[f].paths[system] != NULL)
			return true;
	return false;
}

/* A record that is missing there, or still there, by a human's word or for want of one. */
static const char *
standing_still(const SlPolicy *policy, const SlState *state, int system, TimestampTz now)
{
	if (something_waits(policy, state, system, now))
		return unsent_divergence(&state->parts[system]);
	return is_in_conflict(policy, state, system) ? "conflict" : "baseline";
}

/* It is not created where nobody showed a field that the system carries. */
static const char *
missing_divergence(const SlPolicy *policy, const SlState *state, int system,
				   TimestampTz now)
{
	bool is_discarded = state->parts[system].create_version != 0;

	if (!policy->systems[system].is_writable || !carries_anything(policy, system))
		return NULL;
	if (!is_discarded && !has_values_for(policy, state, system) &&
		!something_waits(policy, state, system, now))
		return "no value";
	return standing_still(policy, state, system, now);
}

static const char *
living_divergence(const SlPolicy *policy, const SlState *state, int system,
				  TimestampTz now)
{
	switch (state->parts[system].existence)
	{
		case SL_LEFT_OUT:
			return "left out";
		case SL_NOT_THERE:
		case SL_GONE:
			return missing_divergence(policy, state, system, now);
		case SL_THERE:
		case SL_BEING_CREATED:
		case SL_CREATE_LOST:
			return NULL;
	}
	return NULL;
}

const char *
sl_record_divergence(const SlPolicy *policy, const SlState *state, int system,
					 TimestampTz now)
{
	if (state->parts[system].existence == SL_CREATE_LOST &&
		something_waits(policy, state, system, now))
		return unsent_divergence(&state->parts[system]);
	if (!state->is_deleted)
		return living_divergence(policy, state, system, now);
	if (state->parts[system].existence != SL_THERE)
		return NULL;
	return policy->systems[system].is_writable
			   ? standing_still(policy, state, system, now)
			   : "read-only";
}
