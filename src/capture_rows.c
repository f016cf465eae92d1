/*
 * capture_rows.c
 *	  The rows that a statement has written, as it found them and as it left them.
 *
 * Transition tables are shared with the other triggers of the statement: each reader has
 * a read pointer of its own.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "utils/datum.h"
#include "utils/rel.h"

#include "capture_rows.h"

static void
open_table(SlRowSide *side, Tuplestorestate *store, TupleDesc desc)
{
	side->store = store;
	side->slot = NULL;
	if (store == NULL)
		return;
	side->pointer = tuplestore_alloc_read_pointer(store, EXEC_FLAG_REWIND);
	side->slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
}

static void
open_row(SlPairs *pairs, TriggerData *trigger)
{
	pairs->is_row = true;
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		pairs->fresh.slot = trigger->tg_trigslot;
	else
		pairs->old.slot = trigger->tg_trigslot;
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		pairs->fresh.slot = trigger->tg_newslot;
}

void
sl_pairs_open(SlPairs *pairs, TriggerData *trigger)
{
	TupleDesc desc = RelationGetDescr(trigger->tg_relation);

	memset(pairs, 0, sizeof(SlPairs));
	pairs->context = CurrentMemoryContext;
	if (TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
	{
		open_row(pairs, trigger);
		return;
	}
	open_table(&pairs->old, trigger->tg_oldtable, desc);
	open_table(&pairs->fresh, trigger->tg_newtable, desc);
	sl_pairs_rewind(pairs);
}

static void
rewind_side(SlRowSide *side)
{
	if (side->store == NULL)
		return;
	tuplestore_select_read_pointer(side->store, side->pointer);
	tuplestore_rescan(side->store);
}

void
sl_pairs_rewind(SlPairs *pairs)
{
	pairs->is_read = false;
	rewind_side(&pairs->old);
	rewind_side(&pairs->fresh);
}

static void
close_side(SlRowSide *side)
{
	if (side->store != NULL)
		ExecDropSingleTupleTableSlot(side->slot);
}

void
sl_pairs_close(SlPairs *pairs)
{
	close_side(&pairs->old);
	close_side(&pairs->fresh);
}

bool
sl_pairs_has_rows(TriggerData *trigger)
{
	Tuplestorestate *store = trigger->tg_newtable != NULL ? trigger->tg_newtable
														  : trigger->tg_oldtable;

	return TRIGGER_FIRED_FOR_ROW(trigger->tg_event) || tuplestore_tuple_count(store) > 0;
}

static bool
next_of_side(SlRowSide *side)
{
	if (side->store == NULL)
		return false;
	tuplestore_select_read_pointer(side->store, side->pointer);
	return tuplestore_gettupleslot(side->store, true, false, side->slot);
}

static bool
next_of_tables(SlPairs *pairs)
{
	bool has_old = next_of_side(&pairs->old);
	bool has_fresh = next_of_side(&pairs->fresh);

	if (pairs->old.store != NULL && pairs->fresh.store != NULL && has_old != has_fresh)
		elog(ERROR, "the transition tables of an update do not come in pairs");
	return has_old || has_fresh;
}

bool
sl_pairs_next(SlPairs *pairs)
{
	MemoryContext old;
	bool          is_there;

	if (pairs->is_row)
	{
		is_there = !pairs->is_read;
		pairs->is_read = true;
		return is_there;
	}
	old = MemoryContextSwitchTo(pairs->context);
	is_there = next_of_tables(pairs);
	MemoryContextSwitchTo(old);
	return is_there;
}

/* A value that lies elsewhere was not touched where both rows point to the same place. */
static bool
is_same_toast(Datum a, Datum b)
{
	return VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(a)) &&
		   VARATT_IS_EXTERNAL_ONDISK(DatumGetPointer(b)) &&
		   memcmp(DatumGetPointer(a), DatumGetPointer(b),
				  VARSIZE_EXTERNAL(DatumGetPointer(a))) == 0;
}

bool
sl_pair_is_same(const SlPairs *pairs, int column)
{
	Form_pg_attribute att = TupleDescAttr(pairs->fresh.slot->tts_tupleDescriptor, column);
	bool              is_null[2];
	Datum             old = slot_getattr(pairs->old.slot, column + 1, &is_null[0]);
	Datum             fresh = slot_getattr(pairs->fresh.slot, column + 1, &is_null[1]);

	if (is_null[0] || is_null[1])
		return is_null[0] && is_null[1];
	if (att->attlen == -1 && is_same_toast(old, fresh))
		return true;
	return datum_image_eq(old, fresh, att->attbyval, att->attlen);
}
