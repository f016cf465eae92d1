/*
 * outbox_row.c
 *	  The rows of the outbox: written, folded and removed as the states say.
 *
 * A record and target have at most one waiting row, whose id the state knows; a newer
 * content folds into it and gives it a new key.  A row has no place while another of its
 * record is leased, while it waits for its retry, and as a dead letter.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "commands/sequence.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "digest.h"
#include "guc.h"
#include "heap_table.h"
#include "idempotency_key.h"
#include "json_out.h"
#include "outbox_columns.h"
#include "outbox_row.h"
#include "query.h"
#include "rows.h"

enum
{
	ROW_ID,
	ROW_KEY,
	ROW_SOURCE,
	ROW_TARGET,
	ROW_DIRECTION,
	ROW_ACTION,
	ROW_CHANGE_SET,
	ROW_HASH,
	ROW_IDEMPOTENCY_KEY,
	ROW_BLOCKED,
	ROW_HASH_ONLY, /* the content is the one that the row has */
	ROW_NCOLUMNS
};

static const Oid row_types[ROW_NCOLUMNS] = {INT8OID, TEXTOID, TEXTOID,  TEXTOID,
											TEXTOID, TEXTOID, JSONBOID, TEXTOID,
											TEXTOID, BOOLOID, BOOLOID};

static SlPlan drop_rows = {.sql = "DELETE FROM %s.sync_outbox AS o"
								  " WHERE o.id OPERATOR(pg_catalog.=) ANY ($1)",
						   .nargs = 1,
						   .argtypes = {INT8ARRAYOID}};

static const Oid drop_types[1] = {INT8OID};

void
sl_outbox_notify(const char *target)
{
	if (sl_guc_notify)
		Async_Notify("sync_outbox", target);
}

char *
sl_direction(const char *source, const char *target)
{
	return psprintf("%s->%s", source, target);
}

char *
sl_idempotency_key(const SlPolicy *policy, const SlState *state, const SlRecord *record,
				   int target, bool is_leased)
{
	const SlPart *part = &state->parts[target];
	int           source = is_leased ? part->leased_source : part->waiting_source;
	int64         version = is_leased ? part->leased_version : part->waiting_version;
	SlKeyName     name = {policy->systems[target].name, policy->entity, record->key,
						  record->key_len};

	return sl_idempotency_key_make(&name, sl_author_name(policy, state, source), version);
}

char *
sl_content_hash(const SlPolicy *policy, const SlState *state, int target,
				const SlContent *content)
{
	SlValue *values = palloc(sizeof(SlValue) * policy->nfields);
	char    *hex = palloc0(SL_DIGEST_HEX + 1);

	sl_content_result(policy, state, target, content, values);
	sl_digest_record(policy, values, hex);
	return hex;
}

/* What is sent is mostly what was accepted just now. */
static Datum
change_set_of(const SlPolicy *policy, const SlRecord *record, const SlContent *content)
{
	const char *text = sl_fields_to_json(policy, content->nfields, content->fields,
										 content->values);

	if (record->said != (Datum) 0 && strcmp(record->said_text, text) == 0)
		return record->said;
	return sl_fields_to_jsonb(policy, content->nfields, content->fields, content->values);
}

static void
add_row(SlRows *rows, const SlPolicy *policy, const SlRecord *record, int target,
		TimestampTz now)
{
	const SlState *state = record->state;
	const SlPart  *part = &state->parts[target];
	const char    *source = sl_author_name(policy, state, part->waiting_source);
	const char    *target_name = policy->systems[target].name;
	SlContent      content;

	sl_content(policy, state, target, now, &content);
	sl_rows_add(rows);
	sl_rows_set(rows, ROW_ID, Int64GetDatum(part->waiting_id));
	sl_rows_set_text_len(rows, ROW_KEY, record->key, record->key_len);
	sl_rows_set_text(rows, ROW_SOURCE, source);
	sl_rows_set_text(rows, ROW_TARGET, target_name);
	sl_rows_set_text(rows, ROW_DIRECTION, sl_direction(source, target_name));
	sl_rows_set_text(rows, ROW_ACTION, sl_action_name(content.action));
	sl_rows_set(rows, ROW_CHANGE_SET, change_set_of(policy, record, &content));
	sl_rows_set_text(rows, ROW_HASH, sl_content_hash(policy, state, target, &content));
	sl_rows_set_text(rows, ROW_IDEMPOTENCY_KEY,
					 sl_idempotency_key(policy, state, record, target, false));
	sl_rows_set(rows, ROW_BLOCKED, BoolGetDatum(part->leased_version != 0));
	sl_rows_set(rows, ROW_HASH_ONLY, BoolGetDatum(!record->is_changed[target]));
}

