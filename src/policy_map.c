/*
 * policy_map.c
 *	  What one system calls the values of a field.
 *
 * A map is one-to-one: no two canonical values have one native value, none has two.
 */
#include "postgres.h"

#include "common/jsonapi.h"
#include "lib/stringinfo.h"
#include "utils/numeric.h"

#include "canonical.h"
#include "normalize.h"
#include "policy_config.h"

static SlValue
value_of_text(const char *text)
{
	StringInfoData json;

	initStringInfo(&json);
	sl_append_json_string(&json, text, strlen(text));
	return (SlValue){json.data, json.len, SL_EXACT};
}

static SlValue
value_of_boolean(bool value)
{
	return value ? (SlValue){"true", 4, SL_EXACT} : (SlValue){"false", 5, SL_EXACT};
}

/* The canonical value of a token in JSON's grammar for numbers. */
static SlValue
value_of_number(const SlConfig *at, const char *token)
{
	StringInfoData json;
	bool           too_long = false;
	bool           is_exact;

	initStringInfo(&json);
	is_exact = sl_append_number(&json, token, strlen(token), &too_long);
	if (too_long)
		sl_config_error(at, NULL, "holds a number of more than 1000 digits");
	return (SlValue){json.data, json.len, is_exact ? SL_EXACT : SL_INEXACT};
}

static bool
is_texts(const SlFieldSpec *field)
{
	return field->type == SL_TEXT || field->type == SL_SET;
}

static SlValue
canonical_boolean(const SlConfig *member)
{
	if (strcmp(member->key, "true") != 0 && strcmp(member->key, "false") != 0)
		sl_config_error(member, NULL,
						"must be called true or false, as the field's values are");
	return value_of_boolean(member->key[0] == 't');
}

static SlValue
canonical_number(const SlConfig *member)
{
	if (!IsValidJsonNumber(member->key, strlen(member->key)))
		sl_config_error(member, NULL,
						"must be called by a number, as the field's values are");
	return value_of_number(member, member->key);
}

/* The canonical value that a member's key names. */
static SlValue
canonical_of(const SlFieldSpec *field, const SlConfig *member)
{
	switch (field->type)
	{
		case SL_BOOLEAN:
			return canonical_boolean(member);
		case SL_NUMBER:
			return canonical_number(member);
		case SL_TEXT:
		case SL_SET:
		case SL_TIMESTAMP:
		case SL_DATE:
		case SL_JSON:
			break;
	}
	return sl_normalize_text(field, value_of_text(member->key));
}

/* The native value as the system writes it. */
static SlValue
native_of(const SlConfig *member)
{
	if (sl_config_is_text(member))
		return value_of_text(sl_config_text(member));
	if (member->value.type == jbvBool)
		return value_of_boolean(member->value.val.boolean);
	if (member->value.type != jbvNumeric)
		sl_config_wrong_kind(member, "a string, a number, true or false");
	return value_of_number(member, numeric_normalize(member->value.val.numeric));
}

/* The native value as it is after a text field has taken it in. */
static SlValue
normal_of(const SlFieldSpec *field, const SlConfig *member, SlValue native)
{
	if (!is_texts(field))
		return native;
	if (!sl_config_is_text(member))
		native = value_of_text(pnstrdup(native.data, native.len));
	return sl_normalize_text(field, native);
}

/* Refuses what would make the last pair of a map ambiguous. */
static void
check_last_pair(const SlValueMap *map, const SlConfig *member)
{
	int last = map->n - 1;

	for (int i = 0; i < last; i++)
	{
		if (sl_value_equal(&map->canonical[i], &map->canonical[last]))
			sl_config_error(member, NULL, "maps a value a second time: %.*s",
							map->canonical[last].len, map->canonical[last].data);
		if (sl_value_equal(&map->normal[i], &map->normal[last]))
			sl_config_error(member, "Each value needs a name of its own in that system.",
							"gives a second value the name %.*s", map->native[last].len,
							map->native[last].data);
	}
}

SlValueMap *
sl_policy_parse_map(const SlFieldSpec *field, const SlConfig *object)
{
	SlConfig   *members;
	int         n = sl_config_members(object, &members);
	SlValueMap *map = palloc0(sizeof(SlValueMap));

	map->canonical = palloc0(sizeof(SlValue) * Max(n, 1));
	map->native = palloc0(sizeof(SlValue) * Max(n, 1));
	map->normal = palloc0(sizeof(SlValue) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		map->canonical[i] = canonical_of(field, &members[i]);
		map->native[i] = native_of(&members[i]);
		map->normal[i] = normal_of(field, &members[i], map->native[i]);
		map->n = i + 1;
		check_last_pair(map, &members[i]);
	}
	return map;
}
