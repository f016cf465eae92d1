/*
 * capture_name.h
 *	  What names the record of a row, in words that no other name has.
 */
#ifndef SL_CAPTURE_NAME_H
#define SL_CAPTURE_NAME_H

#include "postgres.h"

static inline char *
sl_name_of_key(const char *key, int len)
{
	return psprintf("k%.*s", len, key);
}

static inline char *
sl_name_of_native_id(const char *native_id)
{
	return psprintf("n%s", native_id);
}

#endif
