/*
 * masked.c
 *	  Values as people may see them.
 *
 * What is to be masked of a field is asked once, and again under other policies: whoever
 * looks at many rows does not read the policies for each.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "policy_cache.h"
#include "policy_config.h"
#include "query.h"

PG_FUNCTION_INFO_V1(sync_masked);

#define MASK "***"

/* Who asks for names that are nobody's shall not fill the memory. */
#define MAX_MASKS 4096

typedef struct MaskKey
{
	char entity[SL_MAX_NAME + 1];
	char field[SL_MAX_FIELD_NAME + 1]; /* "": none */
} MaskKey;

typedef struct Mask
{
	MaskKey key;
	bool    is_whole; /* no part of the value is shown */
	bool    is_group; /* only an object is, but for its sensitive members */
	int     n;
	char  **fields; /* the sensitive ones of the entity */
} Mask;

/* (of the entity and field): whole, group, sensitive fields */
static SlPlan find_mask = {
	.sql = "SELECT s.field OR (s.as_group AND NOT %s.sync_is_current($1, $2)),"
		   " s.as_group, %s.sync_sensitive_fields($1)"
		   " FROM (SELECT %s.sync_is_sensitive($1, $2),"
		   "  %s.sync_is_sensitive_group($1, $2)) AS s(field, as_group)",
	.nargs = 2,
	.argtypes = {TEXTOID, TEXTOID}};

static MemoryContext context = NULL;
static HTAB         *masks = NULL;
static uint64        generation = 0; /* of the policies that they follow */

static void
need_masks(void)
{
	HASHCTL shape;
	uint64  now = sl_policy_generation();

	if (masks != NULL && generation == now && hash_get_num_entries(masks) < MAX_MASKS)
		return;
	masks = NULL;
	if (context == NULL)
		context = AllocSetContextCreate(CacheMemoryContext, "sync_ledger masks",
										ALLOCSET_SMALL_SIZES);
	MemoryContextReset(context);
	memset(&shape, 0, sizeof(shape));
	shape.keysize = sizeof(MaskKey);
	shape.entrysize = sizeof(Mask);
	shape.hcxt = context;
	masks = hash_create("sync_ledger masks", 64, &shape,
						HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	generation = now;
}

static char **
copy_names(ArrayType *array, int *n)
{
	Datum *names;
	char **copies;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &names, NULL, n);
	copies = MemoryContextAlloc(context, sizeof(char *) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
		copies[i] = MemoryContextStrdup(context, TextDatumGetCString(names[i]));
	return copies;
}

static Mask *
load_mask(const MaskKey *key)
{
	Datum values[2] = {CStringGetTextDatum(key->entity), CStringGetTextDatum(key->field)};
	Mask  mask = {.key = *key};
	Mask *kept;

	sl_spi_connect();
	sl_query_select(&find_mask, values, key->field[0] == '\0' ? " n" : NULL);
	mask.is_whole = DatumGetBool(sl_query_value_not_null(0, 1));
	mask.is_group = DatumGetBool(sl_query_value_not_null(0, 2));
	mask.fields = copy_names(DatumGetArrayTypeP(sl_query_value_not_null(0, 3)), &mask.n);
	sl_spi_finish();
	kept = hash_search(masks, key, HASH_ENTER, NULL);
	*kept = mask;
	return kept;
}

/* A name that is too long is nobody's. */
static void
set_name(char *name, size_t size, const text *given)
{
	if (VARSIZE_ANY_EXHDR(given) < size)
		memcpy(name, VARDATA_ANY(given), VARSIZE_ANY_EXHDR(given));
}

static const Mask *
find(FunctionCallInfo fcinfo)
{
	MaskKey key;
	Mask   *mask;

	memset(&key, 0, sizeof(key));
	if (!PG_ARGISNULL(0))
		set_name(key.entity, sizeof(key.entity), PG_GETARG_TEXT_PP(0));
	if (!PG_ARGISNULL(1))
		set_name(key.field, sizeof(key.field), PG_GETARG_TEXT_PP(1));
	need_masks();
	mask = hash_search(masks, &key, HASH_FIND, NULL);
	return mask != NULL ? mask : load_mask(&key);
}

static bool
is_sensitive(const Mask *mask, const JsonbValue *name)
{
	for (int i = 0; i < mask->n; i++)
		if (name->val.string.len == (int) strlen(mask->fields[i]) &&
			memcmp(name->val.string.val, mask->fields[i], name->val.string.len) == 0)
			return true;
	return false;
}

static JsonbValue
stars(void)
{
	return (JsonbValue){.type = jbvString,
						.val.string = {.len = strlen(MASK), .val = MASK}};
}

/* The object with its sensitive members masked. */
static Jsonb *
mask_members(const Mask *mask, Jsonb *object)
{
	JsonbParseState   *state = NULL;
	JsonbIterator     *iterator = JsonbIteratorInit(&object->root);
	JsonbValue         hidden = stars();
	JsonbValue         value;
	JsonbValue        *result = NULL;
	JsonbIteratorToken token;
	bool               is_hidden = false;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			is_hidden = is_sensitive(mask, &value);
		if (token == WJB_VALUE && is_hidden)
			result = pushJsonbValue(&state, token, &hidden);
		else
			result = pushJsonbValue(&state, token,
									token < WJB_BEGIN_ARRAY ? &value : NULL);
	}
	return JsonbValueToJsonb(result);
}

/* (entity, field, value) */
Datum
sync_masked(PG_FUNCTION_ARGS)
{
	const Mask *mask;
	JsonbValue  hidden = stars();
	Jsonb      *value;

	if (PG_ARGISNULL(2))
		PG_RETURN_NULL();
	mask = find(fcinfo);
	value = PG_GETARG_JSONB_P(2);
	if (mask->is_whole || (mask->is_group && !JB_ROOT_IS_OBJECT(value)))
		PG_RETURN_JSONB_P(JsonbValueToJsonb(&hidden));
	if (mask->n == 0 || !JB_ROOT_IS_OBJECT(value))
		PG_RETURN_JSONB_P(value);
	PG_RETURN_JSONB_P(mask_members(mask, value));
}
