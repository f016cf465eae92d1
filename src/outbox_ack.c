/*
 * outbox_ack.c
 *	  sync_ack: a target has taken what a worker carried there.
 *
 * In one transaction: delivery, shadow, native id, and the outbox row gone.  Only the
 * row's own lease moves it.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "decide.h"
#include "delivery_log.h"
#include "event_store.h"
#include "guc.h"
#include "heap_table.h"
#include "idempotency_key.h"
#include "identity_ack.h"
#include "intake.h"
#include "json_out.h"
#include "lease_store.h"
#include "outbox_ack.h"
#include "outbox_columns.h"
#include "outbox_gate.h"
#include "outbox_late.h"
#include "outbox_leased.h"
#include "outbox_row.h"
#include "statistics.h"

PG_FUNCTION_INFO_V1(sync_ack_lease);
PG_FUNCTION_INFO_V1(sync_ack_row);

/* What a worker said of one row; for a whole lease, nothing. */
typedef struct Answer
{
	int64       lease;
	const char *native_id;
	Jsonb      *result;
	SlWritten  *written; /* of a write of our own, all that was made of it; by id */
	int         nwritten;
	const char *actor;
	int64       seen[SL_NOUTCOMES]; /* rows that were a sight, by verdict */
} Answer;

static bool
read_record(const SlPolicy *policy, int target, const char *json, int len,
			SlRawRecord *raw)
{
	SlReader reader;

	raw->slots = palloc(sizeof(SlRaw) * sl_slot_of_field(policy->nfields));
	sl_reader_open(&reader, policy, target, json, len);
	return sl_reader_next(&reader, raw);
}

/* What the target says it stored, read by its own paths. */
static void
take_result(const SlPolicy *policy, int target, const SlRawRecord *raw, SlAck *ack)
{
	SlIntake intake;

	intake.values = palloc0(sizeof(SlValue) * policy->nfields);
	sl_intake_result(policy, target, raw, &intake);
	ack->result = intake.values;
	ack->token = intake.token;
	if (ack->native_id == NULL)
		ack->native_id = intake.native_id;
}

static void
read_result(const SlPolicy *policy, int target, Jsonb *result, SlAck *ack)
{
	StringInfoData json;
	SlRawRecord    raw;

	initStringInfo(&json);
	JsonbToCString(&json, &result->root, VARSIZE(result));
	if (read_record(policy, target, json.data, json.len, &raw))
		take_result(policy, target, &raw, ack);
}

