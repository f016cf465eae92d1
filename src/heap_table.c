/*
 * heap_table.c
 *	  Rows written to a table of the extension's own without a statement.
 *
 * These are the executor's own functions for one row, those that apply a replicated
 * change; a statement would plan, start and end an executor for each handful of rows.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "storage/lmgr.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "heap_checks.h"
#include "heap_table.h"
#include "owner.h"
#include "query.h"

#define OWN_TRIGGER "sync_outbox_arrives"

/* Callers know each column by its place: a table with others is not theirs. */
static void
check_columns(Relation rel, int ncolumns)
{
	if (RelationGetNumberOfAttributes(rel) != ncolumns)
		ereport(
			ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg(
				 "table \"%s\" has %d columns where this version of sync_ledger has %d",
				 RelationGetRelationName(rel), RelationGetNumberOfAttributes(rel),
				 ncolumns),
			 errhint(
				 "Run ALTER EXTENSION sync_ledger UPDATE after an upgrade; columns of "
				 "the extension's own tables are not to be added or dropped.")));
}

/*
 * Triggers of a user's want each row alone.  The one of the extension's own gives rows that
 * others bring a place, and leaves those of this transaction as they are.
 */
static bool
has_foreign_triggers(Relation rel)
{
	const TriggerDesc *triggers = rel->trigdesc;

	return triggers != NULL && (triggers->numtriggers > 1 ||
								strcmp(triggers->triggers[0].tgname, OWN_TRIGGER) != 0);
}

void
sl_table_open(SlTable *table, const char *name, int ncolumns)
{
	table->context = CurrentMemoryContext;
	table->snapshot = NULL;
	table->ngathered = 0;
	memset(table->gathered, 0, sizeof(table->gathered));
	table->rel = table_open(sl_relation_oid(name), RowExclusiveLock);
	check_columns(table->rel, ncolumns);
	table->has_triggers = has_foreign_triggers(table->rel);
	table->estate = CreateExecutorState();
	AfterTriggerBeginQuery();
	table->info = makeNode(ResultRelInfo);
	InitResultRelInfo(table->info, table->rel, 0, NULL, 0);
	ExecOpenIndices(table->info, false);
	sl_checks_prepare(table->info, table->estate);
	table->estate->es_opened_result_relations = list_make1(table->info);
	sl_eval_plan_qual_init(&table->epq, table->estate);
	table->old = table_slot_create(table->rel, NULL);
	table->fresh = MakeSingleTupleTableSlot(RelationGetDescr(table->rel), &TTSOpsVirtual);
}

static void
fill(SlTable *table, const Datum *values, const bool *nulls)
{
	int natts = RelationGetNumberOfAttributes(table->rel);

	ExecClearTuple(table->fresh);
	memcpy(table->fresh->tts_values, values, sizeof(Datum) * natts);
	memcpy(table->fresh->tts_isnull, nulls, sizeof(bool) * natts);
	ExecStoreVirtualTuple(table->fresh);
}

static void
insert_alone(SlTable *table, const Datum *values, const bool *nulls)
{
	SlOwner before;

	fill(table, values, nulls);
	sl_owner_begin(&before);
	ExecSimpleRelationInsert(table->info, table->estate, table->fresh);
	sl_owner_end(&before);
	ResetPerTupleExprContext(table->estate);
}

/* One visit to a page, and one record of WAL, for all rows that have room there. */
static void
insert_gathered(SlTable *table)
{
	MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(table->estate));

	if (table->ngathered > 0)
		table_multi_insert(table->rel, table->gathered, table->ngathered,
						   GetCurrentCommandId(true), 0, NULL);
	for (int i = 0; i < table->ngathered; i++)
	{
		sl_insert_index_tuples(table->info, table->gathered[i], table->estate);
		ExecClearTuple(table->gathered[i]);
	}
	table->ngathered = 0;
	MemoryContextSwitchTo(old);
	ResetPerTupleExprContext(table->estate);
}

static void
gather(SlTable *table, const Datum *values, const bool *nulls)
{
	TupleDesc        desc = RelationGetDescr(table->rel);
	MemoryContext    old = MemoryContextSwitchTo(table->context);
	TupleTableSlot **slot = &table->gathered[table->ngathered++];

	if (*slot == NULL)
		*slot = MakeSingleTupleTableSlot(desc, &TTSOpsHeapTuple);
	ExecStoreHeapTuple(heap_form_tuple(desc, (Datum *) values, (bool *) nulls), *slot,
					   true);
	(*slot)->tts_tableOid = RelationGetRelid(table->rel);
	if (desc->constr != NULL)
		ExecConstraints(table->info, *slot, table->estate);
	ResetPerTupleExprContext(table->estate);
	MemoryContextSwitchTo(old);
}

void
sl_table_insert(SlTable *table, const Datum *values, const bool *nulls)
{
	if (table->has_triggers)
	{
		insert_alone(table, values, nulls);
		return;
	}
	gather(table, values, nulls);
	if (table->ngathered == SL_GATHERED)
		insert_gathered(table);
}

/*
 * As the executor does for ON CONFLICT: until it is confirmed others wait for the row, not
 * for the transaction, and one that is given up is nobody's business any more.
 */
