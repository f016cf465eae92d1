/*
 * diff_chunk.h
 *	  A chunk of an input on its way through the pipeline.
 */
#ifndef SL_DIFF_CHUNK_H
#define SL_DIFF_CHUNK_H

#include "postgres.h"

#include "decide.h"
#include "diff.h"
#include "event_log.h"
#include "identity.h"
#include "identity_rows.h"
#include "outbox_row.h"
#include "rows.h"
#include "statistics.h"
#include "verdict.h"

/* A chunk ends, sooner than by its size, after so many of these: what is kept of them
 * should stay in the processor's cache. */
#define SL_CHUNK_ARRIVALS 256

/* A record of the input that gets a row or a decision. */
typedef struct SlArrival
{
	SlIntake    intake;
	SlRawRecord raw; /* its slots are gone */
	SlIdentity  identity;
	SlRecord   *record;  /* NULL: nothing is to be decided */
	SlVerdict  *verdict; /* NULL until there is one to be shown */
} SlArrival;

struct records_hash;

typedef struct SlChunk
{
	SlDiff              *diff;
	MemoryContext        context; /* the chunk's own */
	MemoryContext        look;    /* for reading and looking at one record */
	MemoryContext        work;    /* for deciding one */
	SlRawRecord          raw;     /* the record at hand */
	SlIntake             intake;
	SlIdentity           identity;
	SlOutcome           *outcomes;
	int                  nread;
	int64                started_at; /* of the bytes of the input */
	int                  narrivals;
	int                  maxarrivals;
	SlArrival           *arrivals;
	int                  nrecords;
	int                  maxrecords;
	SlRecord           **records;
	struct records_hash *by_key;
	TimestampTz          now;
	int64                counts[SL_NOUTCOMES]; /* records, by verdict */
	SlOutcome           *logged;               /* the outcomes of the last event ... */
	Datum          logged_set; /* ... and their jsonb: most are like the one before */
	SlLog          log;
	SlRows         rejects;
	SlOutboxRows   outbox;
	SlIdentityRows identities;
	int            nmoving_ids; /* hashes of native ids that arrivals give ... */
	uint32        *moving_ids;  /* ... to a record, take away, or hold for a human */
	bool           knows_doubts;
	bool           has_doubts; /* known: native ids of the system may be in doubt */
} SlChunk;

extern SlObservation sl_chunk_observation(const SlChunk *chunk, const SlIntake *intake);

/* The state of a record as the call has left it so far; a look must be open. */
extern bool sl_chunk_look(SlChunk *chunk, const char *key, int32 key_len,
						  SlStored *found);

/* Adds an arrival to the events of its record, which may be one more to lock. */
extern void sl_chunk_add_event(SlChunk *chunk, SlArrival *arrival);

/* --- diff_keep.c: what outlives the look at a record --- */

/* Copies what the arrival needs into the current context, the chunk's. */
extern void sl_chunk_keep(SlChunk *chunk, SlArrival *arrival);

/* The record at hand is the first of the next chunk. */
extern void sl_chunk_carry(SlChunk *chunk);

/* The next record, one that was carried first; false at the end of the input. */
extern bool sl_chunk_next(SlChunk *chunk);

/* --- diff.c, diff_decide.c --- */

/* The record does not fit: it goes to sync_reject, and gets its row. */
extern void sl_chunk_reject(SlChunk *chunk, SlArrival *arrival);
extern void sl_chunk_reject_missing(SlChunk *chunk, SlArrival *arrival, int field);

/* Locks, decides and writes what the chunk has gathered, and emits its rows. */
extern void sl_chunk_settle(SlChunk *chunk);

#endif
