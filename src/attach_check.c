/*
 * attach_check.c
 *	  What can be attached.
 *
 * Whatever would let a write go unseen later is refused now.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "attach.h"
#include "compat.h"
#include "query.h"
#include "row_reader.h"

static SlPlan find_other = {
	.sql =
		"SELECT a.relation::pg_catalog.text FROM %s.sync_attached AS a"
		" WHERE a.system OPERATOR(pg_catalog.=) $1 AND a.entity OPERATOR(pg_catalog.=) $2"
		" AND a.relation::pg_catalog.oid OPERATOR(pg_catalog.<>) ALL ($3)"
		" ORDER BY EXISTS (SELECT FROM pg_catalog.pg_inherits AS i"
		"  WHERE i.inhrelid OPERATOR(pg_catalog.=) a.relation::pg_catalog.oid) LIMIT 1",
	.nargs = 3,
	.argtypes = {TEXTOID, TEXTOID, OIDARRAYOID}};

static SlPlan find_attached = {
	.sql = "SELECT a.relation::pg_catalog.oid, a.system FROM %s.sync_attached AS a"
		   " WHERE a.entity OPERATOR(pg_catalog.=) $1"
		   " ORDER BY a.relation::pg_catalog.oid",
	.nargs = 1,
	.argtypes = {TEXTOID}};

void
sl_attach_check_right(Oid relation)
{
	AclResult result = pg_class_aclcheck(relation, GetUserId(), ACL_TRIGGER);

	if (result != ACLCHECK_OK)
		aclcheck_error(result, get_relkind_objtype(get_rel_relkind(relation)),
					   get_rel_name(relation));
}

void
sl_attach_check_owner(Oid relation)
{
	Oid owner = sl_owner_of(relation);

	if (!has_privs_of_role(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of \"%s\" to detach it", get_rel_name(relation)),
				 errhint("The privilege TRIGGER makes triggers; only the owner, \"%s\", "
						 "drops them.",
						 GetUserNameFromId(owner, false))));
}

/* Rows of other tables can be listed, but say nothing when they change. */
static void
check_kind(Relation rel)
{
	const char *name = RelationGetRelationName(rel);
	char        kind = rel->rd_rel->relkind;

	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" is no table of this database", name),
						errhint("What cannot be attached can be listed: "
								"sync_diff_from().")));
	if (rel->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" is a temporary table", name),
						errhint("A system outlives a session: attach a table that "
								"does.")));
	if (getExtensionOfObject(RelationRelationId, RelationGetRelid(rel)) ==
		get_extension_oid("sync_ledger", false))
		ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
						errmsg("\"%s\" is part of sync_ledger itself", name)));
}

/* What is written by way of the table above is not seen by triggers of this one. */
static void
check_is_root(Oid relation)
{
	if (has_superclass(relation))
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("\"%s\" is a partition or child of another table",
							   get_rel_name(relation)),
						errhint("Attach that one: its partitions and children come "
								"with it.")));
}

void
sl_attach_check_tree(List *relations)
{
	ListCell *cell;

	check_is_root(linitial_oid(relations));
	foreach (cell, relations)
	{
		Relation rel = table_open(lfirst_oid(cell), NoLock);

		check_kind(rel);
		table_close(rel, NoLock);
	}
}

/* Triggers do not see what such a column would say. */
static void
check_virtual(Relation rel, const SlRowReader *reader)
{
	for (int i = 0; i < reader->ncolumns; i++)
		if (TupleDescAttr(RelationGetDescr(rel), reader->columns[i].index)
				->attgenerated == SL_ATTRIBUTE_GENERATED_VIRTUAL)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("column \"%s\" of \"%s\" is a virtual generated column",
							reader->columns[i].name, RelationGetRelationName(rel)),
					 errhint("Make it STORED: triggers do not see its value.")));
}

static bool
stands_somewhere(Relation rel, const SlPath *path)
{
	return path != NULL && sl_attach_column(rel, path) != NULL;
}

