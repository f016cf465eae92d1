/*
 * poll_limits.c
 *	  How much one poll may ask for, and for how long.
 *
 * What is handed out is somebody's for a while: nobody else gets it at once.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/timestamp.h"

#include "duration.h"
#include "poll_limits.h"

PG_FUNCTION_INFO_V1(sync_conflict_limits);

#define MAX_AT_ONCE 100000

static void
need(FunctionCallInfo fcinfo, int arg, const char *function, const char *name)
{
	if (PG_ARGISNULL(arg))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"%s\" of %s must not be null", name, function),
						errhint("Leave it out to have its default.")));
}

static void
check_most(int32 most, const char *name)
{
	if (most < 1 || most > MAX_AT_ONCE)
		ereport(
			ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s must be from 1 to %d, not %d", name, MAX_AT_ONCE, most),
			 errhint(
				 "Ask for what one turn can deal with; the next call gets the rest.")));
}

static void
check_lease(Interval *lease, const char *hint)
{
	if (sl_later("lease", 0, lease) <= 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("lease must be longer than zero"), errhint("%s", hint)));
}

void
sl_poll_check_limits(FunctionCallInfo fcinfo, int arg, const SlPollWords *words)
{
	need(fcinfo, arg, words->function, words->most);
	need(fcinfo, arg + 1, words->function, "lease");
	check_most(PG_GETARG_INT32(arg), words->most);
	check_lease(PG_GETARG_INTERVAL_P(arg + 1), words->lease_hint);
}

/* (max_conflicts, lease): the guard of sync_conflict_poll. */
Datum
sync_conflict_limits(PG_FUNCTION_ARGS)
{
	static const SlPollWords words = {
		.function = "sync_conflict_poll",
		.most = "max_conflicts",
		.lease_hint = "Give the time that it takes to tell somebody, and some more."};

	sl_poll_check_limits(fcinfo, 0, &words);
	PG_RETURN_VOID();
}
