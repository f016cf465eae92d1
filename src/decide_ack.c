/*
 * decide_ack.c
 *	  A write of ours is acknowledged, with what the target said of it.
 *
 * Other fields of an answer under a version are an observation; so is what the system
 * showed, under a newer version than the answer's, before the answer came.
 */
#include "postgres.h"

#include "rules.h"

/* What an ack finds on its way. */
typedef struct Landing
{
	bool    *is_leased;  /* by field: the leased row held it */
	bool     is_shown;   /* an observation has shown it, or may have */
	bool     is_created; /* a create, under the native id that was shown, if any */
	bool    *is_since; /* by field: the answer holds what was typed since it was shown */
	SlValue *over;     /* by field: typed over it, and shown before its answer came */
} Landing;

/* The answer's version is older than the one under which the field was last shown. */
static bool
is_told_before(const SlSpot *spot, const SlWrite *write)
{
	const SlShown *shown = sl_spot_shown(spot);

	return write->token.len > 0 && shown->token_shown.len > 0 &&
		   sl_compare_tokens(spot, write->token, shown->token_shown) < 0;
}

/* Under the answer's token, where it is the newest, the system shows what was written. */
static void
note_answer(const SlSpot *spot, const SlWrite *write)
{
	SlShown *shown = sl_spot_shown(spot);

	if (sl_note_token(spot, write->token) && !write->is_crossed)
	{
		shown->token_shown = write->token;
		shown->acked_since = false;
	}
	else if (!is_told_before(spot, write))
		shown->acked_since |= !write->is_sighted;
}

/* The write landed, and nothing crossed it: the shadow is sure. */
static void
confirm_write(SlEvent *event, SlShown *shown, const SlWrite *write)
{
	shown->is_observed = shown->is_observed &&
						 sl_value_same(&shown->value, &write->value);
	shown->is_undecided &= shown->is_seen;
	shown->value = write->value;
	shown->is_seen = true;
	shown->is_ours = true;
	shown->is_unsure = false;
	shown->is_settled = false;
	shown->knows_golden = false;
	sl_date_lost_writes(shown, event->obs->now);
}

static void
note_near_miss(SlEvent *event, int field, SlValue sent, SlValue stored)
{
	SlEffects *effects = event->effects;

	if (effects->misses == NULL)
		effects->misses = palloc(sizeof(SlNearMiss) * event->policy->nfields);
	effects->misses[effects->nmisses++] = (SlNearMiss){event->obs->system, field, sent,
													   stored};
}

/*
 * The target stored something else than it was sent: that is what it shows, and it
 * stands for C.  Where just that value came in while the call was on its way, it was this
 * write's sight and no crossing; what showed the value that was sent was somebody else's.
 */
static void
take_rewrite(SlEvent *event, int field, SlWrite *write, SlValue stored)
{
	SlSpot    spot = sl_event_spot(event, field);
	SlShown  *shown = sl_spot_shown(&spot);
	SlGolden *golden = sl_spot_golden(&spot);
	bool      stands_for_golden = sl_value_same(&write->value, &golden->value);
	bool      was_shown = shown->is_observed && sl_value_same(&shown->value, &stored) &&
					 !sl_value_same(&write->replaced, &stored);

	note_near_miss(event, field, write->value, stored);
	write->value = stored;
	write->is_rewritten = true;
	write->is_sighted = was_shown;
	write->is_crossed &= !was_shown;
	if (write->is_crossed)
		return;
	confirm_write(event, shown, write);
	shown->is_settled = stands_for_golden;
	shown->knows_golden = stands_for_golden;
	shown->is_observed = was_shown;
	event->has_rewrite = true;
}

/*
 * Under a newer version than the answer's the system showed what it had shown before the
 * write: it was taken for that, but somebody has typed it over what we wrote.
 */
static bool
is_typed_over(const SlSpot *spot, const SlWrite *write)
{
	const SlShown *shown = sl_spot_shown(spot);

	return !write->is_crossed && !write->is_sighted && shown->is_observed &&
		   is_told_before(spot, write) &&
		   sl_value_same(&shown->value, &write->replaced) &&
		   !sl_value_same(&shown->value, &write->value);
}

static bool
is_answered_otherwise(const SlAck *ack, int field, const SlWrite *write)
{
	return ack->result != NULL && ack->result[field].kind != SL_ABSENT &&
		   !sl_value_same(&ack->result[field], &write->value);
}

