/*
 * identity_match.h
 *	  The rows of sync_match: which records may be equal in the fields of match_on.
 */
#ifndef SL_IDENTITY_MATCH_H
#define SL_IDENTITY_MATCH_H

#include "postgres.h"

#include "identity_index.h"
#include "match_hash.h"
#include "rows.h"
#include "store.h"

/* What is to be written of a chunk or a batch. */
typedef struct SlMatches
{
	SlRows gone;
	SlRows fresh;
} SlMatches;

extern void sl_matches_init(SlMatches *matches);

/* After a record's last event, before it is sealed. */
extern void sl_matches_collect(SlMatches *matches, const SlPolicy *policy,
							   const SlRecord *record);

/* SPI must be connected. */
extern void sl_matches_put(SlMatches *matches, const SlPolicy *policy);

/*
 * Two payloads of one hash that found no record decide one after the other: this
 * waits until whoever was first has ended.  Sorted hashes, also again; the locks are
 * given back by sl_matches_put() only after the rows that they stood for.
 */
extern void sl_matches_lock(SlMatches *matches, const SlPolicy *policy,
							const int64 *hashes, int n);

/*
 * Brings the table in line with a new policy, all records of the entity, in bounded
 * memory; old is NULL for a first one.  Writers wait meanwhile.  SPI must be connected.
 */
extern void sl_matches_renew(const SlPolicy *old, const SlPolicy *policy);

#endif
