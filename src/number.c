/*
 * number.c
 *	  Numbers of canonical JSON: as ECMAScript writes a double, or exactly.
 *
 * One value has one text, however it was written.  The setting extra_float_digits
 * and the locale have no say in it.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"

#include "canonical.h"
#include "number.h"

/* Decimals of this many digits, well inside the range of a double, all survive it. */
#define ALWAYS_EXACT_DIGITS   15
#define ALWAYS_EXACT_EXPONENT 300

/* The shortest decimal of a double never has more digits. */
#define MAX_DOUBLE_DIGITS 17

/* ECMAScript's borders between plain and exponent form. */
#define MAX_PLAIN_POINT 21
#define MIN_PLAIN_POINT (-5)

#define MAX_EXACT_DIGITS 1000
#define MAX_EXPONENT     500000000

/* Tokens up to this length need no memory from a context. */
#define SHORT_TOKEN 64

/* (-1)^is_negative * 0.DIGITS * 10^point, no zeros at either end of the digits. */
typedef struct Decimal
{
	bool  is_negative;
	int   ndigits; /* 0: the number is zero */
	int   point;
	char *digits; /* into the buffer given to parse_decimal() */
} Decimal;

/* Room for the digits of a token. */
typedef struct DigitBuffer
{
	char fixed[SHORT_TOKEN];
} DigitBuffer;

static char *
digit_room(DigitBuffer *buffer, int32 len)
{
	return len <= SHORT_TOKEN ? buffer->fixed : palloc(len);
}

static int
parse_exponent(const char *p, const char *end)
{
	bool is_negative = *p == '-';
	int  exponent = 0;

	if (*p == '-' || *p == '+')
		p++;
	for (; p < end && exponent < MAX_EXPONENT / 10; p++)
		exponent = exponent * 10 + (*p - '0');
	return is_negative ? -exponent : exponent;
}

/* Takes a number token of JSON's grammar apart; digits has room for len bytes. */
static void
parse_decimal(Decimal *number, const char *token, int32 len, char *digits)
{
	const char *p = token;
	const char *end = token + len;
	bool        in_fraction = false;
	int         n = 0;
	int         point = 0;

	number->is_negative = *p == '-';
	if (number->is_negative)
		p++;
	for (; p < end && *p != 'e' && *p != 'E'; p++)
	{
		if (*p == '.')
		{
			in_fraction = true;
			continue;
		}
		if (n > 0 || *p != '0')
			digits[n++] = *p;
		/* before the point a digit moves it, behind it a leading zero does */
		if (in_fraction)
			point -= n == 0;
		else
			point += n > 0;
	}
	if (p < end)
		point += parse_exponent(p + 1, end);
	while (n > 0 && digits[n - 1] == '0')
		n--;
	number->ndigits = n;
	number->point = n > 0 ? point : 0;
	number->digits = digits;
}

static bool
same_magnitude(const Decimal *a, const Decimal *b)
{
	return a->ndigits == b->ndigits && a->point == b->point &&
		   memcmp(a->digits, b->digits, a->ndigits) == 0;
}

/* Whether every decimal of this shape is the shortest one of its nearest double. */
static inline bool
is_always_exact(const Decimal *number)
{
	return number->ndigits <= ALWAYS_EXACT_DIGITS &&
		   abs(number->point) <= ALWAYS_EXACT_EXPONENT;
}

/* The double nearest to a number's magnitude, infinity beyond the largest. */
static double
nearest_double(const Decimal *number)
{
	char  fixed[SHORT_TOKEN];
	int   size = number->ndigits + 16;
	char *text = size <= SHORT_TOKEN ? fixed : palloc(size);

	memcpy(text, number->digits, number->ndigits);
	snprintf(text + number->ndigits, 16, "e%d", number->point - number->ndigits);
	return strtod(text, NULL);
}

/*
 * The shortest decimal that reads as the given positive double, digits having room
 * for SHORT_TOKEN bytes.
 *
 * PostgreSQL's own shortest decimal is never the exact midpoint between two
 * doubles, not even where the midpoint is shorter and rounds to the right one; to
 * ECMAScript a midpoint is as good as any (1e+23 is one).  Only midpoints can be
 * shorter than PostgreSQL's decimal, so if any decimal with one digit less reads
 * as the double, the one nearest to it does.
 */
