/*
 * coerce.h
 *	  One raw value to one canonical value of a field's type.
 *
 * The functions give NULL, or what is wrong, as a phrase that the offending value
 * follows.  A value may point into the input; anything new is allocated in the current
 * memory context.
 */
#ifndef SL_COERCE_H
#define SL_COERCE_H

#include "postgres.h"

#include "normalize_text.h"
#include "policy.h"
#include "reader.h"

/* What coercion knows besides the value. */
typedef struct SlCoercion
{
	const SlFieldSpec *field;
	const SlValueMap  *map; /* or NULL */
	struct pg_tz      *tz;  /* of timestamps without offset; NULL: UTC */
} SlCoercion;

/* *culprit becomes what is wrong: the value itself or one element of it. */
extern const char *sl_coerce(const SlCoercion *c, const SlRaw *raw, SlValue *value,
							 SlRaw *culprit);

extern const char *sl_coerce_set(const SlCoercion *c, const SlRaw *raw, SlValue *value,
								 SlRaw *culprit);

/* The text of a string, a number or a boolean. */
extern const char *sl_coerce_scalar(const SlRaw *raw, SlText *text);

/* Replaces what a system calls a value by the value; false where the map is NULL or
 * has no such name. */
extern bool sl_map_value(const SlValueMap *map, SlValue *value);

/* True where a text is, unchanged, what stands between the quotes of a raw string. */
static inline bool
sl_text_is_raw(SlText text, const SlRaw *raw)
{
	return raw->kind == SL_RAW_STRING && !raw->has_escape && text.data == raw->data + 1 &&
		   text.len == raw->len - 2;
}

#endif
