/*
 * capture.c
 *	  What a statement has written to an attached table, as records for the pipeline.
 *
 * A row of which nothing mapped has changed is no record.  A row that goes, or takes
 * another name, deletes the record of that name, unless another row of the statement
 * bears it now.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "apply_mark.h"
#include "attach.h"
#include "capture.h"
#include "capture_name.h"
#include "path_trie.h"

/* Names that rows of the statement have taken. */
typedef struct NameEntry
{
	const char *name;
	uint32      hash;
	char        status;
} NameEntry;

#define SH_PREFIX            names
#define SH_ELEMENT_TYPE      NameEntry
#define SH_KEY_TYPE          const char *
#define SH_KEY               name
#define SH_HASH_KEY(tb, key) string_hash(key, SL_MAX_KEY_LEN + 2)
#define SH_EQUAL(tb, a, b)   (strcmp(a, b) == 0)
#define SH_SCOPE             static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) ((a)->hash)
#define SH_DEFINE
#define SH_DECLARE
#include "common/hashfn.h"
#include "lib/simplehash.h"

static bool
holds_slot(const SlRowColumn *column, int slot)
{
	for (int i = 0; i < column->node->nbelow; i++)
		if (column->node->below[i] == slot)
			return true;
	return false;
}

static bool
holds_only_version(const SlRowColumn *column)
{
	return column->node->nbelow == 1 && column->node->below[0] == SL_SLOT_VERSION;
}

/* What comes in is in the order in which it was written: no version says more. */
static void
leave_out_version(SlRowReader *reader)
{
	int n = 0;

	for (int i = 0; i < reader->ncolumns; i++)
		if (!holds_only_version(&reader->columns[i]))
			reader->columns[n++] = reader->columns[i];
	reader->ncolumns = n;
}

static void
find_names(SlCapture *capture)
{
	const SlRowReader *reader = &capture->reader;

	capture->named = palloc(sizeof(int) * reader->ncolumns);
	for (int i = 0; i < reader->ncolumns; i++)
	{
		const SlRowColumn *column = &reader->columns[i];

		capture->natts = Max(capture->natts, column->index + 1);
		if (holds_slot(column, SL_SLOT_KEY) || holds_slot(column, SL_SLOT_ID))
			capture->named[capture->nnamed++] = column->index;
	}
}

void
sl_capture_open(SlCapture *capture, const SlPolicy *policy, int system,
				TriggerData *trigger)
{
	capture->policy = policy;
	capture->system = system;
	capture->speaker = system;
	capture->trigger = trigger;
	capture->rel = trigger->tg_relation;
	capture->context = CurrentMemoryContext;
	sl_attach_check_fit(RelationGetRelid(capture->rel), policy, system);
	sl_row_reader_open_attached(&capture->reader, policy, system, capture->rel);
	leave_out_version(&capture->reader);
	find_names(capture);
	sl_pairs_open(&capture->pairs, trigger);
	sl_nested_open(&capture->nested, policy, system);
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
		sl_nested_name(&capture->nested);
	capture->may_be_gone = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) &&
						   sl_may_update_and_delete(capture->rel);
}

static void
close_gone(SlCapture *capture)
{
	if (capture->gone == NULL)
		return;
	ExecDropSingleTupleTableSlot(capture->gone_slot);
	tuplestore_end(capture->gone);
	capture->gone = NULL;
}

void
sl_capture_rewind(SlCapture *capture)
{
	close_gone(capture);
	sl_pairs_rewind(&capture->pairs);
	capture->is_waiting = false;
	capture->is_spoken = true;
}

void
sl_capture_close(SlCapture *capture)
{
	sl_pairs_close(&capture->pairs);
	close_gone(capture);
}

static void
read_values(SlCapture *capture, const Datum *values, const bool *nulls, SlRawRecord *raw)
{
	sl_row_read(&capture->reader, values, nulls, raw);
	raw->ordinal = ++capture->ordinal;
}

static void
read_row(SlCapture *capture, TupleTableSlot *slot, SlRawRecord *raw)
{
	slot_getsomeattrs(slot, capture->natts);
	read_values(capture, slot->tts_values, slot->tts_isnull, raw);
}

static void
take_row(SlCapture *capture, SlRawRecord *raw, SlIntake *intake)
{
	sl_intake(capture->policy, capture->system, raw, intake);
	intake->token = (SlToken){NULL, 0};
	intake->is_row = true;
}

static void
take_gone(SlCapture *capture, SlRawRecord *raw, SlIntake *intake)
{
	sl_intake_gone(capture->policy, capture->system, raw, intake);
	intake->token = (SlToken){NULL, 0};
	intake->is_id_free = intake->key != NULL && intake->native_id != NULL;
}

