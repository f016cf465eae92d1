/*
 * set_test.c
 *	  An entry point by which tests reach the merge of sets.
 *
 * A test creates the function itself; the install script does not.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "set.h"

PG_FUNCTION_INFO_V1(sync_test_set_merge);

static SlValue
value_of(Datum json)
{
	char *s = TextDatumGetCString(json);

	if (strcmp(s, "null") == 0)
		return sl_value_null();
	return (SlValue){s, (int32) strlen(s), SL_EXACT};
}

/* (golden, shown, bases) returns text: the merged set, behind "unsure" where it is. */
Datum
sync_test_set_merge(PG_FUNCTION_ARGS)
{
	SlValue    golden = value_of(PG_GETARG_DATUM(0));
	SlValue    shown = value_of(PG_GETARG_DATUM(1));
	Datum     *texts;
	int        n;
	SlValue   *bases;
	SlSetMerge merge;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(2), TEXTOID, -1, false, TYPALIGN_INT, &texts,
					  NULL, &n);
	bases = palloc(sizeof(SlValue) * Max(n, 1));
	for (int i = 0; i < n; i++)
		bases[i] = value_of(texts[i]);
	merge = sl_set_merge(&golden, &shown, bases, n);
	PG_RETURN_TEXT_P(
		cstring_to_text(psprintf("%s%.*s", merge.is_unsure ? "unsure " : "",
								 (int) merge.merged.len, merge.merged.data)));
}
