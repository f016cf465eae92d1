/*
 * row_reader.c
 *	  From rows of a relation to the few places that a policy names.
 *
 * What a row says is what the same row says as JSON: each value becomes a slice of JSON
 * text, by the type of its column.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "canonical.h"
#include "compat.h"
#include "path_trie.h"
#include "row_reader.h"
#include "row_value.h"

/* The type that a value is read by, or json. */
static Oid
type_to_read(Oid type)
{
	Oid base = getBaseType(type);

	switch (base)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case FLOAT4OID:
		case FLOAT8OID:
		case NUMERICOID:
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return base;
		default:
			return JSONOID;
	}
}

static bool
is_first_step(const SlPath *path, const SlRowColumn *column)
{
	const SlPathStep *step = &path->steps[0];

	return column->name_len == step->key_len &&
		   memcmp(column->name, step->key, step->key_len) == 0;
}

/* True where one of the columns is the first step of a path. */
static bool
has_column(const SlRowReader *reader, const SlPath *path)
{
	for (int i = 0; path != NULL && i < reader->ncolumns; i++)
		if (is_first_step(path, &reader->columns[i]))
			return true;
	return false;
}

static void
check_names(const SlRowReader *reader, Relation rel)
{
	const SlSystemSpec *spec = &reader->policy->systems[reader->system];

	if (has_column(reader, spec->key) || has_column(reader, spec->id))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_COLUMN),
			 errmsg("\"%s\" has no column for the record key of system \"%s\", which "
					"is at %s",
					RelationGetRelationName(rel), spec->name,
					sl_path_in_quotes(spec->key)),
			 errhint("Name the column as the \"key\" of the system, or select it under "
					 "that name in a view.")));
}

static void
note_missing_fields(const SlRowReader *reader, Relation rel)
{
	const SlPolicy *policy = reader->policy;
	const char     *system = policy->systems[reader->system].name;

	for (int f = 0; f < policy->nfields; f++)
	{
		const SlPath *path = policy->fields[f].paths[reader->system];

		if (path == NULL || has_column(reader, path))
			continue;
		ereport(NOTICE,
				(errmsg("\"%s\" has no column for field \"%s\", which is at %s in "
						"system \"%s\": it is left out",
						RelationGetRelationName(rel), policy->fields[f].name,
						sl_path_in_quotes(path), system)));
	}
}

/* to_json() takes any type, and looks for it in the expression of its call. */
static FmgrInfo *
to_json_of(Oid type)
{
	FmgrInfo *function = palloc0(sizeof(FmgrInfo));
	Node     *argument = (Node *) makeNullConst(type, -1, InvalidOid);

	fmgr_info(F_TO_JSON, function);
	fmgr_info_set_expr((Node *) makeFuncExpr(F_TO_JSON, JSONOID, list_make1(argument),
											 InvalidOid, InvalidOid,
											 COERCE_EXPLICIT_CALL),
					   function);
	return function;
}

/* Nobody but fields of that type reads what stands there. */
static bool
is_json_field(const SlPolicy *policy, const SlPathNode *node)
{
	for (int i = 0; i < node->nslots; i++)
	{
		int field = node->slots[i] - SL_NSLOTS;

		if (field < 0 || policy->fields[field].type != SL_JSON)
			return false;
	}
	return sl_path_is_leaf(node);
}

static void
add_column(SlRowReader *reader, Form_pg_attribute att, const SlPathNode *node)
{
	SlRowColumn *column = &reader->columns[reader->ncolumns++];

	column->name = pstrdup(NameStr(att->attname));
	column->name_len = (int) strlen(column->name);
	column->index = att->attnum - 1;
	column->type = type_to_read(att->atttypid);
	column->node = node;
	column->is_jsonb = getBaseType(att->atttypid) == JSONBOID;
	column->is_json_field = is_json_field(reader->policy, node);
	if (column->type != JSONOID || column->is_jsonb ||
		getBaseType(att->atttypid) == JSONOID)
		return;
	column->to_json = to_json_of(att->atttypid);
	column->depends_on_settings = true;
}

static void
choose_columns(SlRowReader *reader, const SlPolicy *policy, int system, Relation rel)
{
	TupleDesc         desc = RelationGetDescr(rel);
	const SlPathNode *root = policy->systems[system].reader;

	reader->policy = policy;
	reader->system = system;
	reader->ncolumns = 0;
	reader->columns = palloc0(sizeof(SlRowColumn) * Max(desc->natts, 1));
	for (int i = 0; i < desc->natts && root->nkeys > 0; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		const char       *name = NameStr(att->attname);
		const SlPathNode *node = sl_path_child(root, name, (int) strlen(name));

		if (node != NULL && !att->attisdropped)
			add_column(reader, att, node);
	}
}

