/*
 * outbox_leased.c
 *	  Rows of the outbox that somebody names, with their records locked.
 *
 * The record is always locked before its row: whoever acts looks again under the
 * lock at what the row has become.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "heap_probe.h"
#include "lease_memory.h"
#include "outbox_columns.h"
#include "outbox_leased.h"
#include "owner.h"
#include "policy_cache.h"
#include "query.h"

/* Records are locked and written so many at a time, in key order all the same. */
#define BATCH 500

static SlPlan find_records = {
	.sql = "SELECT s.record_key FROM %s.sync_state AS s"
		   " WHERE s.entity OPERATOR(pg_catalog.=) $1"
		   "  AND s.record_key OPERATOR(pg_catalog.=) ANY ($2)"
		   "  AND s.state OPERATOR(pg_catalog.<>) '\\x'::pg_catalog.bytea"
		   " ORDER BY s.record_key COLLATE pg_catalog.\"C\"",
	.nargs = 2,
	.argtypes = {TEXTOID, TEXTARRAYOID}};

/* Looks at rows by their ids, as they are now. */
typedef struct Look
{
	Relation    outbox;
	Snapshot    snapshot;
	SlHeapProbe probe;
	BlockNumber nblocks; /* of the outbox: a place that is remembered may be gone */
} Look;

static void
begin_look(Look *look, Snapshot snapshot)
{
	look->outbox = table_open(sl_relation_oid("sync_outbox"), RowExclusiveLock);
	look->snapshot = RegisterSnapshot(snapshot);
	sl_heap_probe_open(&look->probe, look->outbox, look->snapshot);
	look->nblocks = RelationGetNumberOfBlocks(look->outbox);
}

static void
end_look(Look *look)
{
	sl_heap_probe_close(&look->probe);
	UnregisterSnapshot(look->snapshot);
	table_close(look->outbox, NoLock);
}

static Datum
column(const Look *look, int column)
{
	bool  is_null;
	Datum value = slot_getattr(look->probe.slot, column + 1, &is_null);

	if (is_null)
		elog(ERROR, "unexpected null in column %d of sync_outbox", column + 1);
	return value;
}

static SlNamedRow
name_row(const Look *look, int64 id)
{
	SlNamedRow row = {.id = id, .tid = look->probe.slot->tts_tid};

	row.entity = TextDatumGetCString(column(look, SL_OUTBOX_ENTITY));
	row.key = TextDatumGetCString(column(look, SL_OUTBOX_KEY));
	ItemPointerSetInvalid(&row.state);
	return row;
}

static bool
is_of_lease(const Look *look, int64 lease)
{
	bool  is_null;
	Datum value = slot_getattr(look->probe.slot, SL_OUTBOX_LEASE + 1, &is_null);

	return !is_null && DatumGetInt64(value) == lease;
}

