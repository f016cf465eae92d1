/*
 * diff.c
 *	  The pipeline behind every door that takes records in, chunk by chunk.
 *
 * What says nothing new is decided without a lock and leaves no trace, in memory
 * neither.  The rest of a chunk is locked in key order, decided in input order on what is
 * read after the lock, and written back by a handful of statements.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "decide.h"
#include "diff.h"
#include "guc.h"
#include "outbox_row.h"
#include "query.h"
#include "store_change.h"
#include "store_conflict.h"
#include "verdict.h"

/* A chunk ends after so many records or bytes of input. */
#define CHUNK_RECORDS 1000
#define CHUNK_BYTES (4 * 1024 * 1024)

/* The records of a chunk by key. */
typedef struct RecordEntry
{
	SlRecord   *record;
	uint32		hash;
	char		status;
} RecordEntry;

#define SH_PREFIX records
#define SH_ELEMENT_TYPE RecordEntry
#define SH_KEY_TYPE SlRecord *
#define SH_KEY record
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

/* A record of the input that gets a row or a decision. */
typedef struct Arrival
{
	SlIntake	intake;
	SlRawRecord raw;			/* its slots are gone */
	SlRecord   *record;			/* NULL: nothing is to be decided */
	SlVerdict	verdict;
	bool		has_row;
} Arrival;

typedef struct Chunk
{
	SlDiff	   *diff;
	SlRawRecord raw;			/* the record at hand */
	SlIntake	intake;
	SlOutcome  *outcomes;
	int			nread;
	const char *started_at;
	int			narrivals;
	Arrival	   *arrivals;
	int			nrecords;
	SlRecord  **records;
	records_hash *by_key;
	TimestampTz now;
	SlRows		changes;
	SlRows		rejects;
} Chunk;

static Arrival *
add_arrival(Chunk *chunk)
{
	const SlPolicy *policy = chunk->diff->policy;
	Arrival	   *arrival = &chunk->arrivals[chunk->narrivals++];

	arrival->intake = chunk->intake;
	arrival->raw = chunk->raw;
	arrival->record = NULL;
	arrival->has_row = true;
	chunk->intake.values = palloc(sizeof(SlValue) * policy->nfields);
	return arrival;
}

static SlRecord *
find_record(Chunk *chunk)
{
	SlRecord	probe = {.key = chunk->intake.key,.key_len = chunk->intake.key_len};
	RecordEntry *entry;

	if (chunk->nrecords == 0)
		return NULL;
	entry = records_lookup(chunk->by_key, &probe);
	return entry == NULL ? NULL : entry->record;
}

static SlRecord *
add_record(Chunk *chunk, const SlStored *found)
{
	SlRecord   *record = sl_record_new(chunk->diff->policy, chunk->intake.key,
									   chunk->intake.key_len);
	bool		is_found;

	if (chunk->by_key == NULL)
		chunk->by_key = records_create(CurrentMemoryContext, CHUNK_RECORDS, NULL);
	if (found != NULL)
	{
		record->has_tid = true;
		record->tid = found->tid;
	}
	records_insert(chunk->by_key, record, &is_found);
	chunk->records[chunk->nrecords++] = record;
	return record;
}

static SlObservation
observation_of(const Chunk *chunk, const SlIntake *intake)
{
	return (SlObservation) {
		.system = chunk->diff->system,
		.values = intake->values,
		.token = intake->token,
		.native_id = intake->native_id,
		.actor = chunk->diff->options.actor,
		.now = chunk->now,
	};
}

static bool
look(Chunk *chunk, SlStored *found)
{
	SlDiff	   *diff = chunk->diff;

	if (diff->options.is_dry_run)
		return sl_dry_look(diff, chunk->intake.key, chunk->intake.key_len, found);
	return sl_store_look(&diff->store, chunk->intake.key, chunk->intake.key_len, found);
}

static void
reject_arrival(Chunk *chunk, Arrival *arrival)
{
	const SlPolicy *policy = chunk->diff->policy;

	sl_rejects_add(&chunk->rejects, policy, &arrival->raw, &arrival->intake);
	sl_verdict_rejected(&arrival->verdict, policy, &arrival->intake);
}

