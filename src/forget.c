/*
 * forget.c
 *	  sync_forget: what dead records showed goes from the book.
 *
 * Their tombstones stay, with native ids and versions, so that nothing creates them again
 * without a human, and no key is given twice.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "outbox_gate.h"
#include "outbox_leased.h"
#include "policy_cache.h"
#include "query.h"

PG_FUNCTION_INFO_V1(sync_forget);

/* Those that were left, the first of them with the reason. */
typedef struct Left
{
	int         n;
	const char *key;
	const char *fault;
} Left;

#define OF_RECORDS                                   \
	" AS t WHERE t.entity OPERATOR(pg_catalog.=) $1" \
	" AND t.record_key OPERATOR(pg_catalog.=) ANY ($2)"

/* Where values of a record stand besides its state. */
static SlPlan forget_rows[] = {
	{.sql = "DELETE FROM %s.sync_event" OF_RECORDS,
	 .nargs = 2,
	 .argtypes = {TEXTOID, TEXTARRAYOID}},
	{.sql = "DELETE FROM %s.sync_delivery" OF_RECORDS,
	 .nargs = 2,
	 .argtypes = {TEXTOID, TEXTARRAYOID}},
	{.sql = "DELETE FROM %s.sync_reject" OF_RECORDS,
	 .nargs = 2,
	 .argtypes = {TEXTOID, TEXTARRAYOID}},
	{.sql = "DELETE FROM %s.sync_conflict" OF_RECORDS
			" AND t.status OPERATOR(pg_catalog.=) 'resolved'",
	 .nargs = 2,
	 .argtypes = {TEXTOID, TEXTARRAYOID}},
};

/*
 * One that asked which record an object is may have another key; so have its events and rejects,
 * where no record and no other object has that.
 */
static SlPlan forget_doubts = {
	.sql =
		"WITH gone AS (DELETE FROM %s.sync_conflict AS c"
		"  WHERE c.kind OPERATOR(pg_catalog.=) 'duplicate'"
		"   AND (c.resolved_value OPERATOR(pg_catalog.#>>) '{}') COLLATE pg_catalog.\"C\""
		"    OPERATOR(pg_catalog.=) ANY ($2)"
		"   AND c.entity OPERATOR(pg_catalog.=) $1"
		"   AND c.status OPERATOR(pg_catalog.=) 'resolved'"
		"  RETURNING c.id, c.record_key),"
		" free AS (SELECT DISTINCT g.record_key FROM gone AS g"
		"  WHERE NOT EXISTS (SELECT FROM %s.sync_state AS s"
		"    WHERE s.record_key OPERATOR(pg_catalog.=) g.record_key"
		"     AND s.entity OPERATOR(pg_catalog.=) $1)"
		"   AND NOT EXISTS (SELECT FROM %s.sync_conflict AS o"
		"    WHERE o.record_key OPERATOR(pg_catalog.=) g.record_key"
		"     AND o.entity OPERATOR(pg_catalog.=) $1"
		"     AND o.id OPERATOR(pg_catalog.<>) ALL (SELECT h.id FROM gone AS h))),"
		" rejected AS (DELETE FROM %s.sync_reject AS r USING free AS f"
		"  WHERE r.record_key OPERATOR(pg_catalog.=) f.record_key"
		"   AND r.entity OPERATOR(pg_catalog.=) $1)"
		" DELETE FROM %s.sync_event AS e USING free AS f"
		"  WHERE e.record_key OPERATOR(pg_catalog.=) f.record_key"
		"   AND e.entity OPERATOR(pg_catalog.=) $1",
	.nargs = 2,
	.argtypes = {TEXTOID, TEXTARRAYOID}};

/* Whatever its target is: a policy may name that no more, and the worker speak of it yet. */
static SlPlan find_held = {
	.sql = "SELECT o.record_key FROM %s.sync_lease AS l"
		   " CROSS JOIN LATERAL pg_catalog.unnest(l.ids) AS i(id)"
		   " JOIN %s.sync_outbox AS o ON o.id OPERATOR(pg_catalog.=) i.id"
		   "  AND o.lease OPERATOR(pg_catalog.=) l.lease"
		   " WHERE o.entity OPERATOR(pg_catalog.=) $1"
		   "  AND o.record_key OPERATOR(pg_catalog.=) ANY ($2)",
	.nargs = 2,
	.argtypes = {TEXTOID, TEXTARRAYOID}};

