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

static void
put(SlTable *table, Oid sequence, const SlDelivery *delivery, TimestampTz now)
{
	Datum values[NCOLUMNS];
	bool  nulls[NCOLUMNS] = {false};

	values[COL_ID] = Int64GetDatum(nextval_internal(sequence, false));
	values[COL_CLAIM_ID] = delivery->row[SL_OUTBOX_CLAIM_ID];
	values[COL_SENT_AT] = delivery->row[SL_OUTBOX_UPDATED_AT];
	values[COL_SYNCED_AT] = TimestampTzGetDatum(now);
	values[COL_VERSION] = Int64GetDatum(delivery->version);
	nulls[COL_VERSION] = delivery->version == 0;
	values[COL_ATTEMPT] = delivery->row[SL_OUTBOX_ATTEMPTS];
	values[COL_HAS_EVENT] = BoolGetDatum(delivery->has_event);
	values[COL_ENTITY] = delivery->row[SL_OUTBOX_ENTITY];
	values[COL_KEY] = delivery->row[SL_OUTBOX_KEY];
	values[COL_SOURCE] = delivery->row[SL_OUTBOX_SOURCE];
	values[COL_TARGET] = delivery->row[SL_OUTBOX_TARGET];
	values[COL_ACTION] = delivery->row[SL_OUTBOX_ACTION];
	values[COL_WORKER] = delivery->row[SL_OUTBOX_WORKER];
	nulls[COL_WORKER] = delivery->row[SL_OUTBOX_WORKER] == (Datum) 0;
	values[COL_HASH] = delivery->row[SL_OUTBOX_HASH];
	values[COL_IDEMPOTENCY_KEY] = delivery->row[SL_OUTBOX_IDEMPOTENCY_KEY];
	values[COL_CHANGE_SET] = delivery->row[SL_OUTBOX_CHANGE_SET];
	sl_table_insert(table, values, nulls);
}

void
sl_deliveries_put(const SlDelivery *deliveries, int n, TimestampTz now)
{
	SlTable table;
	Oid     sequence;

	if (n == 0)
		return;
	sequence = sl_relation_oid("sync_event_id_seq");
	sl_table_open(&table, "sync_delivery", NCOLUMNS);
	for (int i = 0; i < n; i++)
		put(&table, sequence, &deliveries[i], now);
	sl_table_close(&table);
}
