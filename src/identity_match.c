/*
 * identity_match.c
 *	  The rows of sync_match: which records may be equal in the fields of match_on.
 *
 * Each living record whose match_on fields are all set has one row for each system that may
 * show it under a native id which is not known yet, written under the record's lock with the
 * record: where many are equal, those that are known are not stepped over each time.  A policy
 * without match_on has no rows.
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
	COL_SYSTEM,
	COL_KEY,
	NCOLUMNS
};

static const Oid row_types[NCOLUMNS] = {INT8OID, TEXTOID, TEXTOID};

/* The columns of sync_match, in their order there. */
enum
{
	MATCH_ENTITY,
	MATCH_HASH,
	MATCH_SYSTEM,
	MATCH_KEY,
	MATCH_COLUMNS
};

static SlPlan add_rows = {
	.sql =
		"INSERT INTO %s.sync_match AS m (entity, match_hash, system, record_key)"
		" SELECT $1, pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)"
		" ON CONFLICT (match_hash, system, entity, record_key) DO NOTHING",
	.nargs = 4,
	.argtypes = {TEXTOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID}};

/* A row with the empty key that somebody else has made, and has not ended yet, is waited for. */
static SlPlan lock_hashes = {
	.sql = "INSERT INTO %s.sync_match AS m (entity, match_hash, system, record_key)"
		   " SELECT $1, u.hash, '', '' FROM (SELECT pg_catalog.unnest($2) AS hash) AS u"
		   " ORDER BY u.hash"
		   " ON CONFLICT (match_hash, system, entity, record_key) DO NOTHING",
	.nargs = 2,
	.argtypes = {TEXTOID, INT8ARRAYOID}};

static SlPlan forget_entity = {
	.sql = "DELETE FROM %s.sync_match AS m WHERE m.entity OPERATOR(pg_catalog.=) $1",
	.nargs = 1,
	.argtypes = {TEXTOID}};

static SlPlan forget_system = {
	.sql = "DELETE FROM %s.sync_match AS m WHERE m.entity OPERATOR(pg_catalog.=) $1"
		   " AND m.system OPERATOR(pg_catalog.=) $2",
	.nargs = 2,
	.argtypes = {TEXTOID, TEXTOID}};

void
sl_matches_init(SlMatches *matches)
{
	sl_rows_init(&matches->gone, NCOLUMNS, row_types);
	sl_rows_init(&matches->fresh, NCOLUMNS, row_types);
}

static void
add(SlRows *rows, int64 hash, const char *system, const char *key, int32 key_len)
{
	sl_rows_add(rows);
	sl_rows_set(rows, COL_HASH, Int64GetDatum(hash));
	sl_rows_set_text(rows, COL_SYSTEM, system);
	sl_rows_set_text_len(rows, COL_KEY, key, key_len);
}

/* What a record may be known by in one system; not known: by nothing. */
static SlMatchHash
hash_in(SlMatchHash match, const char *native_id)
{
	match.is_known &= native_id == NULL;
	return match;
}

static void
collect_system(SlMatches *matches, const SlPolicy *policy, const SlRecord *record,
			   int system, SlMatchHash now)
{
	const char *name = policy->systems[system].name;
	SlMatchHash before = hash_in(record->match, record->native_ids[system]);
	SlMatchHash after = hash_in(now, record->state->parts[system].native_id);

	if (before.is_known == after.is_known && before.hash == after.hash)
		return;
	if (before.is_known)
		add(&matches->gone, before.hash, name, record->key, record->key_len);
	if (after.is_known)
		add(&matches->fresh, after.hash, name, record->key, record->key_len);
}

