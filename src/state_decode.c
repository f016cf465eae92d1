/*
 * state_decode.c
 *	  From the bytes of a row to a state, numbered as the policy is.
 *
 * Names that the policy no longer has are read over; fields and systems that it has
 * and the bytes do not are unknown and unseen.
 */
#include "postgres.h"

#include "state.h"
#include "state_codec.h"

#define MAX_ON_STACK 128

/* One author, actor, time and version, shared by the fields that one edit set. */
typedef struct Edit
{
	uint64      author; /* its code */
	const char *actor;
	uint32      actor_len;
	TimestampTz changed_at;
	int64       version;
} Edit;

typedef struct Decoder
{
	const SlPolicy *policy;
	SlState        *state;
	SlCursor        cursor;
	SlCursor        values; /* names and values of the fields, which stand last */
	int             only;   /* the one system whose part is read, or -1: all */
	int             nnames;
	int            *systems; /* by name in the bytes: number of a system or gone one */
	int             nedits;
	Edit           *edits;
	int             nknown;
	int            *known; /* by field in the bytes: its number, or -1 */
	int             ntokens;
	SlToken        *tokens;
	int             system_room[MAX_ON_STACK];
	Edit            edit_room[MAX_ON_STACK];
	int             known_room[MAX_ON_STACK];
	SlToken         token_room[MAX_ON_STACK];
} Decoder;

void
sl_state_damaged(void)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
					errmsg("the stored state of a record is damaged"),
					errhint("Restore sync_state from a backup, or delete the row and "
							"let each system show the record again.")));
}

/* Checks a count against the bytes that are left, so that damage cannot ask for memory. */
static int
get_count(Decoder *d)
{
	uint64 n = sl_get_varint(&d->cursor);

	if (n > (uint64) (d->cursor.end - d->cursor.next))
		sl_state_damaged();
	return (int) n;
}

static void *
room_for(int n, void *on_stack, size_t size)
{
	return n <= MAX_ON_STACK ? on_stack : palloc(size * n);
}

static int
author_of(const Decoder *d, uint64 code)
{
	if (code < 3)
		return -(int) code - 1;
	if (code - 3 >= (uint64) d->nnames)
		sl_state_damaged();
	return d->systems[code - 3];
}

/* A system that is in the policy no more keeps its name, for those who ask who it was. */
static int
gone_system(Decoder *d, const char *name, int len)
{
	SlState     *state = d->state;
	const char **gone = palloc(sizeof(char *) * (state->ngone + 1));

	if (state->ngone > 0)
		memcpy(gone, state->gone, sizeof(char *) * state->ngone);
	gone[state->ngone] = pnstrdup(name, len);
	state->gone = gone;
	return d->policy->nsystems + state->ngone++;
}

static int
system_by_name(Decoder *d, const char *name, int len, int hint)
{
	const SlPolicy *policy = d->policy;

	for (int i = 0; i < policy->nsystems; i++)
	{
		int s = (hint + i) % policy->nsystems;

		if (strncmp(policy->systems[s].name, name, len) == 0 &&
			policy->systems[s].name[len] == '\0')
			return s;
	}
	return gone_system(d, name, len);
}

static void
get_names(Decoder *d)
{
	d->nnames = get_count(d);
	d->systems = room_for(d->nnames, d->system_room, sizeof(int));
	for (int i = 0; i < d->nnames; i++)
	{
		int         len = get_count(d);
		const char *name = sl_get_bytes(&d->cursor, (uint64) len);

		d->systems[i] = system_by_name(d, name, len, i);
	}
}

static void
get_edits(Decoder *d)
{
	d->nedits = get_count(d);
	d->edits = room_for(d->nedits, d->edit_room, sizeof(Edit));
	for (int i = 0; i < d->nedits; i++)
	{
		Edit  *edit = &d->edits[i];
		uint64 len;

		edit->author = sl_get_varint(&d->cursor);
		len = sl_get_varint(&d->cursor);
		edit->actor = len == 0 ? NULL : sl_get_bytes(&d->cursor, len - 1);
		edit->actor_len = len == 0 ? 0 : (uint32) len - 1;
		edit->changed_at = sl_get_time(&d->cursor);
		edit->version = (int64) sl_get_varint(&d->cursor);
	}
}

static SlConflict *
get_conflict(Decoder *d)
{
	SlConflict *conflict;

	if (sl_get_byte(&d->cursor) == 0)
		return NULL;
	conflict = palloc0(sizeof(SlConflict));
	conflict->id = (int64) sl_get_varint(&d->cursor);
	conflict->kind = (SlConflictKind) sl_get_byte(&d->cursor);
	conflict->nsides = get_count(d);
	conflict->sides = palloc0(sizeof(SlSide) * (conflict->nsides + d->policy->nsystems));
	for (int i = 0; i < conflict->nsides; i++)
	{
		SlSide *side = &conflict->sides[i];
		uint8   flags;

		side->system = author_of(d, sl_get_varint(&d->cursor));
		flags = sl_get_byte(&d->cursor);
		side->is_buried = (flags & SL_SIDE_BURIED) != 0;
		side->has_many = (flags & SL_SIDE_MANY) != 0;
		side->last = sl_get_tagged_value(&d->cursor);
	}
	return conflict;
}

