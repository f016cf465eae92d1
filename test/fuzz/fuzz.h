/*
 * fuzz.h
 *	  What the targets of the fuzzer have in common.
 *
 * A target runs in a backend of its own, in single-user mode, with the server and the
 * extension instrumented.  What it finds ends in abort(), which the fuzzer reports with
 * the input.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/jsonb.h"

#include "policy.h"

/* One input; ereports what is wrong with it. */
typedef struct FuzzTarget
{
	const char *name;
	void (*run)(const char *data, int32 len);
	const int *allowed; /* SQLSTATEs, 0 at the end */
} FuzzTarget;

extern const FuzzTarget fuzz_json_targets[];
extern const FuzzTarget fuzz_state_targets[];

/* Ends the run: the input has broken a promise. */
extern void fuzz_fail(const char *format, ...) pg_attribute_printf(1, 2)
	pg_attribute_noreturn();

/* Calls a function; the SQLSTATE that it raised, or 0. */
typedef void (*FuzzStep)(void *arg);
extern int fuzz_attempt(FuzzStep step, void *arg);

/* Valid UTF-8 without a zero byte, as the server hands it to a function. */
extern bool fuzz_is_text(const char *data, int32 len);

/* jsonb of a text; ereports as a cast does. */
extern Jsonb *fuzz_jsonb(const char *data, int32 len);
extern bool   fuzz_jsonb_equal(Jsonb *a, Jsonb *b);

/* A policy that lives as long as the backend. */
extern SlPolicy *fuzz_policy(const char *config);

#endif
