/*
 * identity_resolve.c
 *	  sync_resolve of a duplicate: a human says which record a native id means.
 *
 * The records are locked before the row of the native id, as everywhere.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "canonical.h"
#include "guc.h"
#include "identity_place.h"
#include "intake.h"
#include "json_out.h"
#include "policy_cache.h"
#include "query.h"
#include "resolve.h"
#include "rules.h"

/* What the human said, and of what. */
typedef struct Placing
{
	const SlRequest *request;
	SlHolding        holding;
	const char      *record_key; /* of the record that is meant */
	bool             is_new;
	SlRecord        *record;
	SlRecord        *linked; /* that the native id names till now, or NULL */
} Placing;

static SlPlan find_state = {
	.sql = "SELECT FROM %s.sync_state AS s"
		   " WHERE s.record_key OPERATOR(pg_catalog.=) $2"
		   "  AND s.entity OPERATOR(pg_catalog.=) $1"
		   "  AND pg_catalog.length(s.state) OPERATOR(pg_catalog.>) 0",
	.nargs = 2,
	.argtypes = {TEXTOID, TEXTOID}};

static bool
read_holding(const SlPolicy *policy, const SlRequest *request, SlHolding *holding)
{
	MemoryContext context = CurrentMemoryContext;
	bool          is_held;

	sl_spi_connect();
	MemoryContextSwitchTo(context);
	is_held = sl_holding_read(policy, request->id, holding);
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return is_held && holding->system >= 0;
}

static const char *
string_of(Jsonb *value)
{
	JsonbValue scalar;

	if (!JB_ROOT_IS_SCALAR(value) || !JsonbExtractScalar(&value->root, &scalar) ||
		scalar.type != jbvString)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg(
					 "the value for a conflict of kind \"duplicate\" must be the key of "
					 "the record that is meant, as a JSON string"),
				 errhint("Or let the winner be \"new\".")));
	return pnstrdup(scalar.val.string.val, scalar.val.string.len);
}

static bool
is_taken(const SlPolicy *policy, const char *key)
{
	Datum values[2] = {CStringGetTextDatum(policy->entity), CStringGetTextDatum(key)};

	return sl_query_select(&find_state, values, NULL) > 0;
}

/*
 * The payload's own key; where a record has that already, be it dead, the one that a payload
 * without any would have, with a number where that is taken too.
 */
static const char *
free_key(const SlPolicy *policy, const SlHolding *holding)
{
	MemoryContext context = CurrentMemoryContext;
	const char   *keyless = psprintf("%s:%s", holding->system_name, holding->native_id);
	const char   *key = holding->own_key;

	sl_spi_connect();
	MemoryContextSwitchTo(context);
	for (int n = 1; strlen(key) <= SL_MAX_KEY_LEN && is_taken(policy, key); n++)
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(context);
		key = n == 1 ? keyless : psprintf("%s:%d", keyless, n);
	}
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	if (strlen(key) > SL_MAX_KEY_LEN)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the record key that its native id makes is longer than "
							   "%d bytes",
							   SL_MAX_KEY_LEN),
						errhint("Pass the key of a record as the value to link it.")));
	return key;
}

static void
read_request(const SlPolicy *policy, Placing *placing)
{
	const SlRequest *request = placing->request;

	placing->is_new = request->winner != NULL;
	if (!placing->is_new)
		placing->record_key = string_of(request->value);
	else if (strcmp(request->winner, "new") == 0)
		placing->record_key = free_key(policy, &placing->holding);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" decides no conflict of kind \"duplicate\"",
						request->winner),
				 errhint("The winner is \"new\", or value names the record to link, "
						 "'\"4829\"'.")));
}

static SlRecord *
add(SlBatch *batch, const char *key)
{
	return sl_batch_add(batch, key, (int32) strlen(key));
}

static void
pg_attribute_noreturn() refuse_unknown(const Placing *placing)
{
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
					errmsg("there is no record \"%s\"", placing->record_key),
					errhint("current_value of the conflict lists those that may be "
							"meant.")));
}

static void
lock(SlBatch *batch, Placing *placing)
{
	const char *linked = placing->holding.linked_key;

	if (strlen(placing->record_key) > SL_MAX_KEY_LEN)
		refuse_unknown(placing);
	placing->record = add(batch, placing->record_key);
	if (linked != NULL && strcmp(linked, placing->record_key) != 0)
		placing->linked = add(batch, linked);
	sl_batch_lock(batch);
	sl_batch_open_states(batch);
}

static void
check_new(const SlState *state, const char *key)
{
	if (state->policy_version != 0)
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("record \"%s\" has come meanwhile", key),
						errhint("Repeat the transaction.")));
}

static void
check_link(const SlState *state, const Placing *placing)
{
	if (state->policy_version == 0)
		refuse_unknown(placing);
	if (state->is_deleted)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("record \"%s\" is deleted", placing->record_key),
						errhint("Link another record, or let the winner be \"new\".")));
}

