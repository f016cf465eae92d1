/*
 * idempotency_key.c
 *	  The key of a content, and what a stamp in a payload says of it.
 *
 * crm-to-support-contact-4829-v17: no name of a system or entity holds a dash, so a key
 * is taken apart in one way only, and no two contents share one.  A long one is cut,
 * keeps its version, and ends in the hash of all of it.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "digest.h"
#include "idempotency_key.h"

#define MAX_KEY_LEN        255
#define MAX_VERSION_DIGITS 18

static char *
shorten(const char *key, int len, int64 version)
{
	char  hex[SL_DIGEST_HEX];
	char *tail;
	int   kept;

	sl_digest_bytes(key, len, hex);
	tail = psprintf("-v" INT64_FORMAT "-%.*s", version, SL_DIGEST_HEX, hex);
	kept = pg_mbcliplen(key, len, MAX_KEY_LEN - (int) strlen(tail));
	return psprintf("%.*s%s", kept, key, tail);
}

char *
sl_idempotency_key_make(const SlKeyName *name, const char *source, int64 version)
{
	char *key = psprintf("%s-to-%s-%s-%.*s-v" INT64_FORMAT, source, name->target,
						 name->entity, name->record_key_len, name->record_key, version);
	int   len = (int) strlen(key);

	return len <= MAX_KEY_LEN ? key : shorten(key, len, version);
}

/* Moves *text over what it begins with; false where it does not. */
static bool
skip(SlToken *text, const char *what, int32 len)
{
	if (text->len < len || memcmp(text->data, what, len) != 0)
		return false;
	text->data += len;
	text->len -= len;
	return true;
}

static bool
skip_word(SlToken *text, const char *word)
{
	return skip(text, word, (int32) strlen(word));
}

/* The number that is all of a text, or 0. */
static int64
read_version(SlToken digits)
{
	int64 version = 0;

	if (digits.len == 0 || digits.len > MAX_VERSION_DIGITS || digits.data[0] == '0')
		return 0;
	for (int32 i = 0; i < digits.len; i++)
	{
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return 0;
		version = version * 10 + (digits.data[i] - '0');
	}
	return version;
}

/* The version in front of the hash in which a shortened key ends, or 0. */
static int64
read_shortened_version(SlToken stamp)
{
	int32 end = stamp.len - SL_DIGEST_HEX - 1;
	int32 start = end;

	if (end < 2 || stamp.data[end] != '-')
		return 0;
	while (start > 0 && stamp.data[start - 1] >= '0' && stamp.data[start - 1] <= '9')
		start--;
	return read_version((SlToken){stamp.data + start, end - start});
}

static int64
shortened_key_version(const SlKeyName *name, const char *source, SlToken stamp)
{
	int64       version = read_shortened_version(stamp);
	const char *key;

	if (version == 0)
		return 0;
	key = sl_idempotency_key_make(name, source, version);
	return strlen(key) == stamp.len && memcmp(key, stamp.data, stamp.len) == 0 ? version
																			   : 0;
}

int64
sl_idempotency_key_version(const SlKeyName *name, SlToken stamp)
{
	const char *dash = stamp.len == 0 ? NULL : memchr(stamp.data, '-', stamp.len);
	SlToken     rest = stamp;
	int32       source_len;

	if (dash == NULL || dash == stamp.data || stamp.len > MAX_KEY_LEN)
		return 0;
	source_len = (int32) (dash - stamp.data);
	skip(&rest, stamp.data, source_len);
	if (!skip_word(&rest, "-to-") || !skip_word(&rest, name->target) ||
		!skip_word(&rest, "-") || !skip_word(&rest, name->entity) ||
		!skip_word(&rest, "-"))
		return 0;
	if (skip(&rest, name->record_key, name->record_key_len) && skip_word(&rest, "-v"))
		return read_version(rest);
	return shortened_key_version(name, pnstrdup(stamp.data, source_len), stamp);
}
