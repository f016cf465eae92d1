/*
 * resolve_value.c
 *	  What a human's words make of the fields that a conflict froze.
 *
 * A field that the words leave out, or that the winner never showed, stays as it is.
 */
#include "postgres.h"

#include "json_out.h"
#include "nearest.h"
#include "normalize.h"
#include "resolve_value.h"
#include "rules.h"

/* Or was, and the policy has left one field of it. */
static bool
is_of_group(const SlPolicy *policy, const SlDecision *decision)
{
	const SlFieldSpec *first = &policy->fields[decision->fields[0]];

	return decision->nfields > 1 || first->fellows != NULL ||
		   strcmp(decision->row_field, first->name) != 0;
}

static int
author_of(const SlPolicy *policy, const SlState *state, const SlDecision *decision)
{
	const SlGroup *group = policy->fields[decision->fields[0]].fellows;

	return group == NULL ? state->golden[decision->fields[0]].author
						 : sl_group_author(state, group);
}

static const SlConflict *
conflict_of(const SlState *state, const SlDecision *decision, int i)
{
	return state->golden[decision->fields[i]].conflict;
}

/* The field belongs to the conflict, or to a group that does. */
static bool
is_frozen_by(const SlPolicy *policy, const SlState *state, int field, int64 id)
{
	const SlGroup *group = policy->fields[field].fellows;

	if (group == NULL)
		return state->golden[field].conflict != NULL &&
			   state->golden[field].conflict->id == id;
	for (int i = 0; i < group->nfields; i++)
	{
		const SlConflict *conflict = state->golden[group->fields[i]].conflict;

		if (conflict != NULL && conflict->id == id)
			return true;
	}
	return false;
}

static void
find_fields(const SlPolicy *policy, const SlState *state, int64 id, SlDecision *decision)
{
	decision->nfields = 0;
	decision->fields = palloc(sizeof(int) * policy->nfields);
	decision->values = palloc0(sizeof(SlValue) * policy->nfields);
	for (int f = 0; f < policy->nfields; f++)
		if (is_frozen_by(policy, state, f, id))
			decision->fields[decision->nfields++] = f;
}

/* The longest list of sides: each field of a group has the same, but for those new to it. */
static const SlConflict *
find_sides(const SlState *state, const SlDecision *decision)
{
	const SlConflict *longest = NULL;

	for (int i = 0; i < decision->nfields; i++)
	{
		const SlConflict *conflict = conflict_of(state, decision, i);

		if (conflict != NULL && (longest == NULL || conflict->nsides > longest->nsides))
			longest = conflict;
	}
	return longest;
}

static void
raise_unknown_winner(const SlPolicy *policy, const SlState *state,
					 const SlDecision *decision, const char *winner)
{
	const SlConflict *conflict = find_sides(state, decision);
	const char      **names = palloc(sizeof(char *) * (conflict->nsides + 1));
	int               n = 0;

	for (int i = 0; i < conflict->nsides; i++)
		names[n++] = sl_author_name(policy, state, conflict->sides[i].system);
	if (author_of(policy, state, decision) == SL_AUTHOR_REVIEW)
		names[n++] = "review";
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("\"%s\" is no side of this conflict", winner),
					errhint("%s", sl_nearest_hint(winner, "sides", names, n))));
}

/* The number of a side by its name; a name that is none is an error. */
static int
side_by_name(const SlPolicy *policy, const SlState *state, const SlDecision *decision,
			 const char *winner)
{
	const SlConflict *conflict = find_sides(state, decision);

	for (int i = 0; i < conflict->nsides; i++)
		if (strcmp(sl_author_name(policy, state, conflict->sides[i].system), winner) == 0)
			return conflict->sides[i].system;
	raise_unknown_winner(policy, state, decision, winner);
	return SL_AUTHOR_NONE;
}

static void
take_golden(const SlState *state, SlDecision *decision)
{
	for (int i = 0; i < decision->nfields; i++)
		if (state->golden[decision->fields[i]].author != SL_AUTHOR_NONE)
			decision->values[i] = state->golden[decision->fields[i]].value;
}

static void
take_side(const SlState *state, SlDecision *decision, int system)
{
	for (int i = 0; i < decision->nfields; i++)
	{
		SlConflict *conflict = state->golden[decision->fields[i]].conflict;
		SlSide     *side = conflict == NULL ? NULL : sl_find_side(conflict, system);

		if (side != NULL)
			decision->values[i] = side->last;
	}
}

