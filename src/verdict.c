/*
 * verdict.c
 *	  Rows of sync_verdict: what became of each record of a call.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "digest.h"
#include "json_out.h"
#include "verdict.h"
#include "waiting.h"

enum
{
	COL_KEY,
	COL_VERDICT,
	COL_ACTION,
	COL_CHANGE_SET,
	COL_OUTCOME,
	COL_FIELD_HASH,
	COL_TARGETS,
	COL_CONFLICTS,
	COL_DETAIL
};

static void
set(SlVerdict *verdict, int column, Datum value)
{
	verdict->values[column] = value;
	verdict->nulls[column] = false;
}

static void
set_text(SlVerdict *verdict, int column, const char *text, int len)
{
	if (text != NULL)
		set(verdict, column, PointerGetDatum(cstring_to_text_with_len(text, len)));
}

static void
begin(SlVerdict *verdict, const char *key, int32 key_len, SlOutcome outcome)
{
	const char *name = sl_outcome_name(outcome);

	memset(verdict->nulls, true, sizeof(verdict->nulls));
	set_text(verdict, COL_KEY, key, key_len);
	set_text(verdict, COL_VERDICT, name, (int) strlen(name));
}

Datum
sl_accepted_change_set(const SlPolicy *policy, const SlState *state, SlEffects *effects)
{
	int     *fields;
	SlValue *values;
	int      n = 0;

	if (effects->change_set != (Datum) 0)
		return effects->change_set;
	fields = palloc(sizeof(int) * policy->nfields);
	values = palloc(sizeof(SlValue) * policy->nfields);
	for (int f = 0; f < policy->nfields; f++)
	{
		if (!effects->is_accepted[f])
			continue;
		fields[n] = f;
		values[n++] = state->golden[f].value;
	}
	effects->change_text = sl_fields_to_json(policy, n, fields, values);
	effects->change_set = sl_fields_to_jsonb(policy, n, fields, values);
	return effects->change_set;
}

static Datum
outcomes_to_jsonb(const SlPolicy *policy, const SlOutcome *outcomes)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int f = 0; f < policy->nfields; f++)
	{
		if (outcomes[f] == SL_UNCHANGED)
			continue;
		appendStringInfo(&json, "%s%.*s:\"%s\"", json.len > 1 ? "," : "",
						 policy->fields[f].json_name_len, policy->fields[f].json_name,
						 sl_outcome_name(outcomes[f]));
	}
	appendStringInfoChar(&json, '}');
	return sl_text_to_jsonb(json.data);
}

static Datum
outcome_set(const SlPolicy *policy, SlEffects *effects)
{
	if (effects->outcome_set == (Datum) 0)
		effects->outcome_set = outcomes_to_jsonb(policy, effects->outcomes);
	return effects->outcome_set;
}

static void
set_hash(SlVerdict *verdict, const SlPolicy *policy, const SlState *state, int system)
{
	SlValue *values = palloc(sizeof(SlValue) * policy->nfields);
	char     hex[SL_DIGEST_HEX];

	sl_shown_values(policy, state, system, values);
	sl_digest_record(policy, values, hex);
	set_text(verdict, COL_FIELD_HASH, hex, SL_DIGEST_HEX);
}

static void
set_targets(SlVerdict *verdict, const SlPolicy *policy, const SlState *state,
			const SlWaiting *waiting)
{
	Datum *names = palloc(sizeof(Datum) * policy->nsystems);
	int    n = 0;

	for (int t = 0; t < policy->nsystems; t++)
		if (waiting->is_changed[t] && state->parts[t].waiting_version != 0)
			names[n++] = CStringGetTextDatum(policy->systems[t].name);
	set(verdict, COL_TARGETS,
		PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT)));
}

/* Each row of sync_conflict that the record touched, once. */
static void
set_conflicts(SlVerdict *verdict, const SlEffects *effects)
{
	Datum *ids = palloc(sizeof(Datum) * (effects->nconflicts + 1));
	int    n = 0;

	for (int i = 0; i < effects->nconflicts; i++)
	{
		int64 id = effects->conflicts[i].conflict->id;
		bool  is_known = id == 0;

		for (int j = 0; j < n; j++)
			is_known |= DatumGetInt64(ids[j]) == id;
		if (!is_known)
			ids[n++] = Int64GetDatum(id);
	}
	set(verdict, COL_CONFLICTS,
		PointerGetDatum(
			construct_array(ids, n, INT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)));
}

void
sl_verdict_rejected(SlVerdict *verdict, const SlPolicy *policy, const SlIntake *intake)
{
	StringInfoData detail;

	begin(verdict, intake->key, intake->key_len, SL_REJECTED);
	initStringInfo(&detail);
	if (intake->reason.field >= 0)
		appendStringInfo(&detail, "%s: ", policy->fields[intake->reason.field].name);
	appendStringInfoString(&detail, intake->reason.message);
	set_text(verdict, COL_DETAIL, detail.data, detail.len);
}

