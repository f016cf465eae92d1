/*
 * number.h
 *	  Numbers of canonical JSON, beside sl_append_number() of canonical.h.
 */
#ifndef SL_NUMBER_H
#define SL_NUMBER_H

#include "postgres.h"

#include "lib/stringinfo.h"

/*
 * Appends a number token as RFC 8785 demands: as the nearest IEEE double.  One
 * beyond the largest double is an error.
 */
extern void sl_append_double(StringInfo out, const char *token, int32 len);

/* Whether a double holds a number token without loss. */
extern bool sl_number_is_exact(const char *token, int32 len);

#endif
