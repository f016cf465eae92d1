/*
 * outbox_claim.h
 *	  A waiting row becomes a worker's.
 */
#ifndef SL_OUTBOX_CLAIM_H
#define SL_OUTBOX_CLAIM_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/execnodes.h"

#include "event_store.h"
#include "heap_table.h"
#include "lease_memory.h"
#include "lease_store.h"
#include "outbox_place.h"

/* One call of sync_poll. */
typedef struct SlPoll
{
	const char    *target;
	const char    *entity; /* or NULL: all */
	const char    *worker; /* or NULL */
	int32          max_changes;
	Interval      *duration;
	SlLease        lease; /* 0 until something is claimed */
	int32          nclaimed;
	ReturnSetInfo *result;
	SlTable        outbox;
	SlLeasedPlace *places; /* of what was claimed */
	Oid            event_sequence;
	Datum          leased;          /* the status of what is claimed */
	bool           is_target_known; /* some policy names it */
} SlPoll;

/*
 * Claims candidates, each by its record in the batch: what is still claimable is handed out
 * and noted in states and log, which the caller writes; what has nothing left to send is
 * dropped.  A record that was not locked is left alone.
 */
extern void sl_claim_rows(SlPoll *poll, SlBatch *batch, int target,
						  SlCandidate **candidates);

#endif
