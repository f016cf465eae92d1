/*
 * identity_doubt.c
 *	  Arrivals of which a human must say which record they are of.
 *
 * They touch no record: what they show waits in the conflict of their native id.
 */
#include "postgres.h"

#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "diff_chunk.h"
#include "diff_complete.h"
#include "identity.h"
#include "identity_hold.h"
#include "json_out.h"

static SlHeld
held_of(const SlChunk *chunk, const SlIntake *intake, const SlIdentity *identity)
{
	const SlLink *link = &identity->link;

	return (SlHeld){
		.policy = chunk->diff->policy,
		.system = chunk->diff->system,
		.native_id = intake->native_id,
		.own_key = identity->own_key,
		.candidates = identity->candidates,
		.values = intake->values,
		.token = intake->token,
		.newest = sl_held_token(chunk->diff->policy, chunk->diff->system,
								link->held_version, link->held_policy),
		.actor = chunk->diff->options.actor,
		.is_deletion = intake->is_deletion,
		.is_open = identity->is_held,
		.is_turned = intake->is_deletion != link->held_deleted || link->held_answer,
		.conflict_id = identity->conflict_id,
		.now = chunk->now,
	};
}

bool
sl_doubt_is_held(SlChunk *chunk)
{
	SlHeld held = held_of(chunk, &chunk->intake, &chunk->identity);

	return held.conflict_id != SL_DRY_CONFLICT && sl_is_held(&held);
}

static void
show(SlChunk *chunk, SlArrival *arrival, SlOutcome outcome, int64 conflict_id)
{
	MemoryContext old = MemoryContextSwitchTo(chunk->context);

	arrival->verdict = palloc(sizeof(SlVerdict));
	sl_verdict_in_doubt(arrival->verdict, chunk->diff->policy, &arrival->intake, outcome,
						conflict_id);
	sl_verdict_say_first(arrival->verdict,
						 psprintf("native id %s: %s", arrival->intake.native_id,
								  arrival->identity.doubt));
	MemoryContextSwitchTo(old);
}

static void
see(SlChunk *chunk, const char *key)
{
	sl_complete_name(chunk->diff, key, (int32) strlen(key));
}

void
sl_doubt_see(SlChunk *chunk, const SlIdentity *identity)
{
	List *keys = identity->is_held ? sl_held_candidates(identity->conflict_id)
								   : identity->candidates;

	if (identity->link.record_key != NULL)
		see(chunk, identity->link.record_key);
	for (int i = 0; i < list_length(keys); i++)
		see(chunk, (const char *) list_nth(keys, i));
}

void
sl_doubt_show_held(SlChunk *chunk, SlArrival *arrival)
{
	show(chunk, arrival, SL_UNCHANGED, arrival->identity.conflict_id);
}

static void
log_doubt(SlChunk *chunk, const SlArrival *arrival, const SlVerdict *verdict)
{
	const SlDiff *diff = chunk->diff;
	SlRecord      own = {.key = arrival->intake.key, .key_len = arrival->intake.key_len};
	SlLogEntry    entry = {.system = diff->policy->systems[diff->system].name,
						   .actor = diff->options.actor};

	sl_verdict_log_row(verdict, &entry);
	sl_log_add(&chunk->log, &own, &entry);
}

/* False where an earlier payload of the dry run would have left the conflict so. */
static bool
note_dry(SlChunk *chunk, const SlHeld *held)
{
	Datum       shown = sl_record_to_jsonb(held->policy, held->values);
	const char *text = JsonbToCString(NULL, &DatumGetJsonbP(shown)->root, 0);

	return sl_dry_note_doubt(chunk->diff, held->native_id,
							 held->is_deletion ? psprintf("deleted %s", text) : text);
}

bool
sl_doubt_hold(SlChunk *chunk, SlArrival *arrival)
{
	SlHeld held = held_of(chunk, &arrival->intake, &arrival->identity);
	bool   is_dry_run = chunk->diff->options.is_dry_run;
	bool   is_news = is_dry_run ? note_dry(chunk, &held) : sl_hold(&held);

	show(chunk, arrival, is_news ? SL_CONFLICTED : SL_UNCHANGED,
		 Max(held.conflict_id, 0));
	if (is_news && !is_dry_run)
		log_doubt(chunk, arrival, arrival->verdict);
	return is_news;
}
