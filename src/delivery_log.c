/*
 * delivery_log.c
 *	  sync_delivery: the writes that targets have confirmed.
 *
 * One row for each write, never changed afterwards: of its claim and of its
 * acknowledgement, which have their numbers among the events.  sync_ledger counts the
 * writes by what they made of a record.
 */
#include "postgres.h"

#include "commands/sequence.h"
#include "utils/timestamp.h"

#include "delivery_log.h"
#include "heap_table.h"
#include "outbox_columns.h"
#include "query.h"

/* The columns of sync_delivery, in their order there. */
enum
{
	COL_ID,
	COL_CLAIM_ID,
	COL_SENT_AT,
	COL_SYNCED_AT,
	COL_VERSION,
	COL_ATTEMPT,
	COL_HAS_EVENT,
	COL_ENTITY,
	COL_KEY,
	COL_SOURCE,
	COL_TARGET,
	COL_ACTION,
	COL_WORKER,
	COL_HASH,
	COL_IDEMPOTENCY_KEY,
	COL_CHANGE_SET,
	NCOLUMNS
};

void
sl_deliveries_open(SlDeliveryLog *log, TimestampTz now)
{
	log->sequence = sl_relation_oid("sync_event_id_seq");
	log->now = now;
	sl_table_open(&log->table, "sync_delivery", NCOLUMNS);
}

void
sl_deliveries_add(SlDeliveryLog *log, const SlDelivery *delivery)
{
	const Datum *row = delivery->row;
	Datum        values[NCOLUMNS];
	bool         nulls[NCOLUMNS] = {false};

	values[COL_ID] = Int64GetDatum(nextval_internal(log->sequence, false));
	values[COL_CLAIM_ID] = row[SL_OUTBOX_CLAIM_ID];
	values[COL_SENT_AT] = row[SL_OUTBOX_UPDATED_AT];
	values[COL_SYNCED_AT] = TimestampTzGetDatum(log->now);
	values[COL_VERSION] = Int64GetDatum(delivery->version);
	nulls[COL_VERSION] = delivery->version == 0;
	values[COL_ATTEMPT] = row[SL_OUTBOX_ATTEMPTS];
	values[COL_HAS_EVENT] = BoolGetDatum(delivery->has_event);
	values[COL_ENTITY] = row[SL_OUTBOX_ENTITY];
	values[COL_KEY] = row[SL_OUTBOX_KEY];
	values[COL_SOURCE] = row[SL_OUTBOX_SOURCE];
	values[COL_TARGET] = row[SL_OUTBOX_TARGET];
	values[COL_ACTION] = row[SL_OUTBOX_ACTION];
	values[COL_WORKER] = row[SL_OUTBOX_WORKER];
	nulls[COL_WORKER] = delivery->nulls[SL_OUTBOX_WORKER];
	values[COL_HASH] = row[SL_OUTBOX_HASH];
	values[COL_IDEMPOTENCY_KEY] = row[SL_OUTBOX_IDEMPOTENCY_KEY];
	values[COL_CHANGE_SET] = row[SL_OUTBOX_CHANGE_SET];
	sl_table_insert(&log->table, values, nulls);
}

void
sl_deliveries_close(SlDeliveryLog *log)
{
	sl_table_close(&log->table);
}
