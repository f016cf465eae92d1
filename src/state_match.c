/*
 * state_match.c
 *	  The short way to "unchanged": a stored state compared as it lies.
 *
 * It never decides more than the rules would: whatever is not plain (a newer policy, a
 * dead or frozen record, a difference, a write that is remembered, an open conflict, another token) is left to
 * them.
 */
#include "postgres.h"

#include "state_codec.h"
#include "state_match.h"

#define MAX_KNOWN 128

/* What the head of a state said on the way to its values. */
typedef struct Match
{
	const SlPolicy      *policy;
	const SlObservation *obs;
	SlCursor             cursor;
	SlCursor             values;
	int                  nknown;
	uint8                kinds[MAX_KNOWN];
	const char          *bits; /* plain ones, of the observing system */
} Match;

static void
skip_varints(SlCursor *c, int n)
{
	for (int i = 0; i < n; i++)
		sl_get_varint(c);
}

static uint32
get_length(SlCursor *c)
{
	const unsigned char *b = (const unsigned char *) sl_get_bytes(c, 4);

	return b[0] | b[1] << 8 | b[2] << 16 | (uint32) b[3] << 24;
}

/* The names must be the policy's systems, by number: then numbers can be compared. */
static bool
match_names(Match *m)
{
	uint64 n = sl_get_varint(&m->cursor);

	for (uint64 i = 0; i < n; i++)
	{
		uint64      len = sl_get_varint(&m->cursor);
		const char *name = sl_get_bytes(&m->cursor, len);

		if (i < (uint64) m->policy->nsystems &&
			!sl_state_names(m->policy->systems[i].name, name, len))
			return false;
	}
	return n >= (uint64) m->policy->nsystems;
}

static void
skip_edits(Match *m)
{
	uint64 n = sl_get_varint(&m->cursor);

	for (uint64 i = 0; i < n; i++)
	{
		uint64 actor_len;

		skip_varints(&m->cursor, 1);
		actor_len = sl_get_varint(&m->cursor);
		if (actor_len > 0)
			sl_get_bytes(&m->cursor, actor_len - 1);
		sl_get_bytes(&m->cursor, 8);
		skip_varints(&m->cursor, 1);
	}
}

/* The kinds of the golden values; false where a field is in conflict. */
static bool
match_fields(Match *m)
{
	uint64 n = sl_get_varint(&m->cursor);

	if (n > MAX_KNOWN)
		return false;
	m->nknown = (int) n;
	for (int i = 0; i < m->nknown; i++)
	{
		uint8 flags = sl_get_byte(&m->cursor);

		m->kinds[i] = flags & 3;
		skip_varints(&m->cursor, 1);
		if ((flags & SL_GOLDEN_FORMER) != 0)
			sl_get_bytes(&m->cursor, 4 * sl_get_varint(&m->cursor));
		if ((flags & SL_GOLDEN_MORE) == 0)
			continue;
		skip_varints(&m->cursor, 1);
		sl_get_bytes(&m->cursor, 8 * sl_get_varint(&m->cursor));
		if (sl_get_byte(&m->cursor) != 0)
			return false;
	}
	return true;
}

static bool
match_native_id(Match *m)
{
	uint64      len = sl_get_varint(&m->cursor);
	const char *stored = len == 0 ? NULL : sl_get_bytes(&m->cursor, len - 1);
	const char *shown = m->obs->native_id;

	if (shown == NULL)
		return true;
	return stored != NULL && strlen(shown) == len - 1 &&
		   memcmp(stored, shown, len - 1) == 0;
}

/* No token is known, or just the one that was shown, or none was shown. */
static bool
match_tokens(Match *m)
{
	uint64  n = sl_get_varint(&m->cursor);
	SlToken shown = m->obs->token;
	bool    is_matched = n == 0 || shown.len == 0;

	for (uint64 i = 0; i < n; i++)
	{
		uint64      len = sl_get_varint(&m->cursor);
		const char *token = sl_get_bytes(&m->cursor, len);

		if (n == 1 && len > 0 && len == (uint64) shown.len &&
			memcmp(token, shown.data, len) == 0)
			is_matched = true;
	}
	return is_matched;
}

