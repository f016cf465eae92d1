/*
 * state_decoder.h
 *	  Where a decoder of states stands; shared by its two files only.
 */
#ifndef SL_STATE_DECODER_H
#define SL_STATE_DECODER_H

#include "postgres.h"

#include "state.h"
#include "state_codec.h"

#define SL_MAX_ON_STACK 128

/* One author, actor, time and version, shared by the fields that one edit set. */
typedef struct SlStoredEdit
{
	uint64      author; /* its code */
	const char *actor;
	uint32      actor_len;
	TimestampTz changed_at;
	int64       version;
} SlStoredEdit;

typedef struct SlDecoder
{
	const SlPolicy *policy;
	SlState        *state;
	SlCursor        cursor;
	SlCursor        values; /* names and values of the fields, then of the parts */
	SlCursor        others; /* where those of the parts begin */
	int             only;   /* the one system whose part is read, or -1: all */
	int             nnames;
	int            *systems; /* by name in the bytes: number of a system or gone one */
	int             nedits;
	SlStoredEdit   *edits;
	int             nknown;
	int            *known; /* by field in the bytes: its number, or -1 */
	int             ntokens;
	SlToken        *tokens;
	int             system_room[SL_MAX_ON_STACK];
	SlStoredEdit    edit_room[SL_MAX_ON_STACK];
	int             known_room[SL_MAX_ON_STACK];
	SlToken         token_room[SL_MAX_ON_STACK];
} SlDecoder;

/* Checks a count against the bytes that are left, so that damage cannot ask for memory. */
static inline int
sl_decode_count(SlDecoder *d)
{
	uint64 n = sl_get_varint(&d->cursor);

	if (n > (uint64) (d->cursor.end - d->cursor.next))
		sl_state_damaged();
	return (int) n;
}

static inline void *
sl_decode_room(int n, void *on_stack, size_t size)
{
	return n <= SL_MAX_ON_STACK ? on_stack : palloc(size * n);
}

/* A system's number, or an author, from its code. */
extern int sl_decode_author(const SlDecoder *d, uint64 code);

/* A system's number, or that of a gone one, from its place among the names. */
static inline int
sl_decode_system(SlDecoder *d)
{
	uint64 n = sl_get_varint(&d->cursor);

	if (n >= (uint64) d->nnames)
		sl_state_damaged();
	return d->systems[n];
}

/* A text, or NULL. */
extern const char *sl_decode_optional(SlDecoder *d);

/* Reads a length; where what it measures ends. */
extern const char *sl_decode_end(SlDecoder *d);

extern void sl_decode_parts(SlDecoder *d);

/* --- state_erasure.c --- */

extern void sl_put_erasure(StringInfo out, const SlPart *part);
extern void sl_get_erasure(SlDecoder *d, SlPart *part);

#endif
