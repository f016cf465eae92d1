/*
 * digest.h
 *	  The SHA-256 of a canonical record.
 */
#ifndef SL_DIGEST_H
#define SL_DIGEST_H

#include "postgres.h"

#include "policy.h"
#include "value.h"

#define SL_DIGEST_LEN 32
#define SL_DIGEST_HEX (2 * SL_DIGEST_LEN)

/* SHA-256 of bytes, as lower-case hex, not zero-terminated. */
extern void sl_digest_bytes(const char *data, int32 len, char hex[SL_DIGEST_HEX]);

/*
 * The hash of a record: of the canonical object of those fields whose value is not
 * SL_ABSENT (values by field number, policy->nfields of them), inexact numbers as strings.
 */
extern void sl_digest_record(const SlPolicy *policy, const SlValue *values,
							 char hex[SL_DIGEST_HEX]);

#endif
