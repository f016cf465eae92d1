/*
 * near_miss.h
 *	  Why a target stored something else than it was sent.
 */
#ifndef SL_NEAR_MISS_H
#define SL_NEAR_MISS_H

#include "postgres.h"

#include "policy.h"

/* What one target made of one field of a write. */
typedef struct SlNearMiss
{
	int     system;
	int     field;
	SlValue sent;
	SlValue stored;
} SlNearMiss;

/*
 * What the field's policy would have to say for the two values to be one, as the JSON
 * text of an object: {"normalize": ["lower"]}, {"type": "number"}; NULL: nothing
 * helps.  tz is the target's, for a timestamp that it stored without offset.
 */
extern const char *sl_near_miss_help(const SlFieldSpec *field, const SlNearMiss *miss,
									 struct pg_tz *tz);

#endif
