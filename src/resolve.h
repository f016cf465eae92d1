/*
 * resolve.h
 *	  What the decisions of all kinds of conflicts share.
 */
#ifndef SL_RESOLVE_H
#define SL_RESOLVE_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "event_log.h"

/* What the caller said. */
typedef struct SlRequest
{
	int64       id;
	const char *winner; /* or NULL */
	Jsonb      *value;  /* or NULL; one of the two is given */
	const char *by;     /* or NULL */
	const char *note;   /* or NULL */
	bool        has_revision;
	int32       revision;
} SlRequest;

/* What the row says. */
typedef struct SlConflictRow
{
	char *entity;
	char *key;
	char *field; /* NULL: of a whole record */
	char *kind;
	char *current; /* whose the current value is; NULL: nobody's */
	bool  is_open;
	int32 revision;
} SlConflictRow;

/* Reads the row into a context; an unknown id is an error.  SPI must be connected. */
extern void sl_resolve_read(int64 id, SlConflictRow *row, MemoryContext context);

/* A decision that comes too late says why, and changes nothing. */
extern bool sl_resolve_is_current(const SlRequest *request, const SlConflictRow *row);

/* Closes the row; value: jsonb, 0 for none. */
extern void sl_resolve_close(const SlRequest *request, Datum value,
							 const char *resolution, TimestampTz now);

/* The entry of the event that a human has decided. */
extern SlLogEntry sl_resolve_entry(const SlRequest *request);

/* --- identity_resolve.c --- */

/* Which record is meant: a conflict of kind duplicate.  False: too late. */
extern bool sl_resolve_duplicate(const SlRequest *request, const SlConflictRow *row);

#endif
