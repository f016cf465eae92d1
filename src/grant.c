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

/*
 * Only of what the role has a right on: a REVOKE that takes nothing writes the catalogue all the
 * same, and has each session plan anew what concerns the object.
 */
static SlPlan revokes = {
	.sql =
		"SELECT pg_catalog.concat('REVOKE ALL ON ', o.kind, ' ',"
		"  pg_catalog.string_agg(o.object, ', '), ' FROM ', $1, ' CASCADE')"
		" FROM (SELECT DISTINCT CASE"
		"   WHEN p.oid IS NOT NULL THEN 'FUNCTION' WHEN t.oid IS NOT NULL THEN 'TYPE'"
		"   WHEN c.relkind OPERATOR(pg_catalog.=) 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,"
		"   CASE WHEN p.oid IS NOT NULL THEN p.oid::pg_catalog.regprocedure::pg_catalog.text"
		"   WHEN t.oid IS NOT NULL THEN t.oid::pg_catalog.regtype::pg_catalog.text"
		"   ELSE c.oid::pg_catalog.regclass::pg_catalog.text END AS object"
		"  FROM pg_catalog.pg_shdepend AS s"
		"  JOIN pg_catalog.pg_depend AS d ON d.classid OPERATOR(pg_catalog.=) s.classid"
		"   AND d.objid OPERATOR(pg_catalog.=) s.objid AND d.deptype OPERATOR(pg_catalog.=) 'e'"
		"  JOIN pg_catalog.pg_extension AS e ON e.oid OPERATOR(pg_catalog.=) d.refobjid"
		"   AND e.extname OPERATOR(pg_catalog.=) 'sync_ledger'"
		"  LEFT JOIN pg_catalog.pg_proc AS p ON p.oid OPERATOR(pg_catalog.=) s.objid"
		"   AND p.tableoid OPERATOR(pg_catalog.=) s.classid"
		"  LEFT JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) s.objid"
		"   AND t.tableoid OPERATOR(pg_catalog.=) s.classid"
		"  LEFT JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) s.objid"
		"   AND c.tableoid OPERATOR(pg_catalog.=) s.classid"
		"  WHERE s.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'"
		"    ::pg_catalog.regclass AND s.refobjid OPERATOR(pg_catalog.=) $1"
		"   AND s.deptype OPERATOR(pg_catalog.=) 'a'"
		"   AND s.dbid OPERATOR(pg_catalog.=) (SELECT b.oid FROM pg_catalog.pg_database AS b"
		"    WHERE b.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())) AS o"
		" WHERE o.object IS NOT NULL GROUP BY o.kind",
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
raise_unknown(const char *privilege)
{
	uint64       n = sl_query_select(&known_privileges, NULL, NULL);
	const char **names = palloc(sizeof(char *) * n);

	for (uint64 i = 0; i < n; i++)
		names[i] = TextDatumGetCString(sl_query_value_not_null(i, 1));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("sync_ledger has no privilege \"%s\"", privilege),
			 errhint("%s", sl_nearest_hint(privilege, "privileges", names, (int) n))));
}

/* Runs the commands that a statement has made, as the caller; how many they are. */
static uint64
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
	return n;
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
	values[0] = PG_GETARG_DATUM(0);
	values[1] = ObjectIdGetDatum(sl_schema_oid());
	run_commands(&schema_grant, values);
	values[1] = PG_GETARG_DATUM(1);
	if (run_commands(&grants, values) == 0)
		raise_unknown(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	sl_spi_finish();
	PG_RETURN_VOID();
}

/* The owner takes back what came from the owner, also by way of others, and nothing else. */
static void
check_revoked(Oid role, Datum *values)
{
	if (sl_query_select(&revokes, values, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_PRIVILEGE_DESCRIPTORS_STILL_EXIST),
				 errmsg("role \"%s\" has rights that another role granted it",
						GetUserNameFromId(role, false)),
				 errdetail("They are the ones that this takes back, run by that role: %s",
						   SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1)),
				 errhint("Or call sync_revoke() for that role: what it has granted goes "
						 "with what it has.")));
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
	check_revoked(PG_GETARG_OID(0), values);
	sl_spi_finish();
	PG_RETURN_VOID();
}
