/*
 * store.c
 *	  The states of records: looked at without a lock, locked in key order, put back.
 *
 * What is decided on is always read after the lock.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "heap_table.h"
#include "policy_cache.h"
#include "query.h"
#include "store.h"
#include "store_create.h"

static void raise_policy_changed(const SlPolicy *policy) pg_attribute_noreturn();

static void
raise_policy_changed(const SlPolicy *policy)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("the policy of entity \"%s\" has changed meanwhile", policy->entity),
			 errhint("Repeat the transaction.")));
}

/*
 * Creates what is missing and locks what is there, in key order, so that two calls
 * with the same records in another order do not wait for each other in a circle.
 */
static SlPlan create_and_lock = {
	.sql =
		"INSERT INTO %s.sync_state AS s (entity, record_key)"
		" SELECT $1, k.record_key"
		" FROM (SELECT u.record_key FROM (SELECT pg_catalog.unnest($2) AS record_key) AS u"
		"       ORDER BY u.record_key COLLATE pg_catalog.\"C\" OFFSET 0) AS k"
		" ON CONFLICT (record_key, entity) DO UPDATE SET state = s.state WHERE false",
	.nargs = 2,
	.argtypes = {TEXTOID, TEXTARRAYOID}};

/*
 * Whoever was made to wait by sync_configure while it filled sync_match would write
 * records that are missing there.
 */
static void
check_match_on(const SlPolicy *policy)
{
	const SlPolicy *newest = sl_policy_in_force(policy->entity);

	if (newest != policy && !sl_match_serves(policy, newest))
		raise_policy_changed(policy);
}

void
sl_store_open(SlStore *store, const SlPolicy *policy)
{
	memset(store, 0, sizeof(SlStore));
	store->policy = policy;
	store->entity = CStringGetTextDatum(policy->entity);
	store->heap = table_open(sl_relation_oid("sync_state"), RowExclusiveLock);
	store->index = index_open(sl_relation_oid("sync_state_pkey"), RowExclusiveLock);
	store->slot = table_slot_create(store->heap, NULL);
	sl_claimed_begin_locked(&store->claimed);
	check_match_on(policy);
}

void
sl_store_close(SlStore *store)
{
	sl_store_end_look(store);
	sl_claimed_end(&store->claimed);
	ExecDropSingleTupleTableSlot(store->slot);
	index_close(store->index, NoLock);
	table_close(store->heap, NoLock);
}

void
sl_store_begin_look(SlStore *store)
{
	CommandCounterIncrement();
	store->context = CurrentMemoryContext;
	store->snapshot = RegisterSnapshot(sl_fresh_snapshot());
	store->scan = sl_index_beginscan(store->heap, store->index, store->snapshot, 2);
	store->nblocks = InvalidBlockNumber;
	sl_claimed_begin(&store->looked, store->snapshot);
}

void
sl_store_end_look(SlStore *store)
{
	if (store->snapshot == NULL)
		return;
	sl_claimed_end(&store->looked);
	ExecClearTuple(store->slot);
	index_endscan(store->scan);
	UnregisterSnapshot(store->snapshot);
	store->snapshot = NULL;
	store->scan = NULL;
}

/* The state column of the row in the slot; good as long as the slot holds it. */
static void
read_state(SlStore *store, SlStored *found)
{
	bool            is_null;
	Datum           datum = slot_getattr(store->slot, SL_STATE_BYTES, &is_null);
	struct varlena *state = pg_detoast_datum_packed(
		(struct varlena *) DatumGetPointer(datum));

	found->tid = store->slot->tts_tid;
	found->data = VARDATA_ANY(state);
	found->len = (int32) VARSIZE_ANY_EXHDR(state);
}

bool
sl_store_look(SlStore *store, const char *key, int32 key_len, SlStored *found)
{
	union
	{
		struct varlena header;
		char           bytes[VARHDRSZ + 1024];
	} text;
	ScanKeyData   keys[2];
	MemoryContext old;
	bool          is_found;

	if (key_len > (int32) sizeof(text.bytes) - VARHDRSZ)
		return false; /* no record has so long a key */
	SET_VARSIZE(&text.header, VARHDRSZ + key_len);
	memcpy(VARDATA(&text.header), key, key_len);
	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, TEXTOID,
						   C_COLLATION_OID, F_TEXTEQ, PointerGetDatum(&text));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, TEXTOID,
						   C_COLLATION_OID, F_TEXTEQ, store->entity);
	old = MemoryContextSwitchTo(store->context);
	index_rescan(store->scan, keys, 2, NULL, 0);
	is_found = index_getnext_slot(store->scan, ForwardScanDirection, store->slot);
	MemoryContextSwitchTo(old);
	if (is_found)
		read_state(store, found);
	return is_found;
}

static bool
is_text(SlStore *store, int column, const char *data, int32 len)
{
	bool  is_null;
	text *stored = DatumGetTextPP(slot_getattr(store->slot, column, &is_null));

	return VARSIZE_ANY_EXHDR(stored) == len &&
		   memcmp(VARDATA_ANY(stored), data, len) == 0;
}

