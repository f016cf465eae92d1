/*
 * delivery_log.h
 *	  sync_delivery: the writes that targets have confirmed.
 */
#ifndef SL_DELIVERY_LOG_H
#define SL_DELIVERY_LOG_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "heap_table.h"

/* Rows on their way into the table; the records are locked. */
typedef struct SlDeliveryLog
{
	SlTable     table;
	Oid         sequence;
	TimestampTz now;
} SlDeliveryLog;

/* One write; its values are those of its row in the outbox. */
typedef struct SlDelivery
{
	const Datum *row;
	const bool  *nulls;
	bool         has_event; /* more is to be said: it has a row in sync_event too */
	int64        version;   /* in its idempotency key; 0: not known any more */
} SlDelivery;

extern void sl_deliveries_open(SlDeliveryLog *log, TimestampTz now);
extern void sl_deliveries_add(SlDeliveryLog *log, const SlDelivery *delivery);

/* They are there after this. */
extern void sl_deliveries_close(SlDeliveryLog *log);

#endif