/* Without versions what goes again is answered later, and what goes once with what it stored. */
static bool
is_answered_later(const SlSpot *spot, const SlAck *ack)
{
	const SlShown *shown = sl_spot_shown(spot);

	if (ack->token.len == 0 && shown->token_shown.len == 0)
		return shown->nwrites > 1;
	return ack->token.len > 0 && shown->token_shown.len > 0 &&
		   sl_compare_tokens(spot, ack->token, shown->token_shown) > 0;
}

/*
 * What was created was shown before the answer's time: a create that went again is answered
 * with what stands there by then.
 */
static bool
is_typed_since(const SlSpot *spot, const SlAck *ack, const SlWrite *write)
{
	const SlShown *shown = sl_spot_shown(spot);

	return is_answered_otherwise(ack, spot->field, write) && shown->is_observed &&
		   sl_value_same(&shown->value, &write->value) && is_answered_later(spot, ack);
}

static void
ack_field(SlEvent *event, int field, const SlAck *ack, Landing *landing)
{
	SlSpot   spot = sl_event_spot(event, field);
	SlShown *shown = sl_spot_shown(&spot);
	SlWrite *write = sl_in_flight(shown);
	bool     is_since = landing->is_created && is_typed_since(&spot, ack, write);

	landing->is_since[field] = is_since;
	write->status = SL_WRITE_ACKED;
	write->since = ack->now;
	write->token = is_since ? shown->token_shown : ack->token;
	if (is_typed_over(&spot, write))
		landing->over[field] = shown->value;
	note_answer(&spot, write);
	if (!is_since && is_answered_otherwise(ack, field, write))
		take_rewrite(event, field, write, ack->result[field]);
	else if (!write->is_crossed)
		confirm_write(event, shown, write);
	else
		shown->is_unsure = true;
	if (write->is_crossed)
		sl_event_say(event, field, "crossed by an edit there");
}

static Landing
find_landing(const SlPolicy *policy, const SlPart *part, const SlAck *ack)
{
	Landing landing = {.is_leased = palloc0(sizeof(bool) * policy->nfields),
					   .is_created = part->leased_action == SL_ACTION_CREATE &&
									 (ack->native_id == NULL || part->native_id == NULL ||
									  sl_is_same_name(ack->native_id, part->native_id)),
					   .is_since = palloc0(sizeof(bool) * policy->nfields),
					   .over = palloc0(sizeof(SlValue) * policy->nfields)};

	for (int f = 0; f < policy->nfields; f++)
	{
		const SlShown *shown = &part->shown[f];
		const SlWrite *write = sl_in_flight(shown);

		landing.is_leased[f] = write != NULL;
		landing.is_shown |= write != NULL &&
							(write->is_sighted ||
							 sl_value_same(&shown->value, &write->value));
	}
	return landing;
}

/*
 * The landing was shown already under the answer's own version, with another value in this
 * field: where versions are coarse that is the later one.
 */
static bool
is_shown_otherwise(const SlEvent *event, const SlAck *ack, const Landing *landing,
				   int field)
{
	SlSpot         spot = sl_event_spot(event, field);
	const SlShown *shown = sl_spot_shown(&spot);

	return landing->is_shown && shown->token_shown.len > 0 &&
		   !sl_value_same(&ack->result[field], &shown->value) &&
		   sl_compare_tokens(&spot, ack->token, shown->token_shown) == 0;
}

/*
 * Other fields of a result count only under a version token: without one it may be an
 * old photograph, an answer repeated under a known key.
 */
static SlEffects *
observe_rest(SlEvent *event, const SlAck *ack, const Landing *landing)
{
	SlValue      *rest = palloc0(sizeof(SlValue) * event->policy->nfields);
	SlObservation obs = *event->obs;
	bool          is_any = false;

	for (int f = 0; ack->result != NULL && f < event->policy->nfields; f++)
	{
		if (!landing->is_since[f] && (ack->token.len == 0 || landing->is_leased[f] ||
									  is_shown_otherwise(event, ack, landing, f)))
			continue;
		rest[f] = ack->result[f];
		is_any |= rest[f].kind != SL_ABSENT;
	}
	obs.values = rest;
	obs.token = ack->token;
	if (!is_any || sl_decide_glance(event->policy, event->state, &obs, NULL) <= SL_STALE)
		return NULL;
	return sl_decide_observation(event->policy, event->state, &obs);
}

/* Nothing crosses: what is shown is the write, and what was made of it. */
static SlEffects *
observe_sight(const SlPolicy *policy, SlState *state, const SlAck *ack)
{
	if (ack->sight == NULL ||
		sl_decide_glance(policy, state, ack->sight, NULL) <= SL_STALE)
		return NULL;
	return sl_decide_observation(policy, state, ack->sight);
}

