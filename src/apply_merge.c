/*
 * apply_merge.c
 *	  What a change writes inside of a jsonb column.
 *
 * Only what the paths of its fields lead to changes: objects and arrays on the way stay as
 * they are beside that, and are made where they are missing.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

PG_FUNCTION_INFO_V1(sync_merge);

/* A path in a column. */
typedef struct Path
{
	int          nsteps;
	JsonbValue **steps; /* a key, the number of an element, or null for all elements */
	Datum       *texts; /* the same, as text */
} Path;

static JsonbValue *
root_of(Jsonb *jsonb)
{
	JsonbValue *value = palloc(sizeof(JsonbValue));

	if (JB_ROOT_IS_SCALAR(jsonb))
		return getIthJsonbValueFromContainer(&jsonb->root, 0);
	JsonbToJsonbValue(jsonb, value);
	return value;
}

static bool
is_array(const JsonbValue *value)
{
	return value != NULL && value->type == jbvBinary &&
		   JsonContainerIsArray(value->val.binary.data);
}

static bool
is_object(const JsonbValue *value)
{
	return value != NULL && value->type == jbvBinary &&
		   JsonContainerIsObject(value->val.binary.data);
}

static int32
index_of(const JsonbValue *step)
{
	return DatumGetInt32(
		DirectFunctionCall1(numeric_int4, NumericGetDatum(step->val.numeric)));
}

/* Whether a step can be taken from a value, though it may lead nowhere. */
static bool
fits(const JsonbValue *value, const JsonbValue *step)
{
	if (step->type == jbvNull)
		return false; /* all elements are no place */
	return step->type == jbvString ? is_object(value) : is_array(value);
}

static JsonbValue *
below(const JsonbValue *value, JsonbValue *step)
{
	if (!fits(value, step))
		return NULL;
	if (step->type == jbvString)
		return findJsonbValueFromContainer(value->val.binary.data, JB_FOBJECT, step);
	return getIthJsonbValueFromContainer(value->val.binary.data, index_of(step));
}

/* What steps lead to, or NULL. */
static JsonbValue *
follow(JsonbValue *value, const Path *path, int from, int to)
{
	for (int i = from; i < to && value != NULL; i++)
		value = below(value, path->steps[i]);
	return value;
}

static JsonbValue *
in_object(JsonbValue *key, JsonbValue *value)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	pushJsonbValue(&state, WJB_KEY, key);
	pushJsonbValue(&state, WJB_VALUE, value);
	return root_of(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

static JsonbValue *
in_array(int32 index, JsonbValue *value)
{
	JsonbParseState *state = NULL;
	JsonbValue       null = {.type = jbvNull};

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int32 i = 0; i < index; i++)
		pushJsonbValue(&state, WJB_ELEM, &null);
	pushJsonbValue(&state, WJB_ELEM, value);
	return root_of(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL)));
}

/* A value with the objects and arrays around it that steps lead through. */
static JsonbValue *
wrapped(JsonbValue *value, const Path *path, int from, int to)
{
	for (int i = to - 1; i >= from; i--)
		value = path->steps[i]->type == jbvString
					? in_object(path->steps[i], value)
					: in_array(index_of(path->steps[i]), value);
	return value;
}

/* The first steps that can be taken: what they lead to is there, or can be added. */
static int
count_fitting(JsonbValue *value, const Path *path, int to)
{
	int n = 0;

	while (n < to && fits(value, path->steps[n]))
		value = below(value, path->steps[n++]);
	return n;
}

static Jsonb *
put(Jsonb *old, const Path *path, int to, JsonbValue *value)
{
	int n = count_fitting(root_of(old), path, to);

	value = wrapped(value, path, n, to);
	if (n == 0)
		return JsonbValueToJsonb(value);
	return DatumGetJsonbP(jsonb_set_element(old, path->texts, n, value));
}

static bool
is_same(JsonbValue *a, JsonbValue *b)
{
	if (a == NULL || b == NULL)
		return false;
	if (a->type == jbvString && b->type == jbvString)
		return a->val.string.len == b->val.string.len &&
			   memcmp(a->val.string.val, b->val.string.val, a->val.string.len) == 0;
	return compareJsonbContainers(&JsonbValueToJsonb(a)->root,
								  &JsonbValueToJsonb(b)->root) == 0;
}

