/*
 * identity.c
 *	  Which record a payload is of: by its key, by its native id, by match_on.
 *
 * Never a guess: where key and native id name two records, or match_on several, a human
 * must say.  A payload waits for those before it in its chunk that may decide it.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "diff_chunk.h"
#include "identity.h"
#include "match_hash.h"
#include "rules.h"

/* More candidates than a human would read are not looked for. */
#define MAX_CANDIDATES 100

/* Opened once a payload needs it: most are found by their key alone. */
static SlIdentityIndex *
need_look(SlChunk *chunk)
{
	SlDiff       *diff = chunk->diff;
	MemoryContext old = MemoryContextSwitchTo(diff->call);

	if (diff->identity == NULL)
	{
		diff->identity = palloc(sizeof(SlIdentityIndex));
		sl_identity_index_open(diff->identity, diff->policy);
	}
	MemoryContextSwitchTo(old);
	if (diff->identity->snapshot == NULL)
		sl_identity_index_begin_look(diff->identity, chunk->context);
	return diff->identity;
}

void
sl_identity_end_look(SlDiff *diff)
{
	if (diff->identity != NULL)
		sl_identity_index_end_look(diff->identity);
}

void
sl_identity_close(SlDiff *diff)
{
	if (diff->identity != NULL)
		sl_identity_index_close(diff->identity);
}

static const char *
keep(const SlChunk *chunk, const char *data, int32 len)
{
	char *copy = MemoryContextAlloc(chunk->context, len + 1);

	memcpy(copy, data, len);
	copy[len] = '\0';
	return copy;
}

static const char *
system_name(const SlChunk *chunk)
{
	return chunk->diff->policy->systems[chunk->diff->system].name;
}

/* The state of a record as it is now, in the scratch; false where there is none. */
static bool
look_state(SlChunk *chunk, const char *key)
{
	SlDiff  *diff = chunk->diff;
	SlStored found = {.data = NULL, .len = 0};

	if (!sl_chunk_look(chunk, key, (int32) strlen(key), &found) || found.len == 0)
		return false;
	sl_state_decode_part(diff->policy, diff->system, found.data, found.len,
						 diff->scratch);
	return true;
}

static bool
look_link(SlChunk *chunk, const char *native_id, SlLink *link)
{
	memset(link, 0, sizeof(SlLink));
	if (chunk->diff->options.is_dry_run)
		return sl_dry_look_link(chunk->diff, need_look(chunk), native_id, link);
	return sl_link_look(need_look(chunk), system_name(chunk), native_id, link);
}

static bool
is_linked_elsewhere(const SlChunk *chunk, const char *native_id)
{
	const char *known = chunk->diff->scratch->parts[chunk->diff->system].native_id;

	return known != NULL && strcmp(known, native_id) != 0;
}

static bool
is_candidate(SlChunk *chunk, const SlIntake *intake, const char *key)
{
	return *key != '\0' && look_state(chunk, key) && !chunk->diff->scratch->is_deleted &&
		   !is_linked_elsewhere(chunk, intake->native_id) &&
		   sl_match_is_equal(chunk->diff->policy, chunk->diff->scratch, intake->values);
}

static bool
is_listed(const List *keys, const char *key)
{
	ListCell *cell;

	foreach (cell, keys)
		if (strcmp((const char *) lfirst(cell), key) == 0)
			return true;
	return false;
}

static List *
add_candidate(SlChunk *chunk, List *keys, const char *key)
{
	MemoryContext old = MemoryContextSwitchTo(chunk->context);

	keys = lappend(keys, pstrdup(key));
	MemoryContextSwitchTo(old);
	return keys;
}

/* The living records that are equal in all fields of match_on. */
static List *
find_candidates(SlChunk *chunk, const SlIntake *intake)
{
	SlMatchHash      match = sl_match_hash(chunk->diff->policy, intake->values);
	SlIdentityIndex *index;
	List            *keys = NIL;
	ListCell        *cell;
	const char      *key;

	if (!match.is_known)
		return NIL;
	if (chunk->diff->options.is_dry_run)
		foreach (cell, sl_dry_matches(chunk->diff, match.hash))
			if (!is_listed(keys, lfirst(cell)) &&
				is_candidate(chunk, intake, lfirst(cell)))
				keys = add_candidate(chunk, keys, lfirst(cell));
	index = need_look(chunk);
	sl_match_look(index, match.hash, system_name(chunk));
	while (list_length(keys) < MAX_CANDIDATES && (key = sl_match_next(index)) != NULL)
	{
		CHECK_FOR_INTERRUPTS();
		if (!is_listed(keys, key) && is_candidate(chunk, intake, key))
			keys = add_candidate(chunk, keys, key);
	}
	return keys;
}

