/*
 * payload.c
 *	  A change-set in a target's own shape, the reader's way back.
 *
 * Paths are put into a tree first, so that fields under one parent share it.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/pg_list.h"

#include "json_out.h"
#include "payload.h"

/* A place in the payload: a value, an object's members, or an array's elements. */
typedef struct Place
{
	const char *key; /* in an object; NULL: in an array */
	int         key_len;
	int         index; /* in an array */
	bool        is_array;
	List       *children; /* of Place; empty: a value */
	SlValue     value;
	bool        is_taken; /* nothing else can stand here */
} Place;

static Place *
add_child(Place *parent)
{
	Place *child = palloc0(sizeof(Place));

	parent->children = lappend(parent->children, child);
	return child;
}

static Place *
find_member(const Place *parent, const SlPathStep *step)
{
	ListCell *cell;

	foreach (cell, parent->children)
	{
		Place *child = (Place *) lfirst(cell);

		if (child->key != NULL && child->key_len == step->key_len &&
			memcmp(child->key, step->key, step->key_len) == 0)
			return child;
	}
	return NULL;
}

static Place *
member(Place *parent, const SlPathStep *step)
{
	Place *child = find_member(parent, step);

	if (child != NULL)
		return child;
	child = add_child(parent);
	child->key = step->key;
	child->key_len = step->key_len;
	return child;
}

static Place *
element(Place *parent, int index)
{
	ListCell *cell;
	Place    *child;

	parent->is_array = true;
	foreach (cell, parent->children)
	{
		child = (Place *) lfirst(cell);
		if (child->key == NULL && child->index == index)
			return child;
	}
	child = add_child(parent);
	child->index = index;
	return child;
}

/* The end of the JSON string that starts here, quotes included. */
static const char *
string_end(const char *s)
{
	for (s++; *s != '"'; s++)
		if (*s == '\\')
			s++;
	return s + 1;
}

/* The target's word for a canonical value. */
static SlValue
native_value(const SlValueMap *map, SlValue value)
{
	if (map == NULL)
		return value;
	for (int i = 0; i < map->n; i++)
		if (sl_value_equal(&map->canonical[i], &value))
			return map->native[i];
	return value;
}

/* The elements of a canonical set, each in the target's words. */
static int
split_set(const SlValueMap *map, const SlValue *set, SlValue *elements)
{
	const char *s = set->data + 1;
	const char *end = set->data + set->len - 1;
	int         n = 0;

	while (s < end)
	{
		const char *next = string_end(s);
		SlValue     value = {s, (int32) (next - s), SL_EXACT};

		elements[n++] = native_value(map, value);
		s = next + 1; /* over the comma */
	}
	return n;
}

static void put(Place *parent, const SlPath *path, int step, const SlFieldSpec *spec,
				int target, const SlValue *value);

static void
put_set(Place *parent, const SlPath *path, int step, const SlFieldSpec *spec, int target,
		const SlValue *set)
{
	SlValue *elements = palloc(sizeof(SlValue) * (set->len / 2 + 1));
	int      n = split_set(spec->maps[target], set, elements);

	parent->is_array = true;
	for (int i = 0; i < n; i++)
		put(element(parent, i), path, step, NULL, target, &elements[i]);
}

/*
 * Puts a value where the rest of a path leads, unless there is one: the key is no field's.
 * spec is NULL inside of a set.
 */
static void
put(Place *parent, const SlPath *path, int step, const SlFieldSpec *spec, int target,
	const SlValue *value)
{
	/* What was stored before the field became a set may be none. */
	bool is_set = spec != NULL && spec->type == SL_SET && value->kind == SL_EXACT &&
				  value->data[0] == '[';

	if (parent->is_taken)
		return;
	if (step == path->nsteps)
	{
		parent->is_taken = true;
		if (is_set)
			put_set(parent, path, step, spec, target, value);
		else
			parent->value = *value;
		return;
	}
	switch (path->steps[step].kind)
	{
		case SL_STEP_KEY:
			put(member(parent, &path->steps[step]), path, step + 1, spec, target, value);
			break;
		case SL_STEP_INDEX:
			put(element(parent, path->steps[step].index), path, step + 1, spec, target,
				value);
			break;
		case SL_STEP_EACH:
			if (is_set)
				put_set(parent, path, step + 1, spec, target, value);
			else
				parent->value = *value;
			break;
	}
}

