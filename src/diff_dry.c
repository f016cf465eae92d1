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
#include "match_hash.h"

/* A record's key, or what it is known by. */
typedef struct DryKey
{
	const char *data;
	int32       len;
} DryKey;

/* A state by its record's key, or records by their native id or match_on. */
typedef struct DryState
{
	DryKey key;
	bytea *state;
	List  *record_keys; /* char *; in doubt: what was shown */
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
	diff->dry_names = dry_create(diff->call, 64, NULL);
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
	sl_store_look_again(&diff->store);
}

void
sl_dry_put(SlDiff *diff, SlRecord **records, int nrecords)
{
	for (int i = 0; i < nrecords; i++)
		if (records[i]->encoded != NULL)
			remember(diff, records[i]);
}

static DryKey
native_id_key(const char *native_id)
{
	char *name = psprintf("n%s", native_id);

	return (DryKey){name, (int32) strlen(name)};
}

static DryKey
match_key(int64 hash)
{
	char *name = psprintf("m" INT64_FORMAT, hash);

	return (DryKey){name, (int32) strlen(name)};
}

/* The newest record of a name comes first. */
static void
note_name(SlDiff *diff, DryKey name, const SlRecord *record)
{
	MemoryContext old = MemoryContextSwitchTo(diff->call);
	DryState     *dry = dry_lookup(diff->dry_names, name);
	bool          is_found;

	if (dry == NULL)
	{
		name.data = pnstrdup(name.data, name.len);
		dry = dry_insert(diff->dry_names, name, &is_found);
		dry->record_keys = NIL;
	}
	dry->record_keys = lcons(pnstrdup(record->key, record->key_len), dry->record_keys);
	MemoryContextSwitchTo(old);
}

static void
note_native_id(SlDiff *diff, const char *native_id, const SlRecord *record)
{
	if (native_id != NULL &&
		!sl_is_same_name(record->native_ids[diff->system], native_id) &&
		!sl_is_same_name(record->former_ids[diff->system], native_id))
		note_name(diff, native_id_key(native_id), record);
}

/* A native id may have come and gone in one chunk: it still names the record. */
void
sl_dry_note(SlDiff *diff, const SlRecord *record)
{
	const SlPart *part = &record->state->parts[diff->system];
	SlMatchHash   match = sl_match_hash_of_state(diff->policy, record->state);

	note_native_id(diff, part->former_id, record);
	note_native_id(diff, part->native_id, record);
	if (match.is_known &&
		(!record->match.is_known || record->match.hash != match.hash ||
		 (record->native_ids[diff->system] != NULL && part->native_id == NULL)))
		note_name(diff, match_key(match.hash), record);
}

static DryKey
doubt_key(const char *native_id)
{
	char *name = psprintf("d%s", native_id);

	return (DryKey){name, (int32) strlen(name)};
}

bool
sl_dry_note_doubt(SlDiff *diff, const char *native_id, const char *shown)
{
	DryState *dry = dry_lookup(diff->dry_names, doubt_key(native_id));
	SlRecord  held = {.key = shown, .key_len = (int32) strlen(shown)};

	if (dry != NULL && strcmp(linitial(dry->record_keys), shown) == 0)
		return false;
	note_name(diff, doubt_key(native_id), &held);
	return true;
}

bool
sl_dry_is_doubt(const SlDiff *diff, const char *native_id)
{
	return dry_lookup(diff->dry_names, doubt_key(native_id)) != NULL;
}

const char *
sl_dry_link(const SlDiff *diff, const char *native_id)
{
	DryState *dry = dry_lookup(diff->dry_names, native_id_key(native_id));

	return dry == NULL ? NULL : linitial(dry->record_keys);
}

List *
sl_dry_matches(const SlDiff *diff, int64 hash)
{
	DryState *dry = dry_lookup(diff->dry_names, match_key(hash));

	return dry == NULL ? NIL : dry->record_keys;
}