/* Where there is no column at all the table does not fit the policy, which says more. */
static void
check_key(Relation rel, const SlRowReader *reader)
{
	const SlSystemSpec *spec = &reader->policy->systems[reader->system];

	if (sl_row_reader_column(reader, spec->key) != NULL ||
		sl_row_reader_column(reader, spec->id) != NULL ||
		!(stands_somewhere(rel, spec->key) || stands_somewhere(rel, spec->id)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("the key of system \"%s\" is at %s, which is no column of \"%s\"",
					spec->name, sl_path_in_quotes(spec->key),
					RelationGetRelationName(rel)),
			 errhint("Make it a generated column, and name that in the policy.")));
}

void
sl_attach_check_columns(Relation rel, const SlPolicy *policy, int system)
{
	SlRowReader reader;

	sl_row_reader_open_attached(&reader, policy, system, rel);
	check_key(rel, &reader);
	sl_attach_check_fit(RelationGetRelid(rel), policy, system);
	check_virtual(rel, &reader);
	sl_attach_note(rel, &reader);
}

static void
check_own_names(Relation rel, const SlPolicy *policy, int system)
{
	const Trigger *trigger = sl_capture_trigger(rel, sl_capture_function());

	if (trigger == NULL ||
		(strcmp(trigger->tgargs[0], policy->systems[system].name) == 0 &&
		 strcmp(trigger->tgargs[1], policy->entity) == 0))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("\"%s\" is attached already, as system \"%s\" of entity \"%s\"",
					RelationGetRelationName(rel), trigger->tgargs[0], trigger->tgargs[1]),
			 errhint("sync_detach() it first.")));
}

const char *
sl_attach_other(List *relations, const SlPolicy *policy, int system)
{
	int       n = 0;
	Datum    *oids = palloc(sizeof(Datum) * list_length(relations));
	Datum     values[3];
	ListCell *cell;

	foreach (cell, relations)
		oids[n++] = ObjectIdGetDatum(lfirst_oid(cell));
	values[0] = CStringGetTextDatum(policy->systems[system].name);
	values[1] = CStringGetTextDatum(policy->entity);
	values[2] = PointerGetDatum(
		construct_array(oids, n, OIDOID, sizeof(Oid), true, TYPALIGN_INT));
	return sl_query_select(&find_other, values, NULL) == 0
			   ? NULL
			   : TextDatumGetCString(sl_query_value_not_null(0, 1));
}

static void
check_others(List *relations, const SlPolicy *policy, int system)
{
	const char *other = sl_attach_other(relations, policy, system);

	if (other == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("system \"%s\" of entity \"%s\" is table \"%s\" already",
					policy->systems[system].name, policy->entity, other),
			 errhint("sync_detach() that one first, or give this one a system of its "
					 "own.")));
}

void
sl_attach_check_names(List *relations, const SlPolicy *policy, int system)
{
	ListCell *cell;

	foreach (cell, relations)
	{
		Relation rel = table_open(lfirst_oid(cell), NoLock);

		check_own_names(rel, policy, system);
		table_close(rel, NoLock);
	}
	check_others(relations, policy, system);
}

static void
check_attached(Oid relation, const SlPolicy *policy, const char *name)
{
	int      system = sl_policy_system(policy, name);
	Relation rel = try_table_open(relation, AccessShareLock);

	if (rel == NULL)
		return;
	if (system < 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" is system \"%s\" of entity \"%s\", which the "
						"policy does not name",
						RelationGetRelationName(rel), name, policy->entity),
				 errhint("sync_detach() the table first.")));
	sl_attach_check_columns(rel, policy, system);
	table_close(rel, NoLock);
}

void
sl_attach_check_policy(const SlPolicy *policy)
{
	Datum          entity = CStringGetTextDatum(policy->entity);
	uint64         n = sl_query_select(&find_attached, &entity, NULL);
	SPITupleTable *found = SPI_tuptable;

	for (uint64 i = 0; i < n; i++)
	{
		bool  is_null;
		Datum relation = SPI_getbinval(found->vals[i], found->tupdesc, 1, &is_null);

		check_attached(DatumGetObjectId(relation), policy,
					   SPI_getvalue(found->vals[i], found->tupdesc, 2));
	}
}
