/*
 * diff_dry.c
 *	  The states that a dry run carries along, since it writes none.
 *
 * A record that stands twice in one call is decided on the effects of the first, in
 * a dry run too.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/memutils.h"

#include "diff.h"

typedef struct DryState
{
	char   key[SL_MAX_KEY_LEN + 1];
	bytea *state;
} DryState;

void
sl_dry_begin(SlDiff *diff)
{
	HASHCTL control = {.keysize = SL_MAX_KEY_LEN + 1,
					   .entrysize = sizeof(DryState),
					   .hcxt = diff->call};

	diff->dry_states = hash_create("sync_ledger dry run", 256, &control,
								   HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

static DryState *
find(SlDiff *diff, const char *key, int32 key_len, HASHACTION action)
{
	char name[SL_MAX_KEY_LEN + 1];
	bool is_found;

	memcpy(name, key, key_len);
	name[key_len] = '\0';
	return (DryState *) hash_search(diff->dry_states, name, action, &is_found);
}

bool
sl_dry_look(SlDiff *diff, const char *key, int32 key_len, SlStored *found)
{
	DryState *dry = find(diff, key, key_len, HASH_FIND);

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
	{
		bytea *state = records[i]->encoded;
		bytea *copy;

		if (state == NULL)
			continue;
		copy = MemoryContextAlloc(diff->call, VARSIZE(state));
		memcpy(copy, state, VARSIZE(state));
		find(diff, records[i]->key, records[i]->key_len, HASH_ENTER)->state = copy;
	}
}
