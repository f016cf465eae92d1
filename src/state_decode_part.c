/*
 * state_decode_part.c
 *	  What each system shows, from the bytes of a row.
 *
 * A part that nobody asks for is read over by its length.
 */
#include "postgres.h"

#include "state_decoder.h"

static SlToken
token_of(const SlDecoder *d, uint64 index)
{
	if (index > (uint64) d->ntokens)
		sl_state_damaged();
	return index == 0 ? (SlToken){NULL, 0} : d->tokens[index - 1];
}

static SlValue
get_value_of_kind(SlDecoder *d, uint8 kind)
{
	return sl_get_value(&d->values, sl_kind_of(kind));
}

static SlValue
get_other_value(SlDecoder *d)
{
	return get_value_of_kind(d, sl_get_byte(&d->cursor));
}

static SlValue
get_shared_value(SlDecoder *d, const SlShown *shown, const SlValue *golden)
{
	uint8 kind = sl_get_byte(&d->cursor);

	if (kind == SL_VALUE_OF_GOLDEN)
		return *golden;
	if (kind == SL_VALUE_OF_SHOWN)
		return shown->value;
	return get_value_of_kind(d, kind);
}

static void
get_write(SlDecoder *d, const SlShown *shown, const SlValue *golden, SlWrite *w)
{
	uint8 flags = sl_get_byte(&d->cursor);

	w->status = (SlWriteStatus) (flags & 3);
	w->is_sighted = (flags & SL_WRITE_SIGHTED) != 0;
	w->is_crossed = (flags & SL_WRITE_CROSSED) != 0;
	w->is_rewritten = (flags & SL_WRITE_REWRITTEN) != 0;
	w->value_came_late = (flags & SL_WRITE_VALUE_LATE) != 0;
	w->replaced_came_late = (flags & SL_WRITE_REPLACED_LATE) != 0;
	w->stamp_used = (flags & SL_WRITE_STAMP_USED) != 0;
	w->value = get_shared_value(d, shown, golden);
	w->replaced = get_shared_value(d, shown, golden);
	w->version = (int64) sl_get_varint(&d->cursor);
	w->since = sl_get_time(&d->cursor);
	w->token.len = sl_decode_count(d);
	w->token.data = sl_get_bytes(&d->cursor, (uint64) w->token.len);
}

static void
get_undecided(SlDecoder *d, SlShown *shown)
{
	uint8 flags = sl_get_byte(&d->cursor);

	shown->is_ours = (flags & SL_SHOWN_OURS) != 0;
	if ((flags & SL_UNDECIDED) == 0)
		return;
	shown->is_undecided = true;
	shown->was_seen = (flags & SL_UNDECIDED_SEEN) != 0;
	shown->was_observed = (flags & SL_UNDECIDED_OBSERVED) != 0;
	shown->base = get_other_value(d);
}

static void
get_more(SlDecoder *d, SlShown *shown, const SlValue *golden)
{
	shown->token = token_of(d, sl_get_varint(&d->cursor));
	shown->token_shown = token_of(d, sl_get_varint(&d->cursor));
	shown->token_own = token_of(d, sl_get_varint(&d->cursor));
	shown->answers = (int) sl_get_varint(&d->cursor);
	get_undecided(d, shown);
	shown->nwrites = sl_decode_count(d);
	shown->maxwrites = shown->nwrites;
	if (shown->nwrites == 0)
		return;
	shown->writes = palloc0(sizeof(SlWrite) * shown->nwrites);
	for (int i = 0; i < shown->nwrites; i++)
		get_write(d, shown, golden, &shown->writes[i]);
}

static void
get_shown(SlDecoder *d, SlShown *shown, const SlValue *golden)
{
	uint8 flags = sl_get_byte(&d->cursor);

	shown->is_seen = (flags & SL_SHOWN_SEEN) != 0;
	shown->is_observed = (flags & SL_SHOWN_OBSERVED) != 0;
	shown->is_settled = (flags & SL_SHOWN_SETTLED) != 0;
	shown->knows_golden = (flags & SL_SHOWN_KNOWS) != 0;
	shown->is_unsure = (flags & SL_SHOWN_UNSURE) != 0;
	shown->acked_since = (flags & SL_SHOWN_ACKED) != 0;
	if (shown->is_seen)
		shown->value = (flags & SL_SHOWN_SAME) != 0 ? *golden : get_other_value(d);
	if ((flags & SL_SHOWN_MORE) != 0)
		get_more(d, shown, golden);
}

