/*
 * payload.h
 *	  A change-set in a target's own shape: its paths, its values.
 */
#ifndef SL_PAYLOAD_H
#define SL_PAYLOAD_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "policy.h"
#include "waiting.h"

/* What a payload bears besides fields: JSON strings. */
typedef struct SlPayloadMarks
{
	SlValue key;   /* of the record */
	SlValue stamp; /* the idempotency key */
} SlPayloadMarks;

/*
 * The JSON object that a worker sends: each field of the content at the target's path for
 * it and in the target's words, the record's key at the key path, the stamp at the sentinel
 * path, where there is one.  An update that writes an element of an array also holds what
 * the state says that the target shows in its other elements.
 */
extern Jsonb *sl_payload(const SlPolicy *policy, const SlState *state, int target,
						 const SlContent *content, const SlPayloadMarks *marks);

#endif
