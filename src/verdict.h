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

/* What a decision adds to the entry of its event: of an arrival, by its row. */
extern void sl_verdict_log(const SlVerdict *verdict, const SlEffects *effects,
						   SlLogEntry *entry);

/* The same of an event that gives no row: its own detail comes first. */
extern void sl_effects_log(const SlPolicy *policy, const SlState *state,
						   SlEffects *effects, SlLogEntry *entry);

/* Fill a row; memory is the current context's. */
extern void sl_verdict_rejected(SlVerdict *verdict, const SlPolicy *policy,
								const SlIntake *intake);
extern void sl_verdict_glanced(SlVerdict *verdict, const SlPolicy *policy,
							   const SlIntake *intake, const SlState *state, int system,
							   SlOutcome outcome, const SlOutcome *outcomes);
extern void sl_verdict_decided(SlVerdict *verdict, const SlPolicy *policy,
							   const SlRecord *record, int system, SlEffects *effects);

#endif
