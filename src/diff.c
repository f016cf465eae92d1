/*
 * diff.c
 *	  The pipeline behind every door that takes records in: reading, and the look
 *	  that needs no lock.
 *
 * What says nothing new is decided here and leaves no trace, in memory neither.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "diff_chunk.h"
#include "diff_complete.h"
#include "guc.h"
#include "idempotency_key.h"
#include "state_match.h"
#include "store_reject.h"

/*
 * A chunk ends after so many records or bytes of input, and sooner where they have
 * something to say: what is kept of those should stay in the processor's cache.
 */
#define CHUNK_RECORDS 1000
#define CHUNK_BYTES   (4 * 1024 * 1024)

/* The records of a chunk by key. */
typedef struct RecordEntry
{
	SlRecord *record;
	uint32    hash;
	char      status;
} RecordEntry;

#define SH_PREFIX       records
#define SH_ELEMENT_TYPE RecordEntry
#define SH_KEY_TYPE     SlRecord *
#define SH_KEY          record
#define SH_HASH_KEY(tb, key) \
	hash_bytes((const unsigned char *) (key)->key, (key)->key_len)
#define SH_EQUAL(tb, a, b) \
	((a)->key_len == (b)->key_len && memcmp((a)->key, (b)->key, (a)->key_len) == 0)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) ((a)->hash)
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

/* Room for one more, by doubling. */
static void *
make_room(void *array, int n, int *room, size_t size)
{
	if (n < *room)
		return array;
	*room = Max(8, *room * 2);
	return array == NULL ? palloc(size * *room) : repalloc(array, size * *room);
}

static SlArrival *
add_arrival(SlChunk *chunk)
{
	MemoryContext old = MemoryContextSwitchTo(chunk->context);
	SlArrival    *arrival;

	chunk->arrivals = make_room(chunk->arrivals, chunk->narrivals, &chunk->maxarrivals,
								sizeof(SlArrival));
	arrival = &chunk->arrivals[chunk->narrivals++];
	arrival->intake = chunk->intake;
	arrival->raw = chunk->raw;
	arrival->record = NULL;
	arrival->verdict = NULL;
	sl_chunk_keep(chunk, arrival);
	MemoryContextSwitchTo(old);
	return arrival;
}

static SlRecord *
find_record(SlChunk *chunk, const SlIntake *intake)
{
	SlRecord     probe = {.key = intake->key, .key_len = intake->key_len};
	RecordEntry *entry;

	if (chunk->nrecords == 0)
		return NULL;
	entry = records_lookup(chunk->by_key, &probe);
	return entry == NULL ? NULL : entry->record;
}

/* found: as it was looked at, without data where it is not there; NULL: nobody has looked. */
static SlRecord *
add_record(SlChunk *chunk, const SlIntake *intake, const SlStored *found)
{
	MemoryContext old = MemoryContextSwitchTo(chunk->context);
	SlRecord *record = sl_record_new(chunk->diff->policy, intake->key, intake->key_len);
	bool      is_found;

	if (chunk->by_key == NULL)
		chunk->by_key = records_create(chunk->context, 8, NULL);
	if (found != NULL)
	{
		record->has_tid = ItemPointerIsValid(&found->tid);
		record->is_absent = !record->has_tid;
		record->tid = found->tid;
	}
	records_insert(chunk->by_key, record, &is_found);
	chunk->records = make_room(chunk->records, chunk->nrecords, &chunk->maxrecords,
							   sizeof(SlRecord *));
	chunk->records[chunk->nrecords++] = record;
	MemoryContextSwitchTo(old);
	return record;
}

static void
add_event(SlArrival *arrival, SlRecord *record)
{
	arrival->record = record;
	record->nevents++;
}

/* The version in the stamp, where it is of this record and system. */
static int64
stamped_version(const SlDiff *diff, const SlIntake *intake)
{
	SlKeyName name = {diff->policy->systems[diff->system].name, diff->policy->entity,
					  intake->key, intake->key_len};

	return sl_idempotency_key_version(&name, intake->stamp);
}

SlObservation
sl_chunk_observation(const SlChunk *chunk, const SlIntake *intake)
{
	return (SlObservation){
		.system = chunk->diff->system,
		.values = intake->values,
		.token = intake->token,
		.stamp = stamped_version(chunk->diff, intake),
		.native_id = intake->native_id,
		.is_deletion = intake->is_deletion,
		.is_missing = intake->is_missing,
		.is_written = intake->is_written,
		.is_id_free = intake->is_id_free,
		.actor = chunk->diff->options.actor,
		.is_baseline = chunk->diff->options.is_baseline,
		.now = chunk->now,
	};
}

void
sl_chunk_add_event(SlChunk *chunk, SlArrival *arrival)
{
	SlRecord *record = find_record(chunk, &arrival->intake);

	add_event(arrival,
			  record != NULL ? record : add_record(chunk, &arrival->intake, NULL));
}

