/*
 * capture_rows.h
 *	  The rows that a statement has written, as it found them and as it left them.
 */
#ifndef SL_CAPTURE_ROWS_H
#define SL_CAPTURE_ROWS_H

#include "postgres.h"

#include "commands/trigger.h"
#include "executor/tuptable.h"
#include "utils/tuplestore.h"

#include "row_reader.h"

/* One side of a statement's rows. */
typedef struct SlRowSide
{
	Tuplestorestate
		*store;   /* its transition table; NULL: it has no such side, or one row */
	int  pointer; /* that this side reads the store by */
	TupleTableSlot *slot; /* the row at hand; NULL: it has no such side */
} SlRowSide;

/*
 * The rows of a statement, old and new side by side: PostgreSQL puts both of a row into
 * their transition tables at once.
 */
typedef struct SlPairs
{
	SlRowSide     old;
	SlRowSide     fresh;
	bool          is_row;  /* a trigger for each row: there is one pair */
	bool          is_read; /* that one */
	MemoryContext context; /* of rows that come from a file */
} SlPairs;

/* Opens what a trigger was called for, at its first pair; slots need sl_pairs_close(). */
extern void sl_pairs_open(SlPairs *pairs, TriggerData *trigger);
extern void sl_pairs_rewind(SlPairs *pairs);
extern void sl_pairs_close(SlPairs *pairs);

/* True where there is at least one. */
extern bool sl_pairs_has_rows(TriggerData *trigger);

/* Goes to the next pair; false at the end. */
extern bool sl_pairs_next(SlPairs *pairs);

/* True where the values of a column are the same to the byte. */
extern bool sl_pair_is_same(const SlPairs *pairs, int column);

#endif
