/*
 * state_encode_part.c
 *	  What each system shows, as bytes of a row.
 *
 * A record at rest costs one bit a field and system; what is not C's value stands at the
 * end of the state.
 */
#include "postgres.h"

#include "state_decoder.h"
#include "state_encoder.h"

/* A token's place in the part's list, from 1; 0 for none. */
static int
token_index(SlEncoder *e, SlToken token)
{
	if (token.len == 0)
		return 0;
	for (int i = 0; i < e->ntokens; i++)
		if (e->tokens[i].len == token.len &&
			memcmp(e->tokens[i].data, token.data, token.len) == 0)
			return i + 1;
	e->tokens[e->ntokens++] = token;
	return e->ntokens;
}

/* Lists the tokens of a part; the first one listed is what plain fields have. */
static void
collect_tokens(SlEncoder *e, const SlPart *part)
{
	e->ntokens = 0;
	e->tokens = palloc(sizeof(SlToken) * (3 * e->nknown + 1));
	for (int i = 0; i < e->nknown; i++)
	{
		const SlShown *shown = &part->shown[e->known[i]];

		token_index(e, shown->token);
		token_index(e, shown->token_shown);
		token_index(e, shown->token_own);
	}
}

static void
put_tokens(SlEncoder *e)
{
	sl_put_varint(&e->out, (uint64) e->ntokens);
	for (int i = 0; i < e->ntokens; i++)
		sl_put_string(&e->out, e->tokens[i].data, e->tokens[i].len);
}

static bool
has_plain_tokens(SlEncoder *e, const SlShown *shown)
{
	int plain = e->ntokens > 0 ? 1 : 0;

	return token_index(e, shown->token) == plain &&
		   token_index(e, shown->token_shown) == plain &&
		   token_index(e, shown->token_own) == plain;
}

static bool
is_plain(SlEncoder *e, int field, const SlShown *shown)
{
	return shown->is_seen && shown->is_observed && !shown->is_settled &&
		   !shown->is_unsure && !shown->acked_since && shown->nwrites == 0 &&
		   shown->answers == 0 && !shown->is_undecided &&
		   sl_value_equal(&shown->value, &e->state->golden[field].value) &&
		   has_plain_tokens(e, shown);
}

/* Its kind here, its bytes at the end. */
static void
put_other_value(SlEncoder *e, const SlValue *value)
{
	sl_put_byte(&e->out, (uint8) value->kind);
	sl_put_value(&e->others, value);
}

/* A value of a write is mostly one that the field has anyway. */
static void
put_shared_value(SlEncoder *e, int field, const SlShown *shown, const SlValue *value)
{
	if (sl_value_equal(value, &e->state->golden[field].value))
		sl_put_byte(&e->out, SL_VALUE_OF_GOLDEN);
	else if (shown->is_seen && sl_value_equal(value, &shown->value))
		sl_put_byte(&e->out, SL_VALUE_OF_SHOWN);
	else
		put_other_value(e, value);
}

static void
put_write(SlEncoder *e, int field, const SlShown *shown, const SlWrite *w)
{
	sl_put_byte(&e->out, (uint8) w->status | (w->is_sighted ? SL_WRITE_SIGHTED : 0) |
							 (w->is_crossed ? SL_WRITE_CROSSED : 0) |
							 (w->is_rewritten ? SL_WRITE_REWRITTEN : 0) |
							 (w->value_came_late ? SL_WRITE_VALUE_LATE : 0) |
							 (w->replaced_came_late ? SL_WRITE_REPLACED_LATE : 0) |
							 (w->stamp_used ? SL_WRITE_STAMP_USED : 0));
	put_shared_value(e, field, shown, &w->value);
	put_shared_value(e, field, shown, &w->replaced);
	sl_put_varint(&e->out, (uint64) w->version);
	sl_put_time(&e->out, w->since);
	sl_put_string(&e->out, w->token.data, w->token.len);
}

static void
put_undecided(SlEncoder *e, const SlShown *shown)
{
	bool is_undecided = shown->is_undecided;

	sl_put_byte(&e->out,
				(shown->is_ours ? SL_SHOWN_OURS : 0) | (is_undecided ? SL_UNDECIDED : 0) |
					(is_undecided && shown->was_seen ? SL_UNDECIDED_SEEN : 0) |
					(is_undecided && shown->was_observed ? SL_UNDECIDED_OBSERVED : 0));
	if (is_undecided)
		put_other_value(e, &shown->base);
}

static void
put_shown(SlEncoder *e, int field, const SlShown *shown)
{
	bool is_same = sl_value_equal(&shown->value, &e->state->golden[field].value);
	bool has_more = shown->nwrites > 0 || shown->answers > 0 || shown->is_undecided ||
					shown->token.len > 0 || shown->token_shown.len > 0 ||
					shown->token_own.len > 0;

	sl_put_byte(&e->out, (shown->is_seen ? SL_SHOWN_SEEN : 0) |
							 (shown->is_observed ? SL_SHOWN_OBSERVED : 0) |
							 (shown->is_settled ? SL_SHOWN_SETTLED : 0) |
							 (shown->knows_golden ? SL_SHOWN_KNOWS : 0) |
							 (shown->is_unsure ? SL_SHOWN_UNSURE : 0) |
							 (shown->acked_since ? SL_SHOWN_ACKED : 0) |
							 (is_same ? SL_SHOWN_SAME : 0) |
							 (has_more ? SL_SHOWN_MORE : 0));
	if (shown->is_seen && !is_same)
		put_other_value(e, &shown->value);
	if (!has_more)
		return;
	sl_put_varint(&e->out, (uint64) token_index(e, shown->token));
	sl_put_varint(&e->out, (uint64) token_index(e, shown->token_shown));
	sl_put_varint(&e->out, (uint64) token_index(e, shown->token_own));
	sl_put_varint(&e->out, (uint64) shown->answers);
	put_undecided(e, shown);
	sl_put_varint(&e->out, (uint64) shown->nwrites);
	for (int i = 0; i < shown->nwrites; i++)
		put_write(e, field, shown, &shown->writes[i]);
}

