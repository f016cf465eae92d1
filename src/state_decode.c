/*
 * state_decode.c
 *	  From the bytes of a row to a state, numbered as the policy is.
 *
 * Fields that the policy no longer has are read over, and systems but for whether they
 * have the record; those that it has and the bytes do not are unknown and unseen.
 */
#include "postgres.h"

#include <ctype.h>

#include "state_decoder.h"

void
sl_state_damaged(void)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
					errmsg("the stored state of a record is damaged"),
					errhint("Restore sync_state from a backup, or delete the row and "
							"let each system show the record again.")));
}

/* How long the escape is whose backslash stands at p, before end; 0: it is none. */
static int
escape_length(const char *p, const char *end)
{
	if (end - p >= 2 && p[1] != '\0' && strchr("\"\\bfnrt", p[1]) != NULL)
		return 2;
	if (end - p >= 6 && memcmp(p, "\\u00", 4) == 0 && isxdigit((unsigned char) p[4]) &&
		isxdigit((unsigned char) p[5]))
		return 6;
	return 0;
}

/* Before the last byte, which closes the string, array or object. */
void
sl_check_escapes(const SlValue *value)
{
	const char *end = value->data + value->len - 1;

	for (const char *p = value->data; p < end; p++)
	{
		int len = *p == '\\' ? escape_length(p, end) : 1;

		if (len == 0)
			sl_state_damaged();
		p += len - 1;
	}
}

int
sl_decode_author(const SlDecoder *d, uint64 code)
{
	if (code < 3)
		return -(int) code - 1;
	if (code - 3 >= (uint64) d->nnames)
		sl_state_damaged();
	return d->systems[code - 3];
}

/* A system that is in the policy no more keeps its name, for those who ask who it was. */
static int
gone_system(SlDecoder *d, const char *name, int len)
{
	SlState      *state = d->state;
	SlGoneSystem *gone = palloc(sizeof(SlGoneSystem) * (state->ngone + 1));

	if (state->ngone > 0)
		memcpy(gone, state->gone, sizeof(SlGoneSystem) * state->ngone);
	gone[state->ngone] = (SlGoneSystem){pnstrdup(name, len), SL_NOT_THERE, NULL};
	state->gone = gone;
	return d->policy->nsystems + state->ngone++;
}

static int
system_by_name(SlDecoder *d, const char *name, int len, int hint)
{
	const SlPolicy *policy = d->policy;

	for (int i = 0; i < policy->nsystems; i++)
	{
		int s = (hint + i) % policy->nsystems;

		if (sl_state_names(policy->systems[s].name, name, len))
			return s;
	}
	return gone_system(d, name, len);
}

static void
get_names(SlDecoder *d)
{
	d->nnames = sl_decode_count(d);
	d->systems = sl_decode_room(d->nnames, d->system_room, sizeof(int));
	for (int i = 0; i < d->nnames; i++)
	{
		int         len = sl_decode_count(d);
		const char *name = sl_get_bytes(&d->cursor, (uint64) len);

		d->systems[i] = system_by_name(d, name, len, i);
	}
}

static void
get_edits(SlDecoder *d)
{
	d->nedits = sl_decode_count(d);
	d->edits = sl_decode_room(d->nedits, d->edit_room, sizeof(SlStoredEdit));
	for (int i = 0; i < d->nedits; i++)
	{
		SlStoredEdit *edit = &d->edits[i];
		uint64        len;

		edit->author = sl_get_varint(&d->cursor);
		len = sl_get_varint(&d->cursor);
		edit->actor = len == 0 ? NULL : sl_get_bytes(&d->cursor, len - 1);
		edit->actor_len = len == 0 ? 0 : (uint32) len - 1;
		edit->changed_at = sl_get_time(&d->cursor);
		edit->version = (int64) sl_get_varint(&d->cursor);
	}
}

static SlConflict *
get_conflict(SlDecoder *d)
{
	SlConflict *conflict;

	if (sl_get_byte(&d->cursor) == 0)
		return NULL;
	conflict = palloc0(sizeof(SlConflict));
	conflict->id = (int64) sl_get_varint(&d->cursor);
	conflict->kind = (SlConflictKind) sl_get_choice(&d->cursor, SL_CONFLICT_OSCILLATION);
	conflict->nsides = sl_decode_count(d);
	conflict->sides = palloc0(sizeof(SlSide) * (conflict->nsides + d->policy->nsystems));
	for (int i = 0; i < conflict->nsides; i++)
	{
		SlSide *side = &conflict->sides[i];
		uint8   flags;

		side->system = sl_decode_author(d, sl_get_varint(&d->cursor));
		if (side->system < 0)
			sl_state_damaged();
		flags = sl_get_byte(&d->cursor);
		side->is_buried = (flags & SL_SIDE_BURIED) != 0;
		side->has_many = (flags & SL_SIDE_MANY) != 0;
		side->last = sl_get_tagged_value(&d->cursor);
	}
	return conflict;
}

const char *
sl_decode_optional(SlDecoder *d)
{
	uint64      len = sl_get_varint(&d->cursor);
	const char *text = len == 0 ? NULL : sl_get_bytes(&d->cursor, len - 1);

	return text == NULL ? NULL : pnstrdup(text, len - 1);
}

