/*
 * outbox_due.c
 *	  Rows whose time has come: leases that ran out, retries that are due.
 *
 * A row's time lies ahead when it is written, so what a look at all that is due now does
 * not see yet was written by a transaction that was open, or comes later.  A look begins
 * where the last one ended, or, where such a transaction has ended since, where the last
 * look before it began did: what was acknowledged long ago is not stepped over.
 */
#include "postgres.h"

#include <time.h>

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guc.h"
#include "heap_probe.h"
#include "lease_store.h"
#include "outbox_columns.h"
#include "outbox_due.h"
#include "outbox_place.h"
#include "policy_cache.h"
#include "query.h"

/* The columns of both indexes. */
#define KEY_TARGET 1
#define KEY_AT     2

/* Microseconds.  The clock may go back as far without being noticed: looks overlap. */
#define OVERLAP 2000
#define DRIFT   1000

/* More transactions that a snapshot does not list are not told apart. */
#define MAX_UNLISTED 64

/* Both clocks are read within this, or the reading says nothing. */
#define SAME_MOMENT 200

/* What a look needs and finds. */
typedef struct Search
{
	SlDueLook  *look;
	const char *entity; /* or NULL: of any */
	const char *target_name;
	uint64      policies; /* their generation */
	Snapshot    snapshot;
	Datum       target;
	TimestampTz after;
	SlDue      *found;
	int         nfound;
	int         room;
} Search;

static int64
steady_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64) ts.tv_sec * USECS_PER_SEC + ts.tv_nsec / 1000;
}

/* By how much the clock of the day is ahead of the one that is never set; 0: unknown. */
static int64
clock_offset(void)
{
	int64 before = steady_clock();
	int64 offset = GetCurrentTimestamp() - before;

	return steady_clock() - before > SAME_MOMENT ? 0 : offset;
}

/* Where the clock was set back, times that have been passed come again. */
static bool
is_clock_steady(const SlDueMark *due, int64 offset)
{
	return due->offset != 0 && offset != 0 && offset > due->offset - DRIFT;
}

static void
forget(SlDueMark *due)
{
	due->passed = MIN_TIMESTAMP;
	due->open.n = 0;
	due->crowd = 0;
	due->left = 0;
}

/* The ended ones among the open transactions go; from the time they may have written. */
static TimestampTz
begin_of_look(SlDueMark *due, Snapshot snapshot)
{
	TimestampTz begin = due->passed;

	for (int n = due->open.n; n > 0; n--)
	{
		SlTurn turn = sl_turns_take(&due->open);

		if (sl_is_open(snapshot, turn.place))
			sl_turns_add(&due->open, turn);
		else
			begin = Min(begin, turn.id);
	}
	if (due->crowd != 0 && due->crowd <= sl_full_xid(snapshot->xmin))
	{
		begin = Min(begin, due->crowd_since);
		due->crowd = 0;
	}
	return begin - OVERLAP;
}

static bool
knows(const SlTurns *open, uint64 xid)
{
	for (int i = 0; i < open->n; i++)
		if (open->turns[open->head + i].place == xid)
			return true;
	return false;
}

static void
note_xid(SlDueMark *due, uint64 xid)
{
	if (!knows(&due->open, xid))
		sl_turns_add(&due->open, (SlTurn){xid, due->passed});
}

/* More than can be told apart are open until the oldest transaction is newer. */
static void
note_crowd(SlDueMark *due, uint64 end)
{
	due->crowd_since = due->crowd == 0 ? due->passed : Min(due->crowd_since, due->passed);
	due->crowd = end;
}

/*
 * Open transactions, with the time of the last look before they began.  A snapshot does
 * not list those that began after the last one that has ended.
 */
static void
note_open(SlDueMark *due, Snapshot snapshot)
{
	uint64 unlisted = sl_full_xid(snapshot->xmax);
	uint64 end = U64FromFullTransactionId(ReadNextFullTransactionId());

	for (uint32 i = 0; i < snapshot->xcnt; i++)
		note_xid(due, sl_full_xid(snapshot->xip[i]));
	if (end - unlisted > MAX_UNLISTED)
		note_crowd(due, end);
	else
		for (uint64 xid = unlisted; xid < end; xid++)
			note_xid(due, xid);
}

