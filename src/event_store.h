/*
 * event_store.h
 *	  What every event on locked records ends with: states, outbox rows, conflicts,
 *	  the log, written back together.
 */
#ifndef SL_EVENT_STORE_H
#define SL_EVENT_STORE_H

#include "postgres.h"

#include "decide.h"
#include "event_log.h"
#include "identity_rows.h"
#include "outbox_row.h"
#include "store.h"

/* Records of one entity on which events happen, in one transaction. */
typedef struct SlBatch
{
	const SlPolicy *policy;
	SlStore         store;
	int             nrecords;
	SlRecord      **records;
	SlLog           log;
	SlOutboxRows    outbox;
	SlRows          near_misses;
	SlIdentityRows  identities;
	TimestampTz     now;
	MemoryContext   context; /* the batch's own */
	MemoryContext   work;    /* for one record at a time */
} SlBatch;

extern void sl_batch_open(SlBatch *batch, const SlPolicy *policy, int room);

/* Adds a record to be locked; it is there. */
extern SlRecord *sl_batch_add(SlBatch *batch, const char *key, int32 key_len);

/* Waits for the locks, or skips what is held: of that nothing is stored. */
extern void sl_batch_lock(SlBatch *batch);
extern void sl_batch_lock_free(SlBatch *batch);

/* Opens the states of all records that were locked. */
extern void sl_batch_open_states(SlBatch *batch);

/*
 * Opens the state of one record, in a context of its own, which is the current one until
 * sl_batch_leave(): then what was done to it is on its way into the tables, and its state is
 * gone.  Many records so stay in the processor's cache, one after the other.
 */
extern void sl_batch_enter(SlBatch *batch, SlRecord *record);
extern void sl_batch_leave(SlBatch *batch, SlRecord *record);

/* The record is written anew, under the newest policy, which gives what waits new keys. */
extern void sl_batch_renew(const SlBatch *batch, SlRecord *record);

/*
 * Takes up what an event did to a record, and writes its conflicts.  The entry says what
 * happened; what it did is filled in.  SPI must be connected.
 */
extern void sl_batch_take(SlBatch *batch, SlRecord *record, SlEffects *effects,
						  SlLogEntry *entry);

/* The same, and logs the entry. */
extern void sl_batch_note(SlBatch *batch, SlRecord *record, SlEffects *effects,
						  SlLogEntry *entry);

/* Fills the entry of what becomes of the row that a worker of a target holds. */
extern void sl_batch_log_lease(const SlBatch *batch, const SlRecord *record, int target,
							   const char *event, SlLogEntry *entry);

/* Writes everything back, of the open records too.  SPI must be connected. */
extern void sl_batch_put(SlBatch *batch);
extern void sl_batch_close(SlBatch *batch);

#endif
