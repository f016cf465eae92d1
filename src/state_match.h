/*
 * state_match.h
 *	  The short way to "unchanged": a stored state compared as it lies.
 */
#ifndef SL_STATE_MATCH_H
#define SL_STATE_MATCH_H

#include "decide.h"

/*
 * True where the observation surely says nothing new: its system is at rest in all
 * that it shows, and shows just that.  False says nothing: the rules decide then.
 */
extern bool sl_state_matches(const SlPolicy *policy, const char *data, int32 len,
							 const SlObservation *obs);

#endif
