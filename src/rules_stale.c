/*
 * rules_stale.c
 *	  Rules 1 and 2: what is older than what we know, and what says nothing new.
 *
 * Tokens are compared only within one system, and field by field.
 */
#include "postgres.h"

#include "rules.h"

static bool
is_known_token(SlToken token)
{
	return token.len > 0;
}

/* Null that would erase nothing says nothing of an edit either. */
static bool
is_kept_null(const SlSpot *spot, const SlValue *value)
{
	const SlFieldSpec *spec = &spot->policy->fields[spot->field];

	return sl_value_is_null(value) && !spec->nulls_clear && spec->owner != spot->system;
}

bool
sl_is_stale(const SlSpot *spot, const SlObservation *obs)
{
	const SlShown *shown = sl_spot_shown(spot);
	const SlValue *value = &obs->values[spot->field];

	if (!is_known_token(obs->token))
		return false;
	if (is_known_token(shown->token) &&
		sl_compare_tokens(spot, obs->token, shown->token) < 0)
		return true;
	return shown->acked_since && is_known_token(shown->token_shown) &&
		   sl_compare_tokens(spot, obs->token, shown->token_shown) == 0 &&
		   !sl_value_same(value, &sl_spot_golden(spot)->value) &&
		   !sl_value_same(value, &shown->value);
}

static bool
is_of_a_write(const SlShown *shown, const SlValue *value)
{
	for (int i = 0; i < shown->nwrites; i++)
		if (sl_value_same(value, &shown->writes[i].replaced) ||
			(!sl_is_removal(&shown->writes[i]) &&
			 sl_value_same(value, &shown->writes[i].value)))
			return true;
	return false;
}

/* Under the very token that an answer told of: what stood there was ours, whatever it was. */
static bool
is_of_a_forgotten_write(const SlSpot *spot, const SlObservation *obs)
{
	const SlShown *shown = sl_spot_shown(spot);

	return shown->nwrites == 0 && is_known_token(shown->token_shown) &&
		   sl_compare_tokens(spot, obs->token, shown->token_shown) == 0;
}

bool
sl_is_buried(const SlSpot *spot, const SlObservation *obs)
{
	const SlShown *shown = sl_spot_shown(spot);
	const SlValue *value = &obs->values[spot->field];

	if (is_known_token(shown->token_own) &&
		sl_compare_tokens(spot, obs->token, shown->token_own) <= 0)
		return false;
	if (is_of_a_forgotten_write(spot, obs) || sl_value_same(value, &shown->value))
		return false;
	return !is_of_a_write(shown, value) &&
		   !sl_value_same(value, &sl_spot_golden(spot)->value) &&
		   !is_kept_null(spot, value);
}

/* A correction is seen whose sight is owed no more: the breaker counts anew. */
static bool
is_late_sight(const SlSpot *spot, const SlValue *value)
{
	return sl_spot_shown(spot)->answers > 0 && !spot->state->is_deleted &&
		   spot->state->conflict == NULL &&
		   sl_value_same(value, &sl_spot_golden(spot)->value);
}

bool
sl_is_unchanged(const SlSpot *spot, const SlObservation *obs)
{
	const SlShown *shown = sl_spot_shown(spot);
	const SlValue *value = &obs->values[spot->field];
	bool           is_unsure;

	if (!shown->is_seen)
		return sl_value_is_null(value) && shown->nwrites == 0 &&
			   spot->policy->systems[spot->system].unseen_is_null;
	if (!sl_value_same(value, &shown->value))
		return false;
	if (is_late_sight(spot, value))
		return false;
	if (shown->nwrites == 0)
		return true;
	if (sl_find_sight(spot, obs) != NULL || sl_brings_stamp(spot, obs))
		return false;
	is_unsure = sl_is_unsure(spot);
	for (int i = 0; i < shown->nwrites; i++)
		if (sl_is_owed(spot, &shown->writes[i], is_unsure) &&
			sl_is_proved_newer(spot, obs, &shown->writes[i]))
			return false;
	return true;
}

