/*
 * identity_link.c
 *	  The rows of sync_native_id: which record a system means by a native id.
 *
 * Where no conflict holds the id, its row says what the state says: the record whose
 * part of that system bears it, or bore it until it was deleted there.  Both are written under the record's lock.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "heap_table.h"
#include "identity_link.h"
#include "query.h"

enum
{
	COL_SYSTEM,
	COL_ID,
	COL_KEY,
	NCOLUMNS
};

/* The columns of sync_native_id, in their order there. */
enum
{
	LINK_ENTITY,
	LINK_SYSTEM,
	LINK_ID,
	LINK_KEY,
	LINK_OTHER_KEY,
	LINK_CONFLICT,
	LINK_VERSION,
	LINK_ACTOR,
	LINK_DELETED,
	LINK_ANSWER,
	LINK_POLICY,
	LINK_NCOLUMNS
};

static const Oid row_types[NCOLUMNS] = {TEXTOID, TEXTOID, TEXTOID};

static SlPlan claim_ids = {
	.sql =
		"INSERT INTO %s.sync_native_id AS l (entity, system, native_id, record_key,"
		"  conflict_id)"
		" SELECT $1, $2, u.native_id, u.record_key, u.conflict_id"
		" FROM (SELECT pg_catalog.unnest($3) AS native_id,"
		"   pg_catalog.unnest($4) AS record_key, pg_catalog.unnest($5) AS conflict_id) AS u"
		" ORDER BY u.native_id COLLATE pg_catalog.\"C\""
		" ON CONFLICT (native_id, system, entity)"
		" DO UPDATE SET record_key = l.record_key WHERE false"
		" RETURNING l.native_id",
	.nargs = 5,
	.argtypes = {TEXTOID, TEXTOID, TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID}};

static SlPlan set_row = {
	.sql = "UPDATE %s.sync_native_id AS l SET record_key = $4, conflict_id = $5"
		   " WHERE l.native_id OPERATOR(pg_catalog.=) $3"
		   "  AND l.system OPERATOR(pg_catalog.=) $2"
		   "  AND l.entity OPERATOR(pg_catalog.=) $1",
	.nargs = 5,
	.argtypes = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID}};

static SlPlan add_rows = {
	.sql =
		"INSERT INTO %s.sync_native_id AS l (entity, system, native_id, record_key)"
		" SELECT $1, pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4)"
		" ON CONFLICT (native_id, system, entity) DO UPDATE"
		" SET record_key = excluded.record_key, other_key = NULL"
		" WHERE l.record_key IS DISTINCT FROM excluded.record_key",
	.nargs = 4,
	.argtypes = {TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID}};

/* What a conflict holds under the id stays; the record is not it any more. */
static SlPlan release_row = {
	.sql = "UPDATE %s.sync_native_id AS l SET record_key = NULL, other_key = NULL"
		   " WHERE l.native_id OPERATOR(pg_catalog.=) $3"
		   "  AND l.system OPERATOR(pg_catalog.=) $2"
		   "  AND l.entity OPERATOR(pg_catalog.=) $1"
		   "  AND l.record_key OPERATOR(pg_catalog.=) $4 AND l.conflict_id IS NOT NULL",
	.nargs = 4,
	.argtypes = {TEXTOID, TEXTOID, TEXTOID, TEXTOID}};

static SlPlan remove_row = {.sql = "DELETE FROM %s.sync_native_id AS l"
								   " WHERE l.native_id OPERATOR(pg_catalog.=) $3"
								   "  AND l.system OPERATOR(pg_catalog.=) $2"
								   "  AND l.entity OPERATOR(pg_catalog.=) $1"
								   "  AND l.record_key OPERATOR(pg_catalog.=) $4",
							.nargs = 4,
							.argtypes = {TEXTOID, TEXTOID, TEXTOID, TEXTOID}};

