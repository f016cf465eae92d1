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

/*
 * The JSON object that a worker sends: each field of the content at the target's path for
 * it and in the target's words, the record's key at the key path, the stamp (the
 * idempotency key) at the sentinel path, where there is one.
 */
extern Jsonb *sl_payload(const SlPolicy *policy, int target, const SlContent *content,
						 const SlValue *key, const SlValue *stamp);

#endif
