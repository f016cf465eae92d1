/*
 * diff_sql.c
 *	  sync_diff in its three overloads, and sync_delete: thin doors to the pipeline.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"

#include "canonical.h"
#include "compat.h"
#include "diff_sql.h"
#include "policy_cache.h"

PG_FUNCTION_INFO_V1(sync_diff_text);
PG_FUNCTION_INFO_V1(sync_diff_jsonb);
PG_FUNCTION_INFO_V1(sync_delete);

static void
need_argument(FunctionCallInfo fcinfo, int arg, const char *function, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" of %s must not be null", name, function)));
}

/* None are no null, which is what an aggregate makes of no rows. */
static void
need_rows(FunctionCallInfo fcinfo, const char *function, const char *name,
		  const char *aggregate, const char *none)
{
	if (PG_ARGISNULL(SL_ARG_RECORDS))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"%s\" of %s must not be null", name, function),
						errhint("Where there may be none, pass coalesce(%s(...), '%s').",
								aggregate, none)));
}

static bool
is_set(FunctionCallInfo fcinfo, int arg)
{
	return !PG_ARGISNULL(arg) && PG_GETARG_BOOL(arg);
}

static void
check_approval(const SlDiffOptions *options)
{
	if (!options->is_complete)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("\"approve\" without \"complete\": %d", options->approved),
						errhint("Only a complete listing is guarded; leave it out.")));
	if (options->approved <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"approve\" is no number of records: %d", options->approved),
				 errhint("Give the number that the refused call has named.")));
}

static void
read_options(FunctionCallInfo fcinfo, SlDiffOptions *options)
{
	options->actor = PG_ARGISNULL(SL_ARG_ACTOR)
						 ? NULL
						 : text_to_cstring(PG_GETARG_TEXT_PP(SL_ARG_ACTOR));
	options->is_dry_run = is_set(fcinfo, SL_ARG_DRY_RUN);
	options->is_complete = is_set(fcinfo, SL_ARG_COMPLETE);
	options->is_baseline = is_set(fcinfo, SL_ARG_BASELINE);
	options->is_verbose = is_set(fcinfo, SL_ARG_VERBOSE);
	if (PG_ARGISNULL(SL_ARG_APPROVE))
		return;
	options->approved = PG_GETARG_INT32(SL_ARG_APPROVE);
	check_approval(options);
}

/* Of system and entity, the first two arguments of each door. */
static void
open_diff(FunctionCallInfo fcinfo, SlDiff *diff)
{
	ReturnSetInfo *result;

	diff->policy = sl_policy_get(text_to_cstring(PG_GETARG_TEXT_PP(SL_ARG_ENTITY)));
	diff->system = sl_policy_need_system(diff->policy, text_to_cstring(PG_GETARG_TEXT_PP(
														   SL_ARG_SYSTEM)));
	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	diff->rows = result->setResult;
	diff->row_desc = result->setDesc;
}

void
sl_diff_open(FunctionCallInfo fcinfo, const char *function, const char *input,
			 SlDiff *diff)
{
	need_argument(fcinfo, SL_ARG_SYSTEM, function, "system");
	need_argument(fcinfo, SL_ARG_ENTITY, function, "entity");
	need_argument(fcinfo, SL_ARG_RECORDS, function, input);
	read_options(fcinfo, &diff->options);
	open_diff(fcinfo, diff);
}

/* text, and json, which is text that was checked before */
Datum
sync_diff_text(PG_FUNCTION_ARGS)
{
	SlDiff diff = {0};
	text  *records;

	need_rows(fcinfo, "sync_diff", "records", "jsonb_agg", "[]");
	sl_diff_open(fcinfo, "sync_diff", "records", &diff);
	records = PG_GETARG_TEXT_PP(SL_ARG_RECORDS);
	sl_diff_run(&diff, VARDATA_ANY(records), (int32) VARSIZE_ANY_EXHDR(records));
	return (Datum) 0;
}

Datum
sync_diff_jsonb(PG_FUNCTION_ARGS)
{
	SlDiff         diff = {0};
	Jsonb         *records;
	StringInfoData json;

	need_rows(fcinfo, "sync_diff", "records", "jsonb_agg", "[]");
	sl_diff_open(fcinfo, "sync_diff", "records", &diff);
	records = PG_GETARG_JSONB_P(SL_ARG_RECORDS);
	initStringInfo(&json);
	JsonbToCString(&json, &records->root, VARSIZE(records));
	sl_diff_run(&diff, json.data, json.len);
	return (Datum) 0;
}

/* The keys of a call of sync_delete. */
typedef struct Keys
{
	Datum *keys;
	int    n;
	int    next;
} Keys;

/* What stands in sync_reject where a key cannot be one: the key, as a JSON string. */
static void
name_record(SlRawRecord *raw, text *key, int ordinal)
{
	StringInfoData json;

	initStringInfo(&json);
	sl_append_json_string(&json, VARDATA_ANY(key), (int32) VARSIZE_ANY_EXHDR(key));
	raw->is_object = false;
	raw->has_nul = false;
	raw->data = json.data;
	raw->len = json.len;
	raw->ordinal = ordinal;
}

static bool
next_of_keys(SlDiff *diff, SlRawRecord *raw, SlIntake *intake)
{
	Keys *keys = diff->source;
	text *key;

	if (keys->next == keys->n)
		return false;
	key = DatumGetTextPP(keys->keys[keys->next++]);
	sl_intake_deletion(diff->policy, VARDATA_ANY(key), (int32) VARSIZE_ANY_EXHDR(key),
					   intake);
	name_record(raw, key, keys->next);
	return true;
}

static void
read_keys(FunctionCallInfo fcinfo, Keys *keys)
{
	bool *nulls;

	keys->next = 0;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(SL_ARG_RECORDS), TEXTOID, -1, false,
					  TYPALIGN_INT, &keys->keys, &nulls, &keys->n);
	for (int i = 0; i < keys->n; i++)
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("record key %d of %d of sync_delete is null", i + 1, keys->n),
					 errhint("Pass the keys of the records that were deleted there.")));
}

/* (system, entity, record_keys, actor) */
Datum
sync_delete(PG_FUNCTION_ARGS)
{
	SlDiff diff = {0};
	Keys   keys;

	need_argument(fcinfo, SL_ARG_SYSTEM, "sync_delete", "system");
	need_argument(fcinfo, SL_ARG_ENTITY, "sync_delete", "entity");
	need_rows(fcinfo, "sync_delete", "record_keys", "array_agg", "{}");
	if (!PG_ARGISNULL(SL_ARG_ACTOR))
		diff.options.actor = text_to_cstring(PG_GETARG_TEXT_PP(SL_ARG_ACTOR));
	open_diff(fcinfo, &diff);
	read_keys(fcinfo, &keys);
	sl_diff_run_source(&diff, next_of_keys, &keys);
	return (Datum) 0;
}
