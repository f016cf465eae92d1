/*
 * match_hash.h
 *	  The fields of match_on: by which a record without key is known again.
 */
#ifndef SL_MATCH_HASH_H
#define SL_MATCH_HASH_H

#include "postgres.h"

#include "policy.h"
#include "state.h"

/* The values of a record's match_on fields, as sync_match has them. */
typedef struct SlMatchHash
{
	bool  is_known; /* none of them is null, and the record is not dead */
	int64 hash;
} SlMatchHash;

/* Of what a payload shows (by field), and of a golden record. */
extern SlMatchHash sl_match_hash(const SlPolicy *policy, const SlValue *values);
extern SlMatchHash sl_match_hash_of_state(const SlPolicy *policy, const SlState *state);

/* A hash may lie: the golden record is equal in all of the fields. */
extern bool sl_match_is_equal(const SlPolicy *policy, const SlState *state,
							  const SlValue *values);

/* The system calls records by ids of its own: one without key may be known there again. */
extern bool sl_match_is_system(const SlPolicy *policy, int system);

/* Records have one hash under both policies. */
extern bool sl_match_is_same(const SlPolicy *a, const SlPolicy *b);

/* What is written of records under the first is all that the second needs. */
extern bool sl_match_serves(const SlPolicy *a, const SlPolicy *b);

/* "email", "email and phone" */
extern char *sl_match_fields(const SlPolicy *policy);

#endif
