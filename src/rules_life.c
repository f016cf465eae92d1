/*
 * rules_life.c
 *	  Rule 10: what a system shows of a record that is dead, or frozen as a whole.
 *
 * Stale values and echoes are that here too.  Anything else is noted in the shadow,
 * undecided: it opens or joins the record's conflict, and is decided when that ends in
 * life.  Only a system that deleted the record itself may create it again.
 */
#include "postgres.h"

#include "rules.h"

/* SL_HELD: the value is a system's own word. */
static SlOutcome
look_at_field(SlEvent *event, int field, bool is_create_to_land)
{
	SlSpot    spot = sl_event_spot(event, field);
	SlOutcome outcome;

	sl_look_back(event, field);
	if (sl_is_stale(&spot, event->obs))
		return sl_close_stale(event, field);
	if (sl_is_unchanged(&spot, event->obs))
		return SL_UNCHANGED;
	outcome = sl_apply_echo(event, field);
	if (outcome != SL_UNCHANGED)
		return outcome;
	if (is_create_to_land &&
		sl_is_left_out(sl_spot_shown(&spot), &event->obs->values[field]))
		return SL_UNCHANGED;
	return SL_HELD;
}

/* Looks at all fields; the worst of their outcomes. */
static SlOutcome
look_at_fields(SlEvent *event, bool is_create_to_land)
{
	SlOutcome worst = SL_UNCHANGED;

	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlOutcome *outcome = &event->effects->outcomes[f];

		if (!sl_is_present(event, f))
			continue;
		*outcome = look_at_field(event, f, is_create_to_land);
		worst = Max(worst, *outcome);
	}
	return worst;
}

static void
note_undecided(SlEvent *event)
{
	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlSpot spot = sl_event_spot(event, f);

		if (event->effects->outcomes[f] != SL_HELD)
			continue;
		sl_keep_base(sl_spot_shown(&spot));
		sl_cross(event, f);
		sl_show(event, f, true);
		sl_spot_golden(&spot)->is_known = true;
	}
}

/*
 * Beside a human's word on a record that was not there, what is late or known is what is
 * there now: the shadow of its former life is none.
 */
static void
show_rest(SlEvent *event)
{
	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlSpot    spot = sl_event_spot(event, f);
		SlOutcome outcome = event->effects->outcomes[f];

		if (sl_is_present(event, f) && (outcome == SL_ECHO || outcome == SL_UNCHANGED) &&
			!sl_value_same(&sl_spot_shown(&spot)->value, &event->obs->values[f]))
			sl_show(event, f, false);
	}
}

/* It shows the record, which was not there. */
static void
begin_life(SlEvent *event)
{
	show_rest(event);
	sl_note_not_carried(event);
}

static SlEvent
event_of(SlEvent *event, SlObservation *obs, int system, SlValue *values)
{
	SlEvent sub = *event;

	*obs = (SlObservation){.system = system, .values = values, .now = event->obs->now};
	sub.obs = obs;
	sub.is_closed = false;
	sl_edits_begin(&sub);
	return sub;
}

/* The same of fields that have a group; outcomes are of the event's own system. */
static void
decide_groups(SlEvent *event, SlEvent *sub)
{
	SlEffects *effects = event->effects;
	SlOutcome *outcomes = effects->outcomes;

	if (sub->obs->system != event->obs->system)
		effects->outcomes = palloc0(sizeof(SlOutcome) * event->policy->nfields);
	sl_apply_group_edits(sub);
	sl_groups_show(sub);
	sl_groups_end(sub);
	effects->outcomes = outcomes;
}

/* What was shown while the record was dead or frozen is decided now. */
static void
decide_undecided(SlEvent *event, int system)
{
	SlPart       *part = &event->state->parts[system];
	SlValue      *values = palloc0(sizeof(SlValue) * event->policy->nfields);
	SlObservation obs;
	SlEvent       sub;

	sl_take_undecided(event->policy, part, values);
	sub = event_of(event, &obs, system, values);
	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlOutcome outcome;

		if (values[f].kind == SL_ABSENT)
			continue;
		obs.token = part->shown[f].token_shown;
		outcome = sl_apply_edit(&sub, f);
		if (system == event->obs->system)
			event->effects->outcomes[f] = outcome;
	}
	decide_groups(event, &sub);
}

static void
decide_all_undecided(SlEvent *event)
{
	for (int s = 0; s < event->policy->nsystems; s++)
		if (sl_shows_record(&event->state->parts[s]))
			decide_undecided(event, s);
		else
			sl_look_back_at_all(event->policy, &event->state->parts[s]);
}

/*
 * Our delete was acked there.  What it showed since may be a photograph from before, unless
 * it is told apart.
 */
static bool
is_erased(const SlEvent *event, int system)
{
	const SlPart *part = &event->state->parts[system];

	return system != event->obs->system && part->erasures_owed > 0 &&
		   part->erased_at != 0 && !part->is_told_apart;
}

