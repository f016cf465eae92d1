/*
 * decide.c
 *	  One observation of one record: rules 1 to 10.
 *
 * The first rule that applies decides a field.  The record's verdict is the worst
 * of its fields' outcomes and its own.
 */
#include "postgres.h"

#include "rules.h"

const char *
sl_outcome_name(SlOutcome outcome)
{
	static const char *const names[] = {
		[SL_UNCHANGED] = "unchanged", [SL_STALE] = "stale", [SL_ECHO] = "echo",
		[SL_AGREED] = "agreed",       [SL_KEPT] = "kept",   [SL_ACCEPTED] = "accepted",
		[SL_OVERRULED] = "overruled", [SL_HELD] = "held",   [SL_CONFLICTED] = "conflict",
		[SL_REJECTED] = "rejected",
	};

	return names[outcome];
}

SlEvent *
sl_event_begin(const SlPolicy *policy, SlState *state, const SlObservation *obs)
{
	SlEvent   *event = palloc0(sizeof(SlEvent));
	SlEffects *effects = palloc0(sizeof(SlEffects));

	event->policy = policy;
	event->state = state;
	event->obs = obs;
	event->effects = effects;
	event->is_closed = state->is_deleted || sl_is_frozen(state);
	effects->outcomes = palloc0(sizeof(SlOutcome) * policy->nfields);
	effects->is_accepted = palloc0(sizeof(bool) * policy->nfields);
	effects->is_new = state->policy_version == 0 && !obs->is_deletion;
	effects->rejected_field = -1;
	effects->waiting = sl_waiting_begin(policy, state, obs->now);
	initStringInfo(&effects->detail);
	sl_forget(policy, state, obs->now);
	sl_edits_begin(event);
	if (obs->is_baseline)
		sl_baseline_begin(event);
	return event;
}

void
sl_event_say(SlEvent *event, int field, const char *format, ...)
{
	StringInfo detail = &event->effects->detail;
	va_list    args;
	int        needed;

	if (detail->len > 0)
		appendStringInfoString(detail, "; ");
	if (field != SL_RECORD)
		appendStringInfo(detail, "%s: ", event->policy->fields[field].name);
	for (;;)
	{
		va_start(args, format);
		needed = appendStringInfoVA(detail, format, args);
		va_end(args);
		if (needed == 0)
			return;
		enlargeStringInfo(detail, needed);
	}
}

void
sl_effects_say_first(SlEffects *effects, const char *words)
{
	StringInfoData detail;

	if (words == NULL)
		return;
	initStringInfo(&detail);
	appendStringInfoString(&detail, words);
	if (effects->detail.len > 0)
		appendStringInfo(&detail, "; %s", effects->detail.data);
	effects->detail = detail;
}

static SlOutcome
worst_outcome(const SlEvent *event)
{
	SlOutcome worst = event->effects->is_new ? SL_ACCEPTED
											 : event->effects->record_outcome;

	for (int f = 0; f < event->policy->nfields; f++)
		worst = Max(worst, event->effects->outcomes[f]);
	return worst;
}

void
sl_event_end(SlEvent *event)
{
	SlEffects *effects = event->effects;

	sl_groups_show(event);
	sl_close_settled_conflicts(event);
	if (event->obs->is_baseline)
		sl_baseline_end(event);
	sl_groups_end(event);
	sl_waiting_end(effects->waiting, event->policy, event->state, event->obs->now);
	for (int t = 0; t < event->policy->nsystems; t++)
		effects->is_dirty |= effects->waiting->is_changed[t];
	sl_forget(event->policy, event->state, event->obs->now);
	effects->verdict = worst_outcome(event);
}

static SlOutcome
decide_field(SlEvent *event, int field)
{
	SlSpot    spot = sl_event_spot(event, field);
	SlOutcome outcome;

	if (sl_is_stale(&spot, event->obs))
		return sl_apply_stale(event, field);
	if (sl_is_unchanged(&spot, event->obs))
		return SL_UNCHANGED;
	outcome = sl_apply_echo(event, field);
	if (outcome != SL_UNCHANGED)
		return outcome;
	return sl_apply_edit(event, field);
}

/* A new generation begins without the values of the old one. */
static bool
may_begin_generation(const SlState *state, const SlObservation *obs)
{
	return state->is_deleted && state->parts[obs->system].deleted_itself;
}

int
sl_missing_field(const SlPolicy *policy, const SlState *state, const SlObservation *obs)
{
	bool is_anew = may_begin_generation(state, obs);

	for (int f = 0; f < policy->nfields; f++)
	{
		const SlFieldSpec *spec = &policy->fields[f];

		if (!spec->is_required || spec->paths[obs->system] == NULL)
			continue;
		if (obs->values[f].kind == SL_NULL)
			return f;
		if (obs->values[f].kind == SL_ABSENT &&
			(is_anew || sl_value_is_null(&state->golden[f].value)))
			return f;
	}
	return -1;
}

static bool
brings_native_id(const SlPart *part, const SlObservation *obs)
{
	return obs->native_id != NULL &&
		   (part->native_id == NULL || strcmp(part->native_id, obs->native_id) != 0);
}

/* A strict system's newer token is worth a write of its own. */
static bool
brings_token(const SlSpot *spot, const SlObservation *obs)
{
	return spot->policy->systems[spot->system].strict_versions &&
		   sl_spot_shown(spot)->is_seen && sl_is_newest_token(spot, obs->token);
}

