/*
 * outbox_place.c
 *	  Rows that look claimable, found in the order in which they became so.
 *
 * A row's place is the transaction that made it claimable, so what a snapshot does not
 * show yet has the place of a transaction that was open, or had not begun.  A walk
 * begins where the last one ended and looks besides at the transactions that were open
 * then and at the rows that were locked: what is dead by now is never stepped over
 * again, however long its index entries stay.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/xid8.h"

#include "compat.h"
#include "outbox_columns.h"
#include "outbox_place.h"
#include "policy_cache.h"
#include "query.h"

/* The columns of the claim index. */
enum
{
	KEY_TARGET = 1,
	KEY_PLACE,
	KEY_ID,
	NKEYS = KEY_ID
};

/* Rows that are held are looked at in so small a batch, until one turns out to be free. */
#define FIRST_PATIENCE 16

/* So many that are held are looked for by one scan, which may pass as many between two. */
#define MAX_RUN 64

/* A walk that finds nothing looks at so many more that are held: a worker shall not wait for them. */
#define MAX_REST 4096

/* More that are held are not remembered: the next walk begins at the first of them. */
#define MAX_HELD 262144

/* A snapshot that was handed over can be older than what is remembered. */
static bool
is_older(const SlWalk *walk, const SlMark *mark)
{
	if (IsolationUsesXactSnapshot())
		return walk->xmax <= mark->xmax;
	return walk->xmax < mark->xmax;
}

static void
choose_mark(SlWalk *walk, const char *target)
{
	walk->mark = sl_mark_begin(target, walk->entity);
	walk->is_scratch = is_older(walk, walk->mark);
	if (walk->is_scratch)
		walk->mark = sl_mark_scratch();
	else if (walk->mark->left != 0 && walk->mark->left != sl_policy_generation())
		sl_mark_lose(walk->mark);
	walk->from = walk->mark->next;
	walk->nheld = walk->mark->held.n;
	walk->nopen = walk->mark->open.n;
}

void
sl_walk_open(SlWalk *walk, const char *target, const char *entity)
{
	memset(walk, 0, sizeof(SlWalk));
	walk->entity = entity;
	walk->target = CStringGetTextDatum(target);
	walk->patience = FIRST_PATIENCE;
	CommandCounterIncrement();
	walk->snapshot = RegisterSnapshot(GetTransactionSnapshot());
	walk->xmax = sl_full_xid(walk->snapshot->xmax);
	walk->heap = table_open(sl_relation_oid("sync_outbox"), RowExclusiveLock);
	walk->index = index_open(sl_relation_oid("sync_outbox_claim_idx"), RowExclusiveLock);
	walk->slot = table_slot_create(walk->heap, NULL);
	choose_mark(walk, target);
}

static Datum
column(const SlWalk *walk, int column)
{
	bool  is_null;
	Datum value = slot_getattr(walk->slot, column + 1, &is_null);

	if (is_null)
		elog(ERROR, "unexpected null in column %d of sync_outbox", column + 1);
	return value;
}

static SlTurn
turn_of(const SlWalk *walk)
{
	return (SlTurn){.id = DatumGetInt64(column(walk, SL_OUTBOX_ID)),
					.place = U64FromFullTransactionId(
						DatumGetFullTransactionId(column(walk, SL_OUTBOX_PLACE)))};
}

static bool
is_named(const text *entity, const char *name)
{
	return VARSIZE_ANY_EXHDR(entity) == strlen(name) &&
		   memcmp(VARDATA_ANY(entity), name, strlen(name)) == 0;
}

static bool
is_of_entity(const SlWalk *walk)
{
	const text *entity;

	if (walk->entity == NULL && walk->passed[0] == '\0')
		return true;
	entity = DatumGetTextPP(column(walk, SL_OUTBOX_ENTITY));
	if (walk->entity != NULL)
		return is_named(entity, walk->entity);
	return !is_named(entity, walk->passed);
}