/* The record's row stands there, and nothing has changed it since. */
static bool
is_at(SlStore *store, ItemPointer tid, const char *key, int32 key_len)
{
	const char *entity = store->policy->entity;

	if (!ItemPointerIsValid(tid))
		return false;
	if (store->nblocks == InvalidBlockNumber)
		store->nblocks = RelationGetNumberOfBlocks(store->heap);
	return ItemPointerGetBlockNumber(tid) < store->nblocks &&
		   table_tuple_fetch_row_version(store->heap, tid, store->snapshot,
										 store->slot) &&
		   is_text(store, SL_STATE_KEY, key, key_len) &&
		   is_text(store, SL_STATE_ENTITY, entity, (int32) strlen(entity));
}

bool
sl_store_look_at(SlStore *store, ItemPointer tid, const char *key, int32 key_len,
				 SlStored *found)
{
	if (!is_at(store, tid, key, key_len))
		return sl_store_look(store, key, key_len, found);
	read_state(store, found);
	return true;
}

SlRecord *
sl_record_new(const SlPolicy *policy, const char *key, int32 key_len)
{
	SlRecord *record = palloc0(sizeof(SlRecord));

	record->key = key;
	record->key_len = key_len;
	record->shown_by = -1;
	ItemPointerSetInvalid(&record->tid);
	record->is_changed = palloc0(sizeof(bool) * policy->nsystems);
	return record;
}

void
sl_store_read_part(SlStore *store, int system, const SlStored *found, SlState *scratch)
{
	SlStateBytes stored = {found->data, found->len};

	sl_claimed_part(&store->looked, store->policy, system, &stored, scratch);
}

void
sl_record_open(SlStore *store, SlRecord *record)
{
	const SlPolicy *policy = store->policy;
	SlStateBytes    stored = {record->stored, record->stored_len};

	if (record->state != NULL)
		return;
	record->state = sl_claimed_state(&store->claimed, policy, &stored, &record->leased);
	sl_claimed_left(&store->claimed, policy, record->state, &stored, &record->leased,
					&record->left);
	record->match = sl_match_hash_of_state(policy, record->state);
	record->native_ids = palloc(sizeof(char *) * policy->nsystems);
	record->former_ids = palloc(sizeof(char *) * policy->nsystems);
	for (int s = 0; s < policy->nsystems; s++)
	{
		record->native_ids[s] = record->state->parts[s].native_id;
		record->former_ids[s] = record->state->parts[s].former_id;
	}
}

void
sl_record_seal(const SlPolicy *policy, SlRecord *record, MemoryContext context)
{
	bytea *state;

	if (!record->is_dirty)
		return;
	state = sl_state_encode(policy, record->state);
	record->encoded = MemoryContextAlloc(context, VARSIZE(state));
	memcpy(record->encoded, state, VARSIZE(state));
}

static int
compare_records(const void *a, const void *b)
{
	const SlRecord *x = *(SlRecord *const *) a;
	const SlRecord *y = *(SlRecord *const *) b;
	int             order = memcmp(x->key, y->key, Min(x->key_len, y->key_len));

	return order != 0 ? order : x->key_len - y->key_len;
}

void
sl_record_sort(SlRecord **records, int nrecords)
{
	qsort(records, nrecords, sizeof(SlRecord *), compare_records);
}

SlRecord *
sl_record_find(SlRecord **records, int nrecords, const char *key, int32 key_len)
{
	SlRecord   probe = {.key = key, .key_len = key_len};
	SlRecord  *wanted = &probe;
	SlRecord **found = bsearch(&wanted, records, nrecords, sizeof(SlRecord *),
							   compare_records);

	return found == NULL ? NULL : *found;
}

/*
 * Another session has configured the entity and written the record while this call
 * ran: by the policy at hand, what the new one added would be dropped.
 */
static void
check_policy(SlStore *store, const char *state, int32 len)
{
	if (sl_state_policy_version(state, len) > store->policy->version)
		raise_policy_changed(store->policy);
}

/* Copies the state of the locked row in the slot, for the slot moves on. */
static void
take_locked(SlStore *store, SlRecord *record)
{
	SlStored stored;
	char    *copy;

	read_state(store, &stored);
	record->tid = stored.tid;
	record->has_tid = true;
	copy = palloc(Max(stored.len, 1));
	memcpy(copy, stored.data, stored.len);
	record->stored = copy;
	record->stored_len = stored.len;
	check_policy(store, copy, stored.len);
}

/* What else this transaction reads of the record would be older than the row. */
static void
check_own_snapshot(const SlStore *store)
{
	if (IsolationUsesXactSnapshot() &&
		!table_tuple_satisfies_snapshot(store->heap, store->slot,
										GetTransactionSnapshot()))
		sl_serialization_failure();
}

