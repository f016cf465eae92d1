/*
 * heap_table.h
 *	  Rows written to a table of the extension's own without a statement, as logical
 *	  replication does: constraints, indexes and triggers see them as any other.
 */
#ifndef SL_HEAP_TABLE_H
#define SL_HEAP_TABLE_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "nodes/execnodes.h"
#include "storage/itemptr.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "heap_probe.h"

/* So many rows, as far as they need no trigger, are inserted together. */
#define SL_GATHERED 64

typedef struct SlTable
{
	Relation        rel;
	EState         *estate;
	ResultRelInfo  *info;
	bool            has_triggers; /* that want each row alone */
	EPQState        epq;
	TupleTableSlot *old;
	TupleTableSlot *fresh;
	TupleTableSlot *gathered[SL_GATHERED]; /* rows to be inserted together */
	int             ngathered;
	MemoryContext   context;
	Snapshot        snapshot; /* NULL: nothing was looked for yet */
	SlHeapProbe     probe;
} SlTable;

/*
 * A table by its name in the extension's schema, until sl_table_close(); one with
 * another number of columns is an error.
 */
extern void sl_table_open(SlTable *table, const char *name, int ncolumns);

/* values and nulls have a place for each column; the row is there after sl_table_close(). */
extern void sl_table_insert(SlTable *table, const Datum *values, const bool *nulls);

/*
 * Inserts a row at once, unless somebody has its key or may come to have it: false, and
 * nobody is waited for.  Only where has_triggers is not set.
 */
extern bool sl_table_insert_if_free(SlTable *table, const Datum *values,
									const bool *nulls, ItemPointer tid);

/* The row at tid, which this transaction has locked or nobody else can reach. */
extern void sl_table_update(SlTable *table, ItemPointer tid, const Datum *values,
							const bool *nulls);

/* Removes the row at tid, under the same condition. */
extern void sl_table_delete(SlTable *table, ItemPointer tid);

/*
 * Finds a row by the bigint that is its primary key, as the current transaction saw it
 * at the first call, and reads it; by-reference values are good until the next call.
 * False where there is none.  A row that the caller has written since is not found anew.
 */
extern bool sl_table_find(SlTable *table, int64 id, Datum *values, bool *nulls);

/* The same of a row that an earlier look found there: most have not moved since. */
extern bool sl_table_find_at(SlTable *table, ItemPointer tid, int64 id, Datum *values,
							 bool *nulls);

/* Locks the row that sl_table_find() has found; false where somebody has changed it since. */
extern bool sl_table_lock_found(SlTable *table);

/* Writes, or removes, the row that sl_table_find() has found, under the same condition. */
extern void sl_table_update_found(SlTable *table, const Datum *values, const bool *nulls);
extern void sl_table_delete_found(SlTable *table);

/* Where the row that was updated last stands now. */
extern ItemPointerData sl_table_written(const SlTable *table);

/* What was written is seen by the commands that follow. */
extern void sl_table_close(SlTable *table);

#endif