static bool
match_part_body(Match *m)
{
	uint8 flags = sl_get_byte(&m->cursor);

	if (flags != SL_PART_FIELDS || sl_get_byte(&m->cursor) != SL_THERE ||
		!match_native_id(m))
		return false;
	sl_get_byte(&m->cursor); /* of a leased row: action; then version, id, source */
	skip_varints(&m->cursor, 3);
	skip_varints(&m->cursor, 3); /* of a waiting one */
	skip_varints(&m->cursor, 2); /* the create's version and source */
	skip_varints(&m->cursor, 1); /* where its values begin */
	if (!match_tokens(m))
		return false;
	m->bits = sl_get_bytes(&m->cursor, (uint64) (m->nknown + 7) / 8);
	return true;
}

static bool
match_part(Match *m)
{
	uint64 n = sl_get_varint(&m->cursor);

	for (uint64 i = 0; i < n; i++)
	{
		uint64 system = sl_get_varint(&m->cursor);
		uint32 len = get_length(&m->cursor);

		if (system == (uint64) m->obs->system)
			return match_part_body(m);
		sl_get_bytes(&m->cursor, len);
	}
	return false;
}

/* The next field that the observation names; those before it that it leaves out may. */
static int
next_field(const Match *m, int field, const char *name, uint64 len)
{
	for (; field < m->policy->nfields; field++)
	{
		const SlFieldSpec *spec = &m->policy->fields[field];

		if ((uint64) spec->name_len == len && memcmp(spec->name, name, len) == 0)
			return field;
		if (m->obs->values[field].kind != SL_ABSENT)
			return -1;
	}
	return -1;
}

static bool
match_value(const Match *m, int i, int field, const char *stored, uint64 len)
{
	const SlValue *shown = &m->obs->values[field];

	if (shown->kind == SL_ABSENT)
		return !m->policy->fields[field].is_required;
	if (((m->bits[i / 8] >> (i % 8)) & 1) == 0 || shown->kind != (SlKind) m->kinds[i])
		return false;
	if (shown->kind == SL_NULL)
		return !m->policy->fields[field].is_required;
	return (uint64) shown->len == len && memcmp(shown->data, stored, len) == 0;
}

static bool
match_values(Match *m)
{
	int field = 0;

	for (int i = 0; i < m->nknown; i++)
	{
		uint64      len = sl_get_varint(&m->values);
		const char *name = sl_get_bytes(&m->values, len);
		bool        has_bytes = m->kinds[i] == SL_EXACT || m->kinds[i] == SL_INEXACT;
		uint64      value_len = has_bytes ? sl_get_varint(&m->values) : 0;
		const char *value = sl_get_bytes(&m->values, value_len);

		field = next_field(m, field, name, len);
		if (field < 0 || !match_value(m, i, field, value, value_len))
			return false;
		field++;
	}
	for (; field < m->policy->nfields; field++)
		if (m->obs->values[field].kind != SL_ABSENT ||
			m->policy->fields[field].is_required)
			return false;
	return true;
}

bool
sl_state_matches(const SlPolicy *policy, const char *data, int32 len,
				 const SlObservation *obs)
{
	Match  m;
	uint32 head;

	if (len == 0 || policy->systems[obs->system].strict_versions)
		return false;
	m.policy = policy;
	m.obs = obs;
	m.cursor = (SlCursor){data, data + len};
	if (sl_get_byte(&m.cursor) != SL_STATE_FORMAT ||
		sl_get_varint(&m.cursor) != (uint64) policy->version)
		return false;
	skip_varints(&m.cursor, 2);
	if (sl_get_byte(&m.cursor) != 0)
		return false;
	head = get_length(&m.cursor);
	m.values = (SlCursor){m.cursor.next, m.cursor.end};
	sl_get_bytes(&m.values, head);
	if (!match_names(&m))
		return false;
	skip_edits(&m);
	return match_fields(&m) && match_part(&m) && match_values(&m);
}
