/*
 * state_scan.h
 *	  All records of an entity, one after the other, in no order.
 */
#ifndef SL_STATE_SCAN_H
#define SL_STATE_SCAN_H

#include "postgres.h"

#include "access/tableam.h"
#include "executor/tuptable.h"
#include "utils/snapshot.h"

#include "policy.h"

typedef struct SlStateScan
{
	const SlPolicy *policy;
	Relation        heap;
	Snapshot        snapshot;
	TableScanDesc   scan;
	TupleTableSlot *slot;
} SlStateScan;

/* What stands in a row; good until the next one, or until the current context goes. */
typedef struct SlScanned
{
	const char *key;
	int32       key_len;
	const char *data; /* the state, never empty */
	int32       len;
} SlScanned;

extern void sl_state_scan_begin(SlStateScan *scan, const SlPolicy *policy,
								Snapshot snapshot);
extern bool sl_state_scan_next(SlStateScan *scan, SlScanned *row);
extern void sl_state_scan_end(SlStateScan *scan);

#endif
