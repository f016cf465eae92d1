/*
 * diff_dry.c
 *	  The states that a dry run carries along, since it writes none.
 *
 * A record that stands twice in one call is decided on the effects of the first, in
 * a dry run too.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "diff.h"

/* A state by its record's key. */
typedef struct DryKey
{
	const char *data;
	int32       len;
} DryKey;

typedef struct DryState
{
	DryKey key;
	bytea *state;
	uint32 hash;
	char   status;
} DryState;

#define SH_PREFIX            dry
#define SH_ELEMENT_TYPE      DryState
#define SH_KEY_TYPE          DryKey
#define SH_KEY               key
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) (key).data, (key).len)
#define SH_EQUAL(tb, a, b) \
	((a).len == (b).len && memcmp((a).data, (b).data, (a).len) == 0)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) ((a)->hash)
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

void
sl_dry_begin(SlDiff *diff)
{
	diff->dry_states = dry_create(diff->call, 64, NULL);
}

static void
remember(SlDiff *diff, const SlRecord *record)
{
	DryKey    key = {record->key, record->key_len};
	DryState *dry = dry_lookup(diff->dry_states, key);
	bool      is_found;

	if (dry == NULL)
	{
		char *copy = MemoryContextAlloc(diff->call, record->key_len);

		memcpy(copy, record->key, record->key_len);
		key.data = copy;
		dry = dry_insert(diff->dry_states, key, &is_found);
		dry->state = NULL;
	}
	else
		pfree(dry->state);
	dry->state = MemoryContextAlloc(diff->call, VARSIZE(record->encoded));
	memcpy(dry->state, record->encoded, VARSIZE(record->encoded));
}

bool
sl_dry_look(SlDiff *diff, const char *key, int32 key_len, SlStored *found)
{
	DryState *dry = dry_lookup(diff->dry_states, (DryKey){key, key_len});

	if (dry == NULL)
		return sl_store_look(&diff->store, key, key_len, found);
	found->data = VARDATA_ANY(dry->state);
	found->len = (int32) VARSIZE_ANY_EXHDR(dry->state);
	return true;
}

void
sl_dry_load(SlDiff *diff, SlRecord **records, int nrecords)
{
	for (int i = 0; i < nrecords; i++)
	{
		SlStored found = {.data = NULL, .len = 0};
		char    *copy;

		sl_dry_look(diff, records[i]->key, records[i]->key_len, &found);
		copy = palloc(Max(found.len, 1));
		if (found.len > 0)
			memcpy(copy, found.data, found.len);
		records[i]->stored = copy;
		records[i]->stored_len = found.len;
	}
}

void
sl_dry_put(SlDiff *diff, SlRecord **records, int nrecords)
{
	for (int i = 0; i < nrecords; i++)
		if (records[i]->encoded != NULL)
			remember(diff, records[i]);
}
