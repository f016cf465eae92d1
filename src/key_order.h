/*
 * key_order.h
 *	  The order of an object's keys in canonical JSON.
 */
#ifndef SL_KEY_ORDER_H
#define SL_KEY_ORDER_H

#include "postgres.h"

/* A key to sort, and where its value is to be found. */
typedef struct SlKey
{
	uint64      prefix; /* orders most pairs of keys without their bytes */
	const char *name;   /* UTF-8 */
	int32       len;
	int32       ordinal; /* the key's place before the sort */
} SlKey;

extern void sl_key_init(SlKey *key, const char *name, int32 len, int32 ordinal);

/* Orders two keys; equal names by ordinal. */
extern int sl_key_compare(const SlKey *a, const SlKey *b);

extern void sl_keys_sort(SlKey *keys, size_t n);

#endif
