/*
 * rules_undecided.c
 *	  Rule 10: what a system showed while the record was dead or frozen, and what it showed
 *	  before that.
 *
 * A system that shows a record again which was gone there begins a life, with nothing but what
 * it shows.  Until a human has decided that it is one, a payload may as well be of the former
 * life: what that had shown is kept, and tells it.
 */
#include "postgres.h"

#include "rules.h"

void
sl_keep_base(SlShown *shown)
{
	if (shown->is_undecided)
		return;
	shown->is_undecided = true;
	shown->was_seen = shown->is_seen;
	shown->was_observed = shown->is_observed;
	shown->base = shown->value;
}

/* As if nothing had been shown since. */
static SlValue
take_undecided(SlShown *shown)
{
	SlValue value = shown->value;

	shown->is_undecided = false;
	shown->is_seen = shown->was_seen;
	shown->is_observed = shown->was_observed;
	shown->value = shown->base;
	return value;
}

/* It was shown in a former life; what was shown since does not carry it. */
static bool
is_not_carried(const SlShown *shown)
{
	return shown->is_undecided && !shown->is_seen;
}

void
sl_note_not_carried(SlEvent *event)
{
	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlSpot   spot = sl_event_spot(event, f);
		SlShown *shown = sl_spot_shown(&spot);

		if (sl_is_present(event, f) || !shown->is_seen)
			continue;
		sl_keep_base(shown);
		shown->is_seen = false;
		shown->is_observed = false;
		shown->value = sl_value_absent();
		event->effects->is_dirty = true;
	}
}

void
sl_look_back(SlEvent *event, int field)
{
	SlSpot   spot = sl_event_spot(event, field);
	SlShown *shown = sl_spot_shown(&spot);

	if (!is_not_carried(shown))
		return;
	take_undecided(shown);
	event->effects->is_dirty = true;
}

void
sl_look_back_at_all(const SlPolicy *policy, SlPart *part)
{
	for (int f = 0; f < policy->nfields; f++)
		if (is_not_carried(&part->shown[f]))
			take_undecided(&part->shown[f]);
}

void
sl_take_undecided(const SlPolicy *policy, SlPart *part, SlValue *values)
{
	for (int f = 0; f < policy->nfields; f++)
		if (is_not_carried(&part->shown[f]))
			sl_unsee(&part->shown[f]);
		else if (part->shown[f].is_undecided)
			values[f] = take_undecided(&part->shown[f]);
}

void
sl_drop_undecided(const SlPolicy *policy, SlPart *part)
{
	sl_look_back_at_all(policy, part);
	for (int f = 0; f < policy->nfields; f++)
		part->shown[f].is_undecided = false;
}
