/*
 * capture_apply.c
 *	  What a statement of sync_apply() has written, for sync_apply().
 *
 * It knows its rows by their names.  What else the statement has brought about in the table (a
 * foreign key of the table on itself) is taken in as anybody's.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "apply_mark.h"
#include "capture.h"
#include "capture_name.h"

static TupleTableSlot *
row_of_pair(const SlCapture *capture)
{
	const SlPairs *pairs = &capture->pairs;

	return pairs->fresh.slot != NULL ? pairs->fresh.slot : pairs->old.slot;
}

static void
init_row(const SlCapture *capture, SlRawRecord *raw, SlIntake *intake)
{
	memset(raw, 0, sizeof(SlRawRecord));
	memset(intake, 0, sizeof(SlIntake));
	raw->slots = palloc(sizeof(SlRaw) * sl_slot_of_field(capture->policy->nfields));
	intake->values = palloc(sizeof(SlValue) * capture->policy->nfields);
}

static char *
key_in(SlCapture *capture, TupleTableSlot *slot)
{
	SlRawRecord raw;
	SlIntake    intake;

	init_row(capture, &raw, &intake);
	sl_capture_name_row(capture, slot, &raw, &intake);
	return intake.is_rejected || intake.key == NULL
			   ? NULL
			   : pnstrdup(intake.key, intake.key_len);
}

/* A trigger, or a foreign key, has given the row another key. */
static bool
is_renamed(SlCapture *capture)
{
	const SlPairs *pairs = &capture->pairs;
	char          *old;
	char          *fresh;

	if (pairs->old.slot == NULL || pairs->fresh.slot == NULL)
		return false;
	old = key_in(capture, pairs->old.slot);
	fresh = key_in(capture, pairs->fresh.slot);
	return old == NULL ? fresh != NULL : fresh == NULL || strcmp(old, fresh) != 0;
}

/* A row of another key than the record's is that record's where it had that key before. */
static SlAppliedRow *
find_applied(SlCapture *capture, const SlIntake *intake)
{
	SlAppliedRow *row = NULL;

	if (intake->is_rejected)
		return NULL;
	if (intake->key != NULL)
		row = sl_applied_by_key(intake->key, intake->key_len);
	if (row == NULL && intake->native_id != NULL && !is_renamed(capture))
		row = sl_applied_by_native_id(intake->native_id);
	if (row == NULL && intake->key == NULL &&
		TRIGGER_FIRED_BY_INSERT(capture->trigger->tg_event))
		row = sl_applied_nameless();
	return row;
}

/* As it is now: a trigger of the user's may have written or deleted it since. */
static bool
hand_over_row(SlCapture *capture, SlRawRecord *raw, SlIntake *intake)
{
	TupleTableSlot *slot = row_of_pair(capture);
	SlAppliedRow   *applied;
	bool            is_gone = false;

	sl_capture_name_row(capture, slot, raw, intake);
	applied = find_applied(capture, intake);
	if (applied == NULL)
		return false;
	if (capture->pairs.fresh.slot != NULL && sl_nested_has(&capture->nested, intake))
	{
		sl_capture_look_again(capture, slot, raw, intake);
		is_gone = intake->is_deletion;
	}
	sl_nested_note(&capture->nested, intake);
	if (is_gone)
		return true;
	sl_row_describe(&capture->reader, raw);
	sl_applied_note(applied, raw->data, raw->len);
	return true;
}

bool
sl_capture_hand_over(SlCapture *capture)
{
	MemoryContext row = AllocSetContextCreate(capture->context, "sync_ledger applied row",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = CurrentMemoryContext;
	SlRawRecord   raw;
	SlIntake      intake;
	bool          is_all = true;

	init_row(capture, &raw, &intake);
	MemoryContextSwitchTo(row);
	while (sl_pairs_next(&capture->pairs))
	{
		is_all &= hand_over_row(capture, &raw, &intake);
		MemoryContextReset(row);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(row);
	if (!is_all)
		sl_applied_note_others();
	return is_all;
}

static const char *
name_of(const SlIntake *intake)
{
	return intake->key != NULL ? sl_name_of_key(intake->key, intake->key_len)
							   : sl_name_of_native_id(intake->native_id);
}

/* A trigger of the user's changes the row once more, which is read when all of them are through. */
static bool
is_read_later(SlCapture *capture, const SlIntake *intake)
{
	if (capture->pairs.old.slot == NULL || capture->pairs.fresh.slot == NULL ||
		intake->is_rejected || sl_capture_name_column(capture, intake) == NULL ||
		is_renamed(capture) || !sl_applied_note_again(capture->trigger, name_of(intake)))
		return false;
	sl_nested_note(&capture->nested, intake);
	return true;
}

/* A trigger of the user's inserts the row, instead of our statement: into a child of the table. */
static bool
is_put_there(SlCapture *capture, SlRawRecord *raw, const SlIntake *intake)
{
	if (!TRIGGER_FIRED_BY_INSERT(capture->trigger->tg_event) || intake->is_rejected)
		return false;
	sl_row_describe(&capture->reader, raw);
	if (!sl_applied_put(capture->trigger, name_of(intake), raw->data, raw->len))
		return false;
	sl_nested_note(&capture->nested, intake);
	return true;
}

/* And deletes it again, or gives it another name. */
static bool
is_taken_out(SlCapture *capture, SlRawRecord *raw, SlIntake *intake)
{
	if (capture->pairs.old.slot == NULL ||
		(capture->pairs.fresh.slot != NULL && !is_renamed(capture)))
		return false;
	sl_capture_name_row(capture, capture->pairs.old.slot, raw, intake);
	if (intake->is_rejected || !sl_applied_take_out(capture->trigger, name_of(intake)))
		return false;
	sl_nested_note(&capture->nested, intake);
	return capture->pairs.fresh.slot == NULL;
}

bool
sl_capture_is_told(SlCapture *capture)
{
	SlRawRecord raw;
	SlIntake    intake;

	if (!sl_is_any_applying())
		return false;
	init_row(capture, &raw, &intake);
	sl_capture_name_row(capture, row_of_pair(capture), &raw, &intake);
	if (capture->is_rest)
		return find_applied(capture, &intake) != NULL;
	return is_read_later(capture, &intake) || is_put_there(capture, &raw, &intake) ||
		   is_taken_out(capture, &raw, &intake);
}