/* Alive again: where it is gone it will be created again. */
static void
revive(SlEvent *event)
{
	SlState *state = event->state;

	if (state->is_deleted)
	{
		state->is_deleted = false;
		state->generation++;
	}
	for (int s = 0; s < event->policy->nsystems; s++)
	{
		SlPart *part = &state->parts[s];

		if (is_erased(event, s) && sl_shows_record(part))
			part->photograph_came = true;
		if (part->existence == SL_GONE || is_erased(event, s))
			sl_leave(part, event->obs->now);
	}
	event->effects->is_dirty = true;
}

static bool
is_shown_by_another(const SlEvent *event, int field)
{
	for (int s = 0; s < event->policy->nsystems; s++)
		if (s != event->obs->system && sl_shows_record(&event->state->parts[s]) &&
			event->state->parts[s].shown[field].is_seen)
			return true;
	return false;
}

/*
 * A new generation begins with what its creator shows.  Of the old one there stays
 * only what a system that our delete never reached still shows.
 */
static void
forget_generation(SlEvent *event)
{
	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlSpot    spot = sl_event_spot(event, f);
		SlGolden *golden = sl_spot_golden(&spot);

		sl_unsee(sl_spot_shown(&spot));
		if (!sl_is_present(event, f) && is_shown_by_another(event, f))
			continue;
		golden->value = sl_value_null();
		golden->author = SL_AUTHOR_NONE;
		golden->actor = NULL;
		golden->owner_spoke = -1;
		sl_reset_breaker(event, f);
	}
}

/* A write of ours from the old generation may yet put a value there. */
static bool
may_be_written(const SlShown *shown)
{
	for (int i = 0; i < shown->nwrites; i++)
		if (sl_may_still_land(&shown->writes[i]) &&
			!sl_value_is_null(&shown->writes[i].value))
			return true;
	return false;
}

static bool
may_be_written_anywhere(const SlEvent *event, int field)
{
	for (int s = 0; s < event->policy->nsystems; s++)
		if (may_be_written(&event->state->parts[s].shown[field]))
			return true;
	return false;
}

/* A null is news where another system still shows what was, or any soon may. */
static SlOutcome
begin_field(SlEvent *event, int field)
{
	if (!sl_value_is_null(&event->obs->values[field]) ||
		(!is_shown_by_another(event, field) && !may_be_written_anywhere(event, field)))
		return sl_apply_edit(event, field);
	sl_show(event, field, true);
	sl_set_golden(event, field, sl_value_null(), event->obs->system);
	return SL_ACCEPTED;
}

/* The system that deleted the record creates it again. */
static void
begin_generation(SlEvent *event)
{
	if (event->state->conflict != NULL)
		sl_close_record_conflict(event, "recreated");
	sl_note_presence(event);
	revive(event);
	forget_generation(event);
	sl_edits_begin(event);
	for (int f = 0; f < event->policy->nfields; f++)
		if (sl_is_present(event, f))
			event->effects->outcomes[f] = begin_field(event, f);
	sl_apply_group_edits(event);
	decide_all_undecided(event);
	event->effects->action = SL_ACTION_CREATE;
	event->effects->record_outcome = SL_ACCEPTED;
	sl_event_say(event, SL_RECORD, "created again, generation %d",
				 event->state->generation);
}

/* The system takes its delete back before anybody decided on it. */
static void
take_back(SlEvent *event)
{
	sl_close_record_conflict(event, "recreated");
	note_undecided(event);
	if (!sl_shows_record(&event->state->parts[event->obs->system]))
		begin_life(event);
	sl_note_presence(event);
	revive(event);
	decide_all_undecided(event);
	event->effects->record_outcome = SL_AGREED;
	sl_event_say(event, SL_RECORD, "it shows the record again");
}

static void
join_conflict(SlEvent *event)
{
	int            system = event->obs->system;
	const SlPart  *part = &event->state->parts[system];
	const SlValue *base = sl_shows_record(part) ? sl_record_values(event, system) : NULL;
	const SlValue *shown;
	bool           is_dead = event->state->is_deleted;

	note_undecided(event);
	if (!sl_shows_record(part))
		begin_life(event);
	sl_note_presence(event);
	shown = sl_record_values(event, system);
	if (event->state->conflict == NULL)
		sl_open_record_conflict(event, SL_CONFLICT_RESURRECT, base, shown);
	else
		sl_show_record_conflict(event, shown);
	event->effects->record_outcome = is_dead ? SL_HELD : SL_CONFLICTED;
	for (int f = 0; f < event->policy->nfields; f++)
		if (event->effects->outcomes[f] == SL_HELD)
			event->effects->outcomes[f] = event->effects->record_outcome;
	sl_event_say(event, SL_RECORD,
				 is_dead ? "the record is deleted" : "another system deleted the record");
}

/*
 * A call that was given up, or a create that was under way when the record was deleted
 * there, has landed in a record that is gone: it is there again.  Where a version says that
 * it was there all the time, it may be: the delete that was told may be the older one.
 */
