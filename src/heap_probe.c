/*
 * heap_probe.c
 *	  Rows of a table of the extension's own found by the bigint that is its primary key.
 *
 * The key is scanned directly: the planner has no choice to make, and a row costs one
 * descent.
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "access/tableam.h"
#include "executor/executor.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "compat.h"
#include "heap_probe.h"

void
sl_heap_probe_open(SlHeapProbe *probe, Relation heap, Snapshot snapshot)
{
	probe->heap = heap;
	probe->context = CurrentMemoryContext;
	probe->key = index_open(sl_primary_key(heap), RowExclusiveLock);
	probe->slot = table_slot_create(heap, NULL);
	probe->scan = sl_index_beginscan(heap, probe->key, snapshot, 1);
}

void
sl_heap_probe_close(SlHeapProbe *probe)
{
	ExecDropSingleTupleTableSlot(probe->slot);
	index_endscan(probe->scan);
	index_close(probe->key, NoLock);
}

bool
sl_heap_probe_find(SlHeapProbe *probe, int64 id)
{
	ScanKeyData   key;
	MemoryContext old = MemoryContextSwitchTo(probe->context);
	bool          is_found;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(id));
	index_rescan(probe->scan, &key, 1, NULL, 0);
	is_found = index_getnext_slot(probe->scan, ForwardScanDirection, probe->slot);
	MemoryContextSwitchTo(old);
	return is_found;
}
