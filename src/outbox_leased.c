/*
 * outbox_leased.c
 *	  Rows of the outbox that somebody names, with their records locked.
 *
 * The record is always locked before its row: whoever acts looks again under the
 * lock at what the row has become.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "outbox_leased.h"
#include "policy_cache.h"
#include "query.h"

/* Records are locked and written so many at a time, in key order all the same. */
#define BATCH 500

static SlPlan find_leased = {
	.sql = "SELECT o.entity, o.record_key, o.id FROM %s.sync_outbox AS o"
		   " WHERE o.lease OPERATOR(pg_catalog.=) $1"
		   "  AND ($2 IS NULL OR o.id OPERATOR(pg_catalog.=) ANY ($2))"
		   " ORDER BY o.entity, o.record_key, o.id",
	.nargs = 2,
	.argtypes = {INT8OID, INT8ARRAYOID}};

static SlPlan find_row = {
	.sql = "SELECT o.entity, o.record_key, o.id FROM %s.sync_outbox AS o"
		   " WHERE o.id OPERATOR(pg_catalog.=) $1",
	.nargs = 1,
	.argtypes = {INT8OID}};

static SlNamedRow *
find(SlPlan *plan, Datum *values, const char *nulls, int *n)
{
	MemoryContext context = CurrentMemoryContext;
	SlNamedRow   *rows;

	sl_spi_connect();
	*n = (int) sl_query_select(plan, values, nulls);
	MemoryContextSwitchTo(context);
	rows = palloc(sizeof(SlNamedRow) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		rows[i].entity = TextDatumGetCString(sl_query_value_not_null(i, 1));
		rows[i].key = TextDatumGetCString(sl_query_value_not_null(i, 2));
		rows[i].id = DatumGetInt64(sl_query_value_not_null(i, 3));
	}
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return rows;
}

SlNamedRow *
sl_rows_of_lease(int64 lease, ArrayType *ids, int *n)
{
	Datum values[2] = {Int64GetDatum(lease), PointerGetDatum(ids)};
	char  nulls[2] = {' ', ids == NULL ? 'n' : ' '};

	return find(&find_leased, values, nulls, n);
}

SlNamedRow *
sl_row_of_id(int64 id, int *n)
{
	Datum values[1] = {Int64GetDatum(id)};

	return find(&find_row, values, NULL, n);
}

ArrayType *
sl_one_id(int64 id)
{
	Datum value = Int64GetDatum(id);

	return construct_array(&value, 1, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
}

SlRecord *
sl_row_record(const SlBatch *batch, const char *key)
{
	SlRecord *record = sl_record_find(batch->records, batch->nrecords, key,
									  (int32) strlen(key));

	if (record == NULL)
		elog(ERROR, "a record that was locked is not in its batch: \"%s\"", key);
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
			sl_batch_add(&batch, rows[i].key, (int32) strlen(rows[i].key));
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
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "sync_ledger rows",
											   ALLOCSET_DEFAULT_SIZES);

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
	MemoryContextDelete(work);
	return done;
}
