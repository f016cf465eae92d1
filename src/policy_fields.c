/*
 * policy_fields.c
 *	  The fields of a config.
 *
 * What comes out is in canonical key order, with every default filled in and a path
 * for each system that carries the field.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "canonical.h"
#include "nearest.h"
#include "policy_config.h"

static const char *const field_keys[] = {"authority", "group", "merge",  "normalize",
										 "nulls",     "owner", "path",   "required",
										 "sensitive", "type",  "values", NULL};

/* In the order of SlType and of SlNormalizer. */
static const char *const types[] = {"text", "number", "boolean", "timestamp",
									"date", "set",    "json",    NULL};
static const char *const normalizers[] = {"trim",  "lower", "upper", "squeeze", "digits",
										  "phone", "email", "nfc",   NULL};

static const char *const authority_choices[] = {"exclusive", "tiebreak", NULL};
static const char *const nulls_choices[] = {"keep", "clear", NULL};
static const char *const merge_choices[] = {"set", NULL};

const char *
sl_type_name(SlType type)
{
	return types[type];
}

const char *
sl_normalizer_name(SlNormalizer normalizer)
{
	return normalizers[normalizer];
}

static void
parse_name(SlFieldSpec *spec, const SlConfig *field)
{
	const char    *fault = sl_label_fault(field->key);
	StringInfoData json;

	if (fault != NULL)
		sl_config_error(field, NULL, "is no name for a field: it %s", fault);
	initStringInfo(&json);
	sl_append_json_string(&json, field->key, strlen(field->key));
	spec->name = field->key;
	spec->name_len = strlen(field->key);
	spec->json_name = json.data;
	spec->json_name_len = json.len;
}

static void
parse_normalizers(SlFieldSpec *spec, const SlConfig *field)
{
	SlConfig  config;
	SlConfig *elements;
	int       n;

	if (!sl_config_get(field, "normalize", &config))
		return;
	if (!sl_config_is_array(&config))
		sl_config_wrong_kind(&config, "an array such as [\"trim\", \"lower\"]");
	n = sl_config_elements(&config, &elements);
	if (n > 0 && spec->type != SL_TEXT && spec->type != SL_SET)
		sl_config_error(&config, "Only fields of type text and set are normalized.",
						"cannot be used with type %s", types[spec->type]);
	spec->normalizers = palloc0(sizeof(SlNormalizer) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		spec->normalizers[i] = (SlNormalizer) sl_config_choice(&elements[i], normalizers);
		for (int j = 0; j < i; j++)
		{
			if (spec->normalizers[j] == spec->normalizers[i])
				sl_config_error(&elements[i], NULL,
								"names a normalizer a second time: \"%s\"",
								normalizers[spec->normalizers[i]]);
		}
	}
	spec->nnormalizers = n;
}

static void
parse_owner(const SlPolicy *policy, SlFieldSpec *spec, const SlConfig *field)
{
	SlConfig member;

	spec->owner = -1;
	if (sl_config_get(field, "owner", &member))
		spec->owner = sl_policy_system_of(policy, &member, sl_config_text(&member));
	if (!sl_config_get(field, "authority", &member))
		return;
	spec->is_tiebreak = sl_config_choice(&member, authority_choices) == 1;
	if (spec->owner < 0)
		sl_config_error(&member, "Name the system that has it: \"owner\".",
						"means nothing in a field without owner");
}

static SlPath *
parse_field_path(const SlFieldSpec *spec, const SlConfig *value)
{
	SlPath *path = sl_path_parse(value);

	if (sl_path_has_each(path) && spec->type != SL_SET)
		sl_config_error(value,
						"Use \"type\": \"set\", or name one element, such as \"[0]\".",
						"finds many values with \"[*]\", but the field's type is %s: %s",
						types[spec->type], sl_path_in_quotes(path));
	return path;
}

static void
same_path_everywhere(const SlPolicy *policy, SlFieldSpec *spec, SlPath *path)
{
	for (int i = 0; i < policy->nsystems; i++)
		spec->paths[i] = path;
}

static void
parse_paths(const SlPolicy *policy, SlFieldSpec *spec, const SlConfig *field)
{
	SlConfig  config;
	SlConfig *members;
	int       n;

	spec->paths = palloc0(sizeof(SlPath *) * policy->nsystems);
	if (!sl_config_get(field, "path", &config))
	{
		same_path_everywhere(policy, spec, sl_path_of_key(spec->name));
		return;
	}
	if (!sl_config_is_object(&config))
	{
		if (!sl_config_is_text(&config))
			sl_config_wrong_kind(&config,
								 "a path, or an object with one for each system");
		same_path_everywhere(policy, spec, parse_field_path(spec, &config));
		return;
	}
	n = sl_config_members(&config, &members);
	if (n == 0)
		sl_config_error(&config, NULL, "names no system, so the field stands nowhere");
	for (int i = 0; i < n; i++)
	{
		int system = sl_policy_system_of(policy, &members[i], members[i].key);

		spec->paths[system] = parse_field_path(spec, &members[i]);
	}
}

