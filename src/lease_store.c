/*
 * lease_store.c
 *	  sync_lease: which rows of the outbox a worker got in one call.
 *
 * One row a call, so that a claim need not enter each of its rows in an index by lease and
 * in one by time.  It says which rows were claimed; which of them still are, they say
 * themselves.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "heap_probe.h"
#include "heap_table.h"
#include "lease_store.h"
#include "query.h"

static SlPlan extend = {.sql = "UPDATE %s.sync_lease AS l"
							   " SET ends_at = GREATEST(l.ends_at, $2)"
							   " WHERE l.lease OPERATOR(pg_catalog.=) $1",
						.nargs = 2,
						.argtypes = {INT8OID, TIMESTAMPTZOID}};

static SlPlan clear = {
	.sql =
		"DELETE FROM %s.sync_lease AS d WHERE d.ctid OPERATOR(pg_catalog.=) ANY (ARRAY("
		" SELECT l.ctid FROM %s.sync_lease AS l"
		" WHERE l.lease OPERATOR(pg_catalog.=) ANY ($1)"
		"  AND NOT EXISTS (SELECT FROM %s.sync_outbox AS o"
		"   WHERE o.id OPERATOR(pg_catalog.=) ANY (l.ids)"
		"    AND o.lease OPERATOR(pg_catalog.=) l.lease)"
		" FOR UPDATE SKIP LOCKED))",
	.nargs = 1,
	.argtypes = {INT8ARRAYOID}};

ArrayType *
sl_ids_array(const int64 *ids, int n)
{
	Datum *datums = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		datums[i] = Int64GetDatum(ids[i]);
	return construct_array(datums, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
						   TYPALIGN_DOUBLE);
}

void
sl_lease_add(const SlLease *lease)
{
	SlTable table;
	Datum   values[SL_LEASE_NCOLUMNS];
	bool    nulls[SL_LEASE_NCOLUMNS] = {false};

	values[SL_LEASE_ID] = Int64GetDatum(lease->id);
	values[SL_LEASE_TARGET] = CStringGetTextDatum(lease->target);
	values[SL_LEASE_ENDS_AT] = TimestampTzGetDatum(lease->ends_at);
	values[SL_LEASE_IDS] = PointerGetDatum(sl_ids_array(lease->rows, lease->nrows));
	sl_table_open(&table, "sync_lease", SL_LEASE_NCOLUMNS);
	sl_table_insert(&table, values, nulls);
	sl_table_close(&table);
}

int64 *
sl_array_ids(Datum array, int *n)
{
	ArrayType *ids = DatumGetArrayTypeP(array);

	*n = ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids));
	return (int64 *) ARR_DATA_PTR(ids);
}

static int64 *
read_rows(int64 lease, Snapshot shown, int *n)
{
	Relation    heap = table_open(sl_relation_oid("sync_lease"), RowExclusiveLock);
	Snapshot    snapshot = RegisterSnapshot(shown);
	SlHeapProbe probe;
	int64      *rows = NULL;

	*n = 0;
	sl_heap_probe_open(&probe, heap, snapshot);
	if (sl_heap_probe_find(&probe, lease))
	{
		bool   is_null;
		int64 *found = sl_array_ids(slot_getattr(probe.slot, SL_LEASE_IDS + 1, &is_null),
									n);

		rows = palloc(sizeof(int64) * Max(*n, 1));
		memcpy(rows, found, sizeof(int64) * *n);
	}
	sl_heap_probe_close(&probe);
	UnregisterSnapshot(snapshot);
	table_close(heap, NoLock);
	return rows;
}

int64 *
sl_lease_rows(int64 lease, int *n)
{
	int64 *rows = read_rows(lease, GetTransactionSnapshot(), n);

	if (rows == NULL && IsolationUsesXactSnapshot() &&
		read_rows(lease, GetLatestSnapshot(), n) != NULL)
		sl_serialization_failure();
	return rows;
}

void
sl_lease_extend(int64 lease, TimestampTz ends_at)
{
	Datum values[2] = {Int64GetDatum(lease), TimestampTzGetDatum(ends_at)};

	sl_query_write(&extend, values, NULL);
}

/* Where somebody has touched it meanwhile, those who look for leases that ran out clear it. */
void
sl_lease_close(int64 lease)
{
	SlTable table;
	Datum   values[SL_LEASE_NCOLUMNS];
	bool    nulls[SL_LEASE_NCOLUMNS];

	sl_table_open(&table, "sync_lease", SL_LEASE_NCOLUMNS);
	if (sl_table_find(&table, lease, values, nulls) && sl_table_lock_found(&table))
		sl_table_delete_found(&table);
	sl_table_close(&table);
}

/*
 * With REPEATABLE READ a lease that somebody else has touched would fail the call: others
 * clear it.
 */
void
sl_leases_clear(List *leases)
{
	MemoryContext context = CurrentMemoryContext;
	int64        *ids = palloc(sizeof(int64) * Max(list_length(leases), 1));
	Datum         values[1];
	ListCell     *cell;

	if (leases == NIL || IsolationUsesXactSnapshot())
		return;
	foreach (cell, leases)
		ids[foreach_current_index(cell)] = *(int64 *) lfirst(cell);
	values[0] = PointerGetDatum(sl_ids_array(ids, list_length(leases)));
	sl_spi_connect();
	sl_query_write(&clear, values, NULL);
	sl_spi_finish();
	MemoryContextSwitchTo(context);
}
