/*
 * state_codec.h
 *	  The bytes of a state: variable-length integers, strings, values.
 */
#ifndef SL_STATE_CODEC_H
#define SL_STATE_CODEC_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "compat.h"
#include "state.h"

#define SL_STATE_FORMAT 2

/* What a part says of a field, one byte for each that is not plain. */
#define SL_SHOWN_SEEN     0x01
#define SL_SHOWN_OBSERVED 0x02
#define SL_SHOWN_SETTLED  0x04
#define SL_SHOWN_KNOWS    0x08
#define SL_SHOWN_UNSURE   0x10
#define SL_SHOWN_ACKED    0x20
#define SL_SHOWN_SAME     0x40 /* the value is C's */
#define SL_SHOWN_MORE     0x80 /* tokens, answers, writes follow */

#define SL_UNDECIDED          0x01 /* what was shown before follows */
#define SL_UNDECIDED_SEEN     0x02
#define SL_UNDECIDED_OBSERVED 0x04
#define SL_SHOWN_OURS         0x08 /* in the same byte: a write of ours left the value */

#define SL_WRITE_SIGHTED       0x04 /* below it: the status */
#define SL_WRITE_CROSSED       0x08
#define SL_WRITE_REWRITTEN     0x10
#define SL_WRITE_VALUE_LATE    0x20
#define SL_WRITE_REPLACED_LATE 0x40
#define SL_WRITE_STAMP_USED    0x80

/* In the place of a kind, where a write's value stands elsewhere in the field already: */
#define SL_VALUE_OF_GOLDEN 4
#define SL_VALUE_OF_SHOWN  5

/* A golden field: its value's kind in the two low bits, then: */
#define SL_GOLDEN_MORE   0x04 /* owner, flips, conflict follow */
#define SL_GOLDEN_FORMER 0x08 /* before them, marks of what it was a while ago */

/* A record: */
#define SL_STATE_DELETED  0x01 /* the tombstone follows the edits */
#define SL_STATE_CONFLICT 0x02 /* and, after that, the record's conflict */

/* A part: */
#define SL_PART_FIELDS   0x01 /* some field is seen, or remembers a write */
#define SL_PART_ERASURE  0x02 /* a delete of ours, or a delete there, is remembered */
#define SL_PART_OUTDATED 0x04 /* what a worker has was claimed by an older policy */

#define SL_SIDE_BURIED 0x01
#define SL_SIDE_MANY   0x02

/* Where a decoder stands.  Reading past the end is an error: the state is damaged. */
typedef struct SlCursor
{
	const char *next;
	const char *end;
} SlCursor;

extern void sl_state_damaged(void) pg_attribute_noreturn();

static inline uint64
sl_get_varint(SlCursor *c)
{
	uint64 value = 0;
	int    shift = 0;

	while (c->next < c->end && shift < 64)
	{
		uint8 byte = (uint8) *c->next++;

		value |= ((uint64) (byte & 0x7f)) << shift;
		if ((byte & 0x80) == 0)
			return value;
		shift += 7;
	}
	sl_state_damaged();
}

static inline const char *
sl_get_bytes(SlCursor *c, uint64 len)
{
	const char *bytes = c->next;

	if (len > (uint64) (c->end - c->next))
		sl_state_damaged();
	c->next += len;
	return bytes;
}

static inline uint8
sl_get_byte(SlCursor *c)
{
	return (uint8) *sl_get_bytes(c, 1);
}

/* One of an enum's values, of which the last one is given. */
static inline uint8
sl_get_choice(SlCursor *c, int last)
{
	uint8 choice = sl_get_byte(c);

	if (choice > last)
		sl_state_damaged();
	return choice;
}

/* True where the bytes, which may be any, are a name. */
static inline bool
sl_state_names(const char *name, const char *bytes, uint64 len)
{
	return strlen(name) == len && memcmp(name, bytes, len) == 0;
}

/* Marks and times stand as they are, low byte first. */
static inline uint64
sl_get_fixed(SlCursor *c, int nbytes)
{
	const unsigned char *b = (const unsigned char *) sl_get_bytes(c, (uint64) nbytes);
	uint64               value = 0;

	for (int i = nbytes - 1; i >= 0; i--)
		value = (value << 8) | b[i];
	return value;
}

static inline TimestampTz
sl_get_time(SlCursor *c)
{
	return (TimestampTz) sl_get_fixed(c, 8);
}

/* Ends in an error where a backslash in the value is no escape of canonical JSON. */
extern void sl_check_escapes(const SlValue *value);

/*
 * Who reads a value takes it for canonical JSON.  Damage may make it something else, but
 * not something that is read beyond its end.
 */
static inline void
sl_check_value(const SlValue *value)
{
	char first = value->len > 0 ? value->data[0] : '\0';
	char last = value->len > 1 ? value->data[value->len - 1] : '\0';

	if (value->len <= 0 || (first == '"' && last != '"') ||
		(first == '[' && last != ']') || (first == '{' && last != '}'))
		sl_state_damaged();
	if (memchr(value->data, '\\', value->len) != NULL)
		sl_check_escapes(value);
}

static inline SlValue
sl_get_value(SlCursor *c, SlKind kind)
{
	SlValue value = sl_value_absent();

	if (kind == SL_NULL)
		return sl_value_null();
	if (kind == SL_ABSENT)
		return value;
	value.kind = kind;
	value.len = (int32) sl_get_varint(c);
	value.data = sl_get_bytes(c, (uint64) value.len);
	sl_check_value(&value);
	return value;
}

static inline SlKind
sl_kind_of(uint8 kind)
{
	if (kind > SL_INEXACT)
		sl_state_damaged();
	return (SlKind) kind;
}

static inline SlValue
sl_get_tagged_value(SlCursor *c)
{
	SlKind kind = sl_kind_of(sl_get_byte(c));

	return sl_get_value(c, kind);
}

static inline void
sl_put_varint(StringInfo out, uint64 value)
{
	enlargeStringInfo(out, 10);
	while (value >= 0x80)
	{
		out->data[out->len++] = (char) (value | 0x80);
		value >>= 7;
	}
	out->data[out->len++] = (char) value;
}

static inline void
sl_put_byte(StringInfo out, uint8 value)
{
	appendStringInfoCharMacro(out, (char) value);
}

static inline void
sl_put_string(StringInfo out, const char *s, int32 len)
{
	sl_put_varint(out, (uint64) len);
	if (len > 0)
		appendBinaryStringInfo(out, s, len);
}

static inline void
sl_put_fixed(StringInfo out, uint64 value, int nbytes)
{
	enlargeStringInfo(out, nbytes);
	for (int i = 0; i < nbytes; i++)
		out->data[out->len++] = (char) (value >> (8 * i));
}

static inline void
sl_put_time(StringInfo out, TimestampTz time)
{
	sl_put_fixed(out, (uint64) time, 8);
}

static inline void
sl_put_value(StringInfo out, const SlValue *value)
{
	if (value->kind == SL_EXACT || value->kind == SL_INEXACT)
		sl_put_string(out, value->data, value->len);
}

static inline void
sl_put_tagged_value(StringInfo out, const SlValue *value)
{
	sl_put_byte(out, (uint8) value->kind);
	sl_put_value(out, value);
}

#endif
