/*
 * rules_echo.c
 *	  Rule 4, field by field: what is our own write, come back.
 *
 * Content and memory decide; an actor's name or a short time alone never drops
 * anything.
 */
#include "postgres.h"

#include "rules.h"

/* A newer write of another value stands behind this one. */
static bool
is_outdated(const SlShown *shown, const SlWrite *write)
{
	for (const SlWrite *w = write + 1; w < shown->writes + shown->nwrites; w++)
		if (!sl_value_same(&w->value, &write->value))
			return true;
	return false;
}

/*
 * A write of the very value that it replaced cannot be told from none by its value, until
 * another has been written over it.
 */
static bool
shows_by_value(const SlShown *shown, const SlWrite *write, const SlValue *value)
{
	return sl_value_same(&write->value, value) &&
		   (!sl_value_same(&write->value, &write->replaced) || is_outdated(shown, write));
}

/* The very version under which the target says that it stored the write. */
static bool
shows_by_token(const SlSpot *spot, const SlObservation *obs, const SlWrite *write)
{
	return write->status == SL_WRITE_ACKED && write->token.len > 0 &&
		   obs->token.len > 0 &&
		   sl_value_same(&write->value, &obs->values[spot->field]) &&
		   sl_compare_tokens(spot, obs->token, write->token) == 0;
}

static SlWrite *
find_sight_by_token(const SlSpot *spot, const SlObservation *obs, bool is_unsure)
{
	SlShown *shown = sl_spot_shown(spot);

	for (int i = 0; i < shown->nwrites; i++)
		if (shows_by_token(spot, obs, &shown->writes[i]) &&
			sl_is_owed(spot, &shown->writes[i], is_unsure))
			return &shown->writes[i];
	return NULL;
}

/*
 * What an observation has shown already is no sight of a further write: one landing may
 * be shown twice, and a second call, of a retry, may yet bury an edit.  Of a lost call
 * and one that surely landed it is the latter's: the lost one may still land.
 */
static SlWrite *
find_sight_by_value(const SlSpot *spot, const SlValue *value, bool is_unsure)
{
	SlShown *shown = sl_spot_shown(spot);
	SlWrite *lost = NULL;

	if (shown->is_seen && shown->is_observed && sl_value_same(&shown->value, value))
		return NULL;
	for (int i = 0; i < shown->nwrites; i++)
	{
		SlWrite *write = &shown->writes[i];

		if (!shows_by_value(shown, write, value) || !sl_is_owed(spot, write, is_unsure))
			continue;
		if (write->status != SL_WRITE_LOST)
			return write;
		if (lost == NULL)
			lost = write;
	}
	return lost;
}

SlWrite *
sl_find_sight(const SlSpot *spot, const SlObservation *obs)
{
	bool     is_unsure = sl_is_unsure(spot);
	SlWrite *write = find_sight_by_token(spot, obs, is_unsure);

	return write != NULL
			   ? write
			   : find_sight_by_value(spot, &obs->values[spot->field], is_unsure);
}

/* The call may have landed only now, after what was written later. */
static void
make_unsure(SlEvent *event, SlShown *shown)
{
	SlWrite *in_flight = sl_in_flight(shown);

	shown->is_unsure = true;
	if (in_flight != NULL)
		in_flight->is_crossed = true;
	event->effects->is_dirty = true;
}

/* A lost call whose value is seen has landed: it is lost no more. */
static bool
find_landed(SlWrite *write, TimestampTz now)
{
	if (write->status != SL_WRITE_LOST)
		return false;
	write->status = SL_WRITE_ACKED;
	write->since = now;
	return true;
}

static bool
is_left_by_lost_write(const SlShown *shown, const SlValue *value)
{
	for (int i = 0; i < shown->nwrites; i++)
		if (shown->writes[i].status == SL_WRITE_LOST &&
			sl_value_same(&shown->writes[i].value, value))
			return true;
	return false;
}

/*
 * The shadow keeps its value; where it has none, what a lost write has left there is one.
 * Where it is a write still to be seen, the system shows it next: what was observed of it
 * before was an older landing of the same, and what it replaces is no repetition.
 */
void
sl_keep_shadow(SlEvent *event, int field)
{
	SlSpot   spot = sl_event_spot(event, field);
	SlShown *shown = sl_spot_shown(&spot);
	SlWrite *newest = sl_newest_write(shown);

	event->effects->is_dirty = true;
	if (event->policy->systems[spot.system].strict_versions)
		sl_note_token(&spot, event->obs->token);
	if (!shown->is_seen && sl_is_unsure(&spot))
		sl_show(event, field, false);
	if (!sl_is_owed(&spot, newest, sl_is_unsure(&spot)) ||
		!sl_value_same(&newest->value, &shown->value))
		return;
	shown->is_observed = false;
	if (!sl_value_same(&newest->value, &newest->replaced))
		return;
	newest->replaced = event->obs->values[field];
	newest->replaced_came_late = true;
}

