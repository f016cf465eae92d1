/*
 * normalize_text.c
 *	  Text between JSON strings: what a string means, and the normalisers.
 *
 * No locale has a say: white space is Unicode's White_Space, case its simple mapping.
 * A text may be as long as a value can be, so whatever walks it can be interrupted.
 */
#include "postgres.h"

#include "common/unicode_norm.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "canonical.h"
#include "case_map.h"
#include "normalize.h"
#include "normalize_text.h"
#include "reader_scan.h"

#define MAX_ROUNDS 8 /* of the normalisers over their own result; known texts need 2 */

#define PIECE_LEN 65536 /* about so many bytes are composed at a time */

SlText
sl_text_of_string(const char *json, int32 len, bool has_escape)
{
	char *plain;

	if (!has_escape)
		return (SlText){json + 1, len - 2};
	plain = palloc(len);
	return (SlText){plain, sl_unescape(json + 1, len - 2, plain)};
}

SlText
sl_text_of_value(const SlValue *value)
{
	return sl_text_of_string(value->data, value->len,
							 memchr(value->data, '\\', value->len) != NULL);
}

static bool
needs_escape(SlText text)
{
	for (int32 i = 0; i < text.len; i++)
		if (text.data[i] == '"' || text.data[i] == '\\' ||
			(unsigned char) text.data[i] < 0x20)
			return true;
	return false;
}

SlValue
sl_text_value(SlText text)
{
	StringInfoData buf;
	char          *quoted;

	if (needs_escape(text))
	{
		initStringInfo(&buf);
		sl_append_json_string(&buf, text.data, text.len);
		return (SlValue){buf.data, buf.len, SL_EXACT};
	}
	quoted = palloc(text.len + 2);
	quoted[0] = '"';
	memcpy(quoted + 1, text.data, text.len);
	quoted[text.len + 1] = '"';
	return (SlValue){quoted, text.len + 2, SL_EXACT};
}

bool
sl_text_has_nul(SlText text)
{
	return memchr(text.data, '\0', text.len) != NULL;
}

int
sl_text_compare(const SlText *a, const SlText *b)
{
	int order = memcmp(a->data, b->data, Min(a->len, b->len));

	return order != 0 ? order : a->len - b->len;
}

static bool
is_ascii(SlText text)
{
	for (int32 i = 0; i < text.len; i++)
		if (IS_HIGHBIT_SET(text.data[i]))
			return false;
	return true;
}

static bool
is_white_space(pg_wchar c)
{
	return c == ' ' || (c >= 0x09 && c <= 0x0d) || c == 0x85 || c == 0xa0 ||
		   c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
		   c == 0x202f || c == 0x205f || c == 0x3000;
}

/* The bytes of the white space character at p, 0 where another one stands there. */
static int
white_space_at(const char *p, const char *end)
{
	int len;

	if (p >= end || (!IS_HIGHBIT_SET(*p) && !is_white_space((unsigned char) *p)))
		return 0;
	len = pg_utf_mblen((const unsigned char *) p);
	if (len > end - p || !is_white_space(utf8_to_unicode((const unsigned char *) p)))
		return 0;
	return len;
}

/* The bytes of the white space character that ends at end; it has at most three. */
static int
white_space_before(const char *start, const char *end)
{
	for (int len = 1; len <= 3 && len <= end - start; len++)
		if (white_space_at(end - len, end) == len)
			return len;
	return 0;
}

SlText
sl_text_trim(SlText text)
{
	const char *start = text.data;
	const char *end = start + text.len;
	int         len;

	while ((len = white_space_at(start, end)) > 0)
		start += len;
	while ((len = white_space_before(start, end)) > 0)
		end -= len;
	return (SlText){start, end - start};
}

/* The result of a normaliser: the text it was given where nothing changed. */
static SlText
changed_text(SlText before, const char *data, int32 len)
{
	if (len == before.len && memcmp(data, before.data, len) == 0)
		return before;
	return (SlText){data, len};
}

