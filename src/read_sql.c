/*
 * read_sql.c
 *	  sync_read: what a mapping reads out of payloads, field by field.
 *
 * A thin door to reader and normalize: it touches no table, so a mapping can be tried
 * before it is configured.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "intake.h"
#include "normalize.h"
#include "policy.h"
#include "reader.h"

PG_FUNCTION_INFO_V1(sync_read);

enum
{
	COLUMN_ORDINAL,
	COLUMN_RECORD_KEY,
	COLUMN_NATIVE_ID,
	COLUMN_VERSION,
	COLUMN_FIELD,
	COLUMN_VALUE,
	COLUMN_REASON,
	NCOLUMNS
};

typedef struct Row
{
	Datum values[NCOLUMNS];
	bool  nulls[NCOLUMNS];
} Row;

/* What the rows of one call have in common. */
typedef struct Reading
{
	const SlPolicy *policy;
	int             system;
	ReturnSetInfo  *result;
} Reading;

static void
set_text(Row *row, int column, const char *text, int32 len)
{
	row->nulls[column] = text == NULL;
	if (text != NULL)
		row->values[column] = PointerGetDatum(cstring_to_text_with_len(text, len));
}

static void
set_value(Row *row, const SlValue *value)
{
	char *json = pnstrdup(value->data, value->len);

	row->nulls[COLUMN_VALUE] = false;
	row->values[COLUMN_VALUE] = DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}

static void
set_reason(Row *row, const char *reason)
{
	set_text(row, COLUMN_REASON, reason, strlen(reason));
}

static void
put_row(const Reading *reading, Row *row)
{
	tuplestore_putvalues(reading->result->setResult, reading->result->setDesc,
						 row->values, row->nulls);
}

/* Fills what is the same in all rows of a record. */
static void
start_row(Row *row, const SlRawRecord *record, const SlIntake *intake)
{
	memset(row->nulls, true, sizeof(row->nulls));
	row->nulls[COLUMN_ORDINAL] = false;
	row->values[COLUMN_ORDINAL] = Int64GetDatum(record->ordinal);
	set_text(row, COLUMN_RECORD_KEY, intake->key, intake->key_len);
	if (intake->native_id != NULL)
		set_text(row, COLUMN_NATIVE_ID, intake->native_id, strlen(intake->native_id));
	set_text(row, COLUMN_VERSION, intake->token.data, intake->token.len);
}

static void
read_field(const Reading *reading, Row *row, const SlRaw *raw, int field)
{
	SlValue  value;
	SlReason reason;

	if (raw->kind == SL_RAW_ABSENT)
		set_reason(row, SL_REQUIRED_MISSING);
	else if (!sl_normalize(reading->policy, field, reading->system, raw, &value, &reason))
		set_reason(row, reason.message);
	else if (reading->policy->fields[field].is_required && value.kind == SL_NULL)
		set_reason(row, SL_REQUIRED_NULL);
	else
		set_value(row, &value);
}

static bool
is_expected(const Reading *reading, int field)
{
	const SlFieldSpec *spec = &reading->policy->fields[field];

	return spec->is_required && spec->paths[reading->system] != NULL;
}

static void
put_field(const Reading *reading, Row *row, const SlRaw *raw, int field)
{
	const SlFieldSpec *spec = &reading->policy->fields[field];

	if (raw->kind == SL_RAW_ABSENT && !is_expected(reading, field))
		return;
	row->nulls[COLUMN_VALUE] = true;
	row->nulls[COLUMN_REASON] = true;
	set_text(row, COLUMN_FIELD, spec->name, spec->name_len);
	read_field(reading, row, raw, field);
	put_row(reading, row);
}

/* A record that is gone there says nothing of its fields. */
static void
put_record(const Reading *reading, const SlRawRecord *record)
{
	Row      row;
	SlIntake intake = {0};

	sl_intake_names(reading->policy, reading->system, record, &intake);
	start_row(&row, record, &intake);
	if (intake.is_rejected)
	{
		set_reason(&row, intake.reason.message);
		put_row(reading, &row);
	}
	if (!record->is_object || intake.is_deletion)
		return;
	for (int i = 0; i < reading->policy->nfields; i++)
		put_field(reading, &row, &record->slots[sl_slot_of_field(i)], i);
}

static void
put_records(const Reading *reading, const text *records)
{
	MemoryContext per_record = AllocSetContextCreate(CurrentMemoryContext,
													 "sync_read record",
													 ALLOCSET_DEFAULT_SIZES);
	Size          slots = (SL_NSLOTS + reading->policy->nfields) * sizeof(SlRaw);
	SlRawRecord   record = {.slots = palloc(slots)};
	MemoryContext caller = MemoryContextSwitchTo(per_record);
	SlReader      reader;

	sl_reader_open(&reader, reading->policy, reading->system, VARDATA_ANY(records),
				   VARSIZE_ANY_EXHDR(records));
	while (sl_reader_next(&reader, &record))
	{
		put_record(reading, &record);
		MemoryContextReset(per_record);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(per_record);
}

static int
need_system(const SlPolicy *policy, const char *name)
{
	int system = sl_policy_system(policy, name);

	if (system < 0)
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
						errmsg("the config has no system \"%s\"", name),
						errhint("%s", sl_policy_system_hint(policy, name))));
	return system;
}

/* sync_read(config jsonb, system text, records text) returns setof record */
Datum
sync_read(PG_FUNCTION_ARGS)
{
	Jsonb  *config = PG_GETARG_JSONB_P(0);
	char   *system = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Reading reading;

	InitMaterializedSRF(fcinfo, 0);
	reading.policy = sl_policy_parse("sync_read", 1, config, CurrentMemoryContext);
	reading.system = need_system(reading.policy, system);
	reading.result = (ReturnSetInfo *) fcinfo->resultinfo;
	put_records(&reading, PG_GETARG_TEXT_PP(2));
	return (Datum) 0;
}
