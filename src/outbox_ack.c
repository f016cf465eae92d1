/*
 * outbox_ack.c
 *	  sync_ack: a target has taken what a worker carried there.
 *
 * In one transaction: ledger tuple, shadow, native id, and the outbox row gone.  Only
 * the row's own lease moves it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "decide.h"
#include "event_store.h"
#include "guc.h"
#include "identity_ack.h"
#include "intake.h"
#include "json_out.h"
#include "outbox_late.h"
#include "outbox_leased.h"
#include "outbox_row.h"
#include "query.h"
#include "statistics.h"

PG_FUNCTION_INFO_V1(sync_ack_lease);
PG_FUNCTION_INFO_V1(sync_ack_row);

/* The rows go, as far as they are still the lease's, and their tuples enter the ledger. */
static SlPlan move_to_ledger = {
	.sql =
		"WITH gone AS ("
		"  DELETE FROM %s.sync_outbox AS o WHERE o.lease OPERATOR(pg_catalog.=) $1"
		"   AND o.id OPERATOR(pg_catalog.=) ANY ($2)"
		"  RETURNING o.id, o.record_key, o.entity, o.source_system, o.target_system, o.field_hash,"
		"   o.direction, o.change_set, o.idempotency_key, o.updated_at, o.created_at),"
		" kept AS (INSERT INTO %s.sync_ledger AS l (record_key, entity, source_system,"
		"   target_system, field_hash, direction, change_set, idempotency_key, sent_at, synced_at)"
		"  SELECT g.record_key, g.entity, g.source_system, g.target_system, g.field_hash,"
		"   g.direction, g.change_set, g.idempotency_key, g.updated_at, $3 FROM gone AS g"
		"  ON CONFLICT (entity, record_key, direction, field_hash) DO UPDATE"
		"  SET change_set = excluded.change_set, idempotency_key = excluded.idempotency_key,"
		"   sent_at = excluded.sent_at, synced_at = excluded.synced_at,"
		"   writes = l.writes OPERATOR(pg_catalog.+) 1)"
		" SELECT g.record_key, g.target_system, g.id, g.created_at FROM gone AS g",
	.nargs = 3,
	.argtypes = {INT8OID, INT8ARRAYOID, TIMESTAMPTZOID}};

/* What a worker said of one row; for a whole lease, nothing. */
typedef struct Answer
{
	int64       lease;
	const char *native_id;
	Jsonb      *result;
	TimestampTz now;
} Answer;

/* What the target says it stored, read by its own paths. */
static void
read_result(const SlPolicy *policy, int target, Jsonb *result, SlAck *ack)
{
	StringInfoData json;
	SlReader       reader;
	SlRawRecord    raw;
	SlIntake       intake;

	initStringInfo(&json);
	JsonbToCString(&json, &result->root, VARSIZE(result));
	raw.slots = palloc(sizeof(SlRaw) * sl_slot_of_field(policy->nfields));
	intake.values = palloc0(sizeof(SlValue) * policy->nfields);
	sl_reader_open(&reader, policy, target, json.data, json.len);
	if (!sl_reader_next(&reader, &raw))
		return;
	sl_intake_result(policy, target, &raw, &intake);
	ack->result = intake.values;
	ack->token = intake.token;
	if (ack->native_id == NULL)
		ack->native_id = intake.native_id;
}

/* What the target stored in another form than it was sent, by field; 0: nothing. */
static Datum
stored_to_jsonb(const SlPolicy *policy, const SlEffects *effects)
{
	int     *fields = palloc(sizeof(int) * effects->nmisses);
	SlValue *values = palloc(sizeof(SlValue) * effects->nmisses);

	if (effects->nmisses == 0)
		return (Datum) 0;
	for (int i = 0; i < effects->nmisses; i++)
	{
		fields[i] = effects->misses[i].field;
		values[i] = effects->misses[i].stored;
	}
	return sl_fields_to_jsonb(policy, effects->nmisses, fields, values);
}

static void
ack_record(SlBatch *batch, SlRecord *record, int target, const Answer *answer)
{
	SlAck ack = {.target = target, .native_id = answer->native_id, .now = batch->now};
	SlLogEntry entry;
	SlEffects *effects;
	SlAnswered answered;

	sl_batch_log_lease(batch, record, target, SL_EVENT_ACKED, &entry);
	if (answer->result != NULL)
		read_result(batch->policy, target, answer->result, &ack);
	answered = sl_answered_claim(batch, record, &ack);
	effects = sl_decide_ack(batch->policy, record->state, &ack);
	if (record->state->parts[target].waiting_version != 0)
		effects->waiting->is_changed[target] = true;
	entry.data = stored_to_jsonb(batch->policy, effects);
	sl_batch_note(batch, record, effects, &entry);
	sl_answered_finish(batch, record, target, &answered);
}

