/*
 * state_sql.c
 *	  What sync_record, sync_shadow and sync_blame show of a state.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "claimed.h"
#include "compat.h"
#include "digest.h"
#include "installation.h"
#include "json_out.h"
#include "policy_cache.h"
#include "state_sql.h"
#include "store.h"
#include "waiting.h"

PG_FUNCTION_INFO_V1(sync_state_record);
PG_FUNCTION_INFO_V1(sync_state_shadows);
PG_FUNCTION_INFO_V1(sync_state_waiting);
PG_FUNCTION_INFO_V1(sync_state_blame);

/* Whether the caller's statement sees a row of sync_state that says just this. */
static bool
is_stored(Datum entity, Datum record_key, Datum state)
{
	Relation        heap = table_open(sl_relation_oid("sync_state"), AccessShareLock);
	Relation        index = index_open(sl_primary_key(heap), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(heap, NULL);
	IndexScanDesc   scan = sl_index_beginscan(heap, index, GetActiveSnapshot(), 2);
	ScanKeyData     keys[2];
	bool            is_there;
	bool            is_null;

	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, TEXTOID,
						   C_COLLATION_OID, F_TEXTEQ, record_key);
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, TEXTOID,
						   C_COLLATION_OID, F_TEXTEQ, entity);
	index_rescan(scan, keys, 2, NULL, 0);
	is_there = index_getnext_slot(scan, ForwardScanDirection, slot) &&
			   DatumGetBool(DirectFunctionCall2(
				   byteaeq, slot_getattr(slot, SL_STATE_BYTES, &is_null), state));
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, NoLock);
	table_close(heap, NoLock);
	return is_there;
}

static void
check_stored(FunctionCallInfo fcinfo)
{
	if (GetUserId() == sl_owner_oid() ||
		is_stored(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)))
		return;
	ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					errmsg("these bytes are not the stored state of record \"%s\"",
						   text_to_cstring(PG_GETARG_TEXT_PP(1))),
					errhint("Read sync_record, sync_shadow or sync_divergence.")));
}

SlState *
sl_state_argument(FunctionCallInfo fcinfo, const SlPolicy **policy)
{
	bytea *state;

	check_stored(fcinfo);
	*policy = sl_policy_get(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	state = PG_GETARG_BYTEA_PP(2);
	return sl_state_decode(*policy, VARDATA_ANY(state), (int32) VARSIZE_ANY_EXHDR(state));
}

SlState *
sl_state_argument_claimed(FunctionCallInfo fcinfo, const SlPolicy **policy)
{
	SlClaimed    claimed;
	SlStateBytes stored;
	SlState     *state;
	bytea       *bytes;

	check_stored(fcinfo);
	*policy = sl_policy_get(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	bytes = PG_GETARG_BYTEA_PP(2);
	stored = (SlStateBytes){VARDATA_ANY(bytes), (int32) VARSIZE_ANY_EXHDR(bytes)};
	sl_claimed_begin(&claimed, GetActiveSnapshot());
	state = sl_claimed_state(&claimed, *policy, &stored, NULL);
	sl_claimed_end(&claimed);
	return state;
}

static TimestampTz
last_change(const SlPolicy *policy, const SlState *state)
{
	TimestampTz last = state->is_deleted ? state->deleted_at : DT_NOBEGIN;

	for (int f = 0; f < policy->nfields; f++)
		if (state->golden[f].author != SL_AUTHOR_NONE &&
			state->golden[f].changed_at > last)
			last = state->golden[f].changed_at;
	return last;
}

/* (version, generation, deleted, data, updated_at) of one record */
Datum
sync_state_record(PG_FUNCTION_ARGS)
{
	const SlPolicy *policy;
	SlState        *state = sl_state_argument(fcinfo, &policy);
	SlValue        *values = palloc(sizeof(SlValue) * policy->nfields);
	TimestampTz     updated_at = last_change(policy, state);
	TupleDesc       desc;
	Datum           row[5];
	bool            nulls[5] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	for (int f = 0; f < policy->nfields; f++)
		values[f] = state->golden[f].is_known ? state->golden[f].value
											  : sl_value_absent();
	row[0] = Int64GetDatum(state->version);
	row[1] = Int32GetDatum(state->generation);
	row[2] = BoolGetDatum(state->is_deleted);
	row[3] = sl_record_to_jsonb(policy, values);
	row[4] = TimestampTzGetDatum(updated_at);
	nulls[4] = updated_at == DT_NOBEGIN;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), row, nulls)));
}

