/*
 * decide_resolve.c
 *	  Rule 12: a human's decision of a field in conflict.
 */
#include "postgres.h"

#include "rules.h"

/* What the row says of the decision (note, actor) is the caller's; here the state moves. */
SlEffects *
sl_decide_resolution(const SlPolicy *policy, SlState *state, const SlDecision *decision)
{
	SlObservation said = {
		.system = SL_AUTHOR_REVIEW,
		.actor = decision->actor,
		.now = decision->now,
	};
	SlEvent *event = sl_event_begin(policy, state, &said);

	state->golden[decision->field].conflict = NULL;
	sl_set_golden(event, decision->field, decision->value, SL_AUTHOR_REVIEW);
	event->effects->outcomes[decision->field] = SL_ACCEPTED;
	sl_event_end(event);
	return event->effects;
}