/* A write of ours has left it, or may have, repeating what stood there before. */
static bool
may_be_ours(const SlSpot *spot)
{
	const SlShown *shown = sl_spot_shown(spot);

	if (shown->is_ours)
		return true;
	for (int i = 0; i < shown->nwrites; i++)
		if (!sl_is_removal(&shown->writes[i]) &&
			sl_value_same(&shown->writes[i].value, &shown->value))
			return true;
	return sl_shows_ours(spot);
}

bool
sl_is_ours_again(const SlSpot *spot, const SlObservation *obs)
{
	const SlShown *shown = sl_spot_shown(spot);

	return shown->is_seen && sl_value_same(&shown->value, &obs->values[spot->field]) &&
		   may_be_ours(spot);
}

/*
 * An older value changes nothing in the shadow.  A buried edit must be named: while
 * the system shows our write it is a collision, else it was replaced since by an edit
 * whose author had it on the screen.
 */
SlOutcome
sl_apply_stale(SlEvent *event, int field)
{
	SlSpot   spot = sl_event_spot(event, field);
	SlShown *shown = sl_spot_shown(&spot);

	if (!sl_is_buried(&spot, event->obs))
	{
		sl_event_say(event, field, "older than what is known");
		return SL_STALE;
	}
	shown->token_own = event->obs->token;
	event->effects->is_dirty = true;
	if (!may_be_ours(&spot))
	{
		sl_record_loss(event, field, SL_CONFLICT_COLLISION, sl_value_absent(),
					   "superseded");
		sl_event_say(event, field,
					 "older than what is known; kept as a resolved conflict");
		return SL_STALE;
	}
	sl_open_conflict(event, field, SL_CONFLICT_COLLISION, shown->value);
	sl_find_side(sl_spot_golden(&spot)->conflict, spot.system)->is_buried = true;
	/* Under the same version as our write it may as well have come after it. */
	if (sl_compare_tokens(&spot, event->obs->token, shown->token) == 0)
		shown->is_unsure = true;
	sl_event_say(event, field, "an edit that a write of ours replaced unseen");
	return SL_CONFLICTED;
}

SlOutcome
sl_close_stale(SlEvent *event, int field)
{
	SlSpot spot = sl_event_spot(event, field);

	if (sl_is_buried(&spot, event->obs))
	{
		sl_spot_shown(&spot)->token_own = event->obs->token;
		sl_record_loss(event, field, SL_CONFLICT_COLLISION, sl_value_absent(),
					   "superseded");
	}
	return SL_STALE;
}

void
sl_show(SlEvent *event, int field, bool is_own)
{
	SlSpot   spot = sl_event_spot(event, field);
	SlShown *shown = sl_spot_shown(&spot);

	/* A known difference stays known while the system shows the same. */
	if (!shown->is_seen || !sl_value_same(&shown->value, &event->obs->values[field]))
	{
		shown->is_settled = false;
		shown->knows_golden = false;
	}
	shown->value = event->obs->values[field];
	shown->is_seen = true;
	shown->is_observed = true;
	shown->is_ours = !is_own;
	shown->acked_since = false;
	sl_note_token(&spot, event->obs->token);
	shown->token_shown = event->obs->token;
	if (is_own)
		shown->token_own = event->obs->token;
	else
		shown->answers = 0;
	event->effects->is_dirty = true;
}

void
sl_show_again(SlEvent *event, int field)
{
	SlSpot   spot = sl_event_spot(event, field);
	SlShown *shown = sl_spot_shown(&spot);

	if (!shown->is_seen || !is_known_token(event->obs->token))
		return;
	sl_note_token(&spot, event->obs->token);
	shown->token_shown = event->obs->token;
	shown->acked_since = false;
	if (!may_be_ours(&spot))
		shown->token_own = event->obs->token;
}
