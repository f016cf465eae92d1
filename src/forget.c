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

/* Of a batch: records, and what objects of theirs would be called without a key. */
typedef struct Names
{
	int    nkeys;
	Datum *keys;
	int    nall;
	int    maxall;
	Datum *all;
} Names;

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
};

/* One that asked which record an object is has the name of that object. */
static SlPlan forget_conflicts = {
	.sql =
		"DELETE FROM %s.sync_conflict" OF_RECORDS
		" AND t.status OPERATOR(pg_catalog.=) 'resolved'"
		" AND (t.record_key OPERATOR(pg_catalog.=) ANY ($3)"
		"  OR t.resolved_value OPERATOR(pg_catalog.#>>) '{}'"
		"   OPERATOR(pg_catalog.=) ANY ($3) AND t.kind OPERATOR(pg_catalog.=) 'duplicate')",
	.nargs = 3,
	.argtypes = {TEXTOID, TEXTARRAYOID, TEXTARRAYOID}};

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

static void
add_name(Names *names, Datum name)
{
	if (names->nall == names->maxall)
	{
		names->maxall *= 2;
		names->all = repalloc(names->all, sizeof(Datum) * names->maxall);
	}
	names->all[names->nall++] = name;
}

static void
add_object(Names *names, const char *system, const char *native_id)
{
	if (native_id != NULL)
		add_name(names, CStringGetTextDatum(psprintf("%s:%s", system, native_id)));
}

/* In the context that is current, which outlives the state. */
static void
add_names(Names *names, const SlBatch *batch, const SlRecord *record)
{
	Datum key = PointerGetDatum(cstring_to_text_with_len(record->key, record->key_len));

	names->keys[names->nkeys++] = key;
	add_name(names, key);
	for (int s = 0; s < batch->policy->nsystems; s++)
	{
		const SlPart *part = &record->state->parts[s];
		const char   *system = batch->policy->systems[s].name;

		add_object(names, system, part->native_id);
		add_object(names, system, part->former_id);
		add_object(names, system, part->replaced_id);
	}
}

static Datum
array_of(Datum *texts, int n)
{
	return PointerGetDatum(construct_array(texts, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
delete_rows(const SlBatch *batch, const Names *names)
{
	Datum values[3] = {CStringGetTextDatum(batch->policy->entity),
					   array_of(names->keys, names->nkeys), 0};

	for (int i = 0; i < lengthof(forget_rows); i++)
		sl_query_write(&forget_rows[i], values, NULL);
	values[2] = values[1];
	values[1] = array_of(names->all, names->nall);
	sl_query_write(&forget_conflicts, values, NULL);
}

/* Whether it is forgotten; else the first one says why not. */
static bool
try_record(SlBatch *batch, SlRecord *record, Left *left)
{
	const char *fault;

	if (record->state->policy_version == 0)
		return false;
	if (record->state->policy_version != batch->policy->version)
		sl_batch_renew(batch, record);
	fault = sl_forget_fault(batch->policy, record->state);
	if (fault != NULL)
		leave(left, record, fault);
	else
		forget_record(batch, record);
	return fault == NULL;
}

static int
forget_batch(SlBatch *batch, const SlNamedRow *rows, int n, void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	Names         names = {.maxall = 4 * Max(batch->nrecords, 1)};

	names.keys = palloc(sizeof(Datum) * Max(batch->nrecords, 1));
	names.all = palloc(sizeof(Datum) * names.maxall);
	for (int i = 0; i < batch->nrecords; i++)
	{
		SlRecord *record = batch->records[i];

		sl_batch_enter(batch, record);
		if (try_record(batch, record, arg))
		{
			MemoryContext work = MemoryContextSwitchTo(context);

			add_names(&names, batch, record);
			MemoryContextSwitchTo(work);
		}
		sl_batch_leave(batch, record);
	}
	delete_rows(batch, &names);
	return names.nkeys;
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
