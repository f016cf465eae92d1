/*
 * store.h
 *	  The states of records: looked at without a lock, locked in key order, put back.
 *
 * Look-ups and locks go to the heap directly, through the primary key: the planner
 * has no choice to make, and a record costs one probe.
 */
#ifndef SL_STORE_H
#define SL_STORE_H

#include "postgres.h"

#include "access/genam.h"
#include "executor/tuptable.h"
#include "nodes/pg_list.h"
#include "storage/itemptr.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "claimed.h"
#include "match_hash.h"
#include "policy.h"
#include "state.h"

/* The columns of sync_state, from 1. */
enum
{
	SL_STATE_ENTITY = 1,
	SL_STATE_KEY,
	SL_STATE_BYTES,
	SL_STATE_ROOM,
	SL_STATE_COLUMNS = SL_STATE_ROOM
};

/* A stored state; data is empty for a record that is only there to be locked. */
typedef struct SlStored
{
	ItemPointerData tid;
	const char     *data;
	int32           len;
} SlStored;

/* One record under its lock. */
typedef struct SlRecord
{
	const char     *key;
	int32           key_len;
	bool            has_tid;   /* it stood in the table when it was looked at */
	bool            is_absent; /* ... or did not; neither: nobody has looked */
	ItemPointerData tid;       /* there; before that, where it may stand, or invalid */
	const char     *stored;    /* under the lock; NULL: it was not locked */
	int32           stored_len;
	SlClaimedRow    leased;          /* its row that is being acknowledged, if one is */
	int             nevents;         /* still to come in this batch */
	SlState        *state;           /* NULL until sl_record_open() */
	SlMatchHash     match;           /* of what was stored */
	const char    **native_ids;      /* by system, as they were stored */
	const char    **former_ids;      /* the same, of what was deleted there */
	SlLeft          left;            /* of what only an older policy names */
	List           *claimed;         /* native ids that this call made its own, char *, */
	int             claiming_system; /* ... in that system */
	bool            is_dirty;
	const char     *said_text; /* what its last event has accepted, as JSON ... */
	Datum           said;      /* ... and as jsonb; 0: nothing */
	bytea          *encoded;   /* the dirty state, once it has been sealed */
	bool *is_changed;          /* by system: its waiting row must be written or removed */

	/*
	 * A system whose waiting row, as it is, may leave the record otherwise than it says, for
	 * it has shown something or gives the row back; -1: none.
	 */
	int shown_by;
} SlRecord;

typedef struct SlStore
{
	const SlPolicy *policy;
	Relation        heap;
	Relation        index;
	Datum           entity;
	Snapshot        snapshot; /* NULL: no look is open */
	MemoryContext   context;  /* of the look: what the scan allocates on its way */
	IndexScanDesc   scan;
	BlockNumber     nblocks; /* of the heap, for the look */
	TupleTableSlot *slot;
	SlClaimed       looked;  /* what is claimed, on the snapshot of the look ... */
	SlClaimed       claimed; /* ... and under the locks that were taken last */
} SlStore;

extern void sl_store_open(SlStore *store, const SlPolicy *policy);
extern void sl_store_close(SlStore *store);

/* Opens look-ups on a fresh snapshot, which sees the caller's own earlier writes. */
extern void sl_store_begin_look(SlStore *store);
extern void sl_store_end_look(SlStore *store);

/* True where the record stands in the table; what is found is good until the next look. */
extern bool sl_store_look(SlStore *store, const char *key, int32 key_len,
						  SlStored *found);

/* The same where it may stand at a place. */
extern bool sl_store_look_at(SlStore *store, ItemPointer tid, const char *key,
							 int32 key_len, SlStored *found);

/* One system's part of what was found, into a scratch; a look must be open. */
extern void sl_store_read_part(SlStore *store, int system, const SlStored *found,
							   SlState *scratch);

/*
 * Locks records (in key order, each once), creating those that are missing, and
 * copies what they hold after the lock.  A look must be open, and is closed.  With
 * REPEATABLE READ a record that somebody else changed since is 40001.
 */
extern void sl_store_lock(SlStore *store, SlRecord **records, int nrecords);

/*
 * The same for records that are there, skipping those that somebody else holds or
 * that are gone: those have nothing stored.
 */
extern void sl_store_lock_free(SlStore *store, SlRecord **records, int nrecords);

/* Locks the newest version of a row that was looked at; false where it is gone. */
extern bool sl_store_lock_row(SlStore *store, SlRecord *record);

/* What is claimed of records that are not locked is looked at anew. */
extern void sl_store_look_again(SlStore *store);

/* Writes the sealed ones back. */
extern void sl_store_put(const SlPolicy *policy, SlRecord **records, int nrecords);

extern SlRecord *sl_record_new(const SlPolicy *policy, const char *key, int32 key_len);

/*
 * Reads the state of a locked record, in the current context, unless it has been; what is
 * claimed is taken in.
 */
extern void sl_record_open(SlStore *store, SlRecord *record);

/* Encodes a dirty state into a context that outlives it. */
extern void sl_record_seal(const SlPolicy *policy, SlRecord *record,
						   MemoryContext context);

/* Orders records by key, as COLLATE "C" does. */
extern void sl_record_sort(SlRecord **records, int nrecords);

/* Among sorted ones, or NULL. */
extern SlRecord *sl_record_find(SlRecord **records, int nrecords, const char *key,
								int32 key_len);

#endif