static HeapTuple
row_in_slot(const SlWalk *walk)
{
	return ((HeapTupleTableSlot *) walk->slot)->tuple;
}

/*
 * An open transaction writes the row, so it holds the record's lock: there is no need to find
 * out by looking for the record.  With one snapshot for all, the lock has to say what became
 * of it.
 */
static bool
is_being_written(const SlWalk *walk)
{
	const HeapTupleHeader row = row_in_slot(walk)->t_data;
	TransactionId         xid = HeapTupleHeaderGetRawXmax(row);

	if (IsolationUsesXactSnapshot() ||
		(row->t_infomask & (HEAP_XMAX_INVALID | HEAP_XMAX_IS_MULTI)) != 0 ||
		HEAP_XMAX_IS_LOCKED_ONLY(row->t_infomask))
		return false;
	return !TransactionIdIsCurrentTransactionId(xid) &&
		   XidInMVCCSnapshot(xid, walk->snapshot) && !TransactionIdDidAbort(xid);
}

static void
hold(SlWalk *walk, SlTurn turn)
{
	if (walk->is_held && !walk->is_rest)
	{
		walk->nleft += walk->nheld;
		walk->nheld = 0;
	}
	if (walk->mark->held.n < MAX_HELD)
		sl_turns_add(&walk->mark->held, turn);
	else
		walk->is_scratch = true;
}

/* Between those of a run others stand, which are claimed by now, or are held on their own. */
static bool
is_wanted(SlWalk *walk)
{
	int64 id;

	if (walk->run == NULL)
		return true;
	id = DatumGetInt64(column(walk, SL_OUTBOX_ID));
	while (walk->nrun > 0 && walk->run->id < id)
	{
		walk->run++;
		walk->nrun--;
	}
	return walk->nrun > 0 && walk->run->id == id;
}

/* A row that a worker has keeps its place: to lose it would be an entry in each index. */
static bool
is_leased(const SlWalk *walk)
{
	return !heap_attisnull(row_in_slot(walk), SL_OUTBOX_LEASE + 1,
						   RelationGetDescr(walk->heap));
}

static void
take_row(SlWalk *walk)
{
	SlCandidate *found;

	if (is_leased(walk) || !is_wanted(walk) || !is_of_entity(walk))
		return;
	if (is_being_written(walk))
	{
		hold(walk, turn_of(walk));
		return;
	}
	found = &walk->found[walk->nfound++];
	memset(found, 0, sizeof(SlCandidate));
	found->tid = walk->slot->tts_tid;
	found->entity = TextDatumGetCString(column(walk, SL_OUTBOX_ENTITY));
	found->key = TextDatumGetCString(column(walk, SL_OUTBOX_KEY));
	found->turn = turn_of(walk);
}

/* Takes rows as long as there is room; true where there are no more. */
static bool
take_rows(SlWalk *walk, ScanKey keys, int nkeys)
{
	IndexScanDesc scan = sl_index_beginscan(walk->heap, walk->index, walk->snapshot,
											nkeys);
	bool          is_at_end = false;

	index_rescan(scan, keys, nkeys, NULL, 0);
	while (walk->nfound < walk->room && !is_at_end)
	{
		CHECK_FOR_INTERRUPTS();
		is_at_end = !index_getnext_slot(scan, ForwardScanDirection, walk->slot);
		if (!is_at_end)
			take_row(walk);
	}
	ExecClearTuple(walk->slot);
	index_endscan(scan);
	return is_at_end;
}

static void
init_target_key(const SlWalk *walk, ScanKey key)
{
	ScanKeyEntryInitialize(key, 0, KEY_TARGET, BTEqualStrategyNumber, TEXTOID,
						   C_COLLATION_OID, F_TEXTEQ, walk->target);
}

static void
init_place_key(ScanKey key, StrategyNumber strategy, RegProcedure procedure, uint64 place)
{
	ScanKeyInit(key, KEY_PLACE, strategy, procedure,
				FullTransactionIdGetDatum(FullTransactionIdFromU64(place)));
}

