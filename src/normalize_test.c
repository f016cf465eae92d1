/*
 * normalize_test.c
 *	  Entry points by which tests reach what no SQL function of the extension shows.
 *
 * A test creates the functions itself; the install script does not.
 */
#include "postgres.h"

#include "fmgr.h"
#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "normalize.h"
#include "policy.h"
#include "reader.h"

PG_FUNCTION_INFO_V1(sync_test_field);
PG_FUNCTION_INFO_V1(sync_test_field_is_slice);
PG_FUNCTION_INFO_V1(sync_test_decision);
PG_FUNCTION_INFO_V1(sync_test_token_compare);

/* A policy of one field, number 0, and of one system. */
static SlPolicy *
parse_config(Jsonb *config)
{
	SlPolicy *policy = sl_policy_parse("test", 1, config, CurrentMemoryContext);

	if (policy->nfields != 1)
		elog(ERROR, "the config has %d fields, not one", policy->nfields);
	return policy;
}

static text *
describe(bool is_value, const SlValue *value, const SlReason *reason)
{
	if (!is_value)
		return cstring_to_text(psprintf("rejected: %s", reason->message));
	if (value->kind == SL_ABSENT)
		return cstring_to_text("absent");
	return cstring_to_text(psprintf("%s%.*s", value->kind == SL_INEXACT ? "inexact " : "",
									(int) value->len, value->data));
}

static bool
read_field(Jsonb *config, text *record, SlValue *value, SlReason *reason)
{
	SlPolicy   *policy = parse_config(config);
	SlRaw       slots[SL_NSLOTS + 1];
	SlRawRecord raw = {.slots = slots};
	SlReader    reader;

	sl_reader_open(&reader, policy, 0, VARDATA_ANY(record), VARSIZE_ANY_EXHDR(record));
	if (!sl_reader_next(&reader, &raw))
		elog(ERROR, "there is no record");
	return sl_normalize(policy, 0, 0, &slots[sl_slot_of_field(0)], value, reason);
}

/* (config jsonb, record text) returns text: the bytes of the field's value. */
Datum
sync_test_field(PG_FUNCTION_ARGS)
{
	SlValue  value;
	SlReason reason;
	bool     is_value = read_field(PG_GETARG_JSONB_P(0), PG_GETARG_TEXT_PP(1), &value,
								   &reason);

	PG_RETURN_TEXT_P(describe(is_value, &value, &reason));
}

/* (config jsonb, record text) returns boolean: the value is a slice of the record. */
Datum
sync_test_field_is_slice(PG_FUNCTION_ARGS)
{
	text       *record = PG_GETARG_TEXT_PP(1);
	const char *start = VARDATA_ANY(record);
	SlValue     value;
	SlReason    reason;

	if (!read_field(PG_GETARG_JSONB_P(0), record, &value, &reason))
		PG_RETURN_NULL();
	PG_RETURN_BOOL(value.data >= start && value.data < start + VARSIZE_ANY_EXHDR(record));
}

/* (config jsonb, value jsonb) returns text: the value as a human's decision. */
Datum
sync_test_decision(PG_FUNCTION_ARGS)
{
	SlPolicy *policy = parse_config(PG_GETARG_JSONB_P(0));
	SlValue   value;
	SlReason  reason;
	bool is_value = sl_normalize_jsonb(policy, 0, PG_GETARG_JSONB_P(1), &value, &reason);

	PG_RETURN_TEXT_P(describe(is_value, &value, &reason));
}

/* (a text, b text, timezone text) returns integer: -1, 0 or 1. */
Datum
sync_test_token_compare(PG_FUNCTION_ARGS)
{
	text  *a = PG_GETARG_TEXT_PP(0);
	text  *b = PG_GETARG_TEXT_PP(1);
	pg_tz *tz = pg_tzset(text_to_cstring(PG_GETARG_TEXT_PP(2)));
	int    order = sl_token_compare(VARDATA_ANY(a), VARSIZE_ANY_EXHDR(a), VARDATA_ANY(b),
									VARSIZE_ANY_EXHDR(b), tz);

	PG_RETURN_INT32((order > 0) - (order < 0));
}
