/*
 * state_encoder.h
 *	  Where an encoder of states stands; shared by its two files only.
 */
#ifndef SL_STATE_ENCODER_H
#define SL_STATE_ENCODER_H

#include "postgres.h"

#include "state.h"
#include "state_codec.h"

/* One author, actor, time and version, shared by the fields that one edit set. */
typedef struct SlEdit
{
	int         author;
	const char *actor;
	TimestampTz changed_at;
	int64       version;
} SlEdit;

typedef struct SlEncoder
{
	const SlPolicy *policy;
	const SlState  *state;
	StringInfoData  out;
	StringInfoData  others; /* values of the parts that are not C's */
	int             nedits;
	SlEdit         *edits;
	int             nknown; /* the golden fields that are written ... */
	int            *known;  /* ... by number */
	int             ntokens;
	SlToken        *tokens; /* of the part at hand; index 1 is the first */
} SlEncoder;

/* A text, or none. */
extern void sl_encode_optional(StringInfo out, const char *text);

/* The code of a system or of another author. */
extern uint64 sl_author_code(int author);

/* A length in four bytes, low one first, to be filled in by sl_end_length(). */
extern int  sl_begin_length(SlEncoder *e);
extern void sl_end_length(SlEncoder *e, int at);

extern void sl_encode_parts(SlEncoder *e);

#endif
