/*
 * decide_identity.c
 *	  Rule 11: what becomes of a record that a native id named by mistake, and of what a system
 *	  has that left the policy.
 */
#include "postgres.h"

#include "rules.h"

/* Nothing is created there instead: what the system showed is still in C. */
SlEffects *
sl_decide_unlink(const SlPolicy *policy, SlState *state, int system,
				 const char *native_id, TimestampTz now)
{
	SlPart       *part = &state->parts[system];
	SlObservation nothing = {.system = system, .now = now};
	SlEvent      *event = sl_event_begin(policy, state, &nothing);

	if (sl_is_same_name(part->former_id, native_id))
		part->former_id = NULL;
	else
	{
		part->native_id = NULL;
		if (part->existence != SL_GONE)
			part->existence = SL_LEFT_OUT;
	}
	event->effects->is_dirty = true;
	sl_event_end(event);
	return event->effects;
}

void
sl_decide_ack_left(SlState *state, const char *system, const char *action)
{
	for (int i = 0; i < state->ngone; i++)
	{
		SlGoneSystem *gone = &state->gone[i];

		if (strcmp(gone->name, system) != 0)
			continue;
		if (strcmp(action, "create") == 0)
			gone->existence = SL_THERE;
		else if (strcmp(action, "delete") == 0)
			*gone = (SlGoneSystem){gone->name, SL_NOT_THERE, NULL};
	}
}