/* What stands there is the sight of what was written, also of the very value that it replaced. */
static void
see_written(const SlPolicy *policy, SlPart *part, const Landing *landing)
{
	for (int f = 0; f < policy->nfields; f++)
	{
		SlShown *shown = &part->shown[f];
		SlWrite *write = sl_newest_write(shown);

		if (!landing->is_leased[f] || write == NULL || write->status != SL_WRITE_ACKED ||
			write->is_crossed || !sl_value_same(&shown->value, &write->value))
			continue;
		write->is_sighted = true;
		shown->is_observed = true;
	}
}

/* Takes out of over what was shown under the same version as the given field. */
static SlEffects *
observe_over(SlEvent *event, int field, SlValue *over)
{
	const SlShown *shown = event->state->parts[event->obs->system].shown;
	SlObservation  obs = *event->obs;
	SlSpot         spot = sl_event_spot(event, field);
	SlValue       *values = palloc0(sizeof(SlValue) * event->policy->nfields);

	obs.values = values;
	obs.token = shown[field].token_shown;
	for (int f = field; f < event->policy->nfields; f++)
	{
		if (over[f].kind == SL_ABSENT ||
			sl_compare_tokens(&spot, shown[f].token_shown, obs.token) != 0)
			continue;
		values[f] = over[f];
		over[f] = sl_value_absent();
	}
	return sl_decide_observation(event->policy, event->state, &obs);
}

/*
 * Both events are one to the store: what either accepted is in the change-set, and the later
 * one's waiting starts where the first began.
 */
static SlEffects *
merge_effects(const SlPolicy *policy, SlEffects *first, SlEffects *second)
{
	int               n = first->nconflicts + second->nconflicts;
	SlConflictEffect *all = palloc(sizeof(SlConflictEffect) * (n + 1));

	for (int i = 0; i < first->nconflicts; i++)
		all[i] = first->conflicts[i];
	for (int i = 0; i < second->nconflicts; i++)
		all[first->nconflicts + i] = second->conflicts[i];
	if (first->detail.len > 0 && second->detail.len > 0)
		appendStringInfoString(&first->detail, "; ");
	appendStringInfoString(&first->detail, second->detail.data);
	second->detail = first->detail;
	for (int f = 0; f < policy->nfields; f++)
	{
		second->outcomes[f] = Max(second->outcomes[f], first->outcomes[f]);
		second->is_accepted[f] |= first->is_accepted[f];
	}
	second->has_accepted |= first->has_accepted;
	second->verdict = Max(second->verdict, first->verdict);
	second->conflicts = all;
	second->nconflicts = n;
	second->maxconflicts = n + 1;
	second->nmisses = first->nmisses;
	second->misses = first->misses;
	second->is_dirty = true;
	return second;
}

/* The effects of the ack, and of what was observed because of it, if anything was. */
static SlEffects *
join_effects(const SlPolicy *policy, SlEffects *effects, SlEffects *more)
{
	if (more == NULL)
		return effects;
	for (int t = 0; t < policy->nsystems; t++)
		more->waiting->is_changed[t] |= effects->waiting->is_changed[t];
	return merge_effects(policy, effects, more);
}

/* Its own token counts for all fields: what is older is stale, and nothing comes late. */
static void
note_erasure(SlEvent *event, SlPart *part, const SlAck *ack)
{
	bool is_told = ack->token.len > 0;

	part->erased_at = ack->now;
	part->is_told_apart = is_told;
	part->photograph_came = false;
	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlSpot spot = sl_event_spot(event, f);

		(void) sl_note_token(&spot, ack->token);
		if (!is_told && part->erasures_owed > 0)
			sl_remember_removal(&part->shown[f], part->erasure_version, ack->now);
	}
}

/*
 * Where the system said meanwhile that the record was deleted there, and the create was
 * not seen before, nobody can say whether that was before it landed.
 */
static bool
is_create_in_doubt(const SlPolicy *policy, const SlPart *part)
{
	if (part->leased_action != SL_ACTION_CREATE || part->existence != SL_GONE ||
		!part->deleted_itself)
		return false;
	for (int f = 0; f < policy->nfields; f++)
	{
		const SlWrite *write = sl_in_flight(&part->shown[f]);

		if (write != NULL && !write->is_sighted)
			return true;
	}
	return false;
}

