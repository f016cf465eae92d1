/*
 * state.c
 *	  A state of which nothing is known yet, and the names of what is in one.
 */
#include "postgres.h"

#include "state.h"

static void
clear_golden(const SlPolicy *policy, SlState *state)
{
	memset(state->golden, 0, sizeof(SlGolden) * policy->nfields);
	for (int i = 0; i < policy->nfields; i++)
	{
		state->golden[i].author = SL_AUTHOR_NONE;
		state->golden[i].owner_spoke = -1;
	}
}

static void
clear_part(const SlPolicy *policy, SlPart *part)
{
	SlShown *shown = part->shown;

	memset(part, 0, sizeof(SlPart));
	memset(shown, 0, sizeof(SlShown) * policy->nfields);
	part->leased_source = SL_AUTHOR_NONE;
	part->waiting_source = SL_AUTHOR_NONE;
	part->create_source = SL_AUTHOR_NONE;
	part->shown = shown;
}

SlState *
sl_state_new(const SlPolicy *policy)
{
	SlState *state = palloc0(sizeof(SlState));
	SlShown *shown = palloc(sizeof(SlShown) * policy->nfields * policy->nsystems);

	state->generation = 1;
	state->golden = palloc(sizeof(SlGolden) * policy->nfields);
	state->parts = palloc(sizeof(SlPart) * policy->nsystems);
	clear_golden(policy, state);
	for (int i = 0; i < policy->nsystems; i++)
	{
		state->parts[i].shown = shown + i * policy->nfields;
		clear_part(policy, &state->parts[i]);
	}
	return state;
}

void
sl_state_clear(const SlPolicy *policy, SlState *state, int system)
{
	clear_golden(policy, state);
	clear_part(policy, &state->parts[system]);
	state->ngone = 0;
	state->is_deleted = false;
	state->conflict = NULL;
	state->policy_version = 0;
}

const char *
sl_author_name(const SlPolicy *policy, const SlState *state, int author)
{
	if (author == SL_AUTHOR_NONE)
		return NULL;
	if (author == SL_AUTHOR_REVIEW)
		return "review";
	if (author == SL_AUTHOR_SYNC)
		return "sync";
	if (author < policy->nsystems)
		return policy->systems[author].name;
	return state->gone[author - policy->nsystems].name;
}

const char *
sl_conflict_kind_name(SlConflictKind kind)
{
	static const char *const names[] = {
		[SL_CONFLICT_COLLISION] = "collision", [SL_CONFLICT_BOUNCE] = "bounce",
		[SL_CONFLICT_DELETE] = "delete",       [SL_CONFLICT_RESURRECT] = "resurrect",
		[SL_CONFLICT_DUPLICATE] = "duplicate", [SL_CONFLICT_DRIFT] = "drift",
		[SL_CONFLICT_OWNER] = "owner",         [SL_CONFLICT_OSCILLATION] = "oscillation",
	};

	return names[kind];
}

const char *
sl_action_name(SlAction action)
{
	static const char *const names[] = {
		[SL_ACTION_NONE] = NULL,
		[SL_ACTION_CREATE] = "create",
		[SL_ACTION_UPDATE] = "update",
		[SL_ACTION_DELETE] = "delete",
	};

	return names[action];
}
