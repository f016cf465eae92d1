/*
 * maintain_sweep.c
 *	  Rows past their retention, removed from the tables of the book a few pages at a
 *	  time.
 *
 * An index by time would cost each event its share; a sweep reads a table from its first
 * page to its last, over several passes where it is large, and then begins again.
 * One session sweeps at a time; rows that somebody holds are left for the next time.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "storage/bufmgr.h"
#include "storage/itemptr.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "maintain_sweep.h"
#include "policy_cache.h"
#include "query.h"

/* Pages of one table that a pass looks at: 32 MB. */
#define SWEEP_BLOCKS 4096

/*
 * Rows that are in the pages from $3 on and before $4, and older than what their entity
 * (of $1) keeps ($2); $5 at most.
 */
/* clang-format off */
#define SWEEP(table, age) \
	"DELETE FROM %s." table " AS d WHERE d.ctid OPERATOR(pg_catalog.=) ANY (ARRAY(" \
	" SELECT r.ctid FROM %s." table " AS r" \
	" JOIN ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS k(entity, before)" \
	"  ON k.entity OPERATOR(pg_catalog.=) r.entity AND " age " OPERATOR(pg_catalog.<) k.before" \
	" WHERE r.ctid OPERATOR(pg_catalog.>=) $3 AND r.ctid OPERATOR(pg_catalog.<) $4" \
	" LIMIT $5 FOR UPDATE OF r SKIP LOCKED))"
#define SWEEP_ARGS .nargs = 5, \
	.argtypes = {TEXTARRAYOID, TIMESTAMPTZARRAYOID, TIDOID, TIDOID, INT4OID}
/* clang-format on */

static SlPlan remove_changes = {.sql = SWEEP("sync_event", "r.at"), SWEEP_ARGS};

static SlPlan remove_ledger = {.sql = SWEEP("sync_delivery", "r.synced_at"), SWEEP_ARGS};

static SlPlan remove_rejects = {.sql = SWEEP("sync_reject", "r.last_at"), SWEEP_ARGS};

static SlPlan remove_conflicts = {
	.sql = SWEEP("sync_conflict",
				 "r.status OPERATOR(pg_catalog.=) 'resolved' AND r.resolved_at"),
	SWEEP_ARGS};

static SlPlan remove_near_misses = {.sql = SWEEP("sync_near_miss", "r.missed_at"),
									SWEEP_ARGS};

/* The newest of the rows of one field in these pages stands for all of them. */
static SlPlan join_near_misses = {
	.sql =
		"WITH held AS MATERIALIZED (SELECT r.ctid AS place, r.entity, r.system, r.field,"
		"   r.id, r.times FROM %s.sync_near_miss AS r"
		"  WHERE r.ctid OPERATOR(pg_catalog.>=) $1 AND r.ctid OPERATOR(pg_catalog.<) $2"
		"  LIMIT $3 FOR UPDATE SKIP LOCKED),"
		" joined AS (SELECT h.entity, h.system, h.field, pg_catalog.max(h.id) AS id,"
		"   pg_catalog.sum(h.times)::pg_catalog.int8 AS times,"
		"   (pg_catalog.array_agg(h.place ORDER BY h.id DESC))[2:] AS others FROM held AS h"
		"  GROUP BY h.entity, h.system, h.field"
		"  HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1),"
		" gone AS (DELETE FROM %s.sync_near_miss AS d WHERE d.ctid OPERATOR(pg_catalog.=)"
		"   ANY (ARRAY(SELECT pg_catalog.unnest(j.others) FROM joined AS j)))"
		" UPDATE %s.sync_near_miss AS u SET times = j.times FROM joined AS j"
		" WHERE u.entity OPERATOR(pg_catalog.=) j.entity"
		"  AND u.system OPERATOR(pg_catalog.=) j.system"
		"  AND u.field OPERATOR(pg_catalog.=) j.field AND u.id OPERATOR(pg_catalog.=) j.id",
	.nargs = 3,
	.argtypes = {TIDOID, TIDOID, INT4OID}};

static SlPlan find_place = {.sql = "SELECT s.next_block FROM %s.sync_sweep AS s"
								   " WHERE s.relation OPERATOR(pg_catalog.=) $1",
							.nargs = 1,
							.argtypes = {TEXTOID}};

static SlPlan note_place = {
	.sql = "INSERT INTO %s.sync_sweep AS s (relation, next_block, swept_at)"
		   " VALUES ($1, $2, $3) ON CONFLICT (relation) DO UPDATE"
		   " SET next_block = excluded.next_block, swept_at = excluded.swept_at",
	.nargs = 3,
	.argtypes = {TEXTOID, INT8OID, TIMESTAMPTZOID}};

typedef struct Sweep
{
	const char *name; /* in the report and in a policy */
	const char *table;
	size_t      kept; /* offset in SlRetention */
	SlPlan     *remove;
} Sweep;

