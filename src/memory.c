/*
 * memory.c
 *	  What is remembered of our writes, and what follows from it.
 *
 * A write is remembered from its claim until nothing that a system can still send
 * could be explained by it; where a target has a sentinel, until its stamp has been
 * shown, and where an answer told its version, until a newer one has been.  A field
 * remembers MIN_WRITES of them, more up to MAX_WRITES as long as their values fit into
 * MAX_BYTES, whatever its workers and webhooks do: a state must stay small.
 */
#include "postgres.h"

#include "memory.h"
#include "normalize.h"

#define MIN_WRITES  32   /* remembered of one field of one system */
#define MAX_WRITES  256  /* ... where their values take no more than ... */
#define MAX_BYTES   1600 /* ... this, what they replaced counted in */
#define MAX_STAMPED 4    /* of these, the ones that only a stamp or a version can name */

SlWrite *
sl_in_flight(const SlShown *shown)
{
	for (int i = shown->nwrites - 1; i >= 0; i--)
		if (shown->writes[i].status == SL_WRITE_IN_FLIGHT)
			return &shown->writes[i];
	return NULL;
}

SlWrite *
sl_newest_write(const SlShown *shown)
{
	return shown->nwrites == 0 ? NULL : &shown->writes[shown->nwrites - 1];
}

SlWrite *
sl_add_write(SlShown *shown)
{
	SlWrite *write;

	if (shown->nwrites == shown->maxwrites)
	{
		int      room = shown->maxwrites + 4;
		SlWrite *writes = palloc(sizeof(SlWrite) * room);

		if (shown->nwrites > 0)
			memcpy(writes, shown->writes, sizeof(SlWrite) * shown->nwrites);
		shown->writes = writes;
		shown->maxwrites = room;
	}
	write = &shown->writes[shown->nwrites++];
	memset(write, 0, sizeof(SlWrite));
	return write;
}

static void
add_removal(SlShown *shown, const SlValue *value, int64 version, TimestampTz now)
{
	SlValue  replaced = *value;
	SlWrite *removal;

	if (sl_value_is_null(value))
		return;
	for (int i = 0; i < shown->nwrites; i++)
		if (sl_is_removal(&shown->writes[i]) && shown->writes[i].version == version &&
			sl_value_same(&shown->writes[i].replaced, value))
			return;
	removal = sl_add_write(shown);
	removal->status = SL_WRITE_ACKED;
	removal->value = sl_value_absent();
	removal->replaced = replaced;
	removal->version = version;
	removal->since = now;
	removal->is_sighted = true;
	removal->stamp_used = true;
}

void
sl_remember_removal(SlShown *shown, int64 version, TimestampTz now)
{
	int nwrites = shown->nwrites;

	if (shown->is_seen)
		add_removal(shown, &shown->value, version, now);
	if (shown->is_undecided)
		add_removal(shown, &shown->base, version, now);
	for (int i = 0; i < nwrites; i++)
	{
		if (shown->writes[i].is_sighted)
			continue;
		add_removal(shown, &shown->writes[i].value, version, now);
		add_removal(shown, &shown->writes[i].replaced, version, now);
	}
}

void
sl_forget_removals(SlShown *shown)
{
	int kept = 0;

	for (int i = 0; i < shown->nwrites; i++)
		if (!sl_is_removal(&shown->writes[i]))
			shown->writes[kept++] = shown->writes[i];
	shown->nwrites = kept;
}

bool
sl_may_still_land(const SlWrite *write)
{
	switch (write->status)
	{
		case SL_WRITE_IN_FLIGHT:
		case SL_WRITE_LOST:
			return true;
		case SL_WRITE_ACKED:
		case SL_WRITE_STAMPED:
			break;
	}
	return false;
}

bool
sl_is_of_create(const SlWrite *write)
{
	return write->replaced.kind == SL_ABSENT;
}

bool
sl_may_be_erased(const SlState *state, int system)
{
	return !state->is_deleted && state->parts[system].erasure == SL_ERASURE_LOST;
}

bool
sl_is_unsure(const SlSpot *spot)
{
	const SlShown  *shown = sl_spot_shown(spot);
	const SlGolden *golden = sl_spot_golden(spot);

	if (shown->is_unsure || sl_may_be_erased(spot->state, spot->system))
		return true;
	for (int i = 0; i < shown->nwrites; i++)
	{
		const SlWrite *write = &shown->writes[i];

		if (write->status == SL_WRITE_LOST && write->since == 0 &&
			!sl_value_same(&write->value, &golden->value))
			return true;
	}
	return false;
}

static bool
is_window_over(const SlSpot *spot, const SlWrite *write)
{
	return spot->now >= write->since + spot->policy->systems[spot->system].echo_window;
}

bool
sl_is_owed(const SlSpot *spot, const SlWrite *write, bool is_unsure)
{
	if (write->is_sighted)
		return false;
	switch (write->status)
	{
		case SL_WRITE_IN_FLIGHT:
			return true;
		case SL_WRITE_LOST:
			return write->since == 0 || !is_window_over(spot, write);
		case SL_WRITE_ACKED:
			return is_unsure || !is_window_over(spot, write);
		case SL_WRITE_STAMPED:
			break;
	}
	return false;
}

