/*
 * json_out.c
 *	  From canonical values to jsonb, by PostgreSQL's own parser.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "json_out.h"

Datum
sl_text_to_jsonb(const char *json)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}

Datum
sl_value_to_jsonb(const SlValue *value, bool *is_null)
{
	*is_null = value->kind == SL_ABSENT;
	if (*is_null)
		return (Datum) 0;
	return sl_text_to_jsonb(pnstrdup(value->data, value->len));
}

void
sl_append_member(StringInfo out, const SlFieldSpec *spec, const SlValue *value)
{
	if (out->len > 1)
		appendStringInfoChar(out, ',');
	appendBinaryStringInfo(out, spec->json_name, spec->json_name_len);
	appendStringInfoChar(out, ':');
	if (value->kind == SL_ABSENT)
		appendStringInfoString(out, "null");
	else
		appendBinaryStringInfo(out, value->data, value->len);
}

Datum
sl_record_to_jsonb(const SlPolicy *policy, const SlValue *values)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int f = 0; f < policy->nfields; f++)
		if (values[f].kind != SL_ABSENT)
			sl_append_member(&json, &policy->fields[f], &values[f]);
	appendStringInfoChar(&json, '}');
	return sl_text_to_jsonb(json.data);
}

const char *
sl_fields_to_json(const SlPolicy *policy, int nfields, const int *fields,
				  const SlValue *values)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < nfields; i++)
		sl_append_member(&json, &policy->fields[fields[i]], &values[i]);
	appendStringInfoChar(&json, '}');
	return json.data;
}

Datum
sl_fields_to_jsonb(const SlPolicy *policy, int nfields, const int *fields,
				   const SlValue *values)
{
	return sl_text_to_jsonb(sl_fields_to_json(policy, nfields, fields, values));
}
