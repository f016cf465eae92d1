/*
 * state_renew.c
 *	  A state that was written under an older policy, as the new one reads it.
 *
 * What is compared are values: where a field has got another type or normaliser, what
 * is stored is read by that too, so what every system shows already is no change.
 */
#include "postgres.h"

#include "normalize.h"
#include "state.h"

static void
renew_sides(const SlFieldSpec *spec, SlConflict *conflict)
{
	for (int i = 0; conflict != NULL && i < conflict->nsides; i++)
		conflict->sides[i].last = sl_normalize_again(spec, conflict->sides[i].last);
}

static void
renew_shown(const SlFieldSpec *spec, SlShown *shown)
{
	shown->value = sl_normalize_again(spec, shown->value);
	shown->base = sl_normalize_again(spec, shown->base);
	for (int i = 0; i < shown->nwrites; i++)
	{
		SlWrite *write = &shown->writes[i];

		write->value = sl_normalize_again(spec, write->value);
		write->replaced = sl_normalize_again(spec, write->replaced);
	}
}

/* What stood at another path is not compared with what stands at this one. */
static void
forget_tokens(SlShown *shown)
{
	shown->token = shown->token_shown = shown->token_own = (SlToken){0};
	shown->acked_since = false;
	for (int i = 0; i < shown->nwrites; i++)
		shown->writes[i].token = (SlToken){0};
}

/* A field that has come into a group since is frozen with the others. */
static void
join_group(const SlPolicy *policy, SlState *state, const SlGroup *group)
{
	const SlConflict *open = NULL;

	for (int i = 0; i < group->nfields; i++)
		if (state->golden[group->fields[i]].conflict != NULL)
			open = state->golden[group->fields[i]].conflict;
	for (int i = 0; open != NULL && i < group->nfields; i++)
	{
		SlGolden *golden = &state->golden[group->fields[i]];

		if (golden->conflict != NULL)
			continue;
		golden->conflict = palloc0(sizeof(SlConflict));
		golden->conflict->id = open->id;
		golden->conflict->kind = open->kind;
		golden->conflict->sides = palloc0(sizeof(SlSide) * (policy->nsystems + 1));
	}
}

void
sl_state_renew(const SlPolicy *policy, SlState *state)
{
	for (int f = 0; f < policy->nfields; f++)
	{
		const SlFieldSpec *spec = &policy->fields[f];
		SlGolden          *golden = &state->golden[f];

		golden->value = sl_normalize_again(spec, golden->value);
		renew_sides(spec, golden->conflict);
		for (int s = 0; s < policy->nsystems; s++)
		{
			renew_shown(spec, &state->parts[s].shown[f]);
			if (policy->systems[s].tokens_since > state->policy_version)
				forget_tokens(&state->parts[s].shown[f]);
		}
	}
	for (int g = 0; g < policy->ngroups; g++)
		join_group(policy, state, &policy->groups[g]);
}
