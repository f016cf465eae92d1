/*
 * decide.h
 *	  The rules: (policy, state of one record, what happened, now) -> effects.
 *
 * Pure: no SPI, catalog, clock or GUC.  Each function changes the state in memory and
 * says what else must be written; the store does it.  Memory is the current context's.
 */
#ifndef SL_DECIDE_H
#define SL_DECIDE_H

#include "lib/stringinfo.h"

#include "memory.h"
#include "near_miss.h"
#include "state.h"
#include "waiting.h"

/* What became of a field, and, the worst of them, of a record; ascending. */
typedef enum SlOutcome
{
	SL_UNCHANGED,
	SL_STALE,
	SL_ECHO,
	SL_AGREED,
	SL_KEPT,
	SL_ACCEPTED,
	SL_OVERRULED,
	SL_HELD,
	SL_CONFLICTED,
	SL_REJECTED
} SlOutcome;

/* One payload of one record from one system, normalised. */
typedef struct SlObservation
{
	int            system;
	const SlValue *values; /* by field; absent: not in the payload */
	SlToken        token;
	int64          stamp;       /* the version in our key that it carries; 0: none */
	const char    *native_id;   /* or NULL */
	const char    *actor;       /* or NULL */
	bool           is_deletion; /* the record was deleted there; no values */
	bool           is_missing;  /* the same, by a listing that does not have it */
	bool           is_baseline; /* of a first load: nothing is sent because of it */
	bool        is_written; /* another system's hand wrote it there: no word of its own */
	bool        is_id_free; /* a deletion, after which its native id may name another */
	TimestampTz now;
} SlObservation;

typedef enum SlConflictOp
{
	SL_CONFLICT_OPEN,  /* a new open row */
	SL_CONFLICT_SHOW,  /* a side showed a further value */
	SL_CONFLICT_MOVE,  /* the author of C[f] moved it */
	SL_CONFLICT_CLOSE, /* the open row is settled */
	SL_CONFLICT_RECORD /* a new row, resolved from the start */
} SlConflictOp;

/* A row of sync_conflict to be written. */
typedef struct SlConflictEffect
{
	SlConflictOp   op;
	int            field; /* or SL_RECORD: values are of the record, see below */
	SlConflictKind kind;
	const SlGroup *group;       /* values are objects of its fields; or NULL */
	bool           is_complete; /* of a group: nothing is added to it any more */
	SlConflict    *conflict;    /* but for RECORD: whose id names the row */
	SlConflict   **fellows; /* of OPEN: those of a group's other fields, under one id */
	int            nfellows;
	SlValue        base;    /* what the incoming side showed before */
	SlValue        current; /* C[f] */
	int            current_author;
	SlValue        incoming;
	int            incoming_system;
	SlValue        resolved;   /* for CLOSE and RECORD */
	const char    *resolution; /* a word: agreed, owner, rewritten, superseded ... */
	const SlValue *base_record;
	const SlValue *current_record;  /* for SL_RECORD: by field, absent where unknown; */
	const SlValue *incoming_record; /* NULL: no record (deleted, or not there) */
} SlConflictEffect;

typedef struct SlEffects
{
	SlOutcome   verdict;
	SlOutcome   record_outcome; /* of the record as a whole, where it has one */
	SlAction    action;         /* delete, or create of a new generation; else none */
	SlOutcome  *outcomes;       /* by field */
	bool       *is_accepted;    /* by field: it stands in the change-set */
	bool        has_accepted;
	Datum       change_set;     /* jsonb of the accepted ones, made on demand; 0 before */
	const char *change_text;    /* the text that it was made of */
	Datum       outcome_set;    /* jsonb of the outcomes, the same way */
	bool        is_new;         /* nobody had shown the record before */
	bool        is_dirty;       /* the state must be written */
	int         rejected_field; /* of a rejected record, or -1 */
	int         nconflicts;
	int         maxconflicts;
	SlConflictEffect *conflicts;
	int               nmisses;
	SlNearMiss       *misses; /* of an ack: what the target stored differently */
	SlWaiting        *waiting;
	StringInfoData    detail; /* why, in words, field by field */
} SlEffects;

/*
 * A required field that the observation says is null, or leaves out while C has no
 * value for it; or -1.
 */
extern int sl_missing_field(const SlPolicy *policy, const SlState *state,
							const SlObservation *obs);

