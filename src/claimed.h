/*
 * claimed.h
 *	  Claims that stand in the outbox alone, taken into the states of their records.
 *
 * Most claims write nothing but their row of the outbox.  What such a claim did to the
 * state of its record follows from the state as it is stored, which names the row as one
 * that waits, and from the time at which the row says it was claimed; so whoever reads a
 * state takes the claim in on the way.
 */
#ifndef SL_CLAIMED_H
#define SL_CLAIMED_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "heap_probe.h"
#include "policy.h"
#include "state.h"

/* A look at the rows of the outbox, which begins with the first one that is asked for. */
typedef struct SlClaimed
{
	MemoryContext   context;
	Snapshot        snapshot;  /* given, or NULL: of the first look */
	bool            is_locked; /* what the rows say is not to change */
	Relation        outbox;    /* NULL: nothing was looked for yet */
	SlHeapProbe     probe;
	const SlPolicy *then; /* the older policy that was asked for last, or NULL */
} SlClaimed;

/* A leased row that the caller has read under its record's lock; id 0: none. */
typedef struct SlClaimedRow
{
	int64       id;
	TimestampTz at;
} SlClaimedRow;

/* A row that waits for a system which the policy names no more. */
typedef struct SlLeftRow
{
	int64       id;
	const char *system;
} SlLeftRow;

/* What a state that an older policy wrote has of systems and fields that this one does not name. */
typedef struct SlLeft
{
	int        nrows;
	SlLeftRow *rows;
	int        nconflicts;
	int64     *conflicts; /* ids of open ones, of such fields alone */
} SlLeft;

/* As a registered snapshot shows the rows; NULL: a fresh one. */
extern void sl_claimed_begin(SlClaimed *claimed, Snapshot snapshot);

/*
 * As they are by now, for records that are locked.  With REPEATABLE READ a row that somebody
 * else has changed since is 40001.
 */
extern void sl_claimed_begin_locked(SlClaimed *claimed);

/* From here on as the rows are then; of records that are locked by now, or are not. */
extern void sl_claimed_renew(SlClaimed *claimed, bool is_locked);
extern void sl_claimed_end(SlClaimed *claimed);

/*
 * What sl_state_decode() and sl_state_decode_part() give, with what is claimed taken in; it
 * may point into data, too.
 */
extern SlState *sl_claimed_state(SlClaimed *claimed, const SlPolicy *policy,
								 const SlStateBytes *stored, const SlClaimedRow *known);
extern void     sl_claimed_part(SlClaimed *claimed, const SlPolicy *policy, int system,
								const SlStateBytes *stored, SlState *scratch);

/* What is left of it once the record is written by this policy, by which it was read as state. */
extern void sl_claimed_left(SlClaimed *claimed, const SlPolicy *policy,
							const SlState *state, const SlStateBytes *stored,
							const SlClaimedRow *known, SlLeft *left);

#endif
