/*
 * resolve.c
 *	  sync_resolve: a human decides a conflict.
 *
 * The decision is made on what the row and the state say under the record's lock;
 * one that was made on an older revision changes nothing.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "decide.h"
#include "event_store.h"
#include "json_out.h"
#include "nearest.h"
#include "normalize.h"
#include "outbox_gate.h"
#include "policy_cache.h"
#include "query.h"
#include "resolve.h"
#include "resolve_value.h"
#include "rules.h"
#include "store_conflict.h"

PG_FUNCTION_INFO_V1(sync_resolve);

enum
{
	ARG_ID,
	ARG_WINNER,
	ARG_VALUE,
	ARG_BY,
	ARG_NOTE,
	ARG_REVISION
};

/* As a winner: the system that this column of the conflict names. */
#define CURRENT_SYSTEM "current_system"

static SlPlan find_conflict = {
	.sql =
		"SELECT c.entity, c.record_key, c.field, c.kind, c.status, c.revision, c.current_system"
		" FROM %s.sync_conflict AS c"
		" WHERE c.id OPERATOR(pg_catalog.=) $1",
	.nargs = 1,
	.argtypes = {INT8OID}};

static SlPlan close_conflict = {
	.sql = "UPDATE %s.sync_conflict AS c SET status = 'resolved', resolved_value = $2,"
		   "  resolution = $3, resolved_by = $4, note = $5, resolved_at = $6"
		   " WHERE c.id OPERATOR(pg_catalog.=) $1",
	.nargs = 6,
	.argtypes = {INT8OID, JSONBOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID}};

static char *
text_or_null(int column)
{
	bool  is_null;
	Datum value = sl_query_value(0, column, &is_null);

	return is_null ? NULL : TextDatumGetCString(value);
}

void
sl_resolve_read(int64 id, SlConflictRow *row, MemoryContext context)
{
	Datum         values[1] = {Int64GetDatum(id)};
	MemoryContext old;

	if (sl_query_select(&find_conflict, values, NULL) == 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("there is no conflict with id " INT64_FORMAT, id),
			 errhint(
				 "SELECT * FROM sync_conflict WHERE status = 'open' lists the open ones.")));
	old = MemoryContextSwitchTo(context);
	row->entity = text_or_null(1);
	row->key = text_or_null(2);
	row->field = text_or_null(3);
	row->kind = text_or_null(4);
	row->is_open = strcmp(text_or_null(5), "open") == 0;
	row->revision = DatumGetInt32(sl_query_value_not_null(0, 6));
	row->current = text_or_null(7);
	MemoryContextSwitchTo(old);
}

bool
sl_resolve_is_current(const SlRequest *request, const SlConflictRow *row)
{
	if (!row->is_open)
	{
		ereport(NOTICE,
				(errmsg("conflict " INT64_FORMAT " is resolved already", request->id)));
		return false;
	}
	if (!request->has_revision || request->revision == row->revision)
		return true;
	ereport(
		NOTICE,
		(errmsg("conflict " INT64_FORMAT " has moved on to revision %d", request->id,
				row->revision),
		 errhint("Look at it again; a side has shown another value since revision %d.",
				 request->revision)));
	return false;
}

void
sl_resolve_close(const SlRequest *request, Datum value, const char *resolution,
				 TimestampTz now)
{
	Datum values[6];
	char  nulls[6] = {' ', ' ', ' ', ' ', ' ', ' '};

	values[0] = Int64GetDatum(request->id);
	nulls[1] = value == (Datum) 0 ? 'n' : ' ';
	values[1] = value;
	values[2] = CStringGetTextDatum(resolution);
	nulls[3] = request->by == NULL ? 'n' : ' ';
	values[3] = request->by == NULL ? (Datum) 0 : CStringGetTextDatum(request->by);
	nulls[4] = request->note == NULL ? 'n' : ' ';
	values[4] = request->note == NULL ? (Datum) 0 : CStringGetTextDatum(request->note);
	values[5] = TimestampTzGetDatum(now);
	sl_query_write(&close_conflict, values, nulls);
}

SlLogEntry
sl_resolve_entry(const SlRequest *request)
{
	return (SlLogEntry){.event = SL_EVENT_DECIDED,
						.system = "review",
						.actor = request->by,
						.detail = request->note};
}

/*
 * The policy may have dropped the field since: then only the row is left to close, and the
 * record forgets the conflict, should the field come back.
 */
static void
decide(SlBatch *batch, SlRecord *record, const SlConflictRow *row,
	   const SlRequest *request)
{
	const SlPolicy *policy = batch->policy;
	SlDecision      decision = {.actor = request->by,
								.now = batch->now,
								.conflict_id = request->id,
								.row_field = row->field};
	SlLogEntry      entry = sl_resolve_entry(request);
	const SlGroup  *group;

	if (!sl_resolve_fields(policy, record->state, request->id, request->winner,
						   request->value, &decision))
	{
		sl_resolve_close(request, (Datum) 0, "dropped", batch->now);
		sl_batch_renew(batch, record);
		return;
	}
	group = policy->fields[decision.fields[0]].fellows;
	if (group != NULL)
		sl_conflict_regroup(policy, group, request->id);
	sl_batch_note(batch, record, sl_decide_resolution(policy, record->state, &decision),
				  &entry);
	sl_resolve_close(request, sl_resolved_value(policy, record->state, &decision),
					 request->winner == NULL ? "value" : request->winner, batch->now);
}

