/*
 * attach_fit.c
 *	  Whether a table has a column for all that the policy reads in its rows.
 *
 * It had when it was attached and whenever it was configured; columns may be renamed,
 * dropped, or given another type since.  What is read of the catalogue needs no lock, so that
 * whoever looks waits for nobody.
 */
#include "postgres.h"

#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "attach.h"
#include "policy_cache.h"

PG_FUNCTION_INFO_V1(sync_misfit);

static AttrNumber
column_of(Oid relation, const SlPath *path)
{
	return get_attnum(relation, path->steps[0].key);
}

static bool
has_column(Oid relation, const SlPath *path)
{
	return column_of(relation, path) > 0;
}

/* A record without key may be known by its native id, where no key was named. */
static bool
needs_key(Oid relation, const SlSystemSpec *spec)
{
	return spec->id == NULL || !has_column(relation, spec->id) ||
		   strcmp(spec->key->text, SL_DEFAULT_KEY) != 0;
}

/* What of the policy has no column, in its own words, or NULL. */
static const char *
what_is_missing(Oid relation, const SlPolicy *policy, int system, const SlPath **path)
{
	const SlSystemSpec *spec = &policy->systems[system];
	const struct
	{
		const char   *what;
		const SlPath *path;
	} names[] = {{"the key", needs_key(relation, spec) ? spec->key : NULL},
				 {"the \"id\"", spec->id},
				 {"the \"version\"", spec->version},
				 {"the \"sentinel\"", spec->sentinel},
				 {"the \"deleted\" mark", spec->deleted}};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		*path = names[i].path;
		if (*path != NULL && !has_column(relation, *path))
			return names[i].what;
	}
	for (int f = 0; f < policy->nfields; f++)
	{
		*path = policy->fields[f].paths[system];
		if (*path != NULL && !has_column(relation, *path))
			return psprintf("field \"%s\"", policy->fields[f].name);
	}
	return NULL;
}

/* As to_json() makes an object or an array of it. */
static bool
has_inside(Oid type)
{
	Oid base = getBaseType(type);

	return base == JSONOID || base == JSONBOID || type_is_array(base) ||
		   type_is_rowtype(base) ||
		   SearchSysCacheExists2(CASTSOURCETARGET, ObjectIdGetDatum(base),
								 ObjectIdGetDatum(JSONOID));
}

/* A field that stands inside of a column of which to_json() makes a single value; or -1. */
static int
field_without_inside(Oid relation, const SlPolicy *policy, int system)
{
	for (int f = 0; f < policy->nfields; f++)
	{
		const SlPath *path = policy->fields[f].paths[system];

		if (path != NULL && path->nsteps > 1 &&
			!has_inside(get_atttype(relation, column_of(relation, path))))
			return f;
	}
	return -1;
}

static void
describe_missing(SlMisfit *misfit, Oid relation, const SlPolicy *policy, int system,
				 const char *what, const SlPath *path)
{
	misfit->sqlerrcode = ERRCODE_UNDEFINED_COLUMN;
	misfit->reason = psprintf("\"%s\" has no column for %s of entity \"%s\", which is at "
							  "%s in system \"%s\"",
							  get_rel_name(relation), what, policy->entity,
							  sl_path_in_quotes(path), policy->systems[system].name);
	misfit->hint = "Add the column, or give the policy the name that it has now: "
				   "sync_configure() with another path, or with none for that system.";
}

static void
describe_type(SlMisfit *misfit, Oid relation, const SlPolicy *policy, int system,
			  int field)
{
	const SlPath *path = policy->fields[field].paths[system];
	AttrNumber    column = column_of(relation, path);

	misfit->sqlerrcode = ERRCODE_DATATYPE_MISMATCH;
	misfit->reason = psprintf(
		"field \"%s\" of system \"%s\" is at %s, but column \"%s\" of \"%s\" is of "
		"type %s, which has nothing inside",
		policy->fields[field].name, policy->systems[system].name, sl_path_in_quotes(path),
		get_attname(relation, column, false), get_rel_name(relation),
		format_type_be(get_atttype(relation, column)));
	misfit->hint = "Make the column jsonb, or map the field to a column of its own.";
}

bool
sl_attach_is_misfit(Oid relation, const SlPolicy *policy, int system, SlMisfit *misfit)
{
	const SlPath *path;
	const char   *what = what_is_missing(relation, policy, system, &path);
	int           field;

	if (what != NULL)
	{
		describe_missing(misfit, relation, policy, system, what, path);
		return true;
	}
	field = field_without_inside(relation, policy, system);
	if (field < 0)
		return false;
	describe_type(misfit, relation, policy, system, field);
	return true;
}

void
sl_attach_check_fit(Oid relation, const SlPolicy *policy, int system)
{
	SlMisfit misfit;

	if (sl_attach_is_misfit(relation, policy, system, &misfit))
		ereport(ERROR, (errcode(misfit.sqlerrcode), errmsg("%s", misfit.reason),
						errhint("%s", misfit.hint)));
}

/* In the role "replica". */
static bool
tells_of(Relation rel, int16 event)
{
	const TriggerDesc *all = rel->trigdesc;
	Oid                function = sl_capture_function();

	for (int i = 0; all != NULL && i < all->numtriggers; i++)
	{
		const Trigger *trigger = &all->triggers[i];

		if (trigger->tgfoid == function && (trigger->tgtype & event) != 0 &&
			!TRIGGER_FOR_ROW(trigger->tgtype) &&
			(trigger->tgenabled == TRIGGER_FIRES_ALWAYS ||
			 trigger->tgenabled == TRIGGER_FIRES_ON_REPLICA))
			return true;
	}
	return false;
}

bool
sl_attach_is_silent(Relation rel, SlMisfit *misfit)
{
	if (SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA ||
		(tells_of(rel, TRIGGER_TYPE_INSERT) && tells_of(rel, TRIGGER_TYPE_UPDATE) &&
		 tells_of(rel, TRIGGER_TYPE_DELETE)))
		return false;
	misfit->sqlerrcode = ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
	misfit->reason = psprintf(
		"what is written to \"%s\" in the role \"replica\" is told by "
		"no trigger for statements",
		RelationGetRelationName(rel));
	misfit->hint = "RESET session_replication_role.";
	return true;
}

/* (relation, system, entity) */
Datum
sync_misfit(PG_FUNCTION_ARGS)
{
	Oid             relation = PG_GETARG_OID(0);
	const char     *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	const SlPolicy *policy = sl_policy_get(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	int             system = sl_policy_system(policy, name);
	SlMisfit        misfit;

	if (get_rel_name(relation) == NULL)
		PG_RETURN_NULL();
	if (system < 0)
		PG_RETURN_TEXT_P(
			cstring_to_text(psprintf("the policy of entity \"%s\" names no system \"%s\"",
									 policy->entity, name)));
	if (!sl_attach_is_misfit(relation, policy, system, &misfit))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(misfit.reason));
}
