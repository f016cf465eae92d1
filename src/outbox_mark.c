/*
 * outbox_mark.c
 *	  Where the claims of a target go on: what a backend remembers of the places that it
 *	  has looked at.
 *
 * What a claim learnt counts from its commit on.  After a rollback, of a savepoint too,
 * the next one begins where the last one that committed ended: the rows of the one
 * that was rolled back are claimable again.
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "outbox_mark.h"
#include "query.h"

#define FIRST_ROOM 8

typedef struct Memory
{
	SlMark         fresh; /* first: a mark that is handed out leads to its memory */
	SlMark         kept;  /* at commit */
	bool           is_fresh;
	MemoryContext  context;
	const char    *target;
	const char    *entity; /* or NULL */
	struct Memory *other;
} Memory;

static Memory *memories = NULL;
static uint64  generation = 0; /* of the installation that they are of */

static void
init_mark(SlMark *mark, MemoryContext context)
{
	memset(mark, 0, sizeof(SlMark));
	mark->next.id = SL_FIRST_ID;
	mark->open.context = context;
	mark->held.context = context;
	mark->due.open.context = context;
}

SlMark *
sl_mark_scratch(void)
{
	SlMark *mark = palloc(sizeof(SlMark));

	init_mark(mark, CurrentMemoryContext);
	return mark;
}

static void
need_room(SlTurns *turns, int room)
{
	int wanted = Max(FIRST_ROOM, turns->room);

	if (room <= turns->room)
		return;
	while (wanted < room)
		wanted *= 2;
	if (turns->turns == NULL)
		turns->turns = MemoryContextAlloc(turns->context, sizeof(SlTurn) * wanted);
	else
		turns->turns = repalloc(turns->turns, sizeof(SlTurn) * wanted);
	turns->room = wanted;
}

/* What was taken from the front leaves room at the end. */
static void
close_up(SlTurns *turns)
{
	if (turns->head <= turns->n)
		return;
	memmove(turns->turns, turns->turns + turns->head, sizeof(SlTurn) * turns->n);
	turns->head = 0;
}

void
sl_turns_add(SlTurns *turns, SlTurn turn)
{
	close_up(turns);
	need_room(turns, turns->head + turns->n + 1);
	turns->turns[turns->head + turns->n++] = turn;
}

void
sl_turns_put_back(SlTurns *turns, SlTurn turn)
{
	if (turns->head == 0)
	{
		need_room(turns, turns->n + FIRST_ROOM);
		memmove(turns->turns + FIRST_ROOM, turns->turns, sizeof(SlTurn) * turns->n);
		turns->head = FIRST_ROOM;
	}
	turns->turns[--turns->head] = turn;
	turns->n++;
}

SlTurn
sl_turns_take(SlTurns *turns)
{
	Assert(turns->n > 0);
	turns->n--;
	return turns->turns[turns->head++];
}

void
sl_turns_keep_before(SlTurns *turns, uint64 place)
{
	for (int i = turns->n; i > 0; i--)
	{
		SlTurn turn = sl_turns_take(turns);

		if (turn.place < place)
			sl_turns_add(turns, turn);
	}
}

static void
copy_turns(SlTurns *to, const SlTurns *from)
{
	need_room(to, from->n);
	if (from->n > 0)
		memcpy(to->turns, from->turns + from->head, sizeof(SlTurn) * from->n);
	to->head = 0;
	to->n = from->n;
}

static void
copy_mark(SlMark *to, const SlMark *from)
{
	copy_turns(&to->open, &from->open);
	copy_turns(&to->held, &from->held);
	to->next = from->next;
	to->xmax = from->xmax;
	to->left = from->left;
	copy_turns(&to->due.open, &from->due.open);
	to->due.passed = from->due.passed;
	to->due.crowd = from->due.crowd;
	to->due.crowd_since = from->due.crowd_since;
	to->due.offset = from->due.offset;
	to->due.left = from->due.left;
}

