/*
 * outbox_place.h
 *	  Rows that look claimable, found in the order in which they became so.
 */
#ifndef SL_OUTBOX_PLACE_H
#define SL_OUTBOX_PLACE_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "storage/itemptr.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "outbox_mark.h"
#include "policy_config.h"

/* A row that looked claimable. */
typedef struct SlCandidate
{
	SlTurn          turn;
	ItemPointerData tid;
	char           *entity;
	char           *key;
	bool            is_done;
} SlCandidate;

/* A walk through what one snapshot shows of a target, from its mark on. */
typedef struct SlWalk
{
	const char     *entity;                  /* or NULL: of any */
	char            passed[SL_MAX_NAME + 1]; /* rows of this entity are left; "": none */
	Datum           target;
	SlMark         *mark;
	bool            is_scratch; /* the mark is not to be kept */
	Snapshot        snapshot;
	uint64          xmax; /* what it does not see begins here */
	Relation        heap;
	Relation        index;
	TupleTableSlot *slot;
	SlTurn          from;     /* where the mark stood */
	int             nheld;    /* held before the walk, still to be looked at */
	int             patience; /* so many of them at a time */
	int             nleft;    /* of those that another one made wait; 0: none */
	int             nwon;     /* rows that were found and were not held after all */
	int             nopen;    /* places to be looked at besides */
	bool            is_at_end;
	bool            is_held; /* what was found last was held before */
	bool            is_rest; /* ... and those that are left are looked at after all */
	const SlTurn   *run;     /* NULL, or the only rows that are looked for, by id */
	int             nrun;    /* those that the scan has not passed yet */
	SlCandidate    *found;
	int             nfound;
	int             room;
} SlWalk;

extern void sl_walk_open(SlWalk *walk, const char *target, const char *entity);

/*
 * The next rows, at most "room", in the current context; none: there are no more.
 * Each is then claimed or dropped by the caller, or held.
 */
extern SlCandidate *sl_walk_next(SlWalk *walk, int room, int *n);

/* Somebody else has the row: the next walk looks at it again. */
extern void sl_walk_hold(SlWalk *walk, const SlCandidate *candidate);

/*
 * Nobody gets rows of the entity, of which n were found: this walk passes the others, and one
 * under other policies begins at the first again.
 */
extern void sl_walk_leave(SlWalk *walk, const char *entity, int n, uint64 policies);

/* The next walk in this backend goes on from here, if the transaction commits. */
extern void sl_walk_close(SlWalk *walk);

#endif
