/*
 * rules_delete.c
 *	  Rule 10: a system says that the record was deleted there.
 *
 * The values of a dead record, and what each system showed of it, stay as its
 * tombstone.
 */
#include "postgres.h"

#include "rules.h"

bool
sl_shows_record(const SlPart *part)
{
	switch (part->existence)
	{
		case SL_THERE:
		case SL_BEING_CREATED:
		case SL_CREATE_LOST:
			return true;
		case SL_NOT_THERE:
		case SL_GONE:
		case SL_LEFT_OUT:
			return false;
	}
	return false;
}

bool
sl_is_frozen(const SlState *state)
{
	return state->conflict != NULL && state->conflict->kind != SL_CONFLICT_DUPLICATE;
}

void
sl_leave(SlPart *part, TimestampTz now)
{
	if (part->native_id != NULL)
	{
		part->former_id = part->native_id;
		part->former_since = now;
	}
	part->existence = SL_NOT_THERE;
	part->native_id = NULL;
	part->replaced_id = NULL;
	part->deleted_itself = false;
	part->may_be_created = false;
	part->create_version = 0;
}

static bool
is_ours(const SlPart *part)
{
	switch (part->erasure)
	{
		case SL_ERASURE_LEASED:
		case SL_ERASURE_LEASED_AGAIN:
		case SL_ERASURE_LOST:
		case SL_ERASURE_STRAY:
			return true;
		case SL_ERASURE_NONE:
		case SL_ERASURE_SEEN:
		case SL_ERASURE_SETTLED:
			break;
	}
	return part->erasures_owed > 0;
}

/* What was deleted has a native id that the record had there, and has no more. */
static bool
is_of_a_former_id(const SlState *state, const SlObservation *obs)
{
	const SlPart *part = &state->parts[obs->system];

	if (obs->native_id == NULL || is_ours(part))
		return false;
	if (part->native_id == NULL)
		return sl_bears_former_id(part, obs);
	return strcmp(obs->native_id, part->native_id) != 0;
}

bool
sl_is_stale_deletion(const SlPolicy *policy, const SlState *state,
					 const SlObservation *obs)
{
	if (is_of_a_former_id(state, obs))
		return true;
	for (int f = 0; f < policy->nfields; f++)
	{
		SlSpot  spot = {policy, (SlState *) state, obs->system, f, obs->now};
		SlToken known = sl_spot_shown(&spot)->token;

		if (obs->token.len > 0 && known.len > 0 &&
			sl_compare_tokens(&spot, obs->token, known) < 0)
			return true;
	}
	return false;
}

/* Its own token counts for all fields, those that nobody has set too. */
static void
note_token(SlEvent *event)
{
	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlSpot    spot = sl_event_spot(event, f);
		SlGolden *golden = sl_spot_golden(&spot);

		if (!sl_note_token(&spot, event->obs->token) || golden->is_known)
			continue;
		golden->is_known = true;
		golden->value = sl_value_null();
	}
}

/* One sight less is owed. */
static void
end_one_erasure(const SlEvent *event, SlPart *part)
{
	part->erasures_owed--;
	part->erased_at = 0;
	if (part->erasures_owed == 0)
		for (int f = 0; f < event->policy->nfields; f++)
			sl_forget_removals(&part->shown[f]);
}

/* By a create of ours, which goes out only after the delete was acked. */
static bool
is_created_since(const SlEvent *event, const SlPart *part)
{
	return part->existence != SL_THERE || sl_is_create_unseen(event);
}

/*
 * The oldest one's that is owed.  A create of ours that came after it is not undone by its
 * late echo; but what the system has shown since the delete was acked was older.
 */
static void
take_owed_echo(SlEvent *event, SlPart *part)
{
	bool was_shown_late = sl_is_just_erased(event) && sl_shows_record(part);

	end_one_erasure(event, part);
	if (event->is_closed && sl_shows_record(part))
		part->existence = is_created_since(event, part) ? part->existence : SL_GONE;
	else if (was_shown_late)
		sl_leave(part, event->obs->now);
}

static bool
nobody_shows(const SlEvent *event)
{
	for (int s = 0; s < event->policy->nsystems; s++)
		if (sl_shows_record(&event->state->parts[s]))
			return false;
	return true;
}

/* The dead record is nowhere: no human has to choose who shows it. */
static void
end_resurrection(SlEvent *event)
{
	if (!event->state->is_deleted || event->state->conflict == NULL ||
		!nobody_shows(event))
		return;
	sl_close_record_conflict(event, "agreed");
	sl_close_field_conflicts(event, "deleted");
}

