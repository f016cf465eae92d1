/*
 * query.c
 *	  Statements that are planned once per backend, and the one place where the
 *	  results of SPI are checked.
 *
 * A plan is never run against another installation of the extension than the one it
 * was planned for.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_extension.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "query.h"

/* Where the extension is installed; all that is remembered of the catalogs. */
typedef struct Installation
{
	bool is_valid; /* cleared by the callbacks, set by lookup */
	Oid  extension;
	Oid  schema;
	Oid  entity_table; /* dropped with the extension: its invalidation tells */
	char schema_name[2 * NAMEDATALEN + 2]; /* quoted */
} Installation;

static Installation installation;
static uint64       generation = 0;

static void
forget_namespace(Datum arg, int cacheid, uint32 hashvalue)
{
	installation.is_valid = false;
}

static void
forget_relation(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == installation.entity_table)
		installation.is_valid = false;
}

void
sl_query_init(void)
{
	CacheRegisterSyscacheCallback(NAMESPACEOID, forget_namespace, (Datum) 0);
	CacheRegisterRelcacheCallback(forget_relation, (Datum) 0);
}

/* Reads pg_extension; false where the extension is not installed. */
static bool
find_extension(Oid *extension, Oid *schema)
{
	Relation    rel;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple   tuple;
	bool        found;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum("sync_ledger"));
	rel = table_open(ExtensionRelationId, AccessShareLock);
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	found = HeapTupleIsValid(tuple);
	if (found)
	{
		Form_pg_extension form = (Form_pg_extension) GETSTRUCT(tuple);

		*extension = form->oid;
		*schema = form->extnamespace;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

/* An Installation as the catalogs have it now, not valid yet. */
static Installation
look_up_installation(void)
{
	Installation found;
	char        *name;

	memset(&found, 0, sizeof(found));
	if (!find_extension(&found.extension, &found.schema))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("extension \"sync_ledger\" is not installed in this database"),
				 errhint("Run CREATE EXTENSION sync_ledger.")));
	name = get_namespace_name(found.schema);
	if (name == NULL)
		elog(ERROR, "cache lookup failed for namespace %u", found.schema);
	strlcpy(found.schema_name, quote_identifier(name), sizeof(found.schema_name));
	found.entity_table = get_relname_relid("sync_entity", found.schema);
	return found;
}

/*
 * A lookup can itself read invalidations, so the result is marked valid last and
 * from a copy: one that comes in meanwhile costs one more lookup, no more.
 */
static void
need_installation(void)
{
	Installation found;

	if (installation.is_valid)
		return;

	found = look_up_installation();
	if (found.extension != installation.extension ||
		found.schema != installation.schema ||
		found.entity_table != installation.entity_table ||
		strcmp(found.schema_name, installation.schema_name) != 0)
		generation++;
	installation = found;
	installation.is_valid = true;
}

const char *
sl_schema_name(void)
{
	need_installation();
	return installation.schema_name;
}

Oid
sl_schema_oid(void)
{
	need_installation();
	return installation.schema;
}

uint64
sl_install_generation(void)
{
	need_installation();
	return generation;
}

Oid
sl_relation_oid(const char *name)
{
	Oid relid = get_relname_relid(name, sl_schema_oid());

	if (!OidIsValid(relid))
		elog(ERROR, "relation \"%s\" of extension sync_ledger is missing", name);
	return relid;
}

void
sl_spi_connect(void)
{
	int rc = SPI_connect();

	if (rc != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed: %s", SPI_result_code_string(rc));
}

void
sl_spi_finish(void)
{
	int rc = SPI_finish();

	if (rc != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed: %s", SPI_result_code_string(rc));
}

/* The statement's text with the schema in the place of each %s. */
static char *
with_schema(const char *sql)
{
	const char    *schema = sl_schema_name();
	const char    *rest = sql;
	const char    *mark;
	StringInfoData text;

	initStringInfo(&text);
	while ((mark = strstr(rest, "%s")) != NULL)
	{
		appendBinaryStringInfo(&text, rest, mark - rest);
		appendStringInfoString(&text, schema);
		rest = mark + 2;
	}
	appendStringInfoString(&text, rest);
	return text.data;
}

SPIPlanPtr
sl_plan(SlPlan *plan)
{
	SPIPlanPtr fresh;
	uint64     now = sl_install_generation();
	int        rc;

	if (plan->plan != NULL && plan->generation == now)
		return plan->plan;

	if (plan->plan != NULL)
	{
		SPIPlanPtr old = plan->plan;

		plan->plan = NULL;
		SPI_freeplan(old);
	}
	fresh = SPI_prepare_cursor(with_schema(plan->sql), plan->nargs, plan->argtypes,
							   CURSOR_OPT_GENERIC_PLAN);
	if (fresh == NULL)
		elog(ERROR, "SPI_prepare failed: %s: %s", SPI_result_code_string(SPI_result),
			 plan->sql);
	rc = SPI_keepplan(fresh);
	if (rc != 0)
		elog(ERROR, "SPI_keepplan failed: %s", SPI_result_code_string(rc));
	plan->plan = fresh;
	plan->generation = now;
	return fresh;
}

static uint64
select_rows(SlPlan *plan, Datum *values, const char *nulls, bool read_only)
{
	int rc = SPI_execute_plan(sl_plan(plan), values, nulls, read_only, 0);

	if (rc != SPI_OK_SELECT)
		elog(ERROR, "unexpected result of a query: %s: %s", SPI_result_code_string(rc),
			 plan->sql);
	return SPI_processed;
}

uint64
sl_query_select(SlPlan *plan, Datum *values, const char *nulls)
{
	return select_rows(plan, values, nulls, false);
}

uint64
sl_query_select_stable(SlPlan *plan, Datum *values, const char *nulls)
{
	return select_rows(plan, values, nulls, true);
}

/* SPI's codes for statements that write, from INSERT to MERGE, are no single range. */
static bool
is_write(int rc)
{
	return rc == SPI_OK_INSERT || rc == SPI_OK_INSERT_RETURNING || rc == SPI_OK_UPDATE ||
		   rc == SPI_OK_UPDATE_RETURNING || rc == SPI_OK_DELETE ||
		   rc == SPI_OK_DELETE_RETURNING || rc == SPI_OK_MERGE;
}

uint64
sl_query_write(SlPlan *plan, Datum *values, const char *nulls)
{
	int rc = SPI_execute_plan(sl_plan(plan), values, nulls, false, 0);

	if (!is_write(rc))
		elog(ERROR, "unexpected result of a write: %s: %s", SPI_result_code_string(rc),
			 plan->sql);
	return SPI_processed;
}

Datum
sl_query_value(uint64 row, int column, bool *is_null)
{
	Assert(SPI_tuptable != NULL && row < SPI_tuptable->numvals);
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, is_null);
}

Datum
sl_query_value_not_null(uint64 row, int column)
{
	bool  is_null;
	Datum value = sl_query_value(row, column, &is_null);

	if (is_null)
		elog(ERROR, "unexpected null in column %d of a result", column);
	return value;
}
