/*
 * policy_systems.c
 *	  The systems of a config.
 *
 * What comes out is numbered in the order of the config, with every default filled in.
 */
#include "postgres.h"

#include <ctype.h>

#include "datatype/timestamp.h"
#include "pgtime.h"

#include "nearest.h"
#include "policy_config.h"

#define DEFAULT_ECHO_WINDOW (10 * USECS_PER_MINUTE)

static const char *const system_keys[] = {
	"apply",    "deleted",         "echo_window", "id",     "key",     "rate",
	"sentinel", "strict_versions", "timezone",    "unseen", "version", "writable",
	NULL};

/* Names that mean something else where a system's name could stand. */
static const char *const reserved_names[] = {"review", "sync", "new", "delete", NULL};

static const char *const unseen_choices[] = {"wait", "send", NULL};
static const char *const apply_choices[] = {"scheduled", "immediate", NULL};

/* Time zones that say something else on another machine, or nothing. */
static const char *const no_zones[] = {"Factory", "localtime", "posixrules", NULL};

static const char *const zones_with_digits[] = {"CST6CDT", "EST5EDT", "GMT+0",   "GMT-0",
												"GMT0",    "MST7MDT", "PST8PDT", NULL};

static void
check_system_name(const SlPolicy *policy, const SlConfig *at, const char *name)
{
	const char *fault = sl_name_fault(name);

	if (fault != NULL)
		sl_config_error(at, NULL, "is no name for a system: it %s", fault);
	for (int i = 0; reserved_names[i] != NULL; i++)
	{
		if (strcmp(name, reserved_names[i]) == 0)
			sl_config_error(
				at,
				"\"review\", \"sync\", \"new\" and \"delete\" have a meaning of their "
				"own.",
				"is no name for a system: \"%s\" is reserved", name);
	}
	if (sl_policy_system(policy, name) >= 0)
		sl_config_error(at, NULL, "names system \"%s\" a second time", name);
}

/* The path of what stands once in a payload; NULL where the system has none. */
static SlPath *
parse_place(const SlConfig *system, const char *key)
{
	SlConfig member;
	SlPath  *path;

	if (!sl_config_get(system, key, &member))
		return NULL;
	path = sl_path_parse(&member);
	if (sl_path_has_each(path))
		sl_config_error(&member, "Name one element, such as \"[0]\".",
						"must name one value, so \"[*]\" cannot stand in it: %s",
						sl_path_in_quotes(path));
	return path;
}

static bool
two_digits(const char *text, int most, int *number)
{
	if (!isdigit((unsigned char) text[0]) || !isdigit((unsigned char) text[1]))
		return false;
	*number = (text[0] - '0') * 10 + text[1] - '0';
	return *number <= most;
}

/* "+hh" or "+hh:mm" as in a timestamp, in seconds east of Greenwich. */
static bool
parse_offset(const char *text, int *seconds)
{
	int hours;
	int minutes = 0;

	if ((text[0] != '+' && text[0] != '-') ||
		!two_digits(text + 1, MAX_TZDISP_HOUR, &hours))
		return false;
	if (text[3] != '\0' &&
		(text[3] != ':' || !two_digits(text + 4, 59, &minutes) || text[6] != '\0'))
		return false;
	*seconds = hours * SECS_PER_HOUR + minutes * SECS_PER_MINUTE;
	if (text[0] == '-')
		*seconds = -*seconds;
	return true;
}

/* The server's sign of an offset is that of POSIX: west of Greenwich. */
static pg_tz *
find_timezone(const char *name)
{
	int seconds;

	return parse_offset(name, &seconds) ? pg_tzset_offset(-seconds) : pg_tzset(name);
}

static void unknown_timezone(const SlConfig *member) pg_attribute_noreturn();

static void
unknown_timezone(const SlConfig *member)
{
	sl_config_error(member,
					"Use \"UTC\", a name such as \"Europe/Berlin\", which the view "
					"pg_timezone_names lists, or an offset such as \"+02:00\".",
					"is no known time zone: \"%s\"", sl_config_text(member));
}

static void
parse_timezone(SlSystemSpec *spec, const SlConfig *system)
{
	SlConfig member;

	spec->timezone = "UTC";
	spec->tz = pg_tzset("UTC");
	if (!sl_config_get(system, "timezone", &member))
		return;
	spec->timezone = sl_config_text(&member);
	spec->tz = find_timezone(spec->timezone);
	if (spec->tz == NULL || !pg_tz_acceptable(spec->tz))
		unknown_timezone(&member);
}