static SlOutcome
note_echo(SlEvent *event, SlPart *part)
{
	event->effects->is_dirty = true;
	sl_event_say(event, SL_RECORD, "echo of our delete");
	if (part->erasures_owed > 0)
	{
		take_owed_echo(event, part);
		return SL_ECHO;
	}
	part->erasure = sl_is_erasure_leased(part) ? SL_ERASURE_SEEN : SL_ERASURE_NONE;
	part->replaced_id = NULL;
	if (!sl_shows_record(part))
		return SL_ECHO;
	if (event->state->is_deleted || sl_is_frozen(event->state))
		part->existence = SL_GONE;
	else
		sl_leave(part, event->obs->now);
	return SL_ECHO;
}

static SlOutcome
take_echo(SlEvent *event, SlPart *part)
{
	SlOutcome outcome = note_echo(event, part);

	end_resurrection(event);
	return outcome;
}

/* The system says it itself: it shows the record no more. */
static void
note_gone(SlEvent *event, SlPart *part)
{
	part->may_be_created = sl_is_create_unseen(event);
	part->existence = SL_GONE;
	part->deleted_itself = true;
	sl_drop_undecided(event->policy, part);
	event->effects->is_dirty = true;
}

/* Nothing was sent there since our create: it could go again as it was. */
static bool
is_create_newest(const SlPolicy *policy, const SlPart *part)
{
	bool is_newest = false;

	for (int f = 0; f < policy->nfields; f++)
	{
		const SlWrite *write = sl_newest_write(&part->shown[f]);

		if (write != NULL && write->version > part->create_version)
			return false;
		is_newest |= write != NULL && write->version == part->create_version;
	}
	return is_newest;
}

/*
 * Of a field that was seen nobody knows any more what the create said of it.  What it left out
 * counts as seen, too, and is null.
 */
static bool
is_create_seen_in_part(const SlPolicy *policy, const SlPart *part)
{
	for (int f = 0; f < policy->nfields; f++)
	{
		const SlShown *shown = &part->shown[f];

		if (shown->is_observed && shown->nwrites == 0 && !sl_value_is_null(&shown->value))
			return true;
	}
	return false;
}

/*
 * What a create of ours may have left there is to be deleted with the rest; in another life
 * of the record too, where the create cannot go again as it was.
 */
static void
find_created(const SlPolicy *policy, SlPart *part)
{
	if (part->existence != SL_GONE || !part->may_be_created)
		return;
	part->deleted_itself = false;
	part->may_be_created = false;
	if (part->leased_action == SL_ACTION_CREATE)
		part->existence = SL_BEING_CREATED;
	else if (!is_create_newest(policy, part))
		part->existence = SL_THERE;
	else
	{
		part->existence = SL_CREATE_LOST;
		if (is_create_seen_in_part(policy, part))
			part->erasure = SL_ERASURE_LOST;
	}
}

/*
 * What a system showed while our delete was under way may be from before it or from after it.
 * Who decides that the record is to go has seen it: the delete goes there once more.
 */
void
sl_doubt_erasures(SlEvent *event)
{
	const SlConflict *conflict = event->state->conflict;

	for (int i = 0; i < conflict->nsides; i++)
	{
		int     system = conflict->sides[i].system;
		SlPart *part;

		if (system >= event->policy->nsystems)
			continue;
		part = &event->state->parts[system];
		if (part->existence != SL_GONE || part->deleted_itself ||
			part->erasures_owed == 0)
			continue;
		end_one_erasure(event, part);
		part->existence = SL_THERE;
	}
}

void
sl_die(SlEvent *event, int author)
{
	SlState *state = event->state;

	for (int s = 0; s < event->policy->nsystems; s++)
		find_created(event->policy, &state->parts[s]);

	state->is_deleted = true;
	state->deleted_by = author;
	state->deleted_actor = event->obs->actor;
	state->deleted_at = event->obs->now;
	state->deleted_version = sl_waiting_version(event->effects->waiting, state);
	for (int s = 0; s < event->policy->nsystems; s++)
		if (state->parts[s].erasure == SL_ERASURE_SETTLED)
			state->parts[s].erasure = SL_ERASURE_NONE;
	event->effects->action = SL_ACTION_DELETE;
	event->effects->is_dirty = true;
}

/* A frozen record: when nobody shows it any more, there is nothing left to decide. */
static SlOutcome
add_deletion(SlEvent *event, SlPart *part)
{
	bool was_dead = event->state->is_deleted;

	note_gone(event, part);
	if (!nobody_shows(event))
	{
		sl_show_record_conflict(event, NULL);
		return SL_CONFLICTED;
	}
	sl_close_record_conflict(event, "agreed");
	sl_close_field_conflicts(event, "deleted");
	if (!was_dead)
		sl_die(event, event->obs->system);
	sl_event_say(event, SL_RECORD, "no system shows the record any more");
	return was_dead ? SL_AGREED : SL_ACCEPTED;
}

