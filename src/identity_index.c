/*
 * identity_index.c
 *	  Look-ups by native id and by match_on: one probe each, straight from the heap.
 *
 * What is found is a hint until the record that it names has been read: the state is
 * the truth, these tables are indexes of it.
 */
#include "postgres.h"

#include "access/relscan.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "identity_index.h"
#include "query.h"

/* The columns of sync_native_id and of sync_match that are read. */
enum
{
	LINK_RECORD_KEY = 4,
	LINK_OTHER_KEY = 5,
	LINK_CONFLICT = 6,
	LINK_VERSION = 7,
	LINK_DELETED = 9,
	LINK_ANSWER = 10,
	LINK_POLICY = 11,
	MATCH_RECORD_KEY = 4
};

static void
open_probe(SlProbe *probe, const char *table, const char *index)
{
	probe->heap = table_open(sl_relation_oid(table), AccessShareLock);
	probe->index = index_open(sl_relation_oid(index), AccessShareLock);
	probe->slot = table_slot_create(probe->heap, NULL);
	probe->scan = NULL;
}

static void
close_probe(SlProbe *probe)
{
	ExecDropSingleTupleTableSlot(probe->slot);
	index_close(probe->index, NoLock);
	table_close(probe->heap, NoLock);
}

void
sl_identity_index_open(SlIdentityIndex *index, const SlPolicy *policy)
{
	memset(index, 0, sizeof(SlIdentityIndex));
	index->entity = CStringGetTextDatum(policy->entity);
	open_probe(&index->links, "sync_native_id", "sync_native_id_pkey");
	open_probe(&index->matches, "sync_match", "sync_match_pkey");
}

void
sl_identity_index_close(SlIdentityIndex *index)
{
	sl_identity_index_end_look(index);
	close_probe(&index->links);
	close_probe(&index->matches);
}

void
sl_identity_index_begin_look(SlIdentityIndex *index, MemoryContext context)
{
	MemoryContext old = MemoryContextSwitchTo(context);

	CommandCounterIncrement();
	index->context = context;
	index->snapshot = RegisterSnapshot(sl_fresh_snapshot());
	index->links.scan = sl_index_beginscan(index->links.heap, index->links.index,
										   index->snapshot, 3);
	index->matches.scan = sl_index_beginscan(index->matches.heap, index->matches.index,
											 index->snapshot, 3);
	MemoryContextSwitchTo(old);
}

static void
end_scan(SlProbe *probe)
{
	ExecClearTuple(probe->slot);
	index_endscan(probe->scan);
	probe->scan = NULL;
}

void
sl_identity_index_end_look(SlIdentityIndex *index)
{
	if (index->snapshot == NULL)
		return;
	end_scan(&index->links);
	end_scan(&index->matches);
	UnregisterSnapshot(index->snapshot);
	index->snapshot = NULL;
}

static void
text_key(ScanKey key, int column, Datum value)
{
	ScanKeyEntryInitialize(key, 0, column, BTEqualStrategyNumber, TEXTOID,
						   C_COLLATION_OID, F_TEXTEQ, value);
}

static bool
next_row(SlIdentityIndex *index, SlProbe *probe)
{
	MemoryContext old = MemoryContextSwitchTo(index->context);
	bool is_found = index_getnext_slot(probe->scan, ForwardScanDirection, probe->slot);

	MemoryContextSwitchTo(old);
	return is_found;
}

static void
rescan(SlIdentityIndex *index, SlProbe *probe, ScanKey keys, int nkeys)
{
	MemoryContext old = MemoryContextSwitchTo(index->context);

	index_rescan(probe->scan, keys, nkeys, NULL, 0);
	MemoryContextSwitchTo(old);
}

static char *
text_column(TupleTableSlot *slot, int column)
{
	bool  is_null;
	Datum value = slot_getattr(slot, column, &is_null);

	return is_null ? NULL : TextDatumGetCString(value);
}

static void
read_link(TupleTableSlot *slot, SlLink *link)
{
	bool  is_null;
	Datum conflict = slot_getattr(slot, LINK_CONFLICT, &is_null);
	Datum policy;

	link->conflict_id = is_null ? 0 : DatumGetInt64(conflict);
	link->record_key = text_column(slot, LINK_RECORD_KEY);
	link->other_key = text_column(slot, LINK_OTHER_KEY);
	link->held_version.data = text_column(slot, LINK_VERSION);
	link->held_version.len = link->held_version.data == NULL
								 ? 0
								 : (int32) strlen(link->held_version.data);
	link->held_deleted = DatumGetBool(slot_getattr(slot, LINK_DELETED, &is_null));
	link->held_answer = DatumGetBool(slot_getattr(slot, LINK_ANSWER, &is_null));
	policy = slot_getattr(slot, LINK_POLICY, &is_null);
	link->held_policy = is_null ? 0 : DatumGetInt32(policy);
}

bool
sl_link_look(SlIdentityIndex *index, const char *system, const char *native_id,
			 SlLink *link)
{
	ScanKeyData keys[3];

	text_key(&keys[0], 1, CStringGetTextDatum(native_id));
	text_key(&keys[1], 2, CStringGetTextDatum(system));
	text_key(&keys[2], 3, index->entity);
	rescan(index, &index->links, keys, 3);
	if (!next_row(index, &index->links))
		return false;
	read_link(index->links.slot, link);
	return true;
}

static void
match_keys(const SlIdentityIndex *index, ScanKey keys, int64 hash, const char *system)
{
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(hash));
	text_key(&keys[1], 2, CStringGetTextDatum(system));
	text_key(&keys[2], 3, index->entity);
}

void
sl_match_look(SlIdentityIndex *index, int64 hash, const char *system)
{
	ScanKeyData keys[3];

	match_keys(index, keys, hash, system);
	rescan(index, &index->matches, keys, 3);
}

const char *
sl_match_next(SlIdentityIndex *index)
{
	if (!next_row(index, &index->matches))
		return NULL;
	return text_column(index->matches.slot, MATCH_RECORD_KEY);
}

bool
sl_match_find(SlIdentityIndex *index, int64 hash, const char *system,
			  const char *record_key, ItemPointer tid)
{
	SlProbe      *probe = &index->matches;
	IndexScanDesc scan = sl_index_beginscan(probe->heap, probe->index, index->snapshot,
											4);
	ScanKeyData   keys[4];
	bool          is_found;

	match_keys(index, keys, hash, system);
	text_key(&keys[3], 4, CStringGetTextDatum(record_key));
	index_rescan(scan, keys, 4, NULL, 0);
	is_found = index_getnext_slot(scan, ForwardScanDirection, probe->slot);
	if (is_found)
		*tid = probe->slot->tts_tid;
	ExecClearTuple(probe->slot);
	index_endscan(scan);
	return is_found;
}
