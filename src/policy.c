/*
 * policy.c
 *	  The written mapping of one entity, parsed and checked.
 *
 * A policy that comes out of here is whole, and says nothing that does not work; one that is
 * stored already is read as it is, whatever is refused since.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"

#include "canonical.h"
#include "nearest.h"
#include "policy.h"
#include "policy_config.h"
#include "reader.h"

#define DEFAULT_WINDOW       (60 * USECS_PER_SEC)
#define DEFAULT_MAX_ATTEMPTS 12
#define DEFAULT_MAX_CHANGE   0.5
#define DEFAULT_MAX_FLIPS    5

static const char *const policy_keys[] = {"delete_owner", "deletes",      "fields",
										  "match_on",     "max_attempts", "max_change",
										  "max_flips",    "retention",    "systems",
										  "window",       "window_scope", NULL};

static const char *const retention_keys[] = {"changes",     "conflicts", "ledger",
											 "near_misses", "rejects",   "statistics",
											 NULL};

static const char *const window_scopes[] = {"field", "record", NULL};

/* In the order of SlDeletes. */
static const char *const deletes_choices[] = {"propagate", "review", "ignore", NULL};

static void
parse_match_on(SlPolicy *policy, const SlConfig *root)
{
	SlConfig  config;
	SlConfig *elements;
	int       n;

	if (!sl_config_get(root, "match_on", &config))
		return;
	if (!sl_config_is_array(&config))
		sl_config_wrong_kind(&config, "an array of names of fields");
	n = sl_config_elements(&config, &elements);
	policy->match_on = palloc0(sizeof(int) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		policy->match_on[i] = sl_policy_field_of(policy, &elements[i]);
		for (int j = 0; j < i; j++)
		{
			if (policy->match_on[j] == policy->match_on[i])
				sl_config_error(&elements[i], NULL, "names a field a second time: \"%s\"",
								policy->fields[policy->match_on[i]].name);
		}
	}
	policy->nmatch_on = n;
}

static void
parse_delete_owner(SlPolicy *policy, const SlConfig *root)
{
	SlConfig member;

	policy->delete_owner = -1;
	if (sl_config_get(root, "delete_owner", &member))
		policy->delete_owner = sl_policy_system_of(policy, &member,
												   sl_config_text(&member));
}

static void
parse_retention(SlRetention *retention, const SlConfig *root)
{
	SlConfig config;

	*retention = (SlRetention){
		.changes = 90 * USECS_PER_DAY,
		.ledger = 365 * USECS_PER_DAY,
		.rejects = 30 * USECS_PER_DAY,
		.conflicts = 365 * USECS_PER_DAY,
		.near_misses = 90 * USECS_PER_DAY,
		.statistics = 730 * USECS_PER_DAY,
	};
	if (!sl_config_get(root, "retention", &config))
		return;
	sl_config_check_keys(&config, retention_keys);
	retention->changes = sl_config_interval(&config, "changes", retention->changes);
	retention->ledger = sl_config_interval(&config, "ledger", retention->ledger);
	retention->rejects = sl_config_interval(&config, "rejects", retention->rejects);
	retention->conflicts = sl_config_interval(&config, "conflicts", retention->conflicts);
	retention->near_misses = sl_config_interval(&config, "near_misses",
												retention->near_misses);
	retention->statistics = sl_config_interval(&config, "statistics",
											   retention->statistics);
}

static void
parse_document(SlPolicy *policy, const SlConfig *root)
{
	if (!sl_config_is_object(root))
		sl_config_wrong_kind(root, "an object");
	sl_config_check_keys(root, policy_keys);
	sl_policy_parse_systems(policy, root);
	sl_policy_parse_fields(policy, root);
	policy->window = sl_config_interval(root, "window", DEFAULT_WINDOW);
	policy->window_is_record = sl_config_option(root, "window_scope", 0, window_scopes) ==
							   1;
	policy->deletes = (SlDeletes) sl_config_option(root, "deletes", SL_DELETES_PROPAGATE,
												   deletes_choices);
	parse_delete_owner(policy, root);
	parse_match_on(policy, root);
	policy->max_attempts = sl_config_integer(root, "max_attempts", DEFAULT_MAX_ATTEMPTS,
											 1000);
	policy->max_change = sl_config_share(root, "max_change", DEFAULT_MAX_CHANGE);
	policy->max_flips = sl_config_integer(root, "max_flips", DEFAULT_MAX_FLIPS, 1000);
	parse_retention(&policy->retention, root);
}

