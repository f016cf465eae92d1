/*
 * idempotency_key.h
 *	  The key of a content, and what a stamp in a payload says of it.
 */
#ifndef SL_IDEMPOTENCY_KEY_H
#define SL_IDEMPOTENCY_KEY_H

#include "postgres.h"

#include "policy.h"
#include "state.h"

/* Whose content a key names: one target's, of one record. */
typedef struct SlKeyName
{
	const char *target;
	const char *entity;
	const char *record_key; /* not zero-terminated */
	int32       record_key_len;
} SlKeyName;

/* The key of the content that a record's version brought; at most 255 bytes. */
extern char *sl_idempotency_key_make(const SlKeyName *name, const char *source,
									 int64 version);

/*
 * The version in a stamp that is the key of some content of just this name, whatever
 * its source; 0: it is none.
 */
extern int64 sl_idempotency_key_version(const SlKeyName *name, SlToken stamp);

#endif
