/*
 * diff_decide.c
 *	  The pipeline behind every door that takes records in: decisions under the lock.
 *
 * A chunk's records are locked in key order, decided in input order on what is read
 * after the lock, and written back by a handful of statements.
 */
#include "postgres.h"

#include "utils/datum.h"
#include "utils/memutils.h"

#include "diff_chunk.h"
#include "diff_complete.h"
#include "guc.h"
#include "owner.h"
#include "query.h"
#include "store_conflict.h"
#include "store_reject.h"

/* The first block of the context of one decision, kept when it is reset. */
#define WORK_BLOCK (64 * 1024)

static void
emit(SlChunk *chunk, SlVerdict *verdict)
{
	if (chunk->diff->rows == NULL)
		return;
	tuplestore_putvalues(chunk->diff->rows, chunk->diff->row_desc, verdict->values,
						 verdict->nulls);
}

static void
note_effects(SlChunk *chunk, SlRecord *record, SlEffects *effects)
{
	const SlPolicy *policy = chunk->diff->policy;

	record->is_dirty |= effects->is_dirty;
	record->state->policy_version = policy->version;
	if (effects->is_dirty)
		record->shown_by = chunk->diff->system;
	for (int t = 0; t < policy->nsystems; t++)
		record->is_changed[t] |= effects->waiting->is_changed[t];
	if (chunk->diff->options.is_dry_run)
		return;
	sl_conflicts_number(effects);
	sl_conflicts_put(policy, record, effects, chunk->now);
}

/* The events of a chunk are much alike: the outcomes of one serve the next. */
static void
take_logged(const SlChunk *chunk, SlEffects *effects)
{
	int nfields = chunk->diff->policy->nfields;

	if (chunk->logged != NULL &&
		memcmp(chunk->logged, effects->outcomes, sizeof(SlOutcome) * nfields) == 0)
		effects->outcome_set = chunk->logged_set;
}

static void
keep_logged(SlChunk *chunk, const SlEffects *effects)
{
	int           nfields = chunk->diff->policy->nfields;
	MemoryContext old;

	if (effects->outcome_set == chunk->logged_set)
		return;
	old = MemoryContextSwitchTo(chunk->context);
	if (chunk->logged == NULL)
		chunk->logged = palloc(sizeof(SlOutcome) * nfields);
	memcpy(chunk->logged, effects->outcomes, sizeof(SlOutcome) * nfields);
	chunk->logged_set = datumCopy(effects->outcome_set, false, -1);
	MemoryContextSwitchTo(old);
}

/* An event that changed nothing but a token or a native id is not worth a row. */
static void
log_event(SlChunk *chunk, SlRecord *record, SlEffects *effects)
{
	const SlDiff *diff = chunk->diff;
	SlLogEntry    entry = {
		   .system = diff->policy->systems[diff->system].name,
		   .actor = diff->options.actor,
		   .version = record->state->version,
    };

	if (diff->options.is_dry_run || effects->verdict == SL_UNCHANGED ||
		(!effects->is_dirty && effects->nconflicts == 0))
		return;
	take_logged(chunk, effects);
	sl_verdict_log(diff->policy, record->state, effects, &entry);
	keep_logged(chunk, effects);
	record->said_text = effects->change_text;
	record->said = effects->change_set;
	sl_log_add(&chunk->log, record, &entry);
}

/* What the guard of a complete call counts. */
static bool
is_real_change(SlOutcome verdict)
{
	return verdict >= SL_ACCEPTED && verdict != SL_REJECTED;
}

static void
show_decided(SlChunk *chunk, const SlRecord *record, SlEffects *effects)
{
	const SlDiff *diff = chunk->diff;
	SlVerdict     verdict;

	if (diff->rows == NULL ||
		(effects->verdict == SL_UNCHANGED && !diff->options.is_verbose))
		return;
	sl_verdict_decided(&verdict, diff->policy, record, diff->system, effects);
	emit(chunk, &verdict);
}

static void
decide(SlChunk *chunk, SlArrival *arrival)
{
	SlDiff       *diff = chunk->diff;
	SlRecord     *record = arrival->record;
	SlObservation obs = sl_chunk_observation(chunk, &arrival->intake);
	SlEffects    *effects;

	sl_record_open(&diff->store, record);
	effects = sl_decide_observation(diff->policy, record->state, &obs);
	if (diff->complete != NULL)
	{
		sl_complete_decided(diff, record, is_real_change(effects->verdict));
		sl_complete_place(diff, record->key, record->key_len, &arrival->intake);
	}
	if (effects->verdict == SL_REJECTED)
	{
		sl_chunk_reject_missing(chunk, arrival, effects->rejected_field);
		emit(chunk, arrival->verdict);
		return;
	}
	chunk->counts[effects->verdict]++;
	note_effects(chunk, record, effects);
	sl_effects_say_first(effects, sl_identity_words(chunk, arrival));
	log_event(chunk, record, effects);
	show_decided(chunk, record, effects);
}

