/*
 * store_conflict.c
 *	  The rows of sync_conflict, from the effects of a decision.
 *
 * Conflicts are rare, so each effect is a statement of its own.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "json_out.h"
#include "query.h"
#include "store_conflict.h"

enum
{
	ARG_ID,
	ARG_ENTITY,
	ARG_KEY,
	ARG_FIELD,
	ARG_KIND,
	ARG_BASE,
	ARG_CURRENT,
	ARG_CURRENT_SYSTEM,
	ARG_INCOMING,
	ARG_INCOMING_SYSTEM,
	ARG_RESOLVED,
	ARG_RESOLUTION,
	ARG_NOW,
	NARGS
};

#define ARGUMENT_TYPES                                                            \
	{                                                                             \
		INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, JSONBOID, JSONBOID, TEXTOID, \
			JSONBOID, TEXTOID, JSONBOID, TEXTOID, TIMESTAMPTZOID                  \
	}

/* sides: what each of the two showed; a reviewer is no side. */
#define FIRST_SIDES                                                                       \
	"  CASE WHEN $8 IS NULL OR $8 OPERATOR(pg_catalog.=) 'review'"                        \
	"        OR $8 OPERATOR(pg_catalog.=) $10 THEN '{}'::pg_catalog.jsonb"                \
	"       ELSE pg_catalog.jsonb_build_object($8, pg_catalog.jsonb_build_array($7)) END" \
	"  OPERATOR(pg_catalog.||)"                                                           \
	"  pg_catalog.jsonb_build_object($10, pg_catalog.jsonb_build_array($9))"

static SlPlan open_row = {
	.sql =
		"INSERT INTO %s.sync_conflict (id, entity, record_key, field, kind, base_value,"
		"  current_value, current_system, incoming_value, incoming_system, sides, detected_at,"
		"  resolved_value, resolution, status, resolved_at)"
		" SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10," FIRST_SIDES ", $13, $11, $12,"
		"  CASE WHEN $12 IS NULL THEN 'open' ELSE 'resolved' END,"
		"  CASE WHEN $12 IS NULL THEN NULL ELSE $13 END",
	.nargs = NARGS,
	.argtypes = ARGUMENT_TYPES};

/*
 * The row is of a group that the policy has parted since: its values stay objects, and
 * what one field ($2) of it is now goes into the one that stood there.
 */
#define IS_PARTED     "coalesce(c.field OPERATOR(pg_catalog.<>) $2, false)"
#define GOLDEN_MEMBER "pg_catalog.jsonb_build_object($2, $3)"
#define GOLDEN                                                                     \
	"CASE WHEN " IS_PARTED                                                         \
	" THEN coalesce(c.current_value, '{}') OPERATOR(pg_catalog.||) " GOLDEN_MEMBER \
	" ELSE $3 END"
#define SHOWN_BEFORE "(c.sides OPERATOR(pg_catalog.->) $5 OPERATOR(pg_catalog.->) -1)"
#define SHOWN                                             \
	"CASE WHEN " IS_PARTED " THEN coalesce(" SHOWN_BEFORE \
	", '{}') OPERATOR(pg_catalog.||)"                     \
	"      pg_catalog.jsonb_build_object($2, $6) ELSE $6 END"

/* A further value of a side: of an incoming one, or of the author of C[f], who moved it. */
static SlPlan show_value = {
	.sql =
		"UPDATE %s.sync_conflict AS c SET revision = c.revision OPERATOR(pg_catalog.+) 1,"
		"  current_value = " GOLDEN ", current_system = $4,"
		"  incoming_value = CASE WHEN $7 THEN c.incoming_value ELSE " SHOWN " END,"
		"  incoming_system = CASE WHEN $7 THEN c.incoming_system ELSE $5 END,"
		"  sides = pg_catalog.jsonb_set(c.sides, ARRAY[$5],"
		"   coalesce(c.sides OPERATOR(pg_catalog.->) $5, '[]') OPERATOR(pg_catalog.||)"
		"   CASE WHEN " SHOWN_BEFORE " OPERATOR(pg_catalog.=) " SHOWN
		"        THEN '[]'::pg_catalog.jsonb"
		"        ELSE pg_catalog.jsonb_build_array(" SHOWN ") END)"
		" WHERE c.id OPERATOR(pg_catalog.=) $1",
	.nargs = 7,
	.argtypes = {INT8OID, TEXTOID, JSONBOID, TEXTOID, TEXTOID, JSONBOID, BOOLOID}};

