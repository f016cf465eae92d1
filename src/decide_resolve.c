/*
 * decide_resolve.c
 *	  Rule 12: a human's decision of fields in conflict.
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

	for (int i = 0; i < decision->nfields; i++)
	{
		int f = decision->fields[i];

		state->golden[f].conflict = NULL;
		sl_reset_breaker(event, f);
		if (decision->values[i].kind == SL_ABSENT)
			continue;
		sl_set_golden(event, f, decision->values[i], SL_AUTHOR_REVIEW);
		event->effects->outcomes[f] = SL_ACCEPTED;
	}
	event->effects->is_dirty = true;
	sl_event_end(event);
	return event->effects;
}
