/*
 * fuzz_json.c
 *	  Targets: payloads, canonical JSON, values of all types, policies, paths, tokens.
 *
 * The oracles are PostgreSQL's own jsonb, and that what is canonical stays as it is.
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"

#include "canonical.h"
#include "digest.h"
#include "fuzz.h"
#include "normalize.h"
#include "path_trie.h"
#include "policy_text.h"
#include "reader.h"

#define PATHS_CONFIG                                                                                           \
	"{\"systems\": {\"a\": {\"key\": \"k\"}, \"b\": {\"key\": \"x.k\", \"id\": \"i\","                         \
	" \"version\": \"v\", \"sentinel\": \"s.t\", \"deleted\": \"d\"}, \"c\": {}},"                             \
	" \"fields\": {\"a\": {\"type\": \"json\"},"                                                               \
	" \"b\": {\"type\": \"json\", \"path\": {\"a\": \"b.c\", \"b\": \"b[0]\", \"c\": \"b[1].c\"}},"            \
	" \"c\": {\"type\": \"json\", \"path\": {\"a\": \"b.d.e\", \"b\": \"b[1].a\", \"c\": \"\\\"a.b\\\".c\"}}," \
	" \"d\": {\"type\": \"json\", \"path\": {\"a\": \"f\", \"b\": \"c[2][0]\"}},"                              \
	" \"e\": {\"type\": \"set\", \"path\": {\"a\": \"e[*]\", \"b\": \"g[*].e\", \"c\": \"e[*].f\"}}}}"

#define VALUES_CONFIG                                                             \
	"{\"systems\": [\"a\"], \"fields\": {\"a\": {},"                              \
	" \"b\": {\"normalize\": [\"trim\", \"lower\"]},"                             \
	" \"c\": {\"normalize\": [\"squeeze\", \"upper\"]},"                          \
	" \"d\": {\"normalize\": [\"digits\"]}, \"e\": {\"normalize\": [\"phone\"]}," \
	" \"f\": {\"normalize\": [\"email\"]}, \"g\": {\"normalize\": [\"nfc\"]},"    \
	" \"h\": {\"normalize\": [\"trim\", \"squeeze\", \"nfc\"]},"                  \
	" \"i\": {\"type\": \"number\"}, \"j\": {\"type\": \"boolean\"},"             \
	" \"k\": {\"type\": \"timestamp\"}, \"l\": {\"type\": \"date\"},"             \
	" \"m\": {\"type\": \"set\"},"                                                \
	" \"n\": {\"type\": \"set\", \"normalize\": [\"trim\", \"lower\"]},"          \
	" \"o\": {\"type\": \"json\"},"                                               \
	" \"p\": {\"values\": {\"a\": {\"gold\": \"tier_3\", \"x\": 1}}}}}"

extern Datum sync_changes(PG_FUNCTION_ARGS);

static SlPolicy *
paths_policy(void)
{
	static SlPolicy *policy = NULL;

	if (policy == NULL)
		policy = fuzz_policy(PATHS_CONFIG);
	return policy;
}

static SlPolicy *
values_policy(void)
{
	static SlPolicy *policy = NULL;

	if (policy == NULL)
		policy = fuzz_policy(VALUES_CONFIG);
	return policy;
}

typedef struct Text
{
	const char *data;
	int32       len;
	Jsonb      *jsonb;
} Text;

static void
read_jsonb(void *arg)
{
	Text *text = arg;

	text->jsonb = fuzz_jsonb(text->data, text->len);
}

/* --- reader --- */

typedef struct Reading
{
	const SlPolicy *policy;
	int             system;
	Text            text;
	SlRawRecord     first;
	int64           nrecords;
} Reading;

static Jsonb *
value_jsonb(const SlValue *value)
{
	return fuzz_jsonb(value->data, value->len);
}