static void
name(SlIntake *intake, const char *key)
{
	intake->key = key;
	intake->key_len = (int32) strlen(key);
}

static void
doubt(SlIntake *intake, SlIdentity *identity, List *candidates, const char *why)
{
	identity->found = SL_IN_DOUBT;
	identity->candidates = candidates;
	identity->doubt = why;
	name(intake, identity->own_key);
}

/* The native id is known, or in doubt already. */
static void
follow_link(SlChunk *chunk, SlIntake *intake, SlIdentity *identity)
{
	const SlLink *link = &identity->link;
	const char   *key = identity->own_key;
	List         *both;

	if (link->conflict_id != 0)
	{
		identity->is_held = true;
		identity->conflict_id = link->conflict_id;
		doubt(intake, identity, NIL, "its native id is in open conflict");
	}
	else if (identity->is_keyless ||
			 (link->other_key != NULL && strcmp(link->other_key, key) == 0))
	{
		identity->found = SL_BY_NATIVE_ID;
		name(intake, link->record_key);
	}
	else if (strcmp(link->record_key, key) != 0)
	{
		both = add_candidate(chunk, NIL, link->record_key);
		if (look_state(chunk, key))
			both = add_candidate(chunk, both, key);
		doubt(intake, identity, both, "its key and its native id name two records");
	}
}

/* Nothing is known of the native id, and there is no key. */
static void
find_by_values(SlChunk *chunk, SlIntake *intake, SlIdentity *identity)
{
	List *keys = NIL;

	identity->needs_link = !intake->is_deletion;
	identity->found = SL_AS_NEW;
	name(intake, identity->own_key);
	if (look_state(chunk, identity->own_key))
	{
		if (!intake->is_deletion && is_linked_elsewhere(chunk, intake->native_id))
			doubt(intake, identity, add_candidate(chunk, NIL, identity->own_key),
				  "the record of that name has another native id");
		return;
	}
	if (!intake->is_deletion)
		keys = find_candidates(chunk, intake);
	if (keys == NIL)
		return;
	if (list_length(keys) > 1)
	{
		doubt(intake, identity, keys,
			  psprintf("%s of several records", sl_match_fields(chunk->diff->policy)));
		return;
	}
	identity->found = SL_BY_MATCH;
	name(intake, linitial(keys));
}

static void
identify_keyless(SlChunk *chunk, SlIntake *intake, SlIdentity *identity)
{
	if (!identity->is_claimed && look_link(chunk, intake->native_id, &identity->link))
		follow_link(chunk, intake, identity);
	else
		find_by_values(chunk, intake, identity);
}

/* Another native id took its place, and now the record is shown under this one again. */
static bool
is_by_turns(SlChunk *chunk, const SlIntake *intake, const char *key)
{
	const SlDiff *diff = chunk->diff;
	const SlPart *part = &diff->scratch->parts[diff->system];

	return !intake->is_deletion && !intake->is_row && look_state(chunk, key) &&
		   part->existence == SL_THERE &&
		   sl_is_same_name(part->replaced_id, intake->native_id) &&
		   !sl_is_older_than_all(diff->policy, diff->scratch, diff->system,
								 intake->token);
}

/* Its record, where it is there, is not known by that native id. */
static void
identify_keyed(SlChunk *chunk, SlIntake *intake, SlIdentity *identity, bool is_there)
{
	const char *key = identity->own_key;

	identity->needs_link = !intake->is_deletion;
	if (!identity->is_claimed && look_link(chunk, intake->native_id, &identity->link))
		follow_link(chunk, intake, identity);
	else if (is_there && is_by_turns(chunk, intake, key))
		doubt(intake, identity, add_candidate(chunk, NIL, key),
			  "the native id that has taken its place is there as well");
}

/* While a native id is in doubt, what it shows under its own key is held as well. */
static void
find_doubt(SlChunk *chunk)
{
	SlIntake   *intake = &chunk->intake;
	SlIdentity *identity = &chunk->identity;
	SlLink      link;

	if (!sl_is_any_doubt_open(chunk) || !look_link(chunk, intake->native_id, &link) ||
		link.conflict_id == 0)
		return;
	identity->link = link;
	identity->needs_link = !intake->is_deletion;
	identity->own_key = keep(chunk, intake->key, intake->key_len);
	follow_link(chunk, intake, identity);
}

