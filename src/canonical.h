/*
 * canonical.h
 *	  RFC 8785: one text for one JSON value.
 */
#ifndef SL_CANONICAL_H
#define SL_CANONICAL_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "value.h"

/* Orders two UTF-8 strings as RFC 8785 orders keys: by UTF-16 code unit. */
extern int sl_utf16_compare(const char *a, int32 a_len, const char *b, int32 b_len);

/* Appends a string as a canonical JSON string, quotes included. */
extern void sl_append_json_string(StringInfo out, const char *s, int32 len);

/* Appends the canonical text of a jsonb, strictly: every number as its double. */
extern void sl_append_canonical(StringInfo out, Jsonb *jb);

/*
 * Appends the canonical text of a number token (JSON grammar) without loss: as
 * RFC 8785 where the number survives the round trip through a double, else as the
 * shortest plain decimal, exactly.  True where a double holds it.  A number whose
 * exact decimal would be longer than 1000 digits is refused: *too_long is set.
 */
extern bool sl_append_number(StringInfo out, const char *token, int32 len,
							 bool *too_long);

/*
 * The canonical value of JSON text (one value, already validated, any shape):
 * object keys sorted, last duplicate wins, strings unescaped and escaped again, numbers as
 * sl_append_number.  kind is SL_INEXACT where a number in it is.  Lone surrogates
 * do not occur (the reader refuses them); \u0000 does: *has_nul is set and the value
 * undefined.
 */
extern SlValue sl_canonical_text(const char *json, int32 len, bool *has_nul,
								 bool *too_long);

/*
 * The same of an object or array of jsonb.  False where its text would be refused: it is nested
 * too deep, or a number in it has too many digits.
 */
extern bool sl_canonical_jsonb(Jsonb *jb, SlValue *value);

#endif
