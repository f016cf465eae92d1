/*
 * apply_mark.h
 *	  What sync_apply() writes itself: capture knows it, and hands over the rows.
 */
#ifndef SL_APPLY_MARK_H
#define SL_APPLY_MARK_H

#include "postgres.h"

#include "commands/trigger.h"

/* A row that a statement of ours is to write, by its name in the book. */
typedef struct SlAppliedRow SlAppliedRow;

/*
 * The statements of this call, until sl_applying_end(), are our own writes to the table of
 * a system; names and rows live in the current context.
 */
extern void sl_applying_begin(const char *system, const char *entity);
extern void sl_applying_end(void);

/* Of the one row that it writes nobody knows the name before. */
extern void sl_applying_any(void);

/* It deletes its rows, or inserts them. */
extern void sl_applying_delete(void);
extern void sl_applying_create(void);

/* Of what record rows are written; native_id may be NULL. */
extern void sl_applying_expect(const char *key, const char *native_id);

/* Some statement of ours is running. */
extern bool sl_is_any_applying(void);

/* The trigger was fired by such a statement, and not by a trigger of the user's inside. */
extern bool sl_is_applying(const TriggerData *trigger);

/*
 * The trigger was fired inside of such a statement, by a trigger of the user's, which has
 * written a row that the statement writes, or is to delete.  That is noted.
 */
extern bool sl_applied_note_again(const TriggerData *trigger, const char *name);

/*
 * The trigger was fired inside of such a statement, by a trigger of the user's, which has
 * inserted a row that the statement is to insert: then it is noted, and there is nothing to say
 * of it.  False where it is not, or where the row's delete was said.
 */
extern bool sl_applied_put(const TriggerData *trigger, const char *name, const char *row,
						   int len);

/* The same has deleted it: true where it was put there, of which nothing was said either. */
extern bool sl_applied_take_out(const TriggerData *trigger, const char *name);

/* A row was put there, or written where it stood, and is believed to stand there still. */
extern bool sl_applied_is_put(const char *key, const char *native_id);

/* A row that was to be deleted was written instead. */
extern bool sl_applied_is_kept(const char *key, const char *native_id);

/*
 * The one that a row of the table is, by what it is called; and the one that takes any row
 * without a name.  NULL: there is none.
 */
extern SlAppliedRow *sl_applied_by_key(const char *key, int len);
extern SlAppliedRow *sl_applied_by_native_id(const char *native_id);
extern SlAppliedRow *sl_applied_nameless(void);

/* What it is now in the table, a JSON object; of one that is gone, as it was. */
extern void sl_applied_note(SlAppliedRow *applied, const char *row, int len);

/* The statement has written rows of the table besides. */
extern void sl_applied_note_others(void);
extern bool sl_applied_has_others(void);

/*
 * A trigger inside has written the table of a system and entity: what was noted of its rows may
 * be otherwise by now, as it may after the statement has written others.
 */
extern void sl_applied_disturb(const char *system, const char *entity);
extern bool sl_applied_is_disturbed(void);

/* What was noted of a record; NULL: nothing. */
extern const char *sl_applied_row(const char *key, const char *native_id);

#endif
