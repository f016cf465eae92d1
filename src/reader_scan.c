/*
 * reader_scan.c
 *	  The lexer below the reader: one step over one piece of JSON.
 *
 * It accepts what PostgreSQL's json accepts, surrogate pairs checked as jsonb checks them,
 * reads no byte at or behind the end, and does not recurse.
 */
#include "postgres.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "mb/pg_wchar.h"
#include "port/pg_bitutils.h"

#include "reader_scan.h"

/* Which brackets are open: a bit per level, set for an object. */
typedef struct OpenBrackets
{
	int    depth;
	uint64 is_object[SL_MAX_DEPTH / 64];
} OpenBrackets;

#define FOUND_MAX 24

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		   c == '_';
}

/* What stands at a place, for an error: a word, a character, or the end. */
static const char *
describe_found(const SlScan *scan, const char *at)
{
	const char *p = at;

	if (at >= scan->end)
		return "end of input";
	if (scan->is_secret)
		return "something else";
	if ((unsigned char) *at < 0x20)
		return psprintf("control character 0x%02x", (unsigned char) *at);
	while (p < scan->end && p - at < FOUND_MAX && is_word(*p))
		p++;
	if (p == at)
		p += Min(pg_utf_mblen((const unsigned char *) at), scan->end - at);
	return psprintf("\"%.*s\"", (int) (p - at), at);
}

void
sl_scan_fail(const SlScan *scan, const char *at, const char *expected)
{
	char where[64] = "";

	if (scan->ordinal > 0)
		snprintf(where, sizeof(where), " %s record " INT64_FORMAT,
				 scan->is_behind ? "after" : "in", scan->ordinal);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid JSON%s at byte %lld: expected %s, found %s", where,
					(long long) (at - scan->start) + 1, expected,
					describe_found(scan, at)),
			 errhint("Pass the payload as the system sent it; JSON has no comments, "
					 "single quotes, trailing commas or NaN.")));
}

/* The next quote, backslash or control character, or the end. */
static inline const char *
skip_plain(const char *p, const char *end)
{
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i backslash = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1f);

	for (; end - p >= 16; p += 16)
	{
		__m128i c = _mm_loadu_si128((const __m128i *) p);
		__m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(c, quote),
												_mm_cmpeq_epi8(c, backslash)),
								   _mm_cmpeq_epi8(_mm_min_epu8(c, control), c));
		uint32  hits = (uint32) _mm_movemask_epi8(hit);

		if (hits != 0)
			return p + pg_rightmost_one_pos32(hits);
	}
#endif
	while (p < end && *p != '"' && *p != '\\' && (unsigned char) *p >= 0x20)
		p++;
	return p;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The code unit of four hexadecimal digits. */
static pg_wchar
code_unit(const char *p)
{
	return (pg_wchar) hex_digit(p[0]) << 12 | (pg_wchar) hex_digit(p[1]) << 8 |
		   (pg_wchar) hex_digit(p[2]) << 4 | (pg_wchar) hex_digit(p[3]);
}

/* A \uXXXX, p at its backslash. */
static pg_wchar
scan_code_unit(const SlScan *scan, const char *p)
{
	for (int i = 2; i < 6; i++)
		if (p + i >= scan->end || hex_digit(p[i]) < 0)
			sl_scan_fail(scan, p + i, "four hexadecimal digits after \"\\u\"");
	return code_unit(p + 2);
}

/* A \uXXXX or a pair of them, p at the backslash. */
static const char *
scan_unicode_escape(SlScan *scan, const char *p)
{
	pg_wchar c = scan_code_unit(scan, p);

	if (is_utf16_surrogate_second(c))
		sl_scan_fail(scan, p, "a high surrogate before a low one");
	if (c == 0)
		scan->has_nul = true;
	p += 6;
	if (!is_utf16_surrogate_first(c))
		return p;
	if (!sl_scan_at(scan, p, '\\') || !sl_scan_at(scan, p + 1, 'u') ||
		!is_utf16_surrogate_second(scan_code_unit(scan, p)))
		sl_scan_fail(scan, p, "a low surrogate after a high one");
	return p + 6;
}

