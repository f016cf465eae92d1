/*
 * outbox_ack.h
 *	  Writes that this transaction has made itself, acknowledged with what they left.
 */
#ifndef SL_OUTBOX_ACK_H
#define SL_OUTBOX_ACK_H

#include "postgres.h"

/* One row of the outbox that was written. */
typedef struct SlWritten
{
	int64       id;
	const char *row; /* as it stands in the target now, JSON; NULL: there is none */
	bool
		is_seen; /* the acknowledgement took that for a sight; else it is still to be shown */
} SlWritten;

/*
 * Acknowledges those that the lease still has; returns how many.  What its own words
 * ("actor") changed beside what was sent is an edit of the target.  Sorts them by id.
 */
extern int sl_ack_written(int64 lease, SlWritten *written, int n, const char *actor);

#endif