static bool
another_may_land(const SlShown *shown, const SlValue *value)
{
	for (int i = 0; i < shown->nwrites; i++)
		if (sl_may_still_land(&shown->writes[i]) &&
			!sl_value_same(&shown->writes[i].value, value))
			return true;
	return false;
}

static bool
shows_golden(const SlShown *shown, const SlGolden *golden)
{
	return shown->knows_golden || sl_value_same(&shown->value, &golden->value);
}

/* What stands for C is the form in which the target stores it, and another value's too. */
static bool
is_form_owed(const SlSpot *spot, bool is_unsure)
{
	const SlShown *shown = sl_spot_shown(spot);

	for (int i = 0; i < shown->nwrites; i++)
		if (shown->writes[i].is_rewritten &&
			shown->writes[i].version >= sl_spot_golden(spot)->version &&
			sl_is_owed(spot, &shown->writes[i], is_unsure))
			return true;
	return false;
}

bool
sl_has_seen(const SlSpot *spot)
{
	return sl_spot_golden(spot)->author == spot->system || sl_was_told(spot);
}

bool
sl_was_told(const SlSpot *spot)
{
	const SlShown  *shown = sl_spot_shown(spot);
	const SlGolden *golden = sl_spot_golden(spot);
	bool            is_unsure = sl_is_unsure(spot);

	if (shown->is_seen && shown->is_observed && shows_golden(shown, golden) &&
		!another_may_land(shown, &golden->value) && !is_form_owed(spot, is_unsure))
		return true;
	for (int i = 0; i < shown->nwrites; i++)
	{
		const SlWrite *write = &shown->writes[i];

		if (sl_is_removal(write))
			continue;
		if (write->status == SL_WRITE_ACKED && write->version >= golden->version &&
			!sl_is_owed(spot, write, is_unsure) &&
			(write->is_rewritten ? shown->knows_golden
								 : sl_value_same(&write->value, &golden->value)))
			return true;
	}
	return false;
}

bool
sl_shows_ours(const SlSpot *spot)
{
	const SlShown  *shown = sl_spot_shown(spot);
	const SlGolden *golden = sl_spot_golden(spot);

	if (!shown->is_seen)
		return false;
	for (int i = 0; i < shown->nwrites; i++)
		if (!sl_may_still_land(&shown->writes[i]) && !sl_is_removal(&shown->writes[i]) &&
			sl_value_same(&shown->writes[i].value, &shown->value))
			return true;
	return golden->author != spot->system && sl_value_same(&shown->value, &golden->value);
}

bool
sl_owner_spoke(const SlSpot *spot)
{
	int owner = spot->policy->fields[spot->field].owner;

	return owner >= 0 && sl_spot_golden(spot)->owner_spoke == owner;
}

int
sl_compare_tokens(const SlSpot *spot, SlToken a, SlToken b)
{
	return sl_token_compare(a.data, a.len, b.data, b.len,
							spot->policy->systems[spot->system].tz);
}

bool
sl_is_newest_token(const SlSpot *spot, SlToken token)
{
	const SlShown *shown = sl_spot_shown(spot);

	return token.len > 0 &&
		   (shown->token.len == 0 || sl_compare_tokens(spot, token, shown->token) > 0);
}

bool
sl_note_token(const SlSpot *spot, SlToken token)
{
	SlShown *shown = sl_spot_shown(spot);

	if (!sl_is_newest_token(spot, token))
		return false;
	shown->token = token;
	return true;
}

/*
 * An acked write explains late echoes for as long as echo_window says, and longer
 * while the shadow is unsure.  A lost one explains them as long after a later write was
 * confirmed.
 */
bool
sl_is_past(const SlSpot *spot, const SlWrite *write)
{
	switch (write->status)
	{
		case SL_WRITE_IN_FLIGHT:
			break;
		case SL_WRITE_LOST:
			return write->since != 0 && is_window_over(spot, write);
		case SL_WRITE_ACKED:
			return write->since != 0 && is_window_over(spot, write) &&
				   !sl_is_unsure(spot);
		case SL_WRITE_STAMPED:
			return true;
	}
	return false;
}

/* Its key may still come as the stamp of a payload that nobody has shown us yet. */
static bool
awaits_stamp(const SlSpot *spot, const SlWrite *write)
{
	return spot->policy->systems[spot->system].sentinel != NULL && !write->stamp_used &&
		   !sl_may_still_land(write);
}

/*
 * An acked write whose sight came in time and whose values never came late explains
 * nothing any more, where neither a token nor a stamp is to be told by it.
 */
static bool
is_settled(const SlSpot *spot, const SlWrite *write)
{
	return write->status == SL_WRITE_ACKED && write->is_sighted &&
		   !sl_is_removal(write) && !write->value_came_late &&
		   !write->replaced_came_late && !awaits_stamp(spot, write);
}

