/*
 * policy_interval.c
 *	  A window of a config: a PostgreSQL interval as microseconds.
 *
 * The same text means the same under every setting of the session.
 */
#include "postgres.h"

#include "common/int.h"
#include "datatype/timestamp.h"
#include "pgtime.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "policy_config.h"

/* A window longer than this is a mistake. */
#define MAX_DAYS 36500

/*
 * Reads what interval_in reads, without its exceptions; false where it is none.
 * IntervalStyle changes only the meaning of a minus sign, which no window has.
 */
static bool
decode(const char *text, struct pg_itm_in *interval)
{
	char  buffer[256];
	char *fields[MAXDATEFIELDS];
	int   types[MAXDATEFIELDS];
	int   nfields;
	int   type;

	memset(interval, 0, sizeof(*interval));
	if (ParseDateTime(text, buffer, sizeof(buffer), fields, types, MAXDATEFIELDS,
					  &nfields) != 0)
		return false;
	if (DecodeInterval(fields, types, nfields, INTERVAL_FULL_RANGE, &type, interval) == 0)
		return type == DTK_DELTA;

	/* ISO 8601: it changes its input, so it gets a copy. */
	memset(interval, 0, sizeof(*interval));
	return DecodeISO8601Interval(pstrdup(text), &type, interval) == 0 &&
		   type == DTK_DELTA;
}

/* Days count 24 hours: nothing here knows a time zone. */
static bool
to_microseconds(const struct pg_itm_in *interval, int64 *result)
{
	int64 days;

	if (interval->tm_mday > MAX_DAYS)
		return false;
	days = interval->tm_mday * USECS_PER_DAY;
	if (pg_add_s64_overflow(days, interval->tm_usec, result))
		return false;
	return *result >= 0 && *result <= MAX_DAYS * USECS_PER_DAY;
}

/* Zero needs no unit. */
static bool
is_zero(const SlConfig *member)
{
	return member->value.type == jbvNumeric &&
		   DatumGetInt32(DirectFunctionCall2(numeric_cmp,
											 NumericGetDatum(member->value.val.numeric),
											 DirectFunctionCall1(int4_numeric,
																 Int32GetDatum(0)))) == 0;
}

int64
sl_config_interval(const SlConfig *object, const char *key, int64 missing)
{
	SlConfig         member;
	const char      *text;
	struct pg_itm_in interval;
	int64            result;

	if (!sl_config_get(object, key, &member))
		return missing;
	if (is_zero(&member))
		return 0;
	if (!sl_config_is_text(&member))
		sl_config_wrong_kind(&member, "an interval in a string, such as \"60 seconds\"");

	text = sl_config_text(&member);
	if (strchr(text, '-') != NULL || !decode(text, &interval))
		sl_config_wrong_kind(&member,
							 "an interval such as \"60 seconds\", without a minus sign");
	if (interval.tm_mon != 0 || interval.tm_year != 0)
		sl_config_wrong_kind(&member,
							 "an interval of fixed length, without months or years");
	if (!to_microseconds(&interval, &result))
		sl_config_wrong_kind(&member, "an interval from 0 to 36500 days");
	return result;
}
