/*
 * duration.c
 *	  How long something lasts, as a caller says it.
 *
 * Days and months are those of the calendar, from the moment at which they begin.
 */
#include "postgres.h"

#include <math.h>

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "duration.h"

/* Far from where a timestamp ends, whatever it is added to. */
#define MAX_YEARS 10000

static void
check_length(const char *argument, Interval *by)
{
	double days = by->month * (double) DAYS_PER_YEAR / MONTHS_PER_YEAR + by->day +
				  by->time / (double) USECS_PER_DAY;

	if (fabs(days) > MAX_YEARS * DAYS_PER_YEAR)
		ereport(ERROR, (errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
						errmsg("%s is out of range: %s", argument,
							   DatumGetCString(DirectFunctionCall1(interval_out,
																   PointerGetDatum(by)))),
						errhint("Give %d years at most.", MAX_YEARS)));
}

TimestampTz
sl_later(const char *argument, TimestampTz from, Interval *by)
{
	check_length(argument, by);
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												   TimestampTzGetDatum(from),
												   PointerGetDatum(by)));
}