static bool
can_have_values(SlType type)
{
	return type == SL_TEXT || type == SL_SET || type == SL_NUMBER || type == SL_BOOLEAN;
}

static void
parse_maps(const SlPolicy *policy, SlFieldSpec *spec, const SlConfig *field)
{
	SlConfig  config;
	SlConfig *members;
	int       n;

	spec->maps = palloc0(sizeof(SlValueMap *) * policy->nsystems);
	if (!sl_config_get(field, "values", &config))
		return;
	if (!can_have_values(spec->type))
		sl_config_error(&config,
						"Only fields of type text, set, number and boolean have them.",
						"cannot be used with type %s", types[spec->type]);
	n = sl_config_members(&config, &members);
	for (int i = 0; i < n; i++)
	{
		int system = sl_policy_system_of(policy, &members[i], members[i].key);

		if (spec->paths[system] == NULL)
			sl_config_error(&members[i], "Give the field a \"path\" there.",
							"maps values for a system that does not carry the field");
		spec->maps[system] = sl_policy_parse_map(spec, &members[i]);
		spec->has_maps = true;
	}
}

static void
parse_field(const SlPolicy *policy, SlFieldSpec *spec, const SlConfig *field)
{
	SlConfig member;

	sl_config_check_keys(field, field_keys);
	parse_name(spec, field);
	spec->type = (SlType) sl_config_option(field, "type", SL_TEXT, types);
	parse_normalizers(spec, field);
	spec->is_required = sl_config_boolean(field, "required", false);
	spec->is_sensitive = sl_config_boolean(field, "sensitive", false);
	spec->nulls_clear = sl_config_option(field, "nulls", 0, nulls_choices) == 1;
	spec->merges_sets = sl_config_option(field, "merge", -1, merge_choices) == 0;
	if (spec->merges_sets && spec->type != SL_SET)
		sl_config_error(field, "Use \"type\": \"set\".",
						"has \"merge\": \"set\" but type %s", types[spec->type]);
	if (sl_config_get(field, "group", &member))
		spec->group = sl_config_label(&member);
	parse_owner(policy, spec, field);
	parse_paths(policy, spec, field);
	parse_maps(policy, spec, field);
}

static int
by_canonical_order(const void *a, const void *b)
{
	const SlFieldSpec *left = (const SlFieldSpec *) a;
	const SlFieldSpec *right = (const SlFieldSpec *) b;

	return sl_utf16_compare(left->name, left->name_len, right->name, right->name_len);
}

static SlGroup *
find_group(const SlPolicy *policy, const char *name)
{
	for (int i = 0; i < policy->ngroups; i++)
		if (strcmp(policy->groups[i].name, name) == 0)
			return &policy->groups[i];
	return NULL;
}

static SlGroup *
add_group(SlPolicy *policy, const char *name)
{
	SlGroup *group = &policy->groups[policy->ngroups++];

	group->name = name;
	group->fields = palloc(sizeof(int) * policy->nfields);
	return group;
}

/* Fields of one group know each other. */
static void
join_groups(SlPolicy *policy)
{
	policy->groups = palloc0(sizeof(SlGroup) * policy->nfields);
	for (int f = 0; f < policy->nfields; f++)
	{
		SlFieldSpec *spec = &policy->fields[f];
		SlGroup     *group;

		if (spec->group == NULL)
			continue;
		group = find_group(policy, spec->group);
		if (group == NULL)
			group = add_group(policy, spec->group);
		group->fields[group->nfields++] = f;
		spec->fellows = group;
	}
}

void
sl_policy_parse_fields(SlPolicy *policy, const SlConfig *root)
{
	SlConfig  config;
	SlConfig *fields;
	int       n;

	if (!sl_config_get(root, "fields", &config))
		sl_config_error(root, "Write \"fields\": {\"email\": {}, \"phone\": {}}.",
						"has no \"fields\"");
	if (!sl_config_is_object(&config))
		sl_config_wrong_kind(&config, "an object such as {\"email\": {}, \"phone\": {}}");
	n = sl_config_members(&config, &fields);
	if (n == 0)
		sl_config_error(&config, NULL, "names no field");
	if (n > SL_MAX_FIELDS)
		sl_config_error(&config, NULL, "names %d fields, %d are the most", n,
						SL_MAX_FIELDS);

	policy->fields = palloc0(sizeof(SlFieldSpec) * n);
	for (int i = 0; i < n; i++)
	{
		parse_field(policy, &policy->fields[i], &fields[i]);
		policy->has_sensitive |= policy->fields[i].is_sensitive;
	}
	qsort(policy->fields, n, sizeof(SlFieldSpec), by_canonical_order);
	policy->nfields = n;
	join_groups(policy);
}
