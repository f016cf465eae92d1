/*
 * capture.h
 *	  What a statement has written to an attached table, as records for the pipeline.
 */
#ifndef SL_CAPTURE_H
#define SL_CAPTURE_H

#include "postgres.h"

#include "commands/trigger.h"
#include "utils/tuplestore.h"

#include "capture_nested.h"
#include "capture_rows.h"
#include "diff.h"
#include "row_reader.h"

/* A statement on its way into the pipeline. */
typedef struct SlCapture
{
	const SlPolicy *policy;
	int             system;    /* whose table it is */
	int             speaker;   /* on whose behalf it is written; mostly the same */
	bool            is_spoken; /* what that system means by it was taken in */
	SlValue        *before;    /* what a row said that this one changes; NULL: none did */
	Relation        rel;
	SlRowReader     reader;
	int            *named; /* columns that name the record */
	int             nnamed;
	int             natts; /* of a row, so many are needed */
	SlPairs         pairs;
	TriggerData    *trigger;
	Tuplestorestate
				   *gone; /* rows whose name nobody bears any more; NULL: not asked yet */
	TupleTableSlot *gone_slot;
	bool            is_waiting; /* the pair at hand comes after them */
	SlNested        nested;
	bool  may_be_gone; /* what was updated may have been deleted in the same statement */
	bool  is_rest;     /* what sync_apply() has written itself is left out */
	bool *woken;       /* by system: something waits for it because of this */
	int64 ordinal;
	MemoryContext context; /* of the call */
} SlCapture;

/* Opens the rows of a trigger, as their system's policy reads them. */
extern void sl_capture_open(SlCapture *capture, const SlPolicy *policy, int system,
							TriggerData *trigger);

/* Once more from the first row, when the speaker has had its say. */
extern void sl_capture_rewind(SlCapture *capture);
extern void sl_capture_close(SlCapture *capture);

/* The column by which a row can be found again, or NULL: a key may stand inside of one. */
extern const SlRowColumn *sl_capture_name_column(const SlCapture *capture,
												 const SlIntake  *intake);

/* Reads what names a row, as of one that is gone. */
extern void sl_capture_name_row(SlCapture *capture, TupleTableSlot *slot,
								SlRawRecord *raw, SlIntake *intake);

/* The row as it is in the table by now; of one that is gone, as it was. */
extern void sl_capture_look_again(SlCapture *capture, TupleTableSlot *slot,
								  SlRawRecord *raw, SlIntake *intake);

/*
 * The rows of a statement of sync_apply(), for it; false where there are others, which the
 * statement did not name: those are left to be taken in.
 */
extern bool sl_capture_hand_over(SlCapture *capture);

/*
 * The row at hand is one that sync_apply() writes itself: what it is in the end is told by
 * that, whatever triggers of the user's make of it meanwhile.
 */
extern bool sl_capture_is_told(SlCapture *capture);

/*
 * Leaves what the speaker says by the row; it knows no native ids of the table's system.
 * False where it has said nothing.
 */
extern bool sl_capture_speak(const SlCapture *capture, SlIntake *intake);

/* For sl_diff_run_source(): what the next row says. */
extern bool sl_capture_next(SlDiff *diff, SlRawRecord *raw, SlIntake *intake);
extern void sl_capture_describe(SlDiff *diff, SlRawRecord *raw);

#endif
