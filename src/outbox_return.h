/*
 * outbox_return.h
 *	  A row that a worker held comes back to the outbox.
 */
#ifndef SL_OUTBOX_RETURN_H
#define SL_OUTBOX_RETURN_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "event_store.h"

/* How it comes back; where a newer row waited, no dead letter comes of the two. */
typedef struct SlComeback
{
	const char *error; /* or NULL: what was said of this content before stays */
	bool        is_dead;
	bool        is_undone; /* it certainly has not landed */
	int32       attempts;  /* that count from now on */
	TimestampTz due;       /* when it is claimable again; not after now: at once */
} SlComeback;

/*
 * The row of a claim that is not acknowledged changes or goes: the claim becomes an event
 * of its own, in its place among them.  SPI is connected.
 */
extern void sl_outbox_log_claim(int64 id);

/*
 * Gives up the row that a worker of the target holds, whose write is of unknown
 * outcome from now on.  SPI is connected, the record is locked.
 */
extern void sl_outbox_give_back(SlBatch *batch, SlRecord *record, int target,
								const SlComeback *comeback);

#endif
