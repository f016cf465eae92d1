/*
 * changes.c
 *	  What differs between two complete records.
 *
 * Values are compared as jsonb: numbers by value, objects without regard to the order
 * of their keys.  A key that is absent, and a record that is, holds null.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

/* Both sides of one walk in jsonb's own key order. */
typedef struct Side
{
	JsonbContainer *object; /* NULL: no record */
	JsonbIterator  *iterator;
	bool            has_member;
	JsonbValue      key; /* where has_member */
	JsonbValue      value;
} Side;

PG_FUNCTION_INFO_V1(sync_changes);

static void
next_member(Side *side)
{
	side->has_member = side->object != NULL &&
					   JsonbIteratorNext(&side->iterator, &side->key, true) == WJB_KEY;
	if (side->has_member)
		(void) JsonbIteratorNext(&side->iterator, &side->value, true);
}

static void
open_side(Side *side, Jsonb *record)
{
	JsonbValue object;

	memset(side, 0, sizeof(*side));
	if (record == NULL)
		return;
	if (!JB_ROOT_IS_OBJECT(record))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a record to compare is no JSON object"),
						errhint("Pass two complete records, such as "
								"'{\"name\": \"Ann\"}'; an absent record is NULL.")));
	side->object = &record->root;
	side->iterator = JsonbIteratorInit(side->object);
	(void) JsonbIteratorNext(&side->iterator, &object, false);
	next_member(side);
}

/* jsonb's key order: by length, then by bytes; a side at its end comes last. */
static int
compare_sides(const Side *a, const Side *b)
{
	int a_len;
	int b_len;

	if (!a->has_member || !b->has_member)
		return b->has_member - a->has_member;
	a_len = a->key.val.string.len;
	b_len = b->key.val.string.len;
	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return memcmp(a->key.val.string.val, b->key.val.string.val, a_len);
}

static bool
is_same_value(const JsonbValue *a, const JsonbValue *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type)
	{
		case jbvNull:
			return true;
		case jbvBool:
			return a->val.boolean == b->val.boolean;
		case jbvString:
			return a->val.string.len == b->val.string.len &&
				   memcmp(a->val.string.val, b->val.string.val, a->val.string.len) == 0;
		case jbvNumeric:
			return DatumGetBool(DirectFunctionCall2(numeric_eq,
													NumericGetDatum(a->val.numeric),
													NumericGetDatum(b->val.numeric)));
		case jbvBinary:
			return compareJsonbContainers(a->val.binary.data, b->val.binary.data) == 0;
		case jbvArray:
		case jbvObject:
		case jbvDatetime:
			break;
	}
	elog(ERROR, "unexpected jsonb value of type %d", (int) a->type);
}

/* Takes the key that comes next from the sides that hold it; adds what differs. */
static void
push_next_change(JsonbParseState **changes, Side *old, Side *new)
{
	JsonbValue  none = {.type = jbvNull};
	int         order = compare_sides(old, new);
	JsonbValue *old_value = order <= 0 ? &old->value : &none;
	JsonbValue *new_value = order >= 0 ? &new->value : &none;

	if (!is_same_value(old_value, new_value))
	{
		(void) pushJsonbValue(changes, WJB_KEY, order <= 0 ? &old->key : &new->key);
		(void) pushJsonbValue(changes, WJB_VALUE, new_value);
	}
	if (order <= 0)
		next_member(old);
	if (order >= 0)
		next_member(new);
}

static Jsonb *
nullable_jsonb_arg(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : PG_GETARG_JSONB_P(n);
}

Datum
sync_changes(PG_FUNCTION_ARGS)
{
	Side old;
	Side new;
	JsonbParseState *changes = NULL;

	open_side(&old, nullable_jsonb_arg(fcinfo, 0));
	open_side(&new, nullable_jsonb_arg(fcinfo, 1));
	(void) pushJsonbValue(&changes, WJB_BEGIN_OBJECT, NULL);
	while (old.has_member || new.has_member)
	{
		CHECK_FOR_INTERRUPTS();
		push_next_change(&changes, &old, &new);
	}
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&changes, WJB_END_OBJECT, NULL)));
}
