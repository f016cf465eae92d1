/*
 * grant.c
 *	  sync_grant() and sync_revoke(): what roles may do, by the view sync_privileges.
 *
 * The rights themselves are PostgreSQL's own, given and taken by its commands with the
 * caller's rights, so that a dump keeps them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "nearest.h"
#include "query.h"

PG_FUNCTION_INFO_V1(sync_grant);
PG_FUNCTION_INFO_V1(sync_revoke);

static SlPlan known_privileges = {
	.sql = "SELECT DISTINCT p.privilege FROM %s.sync_privileges AS p"
		   " WHERE p.privilege IS NOT NULL ORDER BY p.privilege"};

/* Of a schema that is closed to the role, it could use nothing. */
static SlPlan schema_grant = {
	.sql = "SELECT pg_catalog.concat('GRANT USAGE ON SCHEMA ', $2, ' TO ', $1)"
		   " WHERE NOT pg_catalog.has_schema_privilege("
		   "  $1::pg_catalog.oid, $2::pg_catalog.oid, 'USAGE')",
	.nargs = 2,
	.argtypes = {REGROLEOID, REGNAMESPACEOID}};

static SlPlan grants = {
	.sql = "SELECT pg_catalog.concat('GRANT ', p.access, ' ON ', p.kind, ' ',"
		   "  pg_catalog.string_agg(p.object, ', '), ' TO ', $1)"
		   " FROM %s.sync_privileges AS p WHERE p.privilege OPERATOR(pg_catalog.=) $2"
		   " GROUP BY p.access, p.kind",
	.nargs = 2,
	.argtypes = {REGROLEOID, TEXTOID}};

static SlPlan revokes = {
	.sql = "SELECT pg_catalog.concat('REVOKE ALL ON ', o.kind, ' ',"
		   "  pg_catalog.string_agg(o.object, ', '), ' FROM ', $1)"
		   " FROM (SELECT DISTINCT p.kind, p.object FROM %s.sync_privileges AS p) AS o"
		   " GROUP BY o.kind",
	.nargs = 1,
	.argtypes = {REGROLEOID}};

static void
need_arguments(FunctionCallInfo fcinfo, const char *function)
{
	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i))
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("no argument of %s may be null", function)));
}

/* GRANT by somebody else only warns, and gives nothing. */
static void
check_owner(void)
{
	Oid owner = sl_owner_oid();

	if (!has_privs_of_role(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of extension sync_ledger"),
				 errhint("It is owned by \"%s\".", GetUserNameFromId(owner, false))));
}

static void
check_role(Oid role)
{
	if (GetUserNameFromId(role, true) == NULL)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("role with OID %u does not exist", role)));
}

static void
check_privilege(const char *privilege)
{
	uint64       n = sl_query_select(&known_privileges, NULL, NULL);
	const char **names = palloc(sizeof(char *) * n);

	for (uint64 i = 0; i < n; i++)
	{
		names[i] = TextDatumGetCString(sl_query_value_not_null(i, 1));
		if (strcmp(names[i], privilege) == 0)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("sync_ledger has no privilege \"%s\"", privilege),
			 errhint("%s", sl_nearest_hint(privilege, "privileges", names, (int) n))));
}

/* Runs the commands that a statement has made, as the caller. */
static void
run_commands(SlPlan *plan, Datum *values)
{
	uint64         n = sl_query_select(plan, values, NULL);
	SPITupleTable *commands = SPI_tuptable;

	for (uint64 i = 0; i < n; i++)
	{
		char *command = SPI_getvalue(commands->vals[i], commands->tupdesc, 1);
		int   rc = SPI_execute(command, false, 0);

		if (rc != SPI_OK_UTILITY)
			elog(ERROR, "unexpected result of \"%s\": %s", command,
				 SPI_result_code_string(rc));
	}
}

/* (role, privilege) */
Datum
sync_grant(PG_FUNCTION_ARGS)
{
	Datum values[2];

	need_arguments(fcinfo, "sync_grant");
	check_owner();
	check_role(PG_GETARG_OID(0));
	sl_spi_connect();
	check_privilege(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	values[0] = PG_GETARG_DATUM(0);
	values[1] = ObjectIdGetDatum(sl_schema_oid());
	run_commands(&schema_grant, values);
	values[1] = PG_GETARG_DATUM(1);
	run_commands(&grants, values);
	sl_spi_finish();
	PG_RETURN_VOID();
}

/* (role) */
Datum
sync_revoke(PG_FUNCTION_ARGS)
{
	Datum values[1];

	need_arguments(fcinfo, "sync_revoke");
	check_owner();
	check_role(PG_GETARG_OID(0));
	values[0] = PG_GETARG_DATUM(0);
	sl_spi_connect();
	run_commands(&revokes, values);
	sl_spi_finish();
	PG_RETURN_VOID();
}