static uint64
move_rows(const SlBatch *batch, const SlNamedRow *leased, int n, int64 lease)
{
	Datum *ids = palloc(sizeof(Datum) * n);
	Datum  values[3];

	for (int i = 0; i < n; i++)
		ids[i] = Int64GetDatum(leased[i].id);
	values[0] = Int64GetDatum(lease);
	values[1] = PointerGetDatum(
		construct_array(ids, n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[2] = TimestampTzGetDatum(batch->now);
	return sl_query_select(&move_to_ledger, values, NULL);
}

/* A row that went: of which record, to whom. */
typedef struct Moved
{
	int64       id;
	char       *key;
	int         target; /* -1: no policy names it any more */
	TimestampTz created_at;
} Moved;

static Moved *
read_moved(const SlBatch *batch, uint64 n)
{
	Moved *moved = palloc(sizeof(Moved) * Max(n, 1));

	for (uint64 i = 0; i < n; i++)
	{
		moved[i].key = TextDatumGetCString(sl_query_value_not_null(i, 1));
		moved[i].target = sl_policy_system(batch->policy,
										   TextDatumGetCString(
											   sl_query_value_not_null(i, 2)));
		moved[i].id = DatumGetInt64(sl_query_value_not_null(i, 3));
		moved[i].created_at = DatumGetTimestampTz(sl_query_value_not_null(i, 4));
	}
	return moved;
}

/* A row that the state does not name (a policy dropped its target since) moves nothing. */
static void
ack_moved(SlBatch *batch, const Moved *moved, uint64 n, const Answer *answer)
{
	for (uint64 i = 0; i < n; i++)
	{
		SlRecord *record = sl_row_record(batch, moved[i].key);

		CHECK_FOR_INTERRUPTS();
		if (moved[i].target >= 0 &&
			moved[i].id == record->state->parts[moved[i].target].leased_id)
			ack_record(batch, record, moved[i].target, answer);
	}
}

/* A lease is of one target. */
static void
count_moved(const SlBatch *batch, const Moved *moved, uint64 n)
{
	int64 *took = palloc(sizeof(int64) * Max(n, 1));

	for (uint64 i = 0; i < n; i++)
		took[i] = batch->now - moved[i].created_at;
	if (n > 0 && moved[0].target >= 0)
		sl_count_deliveries(batch->policy, moved[0].target, took, (int) n, batch->now);
}

static int
ack_batch(SlBatch *batch, const SlNamedRow *leased, int n, void *arg)
{
	const Answer *answer = arg;
	uint64        nmoved = move_rows(batch, leased, n, answer->lease);
	Moved        *moved = read_moved(batch, nmoved);

	ack_moved(batch, moved, nmoved, answer);
	count_moved(batch, moved, nmoved);
	return (int) nmoved;
}

static int
ack(Answer *answer, ArrayType *ids)
{
	int         n;
	SlNamedRow *leased = sl_rows_of_lease(answer->lease, ids, &n);
	int         acked = sl_rows_each(leased, n, ack_batch, answer);

	if (ids != NULL && acked < ArrayGetNItems(ARR_NDIM(ids), ARR_DIMS(ids)))
		sl_count_too_late(ids, answer->lease);
	return acked;
}

/* (lease, ids): all rows of a lease, or these; how many were still its own. */
Datum
sync_ack_lease(PG_FUNCTION_ARGS)
{
	Answer answer = {0};

	if (PG_ARGISNULL(0))
		PG_RETURN_INT32(0);
	answer.lease = PG_GETARG_INT64(0);
	PG_RETURN_INT32(ack(&answer, PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1)));
}

/* (id, lease, native_id, result): one row, with what the target said. */
Datum
sync_ack_row(PG_FUNCTION_ARGS)
{
	Answer answer = {0};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(false);
	answer.lease = PG_GETARG_INT64(1);
	if (!PG_ARGISNULL(2))
		answer.native_id = text_to_cstring(PG_GETARG_TEXT_PP(2));
	if (!PG_ARGISNULL(3))
		answer.result = PG_GETARG_JSONB_P(3);
	if (answer.result != NULL && !JB_ROOT_IS_OBJECT(answer.result))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the result of a write must be a JSON object"),
				 errhint(
					 "Pass the record that the target answered with, or leave it out.")));
	PG_RETURN_BOOL(ack(&answer, sl_one_id(PG_GETARG_INT64(0))) == 1);
}
