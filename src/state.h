/*
 * state.h
 *	  All that is known of one record: the golden record, and what each system shows.
 *
 * In memory a state is numbered as its policy is: fields and systems by their
 * number there.  In the table it is one bytea that describes itself by names
 * (state_codec.c), so it outlives any policy; what the new policy no longer names is
 * dropped when the record is next written.
 */
#ifndef SL_STATE_H
#define SL_STATE_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "policy.h"
#include "value.h"

/* Who an edit came from: a system's number, or one of these. */
#define SL_AUTHOR_NONE   (-1) /* nobody: never set */
#define SL_AUTHOR_REVIEW (-2) /* a human's decision */
#define SL_AUTHOR_SYNC   (-3) /* the extension itself; only as source of a row */
/* Authors from policy->nsystems on are systems that left the policy: state->gone. */

typedef enum SlConflictKind
{
	SL_CONFLICT_COLLISION,
	SL_CONFLICT_BOUNCE,
	SL_CONFLICT_DELETE,
	SL_CONFLICT_RESURRECT,
	SL_CONFLICT_DUPLICATE,
	SL_CONFLICT_DRIFT,
	SL_CONFLICT_OWNER,
	SL_CONFLICT_OSCILLATION
} SlConflictKind;

/* What a system calls a version; len 0: none is known. */
typedef struct SlToken
{
	const char *data;
	int32       len;
} SlToken;

/* The field of a conflict or an effect that is of the whole record. */
#define SL_RECORD (-1)

/* One side of an open conflict. */
typedef struct SlSide
{
	int     system;    /* its number, or that of a gone one */
	bool    is_buried; /* its edit was seen only after our write replaced it */
	bool    has_many;  /* it showed more than one value */
	SlValue last;      /* the last value it showed */
} SlSide;

/* The open conflict of a field or a record; while there is one, that is frozen. */
typedef struct SlConflict
{
	int64          id; /* 0 until the store has numbered it */
	SlConflictKind kind;
	int            nsides;
	SlSide        *sides; /* room for every system */
} SlConflict;

/* C[f]: what all systems should show of one field. */
typedef struct SlGolden
{
	bool         is_known; /* some system has shown the field, be it as null */
	SlValue      value;
	int          author; /* SL_AUTHOR_NONE: never set */
	const char  *actor;  /* or NULL */
	TimestampTz  changed_at;
	int64        version;     /* of the record, when it was set */
	int          owner_spoke; /* the owner whose edit was accepted first, or -1 */
	int          nformer;
	uint32      *former; /* breaker: marks of values it had a while ago, newest first */
	int          nflips;
	TimestampTz *flips;    /* breaker: when it flipped or was corrected, oldest first */
	SlConflict  *conflict; /* or NULL */
} SlGolden;

typedef enum SlWriteStatus
{
	SL_WRITE_IN_FLIGHT, /* claimed */
	SL_WRITE_LOST,      /* of unknown outcome; it may still land */
	SL_WRITE_ACKED,
	SL_WRITE_STAMPED /* acked so long ago that only its stamp or version can tell of it */
} SlWriteStatus;

/* One claim of one field by a worker; or what an acked delete took away there. */
typedef struct SlWrite
{
	SlWriteStatus status;
	SlValue       value;    /* what was sent, or what the target says it stored;
								 * absent: a delete */
	SlValue       replaced; /* what the target showed; absent: unseen */
	int64         version;  /* in its idempotency key */
	TimestampTz   since;    /* acked: when; lost: when a later write was confirmed,
								 * 0 before that */
	SlToken       token;
	bool          is_sighted;         /* an observation showed it, or was proved newer */
	bool          is_crossed;         /* its ack confirms nothing */
	bool          is_rewritten;       /* value is what the target stored instead */
	bool          value_came_late;    /* its value was taken for a late echo */
	bool          replaced_came_late; /* so was the value that it replaced */
	bool          stamp_used;         /* the field was shown under its key */
} SlWrite;

/* S[s][f]: what one system is known to show of one field. */
typedef struct SlShown
{
	bool    is_seen;      /* false: unseen, which is not null */
	bool    is_observed;  /* by an observation, or by a write whose sight is owed
								 * no more; not by an ack alone */
	bool    is_settled;   /* a known difference that is not sent, until C changes */
	bool    knows_golden; /* settled by one who had seen C, or in the target's own form */
	bool    is_ours;      /* a write of ours left the value, not somebody there */
	bool    is_unsure;    /* a crossing: until a write is confirmed without one */
	bool    acked_since;  /* a write of ours was acked since token_shown */
	SlValue value;
	SlToken token;        /* the newest known one */
	SlToken token_shown;  /* under which it was last shown */
	SlToken token_own;    /* under which a value not of ours was last shown */
	int     answers;      /* breaker: corrections in a row without a sight of one */
	bool    is_undecided; /* shown while the record was dead or frozen; before that ... */
	bool    was_seen;     /* ... it was not unseen */
	bool    was_observed; /* ... and by an observation */
	SlValue base;         /* ... this was shown */
	int     nwrites;
	int     maxwrites;
	SlWrite *writes; /* remembered ones, oldest first */
} SlShown;