/* What a content says of its row, whether that is new or not. */
static void
take_content(const SlRows *rows, int i, TimestampTz now, Datum *values)
{
	values[SL_OUTBOX_SOURCE] = rows->values[ROW_SOURCE][i];
	values[SL_OUTBOX_DIRECTION] = rows->values[ROW_DIRECTION][i];
	values[SL_OUTBOX_ACTION] = rows->values[ROW_ACTION][i];
	values[SL_OUTBOX_CHANGE_SET] = rows->values[ROW_CHANGE_SET][i];
	values[SL_OUTBOX_HASH] = rows->values[ROW_HASH][i];
	values[SL_OUTBOX_IDEMPOTENCY_KEY] = rows->values[ROW_IDEMPOTENCY_KEY][i];
	values[SL_OUTBOX_STATUS] = CStringGetTextDatum("pending");
	values[SL_OUTBOX_UPDATED_AT] = TimestampTzGetDatum(now);
}

/* A row waits without a place, and for no time, while another one of its record is leased. */
static void
stand_behind(bool *nulls)
{
	nulls[SL_OUTBOX_PLACE] = true;
	nulls[SL_OUTBOX_VISIBLE_AT] = true;
	nulls[SL_OUTBOX_RETRY_AT] = true;
}

/* Claimable from now on; what is already keeps its place. */
static void
take_place(TimestampTz now, Datum *values, bool *nulls)
{
	if (nulls[SL_OUTBOX_PLACE])
	{
		values[SL_OUTBOX_PLACE] = FullTransactionIdGetDatum(GetTopFullTransactionId());
		values[SL_OUTBOX_VISIBLE_AT] = TimestampTzGetDatum(now);
	}
	nulls[SL_OUTBOX_PLACE] = false;
	nulls[SL_OUTBOX_VISIBLE_AT] = false;
	nulls[SL_OUTBOX_RETRY_AT] = true;
}

static void
insert_row(SlTable *table, const SlPolicy *policy, const SlRows *rows, int i,
		   TimestampTz now)
{
	Datum values[SL_OUTBOX_NCOLUMNS];
	bool  nulls[SL_OUTBOX_NCOLUMNS] = {false};

	take_content(rows, i, now, values);
	values[SL_OUTBOX_ID] = rows->values[ROW_ID][i];
	values[SL_OUTBOX_ENTITY] = CStringGetTextDatum(policy->entity);
	values[SL_OUTBOX_KEY] = rows->values[ROW_KEY][i];
	values[SL_OUTBOX_TARGET] = rows->values[ROW_TARGET][i];
	values[SL_OUTBOX_ATTEMPTS] = Int32GetDatum(0);
	values[SL_OUTBOX_CREATED_AT] = TimestampTzGetDatum(now);
	nulls[SL_OUTBOX_LEASE] = true;
	nulls[SL_OUTBOX_WORKER] = true;
	nulls[SL_OUTBOX_LAST_ERROR] = true;
	nulls[SL_OUTBOX_PLACE] = true;
	nulls[SL_OUTBOX_RETRY_AT] = true;
	nulls[SL_OUTBOX_CLAIM_ID] = true;
	nulls[SL_OUTBOX_BUILT_BY] = true;
	if (DatumGetBool(rows->values[ROW_BLOCKED][i]))
		stand_behind(nulls);
	else
		take_place(now, values, nulls);
	sl_table_insert(table, values, nulls);
}

static bool
waits_for_retry(TimestampTz now, const Datum *values, const bool *nulls)
{
	return !nulls[SL_OUTBOX_RETRY_AT] &&
		   DatumGetTimestampTz(values[SL_OUTBOX_RETRY_AT]) > now;
}

static bool
is_dead(const Datum *values)
{
	return strcmp(TextDatumGetCString(values[SL_OUTBOX_STATUS]), "dead") == 0;
}

void
sl_outbox_row_missing(int64 id)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("the outbox lacks row " INT64_FORMAT ", which a state names", id),
			 errhint("Restore the tables of sync_ledger from one backup.")));
}

/* The target shows something else beside what is sent to it. */
static void
renew_hash(SlTable *table, Datum hash, Datum *values, const bool *nulls)
{
	if (DatumGetBool(DirectFunctionCall2Coll(texteq, C_COLLATION_OID, hash,
											 values[SL_OUTBOX_HASH])))
		return;
	values[SL_OUTBOX_HASH] = hash;
	sl_table_update_found(table, values, nulls);
}

/* No two contents share a key: a create that was called goes again as it was built. */
static void
fold_content(const SlRows *rows, int i, TimestampTz now, Datum *values, bool *nulls)
{
	Datum change_set = values[SL_OUTBOX_CHANGE_SET];

	nulls[SL_OUTBOX_BUILT_BY] |= !DatumGetBool(
		DirectFunctionCall2Coll(texteq, C_COLLATION_OID,
								rows->values[ROW_IDEMPOTENCY_KEY][i],
								values[SL_OUTBOX_IDEMPOTENCY_KEY]));
	take_content(rows, i, now, values);
	if (!nulls[SL_OUTBOX_BUILT_BY])
		values[SL_OUTBOX_CHANGE_SET] = change_set;
}

