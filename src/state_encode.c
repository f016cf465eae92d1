/*
 * state_encode.c
 *	  From a state in memory to the bytes of its row.
 *
 * What a system shows is written as its difference from the golden record, so a
 * record at rest costs one bit a field and system.  Names stand once; equal authors, times
 * and tokens are shared.
 */
#include "postgres.h"

#include "state_encoder.h"

static bool
same_actor(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a == b || strcmp(a, b) == 0;
}

static int
edit_of(SlEncoder *e, const SlGolden *g)
{
	for (int i = 0; i < e->nedits; i++)
	{
		SlEdit *edit = &e->edits[i];

		if (edit->version == g->version && edit->author == g->author &&
			edit->changed_at == g->changed_at && same_actor(edit->actor, g->actor))
			return i;
	}
	e->edits[e->nedits] = (SlEdit){g->author, g->actor, g->changed_at, g->version};
	return e->nedits++;
}

void
sl_encode_optional(StringInfo out, const char *actor)
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
uint64
sl_author_code(int author)
{
	return author >= 0 ? (uint64) author + 3 : (uint64) (-author - 1);
}

static int
compare_edits(const void *a, const void *b)
{
	const SlEdit *x = a;
	const SlEdit *y = b;

	return x->version < y->version ? -1 : x->version > y->version;
}

static void
put_names(SlEncoder *e)
{
	sl_put_varint(&e->out, (uint64) e->policy->nsystems + e->state->ngone);
	for (int i = 0; i < e->policy->nsystems; i++)
		sl_put_string(&e->out, e->policy->systems[i].name,
					  (int32) strlen(e->policy->systems[i].name));
	for (int i = 0; i < e->state->ngone; i++)
		sl_put_string(&e->out, e->state->gone[i].name,
					  (int32) strlen(e->state->gone[i].name));
}

static void
put_edits(SlEncoder *e)
{
	sl_put_varint(&e->out, (uint64) e->nedits);
	for (int i = 0; i < e->nedits; i++)
	{
		SlEdit *edit = &e->edits[i];

		sl_put_varint(&e->out, sl_author_code(edit->author));
		sl_encode_optional(&e->out, edit->actor);
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

		sl_put_varint(out, sl_author_code(side->system));
		sl_put_byte(out, (side->is_buried ? SL_SIDE_BURIED : 0) |
							 (side->has_many ? SL_SIDE_MANY : 0));
		sl_put_tagged_value(out, &side->last);
	}
}

static void
put_tombstone(SlEncoder *e)
{
	const SlState *state = e->state;

	if (state->is_deleted)
	{
		sl_put_varint(&e->out, sl_author_code(state->deleted_by));
		sl_encode_optional(&e->out, state->deleted_actor);
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
put_golden(SlEncoder *e, const SlGolden *g)
{
	bool has_more = g->owner_spoke >= 0 || g->nflips > 0 || g->conflict != NULL;

	sl_put_byte(&e->out, (uint8) g->value.kind | (g->nformer > 0 ? SL_GOLDEN_FORMER : 0) |
							 (has_more ? SL_GOLDEN_MORE : 0));
	sl_put_varint(&e->out, (uint64) edit_of(e, g));
	put_former(&e->out, g);
	if (!has_more)
		return;
	sl_put_varint(&e->out, sl_author_code(g->owner_spoke));
	put_flips(&e->out, g);
	put_conflict(&e->out, g->conflict);
}

static void
put_fields(SlEncoder *e)
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
put_values(SlEncoder *e)
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

int
sl_begin_length(SlEncoder *e)
{
	int at = e->out.len;

	for (int i = 0; i < 4; i++)
		sl_put_byte(&e->out, 0);
	return at;
}

void
sl_end_length(SlEncoder *e, int at)
{
	uint32 len = (uint32) (e->out.len - at - 4);

	for (int i = 0; i < 4; i++)
		e->out.data[at + i] = (char) (len >> (8 * i));
}

static void
find_known(SlEncoder *e)
{
	const SlState *state = e->state;

	e->known = palloc(sizeof(int) * e->policy->nfields);
	e->edits = palloc(sizeof(SlEdit) * (e->policy->nfields + 1));
	for (int i = 0; i < e->policy->nfields; i++)
	{
		if (!state->golden[i].is_known && state->golden[i].conflict == NULL)
			continue;
		e->known[e->nknown++] = i;
		edit_of(e, &state->golden[i]);
	}
	qsort(e->edits, e->nedits, sizeof(SlEdit), compare_edits);
}

bytea *
sl_state_encode(const SlPolicy *policy, const SlState *state)
{
	SlEncoder e = {.policy = policy, .state = state};
	int       at;

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
	at = sl_begin_length(&e);
	put_names(&e);
	put_edits(&e);
	put_tombstone(&e);
	put_fields(&e);
	sl_encode_parts(&e);
	sl_end_length(&e, at);
	put_values(&e);
	SET_VARSIZE(e.out.data, e.out.len);
	return (bytea *) e.out.data;
}
