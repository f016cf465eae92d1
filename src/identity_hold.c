/*
 * identity_hold.c
 *	  What waits until a human says which record it is of: conflicts of kind duplicate.
 *
 * A native id has at most one open.  What the system shows under it meanwhile is kept
 * in the conflict's row, field by field the newest, and touches no record.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canonical.h"
#include "identity_hold.h"
#include "json_out.h"
#include "normalize.h"
#include "query.h"

static SlPlan open_row = {
	.sql = "INSERT INTO %s.sync_conflict (id, entity, record_key, kind, current_value,"
		   "  incoming_value, incoming_system, sides, detected_at)"
		   " VALUES ($1, $2, $3, 'duplicate', $4, $5, $6,"
		   "  pg_catalog.jsonb_build_object($6, pg_catalog.jsonb_build_array($5)), $7)",
	.nargs = 7,
	.argtypes = {INT8OID, TEXTOID, TEXTOID, JSONBOID, JSONBOID, TEXTOID, TIMESTAMPTZOID}};

/* An older payload only says what no newer one did. */
#define MERGED                                                      \
	"CASE WHEN $3 THEN $2 OPERATOR(pg_catalog.||) c.incoming_value" \
	"     ELSE c.incoming_value OPERATOR(pg_catalog.||) $2 END"
#define IS_NEWS                                                          \
	"(" MERGED " OPERATOR(pg_catalog.<>) c.incoming_value"               \
	" OR NOT c.sides OPERATOR(pg_catalog.->) $4 OPERATOR(pg_catalog.@>)" \
	"  pg_catalog.jsonb_build_array($2))"

static SlPlan is_news = {.sql = "SELECT FROM %s.sync_conflict AS c"
								" WHERE c.id OPERATOR(pg_catalog.=) $1 AND " IS_NEWS,
						 .nargs = 4,
						 .argtypes = {INT8OID, JSONBOID, BOOLOID, TEXTOID}};

static SlPlan show_more = {
	.sql = "UPDATE %s.sync_conflict AS c"
		   " SET revision = c.revision OPERATOR(pg_catalog.+) 1, incoming_value = " MERGED
		   ", sides = pg_catalog.jsonb_set(c.sides, ARRAY[$4],"
		   "   c.sides OPERATOR(pg_catalog.->) $4 OPERATOR(pg_catalog.||)"
		   "   pg_catalog.jsonb_build_array($2))"
		   " WHERE c.id OPERATOR(pg_catalog.=) $1 AND (" IS_NEWS " OR $5)",
	.nargs = 5,
	.argtypes = {INT8OID, JSONBOID, BOOLOID, TEXTOID, BOOLOID}};

static SlPlan note_held = {
	.sql = "UPDATE %s.sync_native_id AS l SET conflict_id = $4,"
		   "  held_version = coalesce($5, l.held_version), held_actor = $6,"
		   "  held_deleted = $7, held_answer = $8,"
		   "  held_policy = CASE WHEN $5 IS NULL THEN l.held_policy ELSE $9 END"
		   " WHERE l.native_id OPERATOR(pg_catalog.=) $3"
		   "  AND l.system OPERATOR(pg_catalog.=) $2"
		   "  AND l.entity OPERATOR(pg_catalog.=) $1",
	.nargs = 9,
	.argtypes = {TEXTOID, TEXTOID, TEXTOID, INT8OID, TEXTOID, TEXTOID, BOOLOID, BOOLOID,
				 INT4OID}};

static SlPlan close_row = {
	.sql = "UPDATE %s.sync_conflict AS c SET status = 'resolved', resolution = $3,"
		   "  resolved_value = pg_catalog.to_jsonb($2::pg_catalog.text), resolved_at = $4"
		   " WHERE c.id OPERATOR(pg_catalog.=) $1",
	.nargs = 4,
	.argtypes = {INT8OID, TEXTOID, TEXTOID, TIMESTAMPTZOID}};

static SlPlan list_candidates = {
	.sql =
		"SELECT k.key FROM %s.sync_conflict AS c"
		" CROSS JOIN LATERAL pg_catalog.jsonb_array_elements_text(c.current_value) AS k (key)"
		" WHERE c.id OPERATOR(pg_catalog.=) $1",
	.nargs = 1,
	.argtypes = {INT8OID}};

int64
sl_next_conflict_id(void)
{
	return nextval_internal(sl_relation_oid("sync_conflict_id_seq"), false);
}

static bool
is_older(const SlHeld *held)
{
	return held->token.len > 0 && held->newest.len > 0 &&
		   sl_token_compare(held->token.data, held->token.len, held->newest.data,
							held->newest.len, held->policy->systems[held->system].tz) < 0;
}

