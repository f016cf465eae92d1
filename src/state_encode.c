/*
 * state_encode.c
 *	  From a state in memory to the bytes of its row.
 *
 * What a system shows is written as its difference from the golden record, so a
 * record at rest costs one bit a field and system.  Names stand once; equal authors, times
 * and tokens are shared.
 */
#include "postgres.h"

#include "state.h"
#include "state_codec.h"
#include "state_decoder.h"

/* One author, actor, time and version, shared by the fields that one edit set. */
typedef struct Edit
{
	int         author;
	const char *actor;
	TimestampTz changed_at;
	int64       version;
} Edit;

typedef struct Encoder
{
	const SlPolicy *policy;
	const SlState  *state;
	StringInfoData  out;
	StringInfoData  others; /* values of the parts that are not C's */
	int             nedits;
	Edit           *edits;
	int             nknown; /* the golden fields that are written ... */
	int            *known;  /* ... by number */
	int             ntokens;
	SlToken        *tokens; /* of the part at hand; index 1 is the first */
} Encoder;

static bool
same_actor(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a == b || strcmp(a, b) == 0;
}

static int
edit_of(Encoder *e, const SlGolden *g)
{
	for (int i = 0; i < e->nedits; i++)
	{
		Edit *edit = &e->edits[i];

		if (edit->version == g->version && edit->author == g->author &&
			edit->changed_at == g->changed_at && same_actor(edit->actor, g->actor))
			return i;
	}
	e->edits[e->nedits] = (Edit){g->author, g->actor, g->changed_at, g->version};
	return e->nedits++;
}

static void
put_optional(StringInfo out, const char *actor)
{
	if (actor == NULL)
	{
		sl_put_varint(out, 0);
		return;
	}
	sl_put_varint(out, strlen(actor) + 1);
	appendBinaryStringInfo(out, actor, (int) strlen(actor));
}

/* none 0, review 1, sync 2, then the names */
static uint64
author_code(int author)
{
	return author >= 0 ? (uint64) author + 3 : (uint64) (-author - 1);
}

static int
compare_edits(const void *a, const void *b)
{
	const Edit *x = a;
	const Edit *y = b;

	return x->version < y->version ? -1 : x->version > y->version;
}

static void
put_names(Encoder *e)
{
	sl_put_varint(&e->out, (uint64) (e->policy->nsystems + e->state->ngone));
	for (int i = 0; i < e->policy->nsystems; i++)
		sl_put_string(&e->out, e->policy->systems[i].name,
					  (int32) strlen(e->policy->systems[i].name));
	for (int i = 0; i < e->state->ngone; i++)
		sl_put_string(&e->out, e->state->gone[i], (int32) strlen(e->state->gone[i]));
}

static void
put_edits(Encoder *e)
{
	sl_put_varint(&e->out, (uint64) e->nedits);
	for (int i = 0; i < e->nedits; i++)
	{
		Edit *edit = &e->edits[i];

		sl_put_varint(&e->out, author_code(edit->author));
		put_optional(&e->out, edit->actor);
		sl_put_time(&e->out, edit->changed_at);
		sl_put_varint(&e->out, (uint64) edit->version);
	}
}

static void
put_conflict(StringInfo out, const SlConflict *conflict)
{
	if (conflict == NULL)
	{
		sl_put_byte(out, 0);
		return;
	}
	sl_put_byte(out, 1);
	sl_put_varint(out, (uint64) conflict->id);
	sl_put_byte(out, (uint8) conflict->kind);
	sl_put_varint(out, (uint64) conflict->nsides);
	for (int i = 0; i < conflict->nsides; i++)
	{
		const SlSide *side = &conflict->sides[i];

		sl_put_varint(out, author_code(side->system));
		sl_put_byte(out, (side->is_buried ? SL_SIDE_BURIED : 0) |
							 (side->has_many ? SL_SIDE_MANY : 0));
		sl_put_tagged_value(out, &side->last);
	}
}

static void
put_tombstone(Encoder *e)
{
	const SlState *state = e->state;

	if (state->is_deleted)
	{
		sl_put_varint(&e->out, author_code(state->deleted_by));
		put_optional(&e->out, state->deleted_actor);
		sl_put_time(&e->out, state->deleted_at);
		sl_put_varint(&e->out, (uint64) state->deleted_version);
	}
	if (state->conflict != NULL)
		put_conflict(&e->out, state->conflict);
}

