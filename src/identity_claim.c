/*
 * identity_claim.c
 *	  Which record a payload is of, found again under locks.
 *
 * A native id that is news is claimed before anything is decided: its row, made or
 * found, is locked, so that of two calls that show it at once the second sees what the
 * first made of it.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "diff_chunk.h"
#include "identity.h"
#include "identity_hold.h"
#include "match_hash.h"

/* Somebody else would have to move the same record again and again. */
#define MAX_ROUNDS 5

/* Meanwhile somebody else has linked its record to just that native id. */
static bool
is_known_by_now(SlChunk *chunk, const SlArrival *arrival)
{
	SlDiff         *diff = chunk->diff;
	const SlRecord *record = arrival->record;

	if (record == NULL)
		return false;
	sl_state_decode_part(diff->policy, diff->system, record->stored, record->stored_len,
						 diff->scratch);
	return sl_is_same_name(diff->scratch->parts[diff->system].native_id,
						   arrival->intake.native_id);
}

/* The arrivals whose record is not known by their native id. */
static SlArrival **
gather(SlChunk *chunk, int *n)
{
	SlArrival **open = palloc(sizeof(SlArrival *) * Max(chunk->narrivals, 1));

	*n = 0;
	for (int i = 0; i < chunk->narrivals; i++)
	{
		SlArrival  *arrival = &chunk->arrivals[i];
		SlIdentity *identity = &arrival->identity;

		if (arrival->verdict != NULL)
			continue;
		if (identity->needs_link && is_known_by_now(chunk, arrival))
			identity->needs_link = false;
		if (identity->needs_link || identity->found == SL_IN_DOUBT)
			open[(*n)++] = arrival;
	}
	return open;
}

static const char *
key_of(const SlArrival *arrival)
{
	if (arrival->identity.found == SL_IN_DOUBT)
		return NULL;
	return pnstrdup(arrival->record->key, arrival->record->key_len);
}

static SlClaim
claim_of(SlArrival *arrival)
{
	SlIdentity *identity = &arrival->identity;

	if (identity->found == SL_IN_DOUBT && identity->conflict_id == 0)
		identity->conflict_id = sl_next_conflict_id();
	return (SlClaim){.native_id = arrival->intake.native_id,
					 .record_key = key_of(arrival),
					 .conflict_id = identity->conflict_id,
					 .arrival = arrival};
}

static SlClaim *
claim(SlChunk *chunk, SlArrival **open, int n)
{
	SlClaim *claims = palloc(sizeof(SlClaim) * n);

	for (int i = 0; i < n; i++)
		claims[i] = claim_of(open[i]);
	sl_links_claim(chunk->diff->policy, chunk->diff->system, claims, n);
	for (int i = 0; i < n; i++)
	{
		SlArrival *arrival = claims[i].arrival;

		arrival->identity.is_claimed = claims[i].is_made;
	}
	return claims;
}

