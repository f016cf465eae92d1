/*
 * normalize.c
 *	  From what a system sent to canonical values.
 *
 * Every value either has exactly one canonical form or is refused with a reason that
 * names what is wrong and shows it, unless the field is sensitive.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/jsonb.h"

#include "coerce.h"
#include "normalize.h"
#include "normalize_text.h"
#include "reader_scan.h"

#define SHOWN_MAX 64 /* characters of a value in a reason */

/* The bytes of the first so many characters. */
static int32
clip(const char *s, int32 len, int characters)
{
	int32 i;

	for (i = 0; i < len; i++)
		if (((unsigned char) s[i] & 0xc0) != 0x80 && characters-- == 0)
			break;
	return i;
}

const char *
sl_complaint_of(const char *complaint, const SlRaw *culprit)
{
	int32 len = clip(culprit->data, culprit->len, SHOWN_MAX);

	return psprintf("%s: %.*s%s", complaint, (int) len, culprit->data,
					len < culprit->len ? "..." : "");
}

static bool
refuse(const SlFieldSpec *field, const char *complaint, const SlRaw *culprit,
	   SlReason *reason)
{
	reason->message = field->is_sensitive ? complaint
										  : sl_complaint_of(complaint, culprit);
	return false;
}

/* The value that a system calls by what is another value elsewhere; NULL: there is none. */
static const SlValue *
namesake_of(const SlValueMap *map, const SlValue *value)
{
	const SlValue *namesake = NULL;

	for (int i = 0; i < map->n; i++)
	{
		if (sl_value_equal(&map->canonical[i], value))
			return NULL;
		if (sl_value_equal(&map->normal[i], value))
			namesake = &map->canonical[i];
	}
	return namesake;
}

/* What is wrong with a value that would be written as it is, and mean another one there. */
static const char *
complaint_of_name(const SlPolicy *policy, const SlFieldSpec *spec, const SlValue *value)
{
	for (int t = 0; t < policy->nsystems; t++)
	{
		const SlSystemSpec *system = &policy->systems[t];
		const SlValue      *namesake;

		if (!system->is_writable || spec->maps[t] == NULL)
			continue;
		namesake = namesake_of(spec->maps[t], value);
		if (namesake == NULL)
			continue;
		if (spec->is_sensitive)
			return psprintf("no value that can be told from another in system \"%s\"",
							system->name);
		return psprintf("no value for system \"%s\", which means %.*s by it",
						system->name,
						(int) clip(namesake->data, namesake->len, SHOWN_MAX),
						namesake->data);
	}
	return NULL;
}

/* The same for each element of a canonical set. */
static const char *
complaint_of_names(const SlPolicy *policy, const SlFieldSpec *spec, const SlValue *set,
				   SlRaw *culprit)
{
	SlScan      scan = {.start = set->data, .end = set->data + set->len};
	const char *p = scan.start + 1;
	const char *complaint = NULL;

	while (complaint == NULL && p < scan.end && *p == '"')
	{
		SlValue element;

		CHECK_FOR_INTERRUPTS();
		p = sl_scan_raw(&scan, p, culprit) + 1; /* over the comma, or the bracket */
		element = (SlValue){culprit->data, culprit->len, SL_EXACT};
		complaint = complaint_of_name(policy, spec, &element);
	}
	return complaint;
}

/* A canonical value that has no name of its own in every system that it may be sent to. */
static const char *
check_name(const SlPolicy *policy, const SlFieldSpec *spec, const SlValue *value,
		   SlRaw *culprit)
{
	if (!spec->has_maps || sl_value_is_null(value))
		return NULL;
	if (spec->type == SL_SET)
		return complaint_of_names(policy, spec, value, culprit);
	culprit->data = value->data;
	culprit->len = value->len;
	return complaint_of_name(policy, spec, value);
}

