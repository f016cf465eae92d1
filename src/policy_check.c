/*
 * policy_check.c
 *	  What no single key of a config can show to be wrong.
 *
 * No place of a writable system's payload is written twice, no owner is unable to speak.
 */
#include "postgres.h"

#include "policy_config.h"

/* A field's path in the system that is being checked. */
typedef struct Place
{
	const SlFieldSpec *field;
	const SlPath      *path;
} Place;

static int
compare_steps(const SlPathStep *a, const SlPathStep *b)
{
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	switch (a->kind)
	{
		case SL_STEP_KEY:
			return strcmp(a->key, b->key);
		case SL_STEP_INDEX:
			return a->index < b->index ? -1 : a->index > b->index;
		case SL_STEP_EACH:
			break;
	}
	return 0;
}

/* Orders paths step by step, a path before those that go on from it. */
static int
by_path(const void *a, const void *b)
{
	const SlPath *left = ((const Place *) a)->path;
	const SlPath *right = ((const Place *) b)->path;

	for (int i = 0; i < left->nsteps && i < right->nsteps; i++)
	{
		int order = compare_steps(&left->steps[i], &right->steps[i]);

		if (order != 0)
			return order;
	}
	return left->nsteps - right->nsteps;
}

static bool
is_inside(const SlPath *inner, const SlPath *outer)
{
	if (inner->nsteps < outer->nsteps)
		return false;
	for (int i = 0; i < outer->nsteps; i++)
	{
		if (compare_steps(&inner->steps[i], &outer->steps[i]) != 0)
			return false;
	}
	return true;
}

/* In path order whatever is inside of a path follows it at once. */
static void
check_places(const SlPolicy *policy, int system, const SlConfig *root)
{
	Place *places = palloc(sizeof(Place) * policy->nfields);
	int    n = 0;

	for (int i = 0; i < policy->nfields; i++)
	{
		if (policy->fields[i].paths[system] == NULL)
			continue;
		places[n].field = &policy->fields[i];
		places[n].path = policy->fields[i].paths[system];
		n++;
	}
	qsort(places, n, sizeof(Place), by_path);
	for (int i = 1; i < n; i++)
	{
		if (is_inside(places[i].path, places[i - 1].path))
			sl_config_error(
				root,
				"Give each field a place of its own, or make the system "
				"\"writable\": false.",
				"writes fields \"%s\" and \"%s\" of system \"%s\" to one place: %s",
				places[i - 1].field->name, places[i].field->name,
				policy->systems[system].name, sl_path_in_quotes(places[i].path));
	}
	pfree(places);
}

static void
check_stamp_beside(const SlPolicy *policy, int system, const SlPath *path,
				   const char *what, const SlConfig *root)
{
	const SlPath *stamp = policy->systems[system].sentinel;

	if (path != NULL && (is_inside(path, stamp) || is_inside(stamp, path)))
		sl_config_error(root, "Give the \"sentinel\" a place of its own.",
						"writes %s and the stamp of system \"%s\" to one place: %s", what,
						policy->systems[system].name, sl_path_in_quotes(path));
}

/* What stands where the stamp is written would be read back as what it is for. */
static void
check_stamp(const SlPolicy *policy, int system, const SlConfig *root)
{
	const SlSystemSpec *spec = &policy->systems[system];

	if (spec->sentinel == NULL)
		return;
	check_stamp_beside(policy, system, spec->key, "the record key", root);
	check_stamp_beside(policy, system, spec->id, "the native id", root);
	check_stamp_beside(policy, system, spec->version, "the version", root);
	check_stamp_beside(policy, system, spec->deleted, "the mark of deletion", root);
	for (int i = 0; i < policy->nfields; i++)
		check_stamp_beside(policy, system, policy->fields[i].paths[system],
						   psprintf("field \"%s\"", policy->fields[i].name), root);
}

static void
check_owners(const SlPolicy *policy, const SlConfig *root)
{
	for (int i = 0; i < policy->nfields; i++)
	{
		const SlFieldSpec *field = &policy->fields[i];

		if (field->owner >= 0 && field->paths[field->owner] == NULL)
			sl_config_error(
				root, "Give the field a \"path\" there, or another owner.",
				"names an owner of field \"%s\" that does not carry it: \"%s\"",
				field->name, policy->systems[field->owner].name);
	}
}

static void
check_groups(const SlPolicy *policy, const SlConfig *root)
{
	for (int i = 0; i < policy->nfields; i++)
	{
		const SlFieldSpec *field = &policy->fields[i];
		const SlFieldSpec *first;

		if (field->group == NULL)
			continue;
		if (sl_policy_field(policy, field->group, strlen(field->group)) >= 0)
			sl_config_error(root, "Rename the group.",
							"gives a group the name of a field: \"%s\"", field->group);
		if (field->merges_sets)
			sl_config_error(root, "Leave out its \"merge\" or its \"group\".",
							"merges set \"%s\", which group \"%s\" resolves as one",
							field->name, field->group);
		first = &policy->fields[field->fellows->fields[0]];
		if (field->owner != first->owner || field->is_tiebreak != first->is_tiebreak)
			sl_config_error(
				root, "All fields of a group have one owner and one authority.",
				"gives fields \"%s\" and \"%s\" of group \"%s\" different owners or "
				"authorities",
				first->name, field->name, field->group);
	}
}

void
sl_policy_check(const SlPolicy *policy, const SlConfig *root)
{
	for (int i = 0; i < policy->nsystems; i++)
	{
		if (!policy->systems[i].is_writable)
			continue;
		check_places(policy, i, root);
		check_stamp(policy, i, root);
	}
	check_owners(policy, root);
	check_groups(policy, root);
}
