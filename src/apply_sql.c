/*
 * apply_sql.c
 *	  The statement that writes changes which are alike to an attached table.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "apply.h"
#include "path_trie.h"
#include "query.h"

static char *
quoted_relation(Oid relation)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)),
									  get_rel_name(relation));
}

static bool
is_nested(const SlApply *apply, const char *name)
{
	const SlRowColumn *column = sl_apply_column(apply, name);

	return column != NULL && !sl_path_is_leaf(column->node);
}

/* Of columns that fields stand inside of an update writes parts: those are no values of theirs. */
static void
append_payload(StringInfo sql, const SlApply *apply, const SlChange *change,
			   char **columns, int n)
{
	appendStringInfoString(sql, "x.payload");
	if (!sl_is_action(change, "update"))
		return;
	for (int i = 0; i < n; i++)
		if (is_nested(apply, columns[i]))
			appendStringInfo(sql, " OPERATOR(pg_catalog.-) %s::pg_catalog.text",
							 quote_literal_cstr(columns[i]));
}

/* The changes as rows of the table, r, and what they were made of, x. */
static void
append_rows(StringInfo sql, const SlApply *apply, const SlChange *change, char **columns,
			int n)
{
	appendStringInfo(sql,
					 " ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), "
					 "pg_catalog.unnest($3)) AS x(payload, native_id, paths), LATERAL "
					 "pg_catalog.jsonb_populate_record(NULL::%s, ",
					 quoted_relation(apply->relation));
	append_payload(sql, apply, change, columns, n);
	if (change->is_by_native_id)
		appendStringInfo(sql,
						 " OPERATOR(pg_catalog.||) "
						 "pg_catalog.jsonb_build_object(%s, x.native_id)",
						 quote_literal_cstr(apply->id_column));
	appendStringInfoString(sql, ") AS r");
}

const SlRowColumn *
sl_apply_column(const SlApply *apply, const char *name)
{
	for (int i = 0; i < apply->reader.ncolumns; i++)
		if (strcmp(apply->reader.columns[i].name, name) == 0)
			return &apply->reader.columns[i];
	return NULL;
}

static bool
holds(const SlRowColumn *column, Oid type, const SlPolicy *policy, SlType field_type)
{
	if (column == NULL || column->type != type)
		return false;
	for (int i = 0; i < column->node->nslots; i++)
	{
		int field = column->node->slots[i] - sl_slot_of_field(0);

		if (field >= 0 && policy->fields[field].type == field_type)
			return true;
	}
	return false;
}

/* As timezone() takes it: an offset is no name there, for its sign would be the other one. */
static const char *
zone_of(const SlApply *apply)
{
	const char *zone = apply->policy->systems[apply->system].timezone;
	const char *minutes = strchr(zone, ':') == NULL ? ":00" : "";

	if (*zone != '+' && *zone != '-')
		return quote_literal_cstr(zone);
	return psprintf("'%s%s'::pg_catalog.interval", zone, minutes);
}

/* What shows no offset, or no time, is written in the time zone in which it is read. */
static void
append_value(StringInfo sql, const SlApply *apply, const char *name)
{
	const SlRowColumn *column = sl_apply_column(apply, name);
	const char        *quoted = quote_identifier(name);

	if (holds(column, TIMESTAMPOID, apply->policy, SL_TIMESTAMP))
		appendStringInfo(sql, "pg_catalog.timezone(%s, pg_catalog.timezone('UTC', r.%s))",
						 zone_of(apply), quoted);
	else if (holds(column, TIMESTAMPTZOID, apply->policy, SL_DATE))
		appendStringInfo(sql,
						 "pg_catalog.timezone('UTC', "
						 "r.%s::pg_catalog.date::pg_catalog.timestamp)",
						 quoted);
	else
		appendStringInfo(sql, "r.%s", quoted);
}