/* What jsonb holds at a path; absent where a parent is, null where a parent is null. */
static JsonbValue *
at_path(JsonbContainer *container, const SlPath *path)
{
	JsonbValue *value = NULL;

	for (int i = 0; i < path->nsteps; i++)
	{
		const SlPathStep *step = &path->steps[i];

		if (i > 0 && value->type == jbvNull)
			return value;
		if (i > 0 && value->type != jbvBinary)
			return NULL;
		if (i > 0)
			container = value->val.binary.data;
		if (step->kind == SL_STEP_KEY && JsonContainerIsObject(container))
			value = getKeyJsonValueFromContainer(container, step->key, step->key_len,
												 NULL);
		else if (step->kind == SL_STEP_INDEX && JsonContainerIsArray(container))
			value = getIthJsonbValueFromContainer(container, step->index);
		else
			return NULL;
		if (value == NULL)
			return NULL;
	}
	return value;
}

static void
compare_field(const Reading *r, int field, Jsonb *record)
{
	const SlFieldSpec *spec = &r->policy->fields[field];
	const SlRaw       *raw = &r->first.slots[sl_slot_of_field(field)];
	const SlPath      *path = spec->paths[r->system];
	JsonbValue        *expected;
	SlValue            value;
	SlReason           reason;

	if (spec->type != SL_JSON || path == NULL)
		return;
	expected = at_path(&record->root, path);
	if ((expected != NULL) != (raw->kind != SL_RAW_ABSENT))
		fuzz_fail("path %s is %s", path->text, expected == NULL ? "there" : "not there");
	if (expected == NULL ||
		!sl_normalize(r->policy, field, r->system, raw, &value, &reason))
		return;
	if (!fuzz_jsonb_equal(value_jsonb(&value), JsonbValueToJsonb(expected)))
		fuzz_fail("path %s holds another value than %.*s", path->text, value.len,
				  value.data);
}

static void
read_all(void *arg)
{
	Reading    *r = arg;
	SlReader    reader;
	SlRawRecord record = {
		.slots = palloc((SL_NSLOTS + r->policy->nfields) * sizeof(SlRaw))};

	r->first.slots = palloc((SL_NSLOTS + r->policy->nfields) * sizeof(SlRaw));
	r->nrecords = 0;
	sl_reader_open(&reader, r->policy, r->system, r->text.data, r->text.len);
	for (;;)
	{
		SlRawRecord *into = r->nrecords == 0 ? &r->first : &record;
		const char  *name;
		int32        len;
		SlValue      value;
		SlReason     reason;

		if (!sl_reader_next(&reader, into))
			break;
		r->nrecords++;
		for (int s = 0; into->is_object && s < SL_NSLOTS; s++)
			(void) sl_normalize_name(&into->slots[s], &name, &len);
		for (int f = 0; into->is_object && f < r->policy->nfields; f++)
			(void) sl_normalize(r->policy, f, r->system,
								&into->slots[sl_slot_of_field(f)], &value, &reason);
	}
}

