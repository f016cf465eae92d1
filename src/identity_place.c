/*
 * identity_place.c
 *	  What was held of a native id, placed on the record that it is of.
 *
 * It is decided there as any observation of its system: it was not applied before, and is
 * applied once.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

#include "identity_hold.h"
#include "identity_place.h"
#include "normalize.h"
#include "query.h"

#define HELD                                                                    \
	"SELECT l.system, l.native_id, l.record_key, l.held_version, l.held_actor," \
	"  l.held_deleted, l.held_answer, c.incoming_value, c.record_key,"          \
	"  coalesce(l.held_policy, 0)"                                              \
	" FROM %s.sync_native_id AS l"                                              \
	" JOIN %s.sync_conflict AS c ON c.id OPERATOR(pg_catalog.=) l.conflict_id"  \
	" WHERE l.conflict_id OPERATOR(pg_catalog.=) $1"

static SlPlan read_held = {.sql = HELD, .nargs = 1, .argtypes = {INT8OID}};

static SlPlan lock_held = {.sql = HELD " FOR UPDATE OF l",
						   .nargs = 1,
						   .argtypes = {INT8OID}};

static SlPlan place_id = {
	.sql = "UPDATE %s.sync_native_id AS l SET record_key = $2, other_key = $3,"
		   "  conflict_id = NULL, held_version = NULL, held_actor = NULL,"
		   "  held_deleted = false, held_answer = false, held_policy = NULL"
		   " WHERE l.conflict_id OPERATOR(pg_catalog.=) $1",
	.nargs = 3,
	.argtypes = {INT8OID, TEXTOID, TEXTOID}};

static SlPlan drop_id = {
	.sql = "DELETE FROM %s.sync_native_id AS l"
		   " WHERE l.conflict_id OPERATOR(pg_catalog.=) $1 AND l.record_key IS NULL",
	.nargs = 1,
	.argtypes = {INT8OID}};

/* Of an id that names a record all the same. */
static SlPlan free_id = {
	.sql =
		"UPDATE %s.sync_native_id AS l SET conflict_id = NULL, held_version = NULL,"
		"  held_actor = NULL, held_deleted = false, held_answer = false, held_policy = NULL"
		" WHERE l.conflict_id OPERATOR(pg_catalog.=) $1",
	.nargs = 1,
	.argtypes = {INT8OID}};

static char *
text_or_null(int column)
{
	bool  is_null;
	Datum value = sl_query_value(0, column, &is_null);

	return is_null ? NULL : TextDatumGetCString(value);
}

static SlValue
read_value(const SlPolicy *policy, int field, Jsonb *object)
{
	const SlFieldSpec *spec = &policy->fields[field];
	JsonbValue         found;
	SlValue            value;
	SlReason           reason;

	if (getKeyJsonValueFromContainer(&object->root, spec->name, spec->name_len, &found) ==
		NULL)
		return sl_value_absent();
	if (!sl_normalize_jsonb(policy, field, JsonbValueToJsonb(&found), &value, &reason))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("what is held does not fit field \"%s\" any more: %s", spec->name,
						reason.message),
				 errhint(
					 "Configure the field as it was, decide, and configure it anew.")));
	return value;
}

static SlValue *
read_values(const SlPolicy *policy, Jsonb *object)
{
	SlValue *values = palloc(sizeof(SlValue) * policy->nfields);

	for (int f = 0; f < policy->nfields; f++)
		values[f] = read_value(policy, f, object);
	return values;
}

static SlToken
read_token(const SlPolicy *policy, int system)
{
	char   *text = text_or_null(4);
	SlToken token = {text, text == NULL ? 0 : (int32) strlen(text)};

	return sl_held_token(policy, system, token,
						 DatumGetInt32(sl_query_value_not_null(0, 10)));
}

static bool
read_by(SlPlan *plan, const SlPolicy *policy, int64 conflict_id, SlHolding *holding)
{
	Datum         values[1] = {Int64GetDatum(conflict_id)};
	MemoryContext context = CurrentMemoryContext;

	if (sl_query_select(plan, values, NULL) == 0)
		return false;
	MemoryContextSwitchTo(context);
	memset(holding, 0, sizeof(SlHolding));
	holding->conflict_id = conflict_id;
	holding->system_name = text_or_null(1);
	holding->system = sl_policy_system(policy, holding->system_name);
	holding->native_id = text_or_null(2);
	holding->linked_key = text_or_null(3);
	if (holding->system >= 0)
		holding->token = read_token(policy, holding->system);
	holding->actor = text_or_null(5);
	holding->is_deletion = DatumGetBool(sl_query_value_not_null(0, 6));
	holding->is_answer = DatumGetBool(sl_query_value_not_null(0, 7));
	holding->values = read_values(policy,
								  DatumGetJsonbPCopy(sl_query_value_not_null(0, 8)));
	holding->own_key = text_or_null(9);
	return true;
}

