/*
 * store_create.c
 *	  Rows for records that are not there yet: each holds its key until the state comes.
 *
 * The state follows in the same transaction as an update.  Many such rows would fill
 * a page on which their states have no room, and each would move and need its index entry
 * twice: so a row keeps room for its state.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/builtins.h"

#include "heap_table.h"
#include "store_create.h"

/* States that few rows of one call will need find room where a page keeps it free. */
#define FEW 8

/* The room of the first records of a backend, and of any with its key, or it would be toasted. */
#define FIRST_ROOM 256
#define MOST_ROOM  1800

/* What a row has beside its state is about as much for all. */
static int32 room = FIRST_ROOM;

void
sl_store_created(int32 len)
{
	room += (Min(len, MOST_ROOM) - room) / 8;
}

/* What such rows have in common: all but the key. */
typedef struct Row
{
	Datum values[SL_STATE_COLUMNS];
	bool  nulls[SL_STATE_COLUMNS];
} Row;

static Datum
zeroes(int32 len)
{
	bytea *bytes = palloc0(VARHDRSZ + len);

	SET_VARSIZE(bytes, VARHDRSZ + len);
	return PointerGetDatum(bytes);
}

static void
begin_row(Row *row, const SlStore *store, SlRecord **records, int nrecords)
{
	int32 key_len = 0;
	int   nabsent = 0;

	for (int i = 0; i < nrecords; i++)
	{
		nabsent += records[i]->is_absent;
		key_len = Max(key_len, records[i]->key_len);
	}
	memset(row, 0, sizeof(Row));
	row->values[SL_STATE_ENTITY - 1] = store->entity;
	row->values[SL_STATE_BYTES - 1] = zeroes(0);
	row->nulls[SL_STATE_ROOM - 1] = nabsent <= FEW;
	if (nabsent > FEW)
		row->values[SL_STATE_ROOM - 1] = zeroes(
			Min(room + room / 16, MOST_ROOM - key_len));
}

static bool
create(SlTable *table, Row *row, SlRecord *record)
{
	text *key = cstring_to_text_with_len(record->key, record->key_len);
	bool  is_done;

	row->values[SL_STATE_KEY - 1] = PointerGetDatum(key);
	is_done = sl_table_insert_if_free(table, row->values, row->nulls, &record->tid);
	record->stored = "";
	record->stored_len = 0;
	pfree(key);
	return is_done;
}

static bool
were_looked_for(SlRecord **records, int nrecords)
{
	for (int i = 0; i < nrecords; i++)
		if (!records[i]->has_tid && !records[i]->is_absent)
			return false;
	return true;
}

bool
sl_store_create(SlStore *store, SlRecord **records, int nrecords)
{
	SlTable table;
	Row     row;
	bool    is_done;

	if (!were_looked_for(records, nrecords))
		return false;
	begin_row(&row, store, records, nrecords);
	sl_table_open(&table, "sync_state", SL_STATE_COLUMNS);
	is_done = !table.has_triggers;
	for (int i = 0; is_done && i < nrecords; i++)
		is_done = records[i]->has_tid ? sl_store_lock_row(store, records[i])
									  : create(&table, &row, records[i]);
	sl_table_close(&table);
	return is_done;
}
