/*
 * diff_complete.c
 *	  A call whose input is all that a system holds: what is missing, and the guard.
 *
 * Keys of what is known, seen and changed go into one sort that spills to disk, so
 * memory stays bounded however many records there are.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_operator_d.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/tuptable.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplesort.h"

#include "decide.h"
#include "diff_complete.h"
#include "errors.h"
#include "state_scan.h"

/* What is known of a key; one sorted tuple for each fact. */
#define FACT_HELD    0x01 /* the system was known to show the record */
#define FACT_DEAD    0x02 /* the same of a dead record: its delete waits */
#define FACT_SEEN    0x04 /* the input has it */
#define FACT_CHANGED 0x08 /* and it was a real change */
#define FACT_TWICE \
	0x10 /* and under two native ids: what follows in a fact tells them apart */
#define FACT_AGAIN 0x20 /* and once more a real change */
#define FACT_BITS  8

struct SlComplete
{
	Tuplesortstate *keys;
	TupleTableSlot *in;
	TupleTableSlot *out;
	int64           nheld; /* before the call, dead ones not counted */
	int64           nread;
	int64           unidentified; /* the first record of the input without a key, or 0 */
	int64           nmissing;
	int64           nchanged;
	int64           ntwice;
	char           *twice; /* the first key that stands there under two native ids */
	int64           nagain;
	char           *again;     /* the first key that changed there more than once */
	bool            has_tuple; /* out holds the next tuple of the walk */
	StringInfoData  key;       /* of the walk ... */
	int             facts;     /* ... and what is known of it */
};

static void
put_fact(SlComplete *complete, const char *key, int32 key_len, int fact)
{
	TupleTableSlot *slot = complete->in;

	ExecClearTuple(slot);
	slot->tts_values[0] = PointerGetDatum(cstring_to_text_with_len(key, key_len));
	slot->tts_values[1] = Int32GetDatum(fact);
	slot->tts_isnull[0] = false;
	slot->tts_isnull[1] = false;
	ExecStoreVirtualTuple(slot);
	tuplesort_puttupleslot(complete->keys, slot);
}

static SlComplete *
new_complete(void)
{
	SlComplete *complete = palloc0(sizeof(SlComplete));
	TupleDesc   desc = CreateTemplateTupleDesc(2);
	AttrNumber  column = 1;
	Oid         less = TextLessOperator;
	Oid         collation = C_COLLATION_OID;
	bool        nulls_first = false;

	TupleDescInitEntry(desc, 1, "record_key", TEXTOID, -1, 0);
	TupleDescInitEntry(desc, 2, "fact", INT4OID, -1, 0);
	complete->in = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	complete->out = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	complete->keys = tuplesort_begin_heap(desc, 1, &column, &less, &collation,
										  &nulls_first, work_mem, NULL,
										  TUPLESORT_RANDOMACCESS);
	initStringInfo(&complete->key);
	return complete;
}

/* A record that the system shows, so far as we know. */
static void
note_stored(SlDiff *diff, const SlScanned *row)
{
	SlState *state = diff->scratch;

	sl_state_decode_part(diff->policy, diff->system, row->data, row->len, state);
	if (state->parts[diff->system].existence != SL_THERE)
		return;
	put_fact(diff->complete, row->key, row->key_len,
			 state->is_deleted ? FACT_DEAD : FACT_HELD);
	diff->complete->nheld += state->is_deleted ? 0 : 1;
}

static void
note_all_stored(SlDiff *diff)
{
	MemoryContext old = CurrentMemoryContext;
	SlStateScan   scan;
	SlScanned     row;

	CommandCounterIncrement();
	sl_state_scan_begin(&scan, diff->policy, GetTransactionSnapshot());
	MemoryContextSwitchTo(diff->look);
	while (sl_state_scan_next(&scan, &row))
	{
		note_stored(diff, &row);
		MemoryContextReset(diff->look);
	}
	MemoryContextSwitchTo(old);
	sl_state_scan_end(&scan);
}

void
sl_complete_begin(SlDiff *diff)
{
	MemoryContext old = MemoryContextSwitchTo(diff->call);

	diff->complete = new_complete();
	note_all_stored(diff);
	MemoryContextSwitchTo(old);
}