/* After a record's last event: what is to be written of it outlives the decision. */
static void
seal(SlChunk *chunk, SlRecord *record)
{
	if (!chunk->diff->options.is_dry_run)
	{
		sl_outbox_collect(&chunk->outbox, chunk->diff->policy, record, chunk->now);
		sl_outbox_drop_left(&chunk->outbox, &chunk->log, record);
		sl_conflicts_drop_left(record, chunk->now);
		sl_identity_rows_collect(&chunk->identities, chunk->diff->policy, record);
	}
	else
		sl_dry_note(chunk->diff, record);
	sl_record_seal(chunk->diff->policy, record, chunk->context);
	record->state = NULL;
}

/*
 * Most records have one event in a chunk: all that their decision needs goes with it.
 * The state of one that has more lives as long as the chunk.
 */
static void
settle_arrival(SlChunk *chunk, SlArrival *arrival)
{
	SlRecord *record = arrival->record;
	bool      is_only = record->nevents == 1 && record->state == NULL;

	if (is_only)
		MemoryContextSwitchTo(chunk->work);
	decide(chunk, arrival);
	record->nevents--;
	if (record->nevents == 0)
		seal(chunk, record);
	MemoryContextSwitchTo(chunk->context);
	if (is_only)
		MemoryContextReset(chunk->work);
}

/*
 * One that touches no record; while it was locked, what it says may have become no news, and
 * a human may have to say of which of other records it is.
 */
static void
settle_verdict(SlChunk *chunk, SlArrival *arrival)
{
	bool is_doubt = arrival->verdict == NULL;
	bool is_news = !is_doubt || sl_doubt_hold(chunk, arrival);

	if (is_doubt && chunk->diff->complete != NULL)
		sl_doubt_see(chunk, &arrival->identity);
	if (is_doubt)
		chunk->counts[is_news ? SL_CONFLICTED : SL_UNCHANGED]++;
	if (is_news || chunk->diff->options.is_verbose)
		emit(chunk, arrival->verdict);
}

static void
settle_arrivals(SlChunk *chunk)
{
	for (int i = 0; i < chunk->narrivals; i++)
	{
		SlArrival *arrival = &chunk->arrivals[i];

		if (arrival->record != NULL)
			settle_arrival(chunk, arrival);
		else
			settle_verdict(chunk, arrival);
	}
}

static void
lock_records(SlChunk *chunk)
{
	SlDiff *diff = chunk->diff;

	sl_record_sort(chunk->records, chunk->nrecords);
	if (!diff->options.is_dry_run)
		sl_store_lock(&diff->store, chunk->records, chunk->nrecords);
	else
	{
		sl_dry_load(diff, chunk->records, chunk->nrecords);
		sl_store_end_look(&diff->store);
	}
	chunk->now = sl_now();
}

static void
write_chunk(SlChunk *chunk)
{
	SlDiff *diff = chunk->diff;

	if (diff->options.is_dry_run)
	{
		sl_dry_put(diff, chunk->records, chunk->nrecords);
		return;
	}
	sl_store_put(diff->policy, chunk->records, chunk->nrecords);
	sl_outbox_put(&chunk->outbox, diff->policy, chunk->now);
	for (int t = 0; diff->woken != NULL && t < diff->policy->nsystems; t++)
		diff->woken[t] |= chunk->outbox.is_woken[t];
	sl_identity_rows_put(&chunk->identities, diff->policy);
	sl_log_put(&chunk->log, chunk->now);
	sl_rejects_put(diff->policy, diff->system, diff->options.actor, &chunk->rejects,
				   chunk->now);
}

/* A chunk in which nothing is to be decided or kept locks and writes nothing. */
static void
settle(SlChunk *chunk)
{
	sl_identity_end_look(chunk->diff);
	if (chunk->narrivals == 0)
	{
		sl_store_end_look(&chunk->diff->store);
		return;
	}
	if (chunk->nrecords > 0)
		lock_records(chunk);
	else
		sl_store_end_look(&chunk->diff->store);
	chunk->work = AllocSetContextCreate(chunk->context, "sync_ledger decision", 0,
										WORK_BLOCK, ALLOCSET_DEFAULT_MAXSIZE);
	sl_spi_connect();
	MemoryContextSwitchTo(chunk->context);
	sl_identity_settle(chunk);
	settle_arrivals(chunk);
	write_chunk(chunk);
	sl_spi_finish();
	MemoryContextSwitchTo(chunk->context);
}

void
sl_chunk_settle(SlChunk *chunk)
{
	const SlDiff *diff = chunk->diff;
	SlOwner       before;

	if (chunk->narrivals > 0)
		sl_owner_begin(&before);
	settle(chunk);
	if (!diff->options.is_dry_run)
		sl_count_arrivals(diff->policy, diff->system, chunk->counts, chunk->now);
	if (chunk->narrivals > 0)
		sl_owner_end(&before);
}