static Datum
column(TupleTableSlot *slot, int column)
{
	bool  is_null;
	Datum value = slot_getattr(slot, column + 1, &is_null);

	if (is_null)
		elog(ERROR, "unexpected null in column %d of \"%s\"", column + 1,
			 get_rel_name(slot->tts_tableOid));
	return value;
}

/*
 * The policy does not name the target any more: such a retry waits on, and stands in nobody's
 * way.  A lease ends all the same.
 */
static bool
is_left_behind(Search *search, const char *entity)
{
	if (sl_policy_system(sl_policy_get(entity), search->target_name) >= 0)
		return false;
	search->look->left = search->policies;
	return true;
}

/* A row of the outbox, due at some time; its lease may be NULL. */
static void
take_row(Search *search, TupleTableSlot *slot, TimestampTz at, SlDueLease *lease)
{
	char  *entity = TextDatumGetCString(column(slot, SL_OUTBOX_ENTITY));
	SlDue *found;

	if (search->entity != NULL && strcmp(search->entity, entity) != 0)
	{
		if (lease != NULL)
			lease->is_kept = true;
		return;
	}
	if (lease == NULL && is_left_behind(search, entity))
		return;
	found = &search->found[search->nfound++];
	found->entity = entity;
	found->key = TextDatumGetCString(column(slot, SL_OUTBOX_KEY));
	found->id = DatumGetInt64(column(slot, SL_OUTBOX_ID));
	found->at = at;
	found->lease = lease;
}

/* Scans an index by target and time for what is due, earliest first. */
static IndexScanDesc
begin_scan(const Search *search, Relation heap, Relation index)
{
	IndexScanDesc scan = sl_index_beginscan(heap, index, search->snapshot, 3);
	ScanKeyData   keys[3];

	ScanKeyEntryInitialize(&keys[0], 0, KEY_TARGET, BTEqualStrategyNumber, TEXTOID,
						   C_COLLATION_OID, F_TEXTEQ, search->target);
	ScanKeyInit(&keys[1], KEY_AT, BTGreaterStrategyNumber, F_TIMESTAMPTZ_GT,
				TimestampTzGetDatum(search->after));
	ScanKeyInit(&keys[2], KEY_AT, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE,
				TimestampTzGetDatum(search->look->now));
	index_rescan(scan, keys, 3, NULL, 0);
	return scan;
}

/* What is due from then on is left to the next look. */
static void
stop_before(SlDueLook *look, TimestampTz at)
{
	look->passed = Min(look->passed, at - 1);
}

static void
take_retries(Search *search, Relation outbox)
{
	Relation        index = index_open(sl_relation_oid("sync_outbox_retry_idx"),
									   RowExclusiveLock);
	IndexScanDesc   scan = begin_scan(search, outbox, index);
	TupleTableSlot *slot = table_slot_create(outbox, NULL);

	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		TimestampTz at = DatumGetTimestampTz(column(slot, SL_OUTBOX_RETRY_AT));

		CHECK_FOR_INTERRUPTS();
		if (search->nfound == search->room)
		{
			stop_before(search->look, at);
			break;
		}
		take_row(search, slot, at, NULL);
	}
	ExecDropSingleTupleTableSlot(slot);
	index_endscan(scan);
	index_close(index, NoLock);
}

static bool
is_of_lease(TupleTableSlot *slot, int64 lease)
{
	bool  is_null;
	Datum value = slot_getattr(slot, SL_OUTBOX_LEASE + 1, &is_null);

	return !is_null && DatumGetInt64(value) == lease;
}

/* The rows that a lease still has; false where there was no room for all of them. */
static bool
take_rows(Search *search, SlHeapProbe *outbox, TupleTableSlot *slot, SlDueLease *lease)
{
	TimestampTz at = DatumGetTimestampTz(column(slot, SL_LEASE_ENDS_AT));
	int         n;
	int64      *ids = sl_array_ids(column(slot, SL_LEASE_IDS), &n);

	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!sl_heap_probe_find(outbox, ids[i]) || !is_of_lease(outbox->slot, lease->id))
			continue;
		if (search->nfound == search->room)
		{
			stop_before(search->look, at);
			lease->is_kept = true;
			return false;
		}
		take_row(search, outbox->slot, at, lease);
	}
	return true;
}

