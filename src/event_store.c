/*
 * event_store.c
 *	  What every event on locked records ends with.
 *
 * State, outbox, conflicts and log of an event are written in one transaction,
 * under the record's lock.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "event_store.h"
#include "guc.h"
#include "near_miss_store.h"
#include "outbox_row.h"
#include "store_conflict.h"
#include "verdict.h"

/* The first block of the context of one record, kept when it is reset. */
#define WORK_BLOCK (64 * 1024)

void
sl_batch_open(SlBatch *batch, const SlPolicy *policy, int room)
{
	memset(batch, 0, sizeof(SlBatch));
	batch->policy = policy;
	batch->context = CurrentMemoryContext;
	batch->work = AllocSetContextCreate(CurrentMemoryContext, "sync_ledger record", 0,
										WORK_BLOCK, ALLOCSET_DEFAULT_MAXSIZE);
	batch->records = palloc(sizeof(SlRecord *) * Max(room, 1));
	sl_store_open(&batch->store, policy);
	sl_log_init(&batch->log, policy);
	sl_outbox_init(&batch->outbox, policy);
	sl_near_misses_init(&batch->near_misses);
	sl_identity_rows_init(&batch->identities);
}

SlRecord *
sl_batch_add(SlBatch *batch, const char *key, int32 key_len)
{
	SlRecord *record = sl_record_new(batch->policy, key, key_len);

	batch->records[batch->nrecords++] = record;
	return record;
}

static void
look_up(SlBatch *batch)
{
	sl_store_begin_look(&batch->store);
	for (int i = 0; i < batch->nrecords; i++)
	{
		SlRecord *record = batch->records[i];
		SlStored  found;

		if (!sl_store_look_at(&batch->store, &record->tid, record->key, record->key_len,
							  &found))
			continue;
		record->has_tid = true;
		record->tid = found.tid;
	}
}

void
sl_batch_open_states(SlBatch *batch)
{
	for (int i = 0; i < batch->nrecords; i++)
		if (batch->records[i]->stored != NULL)
			sl_record_open(&batch->store, batch->records[i]);
}

void
sl_batch_lock(SlBatch *batch)
{
	sl_record_sort(batch->records, batch->nrecords);
	look_up(batch);
	sl_store_lock(&batch->store, batch->records, batch->nrecords);
	batch->now = sl_now();
}

void
sl_batch_lock_free(SlBatch *batch)
{
	sl_store_begin_look(&batch->store);
	sl_store_lock_free(&batch->store, batch->records, batch->nrecords);
	batch->now = sl_now();
}

void
sl_batch_renew(const SlBatch *batch, SlRecord *record)
{
	SlWaiting *renewed = sl_decide_renewal(batch->policy, record->state, batch->now);

	record->is_dirty = true;
	for (int t = 0; renewed != NULL && t < batch->policy->nsystems; t++)
		record->is_changed[t] |= renewed->is_changed[t];
}

void
sl_batch_take(SlBatch *batch, SlRecord *record, SlEffects *effects, SlLogEntry *entry)
{
	record->is_dirty |= effects->is_dirty;
	for (int t = 0; t < batch->policy->nsystems; t++)
		record->is_changed[t] |= effects->waiting->is_changed[t];
	sl_conflicts_number(effects);
	sl_conflicts_put(batch->policy, record, effects, batch->now);
	sl_near_misses_add(&batch->near_misses, batch->policy, effects);
	sl_effects_log(batch->policy, record->state, effects, entry);
}

void
sl_batch_note(SlBatch *batch, SlRecord *record, SlEffects *effects, SlLogEntry *entry)
{
	sl_batch_take(batch, record, effects, entry);
	sl_log_add(&batch->log, record, entry);
}

void
sl_batch_log_lease(const SlBatch *batch, const SlRecord *record, int target,
				   const char *event, SlLogEntry *entry)
{
	const SlPolicy *policy = batch->policy;
	const SlPart   *part = &record->state->parts[target];

	memset(entry, 0, sizeof(SlLogEntry));
	entry->event = event;
	entry->system = policy->systems[target].name;
	entry->version = part->leased_version;
	entry->idempotency_key = sl_idempotency_key(policy, record->state, record, target,
												true);
}

/* What an event left in a record, on its way into the tables. */
static void
collect(SlBatch *batch, SlRecord *record)
{
	sl_outbox_collect(&batch->outbox, batch->policy, record, batch->now);
	sl_outbox_drop_left(&batch->outbox, &batch->log, record);
	sl_conflicts_drop_left(record, batch->now);
	sl_identity_rows_collect(&batch->identities, batch->policy, record);
	sl_record_seal(batch->policy, record, batch->context);
}

void
sl_batch_enter(SlBatch *batch, SlRecord *record)
{
	MemoryContextSwitchTo(batch->work);
	sl_record_open(&batch->store, record);
}

void
sl_batch_leave(SlBatch *batch, SlRecord *record)
{
	collect(batch, record);
	record->state = NULL;
	MemoryContextSwitchTo(batch->context);
	MemoryContextReset(batch->work);
}

static void
collect_open(SlBatch *batch)
{
	MemoryContextSwitchTo(batch->work);
	for (int i = 0; i < batch->nrecords; i++)
	{
		if (batch->records[i]->state != NULL)
			collect(batch, batch->records[i]);
		MemoryContextReset(batch->work);
	}
	MemoryContextSwitchTo(batch->context);
}

void
sl_batch_put(SlBatch *batch)
{
	collect_open(batch);
	sl_store_put(batch->policy, batch->records, batch->nrecords);
	sl_outbox_put(&batch->outbox, batch->policy, batch->now);
	sl_identity_rows_put(&batch->identities, batch->policy);
	sl_log_put(&batch->log, batch->now);
	sl_near_misses_put(batch->policy, &batch->near_misses, batch->now);
}

void
sl_batch_close(SlBatch *batch)
{
	MemoryContextDelete(batch->work);
	sl_store_close(&batch->store);
}
