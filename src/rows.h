/*
 * rows.h
 *	  Rows on their way into a table: columns of values, handed to one statement as
 *	  arrays.
 */
#ifndef SL_ROWS_H
#define SL_ROWS_H

#include "postgres.h"

#define SL_ROWS_MAX_COLUMNS 16

typedef struct SlRows
{
	MemoryContext context; /* what the rows are given is copied into it */
	int           ncolumns;
	const Oid    *types;
	int           nrows;
	int           maxrows;
	Datum        *values[SL_ROWS_MAX_COLUMNS];
	bool         *nulls[SL_ROWS_MAX_COLUMNS];
} SlRows;

extern void sl_rows_init(SlRows *rows, int ncolumns, const Oid *types);

/* A new row, all of it null; rows live in the context that was current at sl_rows_init(). */
extern void sl_rows_add(SlRows *rows);

/* Sets a column of the newest row. */
extern void sl_rows_set(SlRows *rows, int column, Datum value);
extern void sl_rows_set_text(SlRows *rows, int column, const char *text);
extern void sl_rows_set_text_len(SlRows *rows, int column, const char *text, int32 len);

/* One array a column. */
extern void sl_rows_arrays(const SlRows *rows, Datum *arrays);

#endif
