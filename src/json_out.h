/*
 * json_out.h
 *	  From canonical values to jsonb.
 */
#ifndef SL_JSON_OUT_H
#define SL_JSON_OUT_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "policy.h"
#include "value.h"

/* jsonb of a canonical value; SQL null (*is_null) for an absent one. */
extern Datum sl_value_to_jsonb(const SlValue *value, bool *is_null);

/* jsonb of an object of fields: a value of each field in the list, absent as null. */
extern Datum sl_fields_to_jsonb(const SlPolicy *policy, int nfields, const int *fields,
								const SlValue *values);

/* The text of that. */
extern const char *sl_fields_to_json(const SlPolicy *policy, int nfields,
									 const int *fields, const SlValue *values);

/* jsonb of a record: an object of its fields, without those that are absent. */
extern Datum sl_record_to_jsonb(const SlPolicy *policy, const SlValue *values);

/* Pushes a canonical value (absent: null) as a member's, or as an element of an array. */
extern void sl_push_value(JsonbParseState **state, const SlValue *value,
						  JsonbIteratorToken as);
extern void sl_push_key(JsonbParseState **state, const char *key, int key_len);

/* jsonb from JSON text built by us. */
extern Datum sl_text_to_jsonb(const char *json);

/* Appends a field's name, a colon and its value. */
extern void sl_append_member(StringInfo out, const SlFieldSpec *spec,
							 const SlValue *value);

#endif
