/*
 * rules_return.c
 *	  A living record that a system showed once, lost, and shows again.
 *
 * Its people were not there when the others moved on: what they show is a first
 * sight, unless it is a late photograph of what our delete has removed.
 */
#include "postgres.h"

#include "rules.h"

void
sl_unsee(SlShown *shown)
{
	shown->is_seen = false;
	shown->is_observed = false;
	shown->is_settled = false;
	shown->knows_golden = false;
	shown->is_unsure = false;
	shown->is_ours = false;
	shown->is_undecided = false;
	shown->value = sl_value_absent();
}

void
sl_unsee_record(const SlPolicy *policy, SlPart *part)
{
	for (int f = 0; f < policy->nfields; f++)
		sl_unsee(&part->shown[f]);
}

static bool
is_of_the_past(const SlEvent *event, int field)
{
	SlSpot         spot = sl_event_spot(event, field);
	const SlShown *shown = sl_spot_shown(&spot);
	const SlValue *value = &event->obs->values[field];

	if (value->kind == SL_ABSENT || sl_is_stale(&spot, event->obs) ||
		(shown->is_seen && sl_value_same(value, &shown->value)))
		return true;
	for (int i = 0; i < shown->nwrites; i++)
	{
		const SlWrite *write = &shown->writes[i];

		if (sl_value_same(value, sl_is_removal(write) ? &write->replaced : &write->value))
			return true;
	}
	return false;
}

/* Our delete was acked a moment ago, and the system has not said that the record is gone. */
bool
sl_is_just_erased(const SlEvent *event)
{
	const SlPart *part = &event->state->parts[event->obs->system];
	int64         echo_window = event->policy->systems[event->obs->system].echo_window;

	return part->erased_at != 0 && !part->is_told_apart &&
		   event->obs->now < part->erased_at + echo_window;
}

void
sl_take_native_id(SlPart *part, const char *native_id)
{
	part->native_id = native_id;
	if (sl_is_same_name(part->replaced_id, native_id))
		part->replaced_id = NULL;
	if (sl_is_same_name(part->former_id, native_id))
		part->former_id = NULL;
}

void
sl_replace_native_id(SlPart *part, const char *native_id)
{
	const char *before = part->native_id;

	sl_take_native_id(part, native_id);
	if (before != NULL)
		part->replaced_id = before;
}

bool
sl_bears_former_id(const SlPart *part, const SlObservation *obs)
{
	return sl_is_same_name(part->former_id, obs->native_id);
}

bool
sl_is_of_former_life(const SlEvent *event)
{
	const SlPart *part = &event->state->parts[event->obs->system];
	int64         echo_window = event->policy->systems[event->obs->system].echo_window;

	return sl_bears_former_id(part, event->obs) &&
		   event->obs->now < part->former_since + echo_window;
}

/* Older than what is known it may still be one that a write of ours has buried. */
static bool
is_former_edit(const SlEvent *event, int field)
{
	SlSpot spot = sl_event_spot(event, field);

	if (sl_value_is_null(&event->obs->values[field]))
		return false;
	return !is_of_the_past(event, field) || sl_is_buried(&spot, event->obs);
}

/* An edit that was made there before is named, each time that it is told. */
void
sl_decide_former(SlEvent *event)
{
	bool is_edited = false;

	for (int f = 0; f < event->policy->nfields; f++)
	{
		if (!sl_is_present(event, f))
			continue;
		event->effects->outcomes[f] = SL_STALE;
		is_edited |= is_former_edit(event, f);
	}
	event->effects->record_outcome = SL_STALE;
	sl_event_say(event, SL_RECORD, "of what was deleted there, by its native id");
	if (!is_edited)
		return;
	sl_record_former_edit(event);
	event->effects->is_dirty = true;
}

/* As the create left it, and nothing proves that it comes after that. */
static bool
may_be_of_before(const SlEvent *event, int field)
{
	SlSpot         spot = sl_event_spot(event, field);
	const SlWrite *write = sl_newest_write(sl_spot_shown(&spot));

	return write != NULL && sl_value_same(&write->value, &event->obs->values[field]) &&
		   !sl_is_newest_token(&spot, event->obs->token) &&
		   !sl_brings_stamp(&spot, event->obs);
}

/* Our delete has taken this value away there. */
static bool
is_removed(const SlEvent *event, int field)
{
	SlSpot         spot = sl_event_spot(event, field);
	const SlShown *shown = sl_spot_shown(&spot);

	for (int i = 0; i < shown->nwrites; i++)
		if (sl_is_removal(&shown->writes[i]) &&
			sl_value_same(&shown->writes[i].replaced, &event->obs->values[field]))
			return true;
	return false;
}

/*
 * What our delete has taken away, or what came since once more: no sight of a create that
 * nobody has confirmed.
 */
bool
sl_is_photograph_under_create(const SlEvent *event)
{
	const SlPart *part = &event->state->parts[event->obs->system];
	int64         echo_window = event->policy->systems[event->obs->system].echo_window;
	bool          is_any = false;

	if ((part->existence != SL_BEING_CREATED && part->existence != SL_CREATE_LOST) ||
		part->erasures_owed == 0 || part->erased_at == 0 ||
		event->obs->now >= part->erased_at + echo_window)
		return false;
	for (int f = 0; f < event->policy->nfields; f++)
	{
		if (!sl_is_present(event, f) || sl_value_is_null(&event->obs->values[f]))
			continue;
		if (!may_be_of_before(event, f) ||
			!(part->photograph_came || is_removed(event, f)))
			return false;
		is_any = true;
	}
	return is_any || part->photograph_came;
}