static void
put_former(StringInfo out, const SlGolden *g)
{
	if (g->nformer == 0)
		return;
	sl_put_varint(out, (uint64) g->nformer);
	for (int i = 0; i < g->nformer; i++)
		sl_put_fixed(out, g->former[i], 4);
}

static void
put_flips(StringInfo out, const SlGolden *g)
{
	sl_put_varint(out, (uint64) g->nflips);
	for (int i = 0; i < g->nflips; i++)
		sl_put_time(out, g->flips[i]);
}

static void
put_golden(Encoder *e, const SlGolden *g)
{
	bool has_more = g->owner_spoke >= 0 || g->nflips > 0 || g->conflict != NULL;

	sl_put_byte(&e->out, (uint8) g->value.kind | (g->nformer > 0 ? SL_GOLDEN_FORMER : 0) |
							 (has_more ? SL_GOLDEN_MORE : 0));
	sl_put_varint(&e->out, (uint64) edit_of(e, g));
	put_former(&e->out, g);
	if (!has_more)
		return;
	sl_put_varint(&e->out, author_code(g->owner_spoke));
	put_flips(&e->out, g);
	put_conflict(&e->out, g->conflict);
}

static void
put_fields(Encoder *e)
{
	sl_put_varint(&e->out, (uint64) e->nknown);
	for (int i = 0; i < e->nknown; i++)
		put_golden(e, &e->state->golden[e->known[i]]);
}

/*
 * Names and values stand last, behind all that changes with every event, and the parts'
 * own values behind them: what an update leaves as it was is one run of bytes, which WAL
 * does not repeat.
 */
static void
put_values(Encoder *e)
{
	for (int i = 0; i < e->nknown; i++)
	{
		const SlFieldSpec *spec = &e->policy->fields[e->known[i]];
		const SlValue     *value = &e->state->golden[e->known[i]].value;

		sl_put_string(&e->out, spec->name, spec->name_len);
		sl_put_value(&e->out, value);
	}
	appendBinaryStringInfo(&e->out, e->others.data, e->others.len);
}

/* A token's place in the part's list, from 1; 0 for none. */
static int
token_index(Encoder *e, SlToken token)
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
collect_tokens(Encoder *e, const SlPart *part)
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
put_tokens(Encoder *e)
{
	sl_put_varint(&e->out, (uint64) e->ntokens);
	for (int i = 0; i < e->ntokens; i++)
		sl_put_string(&e->out, e->tokens[i].data, e->tokens[i].len);
}

static bool
has_plain_tokens(Encoder *e, const SlShown *shown)
{
	int plain = e->ntokens > 0 ? 1 : 0;

	return token_index(e, shown->token) == plain &&
		   token_index(e, shown->token_shown) == plain &&
		   token_index(e, shown->token_own) == plain;
}

static bool
is_plain(Encoder *e, int field, const SlShown *shown)
{
	return shown->is_seen && shown->is_observed && !shown->is_settled &&
		   !shown->is_unsure && !shown->acked_since && shown->nwrites == 0 &&
		   shown->answers == 0 && !shown->is_undecided &&
		   sl_value_equal(&shown->value, &e->state->golden[field].value) &&
		   has_plain_tokens(e, shown);
}

/* Its kind here, its bytes at the end. */
static void
put_other_value(Encoder *e, const SlValue *value)
{
	sl_put_byte(&e->out, (uint8) value->kind);
	sl_put_value(&e->others, value);
}

/* A value of a write is mostly one that the field has anyway. */
static void
put_shared_value(Encoder *e, int field, const SlShown *shown, const SlValue *value)
{
	if (sl_value_equal(value, &e->state->golden[field].value))
		sl_put_byte(&e->out, SL_VALUE_OF_GOLDEN);
	else if (shown->is_seen && sl_value_equal(value, &shown->value))
		sl_put_byte(&e->out, SL_VALUE_OF_SHOWN);
	else
		put_other_value(e, value);
}

static void
put_write(Encoder *e, int field, const SlShown *shown, const SlWrite *w)
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
put_undecided(Encoder *e, const SlShown *shown)
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
put_shown(Encoder *e, int field, const SlShown *shown)
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
part_has_fields(const Encoder *e, const SlPart *part)
{
	for (int i = 0; i < e->nknown; i++)
		if (says_something(&part->shown[e->known[i]]))
			return true;
	return false;
}

