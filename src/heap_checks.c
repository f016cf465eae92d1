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

/* Of one table. */
typedef struct Checks
{
	Oid    relation;
	bool   is_valid;
	int    n;
	Expr **planned;
} Checks;

static HTAB         *tables = NULL;
static MemoryContext context = NULL;

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
			checks->is_valid = false;
		return;
	}
	hash_seq_init(&scan, tables);
	while ((checks = hash_seq_search(&scan)) != NULL)
		checks->is_valid = false;
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
	context = AllocSetContextCreate(CacheMemoryContext, "sync_ledger constraints",
									ALLOCSET_SMALL_SIZES);
	shape.hcxt = context;
	tables = hash_create("sync_ledger constraints", 16, &shape,
						 HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* An invalidation that comes in meanwhile finds the entry, and wins. */
static void
plan(Checks *checks, Relation rel)
{
	const TupleConstr *constraints = rel->rd_att->constr;
	MemoryContext      old = MemoryContextSwitchTo(context);

	checks->is_valid = true;
	checks->n = constraints->num_check;
	checks->planned = palloc(sizeof(Expr *) * checks->n);
	for (int i = 0; i < checks->n; i++)
		checks->planned[i] = expression_planner(
			stringToNode(constraints->check[i].ccbin));
	MemoryContextSwitchTo(old);
}

static const Checks *
need_checks(Relation rel)
{
	Oid     relation = RelationGetRelid(rel);
	Checks *checks;
	bool    is_found;

	need_tables();
	checks = hash_search(tables, &relation, HASH_ENTER, &is_found);
	if (!is_found || !checks->is_valid)
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