const SlRowColumn *
sl_capture_name_column(const SlCapture *capture, const SlIntake *intake)
{
	const SlSystemSpec *spec = &capture->policy->systems[capture->system];
	const SlRowColumn  *column = NULL;

	if (intake->key != NULL)
		column = sl_row_reader_column(&capture->reader, spec->key);
	if (column == NULL && intake->native_id != NULL)
		column = sl_row_reader_column(&capture->reader, spec->id);
	return column;
}

void
sl_capture_name_row(SlCapture *capture, TupleTableSlot *slot, SlRawRecord *raw,
					SlIntake *intake)
{
	read_row(capture, slot, raw);
	take_gone(capture, raw, intake);
}

/* A statement inside has written the record too: what the table holds is the last word. */
void
sl_capture_look_again(SlCapture *capture, TupleTableSlot *slot, SlRawRecord *raw,
					  SlIntake *intake)
{
	const SlRowColumn *name = sl_capture_name_column(capture, intake);
	Datum             *values = palloc(sizeof(Datum) * capture->natts);
	bool              *nulls = palloc(sizeof(bool) * capture->natts);

	if (name == NULL)
		return;
	if (sl_current_row(&capture->reader, capture->rel, name, slot, values, nulls))
	{
		read_values(capture, values, nulls, raw);
		take_row(capture, raw, intake);
		return;
	}
	read_row(capture, slot, raw);
	take_gone(capture, raw, intake);
}

static void
settle_nested(SlCapture *capture, TupleTableSlot *slot, SlRawRecord *raw,
			  SlIntake *intake)
{
	if (capture->may_be_gone || sl_nested_has(&capture->nested, intake))
		sl_capture_look_again(capture, slot, raw, intake);
	sl_nested_note(&capture->nested, intake);
}

/* Cheaper than to read the names. */
static bool
may_have_moved(const SlCapture *capture, const SlPairs *pairs)
{
	for (int i = 0; i < capture->nnamed; i++)
		if (!sl_pair_is_same(pairs, capture->named[i]))
			return true;
	return false;
}

/* What the row said before the speaker changed it. */
static void
note_before(SlCapture *capture, SlRawRecord *raw, SlIntake *intake)
{
	size_t size = sizeof(SlValue) * capture->policy->nfields;

	read_row(capture, capture->pairs.old.slot, raw);
	take_row(capture, raw, intake);
	if (intake->is_rejected)
		return;
	capture->before = palloc(size);
	memcpy(capture->before, intake->values, size);
}

static bool
say_fresh(SlCapture *capture, SlRawRecord *raw, SlIntake *intake)
{
	if (capture->speaker != capture->system && !capture->is_spoken &&
		capture->pairs.old.slot != NULL && !may_have_moved(capture, &capture->pairs))
		note_before(capture, raw, intake);
	read_row(capture, capture->pairs.fresh.slot, raw);
	take_row(capture, raw, intake);
	settle_nested(capture, capture->pairs.fresh.slot, raw, intake);
	return true;
}

static bool
say_gone(SlCapture *capture, TupleTableSlot *slot, SlRawRecord *raw, SlIntake *intake)
{
	read_row(capture, slot, raw);
	take_gone(capture, raw, intake);
	if (capture->nested.is_after)
		sl_capture_look_again(capture, slot, raw, intake);
	settle_nested(capture, slot, raw, intake);
	return true;
}

static bool
has_news(const SlCapture *capture)
{
	const SlRowReader *reader = &capture->reader;

	for (int i = 0; i < reader->ncolumns; i++)
		if (!sl_pair_is_same(&capture->pairs, reader->columns[i].index))
			return true;
	return false;
}

/* What names a record, in words that no other name has; NULL: it has no name. */
static char *
name_of(SlCapture *capture, TupleTableSlot *slot, SlRawRecord *raw, SlIntake *intake)
{
	sl_capture_name_row(capture, slot, raw, intake);
	if (intake->is_rejected)
		return NULL;
	return intake->key != NULL ? sl_name_of_key(intake->key, intake->key_len)
							   : sl_name_of_native_id(intake->native_id);
}

/*
 * True where the row has left its name for another one.  A key that comes to a row which
 * was known by its native id, or leaves it, is for the identity of records to judge.
 */
static bool
has_moved(SlCapture *capture, const SlPairs *pairs, SlRawRecord *raw, SlIntake *intake)
{
	const char *old;
	const char *fresh;

	if (!may_have_moved(capture, pairs))
		return false;
	old = name_of(capture, pairs->old.slot, raw, intake);
	fresh = name_of(capture, pairs->fresh.slot, raw, intake);
	return old != NULL && (fresh == NULL || (*old == *fresh && strcmp(old, fresh) != 0));
}

/* The rows of the statement that have left their names, one after the other. */
typedef struct Moved
{
	SlCapture    *capture;
	SlPairs       pairs;
	SlRawRecord  *raw;
	SlIntake     *intake;
	MemoryContext row; /* reset for each */
} Moved;

