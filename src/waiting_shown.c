/*
 * waiting_shown.c
 *	  What a system shows of a record, now and once what waits for it has landed.
 */
#include "postgres.h"

#include "waiting.h"

static bool
is_carried(const SlPolicy *policy, int field, int system)
{
	return policy->fields[field].paths[system] != NULL;
}

static bool
shows_fields(const SlPart *part)
{
	return part->existence != SL_NOT_THERE && part->existence != SL_GONE;
}

void
sl_shown_values(const SlPolicy *policy, const SlState *state, int system, SlValue *values)
{
	bool is_shown = shows_fields(&state->parts[system]);

	for (int f = 0; f < policy->nfields; f++)
	{
		const SlShown *shown = &state->parts[system].shown[f];

		values[f] = sl_value_absent();
		if (is_shown && is_carried(policy, f, system) && shown->is_seen)
			values[f] = shown->value.kind == SL_ABSENT ? sl_value_null() : shown->value;
	}
}

void
sl_content_result(const SlPolicy *policy, const SlState *state, int target,
				  const SlContent *content, SlValue *values)
{
	if (content->action == SL_ACTION_DELETE)
	{
		for (int f = 0; f < policy->nfields; f++)
			values[f] = sl_value_absent();
		return;
	}
	sl_shown_values(policy, state, target, values);
	for (int f = 0; f < policy->nfields; f++)
	{
		const SlWrite *in_flight = sl_in_flight(&state->parts[target].shown[f]);

		if (in_flight != NULL)
			values[f] = in_flight->value;
		else if (content->action == SL_ACTION_CREATE && is_carried(policy, f, target) &&
				 values[f].kind == SL_ABSENT)
			values[f] =
				sl_value_null(); /* a record that we create shows all that is mapped */
	}
	for (int i = 0; i < content->nfields; i++)
	{
		SlValue value = content->values[i];

		values[content->fields[i]] = value.kind == SL_ABSENT ? sl_value_null() : value;
	}
}