static void
shortest_decimal(Decimal *number, double value, char *digits)
{
	char text[SHORT_TOKEN];
	int  len = double_to_shortest_decimal_buf(value, text);

	parse_decimal(number, text, len, digits);
	if (number->ndigits <= ALWAYS_EXACT_DIGITS)
		return;
	len = snprintf(text, sizeof(text), "%.*e", number->ndigits - 2, value);
	if (strtod(text, NULL) == value)
		parse_decimal(number, text, len, digits);
}

static void
append_zeros(StringInfo out, int n)
{
	enlargeStringInfo(out, n);
	memset(out->data + out->len, '0', n);
	out->len += n;
	out->data[out->len] = '\0';
}

/* Appends a number's magnitude, not zero, without an exponent. */
static void
append_plain(StringInfo out, const Decimal *number)
{
	if (number->point <= 0)
	{
		appendBinaryStringInfo(out, "0.", 2);
		append_zeros(out, -number->point);
		appendBinaryStringInfo(out, number->digits, number->ndigits);
	}
	else if (number->point >= number->ndigits)
	{
		appendBinaryStringInfo(out, number->digits, number->ndigits);
		append_zeros(out, number->point - number->ndigits);
	}
	else
	{
		appendBinaryStringInfo(out, number->digits, number->point);
		appendStringInfoCharMacro(out, '.');
		appendBinaryStringInfo(out, number->digits + number->point,
							   number->ndigits - number->point);
	}
}

static void
append_exponent_form(StringInfo out, const Decimal *number)
{
	appendStringInfoCharMacro(out, number->digits[0]);
	if (number->ndigits > 1)
	{
		appendStringInfoCharMacro(out, '.');
		appendBinaryStringInfo(out, number->digits + 1, number->ndigits - 1);
	}
	appendStringInfo(out, "e%+d", number->point - 1);
}

/* Appends the shortest decimal of a double as ECMAScript's Number::toString does. */
static void
append_ecmascript(StringInfo out, const Decimal *number)
{
	if (number->ndigits == 0)
	{
		appendStringInfoCharMacro(out, '0');
		return;
	}
	if (number->is_negative)
		appendStringInfoCharMacro(out, '-');
	if (number->point >= MIN_PLAIN_POINT && number->point <= MAX_PLAIN_POINT)
		append_plain(out, number);
	else
		append_exponent_form(out, number);
}

static bool
decimal_is_exact(const Decimal *number)
{
	char    digits[SHORT_TOKEN];
	Decimal shortest;
	double  value;

	if (is_always_exact(number))
		return true;
	if (number->ndigits > MAX_DOUBLE_DIGITS)
		return false;
	value = nearest_double(number);
	if (isinf(value) || value == 0)
		return false;
	shortest_decimal(&shortest, value, digits);
	return same_magnitude(number, &shortest);
}

/* Digits that append_plain() would write. */
static int
plain_digits(const Decimal *number)
{
	if (number->point <= 0)
		return number->ndigits - number->point + 1;
	return Max(number->ndigits, number->point);
}

bool
sl_append_number(StringInfo out, const char *token, int32 len, bool *too_long)
{
	DigitBuffer buffer;
	Decimal     number;

	parse_decimal(&number, token, len, digit_room(&buffer, len));
	if (decimal_is_exact(&number))
	{
		append_ecmascript(out, &number);
		return true;
	}
	if (plain_digits(&number) > MAX_EXACT_DIGITS)
	{
		*too_long = true;
		return false;
	}
	if (number.is_negative)
		appendStringInfoCharMacro(out, '-');
	append_plain(out, &number);
	return false;
}

bool
sl_number_is_exact(const char *token, int32 len)
{
	DigitBuffer buffer;
	Decimal     number;

	parse_decimal(&number, token, len, digit_room(&buffer, len));
	return decimal_is_exact(&number);
}

static void
append_nearest_double(StringInfo out, const Decimal *number)
{
	char    digits[SHORT_TOKEN];
	double  value = nearest_double(number);
	Decimal shortest = {0};

	if (isinf(value))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("number of %d digits is out of range of an IEEE 754 double",
						plain_digits(number)),
				 errhint("RFC 8785 knows no such number; write it as a string.")));
	if (value > 0)
		shortest_decimal(&shortest, value, digits);
	shortest.is_negative = number->is_negative;
	append_ecmascript(out, &shortest);
}

void
sl_append_double(StringInfo out, const char *token, int32 len)
{
	DigitBuffer buffer;
	Decimal     number;

	parse_decimal(&number, token, len, digit_room(&buffer, len));
	if (is_always_exact(&number))
		append_ecmascript(out, &number);
	else
		append_nearest_double(out, &number);
}
