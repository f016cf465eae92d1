/*
 * capture_nested.c
 *	  Rows that were captured before the statement around theirs.
 *
 * What is remembered errs on the safe side: to look again costs time, and is never wrong.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_constraint.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "attach.h"
#include "capture_nested.h"
#include "owner.h"
#include "query.h"

/* Where more than so many are remembered, each record counts as one of them. */
#define MAX_REMEMBERED 10000

typedef struct Written
{
	uint64 hash;
	int    depth; /* of the statement that was captured last */
} Written;

/* Of the statement that the client has sent; in its transaction. */
static HTAB       *written = NULL;
static int         deepest = 0;
static bool        is_crowded = false;
static TimestampTz sent_at = 0;

/* Its queries that gave names to rows: the last of each system and depth. */
#define MAX_NAMING 16

typedef struct Naming
{
	uint64    seed;
	int       depth;
	CommandId query;
} Naming;

static Naming naming[MAX_NAMING];
static int    nnaming = 0; /* more than there is room for: it may have been any */

static void
forget(void)
{
	nnaming = 0;
	if (written != NULL)
		hash_destroy(written);
	written = NULL;
	deepest = 0;
	is_crowded = false;
}

static void
end_transaction(void *arg)
{
	written = NULL;
	deepest = 0;
	is_crowded = false;
}

static void
need_memory(void)
{
	HASHCTL shape = {.keysize = sizeof(uint64), .entrysize = sizeof(Written)};
	MemoryContextCallback *at_end;

	if (written != NULL)
		return;
	shape.hcxt = TopTransactionContext;
	written = hash_create("sync_ledger nested captures", 64, &shape,
						  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	at_end = MemoryContextAllocZero(TopTransactionContext, sizeof(MemoryContextCallback));
	at_end->func = end_transaction;
	MemoryContextRegisterResetCallback(TopTransactionContext, at_end);
}

static Naming *
naming_of(const SlNested *nested)
{
	for (int i = 0; i < Min(nnaming, MAX_NAMING); i++)
		if (naming[i].seed == nested->seed && naming[i].depth == nested->depth)
			return &naming[i];
	return NULL;
}

static bool
is_after_naming(const SlNested *nested)
{
	const Naming *last = naming_of(nested);

	return last != NULL ? last->query == nested->query : nnaming > MAX_NAMING;
}

void
sl_nested_name(const SlNested *nested)
{
	Naming *last = naming_of(nested);

	if (last == NULL)
	{
		nnaming = Min(nnaming, MAX_NAMING) + 1;
		if (nnaming > MAX_NAMING)
			return;
		last = &naming[nnaming - 1];
		last->seed = nested->seed;
		last->depth = nested->depth;
	}
	last->query = nested->query;
}

void
sl_nested_open(SlNested *nested, const SlPolicy *policy, int system)
{
	TimestampTz sent = GetCurrentStatementStartTimestamp();

	if (sent != sent_at)
		forget();
	sent_at = sent;
	nested->seed = string_hash(policy->entity, SL_MAX_KEY_LEN) ^ (uint64) system << 32;
	nested->depth = DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
	nested->is_around = deepest > nested->depth;
	nested->query = ActiveSnapshotSet() ? GetActiveSnapshot()->curcid : FirstCommandId;
	nested->is_after = is_after_naming(nested);
}

static uint64
hash_of_bytes(const SlNested *nested, const char *name, int len)
{
	return hash_bytes_extended((const unsigned char *) name, len, nested->seed);
}

static uint64
hash_of_name(const SlNested *nested, const SlIntake *intake)
{
	if (intake->key != NULL)
		return hash_of_bytes(nested, intake->key, intake->key_len);
	if (intake->native_id != NULL)
		return hash_of_bytes(nested, intake->native_id, (int) strlen(intake->native_id));
	return 0;
}

void
sl_nested_note(const SlNested *nested, const SlIntake *intake)
{
	uint64   hash;
	Written *entry;

	if (nested->depth < 2)
		return;
	deepest = Max(deepest, nested->depth);
	if (is_crowded)
		return;
	need_memory();
	hash = hash_of_name(nested, intake);
	entry = hash_search(written, &hash, HASH_ENTER, NULL);
	entry->depth = nested->depth;
	is_crowded = hash_get_num_entries(written) > MAX_REMEMBERED;
}

bool
sl_nested_has(const SlNested *nested, const SlIntake *intake)
{
	uint64         hash;
	const Written *entry;

	if (!nested->is_around)
		return false;
	if (is_crowded)
		return true;
	hash = hash_of_name(nested, intake);
	entry = written == NULL ? NULL : hash_search(written, &hash, HASH_FIND, NULL);
	return entry != NULL && entry->depth > nested->depth;
}

/* What a foreign key of the table does to its rows where the row that they refer to goes. */
static char
action_at_delete(const ForeignKeyCacheInfo *key)
{
	HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(key->conoid));
	char      action;

	if (!HeapTupleIsValid(tuple))
		return FKCONSTR_ACTION_NOACTION;
	action = ((Form_pg_constraint) GETSTRUCT(tuple))->confdeltype;
	ReleaseSysCache(tuple);
	return action;
}

