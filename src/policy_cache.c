/*
 * policy_cache.c
 *	  The newest policy of each entity, parsed once per backend and version.
 *
 * sync_configure() sends a relation cache invalidation for sync_entity, at commit to
 * everybody, and to itself at the end of its command and at rollback; the callback
 * sets a flag, and the next lookup begins anew.  A policy that was handed out lives
 * until the end of the transaction that got it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"

#include "nearest.h"
#include "policy_cache.h"
#include "policy_config.h"
#include "query.h"

typedef struct CachedPolicy
{
	char      entity[SL_MAX_NAME + 1];
	SlPolicy *policy;
} CachedPolicy;

static SlPlan newest_config = {
	.sql = "SELECT e.version, e.config, e.tokens_since FROM %s.sync_entity e"
		   " WHERE e.entity OPERATOR(pg_catalog.=) $1 ORDER BY e.version DESC LIMIT 1",
	.nargs = 1,
	.argtypes = {TEXTOID}};

static SlPlan one_config = {.sql = "SELECT e.config FROM %s.sync_entity e"
								   " WHERE e.entity OPERATOR(pg_catalog.=) $1"
								   "  AND e.version OPERATOR(pg_catalog.=) $2",
							.nargs = 2,
							.argtypes = {TEXTOID, INT4OID}};

static SlPlan known_entities = {
	.sql = "SELECT DISTINCT e.entity FROM %s.sync_entity e ORDER BY e.entity"};

/* All that is cached: the table and, as its children, the policies in it. */
static MemoryContext current = NULL;
static HTAB         *policies = NULL;

/* What current was before, until the end of the transaction. */
static MemoryContext retired = NULL;

/* The relation whose invalidation empties the cache. */
static Oid watched = InvalidOid;

static bool is_stale = false;

/* Counts how often the cache was emptied. */
static uint64 generation = 1;

/* Read on a snapshot that may be older than what is committed by now. */
static bool ends_with_transaction = false;

static void
note_invalidation(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == watched)
		is_stale = true;
}

static void
end_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			if (retired != NULL)
				MemoryContextDeleteChildren(retired);
			is_stale |= ends_with_transaction;
			ends_with_transaction = false;
			break;
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PARALLEL_ABORT:
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			break;
	}
}

void
sl_policy_cache_init(void)
{
	CacheRegisterRelcacheCallback(note_invalidation, (Datum) 0);
	RegisterXactCallback(end_transaction, NULL);
}

/* Empties the cache, but keeps its policies for whoever uses one just now. */
static void
retire_policies(void)
{
	is_stale = false;
	generation++;
	if (current == NULL)
		return;
	if (retired == NULL)
		retired = AllocSetContextCreate(CacheMemoryContext,
										"sync_ledger retired policies",
										ALLOCSET_SMALL_SIZES);
	MemoryContextSetParent(current, retired);
	current = NULL;
	policies = NULL;
}

static void
need_cache(void)
{
	HASHCTL shape;

	if (policies != NULL)
		return;
	if (current == NULL)
		current = AllocSetContextCreate(CacheMemoryContext, "sync_ledger policies",
										ALLOCSET_SMALL_SIZES);
	memset(&shape, 0, sizeof(shape));
	shape.keysize = SL_MAX_NAME + 1;
	shape.entrysize = sizeof(CachedPolicy);
	shape.hcxt = current;
	policies = hash_create("sync_ledger policies", 16, &shape,
						   HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

void
sl_unknown_entity(const char *entity)
{
	uint64       n = sl_query_select(&known_entities, NULL, NULL);
	const char **names = palloc(sizeof(char *) * Max(n, 1));
	char        *hint;

	for (uint64 i = 0; i < n; i++)
		names[i] = TextDatumGetCString(sl_query_value_not_null(i, 1));
	hint = sl_nearest_hint(entity, "entities", names, n);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("entity \"%s\" is not configured", entity),
			 hint == NULL ? errhint("No entity is; sync_configure() configures one.")
						  : errhint("%s", hint)));
}