/*
 * A newer content folds into the row: its id, age, time, attempts and place stay.  A dead
 * letter that has something new to say is one no more, and starts anew.
 */
static void
fold_row(SlTable *table, const SlRows *rows, int i, TimestampTz now)
{
	int64 id = DatumGetInt64(rows->values[ROW_ID][i]);
	Datum values[SL_OUTBOX_NCOLUMNS];
	bool  nulls[SL_OUTBOX_NCOLUMNS];

	if (!sl_table_find(table, id, values, nulls))
		sl_outbox_row_missing(id);
	if (DatumGetBool(rows->values[ROW_HASH_ONLY][i]))
	{
		renew_hash(table, rows->values[ROW_HASH][i], values, nulls);
		return;
	}
	if (is_dead(values))
		values[SL_OUTBOX_ATTEMPTS] = Int32GetDatum(0);
	fold_content(rows, i, now, values, nulls);
	if (DatumGetBool(rows->values[ROW_BLOCKED][i]))
		stand_behind(nulls);
	else if (!waits_for_retry(now, values, nulls))
		take_place(now, values, nulls);
	sl_table_update_found(table, values, nulls);
}

static void
write_rows(SlOutboxRows *outbox, const SlPolicy *policy, TimestampTz now)
{
	SlTable table;

	if (outbox->inserts.nrows == 0 && outbox->updates.nrows == 0)
		return;
	sl_table_open(&table, "sync_outbox", SL_OUTBOX_NCOLUMNS);
	for (int i = 0; i < outbox->inserts.nrows; i++)
		insert_row(&table, policy, &outbox->inserts, i, now);
	for (int i = 0; i < outbox->updates.nrows; i++)
		fold_row(&table, &outbox->updates, i, now);
	sl_table_close(&table);
}

static void
write_drops(const SlRows *drops)
{
	Datum values[1];

	if (drops->nrows == 0)
		return;
	sl_rows_arrays(drops, values);
	sl_query_write(&drop_rows, values, NULL);
}

void
sl_outbox_init(SlOutboxRows *outbox, const SlPolicy *policy)
{
	sl_rows_init(&outbox->inserts, ROW_NCOLUMNS, row_types);
	sl_rows_init(&outbox->updates, ROW_NCOLUMNS, row_types);
	sl_rows_init(&outbox->drops, 1, drop_types);
	outbox->is_woken = palloc0(sizeof(bool) * policy->nsystems);
}

void
sl_outbox_drop(SlOutboxRows *outbox, int64 id)
{
	if (id == 0)
		return;
	sl_rows_add(&outbox->drops);
	sl_rows_set(&outbox->drops, 0, Int64GetDatum(id));
}

static void
collect_row(SlOutboxRows *outbox, const SlPolicy *policy, SlRecord *record, int target,
			TimestampTz now)
{
	SlPart *part = &record->state->parts[target];

	if (part->waiting_version == 0)
	{
		sl_outbox_drop(outbox, part->waiting_id);
		part->waiting_id = 0;
		return;
	}
	outbox->is_woken[target] = true;
	if (part->waiting_id != 0)
	{
		add_row(&outbox->updates, policy, record, target, now);
		return;
	}
	part->waiting_id = nextval_internal(sl_relation_oid("sync_outbox_id_seq"), false);
	add_row(&outbox->inserts, policy, record, target, now);
}

void
sl_outbox_collect(SlOutboxRows *outbox, const SlPolicy *policy, SlRecord *record,
				  TimestampTz now)
{
	for (int t = 0; t < policy->nsystems; t++)
		if (record->is_changed[t])
			collect_row(outbox, policy, record, t, now);
		else if (t == record->shown_by && record->state->parts[t].waiting_version != 0)
			add_row(&outbox->updates, policy, record, t, now);
}

void
sl_outbox_drop_left(SlOutboxRows *outbox, SlLog *log, const SlRecord *record)
{
	for (int i = 0; record->is_dirty && i < record->left.nrows; i++)
	{
		SlLogEntry entry = {.event = SL_EVENT_DROPPED,
							.system = record->left.rows[i].system,
							.version = record->state->version,
							.detail = "the policy does not name it any more"};

		sl_outbox_drop(outbox, record->left.rows[i].id);
		sl_log_add(log, record, &entry);
	}
}

void
sl_outbox_put(SlOutboxRows *outbox, const SlPolicy *policy, TimestampTz now)
{
	write_drops(&outbox->drops);
	write_rows(outbox, policy, now);
	for (int t = 0; t < policy->nsystems; t++)
		if (outbox->is_woken[t])
			sl_outbox_notify(policy->systems[t].name);
}
