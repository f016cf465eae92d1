/*
 * rules_stamp.c
 *	  What the token and the stamp of an observation prove, for rule 4.
 *
 * A human's edit keeps our stamp: a stamp names a write once, and from then on proves
 * only that the payload is not older than that.
 */
#include "postgres.h"

#include "rules.h"

/* A version that was never sent is nobody's stamp. */
static int64
stamp_of(const SlSpot *spot, const SlObservation *obs)
{
	return obs->stamp <= spot->state->version ? obs->stamp : 0;
}

int64
sl_newest_acked_version(const SlShown *shown)
{
	int64 newest = 0;

	for (int i = 0; i < shown->nwrites; i++)
		if (!sl_may_still_land(&shown->writes[i]))
			newest = Max(newest, shown->writes[i].version);
	return newest;
}

/* It was claimed more than once under its key: the stamp does not tell which landed. */
static bool
was_retried(const SlShown *shown, const SlWrite *write)
{
	for (int i = 0; i < shown->nwrites; i++)
		if (&shown->writes[i] != write && shown->writes[i].version == write->version)
			return true;
	return false;
}

bool
sl_is_stamped_newer(const SlSpot *spot, const SlObservation *obs, const SlWrite *write)
{
	const SlShown *shown = sl_spot_shown(spot);
	int64          stamp = stamp_of(spot, obs);

	if (stamp == 0 || write->status != SL_WRITE_ACKED ||
		stamp < sl_newest_acked_version(shown))
		return false;
	return stamp > write->version || !was_retried(shown, write);
}

static bool
is_of_newer_version(const SlSpot *spot, const SlObservation *obs, const SlWrite *write)
{
	return write->token.len > 0 && obs->token.len > 0 &&
		   sl_compare_tokens(spot, obs->token, write->token) > 0;
}

/* The system has shown something newer: nobody waits for the version of the write any more. */
static bool
is_version_past(const SlSpot *spot, const SlObservation *obs, const SlWrite *write)
{
	return write->status == SL_WRITE_STAMPED &&
		   spot->policy->systems[spot->system].sentinel == NULL &&
		   is_of_newer_version(spot, obs, write);
}

bool
sl_is_proved_newer(const SlSpot *spot, const SlObservation *obs, const SlWrite *write)
{
	if (write->status != SL_WRITE_ACKED)
		return false;
	return is_of_newer_version(spot, obs, write) || sl_is_stamped_newer(spot, obs, write);
}

static bool
is_named(const SlSpot *spot, const SlObservation *obs, const SlWrite *write)
{
	return write->version == stamp_of(spot, obs) && !write->stamp_used &&
		   !(write->status == SL_WRITE_LOST && sl_is_past(spot, write));
}

bool
sl_brings_stamp(const SlSpot *spot, const SlObservation *obs)
{
	const SlShown *shown = sl_spot_shown(spot);

	for (int i = 0; i < shown->nwrites; i++)
		if (is_named(spot, obs, &shown->writes[i]))
			return true;
	return false;
}

/*
 * A write that was seen already, and then replaced by a human, is not seen again: the
 * value was typed back under a stamp that those payloads did not carry.
 */
static bool
is_echo_of(const SlSpot *spot, const SlWrite *write, const SlValue *value)
{
	return sl_value_same(&write->value, value) &&
		   (!write->is_sighted || sl_shows_ours(spot) ||
			sl_value_same(&sl_spot_shown(spot)->value, value));
}

/* Of a lost call and its retry it names the latter, which is surely there. */
SlWrite *
sl_use_stamp(SlEvent *event, int field)
{
	SlSpot   spot = sl_event_spot(event, field);
	SlShown *shown = sl_spot_shown(&spot);
	SlWrite *named = NULL;

	for (int i = 0; i < shown->nwrites; i++)
	{
		SlWrite *write = &shown->writes[i];

		if (!is_named(&spot, event->obs, write))
			continue;
		write->stamp_used = true;
		event->effects->is_dirty = true;
		if ((named == NULL || named->status == SL_WRITE_LOST) &&
			is_echo_of(&spot, write, &event->obs->values[field]))
			named = write;
	}
	return named;
}

void
sl_prove_newer(SlEvent *event, int field)
{
	SlSpot   spot = sl_event_spot(event, field);
	SlShown *shown = sl_spot_shown(&spot);

	for (int i = 0; i < shown->nwrites; i++)
	{
		SlWrite *write = &shown->writes[i];

		if (write->is_sighted || (!sl_is_proved_newer(&spot, event->obs, write) &&
								  !is_version_past(&spot, event->obs, write)))
			continue;
		write->is_sighted = true;
		if (sl_value_same(&write->value, &shown->value))
			shown->is_observed = true;
		sl_group_has_seen(event, field);
		event->effects->is_dirty = true;
	}
}
