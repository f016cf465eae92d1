/*
 * state_erasure.c
 *	  What is remembered of deletes and of native ids in one system, as bytes.
 *
 * What one of the two functions writes the other reads.
 */
#include "postgres.h"

#include "state_decoder.h"

#define ITSELF     0x01
#define PHOTOGRAPH 0x02
#define CREATED    0x04
#define APART      0x08
#define FORMER     0x10 /* its native id then, and since when, follow */
#define REPLACED   0x20 /* its native id before the present one follows */

static uint8
flags_of(const SlPart *part)
{
	return (part->deleted_itself ? ITSELF : 0) |
		   (part->photograph_came ? PHOTOGRAPH : 0) |
		   (part->may_be_created ? CREATED : 0) | (part->is_told_apart ? APART : 0) |
		   (part->former_id != NULL ? FORMER : 0) |
		   (part->replaced_id != NULL ? REPLACED : 0);
}

static void
put_id(StringInfo out, const char *native_id)
{
	sl_put_varint(out, strlen(native_id) + 1);
	appendBinaryStringInfo(out, native_id, (int) strlen(native_id));
}

void
sl_put_erasure(StringInfo out, const SlPart *part)
{
	sl_put_byte(out, (uint8) part->erasure);
	sl_put_varint(out, (uint64) part->erasure_version);
	sl_put_varint(out, (uint64) part->erasures_owed);
	sl_put_time(out, part->erased_at);
	sl_put_byte(out, flags_of(part));
	if (part->former_id != NULL)
	{
		put_id(out, part->former_id);
		sl_put_time(out, part->former_since);
	}
	if (part->replaced_id != NULL)
		put_id(out, part->replaced_id);
}

void
sl_get_erasure(SlDecoder *d, SlPart *part)
{
	uint8 flags;

	part->erasure = (SlErasure) sl_get_choice(&d->cursor, SL_ERASURE_LEASED_AGAIN);
	part->erasure_version = (int64) sl_get_varint(&d->cursor);
	part->erasures_owed = (int) sl_get_varint(&d->cursor);
	part->erased_at = sl_get_time(&d->cursor);
	flags = sl_get_byte(&d->cursor);
	part->deleted_itself = (flags & ITSELF) != 0;
	part->photograph_came = (flags & PHOTOGRAPH) != 0;
	part->may_be_created = (flags & CREATED) != 0;
	part->is_told_apart = (flags & APART) != 0;
	if ((flags & FORMER) != 0)
	{
		part->former_id = sl_decode_optional(d);
		part->former_since = sl_get_time(&d->cursor);
	}
	if ((flags & REPLACED) != 0)
		part->replaced_id = sl_decode_optional(d);
}
