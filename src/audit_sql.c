/*
 * audit_sql.c
 *	  sync_audit, and what the view sync_divergence shows of a state.
 *
 * One pass over the records; what is kept of them are counts.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "audit.h"
#include "claimed.h"
#include "compat.h"
#include "guc.h"
#include "json_out.h"
#include "policy_cache.h"
#include "state_scan.h"
#include "state_sql.h"

PG_FUNCTION_INFO_V1(sync_audit);
PG_FUNCTION_INFO_V1(sync_state_divergence);

typedef struct Counts
{
	int64 n[SL_NSTANDINGS];
} Counts;

typedef struct Audit
{
	const SlPolicy *policy;
	int             only; /* a system, or -1: all of them */
	TimestampTz     now;
	Counts         *counts; /* by system: of records, then by field */
	SlClaimed       claimed;
} Audit;

static Counts *
counts_at(const Audit *audit, int system, int field)
{
	return &audit->counts[system * (audit->policy->nfields + 1) + field + 1];
}

static void
add(Counts *counts, SlStanding standing)
{
	if (standing != SL_STANDING_NONE)
		counts->n[standing]++;
}

static bool
is_asked(const Audit *audit, int system)
{
	return audit->only < 0 || audit->only == system;
}

static void
count_system(Audit *audit, SlState *state, int system)
{
	const SlPolicy *policy = audit->policy;

	add(counts_at(audit, system, SL_RECORD),
		sl_record_standing(policy, state, system, audit->now));
	for (int f = 0; f < policy->nfields; f++)
	{
		SlSpot spot = {policy, state, system, f, audit->now};

		if (policy->fields[f].paths[system] != NULL)
			add(counts_at(audit, system, f), sl_field_standing(&spot));
	}
}

static void
count_record(Audit *audit, const SlScanned *row)
{
	SlStateBytes stored = {row->data, row->len};
	SlState     *state = sl_claimed_state(&audit->claimed, audit->policy, &stored, NULL);

	for (int s = 0; s < audit->policy->nsystems; s++)
		if (is_asked(audit, s))
			count_system(audit, state, s);
}

static void
count_all(Audit *audit)
{
	MemoryContext old = CurrentMemoryContext;
	MemoryContext work = AllocSetContextCreate(old, "sync_ledger audit",
											   ALLOCSET_DEFAULT_SIZES);
	SlStateScan   scan;
	SlScanned     row;

	sl_claimed_begin(&audit->claimed, GetActiveSnapshot());
	sl_state_scan_begin(&scan, audit->policy, GetActiveSnapshot());
	MemoryContextSwitchTo(work);
	while (sl_state_scan_next(&scan, &row))
	{
		count_record(audit, &row);
		MemoryContextReset(work);
	}
	MemoryContextSwitchTo(old);
	sl_state_scan_end(&scan);
	sl_claimed_end(&audit->claimed);
	MemoryContextDelete(work);
}

static void
put_counts(ReturnSetInfo *result, const Audit *audit, int system, int field)
{
	const SlPolicy *policy = audit->policy;
	const Counts   *counts = counts_at(audit, system, field);
	Datum           row[2 + SL_NSTANDINGS];
	bool            nulls[2 + SL_NSTANDINGS] = {false};

	row[0] = CStringGetTextDatum(policy->systems[system].name);
	nulls[1] = field == SL_RECORD;
	row[1] = nulls[1] ? (Datum) 0 : CStringGetTextDatum(policy->fields[field].name);
	for (int i = 0; i < SL_NSTANDINGS; i++)
		row[2 + i] = Int64GetDatum(counts->n[i]);
	tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
}

static void
put_system(ReturnSetInfo *result, const Audit *audit, int system)
{
	put_counts(result, audit, system, SL_RECORD);
	for (int f = 0; f < audit->policy->nfields; f++)
		if (audit->policy->fields[f].paths[system] != NULL)
			put_counts(result, audit, system, f);
}

/* (entity, system default null) */
Datum
sync_audit(PG_FUNCTION_ARGS)
{
	Audit audit = {.only = -1, .now = sl_now()};

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"entity\" of sync_audit must not be null")));
	audit.policy = sl_policy_get(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (!PG_ARGISNULL(1))
		audit.only = sl_policy_need_system(audit.policy,
										   text_to_cstring(PG_GETARG_TEXT_PP(1)));
	audit.counts = palloc0(sizeof(Counts) * audit.policy->nsystems *
						   (audit.policy->nfields + 1));
	InitMaterializedSRF(fcinfo, 0);
	count_all(&audit);
	for (int s = 0; s < audit.policy->nsystems; s++)
		if (is_asked(&audit, s))
			put_system((ReturnSetInfo *) fcinfo->resultinfo, &audit, s);
	return (Datum) 0;
}

/* (system, field, golden_value, shown_value, reason); of the record: field null */
static void
put_divergence(ReturnSetInfo *result, const SlSpot *spot, const char *reason)
{
	const SlPolicy *policy = spot->policy;
	Datum           row[5] = {0};
	bool            nulls[5] = {false, true, true, true, false};

	row[0] = CStringGetTextDatum(policy->systems[spot->system].name);
	row[4] = CStringGetTextDatum(reason);
	if (spot->field != SL_RECORD)
	{
		const SlShown *shown = sl_spot_shown(spot);

		nulls[1] = false;
		row[1] = CStringGetTextDatum(policy->fields[spot->field].name);
		row[2] = sl_value_to_jsonb(&sl_spot_golden(spot)->value, &nulls[2]);
		if (shown->is_seen)
			row[3] = sl_value_to_jsonb(&shown->value, &nulls[3]);
	}
	tuplestore_putvalues(result->setResult, result->setDesc, row, nulls);
}

static void
put_divergences(ReturnSetInfo *result, const SlPolicy *policy, SlState *state, int system)
{
	SlSpot      whole = {policy, state, system, SL_RECORD, sl_now()};
	const char *reason = sl_record_divergence(policy, state, system, whole.now);

	if (reason != NULL)
		put_divergence(result, &whole, reason);
	for (int f = 0; f < policy->nfields; f++)
	{
		SlSpot spot = whole;

		spot.field = f;
		reason = sl_field_divergence(&spot);
		if (reason != NULL)
			put_divergence(result, &spot, reason);
	}
}

/* (entity, record_key, state) */
Datum
sync_state_divergence(PG_FUNCTION_ARGS)
{
	const SlPolicy *policy;
	SlState        *state = sl_state_argument_claimed(fcinfo, &policy);

	InitMaterializedSRF(fcinfo, 0);
	for (int s = 0; s < policy->nsystems; s++)
		put_divergences((ReturnSetInfo *) fcinfo->resultinfo, policy, state, s);
	return (Datum) 0;
}
