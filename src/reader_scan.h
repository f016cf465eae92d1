/*
 * reader_scan.h
 *	  The lexer below the reader: one step over one piece of JSON.
 *
 * Every function takes the position of what it scans and gives the position behind
 * it; malformed JSON does not come back, it ends in an error with its place.
 */
#ifndef SL_READER_SCAN_H
#define SL_READER_SCAN_H

#include "postgres.h"

#include "compat.h"
#include "reader.h"

/* More levels than this within one value are refused. */
#define SL_MAX_DEPTH 4096

typedef struct SlScan
{
	const char *start; /* of the whole text: bytes are counted from here */
	const char *end;
	int64       ordinal;   /* of the record, for messages; 0: none */
	bool        is_behind; /* what is scanned stands behind that record */
	bool        has_nul;   /* a \u0000 was seen */
	bool        is_secret; /* messages show nothing of the text */
} SlScan;

extern void sl_scan_fail(const SlScan *scan, const char *at, const char *expected)
	pg_attribute_noreturn();

/* A string with its quotes. */
extern const char *sl_scan_string(SlScan *scan, const char *p, bool *has_escape);

/* Any value; raw becomes its slice. */
extern const char *sl_scan_raw(SlScan *scan, const char *p, SlRaw *raw);

/* Any value, only checked. */
extern const char *sl_scan_skip(SlScan *scan, const char *p);

/* True where all of a text is one number of JSON's grammar. */
extern bool sl_is_json_number(const char *s, int32 len);

/*
 * Writes what a checked string means, s being what stands between its quotes, to out
 * (which needs no more room than len) and gives its length.
 */
extern int32 sl_unescape(const char *s, int32 len, char *out);

static inline const char *
sl_scan_space(const SlScan *scan, const char *p)
{
	while (p < scan->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

static inline bool
sl_scan_at(const SlScan *scan, const char *p, char c)
{
	return p < scan->end && *p == c;
}

#endif