static void
raise_no_survivor(const SlPolicy *policy, const SlState *state, const char *winner)
{
	const char **names = palloc(sizeof(char *) * (policy->nsystems + 1));
	int          n = 0;

	for (int s = 0; s < policy->nsystems; s++)
		if (sl_may_win(state, s))
			names[n++] = policy->systems[s].name;
	names[n++] = "delete";
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("\"%s\" does not show the record", winner),
					errhint("%s", sl_nearest_hint(winner, "winners", names, n))));
}

static Datum
golden_record(const SlPolicy *policy, const SlState *state)
{
	SlValue *values = palloc(sizeof(SlValue) * policy->nfields);

	for (int f = 0; f < policy->nfields; f++)
		values[f] = state->golden[f].is_known ? state->golden[f].value
											  : sl_value_absent();
	return sl_record_to_jsonb(policy, values);
}

static void
decide_death(SlBatch *batch, SlRecord *record, const SlRequest *request)
{
	SlLogEntry entry = sl_resolve_entry(request);

	sl_batch_note(batch, record,
				  sl_decide_death(batch->policy, record->state, request->by, batch->now),
				  &entry);
	sl_resolve_close(request, (Datum) 0, "delete", batch->now);
}

static void
decide_life(SlBatch *batch, SlRecord *record, const SlRequest *request)
{
	const SlPolicy *policy = batch->policy;
	int             winner = sl_policy_system(policy, request->winner);
	SlLogEntry      entry = sl_resolve_entry(request);

	if (winner < 0 || !sl_may_win(record->state, winner))
		raise_no_survivor(policy, record->state, request->winner);
	sl_batch_note(batch, record,
				  sl_decide_life(policy, record->state, winner, request->by, batch->now),
				  &entry);
	sl_resolve_close(request, golden_record(policy, record->state), request->winner,
					 batch->now);
}

/* A record in conflict over its life. */
static void
decide_record(SlBatch *batch, SlRecord *record, const SlConflictRow *row,
			  const SlRequest *request)
{
	SlConflict *conflict = record->state->conflict;

	if (conflict == NULL || conflict->id != request->id)
	{
		sl_resolve_close(request, (Datum) 0, "dropped", batch->now);
		return;
	}
	if (request->winner == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a conflict of kind \"%s\" needs a winner, not a value",
						row->kind),
				 errhint("winner is a system that shows the record, or \"delete\".")));
	if (strcmp(request->winner, "delete") == 0)
		decide_death(batch, record, request);
	else
		decide_life(batch, record, request);
}

/* Whoever wants to leave things as they are need not look whose value that is. */
static void
name_winner(const SlPolicy *policy, const SlConflictRow *row, SlRequest *request)
{
	if (request->winner != NULL && row->current != NULL &&
		strcmp(request->winner, CURRENT_SYSTEM) == 0 &&
		sl_policy_system(policy, CURRENT_SYSTEM) < 0)
		request->winner = row->current;
}

static bool
resolve(SlRequest *request)
{
	MemoryContext context = CurrentMemoryContext;
	SlConflictRow row;
	SlBatch       batch;
	SlRecord     *record;
	bool          is_decided;

	sl_spi_connect();
	sl_resolve_read(request->id, &row, context);
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	if (!sl_resolve_is_current(request, &row))
		return false;
	if (strcmp(row.kind, sl_conflict_kind_name(SL_CONFLICT_DUPLICATE)) == 0)
		return sl_resolve_duplicate(request, &row);
	sl_batch_open(&batch, sl_policy_get(row.entity), 1);
	record = sl_batch_add(&batch, row.key, (int32) strlen(row.key));
	sl_batch_lock(&batch);
	sl_batch_open_states(&batch);
	sl_spi_connect();
	sl_resolve_read(request->id, &row, context);
	MemoryContextSwitchTo(context);
	is_decided = sl_resolve_is_current(request, &row);
	if (is_decided)
	{
		name_winner(batch.policy, &row, request);
		if (row.field == NULL)
			decide_record(&batch, record, &row, request);
		else
			decide(&batch, record, &row, request);
		sl_batch_put(&batch);
	}
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	sl_batch_close(&batch);
	return is_decided;
}

static char *
get_text(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(arg));
}

/* (conflict_id, winner, value, by, note, revision) */
Datum
sync_resolve(PG_FUNCTION_ARGS)
{
	SlRequest request = {0};

	if (PG_ARGISNULL(ARG_ID))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"conflict_id\" of sync_resolve must not be null")));
	sl_gate_need_primary("sync_resolve");
	request.id = PG_GETARG_INT64(ARG_ID);
	request.winner = get_text(fcinfo, ARG_WINNER);
	request.value = PG_ARGISNULL(ARG_VALUE) ? NULL : PG_GETARG_JSONB_P(ARG_VALUE);
	request.by = get_text(fcinfo, ARG_BY);
	request.note = get_text(fcinfo, ARG_NOTE);
	request.has_revision = !PG_ARGISNULL(ARG_REVISION);
	request.revision = request.has_revision ? PG_GETARG_INT32(ARG_REVISION) : 0;
	if ((request.winner == NULL) == (request.value == NULL))
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("sync_resolve needs a winner or a value, %s",
					request.winner == NULL ? "and got none" : "not both"),
			 errhint(
				 "winner is a system of the conflict's sides; value is JSON, 'null' too.")));
	PG_RETURN_BOOL(resolve(&request));
}
