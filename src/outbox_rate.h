/*
 * outbox_rate.h
 *	  How many changes the rate of a target leaves to hand out.
 */
#ifndef SL_OUTBOX_RATE_H
#define SL_OUTBOX_RATE_H

#include "postgres.h"

#include "datatype/timestamp.h"

/*
 * What may be claimed now; it is locked until the transaction ends.  0 while another poll
 * for that target is not committed: a claim never waits.
 */
extern int32 sl_rate_left(const char *target, TimestampTz now);

/* So many were claimed. */
extern void sl_rate_take(const char *target, TimestampTz now, int32 nclaimed);

#endif