/* What was deleted there meanwhile was another object than the one that this call has created. */
static bool
is_created_beside(const SlState *state, const SlPart *part, const SlAck *ack)
{
	return !state->is_deleted && !sl_is_frozen(state) &&
		   part->existence == SL_NOT_THERE && part->former_id != NULL &&
		   ack->native_id != NULL && !sl_is_same_name(part->former_id, ack->native_id);
}

/* Nothing that was shown of the other one tells of it: its sight is still to come. */
static void
take_beside(const SlPolicy *policy, SlPart *part)
{
	sl_unsee_record(policy, part);
	for (int f = 0; f < policy->nfields; f++)
	{
		SlWrite *write = sl_in_flight(&part->shown[f]);

		if (write == NULL)
			continue;
		write->is_sighted = false;
		write->is_crossed = false;
	}
	part->existence = SL_THERE;
}

static void
ack_create(const SlEvent *event, SlPart *part, const SlAck *ack)
{
	part->create_version = 0;
	if (is_created_beside(event->state, part, ack))
		take_beside(event->policy, part);
	if (part->existence == SL_BEING_CREATED)
		part->existence = SL_THERE;
}

/*
 * Shown after the sight of the delete, and not by an old photograph, which would bear the native
 * id of what was deleted: it was created anew.
 */
static bool
is_of_a_new_life(const SlState *state, const SlPart *part)
{
	bool is_alive = !state->is_deleted && !sl_is_frozen(state);

	if (part->erasure != SL_ERASURE_SEEN || part->existence != SL_THERE)
		return false;
	if (part->native_id == NULL)
		return is_alive;
	return part->replaced_id != NULL || (is_alive && part->former_id != NULL);
}

/* It never undoes what an observation said since the claim. */
static void
ack_existence(SlEvent *event, SlPart *part, const SlAck *ack)
{
	const SlState *state = event->state;
	bool           is_new = is_of_a_new_life(state, part);

	if (part->leased_action == SL_ACTION_CREATE)
		ack_create(event, part, ack);
	if (part->leased_action == SL_ACTION_UPDATE && part->erasure == SL_ERASURE_LOST)
		part->erasure = SL_ERASURE_STRAY;
	if (part->leased_action != SL_ACTION_DELETE)
		return;
	if (sl_is_erasure_leased(part))
		part->erasures_owed++;
	part->erasure = SL_ERASURE_NONE;
	if (is_new)
		return;
	note_erasure(event, part, ack);
	if (!sl_shows_record(part))
		return;
	if (state->is_deleted || sl_is_frozen(state))
		part->existence = SL_GONE;
	else
		sl_leave(part, ack->now);
}

/*
 * The answer names what the worker created.  To an update it can only repeat the id that it
 * was sent to: where the system has shown another one, that is the newer.
 */
static bool
tells_native_id(const SlPart *part, const SlAck *ack)
{
	return ack->native_id != NULL && sl_shows_record(part) &&
		   (part->native_id == NULL || part->leased_action == SL_ACTION_CREATE);
}

SlEffects *
sl_decide_ack(const SlPolicy *policy, SlState *state, const SlAck *ack)
{
	SlPart       *part = &state->parts[ack->target];
	SlObservation nothing = {.system = ack->target, .now = ack->now};
	SlEvent      *event = sl_event_begin(policy, state, &nothing);
	Landing       landing = find_landing(policy, part, ack);
	bool          is_in_doubt = is_create_in_doubt(policy, part);
	SlEffects    *effects;

	if (is_in_doubt)
	{
		part->existence = SL_CREATE_LOST;
		sl_lose_writes(policy, part);
	}
	else
		ack_existence(event, part, ack);
	if (tells_native_id(part, ack))
		sl_take_native_id(part, ack->native_id);
	for (int f = 0; f < policy->nfields; f++)
		if (landing.is_leased[f] && !is_in_doubt)
			ack_field(event, f, ack, &landing);
	sl_end_lease(part);
	event->effects->is_dirty = true;
	sl_event_end(event);
	/* An answer never undoes what was said since: that the record is there no more. */
	if (is_in_doubt || !sl_shows_record(part))
		return event->effects;
	effects = join_effects(policy, event->effects, observe_rest(event, ack, &landing));
	for (int f = 0; f < policy->nfields; f++)
		if (landing.over[f].kind != SL_ABSENT)
			effects = join_effects(policy, effects, observe_over(event, f, landing.over));
	effects = join_effects(policy, effects, observe_sight(policy, state, ack));
	if (ack->sight != NULL)
		see_written(policy, part, &landing);
	return effects;
}