void
sl_complete_see(SlDiff *diff, const SlRawRecord *raw, const SlIntake *intake)
{
	SlComplete *complete = diff->complete;

	complete->nread++;
	if (intake->key != NULL)
		put_fact(complete, intake->key, intake->key_len, FACT_SEEN);
	else if (complete->unidentified == 0)
		complete->unidentified = raw->ordinal;
}

/* A deletion tells of an object that is there no more. */
void
sl_complete_place(SlDiff *diff, const char *key, int32 key_len, const SlIntake *intake)
{
	uint32 hash;

	if (intake->native_id == NULL || intake->is_deletion)
		return;
	hash = DatumGetUInt32(hash_any((const unsigned char *) intake->native_id,
								   (int) strlen(intake->native_id)));
	hash = (hash >> (FACT_BITS + 1)) | 1;
	put_fact(diff->complete, key, key_len, FACT_SEEN | (int) (hash << FACT_BITS));
}

void
sl_complete_name(SlDiff *diff, const char *key, int32 key_len)
{
	put_fact(diff->complete, key, key_len, FACT_SEEN);
}

void
sl_complete_decided(SlDiff *diff, const SlRecord *record, bool is_change)
{
	put_fact(diff->complete, record->key, record->key_len,
			 FACT_SEEN | (is_change ? FACT_CHANGED : 0));
}

static void
fetch(SlComplete *complete)
{
	complete->has_tuple = tuplesort_gettupleslot(complete->keys, true, false,
												 complete->out, NULL);
}

static text *
key_of_tuple(SlComplete *complete)
{
	bool is_null;

	return DatumGetTextPP(slot_getattr(complete->out, 1, &is_null));
}

static int
fact_of_tuple(SlComplete *complete)
{
	bool is_null;

	return DatumGetInt32(slot_getattr(complete->out, 2, &is_null));
}

static bool
is_of_same_key(SlComplete *complete)
{
	text *key = key_of_tuple(complete);

	return VARSIZE_ANY_EXHDR(key) == complete->key.len &&
		   memcmp(VARDATA_ANY(key), complete->key.data, complete->key.len) == 0;
}

static void
add_fact(SlComplete *complete, int fact)
{
	int known = complete->facts >> FACT_BITS;
	int told = fact >> FACT_BITS;

	if (known != 0 && told != 0 && known != told)
		complete->facts |= FACT_TWICE;
	if ((complete->facts & fact & FACT_CHANGED) != 0)
		complete->facts |= FACT_AGAIN;
	complete->facts |= known == 0 ? fact : fact & ((1 << FACT_BITS) - 1);
}

/* Steps to the next key, with all facts of it; false at the end. */
static bool
next_key(SlComplete *complete)
{
	text *key;

	if (!complete->has_tuple)
		return false;
	CHECK_FOR_INTERRUPTS();
	key = key_of_tuple(complete);
	resetStringInfo(&complete->key);
	appendBinaryStringInfo(&complete->key, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key));
	complete->facts = 0;
	do
	{
		add_fact(complete, fact_of_tuple(complete));
		fetch(complete);
	} while (complete->has_tuple && is_of_same_key(complete));
	return true;
}

static bool
is_missing(const SlComplete *complete)
{
	return complete->unidentified == 0 && (complete->facts & FACT_SEEN) == 0;
}

static void
note_key(const SlComplete *complete, int64 *n, char **first)
{
	if ((*n)++ == 0)
		*first = pnstrdup(complete->key.data, complete->key.len);
}

/* A dead record that is gone from the listing is no surprise. */
static void
count(SlComplete *complete)
{
	tuplesort_performsort(complete->keys);
	fetch(complete);
	while (next_key(complete))
	{
		if ((complete->facts & FACT_TWICE) != 0)
			note_key(complete, &complete->ntwice, &complete->twice);
		else if ((complete->facts & FACT_AGAIN) != 0)
			note_key(complete, &complete->nagain, &complete->again);
		if ((complete->facts & FACT_HELD) == 0)
			continue;
		complete->nmissing += is_missing(complete) ? 1 : 0;
		complete->nchanged += (complete->facts & FACT_CHANGED) != 0 ? 1 : 0;
	}
	tuplesort_rescan(complete->keys);
	fetch(complete);
}

