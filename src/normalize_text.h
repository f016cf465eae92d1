/*
 * normalize_text.h
 *	  Text between JSON strings: what a string means, and the normalisers.
 *
 * A normaliser that changes nothing gives back the very slice that it was given,
 * so that unchanged text is never copied.
 */
#ifndef SL_NORMALIZE_TEXT_H
#define SL_NORMALIZE_TEXT_H

#include "postgres.h"

#include "policy.h"
#include "reader.h"

/* A piece of plain UTF-8, not zero-terminated. */
typedef struct SlText
{
	const char *data;
	int32       len;
} SlText;

/* What a JSON string means; has_escape: a backslash stands in it. */
extern SlText sl_text_of_string(const char *json, int32 len, bool has_escape);

/* The same of a canonical value that is a string. */
extern SlText sl_text_of_value(const SlValue *value);

/* A text as a canonical JSON string. */
extern SlValue sl_text_value(SlText text);

/* Applies a field's normalisers in their order. */
extern SlText sl_text_normalize(const SlFieldSpec *field, SlText text);

/* Without the white space (Unicode's White_Space) at both ends. */
extern SlText sl_text_trim(SlText text);

/* True where a zero character, which no text of PostgreSQL can hold, stands in it. */
extern bool sl_text_has_nul(SlText text);

/* Compares by code point. */
extern int sl_text_compare(const SlText *a, const SlText *b);

#endif
