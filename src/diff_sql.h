/*
 * diff_sql.h
 *	  What the doors of the pipeline share: their arguments.
 */
#ifndef SL_DIFF_SQL_H
#define SL_DIFF_SQL_H

#include "postgres.h"

#include "fmgr.h"

#include "diff.h"

/* Of every door; the third one is what each takes in. */
enum
{
	SL_ARG_SYSTEM,
	SL_ARG_ENTITY,
	SL_ARG_RECORDS,
	SL_ARG_ACTOR,
	SL_ARG_DRY_RUN,
	SL_ARG_COMPLETE,
	SL_ARG_BASELINE,
	SL_ARG_VERBOSE,
	SL_ARG_APPROVE
};

/*
 * Checks the arguments of a door that takes all options, and opens its call: policy, system,
 * options, and where its rows go.  input is what the function calls its third argument.
 */
extern void sl_diff_open(FunctionCallInfo fcinfo, const char *function, const char *input,
						 SlDiff *diff);

#endif