static SlOutcome
take_late_echo(SlEvent *event, int field, SlWrite *write)
{
	SlSpot   spot = sl_event_spot(event, field);
	SlShown *shown = sl_spot_shown(&spot);

	if (is_left_by_lost_write(shown, &event->obs->values[field]))
		make_unsure(event, shown);
	if (write->status == SL_WRITE_STAMPED && !sl_shows_ours(&spot) &&
		write->version >= sl_newest_acked_version(shown))
	{
		write->status = SL_WRITE_ACKED;
		write->since = event->obs->now;
		make_unsure(event, shown);
	}
	write->is_sighted = true;
	write->value_came_late = true;
	find_landed(write, event->obs->now);
	sl_keep_shadow(event, field);
	sl_event_say(event, field, "late echo of v" INT64_FORMAT, write->version);
	return SL_ECHO;
}

/*
 * Told by its value alone, it may as well be a photograph from before an older write that
 * is still to be seen, and the sight is yet to come.
 */
static void
note_photograph(SlShown *shown, const SlWrite *sighted)
{
	for (SlWrite *write = shown->writes; write < sighted; write++)
		if (!write->is_sighted && sl_value_same(&write->replaced, &sighted->value) &&
			!sl_value_same(&write->value, &sighted->value))
			write->replaced_came_late = true;
}

static SlOutcome
take_sight(SlEvent *event, int field, SlWrite *write)
{
	SlSpot spot = sl_event_spot(event, field);

	write->is_sighted = true;
	note_photograph(sl_spot_shown(&spot), write);
	if (write->status == SL_WRITE_ACKED && write->token.len == 0)
		write->token = event->obs->token;
	find_landed(write, event->obs->now);
	sl_show(event, field, false);
	sl_event_say(event, field, "echo of v" INT64_FORMAT, write->version);
	return SL_ECHO;
}

/* Its token says that the system has shown it after what the shadow holds. */
static bool
is_newer_than_shown(const SlSpot *spot, const SlObservation *obs)
{
	const SlShown *shown = sl_spot_shown(spot);

	return obs->token.len > 0 && shown->token_shown.len > 0 &&
		   sl_compare_tokens(spot, obs->token, shown->token_shown) > 0;
}

/*
 * A stamp may tell of a write so late that the system has shown something else since its
 * sight came, or was owed no more: the older of the two is told by tokens only.
 */
static bool
is_late(const SlSpot *spot, const SlObservation *obs, const SlWrite *write, bool is_known)
{
	const SlShown *shown = sl_spot_shown(spot);

	if (sl_value_same(&write->value, &shown->value))
		return false;
	return is_outdated(shown, write) || (is_known && !is_newer_than_shown(spot, obs));
}

/* is_known: the write's sight had come before, or was owed no more. */
static SlOutcome
take_echo(SlEvent *event, int field, SlWrite *write, bool is_known)
{
	SlSpot spot = sl_event_spot(event, field);

	if (is_late(&spot, event->obs, write, is_known))
		return take_late_echo(event, field, write);
	return take_sight(event, field, write);
}

/* The other call of the same row has been seen, under a version that this one is newer than. */
static bool
comes_after(const SlSpot *spot, const SlObservation *obs, const SlWrite *write)
{
	const SlShown *shown = sl_spot_shown(spot);

	if (!is_newer_than_shown(spot, obs))
		return false;
	for (int i = 0; i < shown->nwrites; i++)
		if (shown->writes[i].is_sighted && shown->writes[i].version == write->version)
			return true;
	return false;
}

/*
 * The oldest write that the value is a photograph from before: it replaced it, and
 * neither it nor a later one has been seen; or NULL.
 */
static SlWrite *
find_photographed(const SlSpot *spot, const SlObservation *obs)
{
	SlShown       *shown = sl_spot_shown(spot);
	const SlValue *value = &obs->values[spot->field];
	SlWrite       *found = NULL;

	if (!shown->is_seen)
		return NULL;
	for (int i = shown->nwrites - 1; i >= 0; i--)
	{
		SlWrite *write = &shown->writes[i];

		if (write->is_sighted || write->status == SL_WRITE_STAMPED)
			break;
		if (!write->replaced_came_late && sl_value_same(&write->replaced, value) &&
			!sl_value_same(&write->value, value) && !comes_after(spot, obs, write))
			found = write;
	}
	return found;
}

/* What a delete of ours has removed there, not seen again till now; or NULL. */
static SlWrite *
find_removed(const SlShown *shown, const SlValue *value)
{
	for (int i = 0; i < shown->nwrites; i++)
	{
		SlWrite *write = &shown->writes[i];

		if (sl_is_removal(write) && !write->replaced_came_late &&
			sl_value_same(&write->replaced, value))
			return write;
	}
	return NULL;
}

static SlOutcome
take_old_photograph(SlEvent *event, int field, SlWrite *write)
{
	SlSpot   spot = sl_event_spot(event, field);
	SlShown *shown = sl_spot_shown(&spot);

	write->replaced_came_late = true;
	if (is_left_by_lost_write(shown, &event->obs->values[field]))
		make_unsure(event, shown);
	sl_keep_shadow(event, field);
	sl_event_say(event, field, "what v" INT64_FORMAT " replaced, late", write->version);
	return SL_ECHO;
}

