/*
 * decide_resolve.c
 *	  Rule 12: a human's decision of fields in conflict.
 */
#include "postgres.h"

#include "rules.h"

/*
 * Of a group the winner may leave a field as C has it; where nobody has set that, it is
 * empty by this decision.
 */
static void
decide_field(SlEvent *event, const SlDecision *decision, int i)
{
	int       field = decision->fields[i];
	SlValue   value = decision->values[i];
	SlGolden *golden = &event->state->golden[field];
	bool      is_kept = value.kind == SL_ABSENT && golden->author != SL_AUTHOR_NONE;

	sl_supersede_conflict(event, field, decision->conflict_id);
	golden->conflict = NULL;
	sl_reset_breaker(event, field);
	if (is_kept)
		return;
	sl_set_golden(event, field, value, SL_AUTHOR_REVIEW);
	event->effects->outcomes[field] = SL_ACCEPTED;
}

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
		decide_field(event, decision, i);
	event->effects->is_dirty = true;
	sl_event_end(event);
	return event->effects;
}
