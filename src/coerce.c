/*
 * coerce.c
 *	  One raw value to one canonical value of a field's type.
 *
 * A value of another type is coerced only where nothing of it is lost.  What stands in
 * the input in its canonical form is handed on as the slice that it is.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "canonical.h"
#include "coerce.h"
#include "normalize_time.h"
#include "reader_scan.h"

#define MAX_SAFE_DIGITS 15 /* any decimal of so many survives a double */
#define MAX_LEADING_ZEROS \
	5 /* behind the point; with more, ECMAScript takes an exponent */

static const SlValue value_true = {"true", 4, SL_EXACT};
static const SlValue value_false = {"false", 5, SL_EXACT};

/*
 * True where a number of JSON's grammar is surely canonical as it stands; false means
 * nothing.
 */
static bool
is_plain_number(const char *s, int32 len)
{
	int  digits = 0;
	int  zeros = 0; /* before the first other digit */
	bool has_point = false;

	for (int32 i = s[0] == '-' ? 1 : 0; i < len; i++)
	{
		if (s[i] == '.')
			has_point = true;
		else if (s[i] < '0' || s[i] > '9')
			return false;
		else
			digits++;
		if (s[i] == '0' && digits == zeros + 1)
			zeros++;
	}
	if (digits > MAX_SAFE_DIGITS || zeros > 1 + MAX_LEADING_ZEROS)
		return false;
	return has_point ? s[len - 1] != '0' : zeros == 0 || len == 1;
}

static const char *
canonical_number(const char *token, int32 len, SlValue *value)
{
	StringInfoData buf;
	bool           too_long = false;
	bool           is_exact;

	if (is_plain_number(token, len))
	{
		*value = (SlValue){token, len, SL_EXACT};
		return NULL;
	}
	initStringInfo(&buf);
	is_exact = sl_append_number(&buf, token, len, &too_long);
	*value = (SlValue){buf.data, buf.len, is_exact ? SL_EXACT : SL_INEXACT};
	return too_long ? "a number of too many digits" : NULL;
}

/* What a string means; a zero character is no text. */
static const char *
string_text(const SlRaw *raw, SlText *text)
{
	*text = sl_text_of_string(raw->data, raw->len, raw->has_escape);
	return raw->has_escape && sl_text_has_nul(*text) ? "\\u0000 stands in the text"
													 : NULL;
}

const char *
sl_coerce_scalar(const SlRaw *raw, SlText *text)
{
	SlValue     number;
	const char *complaint;

	switch (raw->kind)
	{
		case SL_RAW_STRING:
			return string_text(raw, text);
		case SL_RAW_NUMBER:
			complaint = canonical_number(raw->data, raw->len, &number);
			*text = (SlText){number.data, number.len};
			return complaint;
		case SL_RAW_TRUE:
		case SL_RAW_FALSE:
			*text = (SlText){raw->data, raw->len};
			return NULL;
		case SL_RAW_ABSENT:
		case SL_RAW_NULL:
		case SL_RAW_ARRAY:
		case SL_RAW_OBJECT:
		case SL_RAW_LIST:
			break;
	}
	return "no text";
}

static SlValue
string_value(const SlRaw *raw, SlText text)
{
	if (sl_text_is_raw(text, raw))
		return (SlValue){raw->data, raw->len, SL_EXACT};
	return sl_text_value(text);
}

static const char *
coerce_text(const SlFieldSpec *field, const SlRaw *raw, SlValue *value)
{
	SlText      text;
	const char *complaint = sl_coerce_scalar(raw, &text);

	if (complaint == NULL)
		*value = string_value(raw, sl_text_normalize(field, text));
	return complaint;
}

/* What a string holds besides white space at its ends. */
static const char *
trimmed_string(const SlRaw *raw, SlText *text)
{
	const char *complaint = string_text(raw, text);

	*text = sl_text_trim(*text);
	return complaint;
}

static const char *
coerce_number(const SlRaw *raw, SlValue *value)
{
	SlText      text;
	const char *complaint;

	if (raw->kind == SL_RAW_NUMBER)
		return canonical_number(raw->data, raw->len, value);
	if (raw->kind != SL_RAW_STRING)
		return "no number";
	complaint = trimmed_string(raw, &text);
	if (complaint != NULL)
		return complaint;
	if (!sl_is_json_number(text.data, text.len))
		return "no number";
	return canonical_number(text.data, text.len, value);
}

static bool
text_is(SlText text, const char *word)
{
	return text.len == strlen(word) && pg_strncasecmp(text.data, word, text.len) == 0;
}

