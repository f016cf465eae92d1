/*
 * outbox_row.c
 *	  The rows of the outbox: written, folded and removed as the states say.
 *
 * A record and target have at most one waiting row, whose id the state knows; a newer
 * content folds into it and gives it a new key.  A row waits without a place while another of its record is leased.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/async.h"
#include "commands/sequence.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "digest.h"
#include "guc.h"
#include "json_out.h"
#include "outbox_row.h"
#include "query.h"
#include "rows.h"

#define MAX_KEY_LEN 255

#define ROW_COLUMNS                                                                \
	"(SELECT pg_catalog.unnest($3) AS id, pg_catalog.unnest($4) AS record_key,"    \
	"  pg_catalog.unnest($5) AS source, pg_catalog.unnest($6) AS target,"          \
	"  pg_catalog.unnest($7) AS direction, pg_catalog.unnest($8) AS action,"       \
	"  pg_catalog.unnest($9) AS change_set, pg_catalog.unnest($10) AS field_hash," \
	"  pg_catalog.unnest($11) AS key, pg_catalog.unnest($12) AS is_blocked) AS u"

#define ROW_PLACE \
	"CASE WHEN u.is_blocked THEN NULL ELSE pg_catalog.pg_current_xact_id() END"

#define ROW_TYPES                                                                        \
	{                                                                                    \
		TEXTOID, TIMESTAMPTZOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, \
			TEXTARRAYOID, TEXTARRAYOID, JSONBARRAYOID, TEXTARRAYOID, TEXTARRAYOID,       \
			BOOLARRAYOID                                                                 \
	}

static SlPlan insert_rows = {
	.sql = "INSERT INTO %s.sync_outbox (id, entity, record_key, source_system,"
		   "  target_system, direction, action, change_set, field_hash, idempotency_key,"
		   "  place, created_at, updated_at, visible_at)"
		   " SELECT u.id, $1, u.record_key, u.source, u.target, u.direction, u.action,"
		   "  u.change_set, u.field_hash, u.key, " ROW_PLACE ", $2, $2, $2"
		   " FROM " ROW_COLUMNS,
	.nargs = 12,
	.argtypes = ROW_TYPES};

/* A newer content folds into the row: its id, age and attempts stay, and its place. */
static SlPlan update_rows = {
	.sql = "UPDATE %s.sync_outbox AS o SET source_system = u.source,"
		   "  direction = u.direction, action = u.action, change_set = u.change_set,"
		   "  field_hash = u.field_hash, idempotency_key = u.key, status = 'pending',"
		   "  updated_at = $2,"
		   "  place = CASE WHEN u.is_blocked THEN NULL"
		   "          ELSE coalesce(o.place, " ROW_PLACE ") END"
		   " FROM " ROW_COLUMNS
		   " WHERE o.id OPERATOR(pg_catalog.=) u.id AND $1 IS NOT NULL",
	.nargs = 12,
	.argtypes = ROW_TYPES};

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
	ROW_NCOLUMNS
};

static const Oid row_types[ROW_NCOLUMNS] = {INT8OID, TEXTOID,  TEXTOID, TEXTOID, TEXTOID,
											TEXTOID, JSONBOID, TEXTOID, TEXTOID, BOOLOID};

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

/* A key that is too long keeps its beginning and ends in the hash of all of it. */
static char *
shorten_key(char *key)
{
	int  len = (int) strlen(key);
	int  kept = MAX_KEY_LEN - SL_DIGEST_HEX - 1;
	char hex[SL_DIGEST_HEX];

	if (len <= MAX_KEY_LEN)
		return key;
	sl_digest_bytes(key, len, hex);
	kept = pg_mbcliplen(key, len, kept);
	return psprintf("%.*s-%.*s", kept, key, SL_DIGEST_HEX, hex);
}

char *
sl_idempotency_key(const SlPolicy *policy, const SlState *state, const SlRecord *record,
				   int target, bool is_leased)
{
	const SlPart *part = &state->parts[target];
	int           source = is_leased ? part->leased_source : part->waiting_source;
	int64         version = is_leased ? part->leased_version : part->waiting_version;

	return shorten_key(psprintf("%s-to-%s-%s-%.*s-v" INT64_FORMAT,
								sl_author_name(policy, state, source),
								policy->systems[target].name, policy->entity,
								record->key_len, record->key, version));
}

static void
set_hash(SlRows *rows, const SlPolicy *policy, const SlState *state, int target,
		 const SlContent *content)
{
	SlValue *values = palloc(sizeof(SlValue) * policy->nfields);
	char     hex[SL_DIGEST_HEX];

	sl_content_result(policy, state, target, content, values);
	sl_digest_record(policy, values, hex);
	sl_rows_set_text_len(rows, ROW_HASH, hex, SL_DIGEST_HEX);
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
	sl_rows_set(rows, ROW_CHANGE_SET,
				sl_fields_to_jsonb(policy, content.nfields, content.fields,
								   content.values));
	set_hash(rows, policy, state, target, &content);
	sl_rows_set_text(rows, ROW_IDEMPOTENCY_KEY,
					 sl_idempotency_key(policy, state, record, target, false));
	sl_rows_set(rows, ROW_BLOCKED, BoolGetDatum(part->leased_version != 0));
}

static void
write_rows(SlPlan *plan, const SlPolicy *policy, const SlRows *rows, TimestampTz now)
{
	Datum values[2 + ROW_NCOLUMNS];

	if (rows->nrows == 0)
		return;
	values[0] = CStringGetTextDatum(policy->entity);
	values[1] = TimestampTzGetDatum(now);
	sl_rows_arrays(rows, values + 2);
	if (sl_query_write(plan, values, NULL) != (uint64) rows->nrows)
		elog(ERROR, "the outbox lacks a row that the state of its record names");
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
}

void
sl_outbox_put(SlOutboxRows *outbox, const SlPolicy *policy, TimestampTz now)
{
	write_drops(&outbox->drops);
	write_rows(&insert_rows, policy, &outbox->inserts, now);
	write_rows(&update_rows, policy, &outbox->updates, now);
	for (int t = 0; t < policy->nsystems; t++)
		if (outbox->is_woken[t])
			sl_outbox_notify(policy->systems[t].name);
}