static JsonbValue *push_node(JsonbParseState **state, const Place *node);

static bool
is_value(const Place *node)
{
	return !node->is_array && node->children == NIL;
}

static JsonbValue *
push_object(JsonbParseState **state, const Place *node)
{
	ListCell *cell;

	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	foreach (cell, node->children)
	{
		const Place *child = (const Place *) lfirst(cell);

		sl_push_key(state, child->key, child->key_len);
		if (is_value(child))
			sl_push_value(state, &child->value, WJB_VALUE);
		else
			push_node(state, child);
	}
	return pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static const Place *
child_at(const Place *node, int index)
{
	ListCell *cell;

	foreach (cell, node->children)
		if (((const Place *) lfirst(cell))->index == index)
			return (const Place *) lfirst(cell);
	return NULL;
}

static int
array_length(const Place *node)
{
	ListCell *cell;
	int       length = 0;

	foreach (cell, node->children)
		length = Max(length, ((const Place *) lfirst(cell))->index + 1);
	return length;
}

/* What no path names stands as null. */
static JsonbValue *
push_array(JsonbParseState **state, const Place *node)
{
	int     length = array_length(node);
	SlValue null = sl_value_null();

	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < length; i++)
	{
		const Place *child = child_at(node, i);

		if (child == NULL)
			sl_push_value(state, &null, WJB_ELEM);
		else if (is_value(child))
			sl_push_value(state, &child->value, WJB_ELEM);
		else
			push_node(state, child);
	}
	return pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

static JsonbValue *
push_node(JsonbParseState **state, const Place *node)
{
	check_stack_depth();
	return node->is_array ? push_array(state, node) : push_object(state, node);
}

static void
put_field(Place *root, const SlPolicy *policy, int target, int field, SlValue value)
{
	const SlFieldSpec *spec = &policy->fields[field];

	if (spec->type != SL_SET)
		value = native_value(spec->maps[target], value);
	put(root, spec->paths[target], 0, spec, target, &value);
}

/* The payload has the array into which the path leads by an index. */
static bool
is_into_array(const Place *root, const SlPath *path)
{
	const Place *place = root;
	int          step = 0;

	while (step < path->nsteps && path->steps[step].kind == SL_STEP_KEY)
	{
		place = find_member(place, &path->steps[step++]);
		if (place == NULL)
			return false;
	}
	return step < path->nsteps && path->steps[step].kind == SL_STEP_INDEX &&
		   place->is_array;
}

/*
 * A target replaces an array as a whole: the values that it shows in other elements of those
 * that are written go along.
 */
static void
put_beside(Place *root, const SlPolicy *policy, const SlState *state, int target,
		   const SlContent *content)
{
	SlValue *shown = palloc(sizeof(SlValue) * policy->nfields);

	sl_shown_values(policy, state, target, shown);
	for (int f = 0; f < policy->nfields; f++)
		if (!sl_value_is_null(&shown[f]) &&
			is_into_array(root, policy->fields[f].paths[target]) &&
			!sl_content_has(content, f))
			put_field(root, policy, target, f, shown[f]);
}

Jsonb *
sl_payload(const SlPolicy *policy, const SlState *state, int target,
		   const SlContent *content, const SlPayloadMarks *marks)
{
	const SlSystemSpec *system = &policy->systems[target];
	Place               root = {0};
	JsonbParseState    *out = NULL;

	put(&root, system->key, 0, NULL, target, &marks->key);
	if (system->sentinel != NULL)
		put(&root, system->sentinel, 0, NULL, target, &marks->stamp);
	for (int i = 0; i < content->nfields; i++)
		put_field(&root, policy, target, content->fields[i], content->values[i]);
	if (content->action == SL_ACTION_UPDATE)
		put_beside(&root, policy, state, target, content);
	return JsonbValueToJsonb(push_node(&out, &root));
}
