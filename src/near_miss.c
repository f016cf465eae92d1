/*
 * near_miss.c
 *	  Why a target stored something else than it was sent: the normaliser or type by which
 *	  both values would be one, found by trying each.
 *
 * What is named makes just these two values one, and is no loss that a human would not
 * make: no letters go with "digits", no number gets another one's digits.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "coerce.h"
#include "near_miss.h"
#include "reader_scan.h"

/* Reads a canonical value as a field of that spec would; false where it does not fit. */
static bool
read_as(const SlFieldSpec *field, struct pg_tz *tz, const SlValue *value, SlValue *read)
{
	SlCoercion c = {field, NULL, tz};
	SlScan     scan = {.start = value->data, .end = value->data + value->len};
	SlRaw      raw;
	SlRaw      culprit;

	sl_scan_raw(&scan, value->data, &raw);
	return sl_coerce(&c, &raw, read, &culprit) == NULL;
}

static bool
would_agree(const SlFieldSpec *field, const SlNearMiss *miss, struct pg_tz *tz)
{
	SlValue sent;
	SlValue stored;

	return read_as(field, tz, &miss->sent, &sent) &&
		   read_as(field, tz, &miss->stored, &stored) && sl_value_equal(&sent, &stored);
}

static bool
has_letter(const SlValue *value)
{
	for (int32 i = 0; i < value->len; i++)
	{
		unsigned char c = (unsigned char) value->data[i];

		if (c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			return true;
	}
	return false;
}

static bool
has_digit(const SlValue *value)
{
	for (int32 i = 0; i < value->len; i++)
		if (value->data[i] >= '0' && value->data[i] <= '9')
			return true;
	return false;
}

/* A text, between its quotes, that is a number as it stands. */
static bool
is_number(const SlValue *value)
{
	return value->len > 2 && value->data[0] == '"' &&
		   sl_is_json_number(value->data + 1, value->len - 2);
}

/* Digits alone may be compared where there is nothing else to tell values apart. */
static bool
is_only_digits_at_heart(const SlValue *value)
{
	return has_digit(value) && !has_letter(value);
}

static bool
is_apt(SlNormalizer normalizer, const SlNearMiss *miss)
{
	switch (normalizer)
	{
		case SL_TRIM:
		case SL_LOWER:
		case SL_UPPER:
		case SL_SQUEEZE:
		case SL_EMAIL:
		case SL_NFC:
			break;
		case SL_DIGITS:
		case SL_PHONE:
			return is_only_digits_at_heart(&miss->sent) &&
				   is_only_digits_at_heart(&miss->stored) &&
				   !(is_number(&miss->sent) && is_number(&miss->stored));
	}
	return true;
}

static bool
has_normalizer(const SlFieldSpec *field, SlNormalizer normalizer)
{
	for (int i = 0; i < field->nnormalizers; i++)
		if (field->normalizers[i] == normalizer)
			return true;
	return false;
}

static const char *
normalize_text(const SlFieldSpec *field)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"normalize\": [");
	for (int i = 0; i < field->nnormalizers; i++)
		appendStringInfo(&out, "%s\"%s\"", i == 0 ? "" : ", ",
						 sl_normalizer_name(field->normalizers[i]));
	appendStringInfoString(&out, "]}");
	return out.data;
}

/* The field's normalisers and one more, the one that changes least first. */
static const char *
try_normalizers(const SlFieldSpec *field, const SlNearMiss *miss, struct pg_tz *tz)
{
	static const SlNormalizer candidates[] = {SL_TRIM,  SL_SQUEEZE, SL_NFC,   SL_LOWER,
											  SL_UPPER, SL_EMAIL,   SL_PHONE, SL_DIGITS};
	SlFieldSpec               tried = *field;

	if (field->type != SL_TEXT && field->type != SL_SET)
		return NULL;
	tried.normalizers = palloc(sizeof(SlNormalizer) * (field->nnormalizers + 1));
	for (int i = 0; i < field->nnormalizers; i++)
		tried.normalizers[i] = field->normalizers[i];
	tried.nnormalizers = field->nnormalizers + 1;
	for (int i = 0; i < lengthof(candidates); i++)
	{
		tried.normalizers[field->nnormalizers] = candidates[i];
		if (!has_normalizer(field, candidates[i]) && is_apt(candidates[i], miss) &&
			would_agree(&tried, miss, tz))
			return normalize_text(&tried);
	}
	return NULL;
}

/* Another type reads nothing into a value that the field's own type has not kept. */
static const char *
try_types(const SlFieldSpec *field, const SlNearMiss *miss, struct pg_tz *tz)
{
	static const SlType candidates[] = {SL_NUMBER, SL_BOOLEAN, SL_TIMESTAMP, SL_DATE,
										SL_SET};
	SlFieldSpec         tried = *field;

	if (field->type != SL_TEXT && field->type != SL_JSON)
		return NULL;
	tried.nnormalizers = 0;
	for (int i = 0; i < lengthof(candidates); i++)
	{
		tried.type = candidates[i];
		if (would_agree(&tried, miss, tz))
			return psprintf("{\"type\": \"%s\"}", sl_type_name(candidates[i]));
	}
	return NULL;
}

const char *
sl_near_miss_help(const SlFieldSpec *field, const SlNearMiss *miss, struct pg_tz *tz)
{
	const char *help;

	if (sl_value_is_null(&miss->sent) || sl_value_is_null(&miss->stored))
		return NULL;
	help = try_normalizers(field, miss, tz);
	return help != NULL ? help : try_types(field, miss, tz);
}
