/*
 * diff.h
 *	  The pipeline behind every door that takes records in: read, look, decide, store.
 */
#ifndef SL_DIFF_H
#define SL_DIFF_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/tuplestore.h"

#include "identity_index.h"
#include "intake.h"
#include "policy.h"
#include "reader.h"
#include "store.h"

/* What the caller asked for. */
typedef struct SlDiffOptions
{
	const char *actor;       /* or NULL */
	bool        is_dry_run;  /* the same rows, and nothing is written */
	bool        is_verbose;  /* rows for unchanged records too */
	bool        is_baseline; /* a first load: nothing is sent because of it */
	bool        is_complete; /* the input is all that the system holds */
	int32       approved;    /* so many may exceed the guard of that; 0: none */
} SlDiffOptions;

struct dry_hash;
struct SlDiff;
typedef struct SlComplete SlComplete;

/* A record that was read, and must wait for the chunk before it. */
typedef struct SlCarried
{
	MemoryContext context;
	bool          is_there;
	SlRawRecord   raw; /* its slots are gone */
	SlIntake      intake;
} SlCarried;

/* Fills in the next record of an input; false at its end.  Memory is the look's. */
typedef bool (*SlNextRecord)(struct SlDiff *diff, SlRawRecord *raw, SlIntake *intake);

/* Writes the text of the record that was read last, where next has left it out. */
typedef void (*SlDescribeRecord)(struct SlDiff *diff, SlRawRecord *raw);

/* The last hashes of match_on that a call has locked, each where its last bits say. */
#define SL_KEPT_HASHES 64

typedef struct SlKeptHash
{
	bool  is_locked;
	int64 hash;
} SlKeptHash;

/* One call. */
typedef struct SlDiff
{
	const SlPolicy  *policy;
	int              system;
	SlDiffOptions    options;
	SlNextRecord     next;
	SlDescribeRecord describe; /* NULL: next gives each record its text */
	void            *source;   /* what next reads from, if not from the reader */
	SlReader         reader;
	int64            nbytes;   /* of input that was read */
	SlComplete      *complete; /* while the input of a complete call is read, or NULL */
	SlStore          store;
	MemoryContext    call;       /* as long as the call */
	MemoryContext    chunk;      /* reset for each chunk */
	MemoryContext    look;       /* reset for each record */
	SlState         *scratch;    /* for looks */
	struct dry_hash *dry_states; /* what a dry run would have written, by key */
	struct dry_hash *dry_names;  /* the same, by native id and match_on */
	SlIdentityIndex *identity;   /* NULL until a payload needs it */
	SlKeptHash       kept_hashes[SL_KEPT_HASHES];
	SlCarried       *carried; /* NULL: none */
	bool            *woken;   /* by system: something waits for it; NULL: nobody asks */
	Tuplestorestate *rows;    /* NULL: nobody reads them */
	TupleDesc        row_desc;
} SlDiff;

/* Feeds a text of records through the pipeline. */
extern void sl_diff_run(SlDiff *diff, const char *text, int32 len);

/* Feeds what a source hands out through the pipeline. */
extern void sl_diff_run_source(SlDiff *diff, SlNextRecord next, void *source);

/* --- diff_dry.c: the states that a dry run carries along --- */

extern void sl_dry_begin(SlDiff *diff);

/* The state that the call would have left, if it touched the record. */
extern bool sl_dry_look(SlDiff *diff, const char *key, int32 key_len, SlStored *found);

/* What a record is known by after its last event in a chunk, and who is known by it. */
extern void        sl_dry_note(SlDiff *diff, const SlRecord *record);
extern const char *sl_dry_link(const SlDiff *diff, const char *native_id);
extern List       *sl_dry_matches(const SlDiff *diff, int64 hash);

/*
 * A native id of which a human would have to say which record it is, and what is shown
 * under it.  False where that is what it noted of it last.
 */
extern bool sl_dry_note_doubt(SlDiff *diff, const char *native_id, const char *shown);
extern bool sl_dry_is_doubt(const SlDiff *diff, const char *native_id);
extern void sl_dry_put(SlDiff *diff, SlRecord **records, int nrecords);

/* Fills in what is stored of records, without a lock. */
extern void sl_dry_load(SlDiff *diff, SlRecord **records, int nrecords);

#endif
