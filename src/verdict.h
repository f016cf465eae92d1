/*
 * verdict.h
 *	  Rows of sync_verdict: what became of each record of a call.
 */
#ifndef SL_VERDICT_H
#define SL_VERDICT_H

#include "postgres.h"

#include "decide.h"
#include "event_log.h"
#include "intake.h"
#include "store.h"

#define SL_VERDICT_NCOLUMNS 9

typedef struct SlVerdict
{
	Datum values[SL_VERDICT_NCOLUMNS];
	bool  nulls[SL_VERDICT_NCOLUMNS];
} SlVerdict;

/* The fields that an event accepted, as jsonb. */
extern Datum sl_accepted_change_set(const SlPolicy *policy, const SlState *state,
									SlEffects *effects);

/* What a decision adds to the entry of its event: of an arrival. */
extern void sl_verdict_log(const SlPolicy *policy, const SlState *state,
						   SlEffects *effects, SlLogEntry *entry);

/* The same of an event that gives no row: its own detail comes first. */
extern void sl_effects_log(const SlPolicy *policy, const SlState *state,
						   SlEffects *effects, SlLogEntry *entry);

/* Fill a row; memory is the current context's. */
extern void sl_verdict_rejected(SlVerdict *verdict, const SlPolicy *policy,
								const SlIntake *intake);
extern void sl_verdict_glanced(SlVerdict *verdict, const SlPolicy *policy,
							   const SlIntake *intake, const SlState *state, int system,
							   SlOutcome outcome, const SlOutcome *outcomes);

/* A human must say which record it is of: outcome is conflict, or unchanged. */
extern void sl_verdict_in_doubt(SlVerdict *verdict, const SlPolicy *policy,
								const SlIntake *intake, SlOutcome outcome,
								int64 conflict_id);

/* Puts words before the detail; NULL: none. */
extern void sl_verdict_say_first(SlVerdict *verdict, const char *words);

/* The entry of the event that the row tells of, where it has no effects. */
extern void sl_verdict_log_row(const SlVerdict *verdict, SlLogEntry *entry);
extern void sl_verdict_decided(SlVerdict *verdict, const SlPolicy *policy,
							   const SlRecord *record, int system, SlEffects *effects);

#endif