/* The rows of a place from one id to another; true where there are no more. */
static bool
take_range(SlWalk *walk, uint64 place, int64 first, int64 last)
{
	ScanKeyData keys[NKEYS + 1];

	init_target_key(walk, &keys[0]);
	init_place_key(&keys[1], BTEqualStrategyNumber, F_XID8EQ, place);
	ScanKeyInit(&keys[2], KEY_ID, BTGreaterEqualStrategyNumber, F_INT8GE,
				Int64GetDatum(first));
	ScanKeyInit(&keys[3], KEY_ID, BTLessEqualStrategyNumber, F_INT8LE,
				Int64GetDatum(last));
	return take_rows(walk, keys, NKEYS + 1);
}

/* The rows of a place behind a turn; true where there are no more. */
static bool
take_place(SlWalk *walk, SlTurn turn)
{
	ScanKeyData keys[NKEYS];

	init_target_key(walk, &keys[0]);
	init_place_key(&keys[1], BTEqualStrategyNumber, F_XID8EQ, turn.place);
	ScanKeyInit(&keys[2], KEY_ID, BTGreaterStrategyNumber, F_INT8GT,
				Int64GetDatum(turn.id));
	return take_rows(walk, keys, NKEYS);
}

/* The rows of all places from one on; true where there are no more. */
static bool
take_places(SlWalk *walk, uint64 place)
{
	ScanKeyData keys[2];

	init_target_key(walk, &keys[0]);
	init_place_key(&keys[1], BTGreaterEqualStrategyNumber, F_XID8GE, place);
	return take_rows(walk, keys, 2);
}

/* Takes from the held ones those that stand close behind each other; returns how many. */
static int
pick_run(SlWalk *walk, SlTurn *run)
{
	SlTurns *held = &walk->mark->held;
	int      n = 0;

	do
	{
		run[n++] = sl_turns_take(held);
		walk->nheld--;
	} while (n < MAX_RUN && walk->nheld > 0 &&
			 held->turns[held->head].place == run[n - 1].place &&
			 held->turns[held->head].id > run[n - 1].id &&
			 held->turns[held->head].id - run[n - 1].id <= MAX_RUN);
	return n;
}

/* What there was no room for comes next. */
static void
take_run(SlWalk *walk)
{
	SlTurn run[MAX_RUN];
	int    n = pick_run(walk, run);
	bool   is_at_end;
	int64  last;

	walk->run = run;
	walk->nrun = n;
	is_at_end = take_range(walk, run[0].place, run[0].id, run[n - 1].id);
	walk->run = NULL;
	if (is_at_end)
		return;
	last = walk->found[walk->nfound - 1].turn.id;
	for (; n > 0 && run[n - 1].id > last; n--)
	{
		sl_turns_put_back(&walk->mark->held, run[n - 1]);
		walk->nheld++;
	}
}

/* Those that are free again; where one still is not, the others have to wait too. */
static void
take_held(SlWalk *walk)
{
	int room = walk->room;

	walk->room = Min(room, walk->patience);
	walk->is_held = true;
	while (walk->nheld > 0 && walk->nfound < walk->room)
		take_run(walk);
	walk->room = room;
	walk->patience *= 2;
	walk->is_held = walk->nfound > 0;
}

/* Rows of transactions that were open when the mark went by. */
static void
take_open(SlWalk *walk)
{
	SlTurns *open = &walk->mark->open;

	while (walk->nopen > 0 && walk->nfound == 0)
	{
		SlTurn turn = sl_turns_take(open);

		walk->nopen--;
		if (sl_is_open(walk->snapshot, turn.place))
		{
			sl_turns_add(open, turn);
			continue;
		}
		if (take_place(walk, turn))
			continue;
		turn.id = walk->found[walk->nfound - 1].turn.id;
		sl_turns_add(open, turn);
		walk->nopen++;
	}
}

