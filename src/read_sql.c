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

/* Fills a column with a key, id or version; false where that is no name. */
static bool
set_name(Row *row, int column, const SlRaw *raw)
{
	const char *text;
	int32       len;

	if (!sl_normalize_name(raw, &text, &len))
		return false;
	set_text(row, column, text, len);
	return true;
}

/* Fills what is the same in all rows of a record; gives what is wrong with it. */
static const char *
start_row(Row *row, const SlRawRecord *record)
{
	memset(row->nulls, true, sizeof(row->nulls));
	row->nulls[COLUMN_ORDINAL] = false;
	row->values[COLUMN_ORDINAL] = Int64GetDatum(record->ordinal);
	if (!record->is_object)
		return "the record is no object";
	if (!set_name(row, COLUMN_RECORD_KEY, &record->slots[SL_SLOT_KEY]))
		return "the record key is neither a text nor a number";
	if (!set_name(row, COLUMN_NATIVE_ID, &record->slots[SL_SLOT_ID]))
		return "the native id is neither a text nor a number";
	if (!set_name(row, COLUMN_VERSION, &record->slots[SL_SLOT_VERSION]))
		return "the version is neither a text nor a number";
	return NULL;
}

static void
put_field(const Reading *reading, Row *row, const SlRaw *raw, int field)
{
	const SlFieldSpec *spec = &reading->policy->fields[field];
	SlValue            value;
	SlReason           reason;

	if (raw->kind == SL_RAW_ABSENT)
		return;
	row->nulls[COLUMN_VALUE] = true;
	row->nulls[COLUMN_REASON] = true;
	set_text(row, COLUMN_FIELD, spec->name, spec->name_len);
	if (sl_normalize(reading->policy, field, reading->system, raw, &value, &reason))
		set_value(row, &value);
	else
		set_reason(row, reason.message);
	put_row(reading, row);
}

static void
put_record(const Reading *reading, const SlRawRecord *record)
{
	Row         row;
	const char *reason = start_row(&row, record);

	if (reason != NULL)
	{
		set_reason(&row, reason);
		put_row(reading, &row);
	}
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

/* sync_read(config jsonb, system text, records text) returns setof record */
Datum
sync_read(PG_FUNCTION_ARGS)
{
	Jsonb  *config = PG_GETARG_JSONB_P(0);
	char   *system = text_to_cstring(PG_GETARG_TEXT_PP(1));
	Reading reading;

	InitMaterializedSRF(fcinfo, 0);
	reading.policy = sl_policy_parse("sync_read", 1, config, CurrentMemoryContext);
	reading.system = sl_policy_need_system(reading.policy, system);
	reading.result = (ReturnSetInfo *) fcinfo->resultinfo;
	put_records(&reading, PG_GETARG_TEXT_PP(2));
	return (Datum) 0;
}