/* By the operator of the type itself, which may be in any schema. */
static void
append_equal(StringInfo sql, const SlApply *apply, const char *name)
{
	Oid         type = get_atttype(apply->relation, get_attnum(apply->relation, name));
	Oid         equal = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;
	const char *quoted = quote_identifier(name);

	if (OidIsValid(equal))
		generate_operator_clause(sql, psprintf("t.%s", quoted), type, equal,
								 psprintf("r.%s", quoted), type);
	else
		appendStringInfo(sql, "t.%s = r.%s", quoted, quoted);
}

static void
append_condition(StringInfo sql, const SlApply *apply, const SlChange *change)
{
	const char *name = change->is_by_native_id ? apply->id_column : apply->key_column;

	if (name == NULL)
		ereport(
			ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("\"%s\" has no column by which the row of key \"%s\" could be found",
					get_rel_name(apply->relation), change->key)));
	appendStringInfoString(sql, " WHERE ");
	append_equal(sql, apply, name);
}

/* Of a column that fields stand inside of, only these change. */
static void
append_new_value(StringInfo sql, const SlApply *apply, const char *name)
{
	const char *quoted = quote_identifier(name);
	const char *literal = quote_literal_cstr(name);

	if (!is_nested(apply, name))
		append_value(sql, apply, name);
	else
		appendStringInfo(sql,
						 "%s.sync_merge(t.%s::pg_catalog.jsonb, "
						 "x.payload OPERATOR(pg_catalog.->) %s, "
						 "x.paths OPERATOR(pg_catalog.->) %s)::%s",
						 sl_schema_name(), quoted, literal, literal,
						 format_type_be_qualified(
							 get_atttype(apply->relation,
										 get_attnum(apply->relation, name))));
}

static bool
is_name(const SlApply *apply, const char *column)
{
	return (apply->key_column != NULL && strcmp(column, apply->key_column) == 0) ||
		   (apply->id_column != NULL && strcmp(column, apply->id_column) == 0);
}

/* Such a table knows its rows by a native id. */
static bool
is_key_without_column(const SlApply *apply, const char *name)
{
	const SlPath *key = apply->policy->systems[apply->system].key;

	return key->nsteps == 1 && apply->key_column == NULL &&
		   key->steps[0].kind == SL_STEP_KEY &&
		   (int) strlen(name) == key->steps[0].key_len &&
		   memcmp(name, key->steps[0].key, key->steps[0].key_len) == 0;
}

/* The keys of a payload, without that of the record where the table has no column for it. */
static char **
columns_of(const SlApply *apply, const SlChange *change, int *n)
{
	Datum *names;
	int    given;
	bool  *nulls;
	char **columns;

	deconstruct_array(DatumGetArrayTypeP(change->columns), TEXTOID, -1, false,
					  TYPALIGN_INT, &names, &nulls, &given);
	columns = palloc(sizeof(char *) * Max(given, 1));
	*n = 0;
	for (int i = 0; i < given; i++)
	{
		char *name = TextDatumGetCString(names[i]);

		if (!is_key_without_column(apply, name))
			columns[(*n)++] = name;
	}
	return columns;
}

static bool
is_generated(const SlApply *apply, const char *name)
{
	return get_attgenerated(apply->relation, get_attnum(apply->relation, name)) != '\0';
}

/* Of such a column no UPDATE can even say that it stays. */
static bool
is_identity(const SlApply *apply, const char *name)
{
	HeapTuple tuple = SearchSysCacheAttName(apply->relation, name);
	bool      is_identity = HeapTupleIsValid(tuple) &&
					   ((Form_pg_attribute) GETSTRUCT(tuple))->attidentity ==
						   ATTRIBUTE_IDENTITY_ALWAYS;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return is_identity;
}

/* A field at the key is read there and never written: then the row is written as it is. */
static const char *
idle_column(const SlApply *apply)
{
	for (int i = 0; i < apply->reader.ncolumns; i++)
	{
		const char *name = apply->reader.columns[i].name;

		if (!is_name(apply, name) && !is_generated(apply, name) &&
			!is_identity(apply, name))
			return quote_identifier(name);
	}
	return quote_identifier(apply->key_column != NULL ? apply->key_column
													  : apply->id_column);
}

