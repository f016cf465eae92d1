/*
 * memory.h
 *	  What is remembered of the writes to one field of one system, and what follows
 *	  from it: owed sights, the unsure shadow, who has seen what.
 *
 * Pure predicates over a state; only sl_forget() changes one.
 */
#ifndef SL_MEMORY_H
#define SL_MEMORY_H

#include "state.h"

/* A field of a system at one instant: what every rule is asked about. */
typedef struct SlSpot
{
	const SlPolicy *policy;
	SlState        *state;
	int             system;
	int             field;
	TimestampTz     now;
} SlSpot;

static inline SlShown *
sl_spot_shown(const SlSpot *spot)
{
	return &spot->state->parts[spot->system].shown[spot->field];
}

static inline SlGolden *
sl_spot_golden(const SlSpot *spot)
{
	return &spot->state->golden[spot->field];
}

/* A worker holds a write of this field. */
extern SlWrite *sl_in_flight(const SlShown *shown);

/* The newest write that is remembered, or NULL. */
extern SlWrite *sl_newest_write(const SlShown *shown);

/* It stands for a delete of ours: the value that it replaced may come late. */
static inline bool
sl_is_removal(const SlWrite *write)
{
	return write->value.kind == SL_ABSENT;
}

/* A delete has been acked: whatever the system may still show of the field is past. */
extern void sl_remember_removal(SlShown *shown, int64 version, TimestampTz now);

/* The sight of the delete has come: nothing older comes after it. */
extern void sl_forget_removals(SlShown *shown);

/* It is in flight, or of unknown outcome. */
extern bool sl_may_still_land(const SlWrite *write);

/* A worker has our delete, and its sight has not come. */
static inline bool
sl_is_erasure_leased(const SlPart *part)
{
	return part->erasure == SL_ERASURE_LEASED || part->erasure == SL_ERASURE_LEASED_AGAIN;
}

/* A delete of a record that lives (again) may have landed there, or may yet. */
extern bool sl_may_be_erased(const SlState *state, int system);

/* Nothing but a stamp can be explained by it any more. */
extern bool sl_is_past(const SlSpot *spot, const SlWrite *write);

/* Nobody can say what the system shows of the field. */
extern bool sl_is_unsure(const SlSpot *spot);

/* The write's one sight is still to come; is_unsure is sl_is_unsure() of the spot. */
extern bool sl_is_owed(const SlSpot *spot, const SlWrite *write, bool is_unsure);

/* The system (its people) has had C[f] before its eyes. */
extern bool sl_has_seen(const SlSpot *spot);

/* The same, whoever is its author: it was shown there, or our write of it was. */
extern bool sl_was_told(const SlSpot *spot);

/* What the system shows is a write of ours, not a word of its own. */
extern bool sl_shows_ours(const SlSpot *spot);

/* The owner of the field has had an edit accepted: its authority holds. */
extern bool sl_owner_spoke(const SlSpot *spot);

/* Drops what time has made pointless, in all systems. */
extern void sl_forget(const SlPolicy *policy, SlState *state, TimestampTz now);

/* Room for one more write, zeroed, as the newest. */
extern SlWrite *sl_add_write(SlShown *shown);

/* A create of ours: the system did not show the field when it was claimed. */
extern bool sl_is_of_create(const SlWrite *write);

/* True where the token is the newest one that is known of the field: it is noted. */
extern bool sl_is_newest_token(const SlSpot *spot, SlToken token);
extern bool sl_note_token(const SlSpot *spot, SlToken token);

/* <0, 0, >0 as a's version of this system is older than, the same as, newer than b's. */
extern int sl_compare_tokens(const SlSpot *spot, SlToken a, SlToken b);

#endif
