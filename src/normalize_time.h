/*
 * normalize_time.h
 *	  Moments and days as JSON payloads write them: RFC 3339 and ISO 8601.
 *
 * Neither DateStyle nor TimeZone has a say.
 */
#ifndef SL_NORMALIZE_TIME_H
#define SL_NORMALIZE_TIME_H

#include "postgres.h"

#include "pgtime.h"

#include "normalize_text.h"

/* A date, with or without a time, as it is written. */
typedef struct SlMoment
{
	int         year;
	int         month;
	int         day;
	bool        has_time;
	int         hour;
	int         minute;
	int         second;
	const char *fraction; /* digits of the second's fraction, without trailing zeros */
	int         fraction_len;
	bool        has_offset;
	int         offset; /* seconds east of UTC */
} SlMoment;

/* False where a text is no date and no date with a time. */
extern bool sl_moment_parse(SlText text, SlMoment *moment);

/*
 * The whole seconds of a moment since 2000-01-01 UTC; tz (NULL: UTC) is where a moment
 * without offset was written.
 */
extern int64 sl_moment_seconds(const SlMoment *moment, pg_tz *tz);

/*
 * The canonical text of a timestamp and of a date: *canonical is the very text
 * where it is written so.  They give NULL, or what is wrong with the text.
 */
extern const char *sl_timestamp_text(SlText text, pg_tz *tz, SlText *canonical);
extern const char *sl_date_text(SlText text, SlText *canonical);

#endif