static SlPlan close_row = {
	.sql = "UPDATE %s.sync_conflict AS c SET status = 'resolved', current_value = " GOLDEN
		   ",  resolved_value = CASE WHEN " IS_PARTED
		   " THEN coalesce(c.resolved_value, '{}')"
		   "   OPERATOR(pg_catalog.||) " GOLDEN_MEMBER " ELSE $3 END,"
		   "  resolution = $4, resolved_at = $5, current_system = $6"
		   " WHERE c.id OPERATOR(pg_catalog.=) $1",
	.nargs = 6,
	.argtypes = {INT8OID, TEXTOID, JSONBOID, TEXTOID, TIMESTAMPTZOID, TEXTOID}};

/* A policy has put the field of a row into a group since: its values become objects. */
static SlPlan group_values = {
	.sql = "UPDATE %s.sync_conflict AS c SET field = $2,"
		   "  base_value = pg_catalog.jsonb_build_object(c.field, c.base_value),"
		   "  current_value = pg_catalog.jsonb_build_object(c.field, c.current_value),"
		   "  incoming_value = pg_catalog.jsonb_build_object(c.field, c.incoming_value),"
		   "  sides = coalesce((SELECT pg_catalog.jsonb_object_agg(s.key,"
		   "    (SELECT pg_catalog.jsonb_agg("
		   "       pg_catalog.jsonb_build_object(c.field, v.value) ORDER BY v.place)"
		   "     FROM pg_catalog.jsonb_array_elements(s.value)"
		   "      WITH ORDINALITY AS v (value, place)))"
		   "   FROM pg_catalog.jsonb_each(c.sides) AS s), '{}')"
		   " WHERE c.id OPERATOR(pg_catalog.=) $1"
		   "  AND c.field OPERATOR(pg_catalog.<>) $2"
		   "  AND c.field OPERATOR(pg_catalog.=) ANY ($3)",
	.nargs = 3,
	.argtypes = {INT8OID, TEXTOID, TEXTARRAYOID}};

/* Or the fields of one group into another. */
static SlPlan name_group = {.sql = "UPDATE %s.sync_conflict AS c SET field = $2"
								   " WHERE c.id OPERATOR(pg_catalog.=) $1"
								   "  AND c.field OPERATOR(pg_catalog.<>) $2",
							.nargs = 2,
							.argtypes = {INT8OID, TEXTOID}};

/* Unless a human has closed it just now. */
static SlPlan drop_row = {
	.sql = "UPDATE %s.sync_conflict AS c SET status = 'resolved', resolution = 'dropped',"
		   "  resolved_at = $2"
		   " WHERE c.id OPERATOR(pg_catalog.=) $1"
		   "  AND c.status OPERATOR(pg_catalog.=) 'open'",
	.nargs = 2,
	.argtypes = {INT8OID, TIMESTAMPTZOID}};

void
sl_conflicts_number(SlEffects *effects)
{
	for (int i = 0; i < effects->nconflicts; i++)
	{
		SlConflictEffect *effect = &effects->conflicts[i];

		if (effect->conflict->id == 0)
			effect->conflict->id = nextval_internal(sl_relation_oid(
														"sync_conflict_id_seq"),
													false);
		for (int f = 0; f < effect->nfellows; f++)
			effect->fellows[f]->id = effect->conflict->id;
	}
}