bool
sl_holding_read(const SlPolicy *policy, int64 conflict_id, SlHolding *holding)
{
	return read_by(&read_held, policy, conflict_id, holding);
}

bool
sl_holding_lock(const SlPolicy *policy, int64 conflict_id, SlHolding *holding)
{
	return read_by(&lock_held, policy, conflict_id, holding);
}

/* A payload's business key, where that is another one than the record's. */
static const char *
other_key(const SlHolding *holding, const char *record_key)
{
	const char *keyless = psprintf("%s:%s", holding->system_name, holding->native_id);

	if (holding->is_answer || strcmp(holding->own_key, keyless) == 0 ||
		strcmp(holding->own_key, record_key) == 0)
		return NULL;
	return holding->own_key;
}

static void
link_record(const SlHolding *holding, const char *record_key)
{
	const char *other = other_key(holding, record_key);
	Datum       values[3] = {Int64GetDatum(holding->conflict_id),
							 CStringGetTextDatum(record_key)};
	char        nulls[3] = {' ', ' ', other == NULL ? 'n' : ' '};

	if (other != NULL)
		values[2] = CStringGetTextDatum(other);
	sl_query_write(&place_id, values, nulls);
}

/* The answer of a write of this very record says nothing that its ack has not said. */
static void
leave_out_answer(const SlPolicy *policy, const SlHolding *holding, const char *record_key)
{
	if (!holding->is_answer || strcmp(holding->own_key, record_key) != 0)
		return;
	for (int f = 0; f < policy->nfields; f++)
		holding->values[f] = sl_value_absent();
}

static bool
is_any_shown(const SlPolicy *policy, const SlHolding *holding)
{
	for (int f = 0; f < policy->nfields; f++)
		if (holding->values[f].kind != SL_ABSENT)
			return true;
	return false;
}

/* What was deleted there had been shown: else nobody would know that it was the record. */
static void
show_first(SlBatch *batch, SlRecord *record, const SlObservation *deletion,
		   const SlHolding *holding, const SlLogEntry *like)
{
	SlObservation shown = *deletion;
	SlLogEntry    entry = *like;
	SlEffects    *effects;

	if (!deletion->is_deletion ||
		record->state->parts[deletion->system].existence == SL_THERE ||
		!is_any_shown(batch->policy, holding))
		return;
	shown.is_deletion = false;
	effects = sl_decide_observation(batch->policy, record->state, &shown);
	if (effects->verdict != SL_REJECTED)
		sl_batch_note(batch, record, effects, &entry);
}

bool
sl_holding_place(SlBatch *batch, SlRecord *record, const SlHolding *holding,
				 const char *words)
{
	const char   *record_key = pnstrdup(record->key, record->key_len);
	SlObservation obs = {.system = holding->system,
						 .values = holding->values,
						 .token = holding->token,
						 .native_id = holding->native_id,
						 .actor = holding->actor,
						 .is_deletion = holding->is_deletion,
						 .now = batch->now};
	SlLogEntry    entry = {.event = SL_EVENT_ARRIVED,
						   .system = holding->system_name,
						   .actor = holding->actor,
						   .version = record->state->version};
	SlEffects    *effects;

	leave_out_answer(batch->policy, holding, record_key);
	link_record(holding, record_key);
	show_first(batch, record, &obs, holding, &entry);
	effects = sl_decide_observation(batch->policy, record->state, &obs);
	if (effects->verdict == SL_REJECTED)
		return false;
	record->state->policy_version = batch->policy->version;
	record->shown_by = holding->system;
	sl_effects_say_first(effects, words);
	sl_batch_note(batch, record, effects, &entry);
	return true;
}

void
sl_holding_drop(const SlPolicy *policy, const SlHolding *holding)
{
	Datum values[1] = {Int64GetDatum(holding->conflict_id)};

	if (sl_query_write(&drop_id, values, NULL) == 0)
		link_record(holding, holding->linked_key);
}

void
sl_holding_end(int64 conflict_id)
{
	Datum values[1] = {Int64GetDatum(conflict_id)};

	if (sl_query_write(&drop_id, values, NULL) == 0)
		sl_query_write(&free_id, values, NULL);
}