bool
sl_identify(SlChunk *chunk)
{
	SlIntake   *intake = &chunk->intake;
	SlIdentity *identity = &chunk->identity;

	memset(identity, 0, sizeof(SlIdentity));
	if (intake->is_rejected || intake->native_id == NULL)
		return true;
	if (sl_is_id_on_its_way(chunk))
		return false;
	identity->is_keyless = intake->key == NULL;
	if (!identity->is_keyless)
	{
		find_doubt(chunk);
		return true;
	}
	identity->own_key = psprintf("%s:%s", system_name(chunk), intake->native_id);
	identify_keyless(chunk, intake, identity);
	return !identity->needs_link || chunk->diff->policy->nmatch_on == 0 ||
		   !sl_may_match_others(chunk);
}

void
sl_identify_rejected(SlChunk *chunk)
{
	SlIntake *intake = &chunk->intake;
	SlLink    link;

	if (intake->key == NULL && intake->native_id != NULL &&
		look_link(chunk, intake->native_id, &link) && link.conflict_id == 0)
		name(intake, link.record_key);
}

static const char *
keep_id(const SlChunk *chunk, const char *native_id)
{
	return native_id == NULL ? NULL : keep(chunk, native_id, (int32) strlen(native_id));
}

/* What the payload's native id would take the place of. */
static void
note_replaced(SlChunk *chunk, const SlState *state)
{
	const SlPart *part = &state->parts[chunk->diff->system];

	chunk->identity.replaced = keep_id(chunk, part->native_id);
	chunk->identity.replaced_before = keep_id(chunk, part->replaced_id);
}

bool
sl_identity_fits(SlChunk *chunk, const SlState *state)
{
	SlIntake   *intake = &chunk->intake;
	SlIdentity *identity = &chunk->identity;
	const char *known = state->parts[chunk->diff->system].native_id;

	/* Whether that is there as well may hang on what becomes of this payload. */
	identity->replaced_before = keep_id(chunk,
										state->parts[chunk->diff->system].replaced_id);
	if (intake->native_id == NULL || identity->is_keyless ||
		identity->found == SL_BY_NATIVE_ID)
		return true;
	if (sl_is_same_name(known, intake->native_id))
		return true;
	note_replaced(chunk, state);
	identity->own_key = keep(chunk, intake->key, intake->key_len);
	identify_keyed(chunk, intake, identity, known != NULL);
	return identity->found == SL_BY_KEY;
}

bool
sl_identity_expect(SlChunk *chunk)
{
	SlIntake   *intake = &chunk->intake;
	SlIdentity *identity = &chunk->identity;

	if (intake->native_id == NULL || identity->found != SL_BY_KEY)
		return true;
	identity->needs_link = !intake->is_deletion;
	identity->own_key = keep(chunk, intake->key, intake->key_len);
	if (look_state(chunk, identity->own_key))
		note_replaced(chunk, chunk->diff->scratch);
	if (intake->is_deletion && !sl_is_same_name(identity->replaced, intake->native_id))
		identify_keyed(chunk, intake, identity, false);
	return identity->found == SL_BY_KEY;
}

void
sl_identify_again(SlChunk *chunk, SlArrival *arrival)
{
	SlIdentity *identity = &arrival->identity;
	SlIdentity  again = {.is_keyless = identity->is_keyless,
						 .is_claimed = identity->is_claimed,
						 .own_key = identity->own_key,
						 .replaced = identity->replaced};

	if (!identity->is_held) /* that one may have ended meanwhile */
		again.conflict_id = identity->conflict_id;
	name(&arrival->intake, identity->own_key);
	*identity = again;
	if (identity->is_keyless)
		identify_keyless(chunk, &arrival->intake, identity);
	else
		identify_keyed(chunk, &arrival->intake, identity,
					   arrival->record == NULL || arrival->record->stored_len > 0);
}

char *
sl_identity_words(const SlChunk *chunk, const SlArrival *arrival)
{
	switch (arrival->identity.found)
	{
		case SL_BY_NATIVE_ID:
			return psprintf("found by native id %s", arrival->intake.native_id);
		case SL_BY_MATCH:
			return psprintf("matched on %s", sl_match_fields(chunk->diff->policy));
		case SL_BY_KEY:
		case SL_AS_NEW:
		case SL_IN_DOUBT:
			break;
	}
	return NULL;
}
