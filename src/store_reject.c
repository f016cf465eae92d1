/*
 * store_reject.c
 *	  The rows of sync_reject: records that could not be read, kept as they came.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "canonical.h"
#include "digest.h"
#include "json_out.h"
#include "query.h"
#include "store_reject.h"

enum
{
	REJECT_KEY,
	REJECT_FIELD,
	REJECT_REASON,
	REJECT_PAYLOAD,
	REJECT_HASH,
	REJECT_NCOLUMNS
};

static const Oid reject_types[REJECT_NCOLUMNS] = {TEXTOID, TEXTOID, TEXTOID, JSONBOID,
												  TEXTOID};

/*
 * In the order of the hash, so that two calls with the same rejects do not wait for
 * each other in a circle; each once, for a statement may not touch a row twice.
 */
static SlPlan put_rejects = {
	.sql =
		"INSERT INTO %s.sync_reject AS r (entity, system, record_key, field, reason, payload,"
		"  payload_hash, actor, times, rejected_at, last_at)"
		" SELECT $1, $2, pg_catalog.min(u.record_key), pg_catalog.min(u.field), u.reason,"
		"  (pg_catalog.array_agg(u.payload))[1], u.hash, $3, pg_catalog.count(*), $4, $4"
		" FROM (SELECT pg_catalog.unnest($5) AS record_key, "
		"   pg_catalog.unnest($6) AS field, pg_catalog.unnest($7) AS reason, "
		"   pg_catalog.unnest($8) AS payload, pg_catalog.unnest($9) AS hash) AS u"
		" GROUP BY u.hash, u.reason ORDER BY u.hash COLLATE pg_catalog.\"C\", u.reason COLLATE pg_catalog.\"C\""
		" ON CONFLICT (entity, system, payload_hash, reason) DO UPDATE"
		" SET times = r.times OPERATOR(pg_catalog.+) excluded.times, last_at = excluded.last_at",
	.nargs = 9,
	.argtypes = {TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTARRAYOID, TEXTARRAYOID,
				 TEXTARRAYOID, JSONBARRAYOID, TEXTARRAYOID}};

void
sl_rejects_init(SlRows *rejects)
{
	sl_rows_init(rejects, REJECT_NCOLUMNS, reject_types);
}

/* The digits of the largest exponent in a JSON text: jsonb has no room for huge ones. */
static bool
may_overflow_numeric(const char *json, int32 len)
{
	for (int32 i = 0; i + 1 < len; i++)
	{
		if (json[i] != 'e' && json[i] != 'E')
			continue;
		i++;
		if (json[i] == '+' || json[i] == '-')
			i++;
		if (len - i > 4 && strspn(json + i, "0123456789") > 4)
			return true;
	}
	return false;
}

/* A payload that jsonb cannot hold stands as a string of its text: nothing is lost. */
static Datum
payload_to_jsonb(const SlRawRecord *raw)
{
	StringInfoData quoted;
	char          *json = pnstrdup(raw->data, raw->len);

	if (!raw->has_nul && !may_overflow_numeric(json, raw->len))
		return sl_text_to_jsonb(json);
	initStringInfo(&quoted);
	sl_append_json_string(&quoted, raw->data, raw->len);
	return sl_text_to_jsonb(quoted.data);
}

void
sl_rejects_add(SlRows *rejects, const SlPolicy *policy, const SlRawRecord *raw,
			   const SlIntake *intake)
{
	char hex[SL_DIGEST_HEX];
	int  field = intake->reason.field;

	sl_digest_bytes(raw->data, raw->len, hex);
	sl_rows_add(rejects);
	sl_rows_set_text_len(rejects, REJECT_KEY, intake->key, intake->key_len);
	sl_rows_set_text(rejects, REJECT_FIELD,
					 field < 0 ? NULL : policy->fields[field].name);
	sl_rows_set_text(rejects, REJECT_REASON, intake->reason.message);
	sl_rows_set(rejects, REJECT_PAYLOAD, payload_to_jsonb(raw));
	sl_rows_set_text_len(rejects, REJECT_HASH, hex, SL_DIGEST_HEX);
}

void
sl_rejects_put(const SlPolicy *policy, int system, const char *actor,
			   const SlRows *rejects, TimestampTz now)
{
	Datum values[4 + REJECT_NCOLUMNS];
	char  nulls[4 + REJECT_NCOLUMNS];

	if (rejects->nrows == 0)
		return;
	memset(nulls, ' ', sizeof(nulls));
	values[0] = CStringGetTextDatum(policy->entity);
	values[1] = CStringGetTextDatum(policy->systems[system].name);
	values[2] = actor == NULL ? (Datum) 0 : CStringGetTextDatum(actor);
	nulls[2] = actor == NULL ? 'n' : ' ';
	values[3] = TimestampTzGetDatum(now);
	sl_rows_arrays(rejects, values + 4);
	sl_query_write(&put_rejects, values, nulls);
}
