/*
 * identity_wait.c
 *	  Whether what stands before a payload in its chunk may say which record it is of.
 */
#include "postgres.h"

#include "common/hashfn.h"

#include "diff_chunk.h"
#include "identity.h"

bool
sl_is_id_on_its_way(const SlChunk *chunk)
{
	const char *native_id = chunk->intake.native_id;
	uint32      hash;

	if (chunk->nmoving_ids == 0)
		return false;
	hash = hash_bytes((const unsigned char *) native_id, (int) strlen(native_id));
	for (int i = 0; i < chunk->nmoving_ids; i++)
		if (chunk->moving_ids[i] == hash)
			return true;
	return false;
}

/* It may leave its record equal in all fields of match_on, or dead. */
static bool
may_match(const SlPolicy *policy, const SlIntake *other, const SlIntake *intake)
{
	bool is_shown = other->is_deletion;

	for (int i = 0; i < policy->nmatch_on; i++)
	{
		const SlValue *value = &other->values[policy->match_on[i]];

		if (value->kind == SL_ABSENT)
			continue;
		if (!sl_value_equal(value, &intake->values[policy->match_on[i]]))
			return false;
		is_shown = true;
	}
	return is_shown;
}

static bool
is_named(const SlRecord *record, const char *key)
{
	return (int32) strlen(key) == record->key_len &&
		   memcmp(key, record->key, record->key_len) == 0;
}

/* It is of a record that the payload at hand matches: as that is before it. */
static bool
is_of_a_match(const SlChunk *chunk, const SlArrival *arrival)
{
	ListCell *cell;

	if (chunk->identity.found == SL_BY_MATCH)
		return is_named(arrival->record, chunk->intake.key);
	foreach (cell, chunk->identity.candidates)
		if (is_named(arrival->record, lfirst(cell)))
			return true;
	return false;
}

bool
sl_may_match_others(const SlChunk *chunk)
{
	for (int i = 0; i < chunk->narrivals; i++)
	{
		const SlArrival *arrival = &chunk->arrivals[i];

		if (arrival->record == NULL)
			continue;
		if (is_of_a_match(chunk, arrival) ||
			may_match(chunk->diff->policy, &arrival->intake, &chunk->intake))
			return true;
	}
	return false;
}