static void
refuse_empty(const SlDiff *diff)
{
	const SlComplete *complete = diff->complete;

	if (complete->nread > 0 || complete->nheld == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_SL_EMPTY_LISTING),
			 errmsg("an empty listing of system \"%s\", which is known to hold %lld "
					"records of entity \"%s\"",
					diff->policy->systems[diff->system].name, (long long) complete->nheld,
					diff->policy->entity),
			 errhint("It is not taken to mean that all are gone; if they are, name them "
					 "in a call of sync_delete.")));
}

/* What exceeds its share, together. */
static int64
excess(const SlDiff *diff)
{
	const SlComplete *complete = diff->complete;
	double            allowed = diff->policy->max_change * (double) complete->nheld;
	int64             n = 0;

	if ((double) complete->nmissing > allowed)
		n += complete->nmissing;
	if ((double) complete->nchanged > allowed)
		n += complete->nchanged;
	return n;
}

static void
guard(const SlDiff *diff)
{
	const SlComplete *complete = diff->complete;
	int64             n = excess(diff);

	if (n == 0 || n == diff->options.approved)
		return;
	ereport(
		ERROR,
		(errcode(ERRCODE_SL_TOO_MUCH_CHANGE),
		 errmsg("a complete listing of system \"%s\" with %lld records missing and %lld "
				"changed, of %lld of entity \"%s\" that it is known to hold",
				diff->policy->systems[diff->system].name, (long long) complete->nmissing,
				(long long) complete->nchanged, (long long) complete->nheld,
				diff->policy->entity),
		 errdetail("\"max_change\" is %g, and %lld records exceed it; %d were approved.",
				   diff->policy->max_change, (long long) n, diff->options.approved),
		 errhint("If that is right, let just these pass once: approve => %lld. With "
				 "dry_run as well they are listed first.",
				 (long long) n)));
}

static void
warn_of_unidentified(const SlDiff *diff)
{
	if (diff->complete->unidentified == 0)
		return;
	ereport(WARNING,
			(errmsg("no deletes are inferred: record %lld of the input could not be "
					"identified",
					(long long) diff->complete->unidentified),
			 errhint("It may be any of the records that are missing; sync_reject has it "
					 "with the reason.")));
}

static void
warn_of_twice(const SlDiff *diff)
{
	if (diff->complete->ntwice == 0)
		return;
	ereport(WARNING,
			(errmsg("record key \"%s\" is borne by several native ids of the listing; "
					"such keys: %lld",
					diff->complete->twice, (long long) diff->complete->ntwice),
			 errhint("Only one object of each is kept in sync: give the others keys of "
					 "their own there.")));
}

static void
warn_of_again(const SlDiff *diff)
{
	if (diff->complete->nagain == 0)
		return;
	ereport(WARNING,
			(errmsg("record key \"%s\" changed more than once in the listing; such keys: "
					"%lld",
					diff->complete->again, (long long) diff->complete->nagain),
			 errhint(
				 "Each is taken for an edit of the one before it, and may be again with "
				 "the next listing: list a record once.")));
}

void
sl_complete_check(SlDiff *diff)
{
	refuse_empty(diff);
	count(diff->complete);
	guard(diff);
	warn_of_unidentified(diff);
	warn_of_twice(diff);
	warn_of_again(diff);
	diff->source = diff->complete;
	diff->complete = NULL;
}

bool
sl_complete_next(SlDiff *diff, SlRawRecord *raw, SlIntake *intake)
{
	SlComplete *complete = diff->source;

	do
	{
		if (!next_key(complete))
			return false;
	} while (!is_missing(complete));
	sl_intake_deletion(diff->policy, complete->key.data, complete->key.len, intake);
	intake->is_missing = true;
	raw->is_object = false;
	raw->has_nul = false;
	raw->data = "";
	raw->len = 0;
	raw->ordinal = 0;
	return true;
}

void
sl_complete_end(SlDiff *diff)
{
	SlComplete *complete = diff->source;

	ExecDropSingleTupleTableSlot(complete->in);
	ExecDropSingleTupleTableSlot(complete->out);
	tuplesort_end(complete->keys);
}
