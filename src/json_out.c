/*
 * json_out.c
 *	  From canonical values to jsonb, by PostgreSQL's own builder and parser.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "json_out.h"

/* Bytes of an object or array, or of a number. */
#define LARGE 1024

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

Datum
sl_record_to_jsonb(const SlPolicy *policy, const SlValue *values)
{
	int     *fields = palloc(sizeof(int) * policy->nfields);
	SlValue *present = palloc(sizeof(SlValue) * policy->nfields);
	int      n = 0;

	for (int f = 0; f < policy->nfields; f++)
	{
		if (values[f].kind == SL_ABSENT)
			continue;
		fields[n] = f;
		present[n++] = values[f];
	}
	return sl_fields_to_jsonb(policy, n, fields, present);
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

/* What is large is parsed with all that stands around it, rather than parsed and put in again. */
static bool
has_large(int n, const SlValue *values)
{
	for (int i = 0; i < n; i++)
		if (values[i].len > LARGE && values[i].data[0] != '"')
			return true;
	return false;
}

Datum
sl_fields_to_jsonb(const SlPolicy *policy, int nfields, const int *fields,
				   const SlValue *values)
{
	JsonbParseState *state = NULL;

	if (has_large(nfields, values))
		return sl_text_to_jsonb(sl_fields_to_json(policy, nfields, fields, values));
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < nfields; i++)
	{
		const SlFieldSpec *field = &policy->fields[fields[i]];

		sl_push_key(&state, field->name, field->name_len);
		sl_push_value(&state, &values[i], WJB_VALUE);
	}
	return JsonbPGetDatum(
		JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}
