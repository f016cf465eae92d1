/*
 * maintain_sweep.h
 *	  Rows past their retention, removed from the tables of the book a few pages at a
 *	  time.
 */
#ifndef SL_MAINTAIN_SWEEP_H
#define SL_MAINTAIN_SWEEP_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "policy.h"

/* What is swept, in the order in which it is. */
typedef enum SlSweep
{
	SL_SWEEP_CHANGES,
	SL_SWEEP_LEDGER,
	SL_SWEEP_REJECTS,
	SL_SWEEP_CONFLICTS,
	SL_SWEEP_NEAR_MISSES
} SlSweep;

#define SL_NSWEEPS (SL_SWEEP_NEAR_MISSES + 1)

/* One pass of sync_maintain. */
typedef struct SlKeeping
{
	TimestampTz        now;
	int32              max_rows; /* of each step */
	int                nentities;
	const char       **entities;
	const SlRetention *retentions; /* of each */
	bool               has_more;   /* a step came to its limit */
} SlKeeping;

/* Fills in how long each of these entities' rows are kept. */
extern void sl_keeping_open(SlKeeping *keeping, List *entities);

/* text[] of the entities; timestamptz[] of the time before which their rows go. */
extern Datum sl_keeping_entities(const SlKeeping *keeping);
extern Datum sl_keeping_before(const SlKeeping *keeping, size_t offset);

/* False where another session is sweeping: it does the work. */
extern bool sl_sweep_begin(void);

/* Removes rows of one table; returns how many.  sl_sweep_begin() was true. */
extern int64 sl_sweep(SlKeeping *keeping, SlSweep sweep);

extern const char *sl_sweep_name(SlSweep sweep);

#endif
