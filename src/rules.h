/*
 * rules.h
 *	  What the families of rules share: one event on one record.
 */
#ifndef SL_RULES_H
#define SL_RULES_H

#include "decide.h"

/* What an event found of a field that has a group. */
typedef struct SlBefore
{
	SlGolden golden;
	SlValue  shown;    /* by the event's system */
	bool     had_seen; /* that system had seen C[f] */
	bool     is_edit;  /* the value is the system's own word, still to be decided */
	bool     is_named; /* the value stands in a conflict, stale or not */
} SlBefore;

/* Whether C[f] was to be sent to a system before a first load. */
typedef enum SlDue
{
	SL_DUE_NOT,
	SL_DUE_FROZEN, /* once an open conflict has closed */
	SL_DUE_SENT    /* it waits, or is on its way */
} SlDue;

/* An event while it is being decided. */
typedef struct SlEvent
{
	const SlPolicy      *policy;
	SlState             *state;
	const SlObservation *obs;
	SlEffects           *effects;
	SlDue               *due; /* of a baseline: by system and field */
	bool is_closed; /* the record is dead or frozen: nothing opens a field's conflict */
	bool is_after_others; /* "window_scope": "record", and another system
										   * set something a moment ago */
	bool has_rewrite;     /* a target stored something else than it was sent */
	SlBefore *before;     /* by field; NULL: the policy has no groups */
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

/* The payload holds the field, be it as null. */
static inline bool
sl_is_present(const SlEvent *event, int field)
{
	return event->obs->values[field].kind != SL_ABSENT;
}

/* --- rules_stale.c: rules 1 and 2 --- */

extern bool sl_is_stale(const SlSpot *spot, const SlObservation *obs);

/* A stale value that is a human's edit, which a write of ours buried. */
extern bool      sl_is_buried(const SlSpot *spot, const SlObservation *obs);
extern bool      sl_is_unchanged(const SlSpot *spot, const SlObservation *obs);
extern SlOutcome sl_apply_stale(SlEvent *event, int field);

/* The same in a record that is not there: a buried edit is named, and nothing else moves. */
extern SlOutcome sl_close_stale(SlEvent *event, int field);

/* Notes that the system showed the value, under the observation's token. */
extern void sl_show(SlEvent *event, int field, bool is_own);

/* It shows what it is known to show, which a write of ours has left: nobody typed it. */
extern bool sl_is_ours_again(const SlSpot *spot, const SlObservation *obs);

/* The token alone, of a field that is as it was. */
extern void sl_show_again(SlEvent *event, int field);

/* --- rules_stamp.c: what tokens and stamps prove, for rule 4 --- */

/* The observation is newer than the write, which was acked, by its token or stamp. */
extern bool sl_is_proved_newer(const SlSpot *spot, const SlObservation *obs,
							   const SlWrite *write);

extern bool sl_is_stamped_newer(const SlSpot *spot, const SlObservation *obs,
								const SlWrite *write);

/* In its key; 0 where none is remembered. */
extern int64 sl_newest_acked_version(const SlShown *shown);

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

/* The oldest write whose owed sight this is, a lost one last; or NULL. */
extern SlWrite *sl_find_sight(const SlSpot *spot, const SlObservation *obs);

/* SL_ECHO or SL_HELD; SL_UNCHANGED where no write explains the value. */
extern SlOutcome sl_apply_echo(SlEvent *event, int field);

/* It was late: the shadow keeps its value. */
extern void sl_keep_shadow(SlEvent *event, int field);

/* The edit crosses what was on its way. */
extern void sl_cross(SlEvent *event, int field);

/* --- rules_edit.c: rules 3, 5, 6, 7 and 9 --- */

/*
 * A value that is a system's own word, and what stood before it.  Where the field has
 * a group, what is said of seeing and changing is of the group.
 */
typedef struct SlEdit
{
	SlEvent           *event;
	int                field;
	const SlFieldSpec *spec;
	SlGolden          *golden;
	SlConflict        *conflict; /* the open one, or NULL */
	SlValue            value;    /* of a merged set: what C becomes */
	SlValue            base;     /* what the system showed before */
	bool               was_seen; /* the field was not unseen there */
	bool               had_seen; /* the system had seen C, of a group all of it ... */
	bool               had_seen_field; /* ... and this field of it */
	bool               owner_spoke;
	bool is_held_along; /* another field of its group is held by this event */
	bool is_by_author;  /* of C */
	bool is_set_by_another;
	bool is_inside_window; /* another system set C a moment ago */
	bool is_drift;         /* it is a first sight, and another has set C otherwise */
	bool is_first;         /* nothing but first sights, which are no edits */
} SlEdit;

/* What becomes of an edit. */
typedef enum SlRuling
{
	SL_RULED_AGREED,
	SL_RULED_KEPT,      /* a null that erases nothing */
	SL_RULED_OWNER,     /* accepted as the owner's */
	SL_RULED_FROZEN,    /* it adds to the open conflict */
	SL_RULED_OVERRULED, /* C goes back */
	SL_RULED_SETTLED,   /* of a first load: C stands, and is not sent */
	SL_RULED_DRIFT,
	SL_RULED_COLLISION,
	SL_RULED_BOUNCE,
	SL_RULED_KNOWN,    /* a set whose changes C has already */
	SL_RULED_LATE,     /* a set that says nothing but what is on its way */
	SL_RULED_UNSURE,   /* a set that nobody can tell from a late echo */
	SL_RULED_ACCEPTED, /* a merged set too */
	SL_RULED_TRIPPED   /* the breaker stops it */
} SlRuling;

extern SlOutcome sl_apply_edit(SlEvent *event, int field);

/* The steps of that, for fields that are decided together. */
extern void      sl_edit_begin(SlEvent *event, int field, SlEdit *edit);
extern SlRuling  sl_edit_rule(SlEdit *edit);
extern SlOutcome sl_edit_apply(SlEdit *edit, SlRuling ruling);

/* The field is held in a bounce by what the author of C itself said. */
extern bool sl_is_held_word(const SlPolicy *policy, const SlGolden *golden, int system);

/* The first sight of a field of a system in which an unseen one does not count as null. */
extern bool sl_is_first_sight(const SlEdit *edit);

/* C[f] takes a value; what was settled with the old one is open again. */
extern void sl_set_golden(SlEvent *event, int field, SlValue value, int author);

/* --- rules_baseline.c: the first load of a system, in place of rules 3 and 5 to 9 --- */

/* Notes what waits before it. */
extern void     sl_baseline_begin(SlEvent *event);
extern SlRuling sl_baseline_rule(const SlEdit *edit);

/* C's value waited for the event's system, or was on its way there. */
extern bool sl_is_sent_anyway(const SlEvent *event, int field);

/* What the load shows is a known difference, unless C is sent anyway. */
extern void sl_baseline_settle(const SlEdit *edit);

/* Before what waits is computed: nothing begins to wait because of a first load. */
extern void sl_baseline_end(SlEvent *event);

/* --- rules_set.c: rule 8, of sets --- */

/* Merges a set into C: edit->value becomes what C will be. */
extern SlRuling sl_merge_set(SlEdit *edit);

/* --- rules_breaker.c: rule 13 --- */

/* Counts flips and corrections; true where there was one too many. */
extern bool sl_breaker_trips(SlEdit *edit, SlRuling ruling);

/* C is about to take another value: this one it had. */
extern void sl_remember_former(SlEvent *event, int field, const SlValue *next);

/* A human has decided: the counts start anew. */
extern void sl_reset_breaker(SlEvent *event, int field);

/* --- rules_group.c: rule 8, of groups --- */

/* Notes what stands before the edits of an event, for rules that look at more than a field. */
extern void sl_edits_begin(SlEvent *event);

/* It has come out just now that the system had seen the field before this event. */
extern void sl_group_has_seen(SlEvent *event, int field);

/* Decides what sl_apply_edit() left to it: edits of fields that have a group. */
extern void sl_apply_group_edits(SlEvent *event);

/* The event's system is a side of each open conflict that it adds to, in all fields. */
extern void sl_groups_show(SlEvent *event);

/* Completes what conflicts of groups say: objects of all their fields. */
extern void sl_groups_end(SlEvent *event);

/* The author of a group's newest change, or SL_AUTHOR_NONE. */
extern int sl_group_author(const SlState *state, const SlGroup *group);

/* What an edit meets: the field in C, or what was said last of its group. */
extern const SlGolden *sl_edit_meets(const SlEdit *edit);

/* --- rules_conflict.c --- */

/* A new effect of a field, or of its group the one that the event has already. */
extern SlConflictEffect *sl_add_conflict_effect(SlEvent *event, SlConflictOp op,
												int field);

/* Opens a conflict of the field, or adds to the one that is open. */
extern SlConflictEffect *sl_open_conflict(SlEvent *event, int field, SlConflictKind kind,
										  SlValue base);
extern void sl_close_conflict(SlEvent *event, int field, const char *resolution);

/* The owner's edit closes it. */
extern bool sl_yields_to_owner(const SlConflict *conflict);

/* Closes the row of a field's conflict, where that is another than id's. */
extern void sl_supersede_conflict(SlEvent *event, int field, int64 id);

/* A resolved row: a value that was replaced or overruled, for whoever asks. */
extern SlConflictEffect *sl_record_loss(SlEvent *event, int field, SlConflictKind kind,
										SlValue base, const char *resolution);

/* The same, of a value that the owner's edit at hand is about to replace unseen. */
extern void sl_record_replaced(SlEvent *event, int field, SlValue base);
extern void sl_close_settled_conflicts(SlEvent *event);

/* The side of a system in a conflict, or NULL. */
extern SlSide *sl_find_side(SlConflict *conflict, int system);

/* A side shows a value. */
extern void sl_show_side(SlConflict *conflict, int system, SlValue value);

/* The effect opens a conflict or adds to one. */
extern bool sl_is_showing(SlConflictOp op);

/*
 * The fields that the open conflict of one of them freezes, ascending: from is where
 * to go on; -1: there is none.
 */
extern int sl_next_frozen(const SlPolicy *policy, const SlState *state, int field,
						  int from);

/* --- rules_record.c: conflicts of a whole record --- */

/* What a system shows of the record, by field. */
extern const SlValue *sl_record_values(const SlEvent *event, int system);

/* base: what the event's system showed before, incoming: what it shows now; NULL: it
 * does not show the record. */
extern void sl_open_record_conflict(SlEvent *event, SlConflictKind kind,
									const SlValue *base, const SlValue *incoming);
extern void sl_show_record_conflict(SlEvent *event, const SlValue *incoming);
extern void sl_close_record_conflict(SlEvent *event, const char *resolution);

/* Nobody is asked any more about what the record's fate has settled. */
extern void sl_close_field_conflicts(SlEvent *event, const char *resolution);

/* A resolved row: what was shown of a record that has been deleted there. */
extern void sl_record_former_edit(SlEvent *event);

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
extern void sl_leave(SlPart *part, TimestampTz now);
extern void sl_die(SlEvent *event, int author);

/* Before a human's word ends the conflict: acked deletes that nobody has seen are none. */
extern void      sl_doubt_erasures(SlEvent *event);
extern bool      sl_is_stale_deletion(const SlPolicy *policy, const SlState *state,
									  const SlObservation *obs);
extern void      sl_decide_deletion(SlEvent *event);
extern SlOutcome sl_glance_deletion(const SlPolicy *policy, const SlState *state,
									const SlObservation *obs);

/* An observation of a record that is dead or frozen. */
extern void sl_decide_closed(SlEvent *event);

/* --- rules_undecided.c --- */

/* What the system showed before: the first time that it is shown undecided. */
extern void sl_keep_base(SlShown *shown);

/* The system shows a record that was not there: what its payload leaves out is unseen. */
extern void sl_note_not_carried(SlEvent *event);

/* Such a field is as it was before: the system shows it too, or the record is gone. */
extern void sl_look_back(SlEvent *event, int field);
extern void sl_look_back_at_all(const SlPolicy *policy, SlPart *part);

/* The shadow is as it was before; what was shown since is in values, by field. */
extern void sl_take_undecided(const SlPolicy *policy, SlPart *part, SlValue *values);

/* What was shown stays, as if it were decided. */
extern void sl_drop_undecided(const SlPolicy *policy, SlPart *part);

/* --- rules_written.c: another system's hand wrote it there --- */

extern void sl_decide_written(SlEvent *event);

/* --- rules_landing.c: in the event's system --- */

/* Calls of ours may bring the record (back) into being there: a create, or any. */
typedef struct SlToLand
{
	bool is_any;
	bool is_create;
} SlToLand;

extern SlToLand sl_find_calls_to_land(const SlEvent *event);

/* A null where a create of ours, which holds nothing of the field, has landed. */
extern bool sl_is_left_out(const SlShown *shown, const SlValue *value);

/* A claim of a create is owed its sight. */
extern bool sl_is_create_owed(const SlEvent *event);

/* ... and no retry of it was seen either: what is told may be older. */
extern bool sl_is_create_unseen(const SlEvent *event);

/* A listing that lacks the record may have been made before a create of ours. */
extern bool sl_is_older_than_create(const SlEvent *event);

/* --- decide_write.c, for decide_ack.c --- */

/* Older calls that are lost can no longer be told from none once echo_window is over. */
extern void sl_date_lost_writes(SlShown *shown, TimestampTz now);

/* What is in flight there has landed if it was seen, and is of unknown outcome else. */
extern void sl_lose_writes(const SlPolicy *policy, SlPart *part);

extern void sl_end_lease(SlPart *part);

/* --- rules_return.c --- */

/* What was shown before counts no more; tokens and writes stay. */
extern void sl_unsee(SlShown *shown);
extern void sl_unsee_record(const SlPolicy *policy, SlPart *part);

extern void sl_take_native_id(SlPart *part, const char *native_id);

/* The same, where the one that it takes the place of may yet be shown. */
extern void sl_replace_native_id(SlPart *part, const char *native_id);

/* A version that is older than all that is known of the record there. */
extern bool sl_is_older_than_all(const SlPolicy *policy, SlState *state, int system,
								 SlToken token);

/* It names what was deleted there before the record was to be created again. */
extern bool sl_bears_former_id(const SlPart *part, const SlObservation *obs);

/* ... and may be a late photograph of that: nothing of it is there any more. */
extern bool sl_is_of_former_life(const SlEvent *event);
extern void sl_decide_former(SlEvent *event);

/*
 * Where the record is gone, one under another native id was created since: it has versions of
 * its own.
 */
extern void sl_forget_versions_of_another(SlEvent *event);

/*
 * The record is, there, the one under that native id, a human said: versions and writes of the
 * old one are not its own, and what is in flight goes to that.
 */
extern void sl_become_another(const SlPolicy *policy, SlPart *part,
							  const char *native_id);

/* The version is from before all that is known of the record there. */
extern bool sl_is_of_the_past(const SlEvent *event);

/* The record is gone there, and the version is from before all that is known of it. */
extern bool sl_is_older_than_gone(const SlEvent *event);
extern void sl_take_older(SlEvent *event);

extern bool sl_is_just_erased(const SlEvent *event);
extern bool sl_is_photograph_under_create(const SlEvent *event);

/* A version that was told before, of any field: nobody has created the record since. */
extern bool sl_is_of_known_version(const SlEvent *event);

/* What our delete has removed is shown again under such a version. */
extern bool sl_is_of_erased_version(const SlEvent *event);
extern void sl_take_erased_version(SlEvent *event);

extern void sl_end_erasure(SlEvent *event);
extern bool sl_may_come_late(const SlEvent *event);

extern SlOutcome sl_take_photograph(SlEvent *event);

/* The observation shows what was there before our delete, or less. */
extern bool sl_is_late_photograph(const SlEvent *event);

#endif