static bool
says_something(const SlShown *shown)
{
	return shown->is_seen || shown->is_settled || shown->nwrites > 0 ||
		   shown->is_unsure || shown->token.len > 0;
}

static bool
part_has_fields(const SlEncoder *e, const SlPart *part)
{
	for (int i = 0; i < e->nknown; i++)
		if (says_something(&part->shown[e->known[i]]))
			return true;
	return false;
}

/* Where its values begin; a bit for each known field, set where it is plain; the others. */
static void
put_part_fields(SlEncoder *e, const SlPart *part)
{
	int nbytes = (e->nknown + 7) / 8;
	int bits;

	sl_put_varint(&e->out, (uint64) e->others.len);
	collect_tokens(e, part);
	put_tokens(e);
	bits = e->out.len;
	for (int i = 0; i < nbytes; i++)
		sl_put_byte(&e->out, 0);
	for (int i = 0; i < e->nknown; i++)
	{
		const SlShown *shown = &part->shown[e->known[i]];

		if (is_plain(e, e->known[i], shown))
			e->out.data[bits + i / 8] |= (char) (1 << (i % 8));
		else
			put_shown(e, e->known[i], shown);
	}
}

static bool
part_has_erasure(const SlPart *part)
{
	return part->erasure != SL_ERASURE_NONE || part->erasures_owed > 0 ||
		   part->deleted_itself || part->former_id != NULL || part->replaced_id != NULL;
}

static void
put_part_body(SlEncoder *e, const SlPart *part)
{
	bool has_fields = part_has_fields(e, part);
	bool has_erasure = part_has_erasure(part);

	sl_put_byte(&e->out, (has_fields ? SL_PART_FIELDS : 0) |
							 (has_erasure ? SL_PART_ERASURE : 0) |
							 (part->is_lease_outdated ? SL_PART_OUTDATED : 0));
	sl_put_byte(&e->out, (uint8) part->existence);
	sl_encode_optional(&e->out, part->native_id);
	sl_put_byte(&e->out, (uint8) part->leased_action);
	sl_put_varint(&e->out, (uint64) part->leased_version);
	sl_put_varint(&e->out, (uint64) part->leased_id);
	sl_put_varint(&e->out, sl_author_code(part->leased_source));
	sl_put_varint(&e->out, (uint64) part->waiting_version);
	sl_put_varint(&e->out, (uint64) part->waiting_id);
	sl_put_varint(&e->out, sl_author_code(part->waiting_source));
	sl_put_varint(&e->out, (uint64) part->create_version);
	sl_put_varint(&e->out, sl_author_code(part->create_source));
	if (has_erasure)
		sl_put_erasure(&e->out, part);
	if (has_fields)
		put_part_fields(e, part);
}

static bool
part_is_empty(const SlEncoder *e, const SlPart *part)
{
	return part->existence == SL_NOT_THERE && part->create_version == 0 &&
		   part->waiting_version == 0 && part->leased_version == 0 && !part->native_id &&
		   !part_has_erasure(part) && !part_has_fields(e, part);
}

/* Parts carry their length, so a reader skips the others. */
static void
put_part(SlEncoder *e, int system, const SlPart *part)
{
	int at;

	sl_put_varint(&e->out, (uint64) system);
	at = sl_begin_length(e);
	put_part_body(e, part);
	sl_end_length(e, at);
}

/* A system that left the policy: the part of one that has shown no field that is known. */
static void
put_gone_part(SlEncoder *e, int number)
{
	const SlGoneSystem *gone = &e->state->gone[number];
	SlPart              part = {.existence = gone->existence,
								.native_id = gone->native_id,
								.leased_source = SL_AUTHOR_NONE,
								.waiting_source = SL_AUTHOR_NONE,
								.create_source = SL_AUTHOR_NONE,
								.shown = palloc0(sizeof(SlShown) * e->policy->nfields)};

	put_part(e, e->policy->nsystems + number, &part);
}

void
sl_encode_parts(SlEncoder *e)
{
	int nparts = 0;

	for (int i = 0; i < e->policy->nsystems; i++)
		nparts += part_is_empty(e, &e->state->parts[i]) ? 0 : 1;
	for (int i = 0; i < e->state->ngone; i++)
		nparts += e->state->gone[i].existence == SL_NOT_THERE ? 0 : 1;
	sl_put_varint(&e->out, (uint64) nparts);
	for (int i = 0; i < e->policy->nsystems; i++)
		if (!part_is_empty(e, &e->state->parts[i]))
			put_part(e, i, &e->state->parts[i]);
	for (int i = 0; i < e->state->ngone; i++)
		if (e->state->gone[i].existence != SL_NOT_THERE)
			put_gone_part(e, i);
}
