/*
 * reader.h
 *	  Streaming JSON: from a text of records to the few places that a policy names.
 *
 * The reader validates all of the text as PostgreSQL's json does and builds
 * nothing for what no path names.  It calls no SPI, reads no GUC, knows no type of a
 * field: what it hands out are slices of the input.
 */
#ifndef SL_READER_H
#define SL_READER_H

#include "postgres.h"

#include "policy.h"
#include "value.h"

typedef enum SlRawKind
{
	SL_RAW_ABSENT = 0,
	SL_RAW_NULL,
	SL_RAW_TRUE,
	SL_RAW_FALSE,
	SL_RAW_NUMBER,
	SL_RAW_STRING,
	SL_RAW_ARRAY,
	SL_RAW_OBJECT,
	SL_RAW_LIST /* what a path with [*] found: elements */
} SlRawKind;

typedef struct SlRaw
{
	SlRawKind     kind;
	bool          has_escape; /* of a string: a backslash stands in it; of an array
								 * or object: unspecified */
	const char   *data;       /* the slice as it stands in the input, a string with
								 * its quotes */
	int32         len;
	SlKind        canonical; /* of an array or object: the kind of its value, where
								 * the slice is canonical already; else 0 */
	int           nelements; /* for SL_RAW_LIST */
	struct SlRaw *elements;
} SlRaw;

/* One record of the input: SL_NSLOTS + nfields places (sl_slot_of_field). */
typedef struct SlRawRecord
{
	bool        is_object; /* false: the element was no object; nothing is filled */
	bool        has_nul;   /* a \u0000 stands somewhere in it */
	const char *data;      /* the record as it stands in the input */
	int32       len;
	int64       ordinal; /* 1 for the first */
	SlRaw      *slots;
} SlRawRecord;

/* Where a reader stands in its input. */
typedef struct SlReader
{
	const SlPolicy   *policy;
	const SlPathNode *trie;
	const char       *start;
	const char       *next;
	const char       *end;
	bool              is_array;
	bool              is_done;
	int64             ordinal; /* of the last record read */
} SlReader;

/* The trie of a system's paths; called when a policy is built, in its context. */
extern SlPathNode *sl_reader_build(const SlPolicy *policy, int system);

/*
 * Opens a text: one object, or an array of them.  Anything else is an error
 * with a hint (a string that itself holds JSON gets one of its own).  The text must
 * stay where it is as long as slices are in use, and must be valid UTF-8 (the server
 * has checked it).
 */
extern void sl_reader_open(SlReader *reader, const SlPolicy *policy, int system,
						   const char *text, int32 len);

/*
 * Reads the next record into record->slots (palloc'd by the caller,
 * SL_NSLOTS + nfields of them).  False at the end, once what follows the last record
 * has been checked too.  Malformed JSON is 22P02 with the ordinal of the record, the
 * byte offset and the token.  Lists are allocated in the current memory context.
 */
extern bool sl_reader_next(SlReader *reader, SlRawRecord *record);

/*
 * Puts one value, valid JSON, into the places of a node and of those below it: for a record
 * that does not come as one text.  The errors name record->ordinal.
 */
extern void sl_reader_take(const SlPolicy *policy, const SlPathNode *node,
						   const char *json, int32 len, SlRawRecord *record);

#endif
