/*
 * outbox_row.h
 *	  The rows of the outbox: written, folded and removed as the states say.
 */
#ifndef SL_OUTBOX_ROW_H
#define SL_OUTBOX_ROW_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "compat.h"
#include "event_log.h"
#include "rows.h"
#include "store.h"
#include "waiting.h"

/* The key of a content: business identity, at most 255 bytes. */
extern char *sl_idempotency_key(const SlPolicy *policy, const SlState *state,
								const SlRecord *record, int target, bool is_leased);

/* The hash of the record as the target will show it once the content has landed; hex. */
extern char *sl_content_hash(const SlPolicy *policy, const SlState *state, int target,
							 const SlContent *content);

/* The name of a row's direction, source->target. */
extern char *sl_direction(const char *source, const char *target);

/* Waiting rows on their way into the table. */
typedef struct SlOutboxRows
{
	SlRows inserts;
	SlRows updates;
	SlRows drops;
	bool  *is_woken; /* by system: it has got a row */
} SlOutboxRows;

extern void sl_outbox_init(SlOutboxRows *outbox, const SlPolicy *policy);

/* A row that goes; 0: none. */
extern void sl_outbox_drop(SlOutboxRows *outbox, int64 id);

/*
 * Takes up what an event changed of a record's waiting rows, as its state says now;
 * new rows get their id in the state, so this comes before the state is sealed.
 */
extern void sl_outbox_collect(SlOutboxRows *outbox, const SlPolicy *policy,
							  SlRecord *record, TimestampTz now);

/* A record that is written by a policy which names fewer systems leaves nothing for the others. */
extern void sl_outbox_drop_left(SlOutboxRows *outbox, SlLog *log, const SlRecord *record);

/* Writes what was collected.  SPI must be connected; the records are locked. */
extern void sl_outbox_put(SlOutboxRows *outbox, const SlPolicy *policy, TimestampTz now);

/* A state names a row that is not there: one of the two is damaged. */
extern void sl_outbox_row_missing(int64 id) pg_attribute_noreturn();

/* Wakes the workers of a target when the transaction commits. */
extern void sl_outbox_notify(const char *target);

#endif