/* Locks the newest version of a row that was looked at; false where it is held or gone. */
static bool
lock_row(SlStore *store, SlRecord *record, LockWaitPolicy wait_policy)
{
	TM_FailureData failure;
	uint8     flags = IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION;
	TM_Result result;

	result = table_tuple_lock(store->heap, &record->tid, store->snapshot, store->slot,
							  GetCurrentCommandId(true), LockTupleNoKeyExclusive,
							  wait_policy, flags, &failure);
	switch (result)
	{
		case TM_Ok:
			check_own_snapshot(store);
			take_locked(store, record);
			return true;
		case TM_Updated:
			sl_serialization_failure();
		case TM_Deleted:
			if (IsolationUsesXactSnapshot())
				sl_serialization_failure();
			return false;
		case TM_WouldBlock:
			return false;
		case TM_Invisible:
		case TM_SelfModified:
		case TM_BeingModified:
			break;
	}
	elog(ERROR, "unexpected result of locking a record: %d", (int) result);
	return false;
}

bool
sl_store_lock_row(SlStore *store, SlRecord *record)
{
	return lock_row(store, record, LockWaitBlock);
}

static bool
is_any_new(SlRecord **records, int nrecords)
{
	for (int i = 0; i < nrecords; i++)
		if (!records[i]->has_tid)
			return true;
	return false;
}

static bool
lock_existing(SlStore *store, SlRecord **records, int nrecords)
{
	for (int i = 0; i < nrecords; i++)
		if (!sl_store_lock_row(store, records[i]))
			return false;
	return true;
}

static Datum
key_array(SlRecord **records, int nrecords)
{
	Datum *keys = palloc(sizeof(Datum) * nrecords);

	for (int i = 0; i < nrecords; i++)
		keys[i] = PointerGetDatum(
			cstring_to_text_with_len(records[i]->key, records[i]->key_len));
	return PointerGetDatum(
		construct_array(keys, nrecords, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
lock_by_statement(SlStore *store, SlRecord **records, int nrecords)
{
	Datum values[2] = {store->entity, key_array(records, nrecords)};

	sl_spi_connect();
	sl_query_write(&create_and_lock, values, NULL);
	sl_spi_finish();
	sl_store_begin_look(store);
	for (int i = 0; i < nrecords; i++)
	{
		SlStored stored;

		if (!sl_store_look(store, records[i]->key, records[i]->key_len, &stored))
			elog(ERROR, "a record that was locked is gone: \"%.*s\"", records[i]->key_len,
				 records[i]->key);
		take_locked(store, records[i]);
	}
	sl_store_end_look(store);
}

/*
 * Rows are locked or created one by one.  Where that cannot be, one statement does it for
 * all of them; both go by key.
 */
void
sl_store_lock(SlStore *store, SlRecord **records, int nrecords)
{
	bool is_done;

	PreventCommandIfReadOnly("a write of sync_ledger");
	is_done = is_any_new(records, nrecords) ? sl_store_create(store, records, nrecords)
											: lock_existing(store, records, nrecords);
	sl_store_end_look(store);
	if (!is_done)
		lock_by_statement(store, records, nrecords);
	sl_claimed_renew(&store->claimed, true);
}

void
sl_store_look_again(SlStore *store)
{
	sl_claimed_renew(&store->claimed, false);
}

void
sl_store_lock_free(SlStore *store, SlRecord **records, int nrecords)
{
	if (nrecords > 0)
		PreventCommandIfReadOnly("a write of sync_ledger");
	for (int i = 0; i < nrecords; i++)
	{
		SlStored stored;

		if (!sl_store_look(store, records[i]->key, records[i]->key_len, &stored))
			continue;
		records[i]->tid = stored.tid;
		lock_row(store, records[i], LockWaitSkip);
	}
	sl_store_end_look(store);
	sl_claimed_renew(&store->claimed, true);
}

static void
put_state(SlTable *table, const SlPolicy *policy, const SlRecord *record)
{
	Datum values[SL_STATE_COLUMNS] = {0};
	bool  nulls[SL_STATE_COLUMNS] = {[SL_STATE_ROOM - 1] = true};

	values[SL_STATE_ENTITY - 1] = CStringGetTextDatum(policy->entity);
	values[SL_STATE_KEY - 1] = PointerGetDatum(
		cstring_to_text_with_len(record->key, record->key_len));
	values[SL_STATE_BYTES - 1] = PointerGetDatum(record->encoded);
	sl_table_update(table, (ItemPointer) &record->tid, values, nulls);
	if (record->is_absent)
		sl_store_created((int32) VARSIZE(record->encoded) - VARHDRSZ);
}

static bool
has_sealed(SlRecord **records, int nrecords)
{
	for (int i = 0; i < nrecords; i++)
		if (records[i]->encoded != NULL)
			return true;
	return false;
}

void
sl_store_put(const SlPolicy *policy, SlRecord **records, int nrecords)
{
	SlTable table;

	if (!has_sealed(records, nrecords))
		return;
	sl_table_open(&table, "sync_state", SL_STATE_COLUMNS);
	for (int i = 0; i < nrecords; i++)
		if (records[i]->encoded != NULL)
			put_state(&table, policy, records[i]);
	sl_table_close(&table);
}
