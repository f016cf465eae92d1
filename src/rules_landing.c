/*
 * rules_landing.c
 *	  Rule 10: calls of ours that may bring a deleted record into being again.
 *
 * A delete that is told, or a record that is shown again, may be older than these, or
 * their work.
 */
#include "postgres.h"

#include "rules.h"

/* It may bring the record (back) into being, and was not seen to do so. */
static bool
may_create(const SlSpot *spot, const SlWrite *write)
{
	if (write->status == SL_WRITE_LOST)
		return true;
	return spot->state->parts[spot->system].deleted_itself && sl_is_of_create(write) &&
		   sl_is_owed(spot, write, false);
}

SlToLand
sl_find_calls_to_land(const SlEvent *event)
{
	SlToLand found = {false, false};

	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlSpot         spot = sl_event_spot(event, f);
		const SlShown *shown = sl_spot_shown(&spot);

		for (int i = 0; i < shown->nwrites; i++)
		{
			bool may_land = may_create(&spot, &shown->writes[i]);

			found.is_any |= may_land;
			found.is_create |= may_land && sl_is_of_create(&shown->writes[i]);
		}
	}
	return found;
}

bool
sl_is_left_out(const SlShown *shown, const SlValue *value)
{
	for (int i = 0; i < shown->nwrites; i++)
		if (sl_is_of_create(&shown->writes[i]))
			return false;
	return sl_value_is_null(value);
}

static bool
is_create_owed(const SlEvent *event, bool is_answered)
{
	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlSpot         spot = sl_event_spot(event, f);
		const SlShown *shown = sl_spot_shown(&spot);

		for (int i = 0; i < shown->nwrites; i++)
			if (sl_is_of_create(&shown->writes[i]) &&
				(!is_answered || shown->writes[i].status == SL_WRITE_ACKED) &&
				sl_is_owed(&spot, &shown->writes[i], false))
				return true;
	}
	return false;
}

bool
sl_is_create_owed(const SlEvent *event)
{
	return is_create_owed(event, false);
}

/* What has no answer where the record is there is an update of a field that was never shown. */
bool
sl_is_older_than_create(const SlEvent *event)
{
	const SlPart *part = &event->state->parts[event->obs->system];

	return is_create_owed(event, part->existence == SL_THERE);
}

/* No claim of the create has been seen, a retry neither. */
static bool
is_unseen_create(const SlSpot *spot, const SlWrite *create)
{
	const SlShown *shown = sl_spot_shown(spot);

	if (!sl_is_of_create(create) || !sl_is_owed(spot, create, false))
		return false;
	for (int i = 0; i < shown->nwrites; i++)
		if (shown->writes[i].version == create->version && shown->writes[i].is_sighted)
			return false;
	return true;
}

bool
sl_is_create_unseen(const SlEvent *event)
{
	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlSpot         spot = sl_event_spot(event, f);
		const SlShown *shown = sl_spot_shown(&spot);

		for (int i = 0; i < shown->nwrites; i++)
			if (is_unseen_create(&spot, &shown->writes[i]))
				return true;
	}
	return false;
}
