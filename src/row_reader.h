/*
 * row_reader.h
 *	  From rows of a relation to the few places that a policy names: columns are the
 *	  keys of a payload.
 *
 * A row is read as its row_to_json() would be, without that text where the type of a
 * column allows it, and whatever the session's settings are.
 */
#ifndef SL_ROW_READER_H
#define SL_ROW_READER_H

#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/rel.h"

#include "policy.h"
#include "reader.h"

/* A column that the policy names. */
typedef struct SlRowColumn
{
	const char       *name;
	int               name_len;
	int               index; /* of its value in a row, from 0 */
	Oid               type;  /* without its domains; json where no shorter way is known */
	FmgrInfo         *to_json;             /* of those that are not json themselves */
	bool              depends_on_settings; /* what that says may, of the session */
	bool              is_jsonb;
	bool              is_json_field; /* only fields of that type read it */
	const SlPathNode *node;
	SlRaw             value; /* in the row at hand */
} SlRowColumn;

typedef struct SlRowReader
{
	const SlPolicy *policy;
	int             system;
	int             ncolumns;
	SlRowColumn    *columns;
} SlRowReader;

/*
 * Chooses the columns of a relation, whose rows hold all of its attributes.  One that has
 * neither the record key nor the native id is an error (42703); fields that it lacks are
 * named by a notice.
 */
extern void sl_row_reader_open(SlRowReader *reader, const SlPolicy *policy, int system,
							   Relation rel);

/* The same of a table that is known to have a column for all that the policy names. */
extern void sl_row_reader_open_attached(SlRowReader *reader, const SlPolicy *policy,
										int system, Relation rel);

/* The column that is all of a path, or NULL. */
extern const SlRowColumn *sl_row_reader_column(const SlRowReader *reader,
											   const SlPath      *path);

/* True where rows must be read under sl_row_settings(). */
extern bool sl_row_reader_needs_settings(const SlRowReader *reader);

/* What to select of the relation, which is called t, where rows shall hold no more. */
extern void sl_row_reader_select(SlRowReader *reader, StringInfo out);

/* Settings of the session under which what rows say does not depend on them; the nest level
 * to leave them by AtEOXact_GUC(). */
extern int sl_row_settings(void);

/* Puts a row into its places; it has no text yet. */
extern void sl_row_read(SlRowReader *reader, const Datum *values, const bool *nulls,
						SlRawRecord *record);

/* The bytes of what was read of the last row. */
extern int64 sl_row_size(const SlRowReader *reader);

/* The text of the row that was read last: an object of the columns. */
extern void sl_row_describe(const SlRowReader *reader, SlRawRecord *record);

#endif