/* One character has at most twice the bytes in its other case. */
static SlText
map_text(SlText text, pg_wchar (*map)(pg_wchar))
{
	const char *p = text.data;
	const char *end = p + text.len;
	char       *mapped = palloc(2 * (Size) text.len + MAX_MULTIBYTE_CHAR_LEN);
	char       *to = mapped;

	while (p < end)
	{
		CHECK_FOR_INTERRUPTS();
		if (!IS_HIGHBIT_SET(*p))
			*to++ = map((unsigned char) *p++);
		else
		{
			unicode_to_utf8(map(utf8_to_unicode((const unsigned char *) p)),
							(unsigned char *) to);
			p += pg_utf_mblen((const unsigned char *) p);
			to += pg_utf_mblen((const unsigned char *) to);
		}
	}
	return changed_text(text, mapped, to - mapped);
}

/* True where a text is ASCII without any byte from first to last. */
static bool
is_ascii_without(SlText text, char first, char last)
{
	for (int32 i = 0; i < text.len; i++)
		if (IS_HIGHBIT_SET(text.data[i]) ||
			(text.data[i] >= first && text.data[i] <= last))
			return false;
	return true;
}

static SlText
lower_text(SlText text)
{
	return is_ascii_without(text, 'A', 'Z') ? text : map_text(text, sl_lower);
}

static SlText
upper_text(SlText text)
{
	return is_ascii_without(text, 'a', 'z') ? text : map_text(text, sl_upper);
}

static bool
is_squeezed(SlText text)
{
	const char *end = text.data + text.len;

	for (const char *p = text.data; p < end; p++)
	{
		CHECK_FOR_INTERRUPTS();
		if (white_space_at(p, end) > 0 && (*p != ' ' || white_space_at(p + 1, end) > 0))
			return false;
	}
	return true;
}

/* Makes one blank of each run of white space. */
static SlText
squeeze_text(SlText text)
{
	const char *p = text.data;
	const char *end = p + text.len;
	char       *squeezed;
	char       *to;

	if (is_squeezed(text))
		return text;
	squeezed = to = palloc(text.len);
	while (p < end)
	{
		int len = white_space_at(p, end);

		CHECK_FOR_INTERRUPTS();
		if (len == 0)
		{
			*to++ = *p++;
			continue;
		}
		*to++ = ' ';
		for (; len > 0; len = white_space_at(p, end))
			p += len;
	}
	return (SlText){squeezed, to - squeezed};
}

/* Writes a text's ASCII digits to out and gives the end of what it wrote. */
static char *
copy_digits(SlText text, char *out)
{
	for (int32 i = 0; i < text.len; i++)
		if (text.data[i] >= '0' && text.data[i] <= '9')
			*out++ = text.data[i];
	return out;
}

