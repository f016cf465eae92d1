/*
 * store_change.h
 *	  The log of accepted edits, and the records that could not be read.
 */
#ifndef SL_STORE_CHANGE_H
#define SL_STORE_CHANGE_H

#include "postgres.h"

#include "decide.h"
#include "intake.h"
#include "reader.h"
#include "rows.h"
#include "store.h"

/* Rows of sync_change, collected for a chunk. */
extern void sl_changes_init(SlRows *changes);
extern void sl_changes_add(SlRows *changes, const SlPolicy *policy,
						   const SlRecord *record, const char *author, const char *actor,
						   Datum change_set);

/* Rows of sync_reject. */
extern void sl_rejects_init(SlRows *rejects);
extern void sl_rejects_add(SlRows *rejects, const SlPolicy *policy,
						   const SlRawRecord *raw, const SlIntake *intake);

/* SPI must be connected. */
extern void sl_changes_put(const SlPolicy *policy, const SlRows *changes,
						   TimestampTz now);
extern void sl_rejects_put(const SlPolicy *policy, int system, const char *actor,
						   const SlRows *rejects, TimestampTz now);

#endif