bool
sl_may_update_and_delete(Relation rel)
{
	bool      may_update = false;
	bool      may_delete = false;
	ListCell *cell;

	foreach (cell, RelationGetFKeyList(rel))
	{
		char action = action_at_delete((ForeignKeyCacheInfo *) lfirst(cell));

		may_delete |= action == FKCONSTR_ACTION_CASCADE;
		may_update |= action == FKCONSTR_ACTION_SETNULL ||
					  action == FKCONSTR_ACTION_SETDEFAULT;
	}
	return may_update && may_delete;
}

static bool
is_attached(Oid relid)
{
	Relation rel = table_open(relid, AccessShareLock);
	bool     is_attached = sl_capture_trigger(rel, sl_capture_function()) != NULL;

	table_close(rel, AccessShareLock);
	return is_attached;
}

/*
 * The whole tree, for a row may have moved to another partition; but no more of it than was
 * attached: whoever attached a partition, before it was one, attached nothing else.
 */
static Oid
root_of(Relation rel)
{
	List *ancestors = NIL;

	if (rel->rd_rel->relispartition)
		ancestors = get_partition_ancestors(RelationGetRelid(rel));
	for (int i = list_length(ancestors) - 1; i >= 0; i--)
		if (is_attached(list_nth_oid(ancestors, i)))
			return list_nth_oid(ancestors, i);
	return RelationGetRelid(rel);
}

static char *
query_of(SlRowReader *reader, Oid relid, const SlRowColumn *name, Oid type)
{
	TypeCacheEntry *cache = lookup_type_cache(type, TYPECACHE_EQ_OPR);
	StringInfoData  sql;

	if (!OidIsValid(cache->eq_opr))
		return NULL;
	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT ");
	sl_row_reader_select(reader, &sql);
	appendStringInfo(&sql, " FROM %s AS t WHERE ",
					 quote_qualified_identifier(get_namespace_name(
													get_rel_namespace(relid)),
												get_rel_name(relid)));
	generate_operator_clause(&sql, psprintf("t.%s", quote_identifier(name->name)), type,
							 cache->eq_opr, "$1", type);
	return sql.data;
}

/*
 * As the owner of the table, whose rows all count, as a foreign key reads it: not as the
 * owner of the partition, as whom policies of the table's owner would run.
 */
static int
select_as_owner(Oid relid, const char *sql, Oid type, Datum value)
{
	SlOwner before;
	Oid     owner;
	int     context;
	int     rc;

	sl_role_begin(sl_owner_of(relid), &before);
	GetUserIdAndSecContext(&owner, &context);
	SetUserIdAndSecContext(owner, context | SECURITY_NOFORCE_RLS);
	rc = SPI_execute_with_args(sql, 1, &type, &value, NULL, false, 1);
	sl_owner_end(&before);
	return rc;
}

bool
sl_row_named(const SlRowReader *reader, Oid relid, const SlRowColumn *name, Oid type,
			 Datum value, Datum *values, bool *nulls)
{
	SlRowReader copy = *reader;
	char       *sql;
	bool        is_there;

	copy.columns = palloc(sizeof(SlRowColumn) * reader->ncolumns);
	memcpy(copy.columns, reader->columns, sizeof(SlRowColumn) * reader->ncolumns);
	sql = query_of(&copy, relid, name, type);
	if (sql == NULL)
		return false;
	sl_spi_connect();
	if (select_as_owner(relid, sql, type, value) != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of a query: %s", sql);
	is_there = SPI_processed > 0;
	if (is_there)
	{
		TupleDesc desc = SPI_tuptable->tupdesc;
		HeapTuple row = SPI_copytuple(SPI_tuptable->vals[0]);

		for (int i = 0; i < reader->ncolumns; i++)
			values[reader->columns[i].index] = heap_getattr(
				row, i + 1, desc, &nulls[reader->columns[i].index]);
	}
	sl_spi_finish();
	return is_there;
}

bool
sl_current_row(const SlRowReader *reader, Relation rel, const SlRowColumn *name,
			   TupleTableSlot *slot, Datum *values, bool *nulls)
{
	Oid   type = TupleDescAttr(RelationGetDescr(rel), name->index)->atttypid;
	bool  is_null;
	Datum value = slot_getattr(slot, name->index + 1, &is_null);

	return !is_null &&
		   sl_row_named(reader, root_of(rel), name, type, value, values, nulls);
}
