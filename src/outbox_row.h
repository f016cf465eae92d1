/*
 * outbox_row.h
 *	  The rows of the outbox: written, folded and removed as the states say.
 */
#ifndef SL_OUTBOX_ROW_H
#define SL_OUTBOX_ROW_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "store.h"
#include "waiting.h"

/* The key of a content: business identity, at most 255 bytes. */
extern char *sl_idempotency_key(const SlPolicy *policy, const SlState *state,
								const SlRecord *record, int target, bool is_leased);

/* The name of a row's direction, source->target. */
extern char *sl_direction(const char *source, const char *target);

/*
 * Brings the waiting rows of these records into line with their states, where an
 * event changed them.  SPI must be connected; the records are locked.
 */
extern void sl_outbox_put(const SlPolicy *policy, SlRecord **records, int nrecords,
						  TimestampTz now);

/* Wakes the workers of a target when the transaction commits. */
extern void sl_outbox_notify(const char *target);

#endif
