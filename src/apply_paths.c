/*
 * apply_paths.c
 *	  Where in the columns of an attached table the fields of a change stand.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "apply.h"
#include "path_trie.h"

static bool
is_inside(const SlPath *path, const SlRowColumn *column)
{
	return path != NULL && path->nsteps > 1 && path->steps[0].kind == SL_STEP_KEY &&
		   path->steps[0].key_len == column->name_len &&
		   memcmp(path->steps[0].key, column->name, column->name_len) == 0;
}

static void
push_text(JsonbParseState **out, JsonbIteratorToken token, const char *text, int len)
{
	JsonbValue value = {.type = jbvString};

	value.val.string.val = (char *) text;
	value.val.string.len = len;
	pushJsonbValue(out, token, &value);
}

static void
push_step(JsonbParseState **out, const SlPathStep *step)
{
	JsonbValue value = {.type = jbvNull};

	if (step->kind == SL_STEP_KEY)
	{
		push_text(out, WJB_ELEM, step->key, step->key_len);
		return;
	}
	if (step->kind == SL_STEP_INDEX)
	{
		value.type = jbvNumeric;
		value.val.numeric = int64_to_numeric(step->index);
	}
	pushJsonbValue(out, WJB_ELEM, &value);
}

/* The steps after the first, which is the column. */
static void
push_path(JsonbParseState **out, const SlPath *path)
{
	pushJsonbValue(out, WJB_BEGIN_ARRAY, NULL);
	for (int i = 1; i < path->nsteps; i++)
		push_step(out, &path->steps[i]);
	pushJsonbValue(out, WJB_END_ARRAY, NULL);
}

/* Of the fields of a change, and the stamp, those in one column. */
static void
push_column(JsonbParseState **out, const SlApply *apply, const SlRowColumn *column,
			Jsonb *change_set)
{
	const SlPolicy    *policy = apply->policy;
	const SlPath      *stamp = policy->systems[apply->system].sentinel;
	JsonbIterator     *it = JsonbIteratorInit(&change_set->root);
	JsonbIteratorToken token;
	JsonbValue         value;

	push_text(out, WJB_KEY, column->name, column->name_len);
	pushJsonbValue(out, WJB_BEGIN_ARRAY, NULL);
	while ((token = JsonbIteratorNext(&it, &value, true)) != WJB_DONE)
	{
		int field = token != WJB_KEY ? -1
									 : sl_policy_field(policy, value.val.string.val,
													   value.val.string.len);

		if (field >= 0 && is_inside(policy->fields[field].paths[apply->system], column))
			push_path(out, policy->fields[field].paths[apply->system]);
	}
	if (is_inside(stamp, column))
		push_path(out, stamp);
	pushJsonbValue(out, WJB_END_ARRAY, NULL);
}

Datum
sl_apply_paths(const SlApply *apply, Jsonb *change_set)
{
	JsonbParseState *out = NULL;

	pushJsonbValue(&out, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; change_set != NULL && i < apply->reader.ncolumns; i++)
		if (!sl_path_is_leaf(apply->reader.columns[i].node))
			push_column(&out, apply, &apply->reader.columns[i], change_set);
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&out, WJB_END_OBJECT, NULL)));
}
