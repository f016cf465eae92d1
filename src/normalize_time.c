/*
 * normalize_time.c
 *	  Moments and days as JSON payloads write them: RFC 3339 and ISO 8601.
 *
 * A strict grammar of its own, and the calendar and time zones of PostgreSQL:
 * nothing of a session has a say.  Years are 0001 to 9999.
 */
#include "postgres.h"

#include "utils/datetime.h"

#include "normalize_time.h"

#define MAX_FRACTION  6  /* digits that PostgreSQL's timestamps keep */
#define CANONICAL_LEN 20 /* 2026-01-02T01:04:05Z */
#define DATE_LEN      10 /* 2026-01-02 */

/* What of a text is still to be read. */
typedef struct Cursor
{
	const char *next;
	const char *end;
} Cursor;

static bool
take_char(Cursor *cursor, char c)
{
	if (cursor->next >= cursor->end || *cursor->next != c)
		return false;
	cursor->next++;
	return true;
}

static bool
at_digit(const Cursor *cursor)
{
	return cursor->next < cursor->end && *cursor->next >= '0' && *cursor->next <= '9';
}

/* Exactly n digits, whose number lies between min and max. */
static bool
take_number(Cursor *cursor, int n, int min, int max, int *number)
{
	*number = 0;
	for (int i = 0; i < n; i++)
	{
		if (!at_digit(cursor))
			return false;
		*number = *number * 10 + (*cursor->next++ - '0');
	}
	return *number >= min && *number <= max;
}

static bool
take_date(Cursor *cursor, SlMoment *moment)
{
	return take_number(cursor, 4, 1, 9999, &moment->year) && take_char(cursor, '-') &&
		   take_number(cursor, 2, 1, 12, &moment->month) && take_char(cursor, '-') &&
		   take_number(cursor, 2, 1, 31, &moment->day) &&
		   moment->day <= day_tab[isleap(moment->year)][moment->month - 1];
}

static bool
take_fraction(Cursor *cursor, SlMoment *moment)
{
	const char *end;

	if (!take_char(cursor, '.') && !take_char(cursor, ','))
		return true;
	if (!at_digit(cursor))
		return false;
	moment->fraction = cursor->next;
	while (at_digit(cursor))
		cursor->next++;
	for (end = cursor->next; end > moment->fraction && end[-1] == '0';)
		end--;
	moment->fraction_len = end - moment->fraction;
	return true;
}

/* hh:mm, hh:mm:ss or hh:mm:ss.f; no leap second, which PostgreSQL cannot keep. */
static bool
take_time(Cursor *cursor, SlMoment *moment)
{
	if (!take_number(cursor, 2, 0, 23, &moment->hour) || !take_char(cursor, ':') ||
		!take_number(cursor, 2, 0, 59, &moment->minute))
		return false;
	if (!take_char(cursor, ':'))
		return true;
	return take_number(cursor, 2, 0, 59, &moment->second) &&
		   take_fraction(cursor, moment);
}

/* hh, hhmm, hh:mm or hh:mm:ss behind its sign. */
static bool
take_offset(Cursor *cursor, int sign, SlMoment *moment)
{
	int hours;
	int minutes = 0;
	int seconds = 0;

	if (!take_number(cursor, 2, 0, 23, &hours))
		return false;
	if (take_char(cursor, ':'))
	{
		if (!take_number(cursor, 2, 0, 59, &minutes))
			return false;
		if (take_char(cursor, ':') && !take_number(cursor, 2, 0, 59, &seconds))
			return false;
	}
	else if (at_digit(cursor) && !take_number(cursor, 2, 0, 59, &minutes))
		return false;
	moment->offset = sign * (hours * SECS_PER_HOUR + minutes * SECS_PER_MINUTE + seconds);
	return true;
}

static bool
take_zone(Cursor *cursor, SlMoment *moment)
{
	moment->has_offset = true;
	if (take_char(cursor, 'Z') || take_char(cursor, 'z'))
		return true;
	if (take_char(cursor, '+'))
		return take_offset(cursor, 1, moment);
	if (take_char(cursor, '-'))
		return take_offset(cursor, -1, moment);
	moment->has_offset = false;
	return true;
}

bool
sl_moment_parse(SlText text, SlMoment *moment)
{
	Cursor cursor = {text.data, text.data + text.len};

	memset(moment, 0, sizeof(SlMoment));
	if (!take_date(&cursor, moment))
		return false;
	if (cursor.next == cursor.end)
		return true;
	if (!take_char(&cursor, 'T') && !take_char(&cursor, 't') && !take_char(&cursor, ' '))
		return false;
	moment->has_time = true;
	return take_time(&cursor, moment) && take_zone(&cursor, moment) &&
		   cursor.next == cursor.end;
}

