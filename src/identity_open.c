/*
 * identity_open.c
 *	  Payloads under a native id that waits for a human, found whatever key they bear.
 *
 * A payload under the key of the very record that its native id names needs no look-up to
 * be placed.  It needs one while that id is in doubt, which is rare: so a chunk asks first
 * whether anything of its system is.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"

#include "diff_chunk.h"
#include "identity.h"
#include "query.h"

/* The columns of sync_native_id that are read. */
enum
{
	COLUMN_ENTITY = 1,
	COLUMN_SYSTEM = 2
};

/* Where so many of other systems are open, each payload is looked at on its own. */
#define MAX_OTHERS 16

static bool
is_column(HeapTuple tuple, Relation rel, int column, const char *wanted)
{
	bool  is_null;
	Datum value = heap_getattr(tuple, column, RelationGetDescr(rel), &is_null);

	return !is_null && strcmp(TextDatumGetCString(value), wanted) == 0;
}

static bool
is_in_index(const SlDiff *diff, Oid index)
{
	const char *system = diff->policy->systems[diff->system].name;
	Relation    rel = table_open(sl_relation_oid("sync_native_id"), AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, index, true, diff->store.snapshot, 0,
										  NULL);
	HeapTuple   tuple;
	bool        is_found = false;

	for (int n = 0; !is_found && HeapTupleIsValid(tuple = systable_getnext(scan)); n++)
		is_found = n == MAX_OTHERS ||
				   (is_column(tuple, rel, COLUMN_ENTITY, diff->policy->entity) &&
					is_column(tuple, rel, COLUMN_SYSTEM, system));
	systable_endscan(scan);
	table_close(rel, NoLock);
	return is_found;
}

/* The index has the rows alone whose conflict is open, and its first page has none. */
static bool
is_any_open(const SlDiff *diff)
{
	Relation index = index_open(sl_relation_oid("sync_native_id_conflict_key"),
								AccessShareLock);
	bool     is_found = RelationGetNumberOfBlocks(index) > 1 &&
					is_in_index(diff, RelationGetRelid(index));

	index_close(index, NoLock);
	return is_found;
}

bool
sl_is_any_doubt_open(SlChunk *chunk)
{
	if (chunk->diff->options.is_dry_run)
		return true;
	if (!chunk->knows_doubts)
	{
		chunk->has_doubts = is_any_open(chunk->diff);
		chunk->knows_doubts = true;
	}
	return chunk->has_doubts;
}