static void
set_text(Datum *values, char *nulls, int arg, const char *text)
{
	nulls[arg] = text == NULL ? 'n' : ' ';
	values[arg] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

/* The name of the field or group; NULL: of the whole record. */
static const char *
name_of(const SlPolicy *policy, const SlConflictEffect *effect)
{
	if (effect->group != NULL)
		return effect->group->name;
	return effect->field == SL_RECORD ? NULL : policy->fields[effect->field].name;
}

/* A whole record as an object of its fields; NULL: there is none. */
static void
set_record(Datum *values, char *nulls, int arg, const SlPolicy *policy,
		   const SlValue *record)
{
	nulls[arg] = record == NULL ? 'n' : ' ';
	values[arg] = record == NULL ? (Datum) 0 : sl_record_to_jsonb(policy, record);
}

static void
set_value(Datum *values, char *nulls, int arg, const SlValue *value)
{
	bool is_null;

	values[arg] = sl_value_to_jsonb(value, &is_null);
	nulls[arg] = is_null ? 'n' : ' ';
}

static void
fill(const SlPolicy *policy, const SlRecord *record, const SlConflictEffect *effect,
	 Datum *values, char *nulls)
{
	const SlState *state = record->state;

	memset(nulls, ' ', NARGS);
	values[ARG_ID] = Int64GetDatum(effect->conflict->id);
	set_text(values, nulls, ARG_ENTITY, policy->entity);
	set_text(values, nulls, ARG_KEY, pnstrdup(record->key, record->key_len));
	set_text(values, nulls, ARG_FIELD, name_of(policy, effect));
	set_text(values, nulls, ARG_KIND, sl_conflict_kind_name(effect->kind));
	set_value(values, nulls, ARG_BASE, &effect->base);
	set_value(values, nulls, ARG_CURRENT, &effect->current);
	set_text(values, nulls, ARG_CURRENT_SYSTEM,
			 sl_author_name(policy, state, effect->current_author));
	set_value(values, nulls, ARG_INCOMING, &effect->incoming);
	set_text(values, nulls, ARG_INCOMING_SYSTEM,
			 sl_author_name(policy, state, effect->incoming_system));
	set_value(values, nulls, ARG_RESOLVED, &effect->resolved);
	set_text(values, nulls, ARG_RESOLUTION, effect->resolution);
	if (effect->field != SL_RECORD)
		return;
	set_record(values, nulls, ARG_BASE, policy, effect->base_record);
	set_record(values, nulls, ARG_CURRENT, policy, effect->current_record);
	set_record(values, nulls, ARG_INCOMING, policy, effect->incoming_record);
}

static void
close_conflict(const SlPolicy *policy, const SlRecord *record,
			   const SlConflictEffect *effect, TimestampTz now)
{
	Datum values[6];
	char  nulls[6] = {' ', ' ', ' ', ' ', ' ', ' '};

	values[0] = Int64GetDatum(effect->conflict->id);
	set_text(values, nulls, 1, name_of(policy, effect));
	set_value(values, nulls, 2, &effect->resolved);
	if (effect->field == SL_RECORD)
		set_record(values, nulls, 2, policy, effect->current_record);
	set_text(values, nulls, 3, effect->resolution);
	values[4] = TimestampTzGetDatum(now);
	set_text(values, nulls, 5,
			 sl_author_name(policy, record->state, effect->current_author));
	sl_query_write(&close_row, values, nulls);
}

static void
show_conflict(const SlPolicy *policy, const SlRecord *record,
			  const SlConflictEffect *effect)
{
	const SlState *state = record->state;
	Datum          values[7];
	char           nulls[7] = {' ', ' ', ' ', ' ', ' ', ' ', ' '};

	values[0] = Int64GetDatum(effect->conflict->id);
	set_text(values, nulls, 1, name_of(policy, effect));
	set_value(values, nulls, 2, &effect->current);
	set_text(values, nulls, 3, sl_author_name(policy, state, effect->current_author));
	set_text(values, nulls, 4, sl_author_name(policy, state, effect->incoming_system));
	set_value(values, nulls, 5, &effect->incoming);
	if (effect->field == SL_RECORD)
	{
		set_record(values, nulls, 2, policy, effect->current_record);
		set_record(values, nulls, 5, policy, effect->incoming_record);
	}
	values[6] = BoolGetDatum(effect->op == SL_CONFLICT_MOVE);
	sl_query_write(&show_value, values, nulls);
}

void
sl_conflict_regroup(const SlPolicy *policy, const SlGroup *group, int64 id)
{
	Datum *names = palloc(sizeof(Datum) * group->nfields);
	Datum  values[3];

	for (int i = 0; i < group->nfields; i++)
		names[i] = CStringGetTextDatum(policy->fields[group->fields[i]].name);
	values[0] = Int64GetDatum(id);
	values[1] = CStringGetTextDatum(group->name);
	values[2] = PointerGetDatum(
		construct_array(names, group->nfields, TEXTOID, -1, false, TYPALIGN_INT));
	sl_query_write(&group_values, values, NULL);
	sl_query_write(&name_group, values, NULL);
}

static void
write_effect(const SlPolicy *policy, const SlRecord *record,
			 const SlConflictEffect *effect, TimestampTz now)
{
	Datum values[NARGS];
	char  nulls[NARGS];

	fill(policy, record, effect, values, nulls);
	values[ARG_NOW] = TimestampTzGetDatum(now);
	if (effect->group != NULL)
		sl_conflict_regroup(policy, effect->group, effect->conflict->id);
	switch (effect->op)
	{
		case SL_CONFLICT_OPEN:
		case SL_CONFLICT_RECORD:
			sl_query_write(&open_row, values, nulls);
			break;
		case SL_CONFLICT_MOVE:
		case SL_CONFLICT_SHOW:
			show_conflict(policy, record, effect);
			break;
		case SL_CONFLICT_CLOSE:
			close_conflict(policy, record, effect, now);
			break;
	}
}

void
sl_conflicts_put(const SlPolicy *policy, const SlRecord *record, const SlEffects *effects,
				 TimestampTz now)
{
	for (int i = 0; i < effects->nconflicts; i++)
		write_effect(policy, record, &effects->conflicts[i], now);
}

void
sl_conflicts_drop_left(const SlRecord *record, TimestampTz now)
{
	for (int i = 0; record->is_dirty && i < record->left.nconflicts; i++)
	{
		Datum values[2] = {Int64GetDatum(record->left.conflicts[i]),
						   TimestampTzGetDatum(now)};

		sl_query_write(&drop_row, values, NULL);
	}
}
