/*
 * policy_config.h
 *	  A config document read strictly: every value is asked for by name and kind.
 *
 * Private to the files that parse a policy.  What a user got wrong is an error (22023)
 * that says which entity, where in the document, which value, and what is expected.
 */
#ifndef SL_POLICY_CONFIG_H
#define SL_POLICY_CONFIG_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "compat.h"
#include "policy.h"

/* The longest name of a system or entity, and of a field or group, in bytes. */
#define SL_MAX_NAME       63
#define SL_MAX_FIELD_NAME 255
#define SL_MAX_SYSTEMS    60
#define SL_MAX_FIELDS     1000

/* A value of the document, and where it stands. */
typedef struct SlConfig
{
	const char *entity;
	const char *where; /* as in fields.phone.owner; "the config" for all of it */
	bool        is_root;
	const char *key; /* its own key in the object that holds it, or NULL */
	JsonbValue  value;
} SlConfig;

/* ---- policy_config.c ---- */

extern SlConfig sl_config_root(const char *entity, Jsonb *document);

/* Raises an error about this value; hint may be NULL.  The message starts with where. */
extern void sl_config_error(const SlConfig *at, const char *hint, const char *format, ...)
	pg_attribute_printf(3, 4) pg_attribute_noreturn();

/* Raises "must be X, not Y". */
extern void sl_config_wrong_kind(const SlConfig *at, const char *expected)
	pg_attribute_noreturn();

/* Refuses an object that has a key which is not in the NULL-terminated list. */
extern void sl_config_check_keys(const SlConfig *object, const char *const *known);

/* A member of an object; false where it has none of that name. */
extern bool sl_config_get(const SlConfig *object, const char *key, SlConfig *member);

/* All members of an object, or elements of an array, in its order; returns their number. */
extern int sl_config_members(const SlConfig *object, SlConfig **members);
extern int sl_config_elements(const SlConfig *array, SlConfig **elements);

extern bool sl_config_is_text(const SlConfig *value);
extern bool sl_config_is_object(const SlConfig *value);
extern bool sl_config_is_array(const SlConfig *value);

/* The text of a string, zero-terminated. */
extern const char *sl_config_text(const SlConfig *value);

/* A name of at most max_len bytes without control characters, not empty. */
extern const char *sl_config_label(const SlConfig *value);

/* The place of a string in a NULL-terminated list of choices. */
extern int sl_config_choice(const SlConfig *value, const char *const *choices);

/* Members of an object with a default where they are missing. */
extern bool   sl_config_boolean(const SlConfig *object, const char *key, bool missing);
extern int    sl_config_integer(const SlConfig *object, const char *key, int missing,
								int max);
extern double sl_config_share(const SlConfig *object, const char *key, double missing);
extern int    sl_config_option(const SlConfig *object, const char *key, int missing,
							   const char *const *choices);

/* Why a text is no label (a name of a field or group), or NULL where it is one. */
extern const char *sl_label_fault(const char *text);

/* Why a name is none for a system or an entity, or NULL where it is one. */
extern const char *sl_name_fault(const char *name);

/* ---- policy_interval.c ---- */

/* Microseconds of a PostgreSQL interval without months and not below zero. */
extern int64 sl_config_interval(const SlConfig *object, const char *key, int64 missing);

/* ---- policy_rate.c ---- */

extern void sl_config_rate(const SlConfig *object, const char *key, SlRate *rate);

/* ---- policy_path.c ---- */

extern SlPath *sl_path_parse(const SlConfig *value);

/* The path to a top-level key, whatever characters it holds. */
extern SlPath *sl_path_of_key(const char *key);

extern bool sl_path_has_each(const SlPath *path);

/* A key as it stands in a path: quoted where a path gives a character a meaning. */
extern char *sl_quoted_key(const char *key);

/* ---- policy.c ---- */

/* The field that a string names; an unknown one is an error at this value. */
extern int sl_policy_field_of(const SlPolicy *policy, const SlConfig *value);

/* ---- policy_systems.c ---- */

extern void sl_policy_parse_systems(SlPolicy *policy, const SlConfig *root);

/* Refuses the time zones that only a stored config may have. */
extern void sl_policy_check_timezones(const SlPolicy *policy, const SlConfig *root);

/* The system of that name; an unknown one is an error at this value. */
extern int sl_policy_system_of(const SlPolicy *policy, const SlConfig *at,
							   const char *name);

/* ---- policy_map.c ---- */

extern SlValueMap *sl_policy_parse_map(const SlFieldSpec *field, const SlConfig *object);

/* ---- policy_fields.c ---- */

extern void sl_policy_parse_fields(SlPolicy *policy, const SlConfig *root);

/* ---- policy_check.c ---- */

/* Checks what is in several places; not of a config that is stored already. */
extern void sl_policy_check(const SlPolicy *policy, const SlConfig *root);

#endif