void
sl_links_init(SlLinks *links)
{
	sl_rows_init(&links->gone, NCOLUMNS, row_types);
	sl_rows_init(&links->fresh, NCOLUMNS, row_types);
}

static void
add(SlRows *rows, const char *system, const char *native_id, const SlRecord *record)
{
	sl_rows_add(rows);
	sl_rows_set_text(rows, COL_SYSTEM, system);
	sl_rows_set_text(rows, COL_ID, native_id);
	sl_rows_set_text_len(rows, COL_KEY, record->key, record->key_len);
}

/* By the system, now or before the record was deleted there. */
static bool
is_named(const SlPart *part, const char *native_id)
{
	return sl_is_same_name(native_id, part->native_id) ||
		   sl_is_same_name(native_id, part->former_id);
}

/* Claimed for the record by this call; which of its ids they are is told by the state. */
static bool
was_claimed(const SlRecord *record, const char *native_id)
{
	ListCell *cell;

	foreach (cell, record->claimed)
		if (strcmp((const char *) lfirst(cell), native_id) == 0)
			return true;
	return false;
}

static void
drop_unused_claims(SlLinks *links, const SlPolicy *policy, const SlRecord *record)
{
	int       system = record->claiming_system;
	ListCell *cell;

	foreach (cell, record->claimed)
	{
		const char *native_id = (const char *) lfirst(cell);

		if (!is_named(&record->state->parts[system], native_id))
			add(&links->gone, policy->systems[system].name, native_id, record);
	}
}

void
sl_links_collect(SlLinks *links, const SlPolicy *policy, const SlRecord *record)
{
	drop_unused_claims(links, policy, record);
	for (int s = 0; s < policy->nsystems; s++)
	{
		const SlPart *part = &record->state->parts[s];
		const char   *former = record->former_ids[s];
		const char   *before = record->native_ids[s];
		const char   *after = part->native_id;

		if (former != NULL && !is_named(part, former))
			add(&links->gone, policy->systems[s].name, former, record);
		if (before == after || sl_is_same_name(before, after))
			continue;
		if (before != NULL && !is_named(part, before))
			add(&links->gone, policy->systems[s].name, before, record);
		if (after != NULL &&
			!(s == record->claiming_system && was_claimed(record, after)))
			add(&links->fresh, policy->systems[s].name, after, record);
	}
}

static void
put_gone(const SlRows *gone, Datum entity)
{
	for (int i = 0; i < gone->nrows; i++)
	{
		Datum values[1 + NCOLUMNS] = {entity, gone->values[COL_SYSTEM][i],
									  gone->values[COL_ID][i], gone->values[COL_KEY][i]};

		if (sl_query_write(&release_row, values, NULL) == 0)
			sl_query_write(&remove_row, values, NULL);
	}
}

void
sl_links_put(SlLinks *links, const SlPolicy *policy)
{
	Datum values[1 + NCOLUMNS] = {CStringGetTextDatum(policy->entity)};

	put_gone(&links->gone, values[0]);
	if (links->fresh.nrows == 0)
		return;
	sl_rows_arrays(&links->fresh, values + 1);
	sl_query_write(&add_rows, values, NULL);
}

static void
mark_made(SlClaim *claims, int n, uint64 nmade)
{
	int i = 0;

	for (uint64 row = 0; row < nmade; row++)
	{
		char *native_id = TextDatumGetCString(sl_query_value_not_null(row, 1));

		while (i < n && strcmp(claims[i].native_id, native_id) != 0)
			i++;
		if (i == n)
			elog(ERROR, "a native id was claimed that nobody asked for: \"%s\"",
				 native_id);
		claims[i].is_made = true;
	}
}

static int
compare_claims(const void *a, const void *b)
{
	return strcmp(((const SlClaim *) a)->native_id, ((const SlClaim *) b)->native_id);
}