bool
sl_normalize(const SlPolicy *policy, int field, int system, const SlRaw *raw,
			 SlValue *value, SlReason *reason)
{
	const SlFieldSpec *spec = &policy->fields[field];
	SlCoercion         c = {spec, spec->maps == NULL ? NULL : spec->maps[system],
							policy->systems[system].tz};
	SlRaw              culprit;
	const char        *complaint = sl_coerce(&c, raw, value, &culprit);

	if (complaint == NULL)
		complaint = check_name(policy, spec, value, &culprit);
	if (complaint == NULL)
		return true;
	reason->field = field;
	return refuse(spec, complaint, &culprit, reason);
}

bool
sl_normalize_as(const SlFieldSpec *spec, const SlRaw *raw, SlValue *value)
{
	SlCoercion c = {spec, NULL, NULL};
	SlRaw      culprit;

	return sl_coerce(&c, raw, value, &culprit) == NULL;
}

bool
sl_normalize_name(const SlRaw *raw, const char **text, int32 *len)
{
	SlText name = {NULL, 0};
	bool   is_name = raw->kind == SL_RAW_STRING || raw->kind == SL_RAW_NUMBER;

	if (is_name && sl_coerce_scalar(raw, &name) != NULL)
		return false;
	*text = name.data;
	*len = name.len;
	return is_name || raw->kind == SL_RAW_ABSENT || raw->kind == SL_RAW_NULL;
}

bool
sl_normalize_jsonb(const SlPolicy *policy, int field, Jsonb *input, SlValue *value,
				   SlReason *reason)
{
	const SlFieldSpec *spec = &policy->fields[field];
	SlCoercion         c = {spec, NULL, NULL};
	char              *json = JsonbToCString(NULL, &input->root, VARSIZE(input));
	SlScan             scan = {.start = json, .end = json + strlen(json)};
	SlRaw              raw;
	SlRaw              culprit;
	const char        *complaint;

	sl_scan_raw(&scan, json, &raw);
	complaint = sl_coerce(&c, &raw, value, &culprit);
	if (complaint == NULL)
		complaint = check_name(policy, spec, value, &culprit);
	if (complaint == NULL)
		return true;
	reason->field = field;
	return refuse(spec, complaint, &culprit, reason);
}

SlValue
sl_value_of_jsonb(Jsonb *input)
{
	static const SlFieldSpec any = {.type = SL_JSON};
	SlCoercion               c = {&any, NULL, NULL};
	char                    *json = JsonbToCString(NULL, &input->root, VARSIZE(input));
	SlScan                   scan = {.start = json, .end = json + strlen(json)};
	SlRaw                    raw;
	SlRaw                    culprit;
	SlValue                  value;
	const char              *complaint;

	sl_scan_raw(&scan, json, &raw);
	complaint = sl_coerce(&c, &raw, &value, &culprit);
	if (complaint != NULL)
		elog(ERROR, "jsonb is no JSON: %s", complaint);
	return value;
}

/* A scalar is a text in a text field and in a set, so a map's 3 means "3" too. */
SlValue
sl_normalize_text(const SlFieldSpec *field, SlValue value)
{
	SlText before;
	SlText after;

	if ((field->type != SL_TEXT && field->type != SL_SET) || sl_value_is_null(&value) ||
		value.data[0] == '{' || value.data[0] == '[')
		return value;
	before = value.data[0] == '"' ? sl_text_of_value(&value)
								  : (SlText){value.data, value.len};
	after = sl_text_normalize(field, before);
	if (value.data[0] == '"' && after.data == before.data && after.len == before.len)
		return value;
	return sl_text_value(after);
}

SlValue
sl_normalize_again(const SlFieldSpec *field, SlValue value)
{
	SlCoercion c = {field, NULL, NULL};
	SlScan     scan = {.start = value.data, .end = value.data + value.len};
	SlRaw      raw;
	SlRaw      culprit;
	SlValue    again;

	if (value.kind == SL_ABSENT || value.kind == SL_NULL)
		return value;
	sl_scan_raw(&scan, value.data, &raw);
	return sl_coerce(&c, &raw, &again, &culprit) == NULL ? again : value;
}
