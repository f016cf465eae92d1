/*
 * diff_sql.c
 *	  sync_diff in its three overloads: thin doors to the pipeline.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "compat.h"
#include "diff.h"
#include "policy_cache.h"

PG_FUNCTION_INFO_V1(sync_diff_text);
PG_FUNCTION_INFO_V1(sync_diff_jsonb);

enum
{
	ARG_SYSTEM,
	ARG_ENTITY,
	ARG_RECORDS,
	ARG_ACTOR,
	ARG_DRY_RUN,
	ARG_COMPLETE,
	ARG_BASELINE,
	ARG_VERBOSE,
	ARG_APPROVE
};

static void
need_argument(FunctionCallInfo fcinfo, int arg, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"%s\" of sync_diff must not be null", name)));
}

static bool
is_set(FunctionCallInfo fcinfo, int arg)
{
	return !PG_ARGISNULL(arg) && PG_GETARG_BOOL(arg);
}

static void
refuse_option(const char *name)
{
	ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					errmsg("option \"%s\" of sync_diff is not supported yet", name),
					errhint("Leave it out: each record is then decided on its own.")));
}

static void
read_options(FunctionCallInfo fcinfo, SlDiffOptions *options)
{
	if (is_set(fcinfo, ARG_COMPLETE))
		refuse_option("complete");
	if (is_set(fcinfo, ARG_BASELINE))
		refuse_option("baseline");
	if (!PG_ARGISNULL(ARG_APPROVE))
		refuse_option("approve");
	options->actor = PG_ARGISNULL(ARG_ACTOR)
						 ? NULL
						 : text_to_cstring(PG_GETARG_TEXT_PP(ARG_ACTOR));
	options->is_dry_run = is_set(fcinfo, ARG_DRY_RUN);
	options->is_verbose = is_set(fcinfo, ARG_VERBOSE);
}

static void
run(FunctionCallInfo fcinfo, const char *json, int32 len)
{
	ReturnSetInfo *result;
	SlDiff         diff = {0};

	read_options(fcinfo, &diff.options);
	diff.policy = sl_policy_get(text_to_cstring(PG_GETARG_TEXT_PP(ARG_ENTITY)));
	diff.system = sl_policy_need_system(diff.policy,
										text_to_cstring(PG_GETARG_TEXT_PP(ARG_SYSTEM)));
	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	diff.rows = result->setResult;
	diff.row_desc = result->setDesc;
	sl_diff_run(&diff, json, len);
}

static void
need_arguments(FunctionCallInfo fcinfo)
{
	need_argument(fcinfo, ARG_SYSTEM, "system");
	need_argument(fcinfo, ARG_ENTITY, "entity");
	need_argument(fcinfo, ARG_RECORDS, "records");
}

/* text, and json, which is text that was checked before */
Datum
sync_diff_text(PG_FUNCTION_ARGS)
{
	text *records;

	need_arguments(fcinfo);
	records = PG_GETARG_TEXT_PP(ARG_RECORDS);
	run(fcinfo, VARDATA_ANY(records), (int32) VARSIZE_ANY_EXHDR(records));
	return (Datum) 0;
}

Datum
sync_diff_jsonb(PG_FUNCTION_ARGS)
{
	Jsonb         *records;
	StringInfoData json;

	need_arguments(fcinfo);
	records = PG_GETARG_JSONB_P(ARG_RECORDS);
	initStringInfo(&json);
	JsonbToCString(&json, &records->root, VARSIZE(records));
	run(fcinfo, json.data, json.len);
	return (Datum) 0;
}
