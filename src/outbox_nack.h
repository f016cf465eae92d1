/*
 * outbox_nack.h
 *	  A call that failed.
 */
#ifndef SL_OUTBOX_NACK_H
#define SL_OUTBOX_NACK_H

#include "postgres.h"

/*
 * As sync_nack(id, lease, error), of a write that was undone in the transaction that made it.
 * The row must be the lease's.
 */
extern void sl_nack_undone(int64 id, int64 lease, const char *error);

/* The same of a row that is to go again at once, behind the others: that was no attempt. */
extern void sl_nack_put_off(int64 id, int64 lease, const char *why);

#endif
