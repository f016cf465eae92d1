/*
 * row_value.c
 *	  From a value of a column to a slice of JSON text: the text that to_json() gives.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "canonical.h"
#include "row_value.h"

/* Long enough for any number or time of a fixed length. */
#define SHORT_TEXT 128

static void
set_text(SlRaw *raw, const char *text, int32 len)
{
	StringInfoData json = {.data = palloc(len + 3), .maxlen = len + 3};

	sl_append_json_string(&json, text, len);
	raw->kind = SL_RAW_STRING;
	raw->data = json.data;
	raw->len = json.len;
	raw->has_escape = json.len != len + 2;
}

static void
set_number(SlRaw *raw, const char *text)
{
	raw->len = (int32) strlen(text);
	raw->kind = SL_RAW_NUMBER;
	raw->data = text;
	/* NaN and the infinities are no numbers of JSON. */
	if (!(text[0] >= '0' && text[0] <= '9') && !(text[1] >= '0' && text[1] <= '9'))
		set_text(raw, text, raw->len);
}

static void
set_float(SlRaw *raw, double value, bool is_short)
{
	char *text = palloc(SHORT_TEXT);

	if (isnan(value))
		set_number(raw, "NaN");
	else if (isinf(value))
		set_number(raw, value > 0 ? "Infinity" : "-Infinity");
	else
	{
		if (is_short)
			float_to_shortest_decimal_buf((float) value, text);
		else
			double_to_shortest_decimal_buf(value, text);
		set_number(raw, text);
	}
}

static void
set_bool(SlRaw *raw, bool value)
{
	raw->kind = value ? SL_RAW_TRUE : SL_RAW_FALSE;
	raw->data = value ? "true" : "false";
	raw->len = value ? 4 : 5;
}

static void
set_int(SlRaw *raw, int64 value)
{
	char *text = palloc(SHORT_TEXT);

	pg_lltoa(value, text);
	set_number(raw, text);
}

static void
set_time(SlRaw *raw, Datum value, Oid type)
{
	static const int utc = 0;
	char             text[SHORT_TEXT];

	JsonEncodeDateTime(text, value, type, &utc);
	set_text(raw, text, (int32) strlen(text));
}

void
sl_row_value(SlRaw *raw, Datum value, Oid type)
{
	raw->has_escape = false;
	switch (type)
	{
		case BOOLOID:
			set_bool(raw, DatumGetBool(value));
			break;
		case INT2OID:
			set_int(raw, DatumGetInt16(value));
			break;
		case INT4OID:
			set_int(raw, DatumGetInt32(value));
			break;
		case INT8OID:
			set_int(raw, DatumGetInt64(value));
			break;
		case FLOAT4OID:
			set_float(raw, DatumGetFloat4(value), true);
			break;
		case FLOAT8OID:
			set_float(raw, DatumGetFloat8(value), false);
			break;
		case NUMERICOID:
			set_number(raw, DatumGetCString(DirectFunctionCall1(numeric_out, value)));
			break;
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			set_time(raw, value, type);
			break;
		default:
		{
			text *string = DatumGetTextPP(value);

			set_text(raw, VARDATA_ANY(string), (int32) VARSIZE_ANY_EXHDR(string));
		}
	}
}

/* False where it is not: whoever reads its text says why. */
static bool
set_canonical(SlRaw *raw, Jsonb *value)
{
	SlValue canonical;

	if (!sl_canonical_jsonb(value, &canonical))
		return false;
	raw->kind = JB_ROOT_IS_OBJECT(value) ? SL_RAW_OBJECT : SL_RAW_ARRAY;
	raw->data = canonical.data;
	raw->len = canonical.len;
	raw->canonical = canonical.kind;
	return true;
}

void
sl_row_jsonb(SlRaw *raw, Jsonb *value, bool is_json_field)
{
	StringInfoData text;

	if (is_json_field && !JB_ROOT_IS_SCALAR(value) && set_canonical(raw, value))
		return;
	initStringInfo(&text);
	(void) JsonbToCString(&text, &value->root, (int) VARSIZE(value));
	raw->data = text.data;
	raw->len = text.len;
}