static void
take_new(SlWalk *walk)
{
	SlTurn *next = &walk->mark->next;

	if (next->id != SL_FIRST_ID && take_place(walk, *next))
		*next = (SlTurn){next->place + 1, SL_FIRST_ID};
	if (next->id == SL_FIRST_ID && walk->nfound < walk->room)
		walk->is_at_end = take_places(walk, next->place);
	if (walk->nfound > 0)
		*next = walk->found[walk->nfound - 1].turn;
}

/* Nothing else is there, and nothing was got: those that had to wait are looked at now. */
static void
take_rest(SlWalk *walk)
{
	walk->nheld = Min(walk->nleft, MAX_REST);
	walk->nleft = 0;
	walk->is_rest = true;
	take_held(walk);
}

SlCandidate *
sl_walk_next(SlWalk *walk, int room, int *n)
{
	walk->found = palloc(sizeof(SlCandidate) * room);
	walk->nfound = 0;
	walk->room = room;
	walk->is_held = false;
	if (walk->nheld > 0)
		take_held(walk);
	if (walk->nfound == 0)
		take_open(walk);
	if (walk->nfound == 0 && !walk->is_at_end)
		take_new(walk);
	if (walk->nfound == 0 && walk->nwon == 0 && walk->nleft > 0)
		take_rest(walk);
	walk->nwon += walk->nfound;
	*n = walk->nfound;
	return walk->found;
}

void
sl_walk_hold(SlWalk *walk, const SlCandidate *candidate)
{
	walk->nwon--;
	hold(walk, candidate->turn);
}

void
sl_walk_leave(SlWalk *walk, const char *entity, int n, uint64 policies)
{
	walk->nwon -= n;
	strlcpy(walk->passed, entity, sizeof(walk->passed));
	if (walk->mark->left == 0)
		walk->mark->left = policies;
}

/*
 * The first place of which the walk may not have seen all: of transactions that began
 * after the snapshot, and of this one, which may still make rows claimable.
 */
static uint64
first_unseen(const SlWalk *walk)
{
	FullTransactionId own = GetTopFullTransactionIdIfAny();

	if (!FullTransactionIdIsValid(own))
		return walk->xmax;
	return Min(walk->xmax, U64FromFullTransactionId(own));
}

/* What the walk has passed without seeing it: places whose transactions are open. */
static void
note_open(SlWalk *walk)
{
	for (uint32 i = 0; i < walk->snapshot->xcnt; i++)
	{
		SlTurn turn = {sl_full_xid(walk->snapshot->xip[i]), SL_FIRST_ID};

		if (turn.place >= walk->from.place && turn.place < walk->mark->next.place)
			sl_turns_add(&walk->mark->open, turn);
	}
}

/*
 * This transaction's own place may lie behind what was walked.  What the next walk comes to
 * anyway is not to be found twice by it.
 */
static void
begin_next_at(const SlWalk *walk, uint64 place)
{
	SlMark *mark = walk->mark;

	mark->next = (SlTurn){place, SL_FIRST_ID};
	if (place == walk->xmax)
		return;
	sl_turns_keep_before(&mark->held, place);
	sl_turns_keep_before(&mark->open, place);
}

static void
move_mark(SlWalk *walk)
{
	SlMark *mark = walk->mark;
	uint64  unseen = first_unseen(walk);

	if (walk->is_at_end || mark->next.place >= unseen)
		begin_next_at(walk, unseen);
	note_open(walk);
	mark->xmax = walk->xmax;
}

void
sl_walk_close(SlWalk *walk)
{
	move_mark(walk);
	if (walk->is_scratch)
		sl_mark_lose(walk->mark);
	else
		sl_mark_keep(walk->mark);
	ExecDropSingleTupleTableSlot(walk->slot);
	index_close(walk->index, NoLock);
	table_close(walk->heap, NoLock);
	UnregisterSnapshot(walk->snapshot);
}