bool
sl_chunk_look(SlChunk *chunk, const char *key, int32 key_len, SlStored *found)
{
	SlDiff *diff = chunk->diff;

	if (diff->options.is_dry_run)
		return sl_dry_look(diff, key, key_len, found);
	return sl_store_look(&diff->store, key, key_len, found);
}

void
sl_chunk_reject(SlChunk *chunk, SlArrival *arrival)
{
	const SlPolicy *policy = chunk->diff->policy;
	MemoryContext   old = MemoryContextSwitchTo(chunk->context);

	arrival->verdict = palloc(sizeof(SlVerdict));
	chunk->counts[SL_REJECTED]++;
	sl_rejects_add(&chunk->rejects, policy, &arrival->raw, &arrival->intake);
	sl_verdict_rejected(arrival->verdict, policy, &arrival->intake);
	MemoryContextSwitchTo(old);
}

void
sl_chunk_reject_missing(SlChunk *chunk, SlArrival *arrival, int field)
{
	bool is_null = arrival->intake.values[field].kind == SL_NULL;

	arrival->intake.reason.field = field;
	arrival->intake.reason.message = is_null ? SL_REQUIRED_NULL : SL_REQUIRED_MISSING;
	sl_chunk_reject(chunk, arrival);
}

static void
show_glanced(SlChunk *chunk, SlOutcome outcome)
{
	SlDiff       *diff = chunk->diff;
	SlArrival    *arrival = add_arrival(chunk);
	MemoryContext old = MemoryContextSwitchTo(chunk->context);

	arrival->verdict = palloc(sizeof(SlVerdict));
	sl_verdict_glanced(arrival->verdict, diff->policy, &arrival->intake, diff->scratch,
					   diff->system, outcome, chunk->outcomes);
	sl_verdict_say_first(arrival->verdict, sl_identity_words(chunk, arrival));
	MemoryContextSwitchTo(old);
}

/* A human must say which record it is of. */
static void
add_doubt(SlChunk *chunk)
{
	bool is_held = sl_doubt_is_held(chunk);

	if (chunk->diff->complete != NULL)
		sl_doubt_see(chunk, &chunk->identity);
	if (!is_held)
	{
		add_arrival(chunk);
		return;
	}
	chunk->counts[SL_UNCHANGED]++;
	if (chunk->diff->options.is_verbose)
		sl_doubt_show_held(chunk, add_arrival(chunk));
}

static void find_or_glance(SlChunk *chunk);

/* It is of another record than its key says, or in doubt. */
static void
find_again(SlChunk *chunk)
{
	if (chunk->diff->complete != NULL)
		sl_complete_name(chunk->diff, chunk->intake.key, chunk->intake.key_len);
	find_or_glance(chunk);
}

static SlStored
look(SlChunk *chunk)
{
	SlStored found = {.data = NULL, .len = 0};

	ItemPointerSetInvalid(&found.tid);
	sl_chunk_look(chunk, chunk->intake.key, chunk->intake.key_len, &found);
	return found;
}

static void
place(SlChunk *chunk)
{
	if (chunk->diff->complete != NULL)
		sl_complete_place(chunk->diff, chunk->intake.key, chunk->intake.key_len,
						  &chunk->intake);
}

/* Decided without a lock where it says nothing new; else it gets a record to lock. */
static void
glance(SlChunk *chunk)
{
	SlDiff       *diff = chunk->diff;
	SlObservation obs = sl_chunk_observation(chunk, &chunk->intake);
	SlStored      found = look(chunk);
	SlOutcome     outcome;

	if (!diff->options.is_verbose && !obs.is_deletion &&
		sl_state_matches(diff->policy, found.data, found.len, &obs))
	{
		place(chunk);
		chunk->counts[SL_UNCHANGED]++;
		return;
	}
	sl_store_read_part(&diff->store, diff->system, &found, diff->scratch);
	if (!sl_identity_fits(chunk, diff->scratch))
	{
		find_again(chunk);
		return;
	}
	/* Whoever looked for its native id has left another record in the scratch. */
	if (chunk->identity.own_key != NULL && !chunk->identity.is_keyless)
	{
		found = look(chunk);
		sl_store_read_part(&diff->store, diff->system, &found, diff->scratch);
	}
	outcome = sl_decide_glance(diff->policy, diff->scratch, &obs, chunk->outcomes);
	if (outcome == SL_REJECTED)
		sl_chunk_reject_missing(chunk, add_arrival(chunk),
								sl_missing_field(diff->policy, diff->scratch, &obs));
	else if (outcome > SL_STALE)
	{
		SlArrival *arrival = add_arrival(chunk);

		add_event(arrival, add_record(chunk, &arrival->intake, &found));
	}
	else
	{
		place(chunk);
		chunk->counts[outcome]++;
		if (outcome == SL_STALE || diff->options.is_verbose)
			show_glanced(chunk, outcome);
	}
}