static int
compare_hashes(const void *a, const void *b)
{
	int64 x = *(const int64 *) a;
	int64 y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

/* What a transaction has locked stays so until its end: once is enough for many alike. */
static bool
is_locked(SlDiff *diff, int64 hash)
{
	SlKeptHash *kept = &diff->kept_hashes[(uint64) hash % SL_KEPT_HASHES];

	if (kept->is_locked && kept->hash == hash)
		return true;
	*kept = (SlKeptHash){true, hash};
	return false;
}

/* Who would begin a record of its own waits for others that would begin the same. */
static void
lock_matches(SlChunk *chunk, SlArrival **open, int n)
{
	const SlPolicy *policy = chunk->diff->policy;
	int64          *hashes = palloc(sizeof(int64) * n);
	int             nhashes = 0;

	for (int i = 0; i < n; i++)
	{
		SlMatchHash match = sl_match_hash(policy, open[i]->intake.values);

		if (open[i]->identity.found == SL_AS_NEW && match.is_known &&
			!is_locked(chunk->diff, match.hash))
			hashes[nhashes++] = match.hash;
	}
	if (nhashes == 0)
		return;
	qsort(hashes, nhashes, sizeof(int64), compare_hashes);
	sl_matches_lock(&chunk->identities.matches, policy, hashes, nhashes);
}

/* The arrival is of another record than it seemed to be. */
static void
move(SlChunk *chunk, SlArrival *arrival)
{
	if (arrival->record != NULL)
		arrival->record->nevents--;
	arrival->record = NULL;
	if (arrival->identity.found != SL_IN_DOUBT)
		sl_chunk_add_event(chunk, arrival);
}

static bool
is_of(const SlArrival *arrival, const SlRecord *record)
{
	if (record == NULL || arrival->identity.found == SL_IN_DOUBT)
		return record == NULL && arrival->identity.found == SL_IN_DOUBT;
	return arrival->intake.key_len == record->key_len &&
		   memcmp(arrival->intake.key, record->key, record->key_len) == 0;
}

/* Leaves those that have moved in the array; their number is returned. */
static int
look_again(SlChunk *chunk, SlArrival **open, int n)
{
	int nmoved = 0;

	sl_store_begin_look(&chunk->diff->store);
	for (int i = 0; i < n; i++)
	{
		sl_identify_again(chunk, open[i]);
		if (is_of(open[i], open[i]->record))
			continue;
		move(chunk, open[i]);
		open[nmoved++] = open[i];
	}
	sl_identity_end_look(chunk->diff);
	sl_store_end_look(&chunk->diff->store);
	return nmoved;
}

/* Out of the order of keys, so somebody else may have to give way: 40P01. */
static void
lock_moved(SlChunk *chunk, SlArrival **open, int n)
{
	SlRecord **records = palloc(sizeof(SlRecord *) * n);
	int        nrecords = 0;

	for (int i = 0; i < n; i++)
		if (open[i]->record != NULL && open[i]->record->stored == NULL)
			records[nrecords++] = open[i]->record;
	if (nrecords == 0)
		return;
	sl_record_sort(records, nrecords);
	sl_store_begin_look(&chunk->diff->store);
	if (!chunk->diff->options.is_dry_run)
		sl_store_lock(&chunk->diff->store, records, nrecords);
	else
	{
		sl_dry_load(chunk->diff, records, nrecords);
		sl_store_end_look(&chunk->diff->store);
	}
}

static void
raise_moving(const SlArrival *arrival)
{
	ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					errmsg("what native id \"%s\" names keeps changing",
						   arrival->intake.native_id),
					errhint("Repeat the transaction.")));
}

/* A row that this call has made says what was found in the end. */
static void
finish_claim(SlChunk *chunk, SlClaim *claim)
{
	const SlDiff *diff = chunk->diff;
	SlArrival    *arrival = claim->arrival;
	const char   *key = key_of(arrival);

	if (!claim->is_made)
		return;
	if ((key == NULL) != (claim->record_key == NULL) ||
		(key != NULL && strcmp(key, claim->record_key) != 0))
	{
		*claim = claim_of(arrival);
		sl_link_set(diff->policy, diff->system, claim);
	}
	if (key != NULL)
		sl_record_claimed(arrival->record, diff->system, claim->native_id);
}

/* Until each is where it belongs. */
static void
find_places(SlChunk *chunk, SlArrival **open, int n)
{
	for (int round = 0; n > 0; round++)
	{
		if (round == MAX_ROUNDS)
			raise_moving(open[0]);
		if (!chunk->diff->options.is_dry_run)
			lock_matches(chunk, open, n);
		n = look_again(chunk, open, n);
		lock_moved(chunk, open, n);
	}
}

void
sl_identity_settle(SlChunk *chunk)
{
	int         n;
	SlArrival **open = gather(chunk, &n);
	SlClaim    *claims;
	int         nclaims = n;

	if (n == 0)
		return;
	if (chunk->diff->options.is_dry_run)
	{
		find_places(chunk, open, n);
		return;
	}
	claims = claim(chunk, open, n);
	find_places(chunk, open, n);
	for (int i = 0; i < nclaims; i++)
		finish_claim(chunk, &claims[i]);
}
