/*
 * rules.h
 *	  What the families of rules share: one event on one record.
 */
#ifndef SL_RULES_H
#define SL_RULES_H

#include "decide.h"

/* An event while it is being decided. */
typedef struct SlEvent
{
	const SlPolicy      *policy;
	SlState             *state;
	const SlObservation *obs;
	SlEffects           *effects;
	bool  is_closed; /* the record is dead or frozen: nothing opens a field's conflict */
	bool *is_due;    /* of a baseline: by system and field, what waited before it */
} SlEvent;

extern SlEvent *sl_event_begin(const SlPolicy *policy, SlState *state,
							   const SlObservation *obs);

/* Closes conflicts that settled themselves, computes what waits, and the verdict. */
extern void sl_event_end(SlEvent *event);

/* Appends "field: reason" to the detail (of SL_RECORD: the reason alone); the format is
 * of a whole clause. */
extern void sl_event_say(SlEvent *event, int field, const char *format, ...)
	pg_attribute_printf(3, 4);

/* The event's system shows the record. */
extern void sl_note_presence(SlEvent *event);

static inline SlSpot
sl_event_spot(const SlEvent *event, int field)
{
	return (SlSpot){event->policy, event->state, event->obs->system, field,
					event->obs->now};
}

/* --- rules_stale.c: rules 1 and 2 --- */

extern bool sl_is_stale(const SlSpot *spot, const SlObservation *obs);

/* A stale value that is a human's edit, which a write of ours buried. */
extern bool      sl_is_buried(const SlSpot *spot, const SlObservation *obs);
extern bool      sl_is_unchanged(const SlSpot *spot, const SlObservation *obs);
extern SlOutcome sl_apply_stale(SlEvent *event, int field);

/* Notes that the system showed the value, under the observation's token. */
extern void sl_show(SlEvent *event, int field, bool is_own);

/* The token alone, of a field that is as it was. */
extern void sl_show_again(SlEvent *event, int field);

/* --- rules_stamp.c: what tokens and stamps prove, for rule 4 --- */

/* The observation is newer than the write, which was acked, by its token or stamp. */
extern bool sl_is_proved_newer(const SlSpot *spot, const SlObservation *obs,
							   const SlWrite *write);
extern bool sl_is_stamped_newer(const SlSpot *spot, const SlObservation *obs,
								const SlWrite *write);

/* The observation would be the first one of the field under its stamp. */
extern bool sl_brings_stamp(const SlSpot *spot, const SlObservation *obs);

/*
 * Uses the stamp up for the field.  The write that it names, where the observation is
 * its echo; else NULL.
 */
extern SlWrite *sl_use_stamp(SlEvent *event, int field);

/* Gives their sight to the writes that the observation is proved newer than. */
extern void sl_prove_newer(SlEvent *event, int field);

/* --- rules_echo.c: rule 4 --- */

/* The oldest write whose owed sight this value is, or NULL. */
extern SlWrite *sl_find_sight(const SlSpot *spot, const SlValue *value);

/* SL_ECHO or SL_HELD; SL_UNCHANGED where no write explains the value. */
extern SlOutcome sl_apply_echo(SlEvent *event, int field);

/* The edit crosses what was on its way. */
extern void sl_cross(SlEvent *event, int field);

/* --- rules_edit.c: rules 3, 5, 6, 7 and 9 --- */

extern SlOutcome sl_apply_edit(SlEvent *event, int field);

/* C[f] takes a value; what was settled with the old one is open again. */
extern void sl_set_golden(SlEvent *event, int field, SlValue value, int author);

/* What waits says the same, over another value than the target showed before. */
extern void sl_note_correction(SlEvent *event, int field);

/* --- rules_baseline.c: the first load of a system, in place of rules 3 and 5 to 9 --- */

extern void      sl_baseline_begin(SlEvent *event);
extern SlOutcome sl_apply_baseline(SlEvent *event, int field);

/* Before what waits is computed: nothing begins to wait because of a first load. */
extern void sl_baseline_end(SlEvent *event);

/* --- rules_conflict.c --- */

extern SlConflictEffect *sl_add_conflict_effect(SlEvent *event, SlConflictOp op,
												int field);

/* The one that was added last. */
extern SlConflictEffect *sl_last_conflict_effect(SlEvent *event);

/* Opens a conflict of the field, or adds to the one that is open. */
extern void sl_open_conflict(SlEvent *event, int field, SlConflictKind kind,
							 SlValue base);
extern void sl_close_conflict(SlEvent *event, int field, const char *resolution);

/* A resolved row: a value that was replaced or overruled, for whoever asks. */
extern void sl_record_loss(SlEvent *event, int field, SlConflictKind kind, SlValue base,
						   const char *resolution);

/* The same, of a value that the owner's edit at hand is about to replace unseen. */
extern void sl_record_replaced(SlEvent *event, int field, SlValue base);
extern void sl_close_settled_conflicts(SlEvent *event);

/* The side of a system in a conflict, or NULL. */
extern SlSide *sl_find_side(SlConflict *conflict, int system);

/* --- rules_record.c: conflicts of a whole record --- */

/* What a system shows of the record, by field. */
extern const SlValue *sl_record_values(const SlEvent *event, int system);

/* base: what the event's system showed before, incoming: what it shows now; NULL: it
 * does not show the record. */
extern void sl_open_record_conflict(SlEvent *event, SlConflictKind kind,
									const SlValue *base, const SlValue *incoming);
extern void sl_show_record_conflict(SlEvent *event, const SlValue *incoming);
extern void sl_close_record_conflict(SlEvent *event, const char *resolution);

/* A resolved row: a delete that was overruled. */
extern void sl_record_deletion_loss(SlEvent *event);

/* --- rules_delete.c and rules_life.c: rule 10 --- */

/* The system is known to show the record, or has our create. */
extern bool sl_shows_record(const SlPart *part);

/* A human may decide that the record lives on as this system shows it. */
extern bool sl_may_win(const SlState *state, int system);

/* The record as a whole is in conflict over its life. */
extern bool sl_is_frozen(const SlState *state);

/* The record is there no more, and will be created again. */
extern void      sl_leave(SlPart *part);
extern void      sl_die(SlEvent *event, int author);
extern bool      sl_is_stale_deletion(const SlPolicy *policy, const SlState *state,
									  const SlObservation *obs);
extern void      sl_decide_deletion(SlEvent *event);
extern SlOutcome sl_glance_deletion(const SlPolicy *policy, const SlState *state,
									const SlObservation *obs);

/* An observation of a record that is dead or frozen. */
extern void sl_decide_closed(SlEvent *event);

/* --- rules_return.c --- */

/* What was shown before counts no more; tokens and writes stay. */
extern void sl_unsee(SlShown *shown);
extern void sl_unsee_record(const SlPolicy *policy, SlPart *part);

/* The observation shows what was there before our delete, or less. */
extern bool sl_is_late_photograph(const SlEvent *event);

#endif