static const char *
get_optional(Decoder *d)
{
	uint64      len = sl_get_varint(&d->cursor);
	const char *text = len == 0 ? NULL : sl_get_bytes(&d->cursor, len - 1);

	return text == NULL ? NULL : pnstrdup(text, len - 1);
}

static void
get_tombstone(Decoder *d, uint8 flags)
{
	SlState *state = d->state;

	state->is_deleted = (flags & SL_STATE_DELETED) != 0;
	if (state->is_deleted)
	{
		state->deleted_by = author_of(d, sl_get_varint(&d->cursor));
		state->deleted_actor = get_optional(d);
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
get_former(Decoder *d, SlGolden *g)
{
	g->nformer = get_count(d);
	g->former = palloc(sizeof(uint32) * g->nformer);
	for (int i = 0; i < g->nformer; i++)
		g->former[i] = (uint32) sl_get_fixed(&d->cursor, 4);
}

static void
get_flips(Decoder *d, SlGolden *g)
{
	g->nflips = get_count(d);
	g->flips = palloc(sizeof(TimestampTz) * g->nflips);
	for (int i = 0; i < g->nflips; i++)
		g->flips[i] = sl_get_time(&d->cursor);
}

static void
get_golden(Decoder *d, SlGolden *g)
{
	uint8       flags = sl_get_byte(&d->cursor);
	uint64      edit = sl_get_varint(&d->cursor);
	const Edit *e;

	if (edit >= (uint64) d->nedits)
		sl_state_damaged();
	e = &d->edits[edit];
	g->is_known = true;
	g->value = sl_get_value(&d->values, (SlKind) (flags & 3));
	g->author = author_of(d, e->author);
	g->actor = e->actor == NULL || d->only >= 0 ? NULL : pnstrdup(e->actor, e->actor_len);
	g->changed_at = e->changed_at;
	g->version = e->version;
	if ((flags & SL_GOLDEN_FORMER) != 0)
		get_former(d, g);
	if ((flags & SL_GOLDEN_MORE) == 0)
		return;
	g->owner_spoke = author_of(d, sl_get_varint(&d->cursor));
	get_flips(d, g);
	g->conflict = get_conflict(d);
}

static void
get_fields(Decoder *d)
{
	int next = 0;

	d->nknown = get_count(d);
	d->known = room_for(d->nknown, d->known_room, sizeof(int));
	for (int i = 0; i < d->nknown; i++)
	{
		uint64      len = sl_get_varint(&d->values);
		const char *name = sl_get_bytes(&d->values, len);
		SlGolden    dropped;

		d->known[i] = field_by_name(d->policy, name, (int) len, &next);
		get_golden(d, d->known[i] < 0 ? &dropped : &d->state->golden[d->known[i]]);
	}
}

static SlToken
token_of(const Decoder *d, uint64 index)
{
	if (index > (uint64) d->ntokens)
		sl_state_damaged();
	return index == 0 ? (SlToken){NULL, 0} : d->tokens[index - 1];
}

static void
get_write(Decoder *d, SlWrite *w)
{
	uint8 flags = sl_get_byte(&d->cursor);

	w->status = (SlWriteStatus) (flags & 3);
	w->is_sighted = (flags & SL_WRITE_SIGHTED) != 0;
	w->is_crossed = (flags & SL_WRITE_CROSSED) != 0;
	w->is_rewritten = (flags & SL_WRITE_REWRITTEN) != 0;
	w->value_came_late = (flags & SL_WRITE_VALUE_LATE) != 0;
	w->replaced_came_late = (flags & SL_WRITE_REPLACED_LATE) != 0;
	w->stamp_used = (flags & SL_WRITE_STAMP_USED) != 0;
	w->value = sl_get_tagged_value(&d->cursor);
	w->replaced = sl_get_tagged_value(&d->cursor);
	w->version = (int64) sl_get_varint(&d->cursor);
	w->since = sl_get_time(&d->cursor);
	w->token.len = get_count(d);
	w->token.data = sl_get_bytes(&d->cursor, (uint64) w->token.len);
}

static void
get_more(Decoder *d, SlShown *shown)
{
	shown->token = token_of(d, sl_get_varint(&d->cursor));
	shown->token_shown = token_of(d, sl_get_varint(&d->cursor));
	shown->token_own = token_of(d, sl_get_varint(&d->cursor));
	shown->answers = (int) sl_get_varint(&d->cursor);
	shown->is_undecided = sl_get_byte(&d->cursor) != 0;
	shown->nwrites = get_count(d);
	shown->maxwrites = shown->nwrites;
	if (shown->nwrites == 0)
		return;
	shown->writes = palloc0(sizeof(SlWrite) * shown->nwrites);
	for (int i = 0; i < shown->nwrites; i++)
		get_write(d, &shown->writes[i]);
}

static void
get_shown(Decoder *d, SlShown *shown, const SlValue *golden)
{
	uint8 flags = sl_get_byte(&d->cursor);

	shown->is_seen = (flags & SL_SHOWN_SEEN) != 0;
	shown->is_observed = (flags & SL_SHOWN_OBSERVED) != 0;
	shown->is_settled = (flags & SL_SHOWN_SETTLED) != 0;
	shown->knows_golden = (flags & SL_SHOWN_KNOWS) != 0;
	shown->is_unsure = (flags & SL_SHOWN_UNSURE) != 0;
	shown->acked_since = (flags & SL_SHOWN_ACKED) != 0;
	if (shown->is_seen)
		shown->value = (flags & SL_SHOWN_SAME) != 0 ? *golden
													: sl_get_tagged_value(&d->cursor);
	if ((flags & SL_SHOWN_MORE) != 0)
		get_more(d, shown);
}

static void
set_plain(const Decoder *d, SlShown *shown, const SlValue *golden)
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
get_tokens(Decoder *d)
{
	d->ntokens = get_count(d);
	d->tokens = room_for(d->ntokens, d->token_room, sizeof(SlToken));
	for (int i = 0; i < d->ntokens; i++)
	{
		d->tokens[i].len = get_count(d);
		d->tokens[i].data = sl_get_bytes(&d->cursor, (uint64) d->tokens[i].len);
	}
}

static void
get_part_fields(Decoder *d, int system)
{
	SlPart     *part = &d->state->parts[system];
	const char *bits;

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
get_part_body(Decoder *d, int system)
{
	SlPart *part = &d->state->parts[system];
	uint8   flags = sl_get_byte(&d->cursor);

	part->existence = (SlExistence) sl_get_byte(&d->cursor);
	part->native_id = get_optional(d);
	part->leased_action = (SlAction) sl_get_byte(&d->cursor);
	part->leased_version = (int64) sl_get_varint(&d->cursor);
	part->leased_id = (int64) sl_get_varint(&d->cursor);
	part->leased_source = author_of(d, sl_get_varint(&d->cursor));
	part->waiting_version = (int64) sl_get_varint(&d->cursor);
	part->waiting_id = (int64) sl_get_varint(&d->cursor);
	part->waiting_source = author_of(d, sl_get_varint(&d->cursor));
	part->create_version = (int64) sl_get_varint(&d->cursor);
	part->create_source = author_of(d, sl_get_varint(&d->cursor));
	if ((flags & SL_PART_ERASURE) != 0)
	{
		part->erasure = (SlErasure) sl_get_byte(&d->cursor);
		part->erasure_version = (int64) sl_get_varint(&d->cursor);
		part->erasures_owed = (int) sl_get_varint(&d->cursor);
		part->erased_at = sl_get_time(&d->cursor);
		part->deleted_itself = sl_get_byte(&d->cursor) != 0;
	}
	if ((flags & SL_PART_FIELDS) != 0)
		get_part_fields(d, system);
}

/* A length in four bytes, low one first; where what it measures ends. */
static const char *
get_end(Decoder *d)
{
	uint32      len = 0;
	const char *start;

	for (int b = 0; b < 4; b++)
		len |= ((uint32) sl_get_byte(&d->cursor)) << (8 * b);
	start = sl_get_bytes(&d->cursor, len);
	d->cursor.next = start;
	return start + len;
}

static void
get_parts(Decoder *d)
{
	int nparts = get_count(d);

	for (int i = 0; i < nparts; i++)
	{
		int         system = author_of(d, sl_get_varint(&d->cursor) + 3);
		const char *end = get_end(d);

		if (system < d->policy->nsystems && (d->only < 0 || system == d->only))
		{
			get_part_body(d, system);
			if (d->cursor.next != end)
				sl_state_damaged();
		}
		d->cursor.next = end;
	}
}

/* The room for lists stays as it is: it is large, and written before it is read. */
static void
begin(Decoder *d, const SlPolicy *policy, SlState *state, int only)
{
	d->policy = policy;
	d->state = state;
	d->only = only;
}

static void
decode(Decoder *d)
{
	SlState *state = d->state;
	uint8    flags;

	if (sl_get_byte(&d->cursor) != SL_STATE_FORMAT)
		sl_state_damaged();
	state->policy_version = (int32) sl_get_varint(&d->cursor);
	state->version = (int64) sl_get_varint(&d->cursor);
	state->generation = (int32) sl_get_varint(&d->cursor);
	flags = sl_get_byte(&d->cursor);
	d->values = (SlCursor){get_end(d), d->cursor.end};
	get_names(d);
	get_edits(d);
	get_tombstone(d, flags);
	get_fields(d);
	get_parts(d);
	if (state->policy_version != d->policy->version)
		sl_state_renew(d->policy, state);
}

SlState *
sl_state_decode(const SlPolicy *policy, const char *data, int32 len)
{
	SlState *state = sl_state_new(policy);
	Decoder  d;

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
	Decoder d;

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
