/*
 * rules_baseline.c
 *	  The first load of a system: how an edit is ruled on, in place of rules 3 and 5 to 9.
 *
 * It fills the golden record and the shadows, and nothing is sent because of it: a
 * difference that it shows is settled.  What waited, or was on its way, before it goes
 * on, with the newest value.
 */
#include "postgres.h"

#include "rules.h"

static SlDue *
due_at(const SlEvent *event, int system, int field)
{
	return &event->due[system * event->policy->nfields + field];
}

static bool
is_carried(const SlEvent *event, int system, int field)
{
	return event->policy->fields[field].paths[system] != NULL;
}

static SlDue
due_of(const SlSpot *spot)
{
	const SlGolden *golden = sl_spot_golden(spot);

	if (spot->state->is_deleted || golden->author == SL_AUTHOR_NONE ||
		!sl_shows_record(&spot->state->parts[spot->system]))
		return SL_DUE_NOT;
	if (sl_in_flight(sl_spot_shown(spot)) != NULL)
		return SL_DUE_SENT;
	if (!sl_waits_unfrozen(spot))
		return SL_DUE_NOT;
	return golden->conflict == NULL ? SL_DUE_SENT : SL_DUE_FROZEN;
}

void
sl_baseline_begin(SlEvent *event)
{
	const SlPolicy *policy = event->policy;

	event->due = palloc0(sizeof(SlDue) * policy->nsystems * policy->nfields);
	for (int t = 0; t < policy->nsystems; t++)
		for (int f = 0; f < policy->nfields; f++)
		{
			SlSpot spot = {policy, event->state, t, f, event->obs->now};

			if (is_carried(event, t, f))
				*due_at(event, t, f) = due_of(&spot);
		}
}

bool
sl_is_sent_anyway(const SlEvent *event, int field)
{
	return *due_at(event, event->obs->system, field) == SL_DUE_SENT;
}

/* Another system shows another value than the load does. */
static bool
is_denied(const SlEvent *event, int field)
{
	const SlValue *value = &event->obs->values[field];

	if (value->kind == SL_ABSENT ||
		sl_value_same(value, &event->state->golden[field].value))
		return false;
	for (int t = 0; t < event->policy->nsystems; t++)
	{
		const SlShown *shown = &event->state->parts[t].shown[field];

		if (t != event->obs->system && sl_shows_record(&event->state->parts[t]) &&
			shown->is_seen && !sl_value_is_null(&shown->value) &&
			!sl_value_same(&shown->value, value))
			return true;
	}
	return false;
}

/* Two systems disagree: of a group, in any of its fields. */
static bool
is_disputed(const SlEdit *edit)
{
	const SlGroup *group = edit->spec->fellows;

	if (edit->is_set_by_another)
		return true;
	if (edit->golden->author == SL_AUTHOR_NONE && group == NULL)
		return false;
	if (group == NULL)
		return is_denied(edit->event, edit->field);
	for (int i = 0; i < group->nfields; i++)
		if (is_denied(edit->event, group->fields[i]))
			return true;
	return false;
}

static bool
is_owner(const SlEdit *edit)
{
	return edit->spec->owner == edit->event->obs->system;
}

/* The owner's address is whole: what it leaves empty is empty. */
static bool
is_part_of_owners(const SlEdit *edit)
{
	const SlGroup *group = edit->spec->fellows;

	for (int i = 0; is_owner(edit) && group != NULL && i < group->nfields; i++)
		if (!sl_value_is_null(&edit->event->obs->values[group->fields[i]]))
			return true;
	return false;
}

/* Null says nothing against a value: at first sight, and where it erases nothing. */
static bool
is_null_that_is_kept(const SlEdit *edit)
{
	if (!sl_value_is_null(&edit->value) || sl_value_is_null(&edit->golden->value) ||
		is_part_of_owners(edit))
		return false;
	return !edit->was_seen ||
		   (!edit->spec->nulls_clear && edit->spec->owner != edit->event->obs->system);
}

/* The owner of an address that it leaves empty altogether has said nothing of it. */
static bool
is_owners_empty_group(const SlEdit *edit)
{
	return edit->spec->fellows != NULL && sl_value_is_null(&edit->value) &&
		   !is_part_of_owners(edit);
}

SlRuling
sl_baseline_rule(const SlEdit *edit)
{
	bool is_same = sl_value_same(&edit->value, &edit->golden->value);

	if (is_null_that_is_kept(edit))
		return SL_RULED_KEPT;
	/* The owner that says what is golden anyway settles what others said against it. */
	if (is_same &&
		(!is_owner(edit) || edit->conflict == NULL || is_owners_empty_group(edit)))
		return SL_RULED_AGREED;
	if (is_owner(edit))
		return SL_RULED_OWNER;
	if (edit->conflict != NULL)
		return SL_RULED_FROZEN;
	if (edit->owner_spoke)
		return SL_RULED_SETTLED;
	return is_disputed(edit) ? SL_RULED_DRIFT : SL_RULED_ACCEPTED;
}

/* The difference stands, unless C is to be sent anyway. */
void
sl_baseline_settle(const SlEdit *edit)
{
	SlSpot   spot = sl_event_spot(edit->event, edit->field);
	SlShown *shown = sl_spot_shown(&spot);
	bool     is_standing = !sl_is_sent_anyway(edit->event, edit->field);

	shown->is_settled = is_standing;
	shown->knows_golden = is_standing && edit->had_seen_field &&
						  sl_value_is_null(&edit->value);
}

/* The load has moved C[f], or something of its group. */
static bool
is_moved(const SlEvent *event, int field)
{
	const SlGroup *group = event->policy->fields[field].fellows;

	if (event->effects->is_accepted[field])
		return true;
	for (int i = 0; group != NULL && i < group->nfields; i++)
		if (event->effects->is_accepted[group->fields[i]])
			return true;
	return false;
}

/* What waited goes on; what was frozen too, as long as it is not the load's own word. */
static bool
goes_on(const SlEvent *event, int system, int field)
{
	switch (*due_at(event, system, field))
	{
		case SL_DUE_NOT:
			return false;
		case SL_DUE_FROZEN:
			return !is_moved(event, field);
		case SL_DUE_SENT:
			return true;
	}
	return false;
}

/* What would begin to wait for a system that shows the record, now or once unfrozen. */
static void
settle_new_differences(SlEvent *event, int system)
{
	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlSpot spot = {event->policy, event->state, system, f, event->obs->now};

		if (!is_carried(event, system, f) || goes_on(event, system, f) ||
			!sl_waits_unfrozen(&spot))
			continue;
		sl_spot_shown(&spot)->is_settled = true;
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