/* Of a record that stands twice in a chunk, the second is decided under the lock too. */
static void
find_or_glance(SlChunk *chunk)
{
	SlRecord *record;

	if (chunk->identity.found == SL_IN_DOUBT)
	{
		add_doubt(chunk);
		return;
	}
	record = find_record(chunk, &chunk->intake);
	if (record == NULL)
	{
		glance(chunk);
		return;
	}
	if (sl_identity_expect(chunk))
		add_event(add_arrival(chunk), record);
	else
		find_again(chunk);
}

/* False where the record must wait for those before it. */
static bool
take_record(SlChunk *chunk)
{
	bool is_rejected = chunk->intake.is_rejected;

	if (!sl_identify(chunk))
		return false;
	if (chunk->diff->complete != NULL)
	{
		if (is_rejected)
			sl_identify_rejected(chunk);
		sl_complete_see(chunk->diff, &chunk->raw, &chunk->intake);
	}
	if (is_rejected)
		sl_chunk_reject(chunk, add_arrival(chunk));
	else
		find_or_glance(chunk);
	return true;
}

static bool
is_full(const SlChunk *chunk)
{
	return chunk->nread >= CHUNK_RECORDS || chunk->narrivals >= SL_CHUNK_ARRIVALS ||
		   chunk->diff->nbytes - chunk->started_at >= CHUNK_BYTES;
}

/* False at the end of the input. */
static bool
read_chunk(SlChunk *chunk)
{
	bool has_more = true;

	MemoryContextSwitchTo(chunk->look);
	while (has_more && !is_full(chunk))
	{
		has_more = sl_chunk_next(chunk);
		if (!has_more)
			break;
		chunk->nread++;
		if (!take_record(chunk))
		{
			sl_chunk_carry(chunk);
			break;
		}
		MemoryContextReset(chunk->look);
	}
	MemoryContextSwitchTo(chunk->context);
	return has_more;
}

static void
begin_chunk(SlChunk *chunk, SlDiff *diff)
{
	const SlPolicy *policy = diff->policy;

	memset(chunk, 0, sizeof(SlChunk));
	chunk->diff = diff;
	chunk->context = diff->chunk;
	chunk->look = diff->look;
	chunk->raw.slots = palloc(sizeof(SlRaw) * sl_slot_of_field(policy->nfields));
	chunk->intake.values = palloc(sizeof(SlValue) * policy->nfields);
	chunk->outcomes = palloc(sizeof(SlOutcome) * policy->nfields);
	chunk->started_at = diff->nbytes;
	chunk->now = sl_now();
	sl_log_init(&chunk->log, policy);
	sl_rejects_init(&chunk->rejects);
	sl_outbox_init(&chunk->outbox, policy);
	sl_identity_rows_init(&chunk->identities);
	sl_store_begin_look(&diff->store);
}

static bool
run_chunk(SlDiff *diff)
{
	MemoryContext old = MemoryContextSwitchTo(diff->chunk);
	SlChunk       chunk;
	bool          has_more;

	CHECK_FOR_INTERRUPTS();
	begin_chunk(&chunk, diff);
	has_more = read_chunk(&chunk);
	sl_chunk_settle(&chunk);
	MemoryContextSwitchTo(old);
	MemoryContextReset(diff->chunk);
	return has_more;
}

/* What a complete input did not name was deleted there. */
static void
take_missing(SlDiff *diff)
{
	sl_complete_check(diff);
	diff->next = sl_complete_next;
	while (run_chunk(diff))
		;
	sl_complete_end(diff);
}

static bool
next_of_text(SlDiff *diff, SlRawRecord *raw, SlIntake *intake)
{
	if (!sl_reader_next(&diff->reader, raw))
		return false;
	diff->nbytes = diff->reader.next - diff->reader.start;
	sl_intake(diff->policy, diff->system, raw, intake);
	return true;
}

void
sl_diff_run(SlDiff *diff, const char *text, int32 len)
{
	sl_reader_open(&diff->reader, diff->policy, diff->system, text, len);
	sl_diff_run_source(diff, next_of_text, NULL);
}

void
sl_diff_run_source(SlDiff *diff, SlNextRecord next, void *source)
{
	diff->next = next;
	diff->source = source;
	diff->call = CurrentMemoryContext;
	diff->chunk = AllocSetContextCreate(diff->call, "sync_ledger chunk",
										ALLOCSET_DEFAULT_SIZES);
	diff->look = AllocSetContextCreate(diff->call, "sync_ledger look",
									   ALLOCSET_DEFAULT_SIZES);
	diff->scratch = sl_state_new(diff->policy);
	sl_store_open(&diff->store, diff->policy);
	if (diff->options.is_dry_run)
		sl_dry_begin(diff);
	if (diff->options.is_complete)
		sl_complete_begin(diff);
	while (run_chunk(diff))
		;
	if (diff->options.is_complete)
		take_missing(diff);
	sl_identity_close(diff);
	sl_store_close(&diff->store);
	MemoryContextDelete(diff->chunk);
	MemoryContextDelete(diff->look);
}
