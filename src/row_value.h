/*
 * row_value.h
 *	  A value of a column as a slice of JSON text.
 */
#ifndef SL_ROW_VALUE_H
#define SL_ROW_VALUE_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "reader.h"

/*
 * A value that is not null, of a type that is no container: boolean, number, text, date or
 * timestamp.  The text is palloc'd.
 */
extern void sl_row_value(SlRaw *raw, Datum value, Oid type);

/*
 * Where only fields of type json read it, an object or array is canonical at once, and has its
 * kind; else the kind is left to whoever reads the text.
 */
extern void sl_row_jsonb(SlRaw *raw, Jsonb *value, bool is_json_field);

#endif
