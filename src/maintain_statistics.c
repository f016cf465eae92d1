/*
 * maintain_statistics.c
 *	  The counts of sync_stat, added up and removed.
 *
 * Rows are replaced by their sum in one statement: at any time, and in whatever part of
 * them, they add up to the same.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "maintain_statistics.h"
#include "query.h"

/* After so long counts of a minute become those of an hour, and these of a day. */
#define MINUTES_KEPT (7 * USECS_PER_DAY)
#define HOURS_KEPT   (90 * USECS_PER_DAY)

/* Rows of grain $1 before $2 become rows of the next one, whose time $3 names. */
static SlPlan add_up = {
	.sql =
		"WITH gone AS (DELETE FROM %s.sync_stat AS d"
		"  WHERE d.ctid OPERATOR(pg_catalog.=) ANY (ARRAY("
		"   SELECT s.ctid FROM %s.sync_stat AS s"
		"   WHERE s.grain OPERATOR(pg_catalog.=) $1 AND s.at OPERATOR(pg_catalog.<) $2"
		"   ORDER BY s.grain, s.at, s.id LIMIT $4 FOR UPDATE SKIP LOCKED))"
		"  RETURNING d.*),"
		" kept AS (INSERT INTO %s.sync_stat (grain, at, entity, system, counted, took, records)"
		"  SELECT $1 OPERATOR(pg_catalog.+) 1::pg_catalog.int2,"
		"   pg_catalog.date_trunc($3, g.at, 'UTC') AS of_time, g.entity, g.system, g.counted,"
		"   g.took, pg_catalog.sum(g.records) FROM gone AS g"
		"  GROUP BY of_time, g.entity, g.system, g.counted, g.took)"
		" SELECT pg_catalog.count(*) FROM gone",
	.nargs = 4,
	.argtypes = {INT2OID, TIMESTAMPTZOID, TEXTOID, INT4OID}};

/* Rows of the entities $1 before the time $2 of each. */
static SlPlan remove_old = {
	.sql =
		"DELETE FROM %s.sync_stat AS d WHERE d.ctid OPERATOR(pg_catalog.=) ANY (ARRAY("
		" SELECT s.ctid FROM %s.sync_stat AS s"
		" WHERE s.grain OPERATOR(pg_catalog.=) ANY ('{0,1,2,3}'::pg_catalog.int2[])"
		"  AND s.at OPERATOR(pg_catalog.<) (SELECT pg_catalog.max(b)"
		"   FROM pg_catalog.unnest($2) AS b)"
		"  AND s.at OPERATOR(pg_catalog.<) (SELECT k.before"
		"   FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS k(entity, before)"
		"   WHERE k.entity OPERATOR(pg_catalog.=) s.entity)"
		" LIMIT $3 FOR UPDATE SKIP LOCKED))",
	.nargs = 3,
	.argtypes = {TEXTARRAYOID, TIMESTAMPTZARRAYOID, INT4OID}};

static TimestampTz
start_of(const char *unit, TimestampTz at)
{
	return DatumGetTimestampTz(
		DirectFunctionCall3(timestamptz_trunc_zone, CStringGetTextDatum(unit),
							TimestampTzGetDatum(at), CStringGetTextDatum("UTC")));
}

static int64
add_up_grain(SlKeeping *keeping, int16 grain, const char *unit, int64 age)
{
	Datum values[4];
	int64 replaced;

	values[0] = Int16GetDatum(grain);
	values[1] = TimestampTzGetDatum(start_of(unit, keeping->now - age));
	values[2] = CStringGetTextDatum(unit);
	values[3] = Int32GetDatum(keeping->max_rows);
	sl_query_select(&add_up, values, NULL);
	replaced = DatumGetInt64(sl_query_value_not_null(0, 1));
	keeping->has_more |= replaced >= keeping->max_rows;
	return replaced;
}

int64
sl_statistics_roll_up(SlKeeping *keeping)
{
	MemoryContext context = CurrentMemoryContext;
	int64         replaced;

	sl_spi_connect();
	replaced = add_up_grain(keeping, 0, "minute", 0);
	replaced += add_up_grain(keeping, 1, "hour", MINUTES_KEPT);
	replaced += add_up_grain(keeping, 2, "day", HOURS_KEPT);
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return replaced;
}

int64
sl_statistics_remove(SlKeeping *keeping)
{
	MemoryContext context = CurrentMemoryContext;
	Datum         values[3];
	int64         removed;

	sl_spi_connect();
	values[0] = sl_keeping_entities(keeping);
	values[1] = sl_keeping_before(keeping, offsetof(SlRetention, statistics));
	values[2] = Int32GetDatum(keeping->max_rows);
	removed = (int64) sl_query_write(&remove_old, values, NULL);
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	keeping->has_more |= removed >= keeping->max_rows;
	return removed;
}
