/*
 * capture_nested.h
 *	  Rows that were captured before the statement around theirs: which they are, and what
 *	  they hold now.
 *
 * A trigger of the user's may write the table that it stands on: its statement ends, and is
 * captured, before the one that fired it.  Of a row that both have written the transition
 * tables do not tell what was last; the table does.
 */
#ifndef SL_CAPTURE_NESTED_H
#define SL_CAPTURE_NESTED_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "utils/rel.h"

#include "intake.h"
#include "row_reader.h"

/* A statement that is being captured. */
typedef struct SlNested
{
	uint64    seed;      /* of its names: entity and system */
	int       depth;     /* of triggers around it */
	bool      is_around; /* statements inside have been captured before it */
	CommandId query; /* what it is part of, with others where there are several in one */
	bool is_after; /* another one of them, captured before it, has given names to rows */
} SlNested;

extern void sl_nested_open(SlNested *nested, const SlPolicy *policy, int system);

/*
 * The statement gives names to rows.  In one query (of WITH) a row may be deleted and
 * inserted again, and the DELETE be captured last.
 */
extern void sl_nested_name(const SlNested *nested);

/* What the statement says of a record: whatever is around it must look again. */
extern void sl_nested_note(const SlNested *nested, const SlIntake *intake);

/* True where a statement inside may have written the record too. */
extern bool sl_nested_has(const SlNested *nested, const SlIntake *intake);

/*
 * True where foreign keys of the table may update a row and delete it in one statement: the
 * delete is captured first.
 */
extern bool sl_may_update_and_delete(Relation rel);

/*
 * Reads the row that now bears the name of the one in a slot, by that column, which its
 * owner reads; false where there is none.  values and nulls are those of the reader's rows.
 */
extern bool sl_current_row(const SlRowReader *reader, Relation rel,
						   const SlRowColumn *name, TupleTableSlot *slot, Datum *values,
						   bool *nulls);

/* The same of a table and its children, by a value of that column, which is of that type. */
extern bool sl_row_named(const SlRowReader *reader, Oid relid, const SlRowColumn *name,
						 Oid type, Datum value, Datum *values, bool *nulls);

#endif