static int
compare_rows(const void *a, const void *b)
{
	const SlNamedRow *x = a;
	const SlNamedRow *y = b;
	int               order = strcmp(x->entity, y->entity);

	if (order == 0)
		order = strcmp(x->key, y->key);
	if (order != 0)
		return order;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* An id that was named twice is one row. */
static int
drop_repeated(SlNamedRow *rows, int n)
{
	int left = 0;

	for (int i = 0; i < n; i++)
		if (i == 0 || rows[i].id != rows[i - 1].id)
			rows[left++] = rows[i];
	return left;
}

/* The row still stands where it is remembered. */
static bool
is_at_place(Look *look, const SlLeasedPlace *place)
{
	ItemPointerData tid = place->row;

	return ItemPointerGetBlockNumber(&tid) < look->nblocks &&
		   table_tuple_fetch_row_version(look->outbox, &tid, look->snapshot,
										 look->probe.slot) &&
		   DatumGetInt64(column(look, SL_OUTBOX_ID)) == place->id;
}

/* Takes the row, if the lease has it. */
static void
take_row(Look *look, int64 lease, int64 id, SlNamedRow *rows, int *n)
{
	const SlLeasedPlace *place = sl_lease_place(lease, id);
	bool                 is_known = place != NULL && is_at_place(look, place);

	if ((!is_known && !sl_heap_probe_find(&look->probe, id)) || !is_of_lease(look, lease))
		return;
	rows[*n] = name_row(look, id);
	if (is_known)
		rows[*n].state = place->state;
	(*n)++;
}

/* A transaction that keeps its snapshot may not see what was claimed since: that is not too late. */
static void
refuse_younger(int64 lease, const int64 *ids, int nids, int nseen)
{
	SlNamedRow *rows = palloc(sizeof(SlNamedRow) * nids);
	int         n = 0;
	Look        look;

	begin_look(&look, GetLatestSnapshot());
	for (int i = 0; i < nids; i++)
		take_row(&look, lease, ids[i], rows, &n);
	end_look(&look);
	qsort(rows, n, sizeof(SlNamedRow), compare_rows);
	if (drop_repeated(rows, n) > nseen)
		sl_serialization_failure();
}

SlNamedRow *
sl_rows_of_lease(int64 lease, const int64 *ids, int nids, int *n)
{
	SlNamedRow *rows = palloc(sizeof(SlNamedRow) * Max(nids, 1));
	Look        look;

	*n = 0;
	if (nids == 0)
		return rows;
	CommandCounterIncrement();
	begin_look(&look, GetTransactionSnapshot());
	for (int i = 0; i < nids; i++)
	{
		CHECK_FOR_INTERRUPTS();
		take_row(&look, lease, ids[i], rows, n);
	}
	end_look(&look);
	qsort(rows, *n, sizeof(SlNamedRow), compare_rows);
	*n = drop_repeated(rows, *n);
	if (IsolationUsesXactSnapshot() && *n < nids)
		refuse_younger(lease, ids, nids, *n);
	return rows;
}

SlNamedRow *
sl_row_of_id(int64 id, int *n)
{
	SlNamedRow *row = palloc(sizeof(SlNamedRow));
	Look        look;

	*n = 0;
	CommandCounterIncrement();
	begin_look(&look, GetTransactionSnapshot());
	if (sl_heap_probe_find(&look.probe, id))
		row[(*n)++] = name_row(&look, id);
	end_look(&look);
	return row;
}

SlNamedRow *
sl_rows_of_keys(Datum entity, Datum keys, int *n)
{
	MemoryContext context = CurrentMemoryContext;
	Datum         values[2] = {entity, keys};
	SlNamedRow   *rows;

	sl_spi_connect();
	*n = (int) sl_query_select(&find_records, values, NULL);
	MemoryContextSwitchTo(context);
	rows = palloc0(sizeof(SlNamedRow) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		rows[i].entity = TextDatumGetCString(entity);
		rows[i].key = TextDatumGetCString(sl_query_value_not_null(i, 1));
	}
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return rows;
}

int64 *
sl_given_ids(ArrayType *array, int *n)
{
	Datum *values;
	bool  *nulls;
	int    given;
	int64 *ids;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &values, &nulls, &given);
	ids = palloc(sizeof(int64) * Max(given, 1));
	*n = 0;
	for (int i = 0; i < given; i++)
		if (!nulls[i])
			ids[(*n)++] = DatumGetInt64(values[i]);
	return ids;
}

ArrayType *
sl_one_id(int64 id)
{
	Datum value = Int64GetDatum(id);

	return construct_array(&value, 1, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

SlRecord *
sl_row_locked(const SlBatch *batch, const char *key)
{
	SlRecord *record = sl_record_find(batch->records, batch->nrecords, key,
									  (int32) strlen(key));

	if (record == NULL)
		elog(ERROR, "a record that was locked is not in its batch: \"%s\"", key);
	return record;
}

SlRecord *
sl_row_record(SlBatch *batch, const char *key)
{
	SlRecord *record = sl_row_locked(batch, key);

	sl_record_open(&batch->store, record);
	return record;
}

/* Rows of one entity. */
static int
act_on_batch(const SlNamedRow *rows, int n, SlRowsAct act, void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	SlBatch       batch;
	int           done;

	sl_batch_open(&batch, sl_policy_get(rows[0].entity), n);
	for (int i = 0; i < n; i++)
		if (i == 0 || strcmp(rows[i].key, rows[i - 1].key) != 0)
			sl_batch_add(&batch, rows[i].key, (int32) strlen(rows[i].key))
				->tid = rows[i].state;
	sl_batch_lock(&batch);
	sl_spi_connect();
	MemoryContextSwitchTo(context);
	done = act(&batch, rows, n, arg);
	sl_batch_put(&batch);
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	sl_batch_close(&batch);
	return done;
}

int
sl_rows_each(const SlNamedRow *rows, int n, SlRowsAct act, void *arg)
{
	int           done = 0;
	SlOwner       before;
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "sync_ledger rows",
											   ALLOCSET_DEFAULT_SIZES);

	sl_owner_begin(&before);
	for (int i = 0; i < n;)
	{
		MemoryContext old = MemoryContextSwitchTo(work);
		int           first = i;

		CHECK_FOR_INTERRUPTS();
		while (i < n && i - first < BATCH &&
			   strcmp(rows[i].entity, rows[first].entity) == 0)
			i++;
		done += act_on_batch(rows + first, i - first, act, arg);
		MemoryContextSwitchTo(old);
		MemoryContextReset(work);
	}
	sl_owner_end(&before);
	MemoryContextDelete(work);
	return done;
}