void
sl_row_reader_open(SlRowReader *reader, const SlPolicy *policy, int system, Relation rel)
{
	choose_columns(reader, policy, system, rel);
	check_names(reader, rel);
	note_missing_fields(reader, rel);
}

void
sl_row_reader_open_attached(SlRowReader *reader, const SlPolicy *policy, int system,
							Relation rel)
{
	choose_columns(reader, policy, system, rel);
}

const SlRowColumn *
sl_row_reader_column(const SlRowReader *reader, const SlPath *path)
{
	for (int i = 0; path != NULL && path->nsteps == 1 && i < reader->ncolumns; i++)
	{
		const SlRowColumn *column = &reader->columns[i];

		if (is_first_step(path, column))
			return column;
	}
	return NULL;
}

bool
sl_row_reader_needs_settings(const SlRowReader *reader)
{
	for (int i = 0; i < reader->ncolumns; i++)
		if (reader->columns[i].depends_on_settings)
			return true;
	return false;
}

void
sl_row_reader_select(SlRowReader *reader, StringInfo out)
{
	for (int i = 0; i < reader->ncolumns; i++)
	{
		reader->columns[i].index = i;
		appendStringInfo(out, "%st.%s", i == 0 ? "" : ", ",
						 quote_identifier(reader->columns[i].name));
	}
}

int
sl_row_settings(void)
{
	static const char *const settings[][2] = {{"TimeZone", "UTC"},
											  {"DateStyle", "ISO, YMD"},
											  {"IntervalStyle", "postgres"},
											  {"bytea_output", "hex"},
											  {"extra_float_digits", "1"}};
	int                      level = NewGUCNestLevel();

	for (int i = 0; i < (int) lengthof(settings); i++)
		(void) set_config_option(settings[i][0], settings[i][1], PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return level;
}

/* Puts what stands in a column into the places whose paths begin there. */
static void
place_value(const SlRowReader *reader, SlRowColumn *column, SlRawRecord *record)
{
	const SlPathNode *node = column->node;

	if ((column->type == JSONOID && column->value.canonical == SL_ABSENT) ||
		!sl_path_is_leaf(node))
	{
		sl_reader_take(reader->policy, node, column->value.data, column->value.len,
					   record);
		return;
	}
	for (int i = 0; i < node->nslots; i++)
		record->slots[node->slots[i]] = column->value;
}

static void
read_column(const SlRowReader *reader, SlRowColumn *column, Datum value,
			SlRawRecord *record)
{
	SlRaw *raw = &column->value;

	raw->canonical = SL_ABSENT;
	if (column->is_jsonb)
		sl_row_jsonb(raw, DatumGetJsonbP(value), column->is_json_field);
	else if (column->type == JSONOID)
	{
		text *json = DatumGetTextPP(
			column->to_json == NULL ? value : FunctionCall1(column->to_json, value));

		raw->data = VARDATA_ANY(json);
		raw->len = (int32) VARSIZE_ANY_EXHDR(json);
	}
	else
		sl_row_value(raw, value, column->type);
	place_value(reader, column, record);
}

void
sl_row_read(SlRowReader *reader, const Datum *values, const bool *nulls,
			SlRawRecord *record)
{
	static const SlRaw null = {.kind = SL_RAW_NULL, .data = "null", .len = 4};

	memset(record->slots, 0, sl_slot_of_field(reader->policy->nfields) * sizeof(SlRaw));
	record->is_object = true;
	record->has_nul = false;
	record->data = NULL;
	record->len = 0;
	for (int i = 0; i < reader->ncolumns; i++)
	{
		SlRowColumn *column = &reader->columns[i];

		if (!nulls[column->index])
		{
			read_column(reader, column, values[column->index], record);
			continue;
		}
		column->value = null;
		place_value(reader, column, record);
	}
}

int64
sl_row_size(const SlRowReader *reader)
{
	int64 size = 0;

	for (int i = 0; i < reader->ncolumns; i++)
		size += reader->columns[i].value.len;
	return size;
}

void
sl_row_describe(const SlRowReader *reader, SlRawRecord *record)
{
	StringInfoData json;

	initStringInfo(&json);
	for (int i = 0; i < reader->ncolumns; i++)
	{
		const SlRowColumn *column = &reader->columns[i];

		appendStringInfoString(&json, i == 0 ? "{" : ", ");
		sl_append_json_string(&json, column->name, column->name_len);
		appendStringInfoString(&json, ": ");
		appendBinaryStringInfo(&json, column->value.data, column->value.len);
	}
	appendStringInfoChar(&json, '}');
	record->data = json.data;
	record->len = json.len;
}