/* Parses the config that was selected in a context of its own, a child of the caller's. */
static SlPolicy *
parse_selected(const char *entity)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "sync_ledger policy",
												  ALLOCSET_SMALL_SIZES);
	SlPolicy     *policy;
	Datum         since;
	bool          is_null;

	policy = sl_policy_parse_stored(entity, DatumGetInt32(sl_query_value_not_null(0, 1)),
									DatumGetJsonbP(sl_query_value_not_null(0, 2)),
									context);
	since = sl_query_value(0, 3, &is_null);
	if (!is_null)
		sl_policy_set_tokens_since(policy, DatumGetJsonbP(since));
	return policy;
}

/*
 * An invalidation that comes in while this reads sets the flag again, so that what
 * is cached here lasts no longer than the next lookup.
 */
static const SlPolicy *
load_policy(const char *entity)
{
	Datum         values[1] = {CStringGetTextDatum(entity)};
	SlPolicy     *policy;
	CachedPolicy *cached;

	watched = sl_relation_oid("sync_entity");
	sl_spi_connect();
	if (sl_query_select(&newest_config, values, NULL) == 0)
		sl_unknown_entity(entity);
	policy = parse_selected(entity);
	need_cache();
	MemoryContextSetParent(policy->context, current);
	sl_spi_finish();

	ends_with_transaction |= IsolationUsesXactSnapshot();
	cached = hash_search(policies, entity, HASH_ENTER, NULL);
	cached->policy = policy;
	return policy;
}

static const SlPolicy *
find_policy(const char *entity)
{
	CachedPolicy *cached;

	if (policies == NULL || strlen(entity) > SL_MAX_NAME)
		return NULL;
	cached = hash_search(policies, entity, HASH_FIND, NULL);
	return cached == NULL ? NULL : cached->policy;
}

/*
 * Messages are accepted here because nothing else in a long transaction may: a
 * table that is locked already is locked again without looking.
 */
static void
drop_what_is_stale(void)
{
	AcceptInvalidationMessages();
	if (is_stale)
		retire_policies();
}

/* What the caller reads now is watched from now on. */
uint64
sl_policy_generation(void)
{
	watched = sl_relation_oid("sync_entity");
	ends_with_transaction |= IsolationUsesXactSnapshot();
	drop_what_is_stale();
	return generation;
}

const SlPolicy *
sl_policy_get(const char *entity)
{
	const SlPolicy *policy;

	drop_what_is_stale();
	policy = find_policy(entity);
	return policy != NULL ? policy : load_policy(entity);
}

const SlPolicy *
sl_policy_in_force(const char *entity)
{
	const SlPolicy *policy = sl_policy_get(entity);
	MemoryContext   context = CurrentMemoryContext;
	Datum           values[1] = {CStringGetTextDatum(entity)};

	if (!IsolationUsesXactSnapshot())
		return policy;
	sl_spi_connect();
	if (sl_query_select_fresh(&newest_config, values, NULL) > 0 &&
		DatumGetInt32(sl_query_value_not_null(0, 1)) != policy->version)
	{
		SlPolicy *newest = parse_selected(entity);

		MemoryContextSetParent(newest->context, context);
		policy = newest;
	}
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return policy;
}

const SlPolicy *
sl_policy_of_version(const char *entity, int32 version)
{
	Datum         values[2] = {CStringGetTextDatum(entity), Int32GetDatum(version)};
	MemoryContext context = CurrentMemoryContext;
	SlPolicy     *policy = NULL;

	sl_spi_connect();
	if (sl_query_select(&one_config, values, NULL) > 0)
		policy = sl_policy_parse_stored(
			entity, version, DatumGetJsonbP(sl_query_value_not_null(0, 1)),
			AllocSetContextCreate(context, "sync_ledger policy", ALLOCSET_SMALL_SIZES));
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return policy;
}

void
sl_policy_changed(void)
{
	CacheInvalidateRelcacheByRelid(sl_relation_oid("sync_entity"));
	CommandCounterIncrement();
}