static bool
next_moved(Moved *moved)
{
	while (sl_pairs_next(&moved->pairs))
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(moved->row);
		if (has_moved(moved->capture, &moved->pairs, moved->raw, moved->intake))
			return true;
	}
	return false;
}

static const char *
moved_name(Moved *moved, TupleTableSlot *slot)
{
	return name_of(moved->capture, slot, moved->raw, moved->intake);
}

static names_hash *
names_taken(Moved *moved, MemoryContext context)
{
	names_hash *taken = names_create(context, 64, NULL);

	while (next_moved(moved))
	{
		const char *name = moved_name(moved, moved->pairs.fresh.slot);
		bool        is_found;

		if (name != NULL)
			names_insert(taken, MemoryContextStrdup(context, name), &is_found);
	}
	return taken;
}

static void
open_gone(SlCapture *capture)
{
	capture->gone = tuplestore_begin_heap(false, false, work_mem);
	capture->gone_slot = MakeSingleTupleTableSlot(RelationGetDescr(capture->rel),
												  &TTSOpsMinimalTuple);
}

/* The rows that have left a name which nobody has taken, or which had an id of its own. */
static void
gather_gone(SlCapture *capture, SlRawRecord *raw, SlIntake *intake)
{
	MemoryContext old = MemoryContextSwitchTo(capture->context);
	Moved         moved = {.capture = capture, .raw = raw, .intake = intake};
	names_hash   *taken;

	open_gone(capture);
	sl_nested_name(&capture->nested);
	sl_pairs_open(&moved.pairs, capture->trigger);
	moved.row = AllocSetContextCreate(capture->context, "sync_ledger moved rows",
									  ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(moved.row);
	taken = names_taken(&moved, capture->context);
	sl_pairs_rewind(&moved.pairs);
	while (next_moved(&moved))
		if (names_lookup(taken, moved_name(&moved, moved.pairs.old.slot)) == NULL ||
			moved.intake->is_id_free)
			tuplestore_puttupleslot(capture->gone, moved.pairs.old.slot);
	sl_pairs_close(&moved.pairs);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(moved.row);
	names_destroy(taken);
}

static bool
next_gone(SlCapture *capture)
{
	MemoryContext old;
	bool          is_there;

	if (capture->gone == NULL)
		return false;
	old = MemoryContextSwitchTo(capture->context);
	is_there = tuplestore_gettupleslot(capture->gone, true, false, capture->gone_slot);
	MemoryContextSwitchTo(old);
	return is_there;
}

/* The next pair that has something to say. */
static bool
next_pair(SlCapture *capture, MemoryContext look)
{
	SlPairs *pairs = &capture->pairs;

	if (capture->is_waiting)
	{
		capture->is_waiting = false;
		return true;
	}
	while (sl_pairs_next(pairs))
	{
		bool is_news = pairs->old.slot == NULL || pairs->fresh.slot == NULL ||
					   has_news(capture);

		if (is_news && !sl_capture_is_told(capture))
			return true;
		CHECK_FOR_INTERRUPTS();
		MemoryContextReset(look);
	}
	return false;
}

static bool
next_record(SlCapture *capture, MemoryContext look, SlRawRecord *raw, SlIntake *intake)
{
	SlPairs *pairs = &capture->pairs;

	if (next_gone(capture))
		return say_gone(capture, capture->gone_slot, raw, intake);
	if (!next_pair(capture, look))
		return false;
	if (pairs->fresh.slot == NULL)
		return say_gone(capture, pairs->old.slot, raw, intake);
	if (pairs->old.slot != NULL && capture->gone == NULL &&
		has_moved(capture, pairs, raw, intake))
	{
		gather_gone(capture, raw, intake);
		capture->is_waiting = true;
		return next_record(capture, look, raw, intake);
	}
	return say_fresh(capture, raw, intake);
}

/* Of a row without a key the speaker can say nothing: it is the table's own word. */
static bool
next_spoken(SlCapture *capture, MemoryContext look, SlRawRecord *raw, SlIntake *intake)
{
	for (;;)
	{
		capture->before = NULL;
		if (!next_record(capture, look, raw, intake))
			return false;
		if (capture->is_spoken)
		{
			intake->is_written = intake->key != NULL;
			return true;
		}
		if (intake->key == NULL && !intake->is_rejected)
			continue;
		if (sl_capture_speak(capture, intake))
			return true;
	}
}

bool
sl_capture_next(SlDiff *diff, SlRawRecord *raw, SlIntake *intake)
{
	SlCapture *capture = diff->source;
	bool       is_there = capture->speaker == capture->system
							  ? next_record(capture, diff->look, raw, intake)
							  : next_spoken(capture, diff->look, raw, intake);

	if (!is_there)
		return false;
	diff->nbytes += sl_row_size(&capture->reader);
	return true;
}

void
sl_capture_describe(SlDiff *diff, SlRawRecord *raw)
{
	const SlCapture *capture = diff->source;

	sl_row_describe(&capture->reader, raw);
}