static bool
make_row(SlTable *table, Datum *values, SlClaim *claim)
{
	bool            nulls[LINK_NCOLUMNS] = {[LINK_OTHER_KEY] = true,
											[LINK_VERSION] = true,
											[LINK_ACTOR] = true,
											[LINK_POLICY] = true};
	ItemPointerData tid;

	nulls[LINK_KEY] = claim->record_key == NULL;
	nulls[LINK_CONFLICT] = !nulls[LINK_KEY];
	values[LINK_ID] = CStringGetTextDatum(claim->native_id);
	values[LINK_KEY] = nulls[LINK_KEY] ? (Datum) 0
									   : CStringGetTextDatum(claim->record_key);
	values[LINK_CONFLICT] = Int64GetDatum(claim->conflict_id);
	claim->is_made = sl_table_insert_if_free(table, values, nulls, &tid);
	return claim->is_made;
}

/* The first claims, as far as nobody has the ids; how many that are. */
static int
make_free(const SlPolicy *policy, int system, SlClaim *claims, int n)
{
	SlTable table;
	Datum   values[LINK_NCOLUMNS] = {0};
	int     nmade = 0;

	values[LINK_ENTITY] = CStringGetTextDatum(policy->entity);
	values[LINK_SYSTEM] = CStringGetTextDatum(policy->systems[system].name);
	values[LINK_DELETED] = BoolGetDatum(false);
	values[LINK_ANSWER] = BoolGetDatum(false);
	sl_table_open(&table, "sync_native_id", LINK_NCOLUMNS);
	while (!table.has_triggers && nmade < n && make_row(&table, values, &claims[nmade]))
		nmade++;
	sl_table_close(&table);
	return nmade;
}

/* Sorted as the statement sorts them, so that what it returns is found in one pass. */
static void
make_or_lock(const SlPolicy *policy, int system, SlClaim *claims, int n)
{
	static const Oid types[] = {TEXTOID, TEXTOID, INT8OID};
	SlRows           rows;
	Datum            values[5];

	sl_rows_init(&rows, 3, types);
	for (int i = 0; i < n; i++)
	{
		sl_rows_add(&rows);
		sl_rows_set_text(&rows, 0, claims[i].native_id);
		sl_rows_set_text(&rows, 1, claims[i].record_key);
		if (claims[i].record_key == NULL)
			sl_rows_set(&rows, 2, Int64GetDatum(claims[i].conflict_id));
	}
	values[0] = CStringGetTextDatum(policy->entity);
	values[1] = CStringGetTextDatum(policy->systems[system].name);
	sl_rows_arrays(&rows, values + 2);
	mark_made(claims, n, sl_query_write(&claim_ids, values, NULL));
}

/* Most are nobody's: their rows need no statement. */
void
sl_links_claim(const SlPolicy *policy, int system, SlClaim *claims, int n)
{
	int nmade;

	qsort(claims, n, sizeof(SlClaim), compare_claims);
	nmade = make_free(policy, system, claims, n);
	if (nmade < n)
		make_or_lock(policy, system, claims + nmade, n - nmade);
}

void
sl_link_set(const SlPolicy *policy, int system, const SlClaim *claim)
{
	Datum values[5] = {CStringGetTextDatum(policy->entity),
					   CStringGetTextDatum(policy->systems[system].name),
					   CStringGetTextDatum(claim->native_id)};
	char  nulls[5] = {' ', ' ', ' ', ' ', ' '};

	nulls[3] = claim->record_key == NULL ? 'n' : ' ';
	if (claim->record_key != NULL)
		values[3] = CStringGetTextDatum(claim->record_key);
	nulls[4] = claim->record_key == NULL ? ' ' : 'n';
	values[4] = Int64GetDatum(claim->conflict_id);
	sl_query_write(&set_row, values, nulls);
}

void
sl_record_claimed(SlRecord *record, int system, const char *native_id)
{
	record->claiming_system = system;
	record->claimed = lappend(record->claimed, pstrdup(native_id));
}