/* The newest token of any field: what the system calls the version it shows. */
static SlToken
newest_token(const SlPolicy *policy, SlState *state, int system)
{
	SlToken newest = {NULL, 0};

	for (int f = 0; f < policy->nfields; f++)
	{
		SlSpot  spot = {policy, state, system, f, 0};
		SlToken token = sl_spot_shown(&spot)->token;

		if (token.len > 0 &&
			(newest.len == 0 || sl_compare_tokens(&spot, token, newest) > 0))
			newest = token;
	}
	return newest;
}

static const char *
existence_name(SlExistence existence)
{
	static const char *const names[] = {
		[SL_NOT_THERE] = "not there",
		[SL_THERE] = "there",
		[SL_BEING_CREATED] = "being created",
		[SL_CREATE_LOST] = "create of unknown outcome",
		[SL_GONE] = "gone",
		[SL_LEFT_OUT] = "left out",
	};

	return names[existence];
}

static void
put_shadow(ReturnSetInfo *result, const SlPolicy *policy, SlState *state, int system)
{
	const SlPart *part = &state->parts[system];
	SlToken       token = newest_token(policy, state, system);
	SlValue      *values = palloc(sizeof(SlValue) * policy->nfields);
	char          hex[SL_DIGEST_HEX];
	Datum         row[6];
	bool          nulls[6] = {false};

	sl_shown_values(policy, state, system, values);
	sl_digest_record(policy, values, hex);
	row[0] = CStringGetTextDatum(policy->systems[system].name);
	nulls[1] = part->native_id == NULL;
	row[1] = nulls[1] ? (Datum) 0 : CStringGetTextDatum(part->native_id);
	nulls[2] = token.len == 0;
	row[2] = nulls[2] ? (Datum) 0
					  : PointerGetDatum(cstring_to_text_with_len(token.data, token.len));
	row[3] = PointerGetDatum(cstring_to_text_with_len(hex, SL_DIGEST_HEX));
	row[4] = sl_record_to_jsonb(policy, values);
	row[5] = CStringGetTextDatum(existence_name(part->existence));
	tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
}

/* A row for each system that shows the record, or has something of it on its way. */
Datum
sync_state_shadows(PG_FUNCTION_ARGS)
{
	const SlPolicy *policy;
	SlState        *state = sl_state_argument(fcinfo, &policy);

	InitMaterializedSRF(fcinfo, 0);
	for (int s = 0; s < policy->nsystems; s++)
		if (state->parts[s].existence != SL_NOT_THERE)
			put_shadow((ReturnSetInfo *) fcinfo->resultinfo, policy, state, s);
	return (Datum) 0;
}

/* The id of each row that waits, a dead letter too. */
Datum
sync_state_waiting(PG_FUNCTION_ARGS)
{
	const SlPolicy *policy;
	SlState        *state = sl_state_argument_claimed(fcinfo, &policy);
	ReturnSetInfo  *result;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	for (int s = 0; s < policy->nsystems; s++)
	{
		Datum id = Int64GetDatum(state->parts[s].waiting_id);
		bool  is_null = false;

		if (state->parts[s].waiting_version != 0)
			tuplestore_putvalues(result->setResult, result->setDesc, &id, &is_null);
	}
	return (Datum) 0;
}

static void
set_text(Datum *row, bool *nulls, int column, const char *text)
{
	nulls[column] = text == NULL;
	row[column] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

/* What nobody has set yet (a field that was only ever shown as null) has no author. */
static void
put_blame(ReturnSetInfo *result, const SlPolicy *policy, const SlState *state, int field)
{
	const SlGolden *golden = &state->golden[field];
	bool            is_set = golden->author != SL_AUTHOR_NONE;
	Datum           row[6];
	bool            nulls[6] = {false};

	set_text(row, nulls, 0, policy->fields[field].name);
	row[1] = sl_value_to_jsonb(&golden->value, &nulls[1]);
	set_text(row, nulls, 2, sl_author_name(policy, state, golden->author));
	set_text(row, nulls, 3, golden->actor);
	row[4] = TimestampTzGetDatum(golden->changed_at);
	nulls[4] = !is_set;
	row[5] = Int64GetDatum(golden->version);
	nulls[5] = !is_set;
	tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
}

/* A row for each field that some system has shown. */
Datum
sync_state_blame(PG_FUNCTION_ARGS)
{
	const SlPolicy *policy;
	SlState        *state = sl_state_argument(fcinfo, &policy);

	InitMaterializedSRF(fcinfo, 0);
	for (int f = 0; f < policy->nfields; f++)
		if (state->golden[f].is_known)
			put_blame((ReturnSetInfo *) fcinfo->resultinfo, policy, state, f);
	return (Datum) 0;
}