static void
forget(Memory **link)
{
	Memory *memory = *link;

	*link = memory->other;
	MemoryContextDelete(memory->context);
}

/* Another installation has other rows. */
static void
check_generation(void)
{
	uint64 now = sl_install_generation();

	while (generation != now && memories != NULL)
		forget(&memories);
	generation = now;
}

static bool
is_of(const Memory *memory, const char *target, const char *entity)
{
	if (strcmp(memory->target, target) != 0)
		return false;
	if (memory->entity == NULL || entity == NULL)
		return memory->entity == entity;
	return strcmp(memory->entity, entity) == 0;
}

static Memory *
new_memory(const char *target, const char *entity)
{
	MemoryContext context = AllocSetContextCreate(CacheMemoryContext, "sync_ledger mark",
												  ALLOCSET_SMALL_SIZES);
	Memory       *memory = MemoryContextAllocZero(context, sizeof(Memory));

	memory->context = context;
	memory->target = MemoryContextStrdup(context, target);
	memory->entity = entity == NULL ? NULL : MemoryContextStrdup(context, entity);
	init_mark(&memory->fresh, context);
	init_mark(&memory->kept, context);
	memory->other = memories;
	memories = memory;
	return memory;
}

static Memory *
need_memory(const char *target, const char *entity)
{
	check_generation();
	for (Memory *memory = memories; memory != NULL; memory = memory->other)
		if (is_of(memory, target, entity))
			return memory;
	return new_memory(target, entity);
}

SlMark *
sl_mark_begin(const char *target, const char *entity)
{
	Memory *memory = need_memory(target, entity);

	if (!memory->is_fresh)
		copy_mark(&memory->fresh, &memory->kept);
	return &memory->fresh;
}

void
sl_mark_keep(SlMark *mark)
{
	((Memory *) mark)->is_fresh = true;
}

void
sl_mark_lose(SlMark *mark)
{
	mark->next = (SlTurn){0, SL_FIRST_ID};
	mark->open.n = 0;
	mark->held.n = 0;
	mark->left = 0;
}

/* Nothing here can fail: the transaction has committed. */
static void
adopt(void)
{
	for (Memory *memory = memories; memory != NULL; memory = memory->other)
	{
		SlMark mark = memory->kept;

		if (!memory->is_fresh)
			continue;
		memory->kept = memory->fresh;
		memory->fresh = mark;
		memory->is_fresh = false;
	}
}

/* A target that nobody knows leaves nothing behind: its poll failed. */
static void
discard(void)
{
	Memory **link = &memories;

	while (*link != NULL)
	{
		(*link)->is_fresh = false;
		if ((*link)->kept.xmax == 0)
			forget(link);
		else
			link = &(*link)->other;
	}
}

static void
end_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
			adopt();
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			discard();
			break;
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PARALLEL_ABORT:
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			break;
	}
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId subxact, SubTransactionId parent,
				   void *arg)
{
	switch (event)
	{
		case SUBXACT_EVENT_ABORT_SUB:
			discard();
			break;
		case SUBXACT_EVENT_START_SUB:
		case SUBXACT_EVENT_COMMIT_SUB:
		case SUBXACT_EVENT_PRE_COMMIT_SUB:
			break;
	}
}

void
sl_mark_init(void)
{
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
}

/* The epoch of the next transaction tells that of one that began before it. */
uint64
sl_full_xid(TransactionId xid)
{
	FullTransactionId next = ReadNextFullTransactionId();
	uint32            epoch = EpochFromFullTransactionId(next);

	if (xid > XidFromFullTransactionId(next))
		epoch--;
	return U64FromFullTransactionId(FullTransactionIdFromEpochAndXid(epoch, xid));
}

bool
sl_is_open(Snapshot snapshot, uint64 xid)
{
	if (xid >= sl_full_xid(snapshot->xmax))
		return true;
	if (xid < sl_full_xid(snapshot->xmin))
		return false;
	return XidInMVCCSnapshot((TransactionId) xid, snapshot);
}
