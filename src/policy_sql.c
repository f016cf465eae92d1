/*
 * policy_sql.c
 *	  sync_configure(), sync_config() and sync_policy().
 *
 * What is stored in sync_entity has been parsed without an error, and the versions of
 * an entity are 1, 2, 3 and so on without a gap.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "attach.h"
#include "canonical.h"
#include "identity_match.h"
#include "json_out.h"
#include "outbox_gate.h"
#include "policy.h"
#include "policy_cache.h"
#include "policy_config.h"
#include "policy_text.h"
#include "query.h"

PG_FUNCTION_INFO_V1(sync_configure);
PG_FUNCTION_INFO_V1(sync_config);
PG_FUNCTION_INFO_V1(sync_policy);

static SlPlan newest_version = {
	.sql =
		"SELECT e.version, e.config OPERATOR(pg_catalog.=) $2, e.config, e.tokens_since"
		" FROM %s.sync_entity e WHERE e.entity OPERATOR(pg_catalog.=) $1"
		" ORDER BY e.version DESC LIMIT 1",
	.nargs = 2,
	.argtypes = {TEXTOID, JSONBOID}};

/* A version that the snapshot does not see makes this a serialization failure (40001). */
static SlPlan add_version = {
	.sql = "INSERT INTO %s.sync_entity (entity, version, config, tokens_since)"
		   " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
	.nargs = 4,
	.argtypes = {TEXTOID, INT4OID, JSONBOID, JSONBOID}};

static SlPlan renew_targets = {.sql = "SELECT %s.sync_renew_targets()"};

static SlPlan find_version = {
	.sql = "SELECT e.version, e.config FROM %s.sync_entity e"
		   " WHERE e.entity OPERATOR(pg_catalog.=) $1"
		   " AND ($2 IS NULL OR e.version OPERATOR(pg_catalog.=) $2)"
		   " ORDER BY e.version DESC LIMIT 1",
	.nargs = 2,
	.argtypes = {TEXTOID, INT4OID}};

static void
need_argument(FunctionCallInfo fcinfo, int argument, const char *name)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("%s must not be null", name)));
}

static void
check_entity_name(const char *entity)
{
	const char *fault = sl_name_fault(entity);

	if (fault != NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("no name for an entity: \"%s\": it %s", entity, fault)));
}

static MemoryContext
check_context(void)
{
	return AllocSetContextCreate(CurrentMemoryContext, "sync_ledger config check",
								 ALLOCSET_DEFAULT_SIZES);
}

static SlPolicy *
newest_policy(const SlPolicy *policy)
{
	bool      is_null;
	Datum     since = sl_query_value(0, 4, &is_null);
	SlPolicy *newest = sl_policy_parse_stored(
		policy->entity, DatumGetInt32(sl_query_value_not_null(0, 1)),
		DatumGetJsonbP(sl_query_value_not_null(0, 3)), check_context());

	if (!is_null)
		sl_policy_set_tokens_since(newest, DatumGetJsonbP(since));
	return newest;
}

static bool
is_same_path(const SlPath *a, const SlPath *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a->text, b->text) == 0;
}

/* Per system the policy version since which its version tokens stand where they stand. */
static Datum
tokens_since(const SlPolicy *old, const SlPolicy *policy, int32 version)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoChar(&text, '{');
	for (int i = 0; i < policy->nsystems; i++)
	{
		const SlSystemSpec *system = &policy->systems[i];
		int  known = old == NULL ? -1 : sl_policy_system(old, system->name);
		bool is_same = known >= 0 &&
					   is_same_path(old->systems[known].version, system->version);

		appendStringInfoString(&text, i == 0 ? "" : ", ");
		sl_append_json_string(&text, system->name, (int32) strlen(system->name));
		appendStringInfo(&text, ": %d",
						 is_same ? old->systems[known].tokens_since : version);
	}
	appendStringInfoChar(&text, '}');
	return sl_text_to_jsonb(text.data);
}

/*
 * The caller holds the lock that makes two sessions configure one after the other.
 * The same config again is no new version.
 */
static int32
store_config(Datum entity, Datum config, SlPolicy *policy)
{
	Datum     find[2] = {entity, config};
	Datum     add[4] = {entity, 0, config, 0};
	int32     newest = 0;
	SlPolicy *old = NULL;

	if (sl_query_select(&newest_version, find, NULL) > 0)
	{
		newest = DatumGetInt32(sl_query_value_not_null(0, 1));
		if (DatumGetBool(sl_query_value_not_null(0, 2)))
			return newest;
		old = newest_policy(policy);
	}
	add[1] = Int32GetDatum(newest + 1);
	add[3] = tokens_since(old, policy, newest + 1);
	if (sl_query_write(&add_version, add, NULL) != 1)
		elog(ERROR, "version %d of a config exists already", newest + 1);
	policy->version = newest + 1;
	sl_attach_check_policy(policy);
	sl_matches_renew(old, policy);
	sl_query_select(&renew_targets, NULL, NULL);
	sl_home_remember();
	sl_policy_changed();
	return newest + 1;
}

Datum
sync_configure(PG_FUNCTION_ARGS)
{
	char     *entity;
	int32     version;
	SlPolicy *policy;

	need_argument(fcinfo, 0, "entity");
	need_argument(fcinfo, 1, "config");
	sl_gate_need_primary("sync_configure");
	entity = text_to_cstring(PG_GETARG_TEXT_PP(0));
	check_entity_name(entity);
	policy = sl_policy_parse(entity, 0, PG_GETARG_JSONB_P(1), check_context());

	LockRelationOid(sl_relation_oid("sync_entity"), ShareRowExclusiveLock);
	sl_spi_connect();
	version = store_config(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), policy);
	sl_spi_finish();
	PG_RETURN_INT32(version);
}

static void unknown_version(const char *entity, Datum *values) pg_attribute_noreturn();

/* values are those of find_version: the entity, and the version that it has not. */
static void
unknown_version(const char *entity, Datum *values)
{
	if (sl_query_select_stable(&find_version, values, " n") == 0)
		sl_unknown_entity(entity);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("entity \"%s\" has no version %d", entity, DatumGetInt32(values[1])),
			 errhint("The newest version is %d.",
					 DatumGetInt32(sl_query_value_not_null(0, 1)))));
}

Datum
sync_config(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	Datum         values[2];
	Jsonb        *config;

	need_argument(fcinfo, 0, "entity");
	values[0] = PG_GETARG_DATUM(0);
	values[1] = PG_GETARG_DATUM(1);
	sl_spi_connect();
	if (sl_query_select_stable(&find_version, values, PG_ARGISNULL(1) ? " n" : "  ") == 0)
		unknown_version(TextDatumGetCString(values[0]), values);
	MemoryContextSwitchTo(caller);
	config = DatumGetJsonbPCopy(sl_query_value_not_null(0, 2));
	sl_spi_finish();
	PG_RETURN_JSONB_P(config);
}

Datum
sync_policy(PG_FUNCTION_ARGS)
{
	const SlPolicy *policy;

	need_argument(fcinfo, 0, "entity");
	policy = sl_policy_get(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_TEXT_P(cstring_to_text(sl_policy_text(policy)));
}