static char *
update_of(const SlApply *apply, const SlChange *change)
{
	StringInfoData sql;
	int            n;
	char         **columns = columns_of(apply, change, &n);
	bool           is_first = true;

	initStringInfo(&sql);
	appendStringInfo(&sql, "UPDATE %s AS t SET ", quoted_relation(apply->relation));
	for (int i = 0; i < n; i++)
	{
		if (is_name(apply, columns[i]))
			continue;
		appendStringInfoString(&sql, is_first ? "" : ", ");
		appendStringInfo(&sql, "%s = ", quote_identifier(columns[i]));
		append_new_value(&sql, apply, columns[i]);
		is_first = false;
	}
	if (is_first)
		appendStringInfo(&sql, "%s = t.%s", idle_column(apply), idle_column(apply));
	appendStringInfoString(&sql, " FROM");
	append_rows(&sql, apply, change, columns, n);
	append_condition(&sql, apply, change);
	return sql.data;
}

/* By their bytes, for not every type has an equality. */
char *
sl_apply_comparison(const SlApply *apply, const SlChange *change)
{
	StringInfoData sql;
	StringInfoData fresh;
	int            n;
	char         **columns = columns_of(apply, change, &n);

	initStringInfo(&sql);
	initStringInfo(&fresh);
	appendStringInfo(&sql, "SELECT FROM %s AS t,", quoted_relation(apply->relation));
	append_rows(&sql, apply, change, columns, n);
	append_condition(&sql, apply, change);
	appendStringInfoString(&sql, " AND ROW(");
	for (int i = 0; i < n; i++)
	{
		if (is_name(apply, columns[i]))
			continue;
		appendStringInfo(&sql, "%st.%s", fresh.len == 0 ? "" : ", ",
						 quote_identifier(columns[i]));
		appendStringInfoString(&fresh, fresh.len == 0 ? "" : ", ");
		append_new_value(&fresh, apply, columns[i]);
	}
	appendStringInfo(&sql,
					 ")::pg_catalog.record OPERATOR(pg_catalog.*=) "
					 "ROW(%s)::pg_catalog.record",
					 fresh.data);
	return sql.data;
}

/* A generated key is what the table makes of the row: it has to be the record's. */
static char *
insert_of(const SlApply *apply, const SlChange *change)
{
	StringInfoData names;
	StringInfoData values;
	StringInfoData rows;
	int            n;
	char         **columns = columns_of(apply, change, &n);

	initStringInfo(&names);
	initStringInfo(&values);
	initStringInfo(&rows);
	for (int i = 0; i < n; i++)
	{
		if (is_name(apply, columns[i]) && is_generated(apply, columns[i]))
			continue;
		appendStringInfoString(&names, names.len == 0 ? " (" : ", ");
		appendStringInfoString(&names, quote_identifier(columns[i]));
		appendStringInfoString(&values, values.len == 0 ? "" : ", ");
		append_value(&values, apply, columns[i]);
	}
	append_rows(&rows, apply, change, columns, n);
	return psprintf("INSERT INTO %s%s SELECT %s FROM%s", quoted_relation(apply->relation),
					names.len == 0 ? "" : psprintf("%s)", names.data), values.data,
					rows.data);
}

static char *
delete_of(const SlApply *apply, const SlChange *change)
{
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "DELETE FROM %s AS t USING", quoted_relation(apply->relation));
	append_rows(&sql, apply, change, NULL, 0);
	append_condition(&sql, apply, change);
	return sql.data;
}

char *
sl_apply_statement(const SlApply *apply, const SlChange *change)
{
	if (sl_is_action(change, "delete"))
		return delete_of(apply, change);
	return sl_is_action(change, "create") ? insert_of(apply, change)
										  : update_of(apply, change);
}