/* In the place of the native id by which it is known; also where that was deleted there. */
static void
take_native_id(const SlPolicy *policy, const Placing *placing)
{
	const SlHolding *holding = &placing->holding;
	SlPart          *part = &placing->record->state->parts[holding->system];

	if (part->native_id == NULL || strcmp(part->native_id, holding->native_id) == 0)
		return;
	sl_become_another(policy, part, holding->native_id);
	placing->record->is_dirty = true;
}

/* Another object of the record, without a key of its own, which is there no more: the record is. */
static bool
is_gone_copy(const Placing *placing)
{
	const SlHolding *holding = &placing->holding;
	const SlPart    *part = &placing->record->state->parts[holding->system];
	const char *keyless = psprintf("%s:%s", holding->system_name, holding->native_id);

	return !placing->is_new && holding->is_deletion &&
		   strcmp(holding->own_key, keyless) == 0 && sl_shows_record(part) &&
		   part->native_id != NULL &&
		   !sl_is_same_name(part->native_id, holding->native_id);
}

/* What was read before the lock named the records to lock. */
static void
check_holding(const SlPolicy *policy, Placing *placing)
{
	SlHolding   again;
	bool        is_held = sl_holding_lock(policy, placing->request->id, &again);
	const char *before = placing->holding.linked_key;

	if (!is_held || (before == NULL) != (again.linked_key == NULL) ||
		(before != NULL && strcmp(before, again.linked_key) != 0))
		ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
						errmsg("what native id \"%s\" names has changed meanwhile",
							   placing->holding.native_id),
						errhint("Repeat the transaction.")));
	placing->holding = again;
}

static void
unlink_record(SlBatch *batch, const Placing *placing)
{
	SlLogEntry entry = sl_resolve_entry(placing->request);

	if (placing->linked == NULL)
		return;
	sl_batch_note(batch, placing->linked,
				  sl_decide_unlink(batch->policy, placing->linked->state,
								   placing->holding.system, placing->holding.native_id,
								   batch->now),
				  &entry);
}

static void
place(SlBatch *batch, const Placing *placing)
{
	const SlHolding *holding = &placing->holding;
	SlLogEntry       entry = sl_resolve_entry(placing->request);
	char            *words = psprintf("native id %s is this record, a human said",
									  holding->native_id);
	bool             is_dropped;
	StringInfoData   key;

	if (placing->is_new)
		check_new(placing->record->state, placing->record_key);
	else
		check_link(placing->record->state, placing);
	is_dropped = is_gone_copy(placing) || (placing->is_new && holding->is_deletion);
	if (!is_dropped)
		take_native_id(batch->policy, placing);
	unlink_record(batch, placing);
	sl_log_add(&batch->log, placing->record, &entry);
	if (is_dropped)
		sl_holding_drop(batch->policy, holding);
	else if (!sl_holding_place(batch, placing->record, holding, words))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("what is held lacks a required field: it cannot be a new record"),
				 errhint(
					 "Link a record, or wait until the system has shown the field.")));
	initStringInfo(&key);
	sl_append_json_string(&key, placing->record_key, (int) strlen(placing->record_key));
	sl_resolve_close(placing->request, sl_text_to_jsonb(key.data),
					 placing->is_new ? "new" : "value", batch->now);
}

/* Under the records' locks. */
static bool
decide(SlBatch *batch, Placing *placing)
{
	MemoryContext context = CurrentMemoryContext;
	SlConflictRow row;
	bool          is_decided;

	sl_spi_connect();
	MemoryContextSwitchTo(context);
	sl_resolve_read(placing->request->id, &row, context);
	is_decided = sl_resolve_is_current(placing->request, &row);
	if (is_decided)
	{
		check_holding(batch->policy, placing);
		place(batch, placing);
		sl_batch_put(batch);
	}
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return is_decided;
}

/* The policy may have dropped the system since: then there is nothing left to decide. */
static bool
close_dropped(const SlRequest *request)
{
	MemoryContext context = CurrentMemoryContext;
	SlConflictRow row;
	bool          is_current;

	sl_spi_connect();
	sl_resolve_read(request->id, &row, context);
	is_current = sl_resolve_is_current(request, &row);
	if (is_current)
	{
		sl_holding_end(request->id);
		sl_resolve_close(request, (Datum) 0, "dropped", sl_now());
	}
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return is_current;
}

bool
sl_resolve_duplicate(const SlRequest *request, const SlConflictRow *row)
{
	const SlPolicy *policy = sl_policy_get(row->entity);
	Placing         placing = {.request = request};
	SlBatch         batch;
	bool            is_decided;

	if (!read_holding(policy, request, &placing.holding))
		return close_dropped(request);
	read_request(policy, &placing);
	sl_batch_open(&batch, policy, 2);
	lock(&batch, &placing);
	is_decided = decide(&batch, &placing);
	sl_batch_close(&batch);
	return is_decided;
}