SlPolicy *
sl_policy_parse_stored(const char *entity, int32 version, Jsonb *config,
					   MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	SlPolicy     *policy = palloc0(sizeof(SlPolicy));
	SlConfig      root;

	policy->context = context;
	policy->entity = pstrdup(entity);
	policy->version = version;
	root = sl_config_root(policy->entity, config);
	parse_document(policy, &root);
	for (int i = 0; i < policy->nsystems; i++)
		policy->systems[i].reader = sl_reader_build(policy, i);
	MemoryContextSwitchTo(caller);
	return policy;
}

SlPolicy *
sl_policy_parse(const char *entity, int32 version, Jsonb *config, MemoryContext context)
{
	SlPolicy *policy = sl_policy_parse_stored(entity, version, config, context);
	SlConfig  root = sl_config_root(policy->entity, config);

	sl_policy_check(policy, &root);
	return policy;
}

void
sl_policy_set_tokens_since(SlPolicy *policy, Jsonb *since)
{
	for (int i = 0; i < policy->nsystems; i++)
	{
		SlSystemSpec *system = &policy->systems[i];
		JsonbValue    room;
		JsonbValue   *value = getKeyJsonValueFromContainer(&since->root, system->name,
														   (int) strlen(system->name),
														   &room);

		if (value != NULL && value->type == jbvNumeric)
			system->tokens_since = DatumGetInt32(
				DirectFunctionCall1(numeric_int4, NumericGetDatum(value->val.numeric)));
	}
}

int
sl_policy_system(const SlPolicy *policy, const char *name)
{
	for (int i = 0; i < policy->nsystems; i++)
	{
		if (strcmp(policy->systems[i].name, name) == 0)
			return i;
	}
	return -1;
}

int
sl_policy_field(const SlPolicy *policy, const char *name, int name_len)
{
	int low = 0;
	int high = policy->nfields;

	while (low < high)
	{
		int                middle = (low + high) / 2;
		const SlFieldSpec *field = &policy->fields[middle];
		int order = sl_utf16_compare(name, name_len, field->name, field->name_len);

		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

/* The nearest of a policy's systems; NULL only where it has none yet. */
char *
sl_policy_system_hint(const SlPolicy *policy, const char *name)
{
	const char **names = palloc(sizeof(char *) * Max(policy->nsystems, 1));

	for (int i = 0; i < policy->nsystems; i++)
		names[i] = policy->systems[i].name;
	return sl_nearest_hint(name, "systems", names, policy->nsystems);
}

static char *
field_hint(const SlPolicy *policy, const char *name)
{
	const char **names = palloc(sizeof(char *) * policy->nfields);

	for (int i = 0; i < policy->nfields; i++)
		names[i] = policy->fields[i].name;
	return sl_nearest_hint(name, "fields", names, policy->nfields);
}

int
sl_policy_field_of(const SlPolicy *policy, const SlConfig *value)
{
	const char *name = sl_config_text(value);
	int         field = sl_policy_field(policy, name, strlen(name));

	if (field < 0)
		sl_config_error(value, field_hint(policy, name), "names no known field: \"%s\"",
						name);
	return field;
}

int
sl_policy_need_system(const SlPolicy *policy, const char *name)
{
	int   system = sl_policy_system(policy, name);
	char *hint;

	if (system >= 0)
		return system;
	hint = sl_policy_system_hint(policy, name);
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
					errmsg("entity \"%s\" has no system \"%s\"", policy->entity, name),
					errhint("%s", hint)));
}
