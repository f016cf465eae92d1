/*
 * outbox_due.c
 *	  Rows that wait for a time that has come.
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
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "guc.h"
#include "outbox_columns.h"
#include "outbox_due.h"
#include "outbox_place.h"
#include "query.h"

/* The columns of the index. */
#define KEY_TARGET 1
#define KEY_AT     2

/* Microseconds.  The clock may go back as far without being noticed: looks overlap. */
#define OVERLAP 2000
#define DRIFT   1000

/* More transactions that a snapshot does not list are not told apart. */
#define MAX_UNLISTED 64

/* Both clocks are read within this, or the reading says nothing. */
#define SAME_MOMENT 200

/* What a scan needs and finds. */
typedef struct Search
{
	const char     *entity; /* or NULL: of any */
	Snapshot        snapshot;
	Relation        heap;
	TupleTableSlot *slot;
	SlDue          *found;
	int             nfound;
	int             room;
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
		elog(ERROR, "unexpected null in column %d of sync_outbox", column + 1);
	return value;
}

static void
take_row(Search *search)
{
	char  *entity = TextDatumGetCString(column(search->slot, SL_OUTBOX_ENTITY));
	SlDue *found;

	if (search->entity != NULL && strcmp(search->entity, entity) != 0)
		return;
	found = &search->found[search->nfound++];
	found->entity = entity;
	found->key = TextDatumGetCString(column(search->slot, SL_OUTBOX_KEY));
	found->id = DatumGetInt64(column(search->slot, SL_OUTBOX_ID));
	found->at = DatumGetTimestampTz(column(search->slot, SL_OUTBOX_VISIBLE_AT));
}

/* Rows that are due after one time and until another, earliest first. */
static void
take_rows(Search *search, Datum target, TimestampTz after, TimestampTz until)
{
	Relation index = index_open(sl_relation_oid("sync_outbox_due_idx"), RowExclusiveLock);
	IndexScanDesc rows = sl_index_beginscan(search->heap, index, search->snapshot, 3);
	ScanKeyData   keys[3];

	ScanKeyEntryInitialize(&keys[0], 0, KEY_TARGET, BTEqualStrategyNumber, TEXTOID,
						   C_COLLATION_OID, F_TEXTEQ, target);
	ScanKeyInit(&keys[1], KEY_AT, BTGreaterStrategyNumber, F_TIMESTAMPTZ_GT,
				TimestampTzGetDatum(after));
	ScanKeyInit(&keys[2], KEY_AT, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE,
				TimestampTzGetDatum(until));
	index_rescan(rows, keys, 3, NULL, 0);
	while (search->nfound < search->room &&
		   index_getnext_slot(rows, ForwardScanDirection, search->slot))
	{
		CHECK_FOR_INTERRUPTS();
		take_row(search);
	}
	ExecClearTuple(search->slot);
	index_endscan(rows);
	index_close(index, NoLock);
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

static SlDue *
find(SlDueLook *look, Search *search, const char *target, TimestampTz after, int *n)
{
	search->heap = table_open(sl_relation_oid("sync_outbox"), RowExclusiveLock);
	search->slot = table_slot_create(search->heap, NULL);
	search->found = palloc(sizeof(SlDue) * search->room);
	take_rows(search, CStringGetTextDatum(target), after, look->now);
	ExecDropSingleTupleTableSlot(search->slot);
	table_close(search->heap, NoLock);
	look->passed = look->now;
	if (search->nfound == search->room)
		look->passed = search->found[search->nfound - 1].at - 1;
	qsort(search->found, search->nfound, sizeof(SlDue), compare_due);
	*n = search->nfound;
	return search->found;
}

SlDue *
sl_due_find_all(SlDueLook *look, const char *target, const char *entity, int room, int *n)
{
	Search search = {.entity = entity, .room = room};
	SlDue *found;

	look->mark = NULL;
	look->now = sl_now();
	CommandCounterIncrement();
	search.snapshot = RegisterSnapshot(GetTransactionSnapshot());
	found = find(look, &search, target, DT_NOBEGIN, n);
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
	Search      search = {.entity = entity, .room = room};
	TimestampTz after;
	int64       offset;
	SlDueMark  *due;
	SlDue      *found;

	if (sl_now_is_set() || IsolationUsesXactSnapshot())
		return sl_due_find_all(look, target, entity, room, n);
	look->mark = sl_mark_begin(target, entity);
	due = &look->mark->due;
	offset = clock_offset();
	look->now = sl_now();
	CommandCounterIncrement();
	search.snapshot = RegisterSnapshot(GetTransactionSnapshot());
	if (!is_clock_steady(due, offset))
		forget(due);
	after = begin_of_look(due, search.snapshot);
	due->offset = offset;
	note_open(due, search.snapshot);
	found = find(look, &search, target, after, n);
	UnregisterSnapshot(search.snapshot);
	return found;
}

void
sl_due_hold(SlDueLook *look, const SlDue *due)
{
	look->passed = Min(look->passed, due->at - 1);
}

void
sl_due_close(SlDueLook *look)
{
	if (look->mark == NULL)
		return;
	look->mark->due.passed = look->passed;
	sl_mark_keep(look->mark);
}