static SlOutcome
glance_field(const SlSpot *spot, const SlObservation *obs)
{
	if (sl_is_stale(spot, obs))
		return sl_is_buried(spot, obs) ? SL_CONFLICTED : SL_STALE;
	if (!sl_is_unchanged(spot, obs) || brings_token(spot, obs))
		return SL_ACCEPTED;
	return SL_UNCHANGED;
}

SlOutcome
sl_decide_glance(const SlPolicy *policy, const SlState *state, const SlObservation *obs,
				 SlOutcome *outcomes)
{
	const SlPart *part = &state->parts[obs->system];
	bool          is_missing = sl_missing_field(policy, state, obs) >= 0;
	SlOutcome     worst = SL_UNCHANGED;

	if (outcomes != NULL)
		memset(outcomes, 0, sizeof(SlOutcome) * policy->nfields);
	if (obs->is_deletion)
		return sl_glance_deletion(policy, state, obs);
	if (state->policy_version == 0)
		return is_missing ? SL_REJECTED : SL_ACCEPTED;
	if (part->existence != SL_THERE || brings_native_id(part, obs) || is_missing)
		return SL_ACCEPTED;
	for (int f = 0; f < policy->nfields; f++)
	{
		SlSpot    spot = {policy, (SlState *) state, obs->system, f, obs->now};
		SlOutcome outcome = SL_UNCHANGED;

		if (obs->values[f].kind != SL_ABSENT)
			outcome = glance_field(&spot, obs);
		if (outcome > SL_STALE)
			return outcome;
		if (outcomes != NULL)
			outcomes[f] = outcome;
		worst = Max(worst, outcome);
	}
	return worst;
}

static void
reject(SlEvent *event, int field)
{
	SlEffects *effects = event->effects;

	effects->rejected_field = field;
	effects->verdict = SL_REJECTED;
	effects->is_new = false;
	effects->is_dirty = false;
	appendStringInfo(&effects->detail, "%s: required, but %s",
					 event->policy->fields[field].name,
					 sl_is_present(event, field) ? "null" : "missing");
}

void
sl_note_presence(SlEvent *event)
{
	SlPart *part = &event->state->parts[event->obs->system];

	if (part->existence != SL_THERE)
	{
		SlOutcome *outcome = &event->effects->record_outcome;

		*outcome = Max(*outcome, sl_shows_record(part) ? SL_ECHO : SL_AGREED);
		part->existence = SL_THERE;
		event->effects->is_dirty = true;
	}
	part->deleted_itself = false;
	part->may_be_created = false;
	if (!brings_native_id(part, event->obs))
		return;
	/* The native id that a late payload bears may be one that was replaced since. */
	if (part->native_id != NULL && sl_is_of_the_past(event))
		return;
	sl_replace_native_id(part, event->obs->native_id);
	event->effects->is_dirty = true;
}

/* The record is written anyway, or its system is strict: note the tokens of the rest. */
static void
note_tokens(SlEvent *event)
{
	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlSpot spot = sl_event_spot(event, f);

		if (!sl_is_present(event, f) || event->effects->outcomes[f] != SL_UNCHANGED)
			continue;
		if (!event->effects->is_dirty && !brings_token(&spot, event->obs))
			continue;
		sl_show_again(event, f);
		event->effects->is_dirty = true;
	}
}

/* It was deleted there, and is there again. */
static void
forget_what_was_deleted(SlEvent *event)
{
	SlPart *part = &event->state->parts[event->obs->system];

	if (part->existence == SL_NOT_THERE)
		sl_unsee_record(event->policy, part);
}

static void
decide_living(SlEvent *event)
{
	if (sl_is_late_photograph(event))
	{
		event->effects->record_outcome = sl_take_photograph(event);
		return;
	}
	if (sl_is_of_erased_version(event))
	{
		sl_take_erased_version(event);
		return;
	}
	if (sl_is_photograph_under_create(event))
	{
		event->effects->record_outcome = sl_take_photograph(event);
		return;
	}
	forget_what_was_deleted(event);
	sl_note_presence(event);
	for (int f = 0; f < event->policy->nfields; f++)
		if (sl_is_present(event, f))
			event->effects->outcomes[f] = decide_field(event, f);
	sl_apply_group_edits(event);
	note_tokens(event);
	event->effects->is_dirty |= event->effects->is_new;
}

/* Rows of a table are gone at once: nothing of the record comes late under that id. */
static void
free_native_id(SlEvent *event)
{
	SlPart *part = &event->state->parts[event->obs->system];

	if (part->native_id == NULL && part->former_id == NULL)
		return;
	part->native_id = NULL;
	part->former_id = NULL;
	part->replaced_id = NULL;
	event->effects->is_dirty = true;
}

SlEffects *
sl_decide_observation(const SlPolicy *policy, SlState *state, const SlObservation *obs)
{
	SlEvent *event = sl_event_begin(policy, state, obs);
	int      missing = obs->is_deletion ? -1 : sl_missing_field(policy, state, obs);

	if (missing >= 0)
	{
		reject(event, missing);
		return event->effects;
	}
	if (!obs->is_deletion)
		sl_forget_versions_of_another(event);
	if (obs->is_written && (obs->is_deletion || !event->is_closed))
		sl_decide_written(event);
	else if (obs->is_deletion)
		sl_decide_deletion(event);
	else if (sl_is_of_former_life(event))
		sl_decide_former(event);
	else if (sl_is_older_than_gone(event))
		sl_take_older(event);
	else if (event->is_closed)
		sl_decide_closed(event);
	else
		decide_living(event);
	if (obs->is_id_free)
		free_native_id(event);
	if (!obs->is_deletion && event->effects->is_dirty && worst_outcome(event) > SL_STALE)
		sl_end_erasure(event);
	sl_event_end(event);
	return event->effects;
}