void
sl_verdict_glanced(SlVerdict *verdict, const SlPolicy *policy, const SlIntake *intake,
				   const SlState *state, int system, SlOutcome outcome,
				   const SlOutcome *outcomes)
{
	begin(verdict, intake->key, intake->key_len, outcome);
	set_hash(verdict, policy, state, system);
	set(verdict, COL_OUTCOME, outcomes_to_jsonb(policy, outcomes));
	set(verdict, COL_TARGETS, PointerGetDatum(construct_empty_array(TEXTOID)));
	set(verdict, COL_CONFLICTS, PointerGetDatum(construct_empty_array(INT8OID)));
	if (outcome == SL_STALE)
		set(verdict, COL_DETAIL, CStringGetTextDatum("older than what is known"));
}

static const char *
action_of(const SlEffects *effects)
{
	if (effects->action != SL_ACTION_NONE)
		return sl_action_name(effects->action);
	if (effects->is_new)
		return "create";
	return effects->has_accepted ? "update" : NULL;
}

void
sl_verdict_decided(SlVerdict *verdict, const SlPolicy *policy, const SlRecord *record,
				   int system, SlEffects *effects)
{
	const char *action = action_of(effects);

	begin(verdict, record->key, record->key_len, effects->verdict);
	if (action != NULL)
	{
		set_text(verdict, COL_ACTION, action, (int) strlen(action));
		if (effects->action != SL_ACTION_DELETE)
			set(verdict, COL_CHANGE_SET,
				sl_accepted_change_set(policy, record->state, effects));
	}
	set(verdict, COL_OUTCOME, outcome_set(policy, effects));
	set_hash(verdict, policy, record->state, system);
	set_targets(verdict, policy, record->state, effects->waiting);
	set_conflicts(verdict, effects);
	if (effects->detail.len > 0)
		set_text(verdict, COL_DETAIL, effects->detail.data, effects->detail.len);
}

void
sl_verdict_log(const SlPolicy *policy, const SlState *state, SlEffects *effects,
			   SlLogEntry *entry)
{
	bool is_delete = effects->action == SL_ACTION_DELETE;

	entry->event = is_delete ? SL_EVENT_DELETED : SL_EVENT_ARRIVED;
	entry->verdict = sl_outcome_name(effects->verdict);
	if (effects->has_accepted && !is_delete)
		entry->change_set = sl_accepted_change_set(policy, state, effects);
	entry->outcome = outcome_set(policy, effects);
	entry->detail = effects->detail.len > 0 ? effects->detail.data : NULL;
}

void
sl_effects_log(const SlPolicy *policy, const SlState *state, SlEffects *effects,
			   SlLogEntry *entry)
{
	if (effects->detail.len > 0)
		entry->detail = entry->detail == NULL
							? effects->detail.data
							: psprintf("%s; %s", entry->detail, effects->detail.data);
	if (effects->verdict != SL_UNCHANGED)
	{
		entry->verdict = sl_outcome_name(effects->verdict);
		entry->outcome = outcome_set(policy, effects);
	}
	if (!effects->has_accepted)
		return;
	entry->version = state->version;
	entry->change_set = sl_accepted_change_set(policy, state, effects);
}

static Datum
conflicts_of_doubt(int64 conflict_id)
{
	Datum id = Int64GetDatum(conflict_id);

	return PointerGetDatum(construct_array(&id, conflict_id == 0 ? 0 : 1, INT8OID, 8,
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

void
sl_verdict_in_doubt(SlVerdict *verdict, const SlPolicy *policy, const SlIntake *intake,
					SlOutcome outcome, int64 conflict_id)
{
	SlOutcome *outcomes = palloc(sizeof(SlOutcome) * policy->nfields);
	char       hex[SL_DIGEST_HEX];

	for (int f = 0; f < policy->nfields; f++)
		outcomes[f] = intake->values[f].kind == SL_ABSENT ? SL_UNCHANGED : outcome;
	sl_digest_record(policy, intake->values, hex);
	begin(verdict, intake->key, intake->key_len, outcome);
	set_text(verdict, COL_FIELD_HASH, hex, SL_DIGEST_HEX);
	set(verdict, COL_OUTCOME, outcomes_to_jsonb(policy, outcomes));
	set(verdict, COL_TARGETS, PointerGetDatum(construct_empty_array(TEXTOID)));
	set(verdict, COL_CONFLICTS, conflicts_of_doubt(conflict_id));
}

void
sl_verdict_say_first(SlVerdict *verdict, const char *words)
{
	const char *rest;

	if (words == NULL)
		return;
	rest = verdict->nulls[COL_DETAIL] ? NULL
									  : TextDatumGetCString(verdict->values[COL_DETAIL]);
	if (rest != NULL)
		words = psprintf("%s; %s", words, rest);
	set(verdict, COL_DETAIL, CStringGetTextDatum(words));
}

void
sl_verdict_log_row(const SlVerdict *verdict, SlLogEntry *entry)
{
	entry->event = SL_EVENT_ARRIVED;
	entry->verdict = TextDatumGetCString(verdict->values[COL_VERDICT]);
	entry->outcome = verdict->values[COL_OUTCOME];
	entry->detail = TextDatumGetCString(verdict->values[COL_DETAIL]);
}
