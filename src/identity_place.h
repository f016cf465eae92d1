/*
 * identity_place.h
 *	  What was held of a native id, placed on the record that it is of.
 */
#ifndef SL_IDENTITY_PLACE_H
#define SL_IDENTITY_PLACE_H

#include "postgres.h"

#include "event_store.h"

/* What is held in an open conflict of kind duplicate. */
typedef struct SlHolding
{
	int64       conflict_id;
	const char *system_name;
	int         system; /* -1: no policy names it any more */
	const char *native_id;
	const char *linked_key; /* the record that the id names meanwhile, or NULL */
	const char *own_key;    /* that it would have as a record of its own */
	SlToken     token;
	const char *actor; /* or NULL */
	bool        is_deletion;
	bool        is_answer;
	SlValue    *values; /* by field */
} SlHolding;

/*
 * Reads it into the current context; false where nothing is held.  SPI must be
 * connected.  The second locks the row of the native id, after the records.
 */
extern bool sl_holding_read(const SlPolicy *policy, int64 conflict_id,
							SlHolding *holding);
extern bool sl_holding_lock(const SlPolicy *policy, int64 conflict_id,
							SlHolding *holding);

/*
 * The record is locked, and not known by another id of that system: it is known by
 * this one from now on, and what was held is decided as the system's observation.  False
 * where it is rejected.  SPI must be connected.
 */
extern bool sl_holding_place(SlBatch *batch, SlRecord *record, const SlHolding *holding,
							 const char *words);

/* Nothing of it is of any record of ours. */
extern void sl_holding_drop(const SlPolicy *policy, const SlHolding *holding);

/* Nobody decides it: what the native id names is asked anew when it is shown again. */
extern void sl_holding_end(int64 conflict_id);

#endif
