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

#endif