/* In the order of SlSweep. */
static const Sweep sweeps[SL_NSWEEPS] = {
	{"changes", "sync_event", offsetof(SlRetention, changes), &remove_changes},
	{"ledger", "sync_delivery", offsetof(SlRetention, ledger), &remove_ledger},
	{"rejects", "sync_reject", offsetof(SlRetention, rejects), &remove_rejects},
	{"conflicts", "sync_conflict", offsetof(SlRetention, conflicts), &remove_conflicts},
	{"near_misses", "sync_near_miss", offsetof(SlRetention, near_misses),
	 &remove_near_misses}};

const char *
sl_sweep_name(SlSweep sweep)
{
	return sweeps[sweep].name;
}

void
sl_keeping_open(SlKeeping *keeping, List *entities)
{
	int          n = list_length(entities);
	SlRetention *retentions = palloc(sizeof(SlRetention) * Max(n, 1));

	keeping->nentities = n;
	keeping->entities = palloc(sizeof(char *) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		keeping->entities[i] = (const char *) list_nth(entities, i);
		retentions[i] = sl_policy_get(keeping->entities[i])->retention;
	}
	keeping->retentions = retentions;
}

Datum
sl_keeping_entities(const SlKeeping *keeping)
{
	Datum *names = palloc(sizeof(Datum) * Max(keeping->nentities, 1));

	for (int i = 0; i < keeping->nentities; i++)
		names[i] = CStringGetTextDatum(keeping->entities[i]);
	return PointerGetDatum(
		construct_array(names, keeping->nentities, TEXTOID, -1, false, TYPALIGN_INT));
}

Datum
sl_keeping_before(const SlKeeping *keeping, size_t offset)
{
	Datum *before = palloc(sizeof(Datum) * Max(keeping->nentities, 1));

	for (int i = 0; i < keeping->nentities; i++)
	{
		const char *retention = (const char *) &keeping->retentions[i];

		before[i] = TimestampTzGetDatum(keeping->now -
										*(const int64 *) (retention + offset));
	}
	return PointerGetDatum(construct_array(before, keeping->nentities, TIMESTAMPTZOID, 8,
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* The lock that VACUUM takes: it conflicts with itself, and with no reader or writer. */
bool
sl_sweep_begin(void)
{
	return ConditionalLockRelationOid(sl_relation_oid("sync_sweep"),
									  ShareUpdateExclusiveLock);
}

static BlockNumber
blocks_of(const char *table)
{
	Relation    rel = table_open(sl_relation_oid(table), AccessShareLock);
	BlockNumber blocks = RelationGetNumberOfBlocks(rel);

	table_close(rel, AccessShareLock);
	return blocks;
}

/* Where the last pass ended; the beginning, where the table has become smaller since. */
static BlockNumber
first_block(const char *table, BlockNumber blocks)
{
	Datum values[1] = {CStringGetTextDatum(table)};
	int64 place;

	if (sl_query_select(&find_place, values, NULL) == 0)
		return 0;
	place = DatumGetInt64(sl_query_value_not_null(0, 1));
	return place < blocks ? (BlockNumber) place : 0;
}

static Datum
start_of(BlockNumber block)
{
	ItemPointer tid = palloc(sizeof(ItemPointerData));

	ItemPointerSet(tid, block, 0);
	return PointerGetDatum(tid);
}

static void
note(const SlKeeping *keeping, const char *table, BlockNumber next)
{
	Datum values[3];

	values[0] = CStringGetTextDatum(table);
	values[1] = Int64GetDatum((int64) next);
	values[2] = TimestampTzGetDatum(keeping->now);
	sl_query_write(&note_place, values, NULL);
}

static int64
remove_rows(const SlKeeping *keeping, const Sweep *sweep, BlockNumber from,
			BlockNumber to)
{
	Datum values[5];

	values[0] = sl_keeping_entities(keeping);
	values[1] = sl_keeping_before(keeping, sweep->kept);
	values[2] = start_of(from);
	values[3] = start_of(to);
	values[4] = Int32GetDatum(keeping->max_rows);
	return (int64) sl_query_write(sweep->remove, values, NULL);
}

static void
join_rows(const SlKeeping *keeping, BlockNumber from, BlockNumber to)
{
	Datum values[3];

	values[0] = start_of(from);
	values[1] = start_of(to);
	values[2] = Int32GetDatum(keeping->max_rows);
	sl_query_write(&join_near_misses, values, NULL);
}

/* Pages of which rows are left are looked at again by the next pass. */
int64
sl_sweep(SlKeeping *keeping, SlSweep which)
{
	const Sweep  *sweep = &sweeps[which];
	MemoryContext context = CurrentMemoryContext;
	BlockNumber   blocks = blocks_of(sweep->table);
	BlockNumber   from;
	BlockNumber   to;
	int64         removed;

	sl_spi_connect();
	from = first_block(sweep->table, blocks);
	to = Min(blocks, from + SWEEP_BLOCKS);
	removed = from == to ? 0 : remove_rows(keeping, sweep, from, to);
	if (which == SL_SWEEP_NEAR_MISSES)
		join_rows(keeping, from, to);
	if (removed >= keeping->max_rows)
		to = from;
	keeping->has_more |= to < blocks;
	note(keeping, sweep->table, to < blocks ? to : 0);
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return removed;
}
