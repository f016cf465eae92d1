/*
 * rows.c
 *	  Rows on their way into a table, column by column.
 */
#include "postgres.h"

#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"

#include "rows.h"

#define FIRST_ROOM 8

void
sl_rows_init(SlRows *rows, int ncolumns, const Oid *types)
{
	Assert(ncolumns <= SL_ROWS_MAX_COLUMNS);
	memset(rows, 0, sizeof(SlRows));
	rows->context = CurrentMemoryContext;
	rows->ncolumns = ncolumns;
	rows->types = types;
}

static void
grow(SlRows *rows)
{
	int room = rows->maxrows == 0 ? FIRST_ROOM : rows->maxrows * 2;

	for (int c = 0; c < rows->ncolumns; c++)
	{
		if (rows->maxrows == 0)
		{
			rows->values[c] = MemoryContextAlloc(rows->context, sizeof(Datum) * room);
			rows->nulls[c] = MemoryContextAlloc(rows->context, sizeof(bool) * room);
			continue;
		}
		rows->values[c] = repalloc(rows->values[c], sizeof(Datum) * room);
		rows->nulls[c] = repalloc(rows->nulls[c], sizeof(bool) * room);
	}
	rows->maxrows = room;
}

void
sl_rows_add(SlRows *rows)
{
	if (rows->nrows == rows->maxrows)
		grow(rows);
	for (int c = 0; c < rows->ncolumns; c++)
	{
		rows->values[c][rows->nrows] = (Datum) 0;
		rows->nulls[c][rows->nrows] = true;
	}
	rows->nrows++;
}

static void
put(SlRows *rows, int column, Datum value)
{
	rows->values[column][rows->nrows - 1] = value;
	rows->nulls[column][rows->nrows - 1] = false;
}

void
sl_rows_set(SlRows *rows, int column, Datum value)
{
	MemoryContext old = MemoryContextSwitchTo(rows->context);
	int16         len;
	bool          by_value;

	get_typlenbyval(rows->types[column], &len, &by_value);
	put(rows, column, datumCopy(value, by_value, len));
	MemoryContextSwitchTo(old);
}

void
sl_rows_set_text(SlRows *rows, int column, const char *text)
{
	if (text != NULL)
		sl_rows_set_text_len(rows, column, text, (int32) strlen(text));
}

void
sl_rows_set_text_len(SlRows *rows, int column, const char *text, int32 len)
{
	MemoryContext old;

	if (text == NULL)
		return;
	old = MemoryContextSwitchTo(rows->context);
	put(rows, column, PointerGetDatum(cstring_to_text_with_len(text, len)));
	MemoryContextSwitchTo(old);
}

static Datum
column_array(const SlRows *rows, int column)
{
	int   dims[1] = {rows->nrows};
	int   lower_bounds[1] = {1};
	int16 len;
	bool  by_value;
	char  align;

	get_typlenbyvalalign(rows->types[column], &len, &by_value, &align);
	return PointerGetDatum(construct_md_array(rows->values[column], rows->nulls[column],
											  1, dims, lower_bounds, rows->types[column],
											  len, by_value, align));
}

void
sl_rows_arrays(const SlRows *rows, Datum *arrays)
{
	for (int c = 0; c < rows->ncolumns; c++)
		arrays[c] = column_array(rows, c);
}
