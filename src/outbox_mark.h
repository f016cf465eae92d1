/*
 * outbox_mark.h
 *	  Where the claims of a target go on: what a backend remembers of the places that it
 *	  has looked at.
 */
#ifndef SL_OUTBOX_MARK_H
#define SL_OUTBOX_MARK_H

#include "postgres.h"

#include "utils/snapshot.h"

#include "datatype/timestamp.h"

/* Where a row stands among those of its target that are claimable. */
typedef struct SlTurn
{
	uint64 place; /* the transaction that made it claimable */
	int64  id;
} SlTurn;

/* Before all rows of a place. */
#define SL_FIRST_ID PG_INT64_MIN

/* A queue of turns. */
typedef struct SlTurns
{
	MemoryContext context;
	int           head;
	int           n; /* from head on */
	int           room;
	SlTurn       *turns;
} SlTurns;

/* What has been looked at of the rows that wait for a time. */
typedef struct SlDueMark
{
	TimestampTz passed; /* all that was due until then has been handled ... */
	SlTurns     open; /* ... but for what these may show: transactions, each with the time
						 of the last look before it began, in the place of an id */
	uint64      crowd;       /* 0, or so is each transaction before this one ... */
	TimestampTz crowd_since; /* ... with this time */
	int64       offset; /* of the clock at the last look; 0: unknown, as is all else */
	uint64 left; /* 0, or under policies of this generation retries were left behind */
} SlDueMark;

/*
 * No row up to and including "next" is claimable, nor will be, but those of an open
 * place behind its turn, those held, and, once there are other policies, those left.
 */
typedef struct SlMark
{
	SlTurn next;
	SlTurns
		open; /* places whose transaction was open, or which were not read to the end */
	SlTurns   held; /* rows that somebody else had locked */
	uint64    xmax; /* of the newest snapshot that took part */
	uint64    left; /* 0, or under policies of this generation rows were left behind */
	SlDueMark due;
} SlMark;

/* Registers the callbacks that keep this file's memory true; called by _PG_init. */
extern void sl_mark_init(void);

/*
 * What is known at the start of a call, to be worked upon: what committed, and what
 * this transaction did since (entity NULL: of all entities).  It counts for nothing
 * unless it is kept, and after the transaction only if that commits.
 */
extern SlMark *sl_mark_begin(const char *target, const char *entity);
extern void    sl_mark_keep(SlMark *mark);

/* What it says is not true, whoever keeps it: it knows no place any more. */
extern void sl_mark_lose(SlMark *mark);

/* One that knows nothing and is never kept, in the current context. */
extern SlMark *sl_mark_scratch(void);

/* A transaction of a snapshot by its full number. */
extern uint64 sl_full_xid(TransactionId xid);

/* A transaction that the snapshot takes to be open, and that may still show rows. */
extern bool sl_is_open(Snapshot snapshot, uint64 xid);

extern void   sl_turns_add(SlTurns *turns, SlTurn turn);
extern SlTurn sl_turns_take(SlTurns *turns);

/* At the front, as if it had not been taken. */
extern void sl_turns_put_back(SlTurns *turns, SlTurn turn);

extern void sl_turns_keep_before(SlTurns *turns, uint64 place);

#endif
