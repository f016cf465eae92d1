/*
 * rules_written.c
 *	  What another system's hand has written to a system: it shows that, and said nothing.
 *
 * What the writing system means by it was decided before.  Where C is something else,
 * that goes back.
 */
#include "postgres.h"

#include "rules.h"

static SlOutcome
show_written(SlEvent *event, int field)
{
	SlSpot spot = sl_event_spot(event, field);
	bool   is_golden = sl_value_same(&spot.state->golden[field].value,
									 &event->obs->values[field]);

	if (sl_is_unchanged(&spot, event->obs))
		return SL_UNCHANGED;
	if (sl_find_sight(&spot, event->obs) != NULL)
		return sl_apply_echo(event, field);
	sl_cross(event, field);
	sl_show(event, field, false);
	return is_golden ? SL_AGREED : SL_OVERRULED;
}

/* It is there no more; a living record that nothing holds up is created again. */
static void
take_away(SlEvent *event)
{
	SlPart *part = &event->state->parts[event->obs->system];

	if (!sl_shows_record(part))
		return;
	if (event->is_closed)
		part->existence = SL_GONE;
	else
		sl_leave(part, event->obs->now);
	event->effects->record_outcome = event->state->is_deleted ? SL_AGREED : SL_OVERRULED;
	event->effects->is_dirty = true;
}

void
sl_decide_written(SlEvent *event)
{
	if (event->obs->is_deletion)
	{
		take_away(event);
		return;
	}
	sl_note_presence(event);
	for (int f = 0; f < event->policy->nfields; f++)
		if (sl_is_present(event, f))
			event->effects->outcomes[f] = show_written(event, f);
}