static void
set_plain(const SlDecoder *d, SlShown *shown, const SlValue *golden)
{
	shown->is_seen = true;
	shown->is_observed = true;
	shown->value = *golden;
	if (d->ntokens == 0)
		return;
	shown->token = d->tokens[0];
	shown->token_shown = d->tokens[0];
	shown->token_own = d->tokens[0];
}

static void
get_tokens(SlDecoder *d)
{
	d->ntokens = sl_decode_count(d);
	d->tokens = sl_decode_room(d->ntokens, d->token_room, sizeof(SlToken));
	for (int i = 0; i < d->ntokens; i++)
	{
		d->tokens[i].len = sl_decode_count(d);
		d->tokens[i].data = sl_get_bytes(&d->cursor, (uint64) d->tokens[i].len);
	}
}

static void
get_part_fields(SlDecoder *d, int system)
{
	SlPart     *part = &d->state->parts[system];
	const char *bits;

	d->values = d->others;
	(void) sl_get_bytes(&d->values, sl_get_varint(&d->cursor));
	get_tokens(d);
	bits = sl_get_bytes(&d->cursor, (uint64) (d->nknown + 7) / 8);
	for (int i = 0; i < d->nknown; i++)
	{
		int      field = d->known[i];
		bool     is_kept = field >= 0 && d->policy->fields[field].paths[system] != NULL;
		SlShown  dropped = {0};
		SlValue  none = sl_value_absent();
		SlShown *shown = is_kept ? &part->shown[field] : &dropped;
		const SlValue *golden = field >= 0 ? &d->state->golden[field].value : &none;

		if ((bits[i / 8] >> (i % 8)) & 1)
			set_plain(d, shown, golden);
		else
			get_shown(d, shown, golden);
	}
}

static void
get_part_body(SlDecoder *d, int system)
{
	SlPart *part = &d->state->parts[system];
	uint8   flags = sl_get_byte(&d->cursor);

	part->is_lease_outdated = (flags & SL_PART_OUTDATED) != 0;
	part->existence = (SlExistence) sl_get_choice(&d->cursor, SL_LEFT_OUT);
	part->native_id = sl_decode_optional(d);
	part->leased_action = (SlAction) sl_get_choice(&d->cursor, SL_ACTION_DELETE);
	part->leased_version = (int64) sl_get_varint(&d->cursor);
	part->leased_id = (int64) sl_get_varint(&d->cursor);
	part->leased_source = sl_decode_author(d, sl_get_varint(&d->cursor));
	part->waiting_version = (int64) sl_get_varint(&d->cursor);
	part->waiting_id = (int64) sl_get_varint(&d->cursor);
	part->waiting_source = sl_decode_author(d, sl_get_varint(&d->cursor));
	part->create_version = (int64) sl_get_varint(&d->cursor);
	part->create_source = sl_decode_author(d, sl_get_varint(&d->cursor));
	if ((flags & SL_PART_ERASURE) != 0)
		sl_get_erasure(d, part);
	if ((flags & SL_PART_FIELDS) != 0)
		get_part_fields(d, system);
}

/* A length in four bytes, low one first; where what it measures ends. */
const char *
sl_decode_end(SlDecoder *d)
{
	uint32      len = 0;
	const char *start;

	for (int b = 0; b < 4; b++)
		len |= ((uint32) sl_get_byte(&d->cursor)) << (8 * b);
	start = sl_get_bytes(&d->cursor, len);
	d->cursor.next = start;
	return start + len;
}

/* Whether it has the record, and under which name: named again, it is not told to create it. */
static void
get_gone_part(SlDecoder *d, SlGoneSystem *gone)
{
	SlExistence existence;

	(void) sl_get_byte(&d->cursor);
	existence = (SlExistence) sl_get_choice(&d->cursor, SL_LEFT_OUT);
	if (existence != SL_THERE && existence != SL_LEFT_OUT)
		return;
	gone->existence = existence;
	gone->native_id = sl_decode_optional(d);
}

void
sl_decode_parts(SlDecoder *d)
{
	int nsystems = d->policy->nsystems;

	int nparts = sl_decode_count(d);

	for (int i = 0; i < nparts; i++)
	{
		int         system = sl_decode_system(d);
		const char *end = sl_decode_end(d);

		if (system >= nsystems && d->only < 0)
			get_gone_part(d, &d->state->gone[system - nsystems]);
		if (system < nsystems && (d->only < 0 || system == d->only))
		{
			get_part_body(d, system);
			if (d->cursor.next != end)
				sl_state_damaged();
		}
		d->cursor.next = end;
	}
}