static void
get_tombstone(SlDecoder *d, uint8 flags)
{
	SlState *state = d->state;

	state->is_deleted = (flags & SL_STATE_DELETED) != 0;
	if (state->is_deleted)
	{
		state->deleted_by = sl_decode_author(d, sl_get_varint(&d->cursor));
		state->deleted_actor = sl_decode_optional(d);
		state->deleted_at = sl_get_time(&d->cursor);
		state->deleted_version = (int64) sl_get_varint(&d->cursor);
	}
	if ((flags & SL_STATE_CONFLICT) != 0)
		state->conflict = get_conflict(d);
}

/* Fields stand in the policy's own order, so the next one is nearly always the next. */
static int
field_by_name(const SlPolicy *policy, const char *name, int len, int *next)
{
	if (*next < policy->nfields && policy->fields[*next].name_len == len &&
		memcmp(policy->fields[*next].name, name, len) == 0)
		return (*next)++;
	for (int i = 0; i < policy->nfields; i++)
	{
		if (policy->fields[i].name_len != len ||
			memcmp(policy->fields[i].name, name, len) != 0)
			continue;
		*next = i + 1;
		return i;
	}
	return -1;
}

static void
get_former(SlDecoder *d, SlGolden *g)
{
	g->nformer = sl_decode_count(d);
	g->former = palloc(sizeof(uint32) * g->nformer);
	for (int i = 0; i < g->nformer; i++)
		g->former[i] = (uint32) sl_get_fixed(&d->cursor, 4);
}

static void
get_flips(SlDecoder *d, SlGolden *g)
{
	g->nflips = sl_decode_count(d);
	g->flips = palloc(sizeof(TimestampTz) * g->nflips);
	for (int i = 0; i < g->nflips; i++)
		g->flips[i] = sl_get_time(&d->cursor);
}

static void
get_golden(SlDecoder *d, SlGolden *g)
{
	uint8               flags = sl_get_byte(&d->cursor);
	uint64              edit = sl_get_varint(&d->cursor);
	const SlStoredEdit *e;

	if (edit >= (uint64) d->nedits)
		sl_state_damaged();
	e = &d->edits[edit];
	g->is_known = true;
	g->value = sl_get_value(&d->values, (SlKind) (flags & 3));
	g->author = sl_decode_author(d, e->author);
	g->actor = e->actor == NULL || d->only >= 0 ? NULL : pnstrdup(e->actor, e->actor_len);
	g->changed_at = e->changed_at;
	g->version = e->version;
	if ((flags & SL_GOLDEN_FORMER) != 0)
		get_former(d, g);
	if ((flags & SL_GOLDEN_MORE) == 0)
		return;
	g->owner_spoke = sl_decode_author(d, sl_get_varint(&d->cursor));
	get_flips(d, g);
	g->conflict = get_conflict(d);
}

static void
get_fields(SlDecoder *d)
{
	int next = 0;

	d->nknown = sl_decode_count(d);
	d->known = sl_decode_room(d->nknown, d->known_room, sizeof(int));
	for (int i = 0; i < d->nknown; i++)
	{
		uint64      len = sl_get_varint(&d->values);
		const char *name = sl_get_bytes(&d->values, len);
		SlGolden    dropped;

		d->known[i] = field_by_name(d->policy, name, (int) len, &next);
		get_golden(d, d->known[i] < 0 ? &dropped : &d->state->golden[d->known[i]]);
	}
}

/* The room for lists stays as it is: it is large, and written before it is read. */
static void
begin(SlDecoder *d, const SlPolicy *policy, SlState *state, int only)
{
	d->policy = policy;
	d->state = state;
	d->only = only;
}

static void
decode(SlDecoder *d)
{
	SlState *state = d->state;
	uint8    flags;

	if (sl_get_byte(&d->cursor) != SL_STATE_FORMAT)
		sl_state_damaged();
	state->policy_version = (int32) sl_get_varint(&d->cursor);
	state->version = (int64) sl_get_varint(&d->cursor);
	state->generation = (int32) sl_get_varint(&d->cursor);
	flags = sl_get_byte(&d->cursor);
	d->values = (SlCursor){sl_decode_end(d), d->cursor.end};
	get_names(d);
	get_edits(d);
	get_tombstone(d, flags);
	get_fields(d);
	d->others = d->values;
	sl_decode_parts(d);
	if (state->policy_version != d->policy->version)
		sl_state_renew(d->policy, state);
}

SlState *
sl_state_decode(const SlPolicy *policy, const char *data, int32 len)
{
	SlState  *state = sl_state_new(policy);
	SlDecoder d;

	if (len == 0)
		return state;
	begin(&d, policy, state, -1);
	d.cursor = (SlCursor){data, data + len};
	decode(&d);
	return state;
}

void
sl_state_decode_part(const SlPolicy *policy, int system, const char *data, int32 len,
					 SlState *scratch)
{
	SlDecoder d;

	sl_state_clear(policy, scratch, system);
	if (len == 0)
		return;
	begin(&d, policy, scratch, system);
	d.cursor = (SlCursor){data, data + len};
	decode(&d);
}

int32
sl_state_policy_version(const char *data, int32 len)
{
	SlCursor cursor = {data, data + len};

	if (len == 0)
		return 0;
	if (sl_get_byte(&cursor) != SL_STATE_FORMAT)
		sl_state_damaged();
	return (int32) sl_get_varint(&cursor);
}