static void
reject_missing(Chunk *chunk, Arrival *arrival, int field)
{
	arrival->intake.reason.field = field;
	arrival->intake.reason.message =
		arrival->intake.values[field].kind == SL_NULL ? "required, but null"
		: "required, but missing";
	reject_arrival(chunk, arrival);
}

/* Decided without a lock where it says nothing new; else it gets a record to lock. */
static void
glance(Chunk *chunk)
{
	SlDiff	   *diff = chunk->diff;
	SlObservation obs = observation_of(chunk, &chunk->intake);
	SlStored	found = {.data = NULL,.len = 0};
	bool		is_found = look(chunk, &found);
	SlOutcome	outcome;

	sl_state_decode_part(diff->policy, diff->system, found.data, found.len, diff->scratch);
	outcome = sl_decide_glance(diff->policy, diff->scratch, &obs, chunk->outcomes);
	if (outcome == SL_UNCHANGED && !diff->options.is_verbose)
		return;
	if (outcome == SL_REJECTED)
		reject_missing(chunk, add_arrival(chunk),
					   sl_missing_field(diff->policy, diff->scratch, &obs));
	else if (outcome > SL_STALE)
	{
		SlRecord   *record = add_record(chunk, is_found ? &found : NULL);

		add_arrival(chunk)->record = record;
	}
	else
	{
		Arrival    *arrival = add_arrival(chunk);

		sl_verdict_glanced(&arrival->verdict, diff->policy, &arrival->intake, diff->scratch,
						   diff->system, outcome, chunk->outcomes);
	}
}

static void
take_record(Chunk *chunk)
{
	SlDiff	   *diff = chunk->diff;
	SlRecord   *record;

	sl_intake(diff->policy, diff->system, &chunk->raw, &chunk->intake);
	if (chunk->intake.is_rejected)
	{
		reject_arrival(chunk, add_arrival(chunk));
		return;
	}
	record = find_record(chunk);
	if (record != NULL)
		add_arrival(chunk)->record = record;
	else
		glance(chunk);
}

static bool
is_full(const Chunk *chunk)
{
	return chunk->nread >= CHUNK_RECORDS ||
		chunk->diff->reader.next - chunk->started_at >= CHUNK_BYTES;
}

/* False at the end of the input. */
static bool
read_chunk(Chunk *chunk)
{
	while (!is_full(chunk))
	{
		if (!sl_reader_next(&chunk->diff->reader, &chunk->raw))
			return false;
		chunk->nread++;
		take_record(chunk);
	}
	return true;
}

static void
decide_arrival(Chunk *chunk, Arrival *arrival)
{
	SlDiff	   *diff = chunk->diff;
	SlRecord   *record = arrival->record;
	SlObservation obs = observation_of(chunk, &arrival->intake);
	SlEffects  *effects = sl_decide_observation(diff->policy, record->state, &obs);

	if (effects->verdict == SL_REJECTED)
	{
		reject_missing(chunk, arrival, effects->rejected_field);
		return;
	}
	record->is_dirty |= effects->is_dirty;
	record->state->policy_version = diff->policy->version;
	for (int t = 0; t < diff->policy->nsystems; t++)
		record->is_changed[t] |= effects->waiting->is_changed[t];
	if (!diff->options.is_dry_run)
	{
		sl_conflicts_number(effects);
		sl_conflicts_put(diff->policy, record, effects, chunk->now);
	}
	sl_verdict_decided(&arrival->verdict, diff->policy, record, diff->system, effects);
	arrival->has_row = effects->verdict != SL_UNCHANGED || diff->options.is_verbose;
	if (effects->has_accepted)
		sl_changes_add(&chunk->changes, diff->policy, record,
					   diff->policy->systems[diff->system].name, diff->options.actor,
					   sl_accepted_change_set(diff->policy, record->state, effects));
}

