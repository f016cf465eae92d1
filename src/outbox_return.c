/*
 * outbox_return.c
 *	  A row that a worker held comes back: at once, after a while, or as a dead letter.
 *
 * It keeps its id and its age, and takes in what waited beside it: a record and target
 * have one waiting row, in whatever order its worker failed and its content changed.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "decide.h"
#include "event_log.h"
#include "outbox_return.h"
#include "outbox_row.h"
#include "query.h"

/*
 * What is due at once takes a new place at the end; a dead letter is never due.  An error stays
 * where nobody names another, but not beside another content, of which it says nothing.
 */
static SlPlan end_lease = {
	.sql =
		"UPDATE %s.sync_outbox AS o SET lease = NULL, worker = NULL, status = $2,"
		"  attempts = $3, visible_at = $5, updated_at = $6,"
		"  last_error = CASE WHEN $4 IS NULL AND EXISTS (SELECT FROM %s.sync_event AS e"
		"      WHERE e.record_key OPERATOR(pg_catalog.=) o.record_key"
		"       AND e.entity OPERATOR(pg_catalog.=) o.entity"
		"       AND e.idempotency_key OPERATOR(pg_catalog.=) o.idempotency_key"
		"       AND e.event OPERATOR(pg_catalog.=) ANY ('{" SL_EVENT_FAILED
		"," SL_EVENT_PUT_OFF "," SL_EVENT_DEAD "," SL_EVENT_EXPIRED "}'))"
		"    THEN o.last_error ELSE $4 END,"
		"  place = CASE WHEN $5 OPERATOR(pg_catalog.<=) $6"
		"          THEN pg_catalog.pg_current_xact_id() END,"
		"  retry_at = CASE WHEN $5 OPERATOR(pg_catalog.>) $6 THEN $5 END, claim_id = NULL"
		" WHERE o.id OPERATOR(pg_catalog.=) $1",
	.nargs = 6,
	.argtypes = {INT8OID, TEXTOID, INT4OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID}};

static SlPlan log_claim = {
	.sql =
		"INSERT INTO %s.sync_event (id, at, version, attempt, entity, record_key, event,"
		"  system, actor, change_set, idempotency_key, detail)"
		" SELECT o.claim_id, o.updated_at, %s.sync_key_version(o.idempotency_key),"
		"  o.attempts, o.entity, o.record_key, 'claimed', o.target_system, o.worker,"
		"  o.change_set, o.idempotency_key, o.action"
		" FROM %s.sync_outbox AS o WHERE o.id OPERATOR(pg_catalog.=) $1"
		"  AND o.status OPERATOR(pg_catalog.=) 'leased'",
	.nargs = 1,
	.argtypes = {INT8OID}};

void
sl_outbox_log_claim(int64 id)
{
	Datum values[1] = {Int64GetDatum(id)};

	sl_query_write(&log_claim, values, NULL);
}

static void
end(int64 id, const SlComeback *comeback, TimestampTz now)
{
	Datum values[6];
	char  nulls[6] = {' ', ' ', ' ', ' ', ' ', ' '};

	values[0] = Int64GetDatum(id);
	values[1] = CStringGetTextDatum(comeback->is_dead ? "dead" : "pending");
	values[2] = Int32GetDatum(comeback->attempts);
	values[3] = comeback->error == NULL ? (Datum) 0
										: CStringGetTextDatum(comeback->error);
	nulls[3] = comeback->error == NULL ? 'n' : ' ';
	values[4] = TimestampTzGetDatum(Max(comeback->due, now));
	nulls[4] = comeback->is_dead ? 'n' : ' ';
	values[5] = TimestampTzGetDatum(now);
	if (sl_query_write(&end_lease, values, nulls) != 1)
		sl_outbox_row_missing(id);
}

/*
 * A create of unknown outcome would go again as it was: no news that waited revives it.  Where
 * nothing waits, as in a frozen record, its row goes, and comes anew when it may be sent.
 */
static bool
stays_dead(const SlRecord *record, int target, const SlComeback *comeback)
{
	const SlPart *part = &record->state->parts[target];

	return comeback->is_dead && !record->state->is_deleted &&
		   part->waiting_version != 0 && part->existence == SL_CREATE_LOST;
}

void
sl_outbox_give_back(SlBatch *batch, SlRecord *record, int target,
					const SlComeback *comeback)
{
	SlReturn *result = comeback->is_undone
						   ? sl_decide_undone(batch->policy, record->state, target,
											  batch->now)
						   : sl_decide_lost(batch->policy, record->state, target,
											batch->now);

	record->is_dirty = true;
	record->shown_by = target;
	for (int t = 0; t < batch->policy->nsystems; t++)
		record->is_changed[t] |= result->waiting->is_changed[t];
	sl_outbox_log_claim(result->leased_id);
	end(result->leased_id, comeback, batch->now);
	if (result->replaced_id != 0)
	{
		sl_outbox_drop(&batch->outbox, result->replaced_id);
		record->is_changed[target] = true;
	}
	record->is_changed[target] &= !stays_dead(record, target, comeback);
}
