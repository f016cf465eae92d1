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
#include "outbox_row.h"
#include "rows.h"
#include "verdict.h"

/* A record of the input that gets a row or a decision. */
typedef struct SlArrival
{
	SlIntake    intake;
	SlRawRecord raw;     /* its slots are gone */
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
	SlOutcome           *outcomes;
	int                  nread;
	const char          *started_at;
	int                  narrivals;
	int                  maxarrivals;
	SlArrival           *arrivals;
	int                  nrecords;
	int                  maxrecords;
	SlRecord           **records;
	struct records_hash *by_key;
	TimestampTz          now;
	SlLog                log;
	SlRows               rejects;
	SlOutboxRows         outbox;
} SlChunk;

extern SlObservation sl_chunk_observation(const SlChunk *chunk, const SlIntake *intake);

/* The record does not fit: it goes to sync_reject, and gets its row. */
extern void sl_chunk_reject(SlChunk *chunk, SlArrival *arrival);
extern void sl_chunk_reject_missing(SlChunk *chunk, SlArrival *arrival, int field);

/* Locks, decides and writes what the chunk has gathered, and emits its rows. */
extern void sl_chunk_settle(SlChunk *chunk);

#endif
