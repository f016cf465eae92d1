/*
 * match_hash.c
 *	  The fields of match_on: by which a record without key is known again.
 *
 * Pure.  The hash is one on every machine, for it stands in a table that is dumped.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "digest.h"
#include "match_hash.h"

static int64
hash_bytes_of(const StringInfoData *bytes)
{
	char  hex[SL_DIGEST_HEX];
	int64 hash = 0;

	sl_digest_bytes(bytes->data, bytes->len, hex);
	for (int i = 0; i < 16; i++)
	{
		int digit = hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10;

		hash = (int64) ((uint64) hash << 4 | (uint64) digit);
	}
	return hash;
}

/* False where the value is null: then nothing is known by these fields. */
static bool
append_value(StringInfo bytes, const SlFieldSpec *spec, const SlValue *value)
{
	if (sl_value_is_null(value))
		return false;
	appendBinaryStringInfo(bytes, spec->json_name, spec->json_name_len);
	appendStringInfoChar(bytes, ':');
	appendBinaryStringInfo(bytes, value->data, value->len);
	return true;
}

SlMatchHash
sl_match_hash(const SlPolicy *policy, const SlValue *values)
{
	SlMatchHash    match = {false, 0};
	StringInfoData bytes;

	if (policy->nmatch_on == 0)
		return match;
	initStringInfo(&bytes);
	for (int i = 0; i < policy->nmatch_on; i++)
	{
		int field = policy->match_on[i];

		if (!append_value(&bytes, &policy->fields[field], &values[field]))
			return match;
	}
	match.is_known = true;
	match.hash = hash_bytes_of(&bytes);
	pfree(bytes.data);
	return match;
}

SlMatchHash
sl_match_hash_of_state(const SlPolicy *policy, const SlState *state)
{
	SlMatchHash match = {false, 0};
	SlValue    *values;

	if (policy->nmatch_on == 0 || state->is_deleted)
		return match;
	values = palloc(sizeof(SlValue) * policy->nfields);
	for (int f = 0; f < policy->nfields; f++)
		values[f] = state->golden[f].value;
	match = sl_match_hash(policy, values);
	pfree(values);
	return match;
}

bool
sl_match_is_equal(const SlPolicy *policy, const SlState *state, const SlValue *values)
{
	for (int i = 0; i < policy->nmatch_on; i++)
	{
		int field = policy->match_on[i];

		if (sl_value_is_null(&values[field]) ||
			!sl_value_equal(&state->golden[field].value, &values[field]))
			return false;
	}
	return policy->nmatch_on > 0;
}

/* What is stored is read by the newest types and normalisers: they are part of the hash. */
static bool
is_same_field(const SlFieldSpec *a, const SlFieldSpec *b)
{
	if (strcmp(a->name, b->name) != 0 || a->type != b->type ||
		a->nnormalizers != b->nnormalizers)
		return false;
	return a->nnormalizers == 0 || memcmp(a->normalizers, b->normalizers,
										  sizeof(SlNormalizer) * a->nnormalizers) == 0;
}

bool
sl_match_is_same(const SlPolicy *a, const SlPolicy *b)
{
	if (a->nmatch_on != b->nmatch_on)
		return false;
	for (int i = 0; i < a->nmatch_on; i++)
		if (!is_same_field(&a->fields[a->match_on[i]], &b->fields[b->match_on[i]]))
			return false;
	return true;
}

bool
sl_match_is_system(const SlPolicy *policy, int system)
{
	return system >= 0 && policy->systems[system].id != NULL;
}

bool
sl_match_serves(const SlPolicy *a, const SlPolicy *b)
{
	if (!sl_match_is_same(a, b))
		return false;
	for (int s = 0; a->nmatch_on > 0 && s < b->nsystems; s++)
		if (sl_match_is_system(b, s) &&
			!sl_match_is_system(a, sl_policy_system(a, b->systems[s].name)))
			return false;
	return true;
}

char *
sl_match_fields(const SlPolicy *policy)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < policy->nmatch_on; i++)
		appendStringInfo(&out, "%s%s",
						 i == 0                       ? ""
						 : i == policy->nmatch_on - 1 ? " and "
													  : ", ",
						 policy->fields[policy->match_on[i]].name);
	return out.data;
}