/* Where its values begin; a bit for each known field, set where it is plain; the others. */
static void
put_part_fields(Encoder *e, const SlPart *part)
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
		   part->deleted_itself || part->former_id != NULL;
}

static void
put_part_body(Encoder *e, const SlPart *part)
{
	bool has_fields = part_has_fields(e, part);
	bool has_erasure = part_has_erasure(part);

	sl_put_byte(&e->out,
				(has_fields ? SL_PART_FIELDS : 0) | (has_erasure ? SL_PART_ERASURE : 0));
	sl_put_byte(&e->out, (uint8) part->existence);
	put_optional(&e->out, part->native_id);
	sl_put_byte(&e->out, (uint8) part->leased_action);
	sl_put_varint(&e->out, (uint64) part->leased_version);
	sl_put_varint(&e->out, (uint64) part->leased_id);
	sl_put_varint(&e->out, author_code(part->leased_source));
	sl_put_varint(&e->out, (uint64) part->waiting_version);
	sl_put_varint(&e->out, (uint64) part->waiting_id);
	sl_put_varint(&e->out, author_code(part->waiting_source));
	sl_put_varint(&e->out, (uint64) part->create_version);
	sl_put_varint(&e->out, author_code(part->create_source));
	if (has_erasure)
		sl_put_erasure(&e->out, part);
	if (has_fields)
		put_part_fields(e, part);
}

static bool
part_is_empty(const Encoder *e, const SlPart *part)
{
	return part->existence == SL_NOT_THERE && part->create_version == 0 &&
		   part->waiting_version == 0 && part->leased_version == 0 && !part->native_id &&
		   !part_has_erasure(part) && !part_has_fields(e, part);
}

/* A length in four bytes, low one first, to be filled in by end_length(). */
static int
begin_length(Encoder *e)
{
	int at = e->out.len;

	for (int i = 0; i < 4; i++)
		sl_put_byte(&e->out, 0);
	return at;
}

static void
end_length(Encoder *e, int at)
{
	uint32 len = (uint32) (e->out.len - at - 4);

	for (int i = 0; i < 4; i++)
		e->out.data[at + i] = (char) (len >> (8 * i));
}

/* Parts carry their length, so a reader skips the others. */
static void
put_part(Encoder *e, int system)
{
	int at;

	sl_put_varint(&e->out, (uint64) system);
	at = begin_length(e);
	put_part_body(e, &e->state->parts[system]);
	end_length(e, at);
}

static void
put_parts(Encoder *e)
{
	int nparts = 0;

	for (int i = 0; i < e->policy->nsystems; i++)
		nparts += part_is_empty(e, &e->state->parts[i]) ? 0 : 1;
	sl_put_varint(&e->out, (uint64) nparts);
	for (int i = 0; i < e->policy->nsystems; i++)
		if (!part_is_empty(e, &e->state->parts[i]))
			put_part(e, i);
}

static void
find_known(Encoder *e)
{
	const SlState *state = e->state;

	e->known = palloc(sizeof(int) * e->policy->nfields);
	e->edits = palloc(sizeof(Edit) * (e->policy->nfields + 1));
	for (int i = 0; i < e->policy->nfields; i++)
	{
		if (!state->golden[i].is_known && state->golden[i].conflict == NULL)
			continue;
		e->known[e->nknown++] = i;
		edit_of(e, &state->golden[i]);
	}
	qsort(e->edits, e->nedits, sizeof(Edit), compare_edits);
}

bytea *
sl_state_encode(const SlPolicy *policy, const SlState *state)
{
	Encoder e = {.policy = policy, .state = state};
	int     at;

	initStringInfo(&e.out);
	initStringInfo(&e.others);
	e.out.len = VARHDRSZ;
	find_known(&e);
	sl_put_byte(&e.out, SL_STATE_FORMAT);
	sl_put_varint(&e.out, (uint64) policy->version);
	sl_put_varint(&e.out, (uint64) state->version);
	sl_put_varint(&e.out, (uint64) state->generation);
	sl_put_byte(&e.out, (state->is_deleted ? SL_STATE_DELETED : 0) |
							(state->conflict != NULL ? SL_STATE_CONFLICT : 0));
	at = begin_length(&e);
	put_names(&e);
	put_edits(&e);
	put_tombstone(&e);
	put_fields(&e);
	put_parts(&e);
	end_length(&e, at);
	put_values(&e);
	SET_VARSIZE(e.out.data, e.out.len);
	return (bytea *) e.out.data;
}