static void
compare_verdicts(int postgres, int ours, const Text *text)
{
	bool is_scalar = postgres == 0 && JB_ROOT_IS_SCALAR(text->jsonb);

	if (postgres == 0 && ours == ERRCODE_INVALID_TEXT_REPRESENTATION)
		fuzz_fail("jsonb accepts it, the reader does not");
	if (postgres == 0 && (ours == ERRCODE_INVALID_PARAMETER_VALUE) != is_scalar)
		fuzz_fail("a scalar, or not: %s", unpack_sql_state(ours));
	if (postgres == ERRCODE_INVALID_TEXT_REPRESENTATION &&
		ours != ERRCODE_INVALID_TEXT_REPRESENTATION &&
		ours != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
		fuzz_fail("jsonb refuses it, the reader does not: %s", unpack_sql_state(ours));
	if (ours != 0 && ours != ERRCODE_INVALID_TEXT_REPRESENTATION &&
		ours != ERRCODE_INVALID_PARAMETER_VALUE && ours != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
		fuzz_fail("error %s", unpack_sql_state(ours));
}

/* The first byte chooses the system; the rest is the text of the records. */
static void
run_reader(const char *data, int32 len)
{
	Reading r = {.policy = paths_policy()};
	int     postgres;
	int     ours;

	if (len == 0 || !fuzz_is_text(data + 1, len - 1))
		return;
	r.system = (unsigned char) data[0] % r.policy->nsystems;
	r.text = (Text){data + 1, len - 1, NULL};
	postgres = fuzz_attempt(read_jsonb, &r.text);
	ours = fuzz_attempt(read_all, &r);
	compare_verdicts(postgres, ours, &r.text);
	if (postgres != 0 || ours != 0 || !JB_ROOT_IS_OBJECT(r.text.jsonb))
		return;
	if (r.nrecords != 1)
		fuzz_fail("%lld records in one object", (long long) r.nrecords);
	for (int f = 0; f < r.policy->nfields; f++)
		compare_field(&r, f, r.text.jsonb);
}

/* --- canonical --- */

static void
canonical_of(Jsonb *jsonb, StringInfo out)
{
	initStringInfo(out);
	sl_append_canonical(out, jsonb);
}

static void
check_strict(const Text *text, const SlValue *value)
{
	StringInfoData once;
	StringInfoData twice;

	canonical_of(text->jsonb, &once);
	canonical_of(fuzz_jsonb(once.data, once.len), &twice);
	if (strcmp(once.data, twice.data) != 0)
		fuzz_fail("canonical twice: %s, %s", once.data, twice.data);
	if (value->kind != SL_INEXACT &&
		(value->len != once.len || memcmp(value->data, once.data, once.len) != 0))
		fuzz_fail("from the text %.*s, from jsonb %s", value->len, value->data,
				  once.data);
}

static void
check_lossless(const Text *text, const SlValue *value)
{
	bool    has_nul = false;
	bool    too_long = false;
	SlValue again = sl_canonical_text(value->data, value->len, &has_nul, &too_long);

	if (has_nul || too_long || again.kind != value->kind || again.len != value->len ||
		memcmp(again.data, value->data, value->len) != 0)
		fuzz_fail("lossless twice: %.*s, %.*s", value->len, value->data, again.len,
				  again.data);
	if (!fuzz_jsonb_equal(fuzz_jsonb(value->data, value->len), text->jsonb))
		fuzz_fail("not what jsonb holds: %.*s", value->len, value->data);
}

static void
check_changes(Jsonb *jsonb)
{
	Datum  none = DirectFunctionCall2(sync_changes, JsonbPGetDatum(jsonb),
									  JsonbPGetDatum(jsonb));
	Jsonb *changes = DatumGetJsonbP(none);

	if (JB_ROOT_COUNT(changes) != 0)
		fuzz_fail("a record differs from itself");
}

static void
run_canonical(const char *data, int32 len)
{
	Text    text = {data, len, NULL};
	bool    has_nul = false;
	bool    too_long = false;
	SlValue value;

	if (!fuzz_is_text(data, len) || fuzz_attempt(read_jsonb, &text) != 0)
		return;
	value = sl_canonical_text(data, len, &has_nul, &too_long);
	if (has_nul)
		fuzz_fail("a nul that jsonb does not see");
	if (JB_ROOT_IS_OBJECT(text.jsonb))
		check_changes(text.jsonb);
	if (too_long)
		return;
	check_lossless(&text, &value);
	check_strict(&text, &value);
}

/* --- values --- */

static void
check_again(const SlPolicy *policy, int field, SlValue value)
{
	const SlFieldSpec *spec = &policy->fields[field];
	SlValue            again = sl_normalize_again(spec, value);
	SlValue            decided;
	SlReason           reason;

	if (!sl_value_same(&again, &value))
		fuzz_fail("field %s: %.*s is %.*s the second time", spec->name, value.len,
				  value.data, again.len, again.data);
	if (value.kind == SL_NULL || value.kind == SL_ABSENT)
		return;
	if (!sl_normalize_jsonb(policy, field, value_jsonb(&value), &decided, &reason))
		fuzz_fail("field %s: %.*s is refused from a human: %s", spec->name, value.len,
				  value.data, reason.message);
	if (!sl_value_same(&decided, &value))
		fuzz_fail("field %s: %.*s is %.*s from a human", spec->name, value.len,
				  value.data, decided.len, decided.data);
}

/* The first byte chooses the field; the rest is its value. */
static void
run_values(const char *data, int32 len)
{
	const SlPolicy *policy = values_policy();
	SlRaw           slots[SL_NSLOTS + 32];
	SlRawRecord     record = {.slots = slots};
	int             field;
	SlValue         value;
	SlReason        reason;

	if (len == 0 || !fuzz_is_text(data + 1, len - 1))
		return;
	field = (unsigned char) data[0] % policy->nfields;
	memset(slots, 0, sizeof(slots));
	sl_reader_take(policy,
				   sl_path_child(policy->systems[0].reader, policy->fields[field].name,
								 policy->fields[field].name_len),
				   data + 1, len - 1, &record);
	if (sl_normalize(policy, field, 0, &slots[sl_slot_of_field(field)], &value, &reason))
		check_again(policy, field, value);
	else if (reason.message == NULL ||
			 !fuzz_is_text(reason.message, strlen(reason.message)))
		fuzz_fail("a reason that is no text");
}

/* --- policies --- */

static void
read_with(const SlPolicy *policy, const char *records)
{
	for (int s = 0; s < policy->nsystems; s++)
	{
		Reading r = {.policy = policy,
					 .system = s,
					 .text = {records, strlen(records), NULL}};

		read_all(&r);
	}
}

static void
try_policy(Jsonb *config)
{
	SlPolicy *policy = sl_policy_parse("fuzz", 1, config, CurrentMemoryContext);

	if (strlen(sl_policy_text(policy)) == 0)
		fuzz_fail("a policy without a sentence");
	read_with(
		policy,
		"[{\"a\": {\"b\": [1, {\"c\": \"x\"}, [[2]]]}, \"name\": \" A \", \"b\": null}, {}]");
}

static void
run_policy(const char *data, int32 len)
{
	Text text = {data, len, NULL};

	if (fuzz_is_text(data, len) && fuzz_attempt(read_jsonb, &text) == 0)
		try_policy(text.jsonb);
}

/* The text is the path of a field, after one byte: and of a key, too. */
static void
run_path(const char *data, int32 len)
{
	StringInfoData config;

	if (len == 0 || !fuzz_is_text(data + 1, len - 1))
		return;
	initStringInfo(&config);
	appendStringInfoString(&config, "{\"systems\": {\"a\": {\"key\": ");
	if (data[0] & 1)
		sl_append_json_string(&config, data + 1, len - 1);
	else
		appendStringInfoString(&config, "\"k\"");
	appendStringInfo(&config, "}}, \"fields\": {\"f\": {\"type\": \"%s\", \"path\": ",
					 data[0] & 2 ? "set" : "json");
	sl_append_json_string(&config, data + 1, len - 1);
	appendStringInfoString(&config, "}}}");
	try_policy(fuzz_jsonb(config.data, config.len));
}

/* --- tokens --- */

/* Three tokens, a line each: their order is one. */
static void
run_token(const char *data, int32 len)
{
	const char   *middle = memchr(data, '\n', len);
	struct pg_tz *tz = values_policy()->systems[0].tz;
	int32         a_len;
	int32         b_len;

	if (middle == NULL || !fuzz_is_text(data, len))
		return;
	a_len = middle - data;
	b_len = len - a_len - 1;
	if (sl_token_compare(data, a_len, data, a_len, tz) != 0)
		fuzz_fail("a token is not itself");
	if ((sl_token_compare(data, a_len, middle + 1, b_len, tz) > 0) !=
		(sl_token_compare(middle + 1, b_len, data, a_len, tz) < 0))
		fuzz_fail("two tokens have no order");
}

static const int json_errors[] = {ERRCODE_INVALID_TEXT_REPRESENTATION,
								  ERRCODE_INVALID_PARAMETER_VALUE,
								  ERRCODE_PROGRAM_LIMIT_EXCEEDED,
								  ERRCODE_STATEMENT_TOO_COMPLEX,
								  ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
								  0};
static const int config_errors[] = {ERRCODE_INVALID_PARAMETER_VALUE,
									ERRCODE_PROGRAM_LIMIT_EXCEEDED,
									ERRCODE_STATEMENT_TOO_COMPLEX, 0};
static const int no_errors[] = {0};

const FuzzTarget fuzz_json_targets[] = {{"reader", run_reader, no_errors},
										{"canonical", run_canonical, json_errors},
										{"values", run_values, json_errors},
										{"policy", run_policy, config_errors},
										{"path", run_path, config_errors},
										{"token", run_token, no_errors},
										{NULL, NULL, NULL}};
