/*
 * apply_mark.h
 *	  What sync_apply() writes itself: capture knows it, and hands over the rows.
 */
#ifndef SL_APPLY_MARK_H
#define SL_APPLY_MARK_H

#include "postgres.h"

#include "commands/trigger.h"

/*
 * The statements of this call, until sl_applying_end(), are our own writes to the table of
 * a system; names and rows live in the current context.
 */
extern void sl_applying_begin(const char *system, const char *entity);
extern void sl_applying_end(void);

/* Some statement of ours is running. */
extern bool sl_is_any_applying(void);

/* The trigger was fired by such a statement, and not by a trigger of the user's inside. */
extern bool sl_is_applying(const TriggerData *trigger);

/*
 * A row as it is now in the table, a JSON object; of one that is gone, as it was.  One that can
 * have no name in the book is noted as "".
 */
extern void sl_applied_note(const char *name, const char *row, int len);

/* That row, by the record's key or else its native id (or NULL); NULL: there is none. */
extern const char *sl_applied_row(const char *key, const char *native_id);

/* Where one row at most was written: that one, or NULL. */
extern const char *sl_applied_only_row(void);

/* Rows were written that nobody has asked for by those two. */
extern bool sl_applied_others(void);

#endif
