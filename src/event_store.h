/*
 * event_store.h
 *	  What every event on locked records ends with: states, outbox rows, conflicts,
 *	  changes, written back together.
 */
#ifndef SL_EVENT_STORE_H
#define SL_EVENT_STORE_H

#include "postgres.h"

#include "decide.h"
#include "outbox_row.h"
#include "store.h"
#include "store_change.h"

/* Records of one entity on which events happen, in one transaction. */
typedef struct SlBatch
{
	const SlPolicy *policy;
	SlStore         store;
	int             nrecords;
	SlRecord      **records;
	SlRows          changes;
	SlOutboxRows    outbox;
	TimestampTz     now;
} SlBatch;

extern void sl_batch_open(SlBatch *batch, const SlPolicy *policy, int room);

/* Adds a record to be locked; it is there. */
extern SlRecord *sl_batch_add(SlBatch *batch, const char *key, int32 key_len);

/* Waits for the locks, or skips what is held (its state stays NULL); opens the states. */
extern void sl_batch_lock(SlBatch *batch);
extern void sl_batch_lock_free(SlBatch *batch);

/*
 * Notes what an event did to a record, and writes its conflicts.  author is whose
 * accepted edit it was; NULL: nobody's.  SPI must be connected.
 */
extern void sl_batch_note(SlBatch *batch, SlRecord *record, SlEffects *effects,
						  const char *author, const char *actor);

/* Writes everything back.  SPI must be connected. */
extern void sl_batch_put(SlBatch *batch);
extern void sl_batch_close(SlBatch *batch);

#endif