static void
lock_records(Chunk *chunk)
{
	SlDiff	   *diff = chunk->diff;

	if (chunk->nrecords == 0)
	{
		sl_store_end_look(&diff->store);
		return;
	}
	sl_record_sort(chunk->records, chunk->nrecords);
	if (diff->options.is_dry_run)
	{
		sl_dry_load(diff, chunk->records, chunk->nrecords);
		sl_store_end_look(&diff->store);
	}
	else
		sl_store_lock(&diff->store, chunk->records, chunk->nrecords);
	chunk->now = sl_now();
}

static void
write_chunk(Chunk *chunk)
{
	SlDiff	   *diff = chunk->diff;

	if (diff->options.is_dry_run)
	{
		sl_dry_put(diff, chunk->records, chunk->nrecords);
		return;
	}
	sl_store_put(&diff->store, chunk->records, chunk->nrecords);
	sl_outbox_put(diff->policy, chunk->records, chunk->nrecords, chunk->now);
	sl_changes_put(diff->policy, &chunk->changes, chunk->now);
	sl_rejects_put(diff->policy, diff->system, diff->options.actor, &chunk->rejects, chunk->now);
}

static void
emit_rows(Chunk *chunk)
{
	for (int i = 0; i < chunk->narrivals; i++)
		if (chunk->arrivals[i].has_row)
			tuplestore_putvalues(chunk->diff->rows, chunk->diff->row_desc,
								 chunk->arrivals[i].verdict.values, chunk->arrivals[i].verdict.nulls);
}

/* A chunk in which nothing is to be decided or kept connects to nothing. */
static void
settle_chunk(Chunk *chunk)
{
	lock_records(chunk);
	if (chunk->nrecords > 0 || chunk->rejects.nrows > 0)
	{
		MemoryContext chunk_context = CurrentMemoryContext;

		sl_spi_connect();
		MemoryContextSwitchTo(chunk_context);
		for (int i = 0; i < chunk->narrivals; i++)
			if (chunk->arrivals[i].record != NULL)
				decide_arrival(chunk, &chunk->arrivals[i]);
		write_chunk(chunk);
		sl_spi_finish();
		MemoryContextSwitchTo(chunk_context);
	}
	emit_rows(chunk);
}

static void
begin_chunk(Chunk *chunk, SlDiff *diff)
{
	const SlPolicy *policy = diff->policy;

	memset(chunk, 0, sizeof(Chunk));
	chunk->diff = diff;
	chunk->raw.slots = palloc(sizeof(SlRaw) * sl_slot_of_field(policy->nfields));
	chunk->intake.values = palloc(sizeof(SlValue) * policy->nfields);
	chunk->outcomes = palloc(sizeof(SlOutcome) * policy->nfields);
	chunk->started_at = diff->reader.next;
	chunk->arrivals = palloc(sizeof(Arrival) * CHUNK_RECORDS);
	chunk->records = palloc(sizeof(SlRecord *) * CHUNK_RECORDS);
	chunk->now = sl_now();
	sl_changes_init(&chunk->changes);
	sl_rejects_init(&chunk->rejects);
	sl_store_begin_look(&diff->store);
}

static bool
run_chunk(SlDiff *diff)
{
	MemoryContext old = MemoryContextSwitchTo(diff->chunk);
	Chunk		chunk;
	bool		has_more;

	CHECK_FOR_INTERRUPTS();
	begin_chunk(&chunk, diff);
	has_more = read_chunk(&chunk);
	settle_chunk(&chunk);
	MemoryContextSwitchTo(old);
	MemoryContextReset(diff->chunk);
	return has_more;
}

void
sl_diff_run(SlDiff *diff, const char *text, int32 len)
{
	diff->call = CurrentMemoryContext;
	diff->chunk = AllocSetContextCreate(diff->call, "sync_ledger chunk", ALLOCSET_DEFAULT_SIZES);
	diff->scratch = sl_state_new(diff->policy);
	sl_store_open(&diff->store, diff->policy);
	if (diff->options.is_dry_run)
		sl_dry_begin(diff);
	sl_reader_open(&diff->reader, diff->policy, diff->system, text, len);
	while (run_chunk(diff))
		;
	sl_store_close(&diff->store);
	MemoryContextDelete(diff->chunk);
}
