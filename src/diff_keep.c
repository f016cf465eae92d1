/*
 * diff_keep.c
 *	  What is kept of a record after the look: for the chunk, or for the one after it.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "diff_chunk.h"

/* What points into the input stays there; the rest was made for this look only. */
static const char *
keep_bytes(const SlChunk *chunk, const char *data, int32 len)
{
	const SlReader *reader = &chunk->diff->reader;
	char           *copy;

	if (data == NULL || (data >= reader->start && data < reader->end))
		return data;
	copy = palloc(len + 1);
	memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

static void
keep_intake(const SlChunk *chunk, SlIntake *intake)
{
	int      nfields = chunk->diff->policy->nfields;
	SlValue *values = palloc(sizeof(SlValue) * nfields);

	memcpy(values, intake->values, sizeof(SlValue) * nfields);
	intake->values = values;
	intake->key = keep_bytes(chunk, intake->key, intake->key_len);
	if (intake->is_rejected)
	{
		intake->reason.message = pstrdup(intake->reason.message);
		return;
	}
	intake->token.data = keep_bytes(chunk, intake->token.data, intake->token.len);
	intake->stamp.data = keep_bytes(chunk, intake->stamp.data, intake->stamp.len);
	if (intake->native_id != NULL)
		intake->native_id = pstrdup(intake->native_id);
	for (int f = 0; f < nfields; f++)
		if (values[f].kind == SL_EXACT || values[f].kind == SL_INEXACT)
			values[f].data = keep_bytes(chunk, values[f].data, values[f].len);
}

/* Those after it wait where they show a native id that it gives, takes away or holds. */
static void
note_moving_id(SlChunk *chunk, const char *native_id)
{
	if (native_id == NULL)
		return;
	if (chunk->moving_ids == NULL)
		chunk->moving_ids = palloc(sizeof(uint32) * 3 * SL_CHUNK_ARRIVALS);
	chunk->moving_ids[chunk->nmoving_ids++] = hash_bytes(
		(const unsigned char *) native_id, (int) strlen(native_id));
}

static void
keep_identity(SlChunk *chunk, SlArrival *arrival)
{
	SlIdentity *identity = &arrival->identity;

	*identity = chunk->identity;
	if (identity->own_key != NULL)
		identity->own_key = pstrdup(identity->own_key);
	if (identity->doubt != NULL)
		identity->doubt = pstrdup(identity->doubt);
	identity->link.held_version.data = keep_bytes(chunk, identity->link.held_version.data,
												  identity->link.held_version.len);
	if (identity->needs_link || identity->found == SL_IN_DOUBT ||
		arrival->intake.is_id_free)
		note_moving_id(chunk, arrival->intake.native_id);
	note_moving_id(chunk, identity->replaced);
	note_moving_id(chunk, identity->replaced_before);
}

/* The text of the record at hand, for those who may have to read it. */
static void
keep_text(const SlChunk *chunk, SlRawRecord *raw)
{
	if (raw->data == NULL)
		chunk->diff->describe(chunk->diff, raw);
	raw->data = keep_bytes(chunk, raw->data, raw->len);
}

/* It may be rejected yet, or be held for a human: no other record is shown as it came. */
static bool
may_be_shown(const SlChunk *chunk, const SlIntake *intake)
{
	const SlPolicy *policy = chunk->diff->policy;

	if (intake->is_rejected || intake->native_id != NULL || intake->key == NULL)
		return true;
	for (int f = 0; f < policy->nfields; f++)
		if (policy->fields[f].is_required && sl_value_is_null(&intake->values[f]))
			return true;
	return false;
}

void
sl_chunk_keep(SlChunk *chunk, SlArrival *arrival)
{
	if (arrival->raw.data != NULL || may_be_shown(chunk, &arrival->intake))
		keep_text(chunk, &arrival->raw);
	keep_intake(chunk, &arrival->intake);
	keep_identity(chunk, arrival);
}

void
sl_chunk_carry(SlChunk *chunk)
{
	SlDiff       *diff = chunk->diff;
	SlCarried    *carried = diff->carried;
	MemoryContext old;

	if (carried == NULL)
	{
		carried = MemoryContextAllocZero(diff->call, sizeof(SlCarried));
		carried->context = AllocSetContextCreate(diff->call, "sync_ledger carried record",
												 ALLOCSET_SMALL_SIZES);
		diff->carried = carried;
	}
	MemoryContextReset(carried->context);
	old = MemoryContextSwitchTo(carried->context);
	carried->intake = chunk->intake;
	carried->raw = chunk->raw;
	keep_text(chunk, &carried->raw);
	if (chunk->identity.is_keyless)
		carried->intake.key = NULL;
	keep_intake(chunk, &carried->intake);
	carried->is_there = true;
	MemoryContextSwitchTo(old);
}

bool
sl_chunk_next(SlChunk *chunk)
{
	SlCarried *carried = chunk->diff->carried;
	SlRaw     *slots = chunk->raw.slots;
	SlValue   *values = chunk->intake.values;

	if (carried == NULL || !carried->is_there)
		return chunk->diff->next(chunk->diff, &chunk->raw, &chunk->intake);
	carried->is_there = false;
	chunk->raw = carried->raw;
	chunk->raw.slots = slots;
	memcpy(values, carried->intake.values,
		   sizeof(SlValue) * chunk->diff->policy->nfields);
	chunk->intake = carried->intake;
	chunk->intake.values = values;
	return true;
}
