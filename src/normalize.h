/*
 * normalize.h
 *	  From what a system sent to canonical values.
 *
 * Pure: the same input gives the same bytes on every machine, locale, time zone and
 * PostgreSQL version.
 */
#ifndef SL_NORMALIZE_H
#define SL_NORMALIZE_H

#include "postgres.h"

#include "policy.h"
#include "reader.h"

/* Why a value was refused; the strings live in the current memory context. */
typedef struct SlReason
{
	int         field;   /* a field's number, or -1: the record as a whole */
	const char *message; /* e.g. no timestamp: "soon" */
} SlReason;

/*
 * The canonical value of one field as one system sent it: coerced to the field's type where
 * that is exact, normalised, mapped by the system's value map.  False where it has none, or
 * one that a writable system would take for another: *reason says why, with the offending
 * value shortened.  The value may point into raw->data; anything new is allocated in the
 * current memory context.
 */
extern bool sl_normalize(const SlPolicy *policy, int field, int system, const SlRaw *raw,
						 SlValue *value, SlReason *reason);

/* By type and normalisers alone; false where the value does not fit. */
extern bool sl_normalize_as(const SlFieldSpec *spec, const SlRaw *raw, SlValue *value);

/* A complaint, and the value that it is about, shortened. */
extern const char *sl_complaint_of(const char *complaint, const SlRaw *culprit);

/*
 * The text of a key, a native id or a token: a string's content, or a number's
 * canonical text.  False where it is neither (null and absent give true and
 * *text = NULL).
 */
extern bool sl_normalize_name(const SlRaw *raw, const char **text, int32 *len);

/*
 * Canonical, without a system: what a human typed into sync_resolve.  jsonb in the
 * canonical shape of the field.
 */
extern bool sl_normalize_jsonb(const SlPolicy *policy, int field, Jsonb *input,
							   SlValue *value, SlReason *reason);

/* Canonical, whatever the type of its field is. */
extern SlValue sl_value_of_jsonb(Jsonb *input);

/*
 * Compares two version tokens of one system: as numbers where both are numbers,
 * as timestamps where both are timestamps (RFC 3339 or ISO 8601, tz for those without
 * offset), else by code point.  <0, 0, >0.
 */
extern int sl_token_compare(const char *a, int32 a_len, const char *b, int32 b_len,
							struct pg_tz *tz);

/*
 * What a stored canonical value is by the field's present type and normalisers; the
 * value itself where it does not fit them.
 */
extern SlValue sl_normalize_again(const SlFieldSpec *field, SlValue value);

/* Applies only the field's normalisers, as when a value map is built. */
extern SlValue sl_normalize_text(const SlFieldSpec *field, SlValue value);

#endif
