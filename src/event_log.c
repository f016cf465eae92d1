/*
 * event_log.c
 *	  The log of what happened to records.
 *
 * An event that changed something is one row, whatever it changed; rows are numbered
 * under the lock of their record and never changed.
 */
#include "postgres.h"

#include "commands/sequence.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/timestamp.h"

#include "event_log.h"
#include "heap_table.h"
#include "query.h"

#define FIRST_ROOM 8

/* The columns of sync_event, in their order there. */
enum
{
	COL_ID,
	COL_AT,
	COL_VERSION,
	COL_ATTEMPT,
	COL_ENTITY,
	COL_KEY,
	COL_EVENT,
	COL_SYSTEM,
	COL_ACTOR,
	COL_VERDICT,
	COL_CHANGE_SET,
	COL_OUTCOME,
	COL_DATA,
	COL_IDEMPOTENCY_KEY,
	COL_DETAIL,
	NCOLUMNS
};

void
sl_log_init(SlLog *log, const SlPolicy *policy)
{
	memset(log, 0, sizeof(SlLog));
	log->context = CurrentMemoryContext;
	log->entity = CStringGetTextDatum(policy->entity);
}

/* Room for one more row, in the log's context. */
static void
make_room(SlLog *log)
{
	if (log->nrows < log->maxrows)
		return;
	if (log->maxrows == 0)
	{
		log->maxrows = FIRST_ROOM;
		log->values = palloc(sizeof(Datum) * NCOLUMNS * log->maxrows);
		log->nulls = palloc(sizeof(bool) * NCOLUMNS * log->maxrows);
		return;
	}
	log->maxrows *= 2;
	log->values = repalloc(log->values, sizeof(Datum) * NCOLUMNS * log->maxrows);
	log->nulls = repalloc(log->nulls, sizeof(bool) * NCOLUMNS * log->maxrows);
}

static Datum
copy_text(const char *text)
{
	return text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

static Datum
copy_jsonb(Datum jsonb)
{
	return jsonb == (Datum) 0 ? (Datum) 0 : datumCopy(jsonb, false, -1);
}

/* What is not said is 0, which no column but the id and the time would mean otherwise. */
static void
fill(const SlLog *log, const SlRecord *record, const SlLogEntry *entry, Datum *values)
{
	values[COL_ID] = (Datum) 0;
	values[COL_AT] = (Datum) 0;
	values[COL_VERSION] = Int64GetDatum(entry->version);
	values[COL_ATTEMPT] = Int32GetDatum(entry->attempt);
	values[COL_ENTITY] = log->entity;
	values[COL_KEY] = PointerGetDatum(
		cstring_to_text_with_len(record->key, record->key_len));
	values[COL_EVENT] = copy_text(entry->event);
	values[COL_SYSTEM] = copy_text(entry->system);
	values[COL_ACTOR] = copy_text(entry->actor);
	values[COL_VERDICT] = copy_text(entry->verdict);
	values[COL_CHANGE_SET] = copy_jsonb(entry->change_set);
	values[COL_OUTCOME] = copy_jsonb(entry->outcome);
	values[COL_DATA] = copy_jsonb(entry->data);
	values[COL_IDEMPOTENCY_KEY] = copy_text(entry->idempotency_key);
	values[COL_DETAIL] = copy_text(entry->detail);
}

void
sl_log_add(SlLog *log, const SlRecord *record, const SlLogEntry *entry)
{
	MemoryContext old = MemoryContextSwitchTo(log->context);
	Datum        *values;
	bool         *nulls;

	make_room(log);
	values = log->values + NCOLUMNS * log->nrows;
	nulls = log->nulls + NCOLUMNS * log->nrows;
	fill(log, record, entry, values);
	for (int c = 0; c < NCOLUMNS; c++)
		nulls[c] = values[c] == (Datum) 0;
	log->nrows++;
	MemoryContextSwitchTo(old);
}

static void
write_row(SlTable *table, Oid sequence, TimestampTz now, Datum *values, bool *nulls)
{
	values[COL_ID] = Int64GetDatum(nextval_internal(sequence, false));
	values[COL_AT] = TimestampTzGetDatum(now);
	nulls[COL_ID] = false;
	nulls[COL_AT] = false;
	sl_table_insert(table, values, nulls);
}

void
sl_log_put(SlLog *log, TimestampTz now)
{
	SlTable table;
	Oid     sequence;

	if (log->nrows == 0)
		return;
	sequence = sl_relation_oid("sync_event_id_seq");
	sl_table_open(&table, "sync_event", NCOLUMNS);
	for (int i = 0; i < log->nrows; i++)
		write_row(&table, sequence, now, log->values + NCOLUMNS * i,
				  log->nulls + NCOLUMNS * i);
	sl_table_close(&table);
}
