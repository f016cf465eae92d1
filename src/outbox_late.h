/*
 * outbox_late.h
 *	  Workers that answer too late.
 */
#ifndef SL_OUTBOX_LATE_H
#define SL_OUTBOX_LATE_H

#include "postgres.h"

#include "utils/array.h"

/*
 * Counts the rows that are there and no longer the lease's, though its worker spoke of
 * them.  What another worker has delivered meanwhile is not there to be counted.
 */
extern void sl_count_too_late(ArrayType *ids, int64 lease);

/* The same of a worker that spoke of the whole lease, by what is known of its rows. */
extern void sl_count_lease_too_late(int64 lease, const int64 *ids, int nids);

#endif
