/*
 * rules_baseline.c
 *	  The first load of a system, in place of rules 3 and 5 to 9.
 *
 * It fills the golden record and the shadows, and nothing is sent because of it: a
 * difference that it shows is settled.  What waited, or was on its way, before it goes
 * on, with the newest value.
 */
#include "postgres.h"

#include "rules.h"

/* What stood before the load, for rules that come after the shadow has moved. */
typedef struct Load
{
	SlEvent           *event;
	int                field;
	const SlFieldSpec *spec;
	SlGolden          *golden;
	SlShown           *shown;
	SlValue            value;
	SlValue            base; /* what the system showed before */
	bool               was_seen;
	bool               had_seen; /* the system had seen C[f] */
	bool               owner_spoke;
	bool               is_due; /* C waits for the system, or is on its way there */
} Load;

static bool *
due_at(const SlEvent *event, int system, int field)
{
	return &event->is_due[system * event->policy->nfields + field];
}

static bool
is_drift(const SlGolden *golden)
{
	return golden->conflict != NULL && golden->conflict->kind == SL_CONFLICT_DRIFT;
}

/* What is due but for another open conflict goes out when that closes. */
static bool
is_due(const SlSpot *spot)
{
	const SlShown  *shown = sl_spot_shown(spot);
	const SlGolden *golden = sl_spot_golden(spot);

	if (spot->state->is_deleted || golden->author == SL_AUTHOR_NONE || is_drift(golden) ||
		!sl_shows_record(&spot->state->parts[spot->system]))
		return false;
	return sl_in_flight(shown) != NULL || sl_waits_unfrozen(spot);
}

void
sl_baseline_begin(SlEvent *event)
{
	const SlPolicy *policy = event->policy;

	event->is_due = palloc0(sizeof(bool) * policy->nsystems * policy->nfields);
	for (int t = 0; t < policy->nsystems; t++)
		for (int f = 0; f < policy->nfields; f++)
		{
			SlSpot spot = {policy, event->state, t, f, event->obs->now};

			*due_at(event, t, f) = policy->fields[f].paths[t] != NULL && is_due(&spot);
		}
}

static bool
is_owner(const Load *load)
{
	return load->spec->owner == load->event->obs->system;
}

static const char *
author_of(const Load *load)
{
	const char *name = sl_author_name(load->event->policy, load->event->state,
									  load->golden->author);

	return name == NULL ? "nobody" : name;
}

/* The difference stands, unless C is to be sent anyway. */
static void
settle(Load *load)
{
	load->shown->is_settled = !load->is_due;
	load->shown->knows_golden = !load->is_due && load->had_seen;
}

/* Null says nothing against a value: at first sight, and where it erases nothing. */
static bool
is_null_that_is_kept(const Load *load)
{
	if (!sl_value_is_null(&load->value) || sl_value_is_null(&load->golden->value))
		return false;
	return !load->was_seen || (!load->spec->nulls_clear && !is_owner(load));
}

static SlOutcome
keep_null(Load *load)
{
	settle(load);
	sl_event_say(load->event, load->field, "null against %s's value", author_of(load));
	return SL_KEPT;
}

static SlOutcome
agree(Load *load)
{
	if (load->golden->conflict != NULL)
		sl_open_conflict(load->event, load->field, load->golden->conflict->kind,
						 load->base);
	if (!load->golden->is_known)
		load->golden->value = sl_value_null();
	load->golden->is_known = true;
	if (is_owner(load) && !sl_value_is_null(&load->value))
		load->golden->owner_spoke = load->spec->owner;
	return SL_AGREED;
}

static SlOutcome
fill(Load *load)
{
	if (is_owner(load))
		load->golden->owner_spoke = load->spec->owner;
	sl_set_golden(load->event, load->field, load->value, load->event->obs->system);
	return SL_ACCEPTED;
}

/* The owner's value stands, whoever came first. */
static SlOutcome
fill_by_owner(Load *load)
{
	SlConflict *conflict = load->golden->conflict;
	bool        is_replacing = load->golden->author != SL_AUTHOR_NONE &&
						load->golden->author != load->event->obs->system;

	if (conflict == NULL && is_replacing && !load->had_seen)
		sl_record_replaced(load->event, load->field, load->base);
	fill(load);
	if (conflict != NULL && conflict->kind != SL_CONFLICT_OSCILLATION)
		sl_close_conflict(load->event, load->field, "owner");
	return SL_ACCEPTED;
}

static SlOutcome
keep_difference(Load *load)
{
	settle(load);
	sl_record_loss(load->event, load->field, SL_CONFLICT_OWNER, load->base, "owner");
	sl_event_say(load->event, load->field, "%s owns it",
				 load->event->policy->systems[load->spec->owner].name);
	return load->is_due ? SL_OVERRULED : SL_KEPT;
}

