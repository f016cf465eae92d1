/*
 * json_out.c
 *	  From canonical values to jsonb, by PostgreSQL's own builder and parser.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "json_out.h"

Datum
sl_text_to_jsonb(const char *json)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}

static void
take_number(const SlValue *value, JsonbValue *number)
{
	char *text = pnstrdup(value->data, value->len);

	number->type = jbvNumeric;
	number->val.numeric = DatumGetNumeric(
		DirectFunctionCall3(numeric_in, CStringGetDatum(text),
							ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

/* Most values are scalars, and texts without an escape: they are taken as they lie. */
static bool
is_simple(const SlValue *value, JsonbValue *simple)
{
	char first;

	if (sl_value_is_null(value))
	{
		simple->type = jbvNull;
		return true;
	}
	first = value->data[0];
	if (first == '-' || (first >= '0' && first <= '9'))
	{
		take_number(value, simple);
		return true;
	}
	if (first != '"' || memchr(value->data, '\\', value->len) != NULL)
		return false;
	simple->type = jbvString;
	simple->val.string.val = (char *) value->data + 1;
	simple->val.string.len = value->len - 2;
	return true;
}

void
sl_push_value(JsonbParseState **state, const SlValue *value, JsonbIteratorToken as)
{
	JsonbValue pushed;
	Jsonb     *parsed;

	if (is_simple(value, &pushed))
	{
		pushJsonbValue(state, as, &pushed);
		return;
	}
	parsed = DatumGetJsonbP(sl_text_to_jsonb(pnstrdup(value->data, value->len)));
	if (!JsonbExtractScalar(&parsed->root, &pushed))
	{
		pushed.type = jbvBinary;
		pushed.val.binary.data = &parsed->root;
		pushed.val.binary.len = VARSIZE(parsed) - VARHDRSZ;
	}
	pushJsonbValue(state, as, &pushed);
}

void
sl_push_key(JsonbParseState **state, const char *key, int key_len)
{
	JsonbValue pushed = {.type = jbvString};

	pushed.val.string.val = (char *) key;
	pushed.val.string.len = key_len;
	pushJsonbValue(state, WJB_KEY, &pushed);
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

static void
push_member(JsonbParseState **state, const SlFieldSpec *field, const SlValue *value)
{
	sl_push_key(state, field->name, field->name_len);
	sl_push_value(state, value, WJB_VALUE);
}

static Datum
end_object(JsonbParseState **state)
{
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(state, WJB_END_OBJECT, NULL)));
}

Datum
sl_record_to_jsonb(const SlPolicy *policy, const SlValue *values)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int f = 0; f < policy->nfields; f++)
		if (values[f].kind != SL_ABSENT)
			push_member(&state, &policy->fields[f], &values[f]);
	return end_object(&state);
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
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < nfields; i++)
		push_member(&state, &policy->fields[fields[i]], &values[i]);
	return end_object(&state);
}
