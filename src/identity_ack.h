/*
 * identity_ack.h
 *	  The native id that a write was acknowledged with.
 */
#ifndef SL_IDENTITY_ACK_H
#define SL_IDENTITY_ACK_H

#include "postgres.h"

#include "decide.h"
#include "event_store.h"
#include "identity_index.h"

typedef struct SlAnswered
{
	const char *native_id; /* NULL: nothing is left to do */
	SlLink      link;      /* whom it names */
	bool        is_create; /* what was acknowledged */
} SlAnswered;

/*
 * Claims the id for the record, before the ack is decided; where it names another
 * one, the ack gives none.  SPI must be connected.
 */
extern SlAnswered sl_answered_claim(SlBatch *batch, SlRecord *record, SlAck *ack);

/* After the decision: what was held of the id is placed, or the doubt is held. */
extern void sl_answered_finish(SlBatch *batch, SlRecord *record, int target,
							   const SlAnswered *answered);

#endif
