/*
 * apply.h
 *	  What waits for an attached table, on its way into it.
 */
#ifndef SL_APPLY_H
#define SL_APPLY_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "attach.h"
#include "row_reader.h"

/*
 * Whoever holds a row may be waiting for its record, which is ours: we give way first, after so
 * many milliseconds, and after half of that with each row more that was held.
 */
#define SL_APPLY_LOCK_TIMEOUT 100

/* One row of the outbox. */
typedef struct SlChange
{
	int64       id;
	const char *key;
	const char *native_id; /* or NULL */
	const char *action;
	Datum       payload; /* jsonb: columns and their values */
	Datum       columns; /* text[]: its keys, in order */
	Datum paths; /* jsonb: by column that fields stand inside of, those that change */
	bool  is_by_native_id; /* so its row is found; else by its key */
	const char *shape;     /* changes that are alike in this go with one statement */
	bool        is_done;
	bool        is_gone;    /* it was seen to go */
	const char *row;        /* as it stands in the table now, JSON; NULL: there is none */
	bool        is_doubted; /* the row may have been written again since */
	const char *error;      /* why it is not done */
	int         sqlerrcode; /* of that, where a statement failed */
} SlChange;

typedef struct SlApplyTable
{
	Oid         relation;
	const char *entity;
} SlApplyTable;

/* A delete that was claimed, and is to go back. */
typedef struct SlPassed
{
	int64 id;
	int64 lease;
} SlPassed;

/* A batch of them. */
typedef struct SlApply
{
	const SlPolicy *policy;
	int             system;
	Oid             relation;
	SlRowReader     reader;
	const char     *key_column;   /* or NULL */
	const char     *id_column;    /* or NULL */
	bool            is_by_owner;  /* of the table, whatever the caller may do */
	Oid             writer;       /* with whose rights the table is written */
	bool            is_ordered;   /* in the order in which they wait */
	bool            has_deferred; /* constraints that speak at commit */
	bool   has_order;   /* ... but deletes come last: rows may refer to what goes */
	bool   takes_along; /* at once: its deletes do something to rows that refer to them */
	bool   holds_deletes; /* till the call ends */
	int64  lease;
	uint64 nwritten; /* rows, by the statement that ran last */
	int    nchanges;
	SlChange **changes; /* else those of a shape one after the other */
	int        ndeletes;
	SlChange **deletes; /* put off until what may refer to them is written */

	/* of the whole call, in context */
	MemoryContext context;
	int           nheld; /* times that somebody else held a row too long */
	int           npassed;
	int           maxpassed;
	SlPassed     *passed;      /* deletes that others wait behind */
	bool          is_walked;   /* all that could be claimed was */
	uint64        others_from; /* the last look found none in a place before it */
	Datum         last_look;   /* its snapshot; or 0 */
} SlApply;

static inline bool
sl_is_action(const SlChange *change, const char *action)
{
	return strcmp(change->action, action) == 0;
}

/* What a call has done so far, and may do. */
typedef struct SlApplyCount
{
	int  max;
	int  claimed; /* and not put off */
	int  applied;
	bool is_more; /* another round finds what the last one has not */
} SlApplyCount;

/* --- apply_deferred.c --- */

/* Writes what waits for the tables of a system; how many changes were applied. */
typedef int SlApplyRun(const char *system, int max_changes);

/* Runs that so that a deferred constraint refuses a row, and not all of them at commit. */
extern int sl_apply_deferred(SlApplyRun *run, const char *system, int max_changes);

/*
 * In the transaction of a writer: from now on they speak after each statement.  NULL: they do not,
 * for they would refuse what the writer has left to them itself, or a trigger that waits for the
 * end would run now.
 */
extern const char *sl_constraints_speak(const char *system);
extern void        sl_constraints_wait(const char *names);

/* --- apply_deletes.c --- */

/* A row of the table may refer to another one. */
extern bool sl_refers_to_itself(Relation rel);

/* A delete does something to rows that refer to what goes. */
extern bool sl_takes_rows_along(Relation rel);

/*
 * Where a batch may hold rows whose keys have changed, deletes are for a later call: what
 * referred to them follows in the statement that is under way, and is not known yet.
 */
extern void sl_hold_deletes(SlApply *apply);

/* Takes the deletes out of a batch that was claimed. */
extern void sl_put_deletes_off(SlApply *apply);

/* Makes them the batch, as many as there is room for. */
extern void sl_take_deletes(SlApply *apply, int room);

/* Something else than a delete is still to be claimed for the table. */
extern bool sl_others_wait(SlApply *apply);

/* Keeps those that are left until what stands behind them is written. */
extern void sl_pass_deletes(SlApply *apply);

/* They go to the end of what waits, as if they had not been claimed; whether there were any. */
extern bool sl_give_deletes_back(SlApply *apply);

/* --- apply_errors.c --- */

/* In a PG_CATCH: the error, in the context, of what is undone. */
extern ErrorData *sl_undo_subtransaction(MemoryContext context);

/* An error that is no fault of a row: the caller repeats, or was stopped. */
extern bool sl_is_of_the_call(const ErrorData *error);

/* --- apply_open.c --- */

/*
 * Locks the table.  False where it is gone by now, or where nothing can be written to it, as it
 * was altered, would not tell, or is locked, with the reason: what waits for it waits on.
 */
extern bool sl_apply_open(SlApply *apply, const SlApplyTable *table, const char *system,
						  SlMisfit *misfit);

/*
 * Those that can be written, with a warning for each other; how many they are.  Where there are
 * none that is an error, unless they are just locked.
 */
extern int sl_apply_open_all(SlApply *applies, const char *system,
							 const SlApplyTable *tables, int n);

/* --- apply_paths.c --- */

/* Of a change-set, or NULL: {column: [[step, ...], ...]}, of columns that fields stand inside of. */
extern Datum sl_apply_paths(const SlApply *apply, Jsonb *change_set);

/* --- apply_sql.c --- */

/* What is known of a column that some field or name stands in, or NULL. */
extern const SlRowColumn *sl_apply_column(const SlApply *apply, const char *name);

/*
 * The statement for a change and those that are alike.  $1: payloads, $2: native ids, $3: paths, of
 * each change one.
 */
extern char *sl_apply_statement(const SlApply *apply, const SlChange *change);

/* A query for the row of an update, where that would change nothing in it. */
extern char *sl_apply_comparison(const SlApply *apply, const SlChange *change);

/* --- apply_statement.c --- */

/* Writes them, alike ones together, each by itself where that fails. */
extern void sl_apply_changes(SlApply *apply);

/* --- apply_tables.c --- */

/*
 * Those of a system, what foreign keys refer to before what they are of; an error where there
 * are none.  Where two are the same system of an entity nobody knows which has the records:
 * left out, with a warning.
 */
extern SlApplyTable *sl_apply_tables(const char *system, int *n);

/* That of one entity; InvalidOid where there is none, or no telling which. */
extern Oid sl_apply_table(const SlPolicy *policy, int system);

/* --- apply.c --- */

/* What waits for the table of a system, in the transaction that has made it. */
extern void sl_apply_now(const SlPolicy *policy, int system);

#endif
