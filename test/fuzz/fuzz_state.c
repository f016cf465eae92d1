/*
 * fuzz_state.c
 *	  Target: the bytes of a record's state, as damage or a hand may leave them.
 *
 * Whatever they are, they are read, shown and decided on, or refused as damaged.
 */
#include "postgres.h"

#include "decide.h"
#include "digest.h"
#include "fuzz.h"
#include "json_out.h"
#include "state.h"
#include "state_match.h"
#include "waiting.h"

#define NOW INT64CONST(850000000000000)

#define CONFIG                                                                           \
	"{\"systems\": {\"crm\": {\"version\": \"v\", \"sentinel\": \"s\", \"id\": \"id\"}," \
	" \"desk\": {\"version\": \"v\"}, \"shop\": {\"unseen\": \"send\"}},"                \
	" \"fields\": {\"name\": {\"owner\": \"crm\"}, \"n\": {\"type\": \"number\"},"       \
	" \"tags\": {\"type\": \"set\", \"merge\": \"set\"},"                                \
	" \"street\": {\"group\": \"address\"}, \"city\": {\"group\": \"address\"},"         \
	" \"x\": {\"type\": \"json\", \"nulls\": \"clear\"}}}"

static SlPolicy *
policy_of(int32 version)
{
	static SlPolicy *policy = NULL;

	if (policy == NULL)
		policy = fuzz_policy(CONFIG);
	policy->version = version;
	return policy;
}

static void
show(const SlPolicy *policy, SlState *state)
{
	SlValue  *values = palloc(sizeof(SlValue) * policy->nfields);
	SlContent content;
	char      hex[SL_DIGEST_HEX];
	bool      is_null;

	for (int s = 0; s < policy->nsystems; s++)
	{
		sl_shown_values(policy, state, s, values);
		sl_digest_record(policy, values, hex);
		(void) sl_record_to_jsonb(policy, values);
		sl_content(policy, state, s, NOW, &content);
		sl_content_result(policy, state, s, &content, values);
		(void) sl_fields_to_jsonb(policy, content.nfields, content.fields,
								  content.values);
	}
	for (int f = 0; f < policy->nfields; f++)
	{
		(void) sl_author_name(policy, state, state->golden[f].author);
		(void) sl_value_to_jsonb(&state->golden[f].value, &is_null);
		if (state->golden[f].conflict != NULL)
			(void) sl_conflict_kind_name(state->golden[f].conflict->kind);
	}
	if (state->conflict != NULL)
		(void) sl_conflict_kind_name(state->conflict->kind);
}

static bytea *
encode_again(const SlPolicy *policy, const bytea *state)
{
	return sl_state_encode(policy, sl_state_decode(policy, VARDATA(state),
												   VARSIZE(state) - VARHDRSZ));
}

/* What is written can be read again, and is written as it was from then on. */
static void
check_encoding(const SlPolicy *policy, const SlState *state)
{
	bytea *once = encode_again(policy, sl_state_encode(policy, state));
	bytea *twice = encode_again(policy, once);

	if (VARSIZE(once) != VARSIZE(twice) || memcmp(once, twice, VARSIZE(once)) != 0)
		fuzz_fail("a state that is written is read as another one");
}

static SlObservation
observation(const SlPolicy *policy, int kind)
{
	static const SlValue name = {"\"A\"", 3, SL_EXACT};
	static const SlValue number = {"7", 1, SL_EXACT};
	static const SlValue tags = {"[\"a\",\"b\"]", 9, SL_EXACT};
	SlValue             *values = palloc0(sizeof(SlValue) * policy->nfields);
	SlObservation obs = {.system = kind % policy->nsystems, .values = values, .now = NOW};

	obs.is_deletion = (kind & 0x40) != 0;
	obs.is_baseline = (kind & 0x20) != 0 && !obs.is_deletion;
	if ((kind & 0x10) != 0)
		obs.token = (SlToken){"5", 1};
	if ((kind & 0x08) != 0)
		obs.stamp = 3;
	for (int f = 0; !obs.is_deletion && f < policy->nfields; f++)
		values[f] = policy->fields[f].type == SL_NUMBER ? number
					: policy->fields[f].type == SL_SET  ? tags
														: name;
	return obs;
}

static void
happen(const SlPolicy *policy, SlState *state, int kind)
{
	SlObservation obs = observation(policy, kind);
	int           target = (kind / 4) % policy->nsystems;
	SlAck         ack = {.target = target, .token = {"9", 1}, .now = NOW};

	switch (kind % 7)
	{
		case 0:
			(void) sl_decide_glance(policy, state, &obs, NULL);
			break;
		case 1:
			if (state->parts[target].leased_action == SL_ACTION_NONE)
				(void) sl_decide_claim(policy, state, target, NOW);
			break;
		case 2:
			if (state->parts[target].leased_action != SL_ACTION_NONE)
				(void) sl_decide_lost(policy, state, target, NOW);
			break;
		case 3:
			if (state->parts[target].leased_action != SL_ACTION_NONE)
				(void) sl_decide_ack(policy, state, &ack);
			break;
		case 4:
			(void) sl_decide_renewal(policy, state, NOW);
			break;
		default:
			(void) sl_decide_observation(policy, state, &obs);
			break;
	}
	sl_forget(policy, state, NOW);
}

/* The first byte says what happens to the record; the rest is its state. */
static void
run_state(const char *data, int32 len)
{
	SlPolicy     *policy;
	SlObservation obs;
	SlState      *state;
	int           kind;

	if (len < 1)
		return;
	kind = (unsigned char) data[0];
	policy = policy_of((kind & 0x80) != 0 ? 2 : 1);
	obs = observation(policy, kind);
	(void) sl_state_matches(policy, data + 1, len - 1, &obs);
	sl_state_decode_part(policy, obs.system, data + 1, len - 1, sl_state_new(policy));
	state = sl_state_decode(policy, data + 1, len - 1);
	show(policy, state);
	check_encoding(policy, state);
	happen(policy, state, kind);
	show(policy, state);
	check_encoding(policy, state);
}

/* A value that is no JSON any more is said to be that by whoever reads it. */
static const int damage[] = {ERRCODE_DATA_CORRUPTED, ERRCODE_INVALID_TEXT_REPRESENTATION,
							 ERRCODE_UNTRANSLATABLE_CHARACTER,
							 ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, 0};

const FuzzTarget fuzz_state_targets[] = {{"state", run_state, damage},
										 {NULL, NULL, NULL}};