bool
sl_is_of_known_version(const SlEvent *event)
{
	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlSpot spot = sl_event_spot(event, f);

		if (event->obs->token.len > 0 && !sl_is_newest_token(&spot, event->obs->token))
			return true;
	}
	return false;
}

/* It has another native id than the record that is known of there: it was created since. */
static bool
brings_another_id(const SlPart *part, const SlObservation *obs)
{
	const char *known = part->native_id != NULL ? part->native_id : part->former_id;

	return known != NULL && obs->native_id != NULL && strcmp(known, obs->native_id) != 0;
}

static void
forget_versions(SlShown *shown)
{
	shown->token = shown->token_shown = shown->token_own = (SlToken){0};
	shown->acked_since = false;
}

void
sl_forget_versions_of_another(SlEvent *event)
{
	SlPart *part = &event->state->parts[event->obs->system];

	if (sl_shows_record(part) || !brings_another_id(part, event->obs))
		return;
	for (int f = 0; f < event->policy->nfields; f++)
		forget_versions(&part->shown[f]);
}

void
sl_become_another(const SlPolicy *policy, SlPart *part, const char *native_id)
{
	for (int f = 0; f < policy->nfields; f++)
	{
		SlShown *shown = &part->shown[f];
		SlWrite *in_flight = sl_in_flight(shown);

		forget_versions(shown);
		shown->nwrites = 0;
		if (in_flight == NULL)
			continue;
		shown->writes[shown->nwrites++] = *in_flight;
		shown->writes[0].is_crossed = true;
	}
	sl_replace_native_id(part, native_id);
}

bool
sl_is_older_than_all(const SlPolicy *policy, SlState *state, int system, SlToken token)
{
	bool is_older = false;

	if (token.len == 0)
		return false;
	for (int f = 0; f < policy->nfields; f++)
	{
		SlSpot  spot = {policy, state, system, f, 0};
		SlToken known = sl_spot_shown(&spot)->token;

		if (known.len == 0)
			continue;
		if (sl_compare_tokens(&spot, token, known) >= 0)
			return false;
		is_older = true;
	}
	return is_older;
}

bool
sl_is_of_the_past(const SlEvent *event)
{
	return sl_is_older_than_all(event->policy, event->state, event->obs->system,
								event->obs->token);
}

/* What the system told of the record's end counts for all fields, those left out too. */
bool
sl_is_older_than_gone(const SlEvent *event)
{
	const SlPart *part = &event->state->parts[event->obs->system];

	return !sl_shows_record(part) && !brings_another_id(part, event->obs) &&
		   sl_is_of_the_past(event);
}

void
sl_take_older(SlEvent *event)
{
	for (int f = 0; f < event->policy->nfields; f++)
		if (sl_is_present(event, f))
			event->effects->outcomes[f] = sl_close_stale(event, f);
	event->effects->record_outcome = SL_STALE;
	sl_event_say(event, SL_RECORD, "older than what is known");
}

/* Under a version that was known before our delete was acked: it is older than that. */
bool
sl_is_of_erased_version(const SlEvent *event)
{
	const SlPart *part = &event->state->parts[event->obs->system];

	if ((part->existence != SL_NOT_THERE && part->existence != SL_GONE) ||
		part->erased_at == 0 || brings_another_id(part, event->obs))
		return false;
	return sl_is_of_known_version(event);
}

void
sl_take_erased_version(SlEvent *event)
{
	event->effects->record_outcome = SL_STALE;
	sl_event_say(event, SL_RECORD, "older than our delete, by its version");
}

/*
 * What a system shows long after our delete was acked is no photograph of what was there
 * before: where the delete has not been shown by now, it will not be.
 */
void
sl_end_erasure(SlEvent *event)
{
	SlPart *part = &event->state->parts[event->obs->system];
	int64   echo_window = event->policy->systems[event->obs->system].echo_window;

	if (part->erased_at == 0 || event->obs->now < part->erased_at + echo_window)
		return;
	part->erased_at = 0;
	part->erasures_owed = 0;
}

/* What our delete has removed may come late, once, for as long as any echo may. */
bool
sl_may_come_late(const SlEvent *event)
{
	return sl_is_just_erased(event) &&
		   !event->state->parts[event->obs->system].photograph_came;
}

/* Each of its values has come late, and is held from now on. */
SlOutcome
sl_take_photograph(SlEvent *event)
{
	SlPart *part = &event->state->parts[event->obs->system];

	if (part->photograph_came)
	{
		sl_event_say(event, SL_RECORD,
					 "what our delete removed, late and not for the first time");
		return SL_ECHO;
	}
	part->photograph_came = true;
	for (int f = 0; f < event->policy->nfields; f++)
		for (int i = 0; i < part->shown[f].nwrites; i++)
		{
			SlWrite *write = &part->shown[f].writes[i];

			if (sl_is_removal(write) &&
				sl_value_same(&write->replaced, &event->obs->values[f]))
				write->replaced_came_late = true;
		}
	event->effects->is_dirty = true;
	sl_event_say(event, SL_RECORD, "what our delete removed, late");
	return SL_ECHO;
}

bool
sl_is_late_photograph(const SlEvent *event)
{
	const SlPart *part = &event->state->parts[event->obs->system];

	if (part->existence != SL_NOT_THERE || !sl_may_come_late(event))
		return false;
	for (int f = 0; f < event->policy->nfields; f++)
		if (!is_of_the_past(event, f))
			return false;
	return true;
}