/* An escape, p at its backslash. */
static const char *
scan_escape(SlScan *scan, const char *p)
{
	if (sl_scan_at(scan, p + 1, 'u'))
		return scan_unicode_escape(scan, p);
	if (p + 1 >= scan->end || strchr("\"\\/bfnrt", p[1]) == NULL || p[1] == '\0')
		sl_scan_fail(scan, p + 1, "an escape that JSON knows");
	return p + 2;
}

const char *
sl_scan_string(SlScan *scan, const char *p, bool *has_escape)
{
	*has_escape = false;
	p = skip_plain(p + 1, scan->end);
	while (!sl_scan_at(scan, p, '"'))
	{
		if (!sl_scan_at(scan, p, '\\'))
			sl_scan_fail(scan, p, "the rest of a string");
		*has_escape = true;
		p = skip_plain(scan_escape(scan, p), scan->end);
	}
	return p + 1;
}

static inline bool
is_digit(const char *p, const char *end)
{
	return p < end && *p >= '0' && *p <= '9';
}

/* Skips digits; NULL where none stands there. */
static inline const char *
skip_digits(const char *p, const char *end)
{
	if (!is_digit(p, end))
		return NULL;
	while (is_digit(p, end))
		p++;
	return p;
}

/* Behind a number, or NULL where it is none; *at is then where it went wrong. */
static const char *
skip_number(const char *p, const char *end, const char **at)
{
	if (p < end && *p == '-')
		p++;
	*at = p;
	p = p < end && *p == '0' ? p + 1 : skip_digits(p, end);
	if (p != NULL && p < end && *p == '.')
	{
		*at = p + 1;
		p = skip_digits(p + 1, end);
	}
	if (p == NULL || p >= end || (*p != 'e' && *p != 'E'))
		return p;
	p++;
	if (p < end && (*p == '+' || *p == '-'))
		p++;
	*at = p;
	return skip_digits(p, end);
}

static const char *
scan_number(const SlScan *scan, const char *p)
{
	const char *at;
	const char *next = skip_number(p, scan->end, &at);

	if (next == NULL)
		sl_scan_fail(scan, at, "a digit");
	return next;
}

bool
sl_is_json_number(const char *s, int32 len)
{
	const char *at;

	return len > 0 && skip_number(s, s + len, &at) == s + len;
}

static const char *
scan_literal(const SlScan *scan, const char *p, const char *literal, int len)
{
	if (scan->end - p < len || memcmp(p, literal, len) != 0)
		sl_scan_fail(scan, p, "a JSON value");
	return p + len;
}

/* A value that is no array and no object. */
static inline const char *
scan_scalar(SlScan *scan, const char *p, SlRaw *raw)
{
	raw->has_escape = false;
	if (p >= scan->end)
		sl_scan_fail(scan, p, "a JSON value");
	switch (*p)
	{
		case '"':
			raw->kind = SL_RAW_STRING;
			return sl_scan_string(scan, p, &raw->has_escape);
		case 't':
			raw->kind = SL_RAW_TRUE;
			return scan_literal(scan, p, "true", 4);
		case 'f':
			raw->kind = SL_RAW_FALSE;
			return scan_literal(scan, p, "false", 5);
		case 'n':
			raw->kind = SL_RAW_NULL;
			return scan_literal(scan, p, "null", 4);
		default:
			if (*p != '-' && !is_digit(p, scan->end))
				sl_scan_fail(scan, p, "a JSON value");
			raw->kind = SL_RAW_NUMBER;
			return scan_number(scan, p);
	}
}

/* A member's key and its colon; gives where its value starts. */
static const char *
scan_key(SlScan *scan, const char *p)
{
	bool has_escape;

	if (!sl_scan_at(scan, p, '"'))
		sl_scan_fail(scan, p, "a key in double quotes");
	p = sl_scan_space(scan, sl_scan_string(scan, p, &has_escape));
	if (!sl_scan_at(scan, p, ':'))
		sl_scan_fail(scan, p, "\":\"");
	return sl_scan_space(scan, p + 1);
}

static inline bool
is_in_object(const OpenBrackets *open)
{
	int level = open->depth - 1;

	return (open->is_object[level / 64] >> (level % 64)) & 1;
}