/* Seconds east of UTC of a moment that does not say so itself. */
static int
offset_in_zone(const SlMoment *moment, pg_tz *tz)
{
	struct pg_tm tm = {.tm_year = moment->year,
					   .tm_mon = moment->month,
					   .tm_mday = moment->day,
					   .tm_hour = moment->hour,
					   .tm_min = moment->minute,
					   .tm_sec = moment->second};

	if (tz == NULL || strcmp(pg_get_timezone_name(tz), "UTC") == 0)
		return 0;
	return -DetermineTimeZoneOffset(&tm, tz);
}

int64
sl_moment_seconds(const SlMoment *moment, pg_tz *tz)
{
	int64 days = date2j(moment->year, moment->month, moment->day) - POSTGRES_EPOCH_JDATE;
	int   offset = moment->has_offset ? moment->offset : offset_in_zone(moment, tz);

	return days * SECS_PER_DAY + moment->hour * SECS_PER_HOUR +
		   moment->minute * SECS_PER_MINUTE + moment->second - offset;
}

/* The moment in UTC that is so many seconds after 2000-01-01; its fraction stays. */
static void
move_to_utc(SlMoment *moment, int64 seconds)
{
	int64 days = seconds / SECS_PER_DAY - (seconds % SECS_PER_DAY < 0 ? 1 : 0);
	int   rest = (int) (seconds - days * SECS_PER_DAY);

	j2date((int) days + POSTGRES_EPOCH_JDATE, &moment->year, &moment->month,
		   &moment->day);
	moment->hour = rest / SECS_PER_HOUR;
	moment->minute = rest / SECS_PER_MINUTE % MINS_PER_HOUR;
	moment->second = rest % SECS_PER_MINUTE;
}

/* True where a timestamp is written as it would be printed. */
static bool
is_canonical(SlText text, const SlMoment *m)
{
	int32 len = CANONICAL_LEN + (m->fraction_len > 0 ? 1 + m->fraction_len : 0);

	return text.len == len && text.data[10] == 'T' && text.data[16] == ':' &&
		   text.data[len - 1] == 'Z' && (m->fraction_len == 0 || text.data[19] == '.');
}

static char *
put_number(char *out, int number, int width)
{
	for (int i = width - 1; i >= 0; i--)
	{
		out[i] = '0' + number % 10;
		number /= 10;
	}
	return out + width;
}

static char *
put_date(char *out, const SlMoment *m)
{
	out = put_number(out, m->year, 4);
	*out++ = '-';
	out = put_number(out, m->month, 2);
	*out++ = '-';
	return put_number(out, m->day, 2);
}

static SlText
print_timestamp(const SlMoment *m)
{
	char *data = palloc(CANONICAL_LEN + 1 + m->fraction_len);
	char *out = put_date(data, m);

	*out++ = 'T';
	out = put_number(out, m->hour, 2);
	*out++ = ':';
	out = put_number(out, m->minute, 2);
	*out++ = ':';
	out = put_number(out, m->second, 2);
	if (m->fraction_len > 0)
	{
		*out++ = '.';
		memcpy(out, m->fraction, m->fraction_len);
		out += m->fraction_len;
	}
	*out++ = 'Z';
	return (SlText){data, out - data};
}

const char *
sl_timestamp_text(SlText text, pg_tz *tz, SlText *canonical)
{
	SlMoment m;

	*canonical = text;
	if (!sl_moment_parse(text, &m))
		return "no timestamp";
	if (!m.has_time)
		return "a date without time is no timestamp";
	if (m.fraction_len > MAX_FRACTION)
		return "a timestamp finer than a microsecond";
	if (is_canonical(text, &m))
		return NULL;
	move_to_utc(&m, sl_moment_seconds(&m, tz));
	if (m.year < 1 || m.year > 9999)
		return "a timestamp outside of the years 0001 to 9999";
	*canonical = print_timestamp(&m);
	return NULL;
}

static bool
is_midnight(const SlMoment *m)
{
	return m->hour == 0 && m->minute == 0 && m->second == 0 && m->fraction_len == 0 &&
		   m->offset == 0;
}

/* A midnight in UTC, or one without offset, is its date; any other time is not. */
const char *
sl_date_text(SlText text, SlText *canonical)
{
	SlMoment m;
	char    *data;

	*canonical = text;
	if (!sl_moment_parse(text, &m))
		return "no date";
	if (!m.has_time)
		return NULL;
	if (!is_midnight(&m))
		return "a time of day is no date";
	data = palloc(DATE_LEN);
	put_date(data, &m);
	*canonical = (SlText){data, DATE_LEN};
	return NULL;
}
