/*
 * duration.c
 *	  How long something lasts, as a caller says it.
 *
 * Days and months are those of the calendar, from the moment at which they begin.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "duration.h"

TimestampTz
sl_later(TimestampTz from, Interval *by)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
												   TimestampTzGetDatum(from),
												   PointerGetDatum(by)));
}