bool
sl_table_insert_if_free(SlTable *table, const Datum *values, const bool *nulls,
						ItemPointer tid)
{
	MemoryContext old = MemoryContextSwitchTo(GetPerTupleMemoryContext(table->estate));
	TransactionId self = GetCurrentTransactionId();
	uint32        token;
	bool          is_free;

	fill(table, values, nulls);
	if (RelationGetDescr(table->rel)->constr != NULL)
		ExecConstraints(table->info, table->fresh, table->estate);
	token = SpeculativeInsertionLockAcquire(self);
	table_tuple_insert_speculative(table->rel, table->fresh, GetCurrentCommandId(true), 0,
								   NULL, token);
	is_free = sl_claim_index_tuples(table->info, table->fresh, table->estate);
	table_tuple_complete_speculative(table->rel, table->fresh, token, is_free);
	SpeculativeInsertionLockRelease(self);
	*tid = table->fresh->tts_tid;
	MemoryContextSwitchTo(old);
	ResetPerTupleExprContext(table->estate);
	return is_free;
}

static void
drop_gathered(SlTable *table)
{
	for (int i = 0; i < SL_GATHERED && table->gathered[i] != NULL; i++)
		ExecDropSingleTupleTableSlot(table->gathered[i]);
}

/* A BEFORE trigger of a user's wants the row locked, as the command that comes now sees it. */
static void
update(SlTable *table, TupleTableSlot *old, const Datum *values, const bool *nulls)
{
	SlOwner before;

	fill(table, values, nulls);
	table->estate->es_output_cid = GetCurrentCommandId(true);
	sl_owner_begin(&before);
	ExecSimpleRelationUpdate(table->info, table->estate, &table->epq, old, table->fresh);
	sl_owner_end(&before);
	ResetPerTupleExprContext(table->estate);
}

void
sl_table_update(SlTable *table, ItemPointer tid, const Datum *values, const bool *nulls)
{
	ExecClearTuple(table->old);
	table->old->tts_tid = *tid;
	update(table, table->old, values, nulls);
}

void
sl_table_update_found(SlTable *table, const Datum *values, const bool *nulls)
{
	update(table, table->probe.slot, values, nulls);
}

ItemPointerData
sl_table_written(const SlTable *table)
{
	return table->fresh->tts_tid;
}

static void
delete_row(SlTable *table, TupleTableSlot *row)
{
	SlOwner before;

	table->estate->es_output_cid = GetCurrentCommandId(true);
	sl_owner_begin(&before);
	ExecSimpleRelationDelete(table->info, table->estate, &table->epq, row);
	sl_owner_end(&before);
	ResetPerTupleExprContext(table->estate);
}

void
sl_table_delete(SlTable *table, ItemPointer tid)
{
	ExecClearTuple(table->old);
	table->old->tts_tid = *tid;
	delete_row(table, table->old);
}

bool
sl_table_lock_found(SlTable *table)
{
	ItemPointerData tid = table->probe.slot->tts_tid;
	TM_FailureData  failure;

	return table_tuple_lock(table->rel, &tid, table->snapshot, table->probe.slot,
							GetCurrentCommandId(true), LockTupleExclusive, LockWaitBlock,
							0, &failure) == TM_Ok;
}

void
sl_table_delete_found(SlTable *table)
{
	delete_row(table, table->probe.slot);
}

/* Rows are looked for on a snapshot that sees what was written before the first look. */
static void
begin_look(SlTable *table)
{
	MemoryContext old = MemoryContextSwitchTo(table->context);

	CommandCounterIncrement();
	table->snapshot = RegisterSnapshot(GetTransactionSnapshot());
	sl_heap_probe_open(&table->probe, table->rel, table->snapshot);
	MemoryContextSwitchTo(old);
}

static void
end_look(SlTable *table)
{
	if (table->snapshot == NULL)
		return;
	sl_heap_probe_close(&table->probe);
	UnregisterSnapshot(table->snapshot);
}

/* The row is where it stood when the caller looked at it, and as it was then. */
static bool
is_still_there(SlTable *table, ItemPointer tid, int64 id)
{
	bool is_null;

	return ItemPointerIsValid(tid) &&
		   table_tuple_fetch_row_version(table->rel, tid, table->snapshot,
										 table->probe.slot) &&
		   DatumGetInt64(slot_getattr(table->probe.slot, 1, &is_null)) == id;
}

bool
sl_table_find_at(SlTable *table, ItemPointer tid, int64 id, Datum *values, bool *nulls)
{
	int natts = RelationGetNumberOfAttributes(table->rel);

	if (table->snapshot == NULL)
		begin_look(table);
	if (!is_still_there(table, tid, id) && !sl_heap_probe_find(&table->probe, id))
		return false;
	slot_getallattrs(table->probe.slot);
	memcpy(values, table->probe.slot->tts_values, sizeof(Datum) * natts);
	memcpy(nulls, table->probe.slot->tts_isnull, sizeof(bool) * natts);
	return true;
}

bool
sl_table_find(SlTable *table, int64 id, Datum *values, bool *nulls)
{
	ItemPointerData nowhere;

	ItemPointerSetInvalid(&nowhere);
	return sl_table_find_at(table, &nowhere, id, values, nulls);
}

/* What a user's AFTER triggers do, they do on a snapshot that sees the rows. */
static void
run_triggers(SlTable *table)
{
	SlOwner before;

	sl_owner_begin(&before);
	PushActiveSnapshot(GetTransactionSnapshot());
	AfterTriggerEndQuery(table->estate);
	PopActiveSnapshot();
	sl_owner_end(&before);
}

void
sl_table_close(SlTable *table)
{
	end_look(table);
	insert_gathered(table);
	CommandCounterIncrement();
	run_triggers(table);
	EvalPlanQualEnd(&table->epq);
	ExecDropSingleTupleTableSlot(table->old);
	ExecDropSingleTupleTableSlot(table->fresh);
	drop_gathered(table);
	ExecResetTupleTable(table->estate->es_tupleTable, false);
	ExecCloseResultRelations(table->estate);
	FreeExecutorState(table->estate);
	table_close(table->rel, NoLock);
}
