/*
 * canonical_test.c
 *	  Entry points by which tests reach what no SQL function of the extension shows.
 *
 * A test creates the functions itself; the install script does not.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "canonical.h"
#include "digest.h"

PG_FUNCTION_INFO_V1(sync_test_canonical);
PG_FUNCTION_INFO_V1(sync_test_digest);

static const char *
kind_name(SlKind kind)
{
	switch (kind)
	{
		case SL_ABSENT:
			return "absent";
		case SL_NULL:
			return "null";
		case SL_EXACT:
			return "exact";
		case SL_INEXACT:
			return "inexact";
	}
	elog(ERROR, "unexpected kind of value: %d", (int) kind);
}

static SlValue
canonical_value(text *json, bool *has_nul, bool *too_long)
{
	*has_nul = false;
	*too_long = false;
	return sl_canonical_text(VARDATA_ANY(json), VARSIZE_ANY_EXHDR(json), has_nul,
							 too_long);
}

/* (json) returns text: the kind and the text of its canonical value, or what it has. */
Datum
sync_test_canonical(PG_FUNCTION_ARGS)
{
	bool    has_nul;
	bool    too_long;
	SlValue value = canonical_value(PG_GETARG_TEXT_PP(0), &has_nul, &too_long);

	if (has_nul || too_long)
		PG_RETURN_TEXT_P(cstring_to_text(has_nul ? "has nul" : "too long"));
	PG_RETURN_TEXT_P(cstring_to_text(
		psprintf("%s %.*s", kind_name(value.kind), (int) value.len, value.data)));
}

static void
name_field(SlFieldSpec *field, text *name)
{
	StringInfoData json;

	initStringInfo(&json);
	sl_append_json_string(&json, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	field->json_name = json.data;
	field->json_name_len = json.len;
}

/* (names text[], values json[]) returns text: the hash of a record, null being absent. */
Datum
sync_test_digest(PG_FUNCTION_ARGS)
{
	SlPolicy policy = {0};
	SlValue *values;
	Datum   *names;
	Datum   *jsons;
	bool    *is_absent;
	int      nvalues;
	bool     has_nul;
	bool     too_long;
	char     hex[SL_DIGEST_HEX];

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false, TYPALIGN_INT, &names,
					  NULL, &policy.nfields);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), JSONOID, -1, false, TYPALIGN_INT, &jsons,
					  &is_absent, &nvalues);
	if (nvalues != policy.nfields)
		elog(ERROR, "%d names but %d values", policy.nfields, nvalues);
	policy.fields = palloc0_array(SlFieldSpec, nvalues);
	values = palloc0_array(SlValue, nvalues);
	for (int i = 0; i < nvalues; i++)
	{
		name_field(&policy.fields[i], DatumGetTextPP(names[i]));
		if (!is_absent[i])
			values[i] = canonical_value(DatumGetTextPP(jsons[i]), &has_nul, &too_long);
	}
	sl_digest_record(&policy, values, hex);
	PG_RETURN_TEXT_P(cstring_to_text_with_len(hex, sizeof(hex)));
}