SlToken
sl_held_token(const SlPolicy *policy, int system, SlToken token, int32 held_policy)
{
	SlToken none = {0};

	return policy->systems[system].tokens_since > held_policy ? none : token;
}

static const char *
system_name(const SlHeld *held)
{
	return held->policy->systems[held->system].name;
}

static Datum
candidates_to_jsonb(const SlHeld *held)
{
	StringInfoData json;
	ListCell      *cell;

	initStringInfo(&json);
	appendStringInfoChar(&json, '[');
	foreach (cell, held->candidates)
	{
		const char *key = (const char *) lfirst(cell);

		if (json.len > 1)
			appendStringInfoChar(&json, ',');
		sl_append_json_string(&json, key, (int) strlen(key));
	}
	appendStringInfoChar(&json, ']');
	return sl_text_to_jsonb(json.data);
}

bool
sl_is_held(const SlHeld *held)
{
	MemoryContext context = CurrentMemoryContext;
	Datum         values[4];
	bool          is_known;

	if (!held->is_open || held->is_turned)
		return false;
	values[0] = Int64GetDatum(held->conflict_id);
	values[1] = sl_record_to_jsonb(held->policy, held->values);
	values[2] = BoolGetDatum(is_older(held));
	values[3] = CStringGetTextDatum(system_name(held));
	sl_spi_connect();
	is_known = sl_query_select_fresh(&is_news, values, NULL) == 0;
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return is_known;
}

List *
sl_held_candidates(int64 conflict_id)
{
	MemoryContext context = CurrentMemoryContext;
	Datum         values[1] = {Int64GetDatum(conflict_id)};
	List         *keys = NIL;
	uint64        n;

	sl_spi_connect();
	n = sl_query_select_fresh(&list_candidates, values, NULL);
	MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < n; i++)
		keys = lappend(keys, TextDatumGetCString(sl_query_value_not_null(i, 1)));
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return keys;
}

static void
open_conflict(SlHeld *held, Datum shown)
{
	Datum values[7];

	if (held->conflict_id == 0)
		held->conflict_id = sl_next_conflict_id();
	values[0] = Int64GetDatum(held->conflict_id);
	values[1] = CStringGetTextDatum(held->policy->entity);
	values[2] = CStringGetTextDatum(held->own_key);
	values[3] = candidates_to_jsonb(held);
	values[4] = shown;
	values[5] = CStringGetTextDatum(system_name(held));
	values[6] = TimestampTzGetDatum(held->now);
	sl_query_write(&open_row, values, NULL);
}

static void
note(const SlHeld *held)
{
	Datum values[9] = {CStringGetTextDatum(held->policy->entity),
					   CStringGetTextDatum(system_name(held)),
					   CStringGetTextDatum(held->native_id),
					   Int64GetDatum(held->conflict_id)};
	char  nulls[9] = {' ', ' ', ' ', ' ', 'n', 'n', ' ', ' ', ' '};

	if (held->token.len > 0 && !is_older(held))
	{
		values[4] = PointerGetDatum(
			cstring_to_text_with_len(held->token.data, held->token.len));
		nulls[4] = ' ';
	}
	if (held->actor != NULL)
	{
		values[5] = CStringGetTextDatum(held->actor);
		nulls[5] = ' ';
	}
	values[6] = BoolGetDatum(held->is_deletion);
	values[7] = BoolGetDatum(held->is_answer);
	values[8] = Int32GetDatum(held->policy->version);
	sl_query_write(&note_held, values, nulls);
}

bool
sl_hold(SlHeld *held)
{
	Datum shown = sl_record_to_jsonb(held->policy, held->values);
	Datum values[5];

	if (!held->is_open)
		open_conflict(held, shown);
	else
	{
		values[0] = Int64GetDatum(held->conflict_id);
		values[1] = shown;
		values[2] = BoolGetDatum(is_older(held));
		values[3] = CStringGetTextDatum(system_name(held));
		values[4] = BoolGetDatum(held->is_turned);
		if (sl_query_write(&show_more, values, NULL) == 0)
			return false;
	}
	note(held);
	return true;
}

void
sl_conflict_end(int64 conflict_id, const char *record_key, const char *resolution,
				TimestampTz now)
{
	Datum values[4] = {Int64GetDatum(conflict_id), CStringGetTextDatum(record_key),
					   CStringGetTextDatum(resolution), TimestampTzGetDatum(now)};

	sl_query_write(&close_row, values, NULL);
}
