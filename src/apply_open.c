/*
 * apply_open.c
 *	  The tables that sync_apply() writes to, opened and locked.
 *
 * One that cannot be written holds up no other: what waits for it waits on, and no attempt is
 * used up.
 */
#include "postgres.h"

#include "access/table.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "parser/parse_func.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "apply.h"
#include "attach.h"
#include "compat.h"
#include "installation.h"
#include "path_trie.h"
#include "policy_cache.h"

/* Milliseconds between two looks at a lock. */
#define LOCK_STEP 10

static const char *
column_name(const SlRowReader *reader, const SlPath *path)
{
	const SlRowColumn *column = sl_row_reader_column(reader, path);

	return column == NULL ? NULL : column->name;
}

/*
 * Code of the table's owner runs where it is written (triggers, defaults): it gets no more
 * rights by that than the owner has, where the caller can be the owner.
 */
static Oid
writer_of(const SlApply *apply, Relation rel)
{
	Oid owner = rel->rd_rel->relowner;
	Oid caller = GetUserId();

	return apply->is_by_owner || has_privs_of_role(caller, owner) ? owner : caller;
}

/* What a write does may depend on those before it: a foreign key, a trigger of the user's. */
static bool
has_other_triggers(Relation rel)
{
	const TriggerDesc *all = rel->trigdesc;
	Oid                capture = sl_capture_function();

	for (int i = 0; all != NULL && i < all->numtriggers; i++)
		if (all->triggers[i].tgfoid != capture)
			return true;
	return rel->rd_rel->relhassubclass;
}

static bool
has_deferred(Relation rel)
{
	for (int i = 0; rel->trigdesc != NULL && i < rel->trigdesc->numtriggers; i++)
		if (rel->trigdesc->triggers[i].tginitdeferred)
			return true;
	return false;
}

static void
read_table(SlApply *apply, Relation rel)
{
	const SlSystemSpec *spec = &apply->policy->systems[apply->system];

	apply->context = CurrentMemoryContext;
	apply->relation = RelationGetRelid(rel);
	apply->writer = writer_of(apply, rel);
	apply->is_ordered = has_other_triggers(rel);
	apply->has_deferred = has_deferred(rel);
	apply->takes_along = apply->is_by_owner && sl_takes_rows_along(rel);
	apply->has_order = apply->takes_along || sl_refers_to_itself(rel);
	sl_row_reader_open_attached(&apply->reader, apply->policy, apply->system, rel);
	apply->key_column = column_name(&apply->reader, spec->key);
	apply->id_column = column_name(&apply->reader, spec->id);
}

static bool
has_nested(const SlRowReader *reader)
{
	for (int i = 0; i < reader->ncolumns; i++)
		if (!sl_path_is_leaf(reader->columns[i].node))
			return true;
	return false;
}

static bool
may_merge(Oid role)
{
	char *schema = get_namespace_name(sl_schema_oid());
	Oid   function = LookupFuncName(list_make2(makeString(schema),
											   makeString("sync_merge")),
									-1, NULL, false);

	return DatumGetBool(DirectFunctionCall3(has_schema_privilege_id_id,
											ObjectIdGetDatum(role),
											ObjectIdGetDatum(sl_schema_oid()),
											CStringGetTextDatum("USAGE"))) &&
		   sl_may_execute(function, role);
}

/* What changes inside of a column is put there by a function of ours, in the writer's statement. */
static bool
is_merge_denied(const SlApply *apply, SlMisfit *misfit)
{
	if (!has_nested(&apply->reader) || may_merge(apply->writer))
		return false;
	misfit->sqlerrcode = ERRCODE_INSUFFICIENT_PRIVILEGE;
	misfit->reason = psprintf(
		"\"%s\" has fields inside of columns, and is written as role "
		"\"%s\", which may not execute %s.sync_merge()",
		get_rel_name(apply->relation), GetUserNameFromId(apply->writer, false),
		sl_schema_name());
	misfit->hint = psprintf("GRANT EXECUTE ON FUNCTION %s.sync_merge TO %s; and USAGE on "
							"that schema, where it has none.",
							sl_schema_name(),
							quote_identifier(GetUserNameFromId(apply->writer, false)));
	return true;
}

/*
 * Before anything is claimed: what is claimed holds up who writes the record elsewhere.  Waits no
 * longer than for a row.
 */
static bool
is_locked(Relation rel, SlMisfit *misfit)
{
	for (int waited = 0;
		 !ConditionalLockRelationOid(RelationGetRelid(rel), RowExclusiveLock);
		 waited += LOCK_STEP)
	{
		if (waited >= SL_APPLY_LOCK_TIMEOUT)
		{
			misfit->sqlerrcode = ERRCODE_LOCK_NOT_AVAILABLE;
			misfit->reason = psprintf("\"%s\" is locked against writers",
									  RelationGetRelationName(rel));
			misfit
				->hint = "Whoever builds an index or lists the table holds such a lock: "
						 "sync_apply() writes when it is gone.";
			return true;
		}
		CHECK_FOR_INTERRUPTS();
		pg_usleep(LOCK_STEP * 1000L);
	}
	return false;
}

bool
sl_apply_open(SlApply *apply, const SlApplyTable *table, const char *system,
			  SlMisfit *misfit)
{
	Relation rel = try_table_open(table->relation, AccessShareLock);
	bool     is_open;

	misfit->reason = NULL;
	if (rel == NULL)
		return false;
	apply->policy = sl_policy_get(table->entity);
	apply->system = sl_policy_need_system(apply->policy, system);
	is_open = !sl_attach_is_misfit(table->relation, apply->policy, apply->system,
								   misfit) &&
			  !sl_attach_is_silent(rel, misfit) && !is_locked(rel, misfit);
	if (is_open)
	{
		read_table(apply, rel);
		is_open = !is_merge_denied(apply, misfit);
	}
	table_close(rel, NoLock);
	return is_open;
}

static void
report_misfit(int elevel, const SlMisfit *misfit)
{
	ereport(elevel,
			(errcode(misfit->sqlerrcode), errmsg("%s", misfit->reason),
			 errdetail("Nothing is written to the table: what waits for it waits on."),
			 errhint("%s", misfit->hint)));
}

/* Where nothing else is there to write to, and waiting is no help. */
static int
elevel_of(const SlMisfit *misfits, int n)
{
	for (int i = 0; i < n; i++)
		if (misfits[i].sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE)
			return WARNING;
	return ERROR;
}

int
sl_apply_open_all(SlApply *applies, const char *system, const SlApplyTable *tables, int n)
{
	SlMisfit *misfits = palloc(sizeof(SlMisfit) * Max(n, 1));
	int       nmisfits = 0;
	int       nopen = 0;

	for (int i = 0; i < n; i++)
	{
		SlMisfit *misfit = &misfits[nmisfits];

		if (sl_apply_open(&applies[nopen], &tables[i], system, misfit))
			nopen++;
		else if (misfit->reason != NULL)
			nmisfits++;
	}
	for (int i = 0; i < nmisfits; i++)
		report_misfit(nopen == 0 && i == nmisfits - 1 ? elevel_of(misfits, nmisfits)
													  : WARNING,
					  &misfits[i]);
	return nopen;
}
