/*
 * policy_check.c
 *	  What no single key of a config can show to be wrong.
 *
 * No place of a writable system's payload is written twice, no owner is unable to speak.
 */
#include "postgres.h"

#include "policy_config.h"

/* What a payload of the system that is being checked holds, or is found by. */
typedef struct Place
{
	const SlFieldSpec *field; /* or NULL */
	const char        *what;  /* it is where it is no field */
	const SlPath      *path;
	int                number;
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

static int
common_steps(const SlPath *a, const SlPath *b)
{
	int n = 0;

	while (n < a->nsteps && n < b->nsteps &&
		   compare_steps(&a->steps[n], &b->steps[n]) == 0)
		n++;
	return n;
}

/* Orders paths step by step, a path before those that go on from it. */
static int
by_path(const void *a, const void *b)
{
	const Place  *left = (const Place *) a;
	const Place  *right = (const Place *) b;
	const SlPath *l = left->path;
	const SlPath *r = right->path;
	int           n = common_steps(l, r);

	if (n < l->nsteps && n < r->nsteps)
		return compare_steps(&l->steps[n], &r->steps[n]);
	if (l->nsteps != r->nsteps)
		return l->nsteps - r->nsteps;
	return left->number - right->number;
}

static bool
is_inside(const SlPath *inner, const SlPath *outer)
{
	return common_steps(inner, outer) == outer->nsteps;
}

static bool
has_each(const SlPath *path, int nsteps)
{
	for (int i = 0; i < nsteps; i++)
		if (path->steps[i].kind == SL_STEP_EACH)
			return true;
	return false;
}

static const char *
what_stands(const Place *place)
{
	return place->field == NULL ? place->what
								: psprintf("field \"%s\"", place->field->name);
}

static void place_error(const SlPolicy *policy, int system, const Place *pair,
						const char *where, const SlConfig *root) pg_attribute_noreturn();

static void
place_error(const SlPolicy *policy, int system, const Place *pair, const char *where,
			const SlConfig *root)
{
	const char *what = pair[0].field != NULL && pair[1].field != NULL
						   ? psprintf("fields \"%s\" and \"%s\"", pair[0].field->name,
									  pair[1].field->name)
						   : psprintf("%s and %s", what_stands(&pair[0]),
									  what_stands(&pair[1]));

	sl_config_error(root,
					"Give each field a place of its own, or make the system "
					"\"writable\": false.",
					"writes %s of system \"%s\" to %s: %s", what,
					policy->systems[system].name, where, sl_path_in_quotes(pair[1].path));
}

/* A field may stand where the record key does, which is written there, or the native id. */
static void
check_pair(const SlPolicy *policy, int system, const Place *pair, const SlConfig *root)
{
	const SlPath *a = pair[0].path;
	const SlPath *b = pair[1].path;
	int           n = common_steps(a, b);

	if (n == a->nsteps && n == b->nsteps && pair[0].field == NULL)
		return;
	if (n == a->nsteps)
		place_error(policy, system, pair, "one place", root);
	if (has_each(a, n) || a->steps[n].kind != b->steps[n].kind)
		place_error(policy, system, pair,
					has_each(a, n + 1) || has_each(b, n + 1)
						? "one array, which \"[*]\" takes as a whole"
						: "one place, as an object and as an array",
					root);
}

static void
add_place(Place *places, int *n, const SlFieldSpec *field, const char *what,
		  const SlPath *path)
{
	if (path == NULL)
		return;
	places[*n] = (Place){field, what, path, *n};
	(*n)++;
}

/* In path order what cannot stand beside a path follows it at once. */
static void
check_places(const SlPolicy *policy, int system, const SlConfig *root)
{
	const SlSystemSpec *spec = &policy->systems[system];
	Place              *places = palloc(sizeof(Place) * (policy->nfields + 3));
	int                 n = 0;

	add_place(places, &n, NULL, "the record key", spec->key);
	add_place(places, &n, NULL, "the native id", spec->id);
	add_place(places, &n, NULL, "the stamp", spec->sentinel);
	for (int i = 0; i < policy->nfields; i++)
		add_place(places, &n, &policy->fields[i], NULL, policy->fields[i].paths[system]);
	qsort(places, n, sizeof(Place), by_path);
	for (int i = 1; i < n; i++)
		check_pair(policy, system, &places[i - 1], root);
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
		check_stamp(policy, i, root);
		check_places(policy, i, root);
	}
	sl_policy_check_timezones(policy, root);
	check_owners(policy, root);
	check_groups(policy, root);
}
