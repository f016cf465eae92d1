/*
 * identity.h
 *	  Which record a payload is of: by its key, by its native id, by match_on.
 */
#ifndef SL_IDENTITY_H
#define SL_IDENTITY_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "identity_index.h"
#include "state.h"

/* The number of a conflict that a dry run has not opened. */
#define SL_DRY_CONFLICT (-1)

typedef enum SlFound
{
	SL_BY_KEY,
	SL_BY_NATIVE_ID,
	SL_BY_MATCH,
	SL_AS_NEW,  /* nobody knows it: a record of its own, named by its native id */
	SL_IN_DOUBT /* a human must say */
} SlFound;

/* What a payload names.  Strings live as long as the chunk. */
typedef struct SlIdentity
{
	SlFound     found;
	bool        is_keyless;      /* it bears no business key */
	bool        needs_link;      /* its record is not known by its native id as yet */
	bool        is_claimed;      /* the row of its native id is this call's */
	const char *own_key;         /* that it would have as a record of its own */
	const char *replaced;        /* the native id that the record was known by, or NULL */
	const char *replaced_before; /* and the one that this took the place of */
	List       *candidates;      /* in doubt: keys of records, char * */
	const char *doubt;           /* in doubt: why, in words */
	bool        is_held;         /* in doubt: the conflict in link is open */
	int64       conflict_id;
	SlLink      link;
} SlIdentity;

struct SlArrival;
struct SlChunk;
struct SlDiff;

/* --- identity.c: before the lock --- */

extern void sl_identity_close(struct SlDiff *diff);
extern void sl_identity_end_look(struct SlDiff *diff);

/*
 * Finds the key of a payload that bears a native id.  False: what stands before it
 * in the chunk may say which record it is, and must be settled first.
 */
extern bool sl_identify(struct SlChunk *chunk);

/* The key of a rejected payload, where its native id is known to name one record. */
extern void sl_identify_rejected(struct SlChunk *chunk);

/*
 * The record was looked at: false where it is not known by the payload's native id,
 * and that names another one, or a human must say.
 */
extern bool sl_identity_fits(struct SlChunk *chunk, const SlState *state);

/*
 * The record stands in the chunk already: whether the id is its own is told under the lock.
 * False for a deletion whose native id names another one, or of which a human must say.
 */
extern bool sl_identity_expect(struct SlChunk *chunk);

/* Identifies an arrival once more, on a look that is open. */
extern void sl_identify_again(struct SlChunk *chunk, struct SlArrival *arrival);

/* How the record was found, in words; NULL: by its key, or as a new one. */
extern char *sl_identity_words(const struct SlChunk   *chunk,
							   const struct SlArrival *arrival);

/* --- identity_dry.c: what a dry run would have made of a native id so far --- */

extern bool sl_dry_look_link(struct SlDiff *diff, SlIdentityIndex *index,
							 const char *native_id, SlLink *link);

/* --- identity_wait.c: what stands before it in the chunk --- */

/* Another payload is about to give its native id to a record, take it away, or hold it. */
extern bool sl_is_id_on_its_way(const struct SlChunk *chunk);

/* Another one is of a record that it matches, or may come to match. */
extern bool sl_may_match_others(const struct SlChunk *chunk);

/* --- identity_open.c --- */

/* False where no native id of the chunk's system waits for a human. */
extern bool sl_is_any_doubt_open(struct SlChunk *chunk);

/* --- identity_claim.c: under the lock --- */

/*
 * The records are locked.  Native ids that are news are claimed, and what was found
 * before the locks is looked for again; a record that is found only now is locked too.
 * SPI must be connected.
 */
extern void sl_identity_settle(struct SlChunk *chunk);

/* --- identity_doubt.c: arrivals that a human must place --- */

/* True where the open conflict holds just that already. */
extern bool sl_doubt_is_held(struct SlChunk *chunk);

/* In a complete input none of the records that it may be is missing. */
extern void sl_doubt_see(struct SlChunk *chunk, const SlIdentity *identity);

/* Its verdict then. */
extern void sl_doubt_show_held(struct SlChunk *chunk, struct SlArrival *arrival);

/* Holds it, and fills its verdict; false where that is no news.  SPI must be connected. */
extern bool sl_doubt_hold(struct SlChunk *chunk, struct SlArrival *arrival);

#endif