static bool
landed_late(const SlEvent *event, bool was_to_land, SlOutcome worst)
{
	const SlPart *part = &event->state->parts[event->obs->system];
	bool          is_known = worst == SL_UNCHANGED && part->deleted_itself;

	return (was_to_land && (worst == SL_ECHO || is_known)) ||
		   (event->state->is_deleted && is_known && sl_is_of_known_version(event));
}

/*
 * Who deleted the record may bring it back, but not by what a create of ours may have
 * left there, which somebody has edited since.
 */
static bool
may_bring_back(const SlEvent *event)
{
	if (!event->state->parts[event->obs->system].deleted_itself)
		return false;
	return !event->state->is_deleted || !sl_is_create_owed(event);
}

void
sl_decide_closed(SlEvent *event)
{
	SlPart   *part = &event->state->parts[event->obs->system];
	bool      was_there = sl_shows_record(part);
	bool      is_in_doubt = !was_there || part->existence == SL_CREATE_LOST;
	SlToLand  to_land = sl_find_calls_to_land(event);
	SlOutcome worst = look_at_fields(event, is_in_doubt && to_land.is_create);

	if (was_there && worst < SL_HELD)
	{
		if (is_in_doubt)
			show_rest(event);
		sl_note_presence(event);
		return;
	}
	if (!was_there && worst < SL_HELD)
	{
		if (landed_late(event, to_land.is_any, worst))
		{
			sl_note_presence(event);
			event->effects->record_outcome = SL_ECHO;
			return;
		}
		if (worst != SL_UNCHANGED)
			return;
		if (sl_is_of_erased_version(event))
		{
			sl_take_erased_version(event);
			return;
		}
		if (sl_may_come_late(event))
		{
			event->effects->record_outcome = sl_take_photograph(event);
			return;
		}
	}
	if (!may_bring_back(event))
		join_conflict(event);
	else if (event->state->is_deleted)
		begin_generation(event);
	else
		take_back(event);
}

/* What it shows of a field, but for what is decided after this. */
static bool
shows_value(const SlPart *part, int field)
{
	const SlShown *shown = &part->shown[field];

	return sl_shows_record(part) &&
		   (shown->is_undecided ? shown->was_seen && !sl_value_is_null(&shown->base)
								: shown->is_seen && !sl_value_is_null(&shown->value));
}

/* A null of what nobody has set is news where an edit of the dead record was let go. */
static bool
is_null_news(const SlState *state, int nsystems, int winner, int field)
{
	if (state->golden[field].author != SL_AUTHOR_NONE)
		return false;
	for (int s = 0; s < nsystems; s++)
		if (s != winner && (shows_value(&state->parts[s], field) ||
							may_be_written(&state->parts[s].shown[field])))
			return true;
	return false;
}

/* A null that our create stands in for, which says what the record says: nobody has shown it. */
static bool
is_yet_to_land(const SlPart *part, const SlShown *shown)
{
	return part->existence != SL_THERE && !shown->is_undecided &&
		   sl_value_is_null(&shown->value);
}

/* Its values become those of the record; what it does not carry stays. */
static void
take_values_of(SlEvent *event, int winner)
{
	SlPart *part = &event->state->parts[winner];

	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlShown  *shown = &part->shown[f];
		SlGolden *golden = &event->state->golden[f];

		if (!shown->is_seen || is_yet_to_land(part, shown))
			continue;
		shown->is_undecided = false;
		if (!sl_value_same(&shown->value, &golden->value) || golden->conflict != NULL ||
			is_null_news(event->state, event->policy->nsystems, winner, f))
			sl_set_golden(event, f, shown->value, SL_AUTHOR_REVIEW);
		if (golden->conflict != NULL)
			sl_close_conflict(event, f, "record");
	}
}

static SlEvent *
begin_decision(const SlPolicy *policy, SlState *state, const char *actor, TimestampTz now)
{
	SlObservation *said = palloc0(sizeof(SlObservation));

	said->system = SL_AUTHOR_REVIEW;
	said->actor = actor;
	said->now = now;
	return sl_event_begin(policy, state, said);
}

SlEffects *
sl_decide_life(const SlPolicy *policy, SlState *state, int winner, const char *actor,
			   TimestampTz now)
{
	SlEvent *event = begin_decision(policy, state, actor, now);

	state->conflict = NULL;
	take_values_of(event, winner);
	revive(event);
	decide_all_undecided(event);
	event->effects->record_outcome = SL_ACCEPTED;
	sl_event_end(event);
	return event->effects;
}

SlEffects *
sl_decide_death(const SlPolicy *policy, SlState *state, const char *actor,
				TimestampTz now)
{
	SlEvent *event = begin_decision(policy, state, actor, now);

	sl_doubt_erasures(event);
	state->conflict = NULL;
	sl_close_field_conflicts(event, "deleted");
	for (int s = 0; s < policy->nsystems; s++)
		sl_drop_undecided(policy, &state->parts[s]);
	sl_die(event, SL_AUTHOR_REVIEW);
	event->effects->record_outcome = SL_ACCEPTED;
	sl_event_end(event);
	return event->effects;
}