static const char *
coerce_boolean(const SlRaw *raw, SlValue *value)
{
	SlText      text;
	const char *complaint = sl_coerce_scalar(raw, &text);

	if (complaint != NULL)
		return "no boolean";
	text = sl_text_trim(text);
	if (text_is(text, "true") || text_is(text, "1"))
		*value = value_true;
	else if (text_is(text, "false") || text_is(text, "0"))
		*value = value_false;
	else
		return "no boolean";
	return NULL;
}

static const char *
coerce_timestamp(const SlRaw *raw, struct pg_tz *tz, SlValue *value)
{
	SlText      text;
	const char *complaint;

	if (raw->kind != SL_RAW_STRING)
		return "no timestamp";
	complaint = trimmed_string(raw, &text);
	if (complaint == NULL)
		complaint = sl_timestamp_text(text, tz, &text);
	if (complaint == NULL)
		*value = string_value(raw, text);
	return complaint;
}

static const char *
coerce_date(const SlRaw *raw, SlValue *value)
{
	SlText      text;
	const char *complaint;

	if (raw->kind != SL_RAW_STRING)
		return "no date";
	complaint = trimmed_string(raw, &text);
	if (complaint == NULL)
		complaint = sl_date_text(text, &text);
	if (complaint == NULL)
		*value = string_value(raw, text);
	return complaint;
}

static const char *
coerce_json(const SlRaw *raw, SlValue *value)
{
	bool has_nul = false;
	bool too_long = false;

	if (raw->kind == SL_RAW_STRING && !raw->has_escape)
	{
		*value = (SlValue){raw->data, raw->len, SL_EXACT};
		return NULL;
	}
	if (raw->canonical != SL_ABSENT)
	{
		*value = (SlValue){raw->data, raw->len, raw->canonical};
		return NULL;
	}
	*value = sl_canonical_text(raw->data, raw->len, &has_nul, &too_long);
	if (has_nul)
		return "\\u0000 stands in the JSON";
	return too_long ? "a number of too many digits stands in the JSON" : NULL;
}

bool
sl_map_value(const SlValueMap *map, SlValue *value)
{
	for (int i = 0; map != NULL && i < map->n; i++)
	{
		if (!sl_value_equal(&map->normal[i], value))
			continue;
		*value = map->canonical[i];
		return true;
	}
	return false;
}

static const char *
coerce_typed(const SlCoercion *c, const SlRaw *raw, SlValue *value)
{
	switch (c->field->type)
	{
		case SL_TEXT:
			return coerce_text(c->field, raw, value);
		case SL_NUMBER:
			return coerce_number(raw, value);
		case SL_BOOLEAN:
			return coerce_boolean(raw, value);
		case SL_TIMESTAMP:
			return coerce_timestamp(raw, c->tz, value);
		case SL_DATE:
			return coerce_date(raw, value);
		case SL_SET:
			break;
		case SL_JSON:
			return coerce_json(raw, value);
	}
	elog(ERROR, "no type of one value: %d", (int) c->field->type);
}

/* Most fields of most records: text that is canonical as it stands. */
static inline bool
is_verbatim_text(const SlCoercion *c, const SlRaw *raw)
{
	return c->field->type == SL_TEXT && raw->kind == SL_RAW_STRING && !raw->has_escape &&
		   c->field->nnormalizers == 0 && c->map == NULL;
}

/* True where the map names the very value that stands in the input, of whatever type. */
static bool
map_raw(const SlCoercion *c, const SlRaw *raw, SlValue *value)
{
	return c->map != NULL && c->field->type != SL_SET &&
		   coerce_json(raw, value) == NULL && sl_map_value(c->map, value);
}

const char *
sl_coerce(const SlCoercion *c, const SlRaw *raw, SlValue *value, SlRaw *culprit)
{
	const char *complaint;

	if (is_verbatim_text(c, raw))
	{
		*value = (SlValue){raw->data, raw->len, SL_EXACT};
		return NULL;
	}
	if (raw->kind == SL_RAW_ABSENT)
	{
		*value = sl_value_absent();
		return NULL;
	}
	if (raw->kind == SL_RAW_NULL)
	{
		*value = sl_value_null();
		return NULL;
	}
	if (map_raw(c, raw, value))
		return NULL;
	if (c->field->type == SL_SET)
		return sl_coerce_set(c, raw, value, culprit);
	complaint = coerce_typed(c, raw, value);
	if (complaint == NULL)
		sl_map_value(c->map, value);
	else
		*culprit = *raw;
	return complaint;
}
