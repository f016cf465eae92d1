/*
 * statistics.h
 *	  Counts of what arrived and what went out, for sync_stat.
 */
#ifndef SL_STATISTICS_H
#define SL_STATISTICS_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "decide.h"

#define SL_NOUTCOMES (SL_REJECTED + 1)

/* What sync_stat calls what became of a call to a target. */
#define SL_CALL_FAILED   "failed"
#define SL_CALL_PUT_OFF  "put off"
#define SL_CALL_LOST     "lost"
#define SL_CALL_TOO_LATE "too late"

/* Registers what happens to counts at the end of transactions; called by _PG_init. */
extern void sl_statistics_init(void);

/*
 * Records that arrived from a system, by verdict.  Where all were unchanged or stale the
 * counts stay in the backend until something else is counted.
 */
extern void sl_count_arrivals(const SlPolicy *policy, int system, const int64 *records,
							  TimestampTz now);

/* Calls to a target that came to nothing. */
extern void sl_count_calls(const SlPolicy *policy, int target, const char *counted,
						   int64 calls, TimestampTz now);

/* Calls that a target has taken, and how long after the change, in microseconds each. */
extern void sl_count_deliveries(const SlPolicy *policy, int target, const int64 *took,
								int n, TimestampTz now);

#endif