static bool
is_explained_by(const SlWrite *write, const SlValue *value, bool is_unsure)
{
	bool is_value = !sl_is_removal(write) && sl_value_same(&write->value, value);
	bool is_replaced = sl_value_same(&write->replaced, value);

	if (write->status == SL_WRITE_STAMPED)
		return false;
	if (is_unsure && (is_value || is_replaced))
		return true;
	if (is_value && sl_may_still_land(write))
		return true;
	return (is_value && write->value_came_late) ||
		   (is_replaced && write->replaced_came_late);
}

/* The token of what the shadow holds: an ack's, where no observation showed it since. */
static SlToken
token_of_shown(const SlShown *shown)
{
	for (int i = shown->nwrites - 1; i >= 0 && !shown->is_observed; i--)
		if (!sl_may_still_land(&shown->writes[i]))
			return shown->writes[i].token;
	return shown->token_shown;
}

/* Under a token that is newer than all that could explain the value. */
static bool
is_proved_by_token(const SlSpot *spot, const SlObservation *obs)
{
	const SlShown *shown = sl_spot_shown(spot);
	SlToken        held = token_of_shown(shown);

	if (obs->token.len == 0 || held.len == 0 ||
		sl_compare_tokens(spot, obs->token, held) <= 0)
		return false;
	for (int i = 0; i < shown->nwrites; i++)
	{
		const SlWrite *write = &shown->writes[i];
		const SlValue *past = sl_is_removal(write) ? &write->replaced : &write->value;

		if (sl_value_same(past, &obs->values[spot->field]) &&
			write->status != SL_WRITE_STAMPED && !sl_is_proved_newer(spot, obs, write))
			return false;
	}
	return true;
}

/*
 * An edit or a late echo: nobody can tell, so nobody guesses.  Only where the shadow is
 * sure, a stamp or a token can prove that the payload is newer than what it might show.
 */
static bool
is_ambiguous(const SlSpot *spot, const SlObservation *obs)
{
	const SlShown *shown = sl_spot_shown(spot);
	bool           is_unsure = sl_is_unsure(spot);

	for (int i = 0; i < shown->nwrites; i++)
	{
		const SlWrite *write = &shown->writes[i];

		if (!is_explained_by(write, &obs->values[spot->field], is_unsure))
			continue;
		if (is_unsure)
			return true;
		if (!sl_is_stamped_newer(spot, obs, write))
			return !is_proved_by_token(spot, obs);
	}
	return false;
}

static SlOutcome
hold(SlEvent *event, int field)
{
	SlSpot   spot = sl_event_spot(event, field);
	SlShown *shown = sl_spot_shown(&spot);
	SlValue  base = shown->value;

	sl_cross(event, field);
	sl_show(event, field, false);
	shown->is_unsure = true;
	sl_open_conflict(event, field, SL_CONFLICT_BOUNCE, base);
	sl_event_say(event, field, "an edit, or a late echo of ours: nobody can tell");
	return SL_HELD;
}

SlOutcome
sl_apply_echo(SlEvent *event, int field)
{
	SlSpot         spot = sl_event_spot(event, field);
	SlShown       *shown = sl_spot_shown(&spot);
	const SlValue *value = &event->obs->values[field];
	SlWrite       *write;
	bool           is_known;

	if (shown->nwrites == 0)
		return SL_UNCHANGED;
	write = sl_use_stamp(event, field);
	is_known = write != NULL && (write->is_sighted || write->status == SL_WRITE_STAMPED);
	sl_prove_newer(event, field);
	if (write != NULL)
		return take_echo(event, field, write, is_known);
	if (sl_is_unchanged(&spot, event->obs))
	{
		sl_show(event, field, !sl_shows_ours(&spot));
		sl_event_say(event, field, "newer than our write, and as we left it");
		return SL_ECHO;
	}
	write = sl_find_sight(&spot, event->obs);
	if (write != NULL)
		return take_echo(event, field, write, false);
	write = find_photographed(&spot, event->obs);
	if (write == NULL)
		write = find_removed(shown, value);
	if (write != NULL)
		return take_old_photograph(event, field, write);
	if (is_ambiguous(&spot, event->obs) && !event->is_closed)
		return hold(event, field);
	return SL_UNCHANGED;
}

void
sl_cross(SlEvent *event, int field)
{
	SlSpot         spot = sl_event_spot(event, field);
	SlShown       *shown = sl_spot_shown(&spot);
	const SlValue *value = &event->obs->values[field];
	bool           is_unsure = sl_is_unsure(&spot);
	bool           is_crossing = false;

	/* Unseen counts as null: it shows no more than was there before. */
	if (!shown->is_seen && sl_value_is_null(value))
		return;

	for (int i = 0; i < shown->nwrites; i++)
	{
		SlWrite *write = &shown->writes[i];

		if (sl_value_same(&write->value, value))
			continue;
		if (write->status == SL_WRITE_IN_FLIGHT)
			write->is_crossed = true;
		if (write->status == SL_WRITE_IN_FLIGHT || sl_is_owed(&spot, write, is_unsure))
			is_crossing = true;
	}
	if (is_crossing)
		shown->is_unsure = true;
}
