/*
 * token.c
 *	  The order of two version tokens of one system.
 *
 * A total order for tokens of one kind; it is exact: no token is rounded to a double or
 * to a microsecond.
 */
#include "postgres.h"

#include "normalize.h"
#include "normalize_text.h"
#include "normalize_time.h"
#include "reader_scan.h"

/* An exponent beyond this counts as this. */
#define MAX_EXPONENT INT64CONST(1000000000000)

/* A number as its sign, its digits and where its decimal point is. */
typedef struct Decimal
{
	int         sign;      /* -1, 0 or 1 */
	int64       magnitude; /* 0.d1d2d3... times ten to this, d1 not zero */
	const char *digits;    /* from d1 on; a point may stand among them */
	const char *end;
} Decimal;

static int64
read_exponent(const char *p, const char *end)
{
	int64 exponent = 0;
	bool  is_negative = p < end && *p == '-';

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (; p < end && exponent < MAX_EXPONENT; p++)
		exponent = exponent * 10 + (*p - '0');
	return is_negative ? -exponent : exponent;
}

/* Takes a number of JSON's grammar apart. */
static Decimal
read_decimal(SlText number)
{
	const char *p = number.data;
	const char *end = p + number.len;
	Decimal     d = {1, 0, NULL, NULL};
	bool        is_behind_point = false;

	if (*p == '-')
	{
		d.sign = -1;
		p++;
	}
	for (; p < end && *p != 'e' && *p != 'E'; p++)
	{
		if (d.digits == NULL && *p >= '1')
			d.digits = p;
		if (*p == '.')
			is_behind_point = true;
		else if (d.digits != NULL && !is_behind_point)
			d.magnitude++;
		else if (d.digits == NULL && is_behind_point)
			d.magnitude--;
	}
	d.end = p;
	if (d.digits == NULL)
		d.sign = 0;
	else if (p < end)
		d.magnitude += read_exponent(p + 1, end);
	return d;
}

/* The next digit of a number, zero behind the last one. */
static char
next_digit(const char **p, const char *end)
{
	if (*p < end && **p == '.')
		(*p)++;
	return *p < end ? *(*p)++ : '0';
}

static int
compare_digits(const Decimal *a, const Decimal *b)
{
	const char *p = a->digits;
	const char *q = b->digits;

	while (p < a->end || q < b->end)
	{
		int order = next_digit(&p, a->end) - next_digit(&q, b->end);

		if (order != 0)
			return order;
	}
	return 0;
}

static int
compare_numbers(SlText a, SlText b)
{
	Decimal x = read_decimal(a);
	Decimal y = read_decimal(b);

	if (x.sign != y.sign)
		return x.sign - y.sign;
	if (x.sign == 0)
		return 0;
	if (x.magnitude != y.magnitude)
		return x.magnitude < y.magnitude ? -x.sign : x.sign;
	return x.sign * compare_digits(&x, &y);
}

static int
compare_moments(const SlMoment *a, const SlMoment *b, pg_tz *tz)
{
	int64  x = sl_moment_seconds(a, tz);
	int64  y = sl_moment_seconds(b, tz);
	SlText x_fraction = {a->fraction, a->fraction_len};
	SlText y_fraction = {b->fraction, b->fraction_len};

	if (x != y)
		return x < y ? -1 : 1;
	if (x_fraction.len == 0 || y_fraction.len == 0)
		return x_fraction.len - y_fraction.len;
	return sl_text_compare(&x_fraction, &y_fraction);
}

static bool
parse_timestamp(SlText text, SlMoment *moment)
{
	return sl_moment_parse(text, moment) && moment->has_time;
}

int
sl_token_compare(const char *a, int32 a_len, const char *b, int32 b_len, struct pg_tz *tz)
{
	SlText   x = {a, a_len};
	SlText   y = {b, b_len};
	SlMoment x_moment;
	SlMoment y_moment;

	if (a_len == b_len && memcmp(a, b, a_len) == 0)
		return 0;
	if (sl_is_json_number(a, a_len) && sl_is_json_number(b, b_len))
		return compare_numbers(x, y);
	if (parse_timestamp(x, &x_moment) && parse_timestamp(y, &y_moment))
		return compare_moments(&x_moment, &y_moment, tz);
	return sl_text_compare(&x, &y);
}
