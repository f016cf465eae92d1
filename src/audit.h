/*
 * audit.h
 *	  How what a system shows stands to the golden record.
 */
#ifndef SL_AUDIT_H
#define SL_AUDIT_H

#include "memory.h"
#include "state.h"

typedef enum SlStanding
{
	SL_STANDING_MATCHED,
	SL_STANDING_DIFFERENT,
	SL_STANDING_MISSING, /* the record is not known to be there */
	SL_STANDING_UNSEEN,  /* the field was never seen there */
	SL_STANDING_NONE     /* dead, and gone there too: nothing to compare */
} SlStanding;

#define SL_NSTANDINGS SL_STANDING_NONE

/* Of a field that the system carries, and of the record as a whole. */
extern SlStanding sl_field_standing(const SlSpot *spot);
extern SlStanding sl_record_standing(const SlPolicy *policy, SlState *state, int system,
									 TimestampTz now);

/*
 * Why a system surely shows something else than the golden record though nothing waits
 * or is on its way for it; NULL where that is not so.
 */
extern const char *sl_field_divergence(const SlSpot *spot);
extern const char *sl_record_divergence(const SlPolicy *policy, const SlState *state,
										int system, TimestampTz now);

#endif
