/*
 * decide_forget.c
 *	  A dead record without what it showed: that it is dead, and where, stays.
 */
#include "postgres.h"

#include "rules.h"

static bool
is_at_work(const SlPart *part)
{
	return part->leased_version != 0 || part->waiting_version != 0;
}

/* It shows the record, or a call of ours may make it do so. */
static bool
may_show(const SlPart *part)
{
	return sl_shows_record(part) ||
		   (part->erasure != SL_ERASURE_NONE && part->erasure != SL_ERASURE_SETTLED);
}

static bool
is_in_conflict(const SlPolicy *policy, const SlState *state)
{
	for (int f = 0; f < policy->nfields; f++)
		if (state->golden[f].conflict != NULL)
			return true;
	return state->conflict != NULL;
}

const char *
sl_forget_fault(const SlPolicy *policy, const SlState *state)
{
	if (is_in_conflict(policy, state))
		return "a conflict of it is open";
	if (!state->is_deleted)
		return "it is not deleted";
	for (int s = 0; s < policy->nsystems; s++)
	{
		if (is_at_work(&state->parts[s]))
			return psprintf("something of it waits for system \"%s\"",
							policy->systems[s].name);
		if (may_show(&state->parts[s]))
			return psprintf("system \"%s\" may still show it", policy->systems[s].name);
	}
	return NULL;
}

static void
forget_golden(SlGolden *golden)
{
	golden->value = golden->is_known ? sl_value_null() : sl_value_absent();
	golden->actor = NULL;
	golden->nformer = 0;
	golden->nflips = 0;
}

static void
forget_shown(SlShown *shown)
{
	shown->value = shown->is_seen ? sl_value_null() : sl_value_absent();
	shown->base = sl_value_absent();
	shown->is_undecided = false;
	shown->nwrites = 0;
}

void
sl_decide_forget(const SlPolicy *policy, SlState *state)
{
	state->deleted_actor = NULL;
	for (int f = 0; f < policy->nfields; f++)
	{
		forget_golden(&state->golden[f]);
		for (int s = 0; s < policy->nsystems; s++)
			forget_shown(&state->parts[s].shown[f]);
	}
}