static int
compare_written(const void *a, const void *b)
{
	const SlWritten *x = a;
	const SlWritten *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* NULL where nothing was written, or nothing is there any more. */
static SlWritten *
find_written(const Answer *answer, int64 id)
{
	SlWritten  wanted = {.id = id};
	SlWritten *found = answer->nwritten == 0
						   ? NULL
						   : bsearch(&wanted, answer->written, answer->nwritten,
									 sizeof(SlWritten), compare_written);

	return found == NULL || found->row == NULL ? NULL : found;
}

static bool
is_named(const char *name, const char *other)
{
	return other != NULL && strcmp(name, other) == 0;
}

/* After the answer's native id was claimed: one that another record has is no sight of this. */
static void
check_sight(const SlPart *part, SlWritten *written, SlAck *ack)
{
	const char *id = ack->sight == NULL ? NULL : ack->sight->native_id;

	if (id == NULL || is_named(id, part->native_id) || is_named(id, ack->native_id))
		return;
	ack->sight = NULL;
	written->is_seen = false;
}

/* It shows the record under its key, and is a record as any. */
static bool
is_sight_of(const SlBatch *batch, const SlRecord *record, const SlIntake *intake,
			const SlObservation *sight)
{
	return !intake->is_rejected && !intake->is_deletion &&
		   (intake->key == NULL ||
			(intake->key_len == record->key_len &&
			 memcmp(intake->key, record->key, record->key_len) == 0)) &&
		   sl_missing_field(batch->policy, record->state, sight) < 0;
}

/* Each field that was sent is stored as it was sent. */
static bool
is_as_sent(const SlPolicy *policy, const SlPart *part, const SlValue *stored)
{
	for (int f = 0; f < policy->nfields; f++)
	{
		const SlWrite *write = sl_in_flight(&part->shown[f]);

		if (write != NULL && !sl_value_same(&write->value, &stored[f]))
			return false;
	}
	return true;
}

/* The table's own form of a value is an answer, and so is the native id of a new row. */
static void
take_answer(const SlPolicy *policy, const SlPart *part, int target,
			const SlRawRecord *raw, SlAck *ack)
{
	take_result(policy, target, raw, ack);
	if (part->leased_action != SL_ACTION_CREATE)
		ack->native_id = NULL;
	if (is_as_sent(policy, part, ack->result))
	{
		ack->result = NULL;
		ack->token = (SlToken){NULL, 0};
	}
}

/* The version in the stamp that the row carries, where it is of this record. */
static int64
stamped_version(const SlPolicy *policy, const SlRecord *record, int target,
				const SlIntake *intake)
{
	SlKeyName name = {policy->systems[target].name, policy->entity, record->key,
					  record->key_len};

	return sl_idempotency_key_version(&name, intake->stamp);
}

/*
 * Where nothing speaks against it what stands there is a sight too; what stands there after a
 * delete answers nothing.
 */
static void
read_written(SlBatch *batch, const SlRecord *record, int target, const Answer *answer,
			 SlWritten *written, SlAck *ack)
{
	const SlPolicy *policy = batch->policy;
	const SlPart   *part = &record->state->parts[target];
	SlObservation  *sight = palloc0(sizeof(SlObservation));
	SlRawRecord     raw;
	SlIntake        intake;

	if (part->leased_action == SL_ACTION_DELETE ||
		!read_record(policy, target, written->row, (int) strlen(written->row), &raw))
		return;
	take_answer(policy, part, target, &raw, ack);
	intake.values = palloc0(sizeof(SlValue) * policy->nfields);
	sl_intake(policy, target, &raw, &intake);
	*sight = (SlObservation){.system = target,
							 .values = intake.values,
							 .token = intake.token,
							 .stamp = stamped_version(policy, record, target, &intake),
							 .native_id = intake.native_id,
							 .actor = answer->actor,
							 .now = batch->now};
	written->is_seen = is_sight_of(batch, record, &intake, sight);
	if (written->is_seen)
		ack->sight = sight;
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

/* Our own write is shown as it was sent. */
static bool
is_plain_sight(const SlAck *ack, const SlLogEntry *entry, const SlEffects *effects)
{
	return ack->sight != NULL && effects->verdict == SL_ECHO &&
		   effects->nconflicts == 0 && entry->data == (Datum) 0;
}

/* It says more than that the write has landed. */
static bool
says_more(const SlLogEntry *entry)
{
	return entry->verdict != NULL || entry->change_set != (Datum) 0 ||
		   entry->data != (Datum) 0 || entry->detail != NULL;
}

static void
ack_record(SlBatch *batch, SlRecord *record, int target, Answer *answer,
		   SlDelivery *delivery)
{
	SlAck ack = {.target = target, .native_id = answer->native_id, .now = batch->now};
	SlLogEntry entry;
	SlEffects *effects;
	SlAnswered answered;
	SlWritten *written;

	sl_batch_log_lease(batch, record, target, SL_EVENT_ACKED, &entry);
	delivery->version = entry.version;
	if (answer->result != NULL)
		read_result(batch->policy, target, answer->result, &ack);
	written = find_written(answer, record->state->parts[target].leased_id);
	if (written != NULL)
		read_written(batch, record, target, answer, written, &ack);
	answered = sl_answered_claim(batch, record, &ack);
	if (written != NULL)
		check_sight(&record->state->parts[target], written, &ack);
	effects = sl_decide_ack(batch->policy, record->state, &ack);
	if (record->state->parts[target].waiting_version != 0)
		effects->waiting->is_changed[target] = true;
	entry.data = stored_to_jsonb(batch->policy, effects);
	sl_batch_take(batch, record, effects, &entry);
	if (ack.sight != NULL)
	{
		entry.actor = answer->actor;
		answer->seen[effects->verdict]++;
	}
	delivery->has_event = says_more(&entry) && !is_plain_sight(&ack, &entry, effects);
	if (delivery->has_event)
		sl_log_add(&batch->log, record, &entry);
	sl_answered_finish(batch, record, target, &answered);
}

/* The rows of one batch on their way out. */
typedef struct Acking
{
	SlBatch      *batch;
	Answer       *answer;
	SlTable       outbox;
	SlDeliveryLog log;
	int           nacked;
	int64        *took;   /* how long each was under way, of those ... */
	int           target; /* ... to the target of the lease; -1: no policy names it now */
	Datum         values[SL_OUTBOX_NCOLUMNS]; /* of the row at hand */
	bool          nulls[SL_OUTBOX_NCOLUMNS];
} Acking;

/* The row is still the lease's; read. */
static bool
find_row(Acking *acking, const SlNamedRow *row)
{
	return sl_table_find_at(&acking->outbox, (ItemPointer) &row->tid, row->id,
							acking->values, acking->nulls) &&
		   !acking->nulls[SL_OUTBOX_LEASE] &&
		   DatumGetInt64(acking->values[SL_OUTBOX_LEASE]) == acking->answer->lease;
}

/*
 * A row that the state does not name moves nothing.  Where a policy dropped its target since,
 * the record is written without that: else a policy that brings the target back would find
 * the row named still.
 */
static void
ack_row(Acking *acking, SlRecord *record, const SlNamedRow *row)
{
	SlBatch    *batch = acking->batch;
	const char *target = TextDatumGetCString(acking->values[SL_OUTBOX_TARGET]);
	SlDelivery  delivery = {.row = acking->values, .nulls = acking->nulls};

	acking->target = sl_policy_system(batch->policy, target);
	if (acking->target >= 0 && row->id == record->state->parts[acking->target].leased_id)
		ack_record(batch, record, acking->target, acking->answer, &delivery);
	else if (acking->target < 0)
	{
		sl_decide_ack_left(record->state, target,
						   TextDatumGetCString(acking->values[SL_OUTBOX_ACTION]));
		sl_batch_renew(batch, record);
	}
	sl_deliveries_add(&acking->log, &delivery);
	sl_table_delete_found(&acking->outbox);
	acking->took[acking->nacked++] = batch->now -
									 DatumGetTimestampTz(
										 acking->values[SL_OUTBOX_CREATED_AT]);
}

/* The record is entered with its first row that is still the lease's. */
static void
enter(Acking *acking, SlRecord *record, const SlNamedRow *row)
{
	if (record->state != NULL)
		return;
	if (!IsolationUsesXactSnapshot())
		record->leased = (SlClaimedRow){row->id,
										DatumGetTimestampTz(
											acking->values[SL_OUTBOX_UPDATED_AT])};
	sl_batch_enter(acking->batch, record);
}

/* The first rows, those of one record; returns how many they are. */
static int
ack_rows_of_record(Acking *acking, const SlNamedRow *rows, int n)
{
	SlRecord *record = sl_row_locked(acking->batch, rows[0].key);
	int       i = 0;

	CHECK_FOR_INTERRUPTS();
	do
	{
		if (find_row(acking, &rows[i]))
		{
			enter(acking, record, &rows[i]);
			ack_row(acking, record, &rows[i]);
		}
		i++;
	} while (i < n && strcmp(rows[i].key, rows[0].key) == 0);
	if (record->state != NULL)
		sl_batch_leave(acking->batch, record);
	return i;
}

static void
count_sights(const SlBatch *batch, int target, Answer *answer)
{
	sl_count_arrivals(batch->policy, target, answer->seen, batch->now);
	memset(answer->seen, 0, sizeof(answer->seen));
}

static int
ack_batch(SlBatch *batch, const SlNamedRow *leased, int n, void *arg)
{
	Acking acking = {.batch = batch, .answer = arg, .target = -1};

	acking.took = palloc(sizeof(int64) * n);
	sl_table_open(&acking.outbox, "sync_outbox", SL_OUTBOX_NCOLUMNS);
	sl_deliveries_open(&acking.log, batch->now);
	for (int i = 0; i < n;)
		i += ack_rows_of_record(&acking, leased + i, n - i);
	sl_deliveries_close(&acking.log);
	sl_table_close(&acking.outbox);
	if (acking.nacked > 0 && acking.target >= 0)
		sl_count_deliveries(batch->policy, acking.target, acking.took, acking.nacked,
							batch->now);
	if (acking.answer->nwritten > 0 && acking.target >= 0)
		count_sights(batch, acking.target, acking.answer);
	return acking.nacked;
}

static int
ack(Answer *answer, const int64 *ids, int nids)
{
	int         n;
	SlNamedRow *leased = sl_rows_of_lease(answer->lease, ids, nids, &n);

	return sl_rows_each(leased, n, ack_batch, answer);
}

static int
ack_lease(Answer *answer)
{
	int    nids;
	int64 *ids = sl_lease_rows(answer->lease, &nids);
	int    acked = ack(answer, ids, nids);

	if (acked < Max(nids, 1))
		sl_count_lease_too_late(answer->lease, ids, nids);
	if (nids > 0)
		sl_lease_close(answer->lease);
	return acked;
}

static int
ack_rows(Answer *answer, ArrayType *array)
{
	int    nids;
	int64 *ids = sl_given_ids(array, &nids);
	int    acked = ack(answer, ids, nids);

	if (acked < nids)
		sl_count_too_late(array, answer->lease);
	return acked;
}

int
sl_ack_written(int64 lease, SlWritten *written, int n, const char *actor)
{
	Answer answer = {.lease = lease, .written = written, .nwritten = n, .actor = actor};
	int64 *ids = palloc(sizeof(int64) * Max(n, 1));

	qsort(written, n, sizeof(SlWritten), compare_written);
	for (int i = 0; i < n; i++)
		ids[i] = written[i].id;
	return ack(&answer, ids, n);
}

/* (lease, ids): all rows of a lease, or these; how many were still its own. */
Datum
sync_ack_lease(PG_FUNCTION_ARGS)
{
	Answer answer = {0};

	if (PG_ARGISNULL(0))
		PG_RETURN_INT32(0);
	sl_gate_need_primary("sync_ack");
	answer.lease = PG_GETARG_INT64(0);
	if (PG_ARGISNULL(1))
		PG_RETURN_INT32(ack_lease(&answer));
	PG_RETURN_INT32(ack_rows(&answer, PG_GETARG_ARRAYTYPE_P(1)));
}

/* JSON null is what a client makes of no answer: an error would have it sent once more. */
static bool
is_json_null(Jsonb *value)
{
	JsonbValue scalar;

	return JB_ROOT_IS_SCALAR(value) && JsonbExtractScalar(&value->root, &scalar) &&
		   scalar.type == jbvNull;
}

/* (id, lease, native_id, result): one row, with what the target said. */
Datum
sync_ack_row(PG_FUNCTION_ARGS)
{
	Answer answer = {0};

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_BOOL(false);
	sl_gate_need_primary("sync_ack");
	answer.lease = PG_GETARG_INT64(1);
	if (!PG_ARGISNULL(2))
		answer.native_id = text_to_cstring(PG_GETARG_TEXT_PP(2));
	if (!PG_ARGISNULL(3) && !is_json_null(PG_GETARG_JSONB_P(3)))
		answer.result = PG_GETARG_JSONB_P(3);
	if (answer.result != NULL && !JB_ROOT_IS_OBJECT(answer.result))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the result of a write must be a JSON object"),
				 errhint(
					 "Pass the record that the target answered with, or leave it out.")));
	PG_RETURN_BOOL(ack_rows(&answer, sl_one_id(PG_GETARG_INT64(0))) == 1);
}