void
sl_matches_collect(SlMatches *matches, const SlPolicy *policy, const SlRecord *record)
{
	SlMatchHash now;

	if (policy->nmatch_on == 0 || !record->is_dirty)
		return;
	now = sl_match_hash_of_state(policy, record->state);
	for (int s = 0; s < policy->nsystems; s++)
		if (sl_match_is_system(policy, s))
			collect_system(matches, policy, record, s, now);
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
						  TextDatumGetCString(gone->values[COL_SYSTEM][i]),
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

/* One of the first n rows. */
static bool
is_among(const SlRows *rows, int n, int64 hash)
{
	for (int i = 0; i < n; i++)
		if (DatumGetInt64(rows->values[COL_HASH][i]) == hash &&
			VARSIZE_ANY_EXHDR(DatumGetPointer(rows->values[COL_KEY][i])) == 0)
			return true;
	return false;
}

/* A hash that was locked before is locked still, and its row goes once. */
void
sl_matches_lock(SlMatches *matches, const SlPolicy *policy, const int64 *hashes, int n)
{
	Datum *array = palloc(sizeof(Datum) * Max(n, 1));
	Datum  values[2];
	int    nbefore = matches->gone.nrows;

	for (int i = 0; i < n; i++)
	{
		array[i] = Int64GetDatum(hashes[i]);
		if ((i == 0 || hashes[i] != hashes[i - 1]) &&
			!is_among(&matches->gone, nbefore, hashes[i]))
			add(&matches->gone, hashes[i], "", "", 0);
	}
	values[0] = CStringGetTextDatum(policy->entity);
	values[1] = PointerGetDatum(
		construct_array(array, n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	sl_query_write(&lock_hashes, values, NULL);
}

/* One record, read by the new policy, in those systems. */
static void
renew_row(const SlPolicy *policy, const bool *is_added, const SlScanned *row,
		  SlTable *table)
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
	for (int s = 0; s < policy->nsystems; s++)
	{
		if (!is_added[s] || state->parts[s].native_id != NULL)
			continue;
		values[MATCH_SYSTEM] = CStringGetTextDatum(policy->systems[s].name);
		sl_table_insert(table, values, nulls);
	}
}

/* On the newest snapshot, under REPEATABLE READ too: an index leaves no record out. */
static void
fill(const SlPolicy *policy, const bool *is_added)
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
		renew_row(policy, is_added, &row, &table);
		MemoryContextReset(work);
	}
	MemoryContextSwitchTo(old);
	sl_state_scan_end(&scan);
	sl_table_close(&table);
	MemoryContextDelete(work);
}

static void
forget(const SlPolicy *policy, const char *system)
{
	Datum values[2] = {CStringGetTextDatum(policy->entity), 0};

	if (system == NULL)
		sl_query_write_fresh(&forget_entity, values);
	else
	{
		values[1] = CStringGetTextDatum(system);
		sl_query_write_fresh(&forget_system, values);
	}
}

static bool
has_ids(const SlPolicy *policy, const char *system)
{
	return sl_match_is_system(policy, sl_policy_system(policy, system));
}

/* Those with native ids that the old policy, where it has rows, has none of. */
static bool
find_added(const SlPolicy *old, const SlPolicy *policy, bool *is_added)
{
	bool is_any = false;

	for (int s = 0; policy->nmatch_on > 0 && s < policy->nsystems; s++)
	{
		is_added[s] = sl_match_is_system(policy, s) &&
					  (old == NULL || !has_ids(old, policy->systems[s].name));
		is_any |= is_added[s];
	}
	return is_any;
}

static bool
is_any_left(const SlPolicy *old, const SlPolicy *policy)
{
	for (int s = 0; policy->nmatch_on > 0 && s < old->nsystems; s++)
		if (sl_match_is_system(old, s) && !has_ids(policy, old->systems[s].name))
			return true;
	return false;
}

/* Of those that come now an older policy may have left some. */
static void
forget_changed(const SlPolicy *old, const SlPolicy *policy, const bool *is_added)
{
	for (int s = 0; s < policy->nsystems; s++)
		if (is_added[s])
			forget(policy, policy->systems[s].name);
	for (int s = 0; s < old->nsystems; s++)
		if (sl_match_is_system(old, s) && !has_ids(policy, old->systems[s].name))
			forget(policy, old->systems[s].name);
}

/* Under a lock that makes writers wait: they take away rows one by one, as they have seen them. */
void
sl_matches_renew(const SlPolicy *old, const SlPolicy *policy)
{
	bool  is_same = old != NULL && sl_match_is_same(old, policy);
	bool *is_added = palloc0(sizeof(bool) * policy->nsystems);
	bool  is_any = find_added(is_same ? old : NULL, policy, is_added);

	if (is_same ? !is_any && !is_any_left(old, policy)
				: old == NULL && policy->nmatch_on == 0)
		return;
	LockRelationOid(sl_relation_oid("sync_state"), ShareLock);
	if (is_same)
		forget_changed(old, policy, is_added);
	else
		forget(policy, NULL);
	if (is_any)
		fill(policy, is_added);
}