static void
take_leases(Search *search, Relation outbox)
{
	Relation heap = table_open(sl_relation_oid("sync_lease"), RowExclusiveLock);
	Relation index = index_open(sl_relation_oid("sync_lease_due_idx"), RowExclusiveLock);
	IndexScanDesc   scan = begin_scan(search, heap, index);
	TupleTableSlot *slot = table_slot_create(heap, NULL);
	SlHeapProbe     probe;
	bool            has_room = true;

	sl_heap_probe_open(&probe, outbox, search->snapshot);
	while (has_room && index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		SlDueLease *lease = palloc0(sizeof(SlDueLease));

		lease->id = DatumGetInt64(column(slot, SL_LEASE_ID));
		search->look->leases = lappend(search->look->leases, lease);
		has_room = take_rows(search, &probe, slot, lease);
	}
	sl_heap_probe_close(&probe);
	ExecDropSingleTupleTableSlot(slot);
	index_endscan(scan);
	index_close(index, NoLock);
	table_close(heap, NoLock);
}

static int
compare_due(const void *a, const void *b)
{
	const SlDue *x = a;
	const SlDue *y = b;
	int          order = strcmp(x->entity, y->entity);

	if (order != 0)
		return order;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* What is due after a time: retries, and then as much again of the leases. */
static SlDue *
find(Search *search, int *n)
{
	SlDueLook *look = search->look;
	int        room = search->room;
	Relation   outbox = table_open(sl_relation_oid("sync_outbox"), RowExclusiveLock);

	look->passed = look->now;
	look->left = 0;
	look->leases = NIL;
	search->policies = sl_policy_generation();
	search->found = palloc(sizeof(SlDue) * room * 2);
	take_retries(search, outbox);
	search->room = search->nfound + room;
	take_leases(search, outbox);
	table_close(outbox, NoLock);
	qsort(search->found, search->nfound, sizeof(SlDue), compare_due);
	*n = search->nfound;
	return search->found;
}

SlDue *
sl_due_find_all(SlDueLook *look, const char *target, const char *entity, int room, int *n)
{
	Search search = {.look = look,
					 .entity = entity,
					 .target_name = target,
					 .room = room,
					 .after = DT_NOBEGIN};
	SlDue *found;

	look->mark = NULL;
	look->now = sl_now();
	CommandCounterIncrement();
	search.snapshot = RegisterSnapshot(GetTransactionSnapshot());
	search.target = CStringGetTextDatum(target);
	found = find(&search, n);
	UnregisterSnapshot(search.snapshot);
	return found;
}

/*
 * The time is read before the snapshot is taken: what that does not show, and no open
 * transaction has written, will be due later than that.
 */
SlDue *
sl_due_find(SlDueLook *look, const char *target, const char *entity, int room, int *n)
{
	Search search = {.look = look, .entity = entity, .target_name = target, .room = room};
	int64  offset;
	SlDueMark *due;
	SlDue     *found;

	if (sl_now_is_set() || IsolationUsesXactSnapshot())
		return sl_due_find_all(look, target, entity, room, n);
	look->mark = sl_mark_begin(target, entity);
	due = &look->mark->due;
	offset = clock_offset();
	look->now = sl_now();
	CommandCounterIncrement();
	search.snapshot = RegisterSnapshot(GetTransactionSnapshot());
	search.target = CStringGetTextDatum(target);
	if (!is_clock_steady(due, offset) ||
		(due->left != 0 && due->left != sl_policy_generation()))
		forget(due);
	search.after = begin_of_look(due, search.snapshot);
	due->offset = offset;
	note_open(due, search.snapshot);
	found = find(&search, n);
	UnregisterSnapshot(search.snapshot);
	return found;
}

void
sl_due_hold(SlDueLook *look, const SlDue *due)
{
	stop_before(look, due->at);
	if (due->lease != NULL)
		due->lease->is_kept = true;
}

static List *
ended_leases(const SlDueLook *look)
{
	List     *ended = NIL;
	ListCell *cell;

	foreach (cell, look->leases)
	{
		SlDueLease *lease = lfirst(cell);

		if (!lease->is_kept)
			ended = lappend(ended, &lease->id);
	}
	return ended;
}

void
sl_due_close(SlDueLook *look)
{
	sl_leases_clear(ended_leases(look));
	if (look->mark == NULL)
		return;
	look->mark->due.passed = look->passed;
	if (look->mark->due.left == 0)
		look->mark->due.left = look->left;
	sl_mark_keep(look->mark);
}
