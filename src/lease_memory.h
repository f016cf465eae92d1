/*
 * lease_memory.h
 *	  Where the rows of the lease that this backend took last stood.
 */
#ifndef SL_LEASE_MEMORY_H
#define SL_LEASE_MEMORY_H

#include "postgres.h"

#include "storage/itemptr.h"

/* A row of the outbox and the state of its record; either may have moved since. */
typedef struct SlLeasedPlace
{
	int64           id; /* of the row */
	ItemPointerData row;
	ItemPointerData state;
} SlLeasedPlace;

/* Remembers the places of a lease and forgets those of the one before it. */
extern void sl_lease_remember(int64 lease, const SlLeasedPlace *places, int n);

/*
 * Where a row of a lease stood, or NULL; quick where rows are asked for in the order in which
 * they were claimed.
 */
extern const SlLeasedPlace *sl_lease_place(int64 lease, int64 id);

/* The rows of a lease by their ids; n is 0 where it is another than the last one. */
extern int64 *sl_lease_remembered(int64 lease, int *n);

#endif
