/*
 * store_reject.h
 *	  The rows of sync_reject: records that could not be read, kept as they came.
 */
#ifndef SL_STORE_REJECT_H
#define SL_STORE_REJECT_H

#include "postgres.h"

#include "decide.h"
#include "intake.h"
#include "reader.h"
#include "rows.h"
#include "store.h"

/* Rows of sync_reject. */
extern void sl_rejects_init(SlRows *rejects);
extern void sl_rejects_add(SlRows *rejects, const SlPolicy *policy,
						   const SlRawRecord *raw, const SlIntake *intake);

/* SPI must be connected. */
extern void sl_rejects_put(const SlPolicy *policy, int system, const char *actor,
						   const SlRows *rejects, TimestampTz now);

#endif