static void
take_winner(const SlPolicy *policy, const SlState *state, SlDecision *decision,
			const char *winner)
{
	int         author = author_of(policy, state, decision);
	const char *current = sl_author_name(policy, state, author);

	if (current != NULL && strcmp(current, winner) == 0)
		take_golden(state, decision);
	else
		take_side(state, decision, side_by_name(policy, state, decision, winner));
}

static SlValue
read_value(const SlPolicy *policy, int field, Jsonb *said)
{
	SlValue  value;
	SlReason reason;

	if (!sl_normalize_jsonb(policy, field, said, &value, &reason))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the value does not fit field \"%s\": %s",
							   policy->fields[field].name, reason.message)));
	if (policy->fields[field].is_required && sl_value_is_null(&value))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("field \"%s\" is required and cannot be null",
							   policy->fields[field].name)));
	return value;
}

/* What a system showed, or C is, may be of a type that the field had once. */
static void
check_fit(const SlPolicy *policy, const SlDecision *decision)
{
	for (int i = 0; i < decision->nfields; i++)
	{
		bool  is_null;
		Datum said;

		if (decision->values[i].kind == SL_ABSENT ||
			sl_value_is_null(&decision->values[i]))
			continue;
		said = sl_value_to_jsonb(&decision->values[i], &is_null);
		(void) read_value(policy, decision->fields[i], DatumGetJsonbP(said));
	}
}

/* Where in the decision a key of the object belongs; a key that is none is an error. */
static int
place_of_key(const SlPolicy *policy, const SlDecision *decision, const char *key)
{
	const char **names = palloc(sizeof(char *) * decision->nfields);

	for (int i = 0; i < decision->nfields; i++)
	{
		names[i] = policy->fields[decision->fields[i]].name;
		if (strcmp(names[i], key) == 0)
			return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the value has a key that is no field of this conflict: \"%s\"", key),
			 errhint("%s", sl_nearest_hint(key, "fields", names, decision->nfields))));
}

static void
take_object(const SlPolicy *policy, SlDecision *decision, Jsonb *said)
{
	const SlGroup *group = policy->fields[decision->fields[0]].fellows;
	JsonbIterator *it;
	JsonbValue     key;
	JsonbValue     member;

	if (!JB_ROOT_IS_OBJECT(said))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the value of %s must be a JSON object, not %s",
							   group == NULL ? "fields that are decided together"
											 : psprintf("group \"%s\"", group->name),
							   JB_ROOT_IS_SCALAR(said) ? "a scalar" : "an array"),
						errhint("Name its fields: {\"%s\": ...}.",
								policy->fields[decision->fields[0]].name)));
	it = JsonbIteratorInit(&said->root);
	(void) JsonbIteratorNext(&it, &key, false);
	while (JsonbIteratorNext(&it, &key, true) == WJB_KEY)
	{
		char *name = pnstrdup(key.val.string.val, key.val.string.len);
		int   i = place_of_key(policy, decision, name);

		(void) JsonbIteratorNext(&it, &member, true);
		decision->values[i] = read_value(policy, decision->fields[i],
										 JsonbValueToJsonb(&member));
	}
}

bool
sl_resolve_fields(const SlPolicy *policy, const SlState *state, int64 id,
				  const char *winner, Jsonb *value, SlDecision *decision)
{
	find_fields(policy, state, id, decision);
	if (decision->nfields == 0)
		return false;
	if (winner != NULL)
	{
		take_winner(policy, state, decision, winner);
		check_fit(policy, decision);
	}
	else if (is_of_group(policy, decision))
		take_object(policy, decision, value);
	else
		decision->values[0] = read_value(policy, decision->fields[0], value);
	if (!is_of_group(policy, decision) && decision->values[0].kind == SL_ABSENT)
		decision->values[0] = sl_value_null();
	return true;
}

Datum
sl_resolved_value(const SlPolicy *policy, const SlState *state,
				  const SlDecision *decision)
{
	SlValue *values = palloc(sizeof(SlValue) * decision->nfields);
	bool     is_null;

	for (int i = 0; i < decision->nfields; i++)
		values[i] = state->golden[decision->fields[i]].value;
	if (is_of_group(policy, decision))
		return sl_fields_to_jsonb(policy, decision->nfields, decision->fields, values);
	return sl_value_to_jsonb(&values[0], &is_null);
}
