/*
 * compat.h
 *	  What differs between PostgreSQL 15 and 18: the only place that asks.
 */
#ifndef SL_COMPAT_H
#define SL_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "sync_ledger needs PostgreSQL 15 or later"
#endif

#include "access/genam.h"
#include "access/tupdesc.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

/* 18 writes pg_noreturn in another place, and knows nothing else. */
#ifndef pg_attribute_noreturn
#define pg_attribute_noreturn() __attribute__((noreturn))
#endif

/* Where the executor keeps the constraints of a table. */
#if PG_VERSION_NUM >= 180000
#define SL_CHECK_EXPRESSIONS ri_CheckConstraintExprs
#else
#define SL_CHECK_EXPRESSIONS ri_ConstraintExprs
#endif

/* 18 has CHECK constraints that hold nobody up. */
static inline bool
sl_is_enforced(const ConstrCheck *check)
{
#if PG_VERSION_NUM >= 180000
	return check->ccenforced;
#else
	return true;
#endif
}

/* 18 has generated columns whose value is nowhere in the row. */
#define SL_ATTRIBUTE_GENERATED_VIRTUAL 'v'

/* What a check hook of a setting hands over: the server frees it. */
#if PG_VERSION_NUM >= 160000
#define sl_guc_malloc(size) guc_malloc(LOG, size)
#else
#define sl_guc_malloc(size) malloc(size)
#endif

static inline void
sl_eval_plan_qual_init(EPQState *epq, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	EvalPlanQualInit(epq, estate, NULL, NIL, -1, NIL);
#else
	EvalPlanQualInit(epq, estate, NULL, NIL, -1);
#endif
}

/* Enters a new row in the indexes of its table. */
static inline void
sl_insert_index_tuples(ResultRelInfo *info, TupleTableSlot *slot, EState *estate)
{
#if PG_VERSION_NUM >= 160000
	list_free(ExecInsertIndexTuples(info, slot, estate, false, false, NULL, NIL, false));
#else
	list_free(ExecInsertIndexTuples(info, slot, estate, false, false, NULL, NIL));
#endif
}

/* The same, one where a unique key may be somebody else's: false, and nobody is waited for. */
static inline bool
sl_claim_index_tuples(ResultRelInfo *info, TupleTableSlot *slot, EState *estate)
{
	bool is_taken = false;

#if PG_VERSION_NUM >= 160000
	list_free(
		ExecInsertIndexTuples(info, slot, estate, false, true, &is_taken, NIL, false));
#else
	list_free(ExecInsertIndexTuples(info, slot, estate, false, true, &is_taken, NIL));
#endif
	return !is_taken;
}

static inline bool
sl_may_execute(Oid function, Oid role)
{
#if PG_VERSION_NUM >= 160000
	return object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE) ==
		   ACLCHECK_OK;
#else
	return pg_proc_aclcheck(function, role, ACL_EXECUTE) == ACLCHECK_OK;
#endif
}

static inline Oid
sl_primary_key(Relation rel)
{
#if PG_VERSION_NUM >= 180000
	return RelationGetPrimaryKeyIndex(rel, false);
#else
	return RelationGetPrimaryKeyIndex(rel);
#endif
}

static inline IndexScanDesc
sl_index_beginscan(Relation heap, Relation index, Snapshot snapshot, int nkeys)
{
#if PG_VERSION_NUM >= 180000
	return index_beginscan(heap, index, snapshot, NULL, nkeys, 0);
#else
	return index_beginscan(heap, index, snapshot, nkeys, 0);
#endif
}

#endif