static void
push_bracket(OpenBrackets *open, const SlScan *scan, const char *p)
{
	uint64  bit = UINT64CONST(1) << (open->depth % 64);
	uint64 *word = &open->is_object[open->depth / 64];

	if (open->depth >= SL_MAX_DEPTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("JSON in record " INT64_FORMAT
						" is nested deeper than %d levels at byte %lld",
						scan->ordinal, SL_MAX_DEPTH, (long long) (p - scan->start) + 1)));
	if (open->depth % 64 == 0)
		*word = 0;
	*word = *p == '{' ? *word | bit : *word & ~bit;
	open->depth++;
}

/*
 * Enters the bracket at p.  True: *p is now at the first value in it.  False: it
 * was empty and is left again.
 */
static bool
enter(OpenBrackets *open, SlScan *scan, const char **p)
{
	push_bracket(open, scan, *p);
	*p = sl_scan_space(scan, *p + 1);
	if (sl_scan_at(scan, *p, is_in_object(open) ? '}' : ']'))
	{
		open->depth--;
		*p += 1;
		return false;
	}
	if (is_in_object(open))
		*p = scan_key(scan, *p);
	return true;
}

/*
 * Leaves every bracket that ends behind a value and goes on to the next value;
 * at depth 0 all is done.
 */
static const char *
leave(OpenBrackets *open, SlScan *scan, const char *p)
{
	while (open->depth > 0)
	{
		bool is_object = is_in_object(open);

		p = sl_scan_space(scan, p);
		if (sl_scan_at(scan, p, ','))
		{
			p = sl_scan_space(scan, p + 1);
			return is_object ? scan_key(scan, p) : p;
		}
		if (!sl_scan_at(scan, p, is_object ? '}' : ']'))
			sl_scan_fail(scan, p, is_object ? "\",\" or \"}\"" : "\",\" or \"]\"");
		open->depth--;
		p++;
	}
	return p;
}

static const char *
skip_container(SlScan *scan, const char *p)
{
	OpenBrackets open;
	SlRaw        scalar;

	open.depth = 0;
	do
	{
		if (!sl_scan_at(scan, p, '{') && !sl_scan_at(scan, p, '['))
			p = scan_scalar(scan, p, &scalar);
		else if (enter(&open, scan, &p))
			continue;
		p = leave(&open, scan, p);
	} while (open.depth > 0);
	return p;
}

const char *
sl_scan_raw(SlScan *scan, const char *p, SlRaw *raw)
{
	const char *start = p;

	if (sl_scan_at(scan, p, '{') || sl_scan_at(scan, p, '['))
	{
		raw->kind = *p == '{' ? SL_RAW_OBJECT : SL_RAW_ARRAY;
		raw->has_escape = false;
		p = skip_container(scan, p);
	}
	else
		p = scan_scalar(scan, p, raw);
	raw->data = start;
	raw->len = (int32) (p - start);
	raw->canonical = SL_ABSENT;
	raw->nelements = 0;
	raw->elements = NULL;
	return p;
}

const char *
sl_scan_skip(SlScan *scan, const char *p)
{
	SlRaw raw;

	return sl_scan_raw(scan, p, &raw);
}

static char
simple_escape(char c)
{
	switch (c)
	{
		case 'b':
			return '\b';
		case 'f':
			return '\f';
		case 'n':
			return '\n';
		case 'r':
			return '\r';
		case 't':
			return '\t';
		default:
			return c;
	}
}

/* Writes the character of a checked \uXXXX or pair, and gives where it ends. */
static const char *
unescape_unicode(const char *s, char **out)
{
	pg_wchar c = code_unit(s + 2);

	s += 6;
	if (is_utf16_surrogate_first(c))
	{
		c = surrogate_pair_to_codepoint(c, code_unit(s + 2));
		s += 6;
	}
	unicode_to_utf8(c, (unsigned char *) *out);
	*out += pg_utf_mblen((const unsigned char *) *out);
	return s;
}

int32
sl_unescape(const char *s, int32 len, char *out)
{
	const char *end = s + len;
	char       *to = out;

	while (s < end)
	{
		if (*s != '\\')
			*to++ = *s++;
		else if (s[1] == 'u')
			s = unescape_unicode(s, &to);
		else
		{
			*to++ = simple_escape(s[1]);
			s += 2;
		}
	}
	return to - out;
}