/*
 * What needs no lock: SL_UNCHANGED or SL_STALE where nothing would be written,
 * SL_REJECTED where a record would begin without a required field, anything else where the record must be decided under its lock.  outcomes may be
 * NULL, else it gets each field's.
 */
extern SlOutcome sl_decide_glance(const SlPolicy *policy, const SlState *state,
								  const SlObservation *obs, SlOutcome *outcomes);

/* Rules 1 to 10 for one observation. */
extern SlEffects *sl_decide_observation(const SlPolicy *policy, SlState *state,
										const SlObservation *obs);

/*
 * To be called before a claim: new keys for what waits, where the policy is newer
 * than the state.  NULL: nothing was to be done.
 */
extern SlWaiting *sl_decide_renewal(const SlPolicy *policy, SlState *state,
									TimestampTz now);

/*
 * A worker claims what waits for a target.  The content is what it gets; action
 * none: nothing waits any more, and the row goes.
 */
extern SlContent *sl_decide_claim(const SlPolicy *policy, SlState *state, int target,
								  TimestampTz now);

/*
 * A worker's row comes back (its lease ran out, or the call failed): its writes are of
 * unknown outcome.  The row waits again, older than what waited beside it, which becomes
 * one with it; a create waits again as it was.
 */
typedef struct SlReturn
{
	int64      leased_id;
	int64      replaced_id; /* the waiting row that goes; 0: there was none */
	SlWaiting *waiting;
} SlReturn;

extern SlReturn *sl_decide_lost(const SlPolicy *policy, SlState *state, int target,
								TimestampTz now);

/* The same of a call that was undone where it was made: it has certainly not landed. */
extern SlReturn *sl_decide_undone(const SlPolicy *policy, SlState *state, int target,
								  TimestampTz now);

/* What waits for a target, and of which no worker has a row, is not sent. */
extern SlWaiting *sl_decide_discard(const SlPolicy *policy, SlState *state, int target,
									TimestampTz now);

/*
 * What a system was left out of, or what was not to be created there, is created there now.
 * NULL: it is nothing of that.
 */
extern SlWaiting *sl_decide_let_in(const SlPolicy *policy, SlState *state, int system,
								   TimestampTz now);

/* What a target said when it took a write. */
typedef struct SlAck
{
	int                  target;
	const char          *native_id; /* or NULL */
	const SlValue       *result;    /* by field, or NULL: it said nothing */
	SlToken              token;     /* of the result */
	const SlObservation *sight; /* what is shown right after the write; NULL: not known */
	TimestampTz          now;
} SlAck;

extern SlEffects *sl_decide_ack(const SlPolicy *policy, SlState *state, const SlAck *ack);

/*
 * What a system has, and what not, that left the policy while the call was under way: named
 * again, it is not told to create, or delete, that once more.  A native id comes with what it
 * shows then.
 */
extern void sl_decide_ack_left(SlState *state, const char *system, const char *action);

/* A human's decision of what a conflict froze. */
typedef struct SlDecision
{
	int         nfields;
	int        *fields; /* ascending */
	SlValue    *values; /* absent: it stays as it is */
	const char *actor;  /* or NULL */
	TimestampTz now;
	int64       conflict_id; /* the row that is decided */
	const char *row_field;   /* the field or the group that it names */
} SlDecision;

extern SlEffects *sl_decide_resolution(const SlPolicy *policy, SlState *state,
									   const SlDecision *decision);

/* A native id names another record: the system takes no part in this one any more. */
extern SlEffects *sl_decide_unlink(const SlPolicy *policy, SlState *state, int system,
								   const char *native_id, TimestampTz now);

/* A human's decision of a record in conflict: as the winner shows it, or its delete. */
extern SlEffects *sl_decide_life(const SlPolicy *policy, SlState *state, int winner,
								 const char *actor, TimestampTz now);
extern SlEffects *sl_decide_death(const SlPolicy *policy, SlState *state,
								  const char *actor, TimestampTz now);

/* Why a record cannot be forgotten; NULL: it can, being dead and at rest. */
extern const char *sl_forget_fault(const SlPolicy *policy, const SlState *state);

/* What it showed goes; nobody is told. */
extern void sl_decide_forget(const SlPolicy *policy, SlState *state);

/* Puts words before the detail; NULL: none. */
extern void sl_effects_say_first(SlEffects *effects, const char *words);

extern const char *sl_outcome_name(SlOutcome outcome);

#endif
