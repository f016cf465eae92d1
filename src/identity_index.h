/*
 * identity_index.h
 *	  Look-ups by native id and by match_on: one probe each, straight from the heap.
 */
#ifndef SL_IDENTITY_INDEX_H
#define SL_IDENTITY_INDEX_H

#include "postgres.h"

#include "access/genam.h"
#include "executor/tuptable.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#include "policy.h"
#include "state.h"

/* What a native id is known to name; it lives in the current context. */
typedef struct SlLink
{
	const char *record_key;  /* NULL: a human must say */
	const char *other_key;   /* or NULL: a business key that stands for the record too */
	int64       conflict_id; /* of the open duplicate conflict, or 0 */
	SlToken     held_version;
	bool        held_deleted;
	bool        held_answer;
	int32       held_policy; /* the version of the policy that found the token; 0: none */
} SlLink;

/* One table under its primary key. */
typedef struct SlProbe
{
	Relation        heap;
	Relation        index;
	IndexScanDesc   scan;
	TupleTableSlot *slot;
} SlProbe;

typedef struct SlIdentityIndex
{
	Datum         entity;
	SlProbe       links;
	SlProbe       matches;
	Snapshot      snapshot; /* NULL: no look is open */
	MemoryContext context;  /* of the look: what the scans allocate on their way */
} SlIdentityIndex;

extern void sl_identity_index_open(SlIdentityIndex *index, const SlPolicy *policy);
extern void sl_identity_index_close(SlIdentityIndex *index);

/* Opens look-ups on a fresh snapshot, in a context that outlives them. */
extern void sl_identity_index_begin_look(SlIdentityIndex *index, MemoryContext context);
extern void sl_identity_index_end_look(SlIdentityIndex *index);

/* True where the native id of a system is known. */
extern bool sl_link_look(SlIdentityIndex *index, const char *system,
						 const char *native_id, SlLink *link);

/*
 * The keys of records that may be equal and have no native id in the system, in their order,
 * each until the next call.
 */
extern void        sl_match_look(SlIdentityIndex *index, int64 hash, const char *system);
extern const char *sl_match_next(SlIdentityIndex *index);

/* Where the row of a record with that hash stands; the look must be open. */
extern bool sl_match_find(SlIdentityIndex *index, int64 hash, const char *system,
						  const char *record_key, ItemPointer tid);

#endif
