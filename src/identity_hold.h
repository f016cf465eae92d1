/*
 * identity_hold.h
 *	  What waits until a human says which record it is of: conflicts of kind duplicate.
 */
#ifndef SL_IDENTITY_HOLD_H
#define SL_IDENTITY_HOLD_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "policy.h"
#include "state.h"

/* One payload, or what a write was acknowledged with, of which nobody can say that. */
typedef struct SlHeld
{
	const SlPolicy *policy;
	int             system;
	const char     *native_id;
	const char     *own_key;    /* that it would have as a record of its own */
	List           *candidates; /* keys of records, char * */
	const SlValue  *values;     /* by field */
	SlToken         token;
	SlToken         newest; /* the newest token that is held already */
	const char     *actor;  /* or NULL */
	bool            is_deletion;
	bool            is_answer;   /* no payload: a write was acknowledged with it */
	bool            is_open;     /* the conflict is there */
	bool            is_turned;   /* ... and what it holds was deleted, or is no more */
	int64           conflict_id; /* of the conflict, or 0 */
	TimestampTz     now;
} SlHeld;

/* A token that was found under an older policy: none, where that found it at another path. */
extern SlToken sl_held_token(const SlPolicy *policy, int system, SlToken token,
							 int32 held_policy);

/* True where the open conflict holds just that already.  Connects to SPI itself. */
extern bool sl_is_held(const SlHeld *held);

/* The records that it may be, as the open conflict has them.  Connects to SPI itself. */
extern List *sl_held_candidates(int64 conflict_id);

/*
 * Opens the conflict, or adds to the open one; its id is left in conflict_id.  False
 * where it holds that already.  SPI must be connected; the row of the native id is
 * there, and this transaction's.
 */
extern bool sl_hold(SlHeld *held);

/* Closes a conflict by what became known since: whose the native id is. */
extern void sl_conflict_end(int64 conflict_id, const char *record_key,
							const char *resolution, TimestampTz now);

extern int64 sl_next_conflict_id(void);

#endif
