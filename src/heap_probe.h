/*
 * heap_probe.h
 *	  Rows of a table of the extension's own found by the bigint that is its primary key.
 */
#ifndef SL_HEAP_PROBE_H
#define SL_HEAP_PROBE_H

#include "postgres.h"

#include "access/genam.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

typedef struct SlHeapProbe
{
	Relation        heap;
	Relation        key;
	IndexScanDesc   scan;
	TupleTableSlot *slot; /* holds what was found, until the next look */
	MemoryContext   context;
} SlHeapProbe;

/* Looks at an open table as a snapshot shows it, which the caller keeps registered. */
extern void sl_heap_probe_open(SlHeapProbe *probe, Relation heap, Snapshot snapshot);
extern void sl_heap_probe_close(SlHeapProbe *probe);

/* True where the row is there: it stands in the slot. */
extern bool sl_heap_probe_find(SlHeapProbe *probe, int64 id);

#endif