static bool
is_digits(const char *s, int32 len)
{
	for (int32 i = 0; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return true;
}

static SlText
digits_text(SlText text)
{
	char *digits;

	if (is_digits(text.data, text.len))
		return text;
	digits = palloc(text.len);
	return (SlText){digits, copy_digits(text, digits) - digits};
}

/* Digits, after one + where the text starts with one; nothing where it has no digit. */
static SlText
phone_text(SlText text)
{
	SlText trimmed = sl_text_trim(text);
	bool   has_plus = trimmed.len > 0 && trimmed.data[0] == '+';
	char  *phone;
	char  *end;

	if (!has_plus)
		return digits_text(text);
	if (text.len > 1 && trimmed.len == text.len && is_digits(text.data + 1, text.len - 1))
		return text;
	phone = palloc(text.len);
	phone[0] = '+';
	end = copy_digits(trimmed, phone + 1);
	return (SlText){phone, end == phone + 1 ? 0 : end - phone};
}

static pg_wchar *
decode(SlText text)
{
	const unsigned char *p = (const unsigned char *) text.data;
	const unsigned char *end = p + text.len;
	pg_wchar            *chars = palloc(((Size) text.len + 1) * sizeof(pg_wchar));
	int                  n = 0;

	for (; p < end; p += pg_utf_mblen(p))
		chars[n++] = utf8_to_unicode(p);
	chars[n] = 0;
	return chars;
}

static void
append_composed(StringInfo out, SlText piece)
{
	pg_wchar *decoded = decode(piece);
	pg_wchar *chars = unicode_normalize(UNICODE_NFC, decoded);
	char      encoded[MAX_MULTIBYTE_CHAR_LEN];

	for (const pg_wchar *c = chars; *c != 0; c++)
	{
		unicode_to_utf8(*c, (unsigned char *) encoded);
		appendBinaryStringInfo(out, encoded, pg_utf_mblen((unsigned char *) encoded));
	}
	pfree(chars);
	pfree(decoded);
}

/*
 * True of characters that never become one with what stands before them, nor change places
 * with it: Latin, Greek, Cyrillic, kana, ideographs, Hangul syllables.  Most texts have one
 * every few characters.
 */
static bool
begins_anew(pg_wchar c)
{
	return c < 0x300 || (c >= 0x370 && c <= 0x481) || (c >= 0x3041 && c <= 0x3096) ||
		   (c >= 0x4e00 && c <= 0x9fff) || (c >= 0xac00 && c <= 0xd7a3);
}

/* A stretch from the start of a text that can be composed by itself. */
static SlText
first_piece(SlText text)
{
	const char *p = text.data + Min(text.len, PIECE_LEN);
	const char *end = text.data + text.len;

	while (p < end && ((*p & 0xc0) == 0x80 ||
					   !begins_anew(utf8_to_unicode((const unsigned char *) p))))
		p++;
	return (SlText){text.data, p - text.data};
}

static SlText
nfc_text(SlText text)
{
	SlText         rest = text;
	StringInfoData composed;

	if (is_ascii(text))
		return text;
	initStringInfo(&composed);
	while (rest.len > 0)
	{
		SlText piece = first_piece(rest);

		CHECK_FOR_INTERRUPTS();
		append_composed(&composed, piece);
		rest = (SlText){piece.data + piece.len, rest.len - piece.len};
	}
	return changed_text(text, composed.data, composed.len);
}

static SlText
normalize_once(SlNormalizer normalizer, SlText text)
{
	switch (normalizer)
	{
		case SL_TRIM:
			return sl_text_trim(text);
		case SL_LOWER:
			return lower_text(text);
		case SL_UPPER:
			return upper_text(text);
		case SL_SQUEEZE:
			return squeeze_text(text);
		case SL_DIGITS:
			return digits_text(text);
		case SL_PHONE:
			return phone_text(text);
		case SL_EMAIL:
			return lower_text(sl_text_trim(text));
		case SL_NFC:
			return nfc_text(text);
	}
	elog(ERROR, "unknown normaliser: %d", (int) normalizer);
}

static SlText
normalize_in_order(const SlFieldSpec *field, SlText text)
{
	for (int i = 0; i < field->nnormalizers; i++)
		text = normalize_once(field->normalizers[i], text);
	return text;
}

/* A letter in its other case may become one with a mark that it stood apart from. */
static bool
composes_and_maps_case(const SlFieldSpec *field)
{
	bool composes = false;
	bool maps_case = false;

	for (int i = 0; i < field->nnormalizers; i++)
	{
		SlNormalizer normalizer = field->normalizers[i];

		composes |= normalizer == SL_NFC;
		maps_case |= normalizer == SL_LOWER || normalizer == SL_UPPER ||
					 normalizer == SL_EMAIL;
	}
	return composes && maps_case;
}

/* What comes out is what is made of it, when a system that was sent it shows it. */
SlText
sl_text_normalize(const SlFieldSpec *field, SlText text)
{
	SlText before = text;

	text = normalize_in_order(field, text);
	if (!composes_and_maps_case(field) || is_ascii(text))
		return text;
	for (int i = 0; i < MAX_ROUNDS && sl_text_compare(&before, &text) != 0; i++)
	{
		before = text;
		text = normalize_in_order(field, text);
	}
	return text;
}
