/*
 * apply_tables.c
 *	  The tables that are a system, for sync_apply().
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "apply.h"
#include "nearest.h"
#include "query.h"

/* Tables, without what is part of them. */
#define FROM_ATTACHED                                            \
	" FROM %s.sync_attached AS a"                                \
	" WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_inherits AS i" \
	"  WHERE i.inhrelid OPERATOR(pg_catalog.=) a.relation::pg_catalog.oid)"

static SlPlan find_tables = {
	.sql = "SELECT a.relation::pg_catalog.oid, a.entity" FROM_ATTACHED
		   " AND a.system OPERATOR(pg_catalog.=) $1",
	.nargs = 1,
	.argtypes = {TEXTOID}};

/* Those that foreign keys refer to come before those that they are of. */
static SlPlan find_tables_in_order = {
	.sql =
		"WITH RECURSIVE mine AS (SELECT a.relation::pg_catalog.oid AS relation, a.entity" FROM_ATTACHED
		"  AND a.system OPERATOR(pg_catalog.=) $1),"
		" above(relation, parent) AS ("
		"  SELECT m.relation, m.relation FROM mine AS m"
		"  UNION SELECT u.relation, c.confrelid FROM above AS u"
		"  JOIN pg_catalog.pg_constraint AS c ON c.conrelid OPERATOR(pg_catalog.=) u.parent"
		"  WHERE c.contype OPERATOR(pg_catalog.=) 'f')"
		" SELECT m.relation, m.entity,"
		"  pg_catalog.count(*) OVER (PARTITION BY m.entity) OPERATOR(pg_catalog.>) 1"
		" FROM mine AS m"
		" ORDER BY (SELECT pg_catalog.count(*) FROM above AS u"
		"  WHERE u.relation OPERATOR(pg_catalog.=) m.relation), m.entity COLLATE pg_catalog.\"C\"",
	.nargs = 1,
	.argtypes = {TEXTOID}};

static SlPlan find_systems = {
	.sql = "SELECT DISTINCT a.system COLLATE pg_catalog.\"C\"" FROM_ATTACHED
		   " ORDER BY 1",
	.nargs = 0,
	.argtypes = {0}};

static const char *
text_of(uint64 row, int column)
{
	return TextDatumGetCString(sl_query_value_not_null(row, column));
}

static void
refuse_unattached(const char *system)
{
	uint64       n = sl_query_select(&find_systems, NULL, NULL);
	const char **names = palloc(sizeof(char *) * Max(n, 1));
	const char  *hint;

	for (uint64 i = 0; i < n; i++)
		names[i] = text_of(i, 1);
	hint = sl_nearest_hint(system, "attached systems", names, (int) n);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("no table is attached as system \"%s\"", system),
			 errhint("%s What waits for other systems is carried by workers.",
					 hint == NULL ? "None is; sync_attach() attaches one." : hint)));
}

/* A partition that was detached is still attached: which of them has the records? */
static void
warn_of_two(Oid relation, const char *system, const char *entity)
{
	ereport(
		WARNING,
		(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
		 errmsg("nothing is written to \"%s\": it is system \"%s\" of entity \"%s\", and "
				"so is another table",
				get_rel_name(relation), system, entity),
		 errhint("sync_detach() the one whose rows are that system's no more.")));
}

SlApplyTable *
sl_apply_tables(const char *system, int *n)
{
	Datum         name = CStringGetTextDatum(system);
	uint64        nfound = sl_query_select(&find_tables_in_order, &name, NULL);
	SlApplyTable *tables = palloc(sizeof(SlApplyTable) * Max(nfound, 1));

	if (nfound == 0)
		refuse_unattached(system);
	*n = 0;
	for (uint64 i = 0; i < nfound; i++)
	{
		SlApplyTable table = {DatumGetObjectId(sl_query_value_not_null(i, 1)),
							  text_of(i, 2)};

		if (DatumGetBool(sl_query_value_not_null(i, 3)))
			warn_of_two(table.relation, system, table.entity);
		else
			tables[(*n)++] = table;
	}
	return tables;
}

Oid
sl_apply_table(const SlPolicy *policy, int system)
{
	Datum  name = CStringGetTextDatum(policy->systems[system].name);
	uint64 n = sl_query_select(&find_tables, &name, NULL);
	Oid    found = InvalidOid;

	for (uint64 i = 0; i < n; i++)
	{
		if (strcmp(text_of(i, 2), policy->entity) != 0)
			continue;
		if (OidIsValid(found))
			return InvalidOid;
		found = DatumGetObjectId(sl_query_value_not_null(i, 1));
	}
	return found;
}