/* It set the value itself, and nobody else shows another one. */
static bool
is_undisputed(const Load *load)
{
	const SlEvent *event = load->event;

	if (load->golden->author == SL_AUTHOR_NONE)
		return true;
	if (load->golden->author != event->obs->system)
		return false;
	for (int t = 0; t < event->policy->nsystems; t++)
	{
		const SlShown *shown = &event->state->parts[t].shown[load->field];

		if (t != event->obs->system && sl_shows_record(&event->state->parts[t]) &&
			shown->is_seen && !sl_value_is_null(&shown->value) &&
			!sl_value_same(&shown->value, &load->value))
			return false;
	}
	return true;
}

static SlOutcome
add_to_conflict(Load *load)
{
	SlConflictKind    kind = load->golden->conflict->kind;
	bool              is_author = load->golden->author == load->event->obs->system;
	SlConflictEffect *effect;

	if (is_author)
		fill(load);
	effect = sl_open_conflict(load->event, load->field, kind, load->base);
	if (is_author && effect->op == SL_CONFLICT_SHOW)
		effect->op = SL_CONFLICT_MOVE;
	sl_event_say(load->event, load->field, "in open conflict");
	return kind == SL_CONFLICT_BOUNCE || kind == SL_CONFLICT_OSCILLATION ? SL_HELD
																		 : SL_CONFLICTED;
}

static SlOutcome
drift(Load *load)
{
	sl_open_conflict(load->event, load->field, SL_CONFLICT_DRIFT, load->base);
	sl_event_say(load->event, load->field, "%s says otherwise", author_of(load));
	return SL_CONFLICTED;
}

static SlOutcome
judge(Load *load)
{
	if (is_null_that_is_kept(load))
		return keep_null(load);
	if (sl_value_same(&load->value, &load->golden->value))
		return agree(load);
	if (is_owner(load))
		return fill_by_owner(load);
	if (load->golden->conflict != NULL)
		return add_to_conflict(load);
	if (load->owner_spoke)
		return keep_difference(load);
	return is_undisputed(load) ? fill(load) : drift(load);
}

/*
 * Only what is on its way can be crossed: a difference from what was written before is
 * settled, not written over.
 */
SlOutcome
sl_apply_baseline(SlEvent *event, int field)
{
	SlSpot   spot = sl_event_spot(event, field);
	SlShown *shown = sl_spot_shown(&spot);
	Load     load = {
			.event = event,
			.field = field,
			.spec = &event->policy->fields[field],
			.golden = sl_spot_golden(&spot),
			.shown = shown,
			.value = event->obs->values[field],
			.base = shown->value,
			.was_seen = shown->is_seen,
			.had_seen = sl_has_seen(&spot),
			.owner_spoke = sl_owner_spoke(&spot),
			.is_due = *due_at(event, spot.system, field),
    };
	SlOutcome outcome;

	if (load.is_due)
		sl_cross(event, field);
	sl_show(event, field, true);
	outcome = judge(&load);
	if (outcome != SL_ACCEPTED && outcome != SL_AGREED)
		sl_note_correction(event, field);
	return outcome;
}

/* What would begin to wait for a system that shows the record. */
static void
settle_new_differences(SlEvent *event, int system)
{
	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlSpot   spot = {event->policy, event->state, system, f, event->obs->now};
		SlShown *shown = sl_spot_shown(&spot);

		if (event->policy->fields[f].paths[system] == NULL || *due_at(event, system, f) ||
			spot.state->golden[f].author == SL_AUTHOR_NONE ||
			spot.state->golden[f].conflict != NULL || !sl_waits_unfrozen(&spot))
			continue;
		shown->is_settled = true;
		event->effects->is_dirty = true;
	}
}

static bool
begins_to_wait(const SlEvent *event, int system)
{
	SlContent content;

	if (event->effects->waiting->before[system].action != SL_ACTION_NONE)
		return false;
	sl_content(event->policy, event->state, system, event->obs->now, &content);
	return content.action == SL_ACTION_CREATE;
}

/* A record that a first load brings is left out of the systems that did not show it. */
void
sl_baseline_end(SlEvent *event)
{
	for (int t = 0; t < event->policy->nsystems; t++)
	{
		SlPart *part = &event->state->parts[t];

		if (sl_shows_record(part))
			settle_new_differences(event, t);
		else if (part->existence == SL_NOT_THERE &&
				 (event->effects->is_new || begins_to_wait(event, t)))
		{
			part->existence = SL_LEFT_OUT;
			event->effects->is_dirty = true;
		}
	}
}