/* The place in an array of the element that shows something at the rest of a path, or -1. */
static int
find_element(const JsonbValue *array, const bool *is_taken, JsonbValue *shown,
			 const Path *path, int from)
{
	int n = is_array(array) ? (int) JsonContainerSize(array->val.binary.data) : 0;

	for (int i = 0; i < n; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(array->val.binary.data, i);

		if (!is_taken[i] && is_same(follow(element, path, from, path->nsteps), shown))
			return i;
	}
	return -1;
}

/* The elements of a set, each with what the old array had beside it. */
static JsonbValue *
merge_elements(const JsonbValue *old, const JsonbValue *fresh, const Path *path, int from)
{
	int   nold = is_array(old) ? (int) JsonContainerSize(old->val.binary.data) : 0;
	int   n = is_array(fresh) ? (int) JsonContainerSize(fresh->val.binary.data) : 0;
	bool *is_taken = palloc0(sizeof(bool) * Max(nold, 1));
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < n; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(fresh->val.binary.data, i);
		JsonbValue *shown = follow(element, path, from, path->nsteps);
		int         at = find_element(old, is_taken, shown, path, from);

		CHECK_FOR_INTERRUPTS();
		if (at >= 0)
		{
			is_taken[at] = true;
			element = getIthJsonbValueFromContainer(old->val.binary.data, at);
		}
		pushJsonbValue(&state, WJB_ELEM, element);
	}
	return root_of(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL)));
}

/* As large as that of a policy's path may be. */
#define MAX_INDEX 999999

static void
check_step(JsonbValue *step)
{
	bool is_step = step->type == jbvNull || step->type == jbvString;

	if (step->type == jbvNumeric)
	{
		int32 index = index_of(step);

		is_step = index >= 0 && index <= MAX_INDEX;
	}
	if (!is_step)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a step of a path is no key, no number of an element, nor null"),
				 errhint("Elements are numbered from 0 to %d.", MAX_INDEX)));
}

/* One of the paths, from its JSON array. */
static Path *
read_path(JsonbValue *array)
{
	Path *path = palloc(sizeof(Path));

	path->nsteps = (int) JsonContainerSize(array->val.binary.data);
	path->steps = palloc(sizeof(JsonbValue *) * path->nsteps);
	path->texts = palloc(sizeof(Datum) * path->nsteps);
	for (int i = 0; i < path->nsteps; i++)
	{
		JsonbValue *step = getIthJsonbValueFromContainer(array->val.binary.data, i);

		check_step(step);
		path->steps[i] = step;
		if (step->type == jbvString)
			path->texts[i] = PointerGetDatum(
				cstring_to_text_with_len(step->val.string.val, step->val.string.len));
		else if (step->type == jbvNumeric)
			path->texts[i] = CStringGetTextDatum(psprintf("%d", index_of(step)));
	}
	return path;
}

static Jsonb *
merge_at(Jsonb *old, Jsonb *fresh, const Path *path)
{
	JsonbValue *value;
	int         to = 0;

	while (to < path->nsteps && path->steps[to]->type != jbvNull)
		to++;
	value = follow(root_of(fresh), path, 0, to);
	if (value == NULL)
		return old;
	if (to < path->nsteps && is_array(value))
		value = merge_elements(follow(root_of(old), path, 0, to), value, path, to + 1);
	return put(old, path, to, value);
}

/* (old, new, paths); an old one that is not there is null. */
Datum
sync_merge(PG_FUNCTION_ARGS)
{
	JsonbValue null = {.type = jbvNull};
	Jsonb     *old = PG_ARGISNULL(0) ? JsonbValueToJsonb(&null) : PG_GETARG_JSONB_P(0);
	Jsonb     *paths;
	int        n;

	if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
		PG_RETURN_NULL();
	paths = PG_GETARG_JSONB_P(2);
	n = JB_ROOT_IS_ARRAY(paths) ? (int) JB_ROOT_COUNT(paths) : 0;
	for (int i = 0; i < n; i++)
	{
		JsonbValue *path = getIthJsonbValueFromContainer(&paths->root, i);

		if (is_array(path))
			old = merge_at(old, PG_GETARG_JSONB_P(1), read_path(path));
	}
	PG_RETURN_JSONB_P(old);
}
