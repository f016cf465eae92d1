/*
 * near_miss_store.c
 *	  The rows of sync_near_miss: what targets stored differently, counted.
 *
 * Rows are only ever added: acks of one field of one target never wait for each other.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "json_out.h"
#include "near_miss_store.h"
#include "query.h"

enum
{
	MISS_SYSTEM,
	MISS_FIELD,
	MISS_SENT,
	MISS_STORED,
	MISS_HELPS,
	MISS_NCOLUMNS
};

static const Oid miss_types[MISS_NCOLUMNS] = {TEXTOID, TEXTOID, JSONBOID, JSONBOID,
											  JSONBOID};

static SlPlan put_misses = {
	.sql =
		"INSERT INTO %s.sync_near_miss (entity, missed_at, system, field, sent, stored, helps)"
		" SELECT $1, $2, pg_catalog.unnest($3), pg_catalog.unnest($4),"
		"  pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7)",
	.nargs = 7,
	.argtypes = {TEXTOID, TIMESTAMPTZOID, TEXTARRAYOID, TEXTARRAYOID, JSONBARRAYOID,
				 JSONBARRAYOID, JSONBARRAYOID}};

void
sl_near_misses_init(SlRows *rows)
{
	sl_rows_init(rows, MISS_NCOLUMNS, miss_types);
}

/* The values of a sensitive field are not kept for a count. */
static Datum
example(const SlFieldSpec *field, const SlValue *value)
{
	bool is_null;

	if (field->is_sensitive)
		return sl_text_to_jsonb("\"***\"");
	if (value->kind == SL_ABSENT)
		return sl_text_to_jsonb("null");
	return sl_value_to_jsonb(value, &is_null);
}

static void
add(SlRows *rows, const SlPolicy *policy, const SlNearMiss *miss)
{
	const SlSystemSpec *system = &policy->systems[miss->system];
	const SlFieldSpec  *field = &policy->fields[miss->field];
	const char         *help = sl_near_miss_help(field, miss, system->tz);

	sl_rows_add(rows);
	sl_rows_set_text(rows, MISS_SYSTEM, system->name);
	sl_rows_set_text(rows, MISS_FIELD, field->name);
	sl_rows_set(rows, MISS_SENT, example(field, &miss->sent));
	sl_rows_set(rows, MISS_STORED, example(field, &miss->stored));
	if (help != NULL)
		sl_rows_set(rows, MISS_HELPS, sl_text_to_jsonb(help));
}

void
sl_near_misses_add(SlRows *rows, const SlPolicy *policy, const SlEffects *effects)
{
	for (int i = 0; i < effects->nmisses; i++)
		add(rows, policy, &effects->misses[i]);
}

void
sl_near_misses_put(const SlPolicy *policy, const SlRows *rows, TimestampTz now)
{
	Datum values[2 + MISS_NCOLUMNS];

	if (rows->nrows == 0)
		return;
	values[0] = CStringGetTextDatum(policy->entity);
	values[1] = TimestampTzGetDatum(now);
	sl_rows_arrays(rows, values + 2);
	sl_query_write(&put_misses, values, NULL);
}
