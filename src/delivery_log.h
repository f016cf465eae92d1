/*
 * delivery_log.h
 *	  sync_delivery: the writes that targets have confirmed.
 */
#ifndef SL_DELIVERY_LOG_H
#define SL_DELIVERY_LOG_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* One write; its values are those of its row in the outbox, 0 for null. */
typedef struct SlDelivery
{
	Datum *row;
	bool   has_event; /* more is to be said: it has a row in sync_event too */
	int64  version;   /* in its idempotency key; 0: not known any more */
} SlDelivery;

/* Writes them down; their records are locked. */
extern void sl_deliveries_put(const SlDelivery *deliveries, int n, TimestampTz now);

#endif