/* Where no token can tell old from new, writes that are all settled go. */
static bool
all_are_settled(const SlSpot *spot)
{
	const SlSystemSpec *system = &spot->policy->systems[spot->system];
	const SlShown      *shown = sl_spot_shown(spot);

	if (system->version != NULL || shown->is_unsure)
		return false;
	for (int i = 0; i < shown->nwrites; i++)
		if (!is_settled(spot, &shown->writes[i]))
			return false;
	return true;
}

/* Its sight is owed no more: what an ack alone told counts as shown from now on. */
static void
stand_for_sight(SlShown *shown, const SlWrite *write)
{
	if (write->status == SL_WRITE_ACKED && !sl_is_removal(write) &&
		sl_value_same(&write->value, &shown->value))
		shown->is_observed = true;
}

/*
 * Its version is known from an answer, and nothing newer was shown: webhooks that stood
 * still may come yet, and nobody else's edit has this version.
 */
static bool
awaits_version(const SlSpot *spot, const SlWrite *write)
{
	return spot->policy->systems[spot->system].sentinel == NULL && write->token.len > 0 &&
		   !write->is_sighted && !sl_is_removal(write) && !sl_may_still_land(write);
}

/* A write can be named for as long as the ledger keeps it. */
static bool
is_kept_for_name(const SlSpot *spot, const SlWrite *write)
{
	return (awaits_stamp(spot, write) || awaits_version(spot, write)) &&
		   spot->now < write->since + spot->policy->retention.ledger;
}

/*
 * Drops what is past, but for what a stamp or a version may still name, and what came after
 * such a write: it tells that the name is of the past.
 */
static void
forget_past(const SlSpot *spot, SlShown *shown)
{
	bool is_after_named = false;
	int  kept = 0;

	for (int i = 0; i < shown->nwrites; i++)
	{
		SlWrite *write = &shown->writes[i];

		if (sl_is_past(spot, write))
		{
			stand_for_sight(shown, write);
			is_after_named |= is_kept_for_name(spot, write);
			if (!is_after_named || sl_is_removal(write))
				continue;
			write->status = SL_WRITE_STAMPED;
		}
		shown->writes[kept++] = *write;
	}
	shown->nwrites = kept;
}

/* How much would be missed if the write were forgotten: the least first. */
typedef enum Worth
{
	WORTH_NAME,    /* only its stamp or version could name it */
	WORTH_SETTLED, /* only a token could ask for it */
	WORTH_LATE,    /* it was seen; seen again it would be held */
	WORTH_OWED,    /* its sight is still to come */
	WORTH_LANDING  /* it may still land */
} Worth;

static Worth
worth_of(const SlSpot *spot, const SlWrite *write)
{
	if (sl_may_still_land(write))
		return WORTH_LANDING;
	if (write->status == SL_WRITE_STAMPED)
		return WORTH_NAME;
	if (!write->is_sighted)
		return WORTH_OWED;
	return is_settled(spot, write) ? WORTH_SETTLED : WORTH_LATE;
}

static int
count_stamped(const SlShown *shown)
{
	int n = 0;

	for (int i = 0; i < shown->nwrites; i++)
		n += shown->writes[i].status == SL_WRITE_STAMPED ? 1 : 0;
	return n;
}

/*
 * The oldest of those that are missed least; what is in flight is never dropped.  What made
 * the shadow unsure leaves it so.
 */
static void
drop_least(const SlSpot *spot, SlShown *shown)
{
	bool is_unsure = sl_is_unsure(spot);
	int  least = 0;

	for (int i = 1; i < shown->nwrites; i++)
		if (worth_of(spot, &shown->writes[i]) < worth_of(spot, &shown->writes[least]))
			least = i;
	if (shown->writes[least].status == SL_WRITE_LOST)
		shown->is_unsure = is_unsure;
	stand_for_sight(shown, &shown->writes[least]);
	shown->nwrites--;
	memmove(&shown->writes[least], &shown->writes[least + 1],
			sizeof(SlWrite) * (shown->nwrites - least));
}

static bool
are_too_many(const SlShown *shown)
{
	int64 bytes = 0;

	if (shown->nwrites <= MIN_WRITES)
		return false;
	for (int i = 0; i < shown->nwrites; i++)
		bytes += shown->writes[i].value.len + shown->writes[i].replaced.len;
	return shown->nwrites > MAX_WRITES || bytes > MAX_BYTES;
}

static void
forget_at(const SlSpot *spot)
{
	SlShown *shown = sl_spot_shown(spot);

	if (shown->nwrites == 0)
		return;
	if (all_are_settled(spot))
	{
		shown->nwrites = 0;
		return;
	}
	forget_past(spot, shown);
	while (are_too_many(shown) || count_stamped(shown) > MAX_STAMPED)
		drop_least(spot, shown);
}

void
sl_forget(const SlPolicy *policy, SlState *state, TimestampTz now)
{
	for (int s = 0; s < policy->nsystems; s++)
		for (int f = 0; f < policy->nfields; f++)
		{
			SlSpot spot = {policy, state, s, f, now};

			forget_at(&spot);
		}
}