static bool
is_one_of(const char *name, const char *const *names)
{
	for (int i = 0; names[i] != NULL; i++)
		if (pg_strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

/*
 * A name, not a rule as POSIX writes it, such as "XYZ-2": that holds a digit, and the server
 * keeps it in capitals, where the name of a file is kept as the file is called.
 */
static bool
is_zone_name(const SlSystemSpec *spec)
{
	const char *slash = strrchr(spec->timezone, '/');
	const char *kept = pg_get_timezone_name(spec->tz);

	if (is_one_of(slash == NULL ? spec->timezone : slash + 1, no_zones))
		return false;
	if (strpbrk(spec->timezone, "0123456789") == NULL)
		return true;
	return slash == NULL ? is_one_of(spec->timezone, zones_with_digits)
						 : strpbrk(kept, "abcdefghijklmnopqrstuvwxyz") != NULL;
}

static void
parse_system(SlSystemSpec *spec, const SlConfig *system)
{
	sl_config_check_keys(system, system_keys);
	spec->key = parse_place(system, "key");
	if (spec->key == NULL)
		spec->key = sl_path_of_key(SL_DEFAULT_KEY);
	spec->id = parse_place(system, "id");
	spec->version = parse_place(system, "version");
	spec->sentinel = parse_place(system, "sentinel");
	spec->deleted = parse_place(system, "deleted");
	spec->is_writable = sl_config_boolean(system, "writable", true);
	spec->unseen_is_null = sl_config_option(system, "unseen", 0, unseen_choices) == 1;
	spec->is_immediate = sl_config_option(system, "apply", 0, apply_choices) == 1;
	spec->strict_versions = sl_config_boolean(system, "strict_versions", false);
	spec->echo_window = sl_config_interval(system, "echo_window", DEFAULT_ECHO_WINDOW);
	sl_config_rate(system, "rate", &spec->rate);
	parse_timezone(spec, system);
	if (spec->rate.max_claims > 0 && !spec->is_writable)
		sl_config_error(system, "Nothing is sent to a system that is not writable.",
						"has a \"rate\" but is not writable");
	if (spec->is_immediate && !spec->is_writable)
		sl_config_error(system, "Nothing is sent to a system that is not writable.",
						"has \"apply\" but is not writable");
	if (spec->strict_versions && spec->version == NULL)
		sl_config_error(system, "Say at which path its version stands: \"version\".",
						"has \"strict_versions\" but no \"version\"");
}

/* An element of an array of names, as if it were the key of an empty object. */
static SlConfig
system_of_name(const SlConfig *element)
{
	SlConfig         system = *element;
	JsonbParseState *state = NULL;
	Jsonb           *empty;

	system.key = sl_config_text(element);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	empty = JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
	system.value.type = jbvBinary;
	system.value.val.binary.data = &empty->root;
	system.value.val.binary.len = VARSIZE_ANY_EXHDR(empty);
	return system;
}

/* The systems of either form as members of an object. */
static int
systems_of(const SlConfig *config, SlConfig **systems)
{
	int n;

	if (sl_config_is_object(config))
		return sl_config_members(config, systems);
	if (!sl_config_is_array(config))
		sl_config_wrong_kind(config, "an object or an array of names");
	n = sl_config_elements(config, systems);
	for (int i = 0; i < n; i++)
		(*systems)[i] = system_of_name(&(*systems)[i]);
	return n;
}

void
sl_policy_parse_systems(SlPolicy *policy, const SlConfig *root)
{
	SlConfig  config;
	SlConfig *systems;
	int       n;

	if (!sl_config_get(root, "systems", &config))
		sl_config_error(root, "Write \"systems\": [\"crm\", \"support\"].",
						"has no \"systems\"");
	n = systems_of(&config, &systems);
	if (n == 0)
		sl_config_error(&config, NULL, "names no system");
	if (n > SL_MAX_SYSTEMS)
		sl_config_error(&config, NULL, "names %d systems, %d are the most", n,
						SL_MAX_SYSTEMS);

	policy->systems = palloc0(sizeof(SlSystemSpec) * n);
	for (int i = 0; i < n; i++)
	{
		check_system_name(policy, &systems[i], systems[i].key);
		policy->systems[i].name = systems[i].key;
		parse_system(&policy->systems[i], &systems[i]);
		policy->nsystems = i + 1;
	}
}

void
sl_policy_check_timezones(const SlPolicy *policy, const SlConfig *root)
{
	SlConfig  config;
	SlConfig *systems;
	SlConfig  member;
	int       seconds;

	if (!sl_config_get(root, "systems", &config) ||
		systems_of(&config, &systems) != policy->nsystems)
		elog(ERROR, "policy of \"%s\" has other systems than its config", policy->entity);
	for (int i = 0; i < policy->nsystems; i++)
		if (sl_config_get(&systems[i], "timezone", &member) &&
			!parse_offset(policy->systems[i].timezone, &seconds) &&
			!is_zone_name(&policy->systems[i]))
			unknown_timezone(&member);
}

int
sl_policy_system_of(const SlPolicy *policy, const SlConfig *at, const char *name)
{
	int system = sl_policy_system(policy, name);

	if (system < 0)
		sl_config_error(at, sl_policy_system_hint(policy, name),
						"names no known system: \"%s\"", name);
	return system;
}
