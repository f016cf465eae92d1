/*
 * store_conflict.h
 *	  The rows of sync_conflict, from the effects of a decision.
 */
#ifndef SL_STORE_CONFLICT_H
#define SL_STORE_CONFLICT_H

#include "postgres.h"

#include "decide.h"
#include "store.h"

/* Gives numbers to the conflicts that the effects open or record. */
extern void sl_conflicts_number(SlEffects *effects);

/* Writes the rows.  SPI must be connected; the record is locked. */
extern void sl_conflicts_put(const SlPolicy *policy, const SlRecord *record,
							 const SlEffects *effects, TimestampTz now);

/*
 * The open row of a field that a policy has put into a group since becomes the group's:
 * its name, and objects as values.
 */
extern void sl_conflict_regroup(const SlPolicy *policy, const SlGroup *group, int64 id);

/* The record is written by a policy that has dropped all that some open conflicts are about. */
extern void sl_conflicts_drop_left(const SlRecord *record, TimestampTz now);

#endif
