/*
 * waiting.h
 *	  What waits for a target: a function of the state, never bookkept by hand.
 */
#ifndef SL_WAITING_H
#define SL_WAITING_H

#include "memory.h"
#include "state.h"

/* What one target must be told of one record. */
typedef struct SlContent
{
	SlAction action; /* none: nothing waits */
	int      nfields;
	int     *fields; /* ascending */
	SlValue *values;
} SlContent;

/* How an event changed what waits, by system. */
typedef struct SlWaiting
{
	SlContent *before;
	SlContent *after;
	bool      *is_corrected; /* what waits says the same, over another value shown */
	bool      *is_changed;   /* the waiting row must be written or removed */
	bool       is_bumped;    /* the event has taken a version */
} SlWaiting;

/* What waits for a target now. */
extern void sl_content(const SlPolicy *policy, const SlState *state, int target,
					   TimestampTz now, SlContent *content);

/* One field would be part of that, were it not in open conflict. */
extern bool sl_waits_unfrozen(const SlSpot *spot);

extern bool sl_content_equal(const SlContent *a, const SlContent *b);

/* True where the content names the field. */
extern bool sl_content_has(const SlContent *content, int field);

/* To be called before an event touches the state ... */
extern SlWaiting *sl_waiting_begin(const SlPolicy *policy, const SlState *state,
								   TimestampTz now);

/* ... when it has a new content of its own (an accepted edit): the record's version ... */
extern int64 sl_waiting_version(SlWaiting *waiting, SlState *state);

/* ... and after it: new contents get a version and a source. */
extern void sl_waiting_end(SlWaiting *waiting, const SlPolicy *policy, SlState *state,
						   TimestampTz now);

/*
 * Each field as the target will show it once the content has landed; absent where
 * it is unseen or not carried.  Room for policy->nfields.
 */
extern void sl_content_result(const SlPolicy *policy, const SlState *state, int target,
							  const SlContent *content, SlValue *values);

/* The same without a content: as the system shows the record now. */
extern void sl_shown_values(const SlPolicy *policy, const SlState *state, int system,
							SlValue *values);

#endif
