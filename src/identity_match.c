/*
 * identity_match.c
 *	  The rows of sync_match: which records may be equal in the fields of match_on.
 *
 * Each record whose match_on fields are all set has one row, written under the
 * record's lock with the record.  A policy without match_on has no rows.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "heap_table.h"
#include "identity_match.h"
#include "query.h"
#include "state_scan.h"

enum
{
	COL_HASH,
	COL_KEY,
	NCOLUMNS
};

static const Oid row_types[NCOLUMNS] = {INT8OID, TEXTOID};

/* The columns of sync_match, in their order there. */
enum
{
	MATCH_ENTITY,
	MATCH_HASH,
	MATCH_KEY,
	MATCH_COLUMNS
};

static SlPlan add_rows = {
	.sql = "INSERT INTO %s.sync_match AS m (entity, match_hash, record_key)"
		   " SELECT $1, pg_catalog.unnest($2), pg_catalog.unnest($3)"
		   " ON CONFLICT (match_hash, entity, record_key) DO NOTHING",
	.nargs = 3,
	.argtypes = {TEXTOID, INT8ARRAYOID, TEXTARRAYOID}};

/* A row with the empty key that somebody else has made, and has not ended yet, is waited for. */
static SlPlan lock_hashes = {
	.sql = "INSERT INTO %s.sync_match AS m (entity, match_hash, record_key)"
		   " SELECT $1, u.hash, '' FROM (SELECT pg_catalog.unnest($2) AS hash) AS u"
		   " ORDER BY u.hash"
		   " ON CONFLICT (match_hash, entity, record_key) DO NOTHING",
	.nargs = 2,
	.argtypes = {TEXTOID, INT8ARRAYOID}};

static SlPlan forget_entity = {
	.sql = "DELETE FROM %s.sync_match AS m WHERE m.entity OPERATOR(pg_catalog.=) $1",
	.nargs = 1,
	.argtypes = {TEXTOID}};

void
sl_matches_init(SlMatches *matches)
{
	sl_rows_init(&matches->gone, NCOLUMNS, row_types);
	sl_rows_init(&matches->fresh, NCOLUMNS, row_types);
}

static void
add(SlRows *rows, int64 hash, const char *key, int32 key_len)
{
	sl_rows_add(rows);
	sl_rows_set(rows, COL_HASH, Int64GetDatum(hash));
	sl_rows_set_text_len(rows, COL_KEY, key, key_len);
}

void
sl_matches_collect(SlMatches *matches, const SlPolicy *policy, const SlRecord *record)
{
	SlMatchHash before = record->match;
	SlMatchHash after;

	if (policy->nmatch_on == 0 || !record->is_dirty)
		return;
	after = sl_match_hash_of_state(policy, record->state);
	if (before.is_known == after.is_known && before.hash == after.hash)
		return;
	if (before.is_known)
		add(&matches->gone, before.hash, record->key, record->key_len);
	if (after.is_known)
		add(&matches->fresh, after.hash, record->key, record->key_len);
}

static void
remove_rows(const SlRows *gone, const SlPolicy *policy)
{
	SlIdentityIndex index;
	SlTable         table;

	if (gone->nrows == 0)
		return;
	sl_identity_index_open(&index, policy);
	sl_identity_index_begin_look(&index, CurrentMemoryContext);
	sl_table_open(&table, "sync_match", MATCH_COLUMNS);
	for (int i = 0; i < gone->nrows; i++)
	{
		ItemPointerData tid;

		if (sl_match_find(&index, DatumGetInt64(gone->values[COL_HASH][i]),
						  TextDatumGetCString(gone->values[COL_KEY][i]), &tid))
			sl_table_delete(&table, &tid);
	}
	sl_table_close(&table);
	sl_identity_index_close(&index);
}

void
sl_matches_put(SlMatches *matches, const SlPolicy *policy)
{
	Datum values[1 + NCOLUMNS] = {CStringGetTextDatum(policy->entity)};

	if (matches->fresh.nrows > 0)
	{
		sl_rows_arrays(&matches->fresh, values + 1);
		sl_query_write(&add_rows, values, NULL);
	}
	remove_rows(&matches->gone, policy);
}

void
sl_matches_lock(SlMatches *matches, const SlPolicy *policy, const int64 *hashes, int n)
{
	Datum *array = palloc(sizeof(Datum) * Max(n, 1));
	Datum  values[2];

	for (int i = 0; i < n; i++)
	{
		array[i] = Int64GetDatum(hashes[i]);
		add(&matches->gone, hashes[i], "", 0);
	}
	values[0] = CStringGetTextDatum(policy->entity);
	values[1] = PointerGetDatum(
		construct_array(array, n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	sl_query_write(&lock_hashes, values, NULL);
}

/* One record, read by the new policy. */
static void
renew_row(const SlPolicy *policy, const SlScanned *row, SlTable *table)
{
	SlState    *state = sl_state_decode(policy, row->data, row->len);
	SlMatchHash match = sl_match_hash_of_state(policy, state);
	Datum       values[MATCH_COLUMNS];
	bool        nulls[MATCH_COLUMNS] = {false};

	if (!match.is_known)
		return;
	values[MATCH_ENTITY] = CStringGetTextDatum(policy->entity);
	values[MATCH_HASH] = Int64GetDatum(match.hash);
	values[MATCH_KEY] = PointerGetDatum(cstring_to_text_with_len(row->key, row->key_len));
	sl_table_insert(table, values, nulls);
}

/* On the newest snapshot, under REPEATABLE READ too: an index leaves no record out. */
static void
fill(const SlPolicy *policy)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "sync_ledger match",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = CurrentMemoryContext;
	SlStateScan   scan;
	SlScanned     row;
	SlTable       table;

	sl_table_open(&table, "sync_match", MATCH_COLUMNS);
	sl_state_scan_begin(&scan, policy, GetLatestSnapshot());
	MemoryContextSwitchTo(work);
	while (sl_state_scan_next(&scan, &row))
	{
		renew_row(policy, &row, &table);
		MemoryContextReset(work);
	}
	MemoryContextSwitchTo(old);
	sl_state_scan_end(&scan);
	sl_table_close(&table);
	MemoryContextDelete(work);
}

void
sl_matches_renew(const SlPolicy *old, const SlPolicy *policy)
{
	Datum values[1] = {CStringGetTextDatum(policy->entity)};

	if (old == NULL ? policy->nmatch_on == 0 : sl_match_is_same(old, policy))
		return;
	LockRelationOid(sl_relation_oid("sync_state"), ShareLock);
	sl_query_write(&forget_entity, values, NULL);
	if (policy->nmatch_on > 0)
		fill(policy);
}
