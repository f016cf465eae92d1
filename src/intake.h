/*
 * intake.h
 *	  One record of an input, read and normalised: what the rules are asked about.
 */
#ifndef SL_INTAKE_H
#define SL_INTAKE_H

#include "postgres.h"

#include "normalize.h"
#include "policy.h"
#include "reader.h"
#include "state.h"

#define SL_MAX_KEY_LEN 1000

/* Reasons; a field may be missing in a record of which it is known. */
#define SL_REQUIRED_NULL    "required, but null"
#define SL_REQUIRED_MISSING "required, but missing"

typedef struct SlIntake
{
	const char *key; /* not zero-terminated; NULL: it has none, but a native id */
	int32       key_len;
	const char *native_id; /* or NULL */
	SlToken     token;
	SlToken     stamp;       /* what stands at the sentinel path; len 0: no text */
	SlValue    *values;      /* by field, room for policy->nfields */
	bool        is_deletion; /* the record was deleted there; values are absent */
	bool        is_missing;  /* the same, by a listing that does not have it */
	bool        is_written;  /* another system's hand wrote it there */
	bool        is_row;      /* of an attached table: rows of equal keys are one record */
	bool        is_id_free; /* of a deletion: its native id may name another record now */
	bool        is_rejected;
	SlReason    reason; /* of a rejected record */
} SlIntake;

/* Fills intake from a record; values point into the record's text or the current context. */
extern void sl_intake(const SlPolicy *policy, int system, const SlRawRecord *raw,
					  SlIntake *intake);

/* The same without values: what the record is called, and whether it is deleted. */
extern void sl_intake_names(const SlPolicy *policy, int system, const SlRawRecord *raw,
							SlIntake *intake);

/* The word that a record was deleted, of which only the key is known. */
extern void sl_intake_deletion(const SlPolicy *policy, const char *key, int32 key_len,
							   SlIntake *intake);

/* The same of a record of which all is there, as it was. */
extern void sl_intake_gone(const SlPolicy *policy, int system, const SlRawRecord *raw,
						   SlIntake *intake);

/* What a target says it stored, an object: what cannot be read is left out. */
extern void sl_intake_result(const SlPolicy *policy, int system, const SlRawRecord *raw,
							 SlIntake *intake);

#endif