/* Older than a create of ours, for all we know: our delete goes there all the same. */
static SlOutcome
agree(SlEvent *event, SlPart *part)
{
	if (!sl_is_create_unseen(event))
		note_gone(event, part);
	sl_event_say(event, SL_RECORD, "the record is deleted already");
	return SL_AGREED;
}

static SlOutcome
leave_out(SlEvent *event, SlPart *part, const char *why)
{
	part->existence = SL_LEFT_OUT;
	event->effects->is_dirty = true;
	sl_event_say(event, SL_RECORD, "%s; left out until it shows it again", why);
	return SL_KEPT;
}

/*
 * A listing that lacks what we have just created there may have been made before: to
 * create it again would make two of it.
 */
static SlOutcome
overrule(SlEvent *event, SlPart *part)
{
	int owner = event->policy->delete_owner;

	if (event->obs->is_missing && sl_is_older_than_create(event))
	{
		sl_event_say(event, SL_RECORD, "our create was not seen yet");
		return SL_STALE;
	}
	sl_record_deletion_loss(event);
	sl_leave(part, event->obs->now);
	event->effects->is_dirty = true;
	sl_event_say(event, SL_RECORD, "only %s deletes", event->policy->systems[owner].name);
	return SL_OVERRULED;
}

static bool
is_set_inside_window(const SlEvent *event, const SlGolden *golden)
{
	return golden->author >= 0 && golden->author != event->obs->system &&
		   event->obs->now - golden->changed_at < event->policy->window;
}

/* The author of a set that was merged has not seen what others added to it. */
static bool
has_seen(const SlSpot *spot)
{
	const SlGolden *golden = sl_spot_golden(spot);

	if (!spot->policy->fields[spot->field].merges_sets || golden->author != spot->system)
		return sl_has_seen(spot);
	return sl_value_same(&sl_spot_shown(spot)->value, &golden->value) ||
		   sl_was_told(spot);
}

/* Why a human must decide, or NULL. */
static const char *
contest(const SlEvent *event)
{
	if (event->policy->deletes == SL_DELETES_REVIEW)
		return "deletes are reviewed";
	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlSpot          spot = sl_event_spot(event, f);
		const SlGolden *golden = sl_spot_golden(&spot);

		if (golden->conflict != NULL)
			return "a field is in open conflict";
		if (golden->author == SL_AUTHOR_NONE)
			continue;
		if (event->policy->fields[f].paths[spot.system] != NULL && !has_seen(&spot))
			return "a value was not seen there";
		if (is_set_inside_window(event, golden))
			return "another system changed it a moment ago";
	}
	return NULL;
}

static SlOutcome
open_delete(SlEvent *event, SlPart *part, const char *why)
{
	sl_open_record_conflict(event, SL_CONFLICT_DELETE,
							sl_record_values(event, event->obs->system), NULL);
	note_gone(event, part);
	sl_event_say(event, SL_RECORD, "deleted there, but %s", why);
	return SL_CONFLICTED;
}

static SlOutcome
accept(SlEvent *event, SlPart *part)
{
	note_gone(event, part);
	sl_die(event, event->obs->system);
	return SL_ACCEPTED;
}

static SlOutcome
judge(SlEvent *event, SlPart *part)
{
	const SlPolicy *policy = event->policy;
	const char     *why;

	if (sl_is_frozen(event->state))
		return add_deletion(event, part);
	if (event->state->is_deleted)
		return agree(event, part);
	if (event->obs->is_baseline)
		return leave_out(event, part, "missing in a baseline");
	if (policy->deletes == SL_DELETES_IGNORE)
		return leave_out(event, part, "deletes are ignored");
	if (policy->delete_owner >= 0 && policy->delete_owner != event->obs->system)
		return overrule(event, part);
	why = contest(event);
	return why != NULL ? open_delete(event, part, why) : accept(event, part);
}

void
sl_decide_deletion(SlEvent *event)
{
	SlPart    *part = &event->state->parts[event->obs->system];
	SlOutcome *outcome = &event->effects->record_outcome;

	if (!sl_shows_record(part) && !is_ours(part))
		*outcome = SL_UNCHANGED;
	else if (sl_shows_record(part) &&
			 sl_is_stale_deletion(event->policy, event->state, event->obs))
	{
		sl_event_say(event, SL_RECORD, "older than what is known");
		*outcome = SL_STALE;
	}
	else
	{
		note_token(event);
		*outcome = is_ours(part) ? take_echo(event, part) : judge(event, part);
	}
}

SlOutcome
sl_glance_deletion(const SlPolicy *policy, const SlState *state, const SlObservation *obs)
{
	const SlPart *part = &state->parts[obs->system];

	if (!sl_shows_record(part))
		return is_ours(part) ? SL_ECHO : SL_UNCHANGED;
	return sl_is_stale_deletion(policy, state, obs) ? SL_STALE : SL_ACCEPTED;
}
