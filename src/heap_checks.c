/*
 * heap_checks.c
 *	  The CHECK constraints of the extension's own tables, planned once per backend.
 *
 * The executor reads and plans them anew for each statement, which costs a call of one
 * record more than all else that it writes.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "nodes/nodes.h"
#include "optimizer/optimizer.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "compat.h"
#include "heap_checks.h"

/* Of one table.  A constraint that is not enforced is NULL. */
typedef struct Checks
{
	Oid           relation;
	bool          is_stale; /* set by the callback */
	int           n;
	Expr        **planned; /* NULL until all of them are */
	MemoryContext context; /* where they are */
} Checks;

static HTAB         *tables = NULL;
static MemoryContext tables_context = NULL;

static void
forget_relation(Datum arg, Oid relation)
{
	HASH_SEQ_STATUS scan;
	Checks         *checks;

	if (tables == NULL)
		return;
	if (OidIsValid(relation))
	{
		checks = hash_search(tables, &relation, HASH_FIND, NULL);
		if (checks != NULL)
			checks->is_stale = true;
		return;
	}
	hash_seq_init(&scan, tables);
	while ((checks = hash_seq_search(&scan)) != NULL)
		checks->is_stale = true;
}

void
sl_checks_init(void)
{
	CacheRegisterRelcacheCallback(forget_relation, (Datum) 0);
}

static void
need_tables(void)
{
	HASHCTL shape = {.keysize = sizeof(Oid), .entrysize = sizeof(Checks)};

	if (tables != NULL)
		return;
	tables_context = AllocSetContextCreate(CacheMemoryContext, "sync_ledger constraints",
										   ALLOCSET_SMALL_SIZES);
	shape.hcxt = tables_context;
	tables = hash_create("sync_ledger constraints", 16, &shape,
						 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Statements that are under way may still use what was planned before. */
static void
let_go(Checks *checks)
{
	checks->planned = NULL;
	if (checks->context != NULL)
		MemoryContextSetParent(checks->context, TopTransactionContext);
	checks->context = NULL;
}

static Expr *
plan_one(const ConstrCheck *check)
{
	if (!sl_is_enforced(check))
		return NULL;
	return expression_planner(stringToNode(check->ccbin));
}

/*
 * An invalidation that comes in meanwhile finds the entry, and wins; what an error leaves
 * half done is planned again.
 */
static void
plan(Checks *checks, Relation rel)
{
	const TupleConstr *constraints = rel->rd_att->constr;
	Expr             **planned;
	MemoryContext      old;

	let_go(checks);
	checks->is_stale = false;
	checks->n = constraints->num_check;
	checks->context = AllocSetContextCreate(tables_context,
											"sync_ledger constraints of a table",
											ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(checks->context);
	planned = palloc(sizeof(Expr *) * checks->n);
	for (int i = 0; i < checks->n; i++)
		planned[i] = plan_one(&constraints->check[i]);
	MemoryContextSwitchTo(old);
	checks->planned = planned;
}

static const Checks *
need_checks(Relation rel)
{
	Oid     relation = RelationGetRelid(rel);
	Checks *checks;
	bool    is_found;

	need_tables();
	checks = hash_search(tables, &relation, HASH_ENTER, &is_found);
	if (!is_found)
	{
		checks->planned = NULL;
		checks->context = NULL;
	}
	if (checks->planned == NULL || checks->is_stale)
		plan(checks, rel);
	return checks;
}

void
sl_checks_prepare(ResultRelInfo *info, EState *estate)
{
	const TupleConstr *constraints = info->ri_RelationDesc->rd_att->constr;
	const Checks      *checks;
	ExprState        **states;
	MemoryContext      old;

	if (constraints == NULL || constraints->num_check == 0)
		return;
	checks = need_checks(info->ri_RelationDesc);
	old = MemoryContextSwitchTo(estate->es_query_cxt);
	states = palloc(sizeof(ExprState *) * checks->n);
	for (int i = 0; i < checks->n; i++)
		states[i] = ExecInitExpr(checks->planned[i], NULL);
	info->SL_CHECK_EXPRESSIONS = states;
	MemoryContextSwitchTo(old);
}