typedef enum SlExistence
{
	SL_NOT_THERE, /* the system never showed the record */
	SL_THERE,
	SL_BEING_CREATED, /* a worker has our create */
	SL_CREATE_LOST,   /* a create of unknown outcome */
	SL_GONE,          /* deleted there, in a record that is dead or frozen */
	SL_LEFT_OUT       /* takes no part in this record until it shows it (again) */
} SlExistence;

/* Our newest delete in one system, as long as its outcome is open. */
typedef enum SlErasure
{
	SL_ERASURE_NONE,
	SL_ERASURE_LEASED, /* a worker has it */
	SL_ERASURE_SEEN,   /* a worker has it, and its sight has come */
	SL_ERASURE_LOST,  /* of unknown outcome: nobody can say whether the record is there */
	SL_ERASURE_STRAY, /* the same, but a write was confirmed since: it was there then */
	SL_ERASURE_SETTLED,     /* a human said that it is not sent */
	SL_ERASURE_LEASED_AGAIN /* a worker has it, and an older call is of unknown outcome */
} SlErasure;

typedef enum SlAction
{
	SL_ACTION_NONE,
	SL_ACTION_CREATE,
	SL_ACTION_UPDATE,
	SL_ACTION_DELETE
} SlAction;

/* One system's part of a state. */
typedef struct SlPart
{
	SlExistence existence;
	const char *native_id;       /* or NULL */
	SlAction    leased_action;   /* of the row that a worker holds; none: no such row */
	int64       leased_version;  /* in that row's key */
	int         leased_source;   /* the author in that row's key */
	int64       leased_id;       /* that row's id in the outbox */
	bool      is_lease_outdated; /* it was claimed by an older policy than the state's */
	int64     waiting_version;   /* in the waiting row's key; 0: no such row */
	int64     waiting_id;     /* that row's id in the outbox; 0: it is still to be made */
	int       waiting_source; /* an author */
	int64     create_version; /* in the key of our create, while its outcome is open;
								 * not there: the record's, when its create was discarded */
	int       create_source;  /* the author in that key */
	SlErasure erasure;
	int64     erasure_version; /* in the key of our delete, while it is not acked */
	int erasures_owed;     /* acked deletes whose sight is still to come, however late */
	TimestampTz erased_at; /* when the last one was acked; 0: no sight is owed */
	bool        is_told_apart;   /* a token tells what is older than that, or a create of
							* ours has gone there since */
	bool        photograph_came; /* an older sight of the record has come since */
	bool        deleted_itself;  /* gone by its own word, not by a delete of ours */
	bool        may_be_created;  /* that word may be older than a create of ours */
	const char *former_id;       /* the native id that the record had there before it was
								  * deleted and was to be created again, or NULL */
	TimestampTz former_since;    /* when it lost that */
	const char *replaced_id; /* the native id that it was shown under before another one
								  * took its place, or NULL */
	SlShown    *shown;       /* by field */
} SlPart;

/* What is kept of a system that left the policy: it may be named again. */
typedef struct SlGoneSystem
{
	const char *name;
	SlExistence existence; /* there, left out, or: nothing is kept but the name */
	const char *native_id; /* or NULL */
} SlGoneSystem;

typedef struct SlState
{
	int32       policy_version; /* under which it was last written; 0: a new record */
	int64       version;
	int32       generation;    /* from 1 */
	bool        is_deleted;    /* dead: what follows is its tombstone */
	int         deleted_by;    /* an author; the values and versions of C stay */
	const char *deleted_actor; /* or NULL */
	TimestampTz deleted_at;
	int64       deleted_version; /* of the record, when it died */
	SlConflict *conflict; /* of the whole record: delete, resurrect, duplicate; or NULL */
	int         ngone;
	SlGoneSystem *gone;   /* authors that are in the policy no more */
	SlGolden     *golden; /* by field */
	SlPart       *parts;  /* by system */
} SlState;

/* A state as the table holds it. */
typedef struct SlStateBytes
{
	const char *data;
	int32       len;
} SlStateBytes;

/* A new record, of which nobody has shown anything, in the current context. */
extern SlState *sl_state_new(const SlPolicy *policy);

/* Makes a state new again, as far as one system's part goes. */
extern void sl_state_clear(const SlPolicy *policy, SlState *state, int system);

/* Reads what is stored by the policy's present types and normalisers. */
extern void sl_state_renew(const SlPolicy *policy, SlState *state);

/* The policy that a stored state was written under; 0: it is empty. */
extern int32 sl_state_policy_version(const char *data, int32 len);

/*
 * A state as the table holds it.  Values and tokens point into data, which must
 * stay.  An empty one (a row that was only created to be locked) gives a new state.
 */
extern SlState *sl_state_decode(const SlPolicy *policy, const char *data, int32 len);

/* The same for one system only and into a scratch made by sl_state_new: no allocation
 * for a record at rest.  Parts of other systems are left empty. */
extern void sl_state_decode_part(const SlPolicy *policy, int system, const char *data,
								 int32 len, SlState *scratch);

extern bytea *sl_state_encode(const SlPolicy *policy, const SlState *state);

/* Of native ids or record keys; NULL is none. */
static inline bool
sl_is_same_name(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* The name of an author: a system's, "review", "sync", or NULL for none. */
extern const char *sl_author_name(const SlPolicy *policy, const SlState *state,
								  int author);

extern const char *sl_conflict_kind_name(SlConflictKind kind);
extern const char *sl_action_name(SlAction action);

#endif