static void
leave(Left *left, const SlRecord *record, const char *fault)
{
	if (left->n++ > 0)
		return;
	left->key = MemoryContextStrdup(CurTransactionContext,
									pnstrdup(record->key, record->key_len));
	left->fault = MemoryContextStrdup(CurTransactionContext, fault);
}

static void
forget_record(SlBatch *batch, SlRecord *record)
{
	SlLogEntry entry = {.event = SL_EVENT_FORGOTTEN,
						.actor = GetUserNameFromId(GetSessionUserId(), false),
						.version = record->state->version};

	sl_decide_forget(batch->policy, record->state);
	record->is_dirty = true;
	sl_log_add(&batch->log, record, &entry);
}

static Datum
key_of(const SlRecord *record)
{
	return PointerGetDatum(cstring_to_text_with_len(record->key, record->key_len));
}

static Datum
array_of(Datum *keys, int n)
{
	return PointerGetDatum(construct_array(keys, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* The records of the batch that a worker has something of. */
static List *
held_records(const SlBatch *batch)
{
	Datum *keys = palloc(sizeof(Datum) * Max(batch->nrecords, 1));
	Datum  values[2] = {CStringGetTextDatum(batch->policy->entity), 0};
	List  *held = NIL;
	uint64 n;

	for (int i = 0; i < batch->nrecords; i++)
		keys[i] = key_of(batch->records[i]);
	values[1] = array_of(keys, batch->nrecords);
	n = sl_query_select(&find_held, values, NULL);
	for (uint64 i = 0; i < n; i++)
		held = lappend(held, sl_row_locked(batch, TextDatumGetCString(
													  sl_query_value_not_null(i, 1))));
	return held;
}

static void
delete_rows(const SlBatch *batch, Datum *keys, int n)
{
	Datum values[2] = {CStringGetTextDatum(batch->policy->entity), array_of(keys, n)};

	sl_query_write(&forget_doubts, values, NULL);
	for (int i = 0; i < lengthof(forget_rows); i++)
		sl_query_write(&forget_rows[i], values, NULL);
}

/* Whether it is forgotten; else the first one says why not. */
static bool
try_record(SlBatch *batch, SlRecord *record, const List *held, Left *left)
{
	const char *fault;

	if (record->state->policy_version == 0)
		return false;
	if (record->state->policy_version != batch->policy->version)
		sl_batch_renew(batch, record);
	fault = sl_forget_fault(batch->policy, record->state);
	if (fault == NULL && list_member_ptr(held, record))
		fault = "a worker has something of it";
	if (fault != NULL)
		leave(left, record, fault);
	else
		forget_record(batch, record);
	return fault == NULL;
}

static int
forget_batch(SlBatch *batch, const SlNamedRow *rows, int n, void *arg)
{
	Datum *keys = palloc(sizeof(Datum) * Max(batch->nrecords, 1));
	List  *held = held_records(batch);
	int    nkeys = 0;

	for (int i = 0; i < batch->nrecords; i++)
	{
		SlRecord *record = batch->records[i];
		bool      is_forgotten;

		sl_batch_enter(batch, record);
		is_forgotten = try_record(batch, record, held, arg);
		sl_batch_leave(batch, record);
		if (is_forgotten)
			keys[nkeys++] = key_of(record);
	}
	delete_rows(batch, keys, nkeys);
	return nkeys;
}

static void
tell(const Left *left)
{
	if (left->n == 0)
		return;
	ereport(NOTICE,
			(errmsg("records that are not forgotten: %d; the first is \"%s\": %s",
					left->n, left->key, left->fault),
			 errhint(
				 "Delete a record in its systems, and let what waits be delivered; then "
				 "it can be forgotten.")));
}

/* (entity, record_keys): how many of them are forgotten */
Datum
sync_forget(PG_FUNCTION_ARGS)
{
	Left        left = {0};
	SlNamedRow *rows;
	int         n;
	int         nforgotten;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"entity\" of sync_forget must not be null")));
	sl_gate_need_primary("sync_forget");
	(void) sl_policy_get(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (PG_ARGISNULL(1))
		PG_RETURN_INT32(0);
	rows = sl_rows_of_keys(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), &n);
	nforgotten = sl_rows_each(rows, n, forget_batch, &left);
	tell(&left);
	PG_RETURN_INT32(nforgotten);
}
