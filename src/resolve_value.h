/*
 * resolve_value.h
 *	  What a human's words make of the fields that a conflict froze.
 */
#ifndef SL_RESOLVE_VALUE_H
#define SL_RESOLVE_VALUE_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "decide.h"

/*
 * Fills in the fields of a conflict and what each becomes: as a winner shows it, or by a
 * canonical value (of a group an object); one of both is given.  False where the
 * policy has dropped all that the conflict was about.
 */
extern bool sl_resolve_fields(const SlPolicy *policy, const SlState *state, int64 id,
							  const char *winner, Jsonb *value, SlDecision *decision);

/* jsonb of what the fields are now: a value, or of a group an object. */
extern Datum sl_resolved_value(const SlPolicy *policy, const SlState *state,
							   const SlDecision *decision);

#endif
