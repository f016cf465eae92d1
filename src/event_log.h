/*
 * event_log.h
 *	  The log of what happened to records: one row of sync_event for each event that
 *	  changed something.
 */
#ifndef SL_EVENT_LOG_H
#define SL_EVENT_LOG_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "store.h"

/* What sync_event calls an event. */
#define SL_EVENT_ARRIVED   "arrived"
#define SL_EVENT_DELETED   "deleted"
#define SL_EVENT_ACKED     "acknowledged"
#define SL_EVENT_EXPIRED   "lease ran out"
#define SL_EVENT_EXTENDED  "lease extended"
#define SL_EVENT_FAILED    "failed"
#define SL_EVENT_PUT_OFF   "put off"
#define SL_EVENT_DEAD      "failed for good"
#define SL_EVENT_REDRIVEN  "redriven"
#define SL_EVENT_DISCARDED "discarded"
#define SL_EVENT_DECIDED   "decided"
#define SL_EVENT_DROPPED   "no longer needed"
#define SL_EVENT_FORGOTTEN "forgotten"

/* One event; what is NULL or 0 is not said. */
typedef struct SlLogEntry
{
	const char *event;
	const char *system; /* whose it is: the author of what was accepted, or the target */
	const char *actor;
	int64       version; /* the record's, or that of the write */
	int32       attempt;
	const char *verdict;
	Datum       change_set; /* jsonb: accepted, or sent */
	Datum       outcome;    /* jsonb: {field: outcome} */
	Datum       data;       /* jsonb: {field: what the target stored instead} */
	const char *idempotency_key;
	const char *detail; /* why, in words; never a sensitive value */
} SlLogEntry;

/* Entries on their way into the table. */
typedef struct SlLog
{
	MemoryContext context; /* what it is given is copied into it */
	Datum         entity;
	int           nrows;
	int           maxrows;
	Datum        *values; /* row after row */
	bool         *nulls;
} SlLog;

/* An empty log in the current context. */
extern void sl_log_init(SlLog *log, const SlPolicy *policy);
extern void sl_log_add(SlLog *log, const SlRecord *record, const SlLogEntry *entry);

/* Writes it; the records are locked, so the events of each are numbered in their order. */
extern void sl_log_put(SlLog *log, TimestampTz now);

#endif
