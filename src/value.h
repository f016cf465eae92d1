/*
 * value.h
 *	  A canonical value: the canonical JSON text (RFC 8785) of one field.
 *
 * Two values are the same where kind and bytes are the same, so a comparison
 * is a memcmp and a record's hash is a concatenation.  The bytes are UTF-8, not
 * zero-terminated, and belong to whoever made them.
 */
#ifndef SL_VALUE_H
#define SL_VALUE_H

#include "postgres.h"

typedef enum SlKind
{
	SL_ABSENT = 0, /* no value: never said, or not in the payload */
	SL_NULL = 1,   /* JSON null; the bytes are "null" */
	SL_EXACT = 2,  /* any other value; its bytes are hashed as they are */
	SL_INEXACT = 3 /* holds a number that no IEEE double holds: the bytes
								 * are the exact decimal; sl_digest hashes it as a
								 * string */
} SlKind;

typedef struct SlValue
{
	const char *data; /* canonical JSON text */
	int32       len;  /* bytes of data */
	SlKind      kind;
} SlValue;

static inline bool
sl_value_equal(const SlValue *a, const SlValue *b)
{
	return a->kind == b->kind && a->len == b->len &&
		   (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

/* An absent value counts as null wherever two values of a field are compared. */
static inline bool
sl_value_is_null(const SlValue *v)
{
	return v->kind == SL_ABSENT || v->kind == SL_NULL;
}

static inline bool
sl_value_same(const SlValue *a, const SlValue *b)
{
	if (sl_value_is_null(a) || sl_value_is_null(b))
		return sl_value_is_null(a) && sl_value_is_null(b);
	return sl_value_equal(a, b);
}

static inline SlValue
sl_value_absent(void)
{
	return (SlValue){NULL, 0, SL_ABSENT};
}

static inline SlValue
sl_value_null(void)
{
	return (SlValue){"null", 4, SL_NULL};
}

#endif
