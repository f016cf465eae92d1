/*
 * nearest.c
 *	  "Did you mean": the known name that a wrong one is nearest to.
 *
 * The answer depends on the bytes of the names alone, on no locale.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "nearest.h"

/* What stands behind this many bytes of a name is not compared. */
#define MAX_COMPARED 255

/* More known names than this are not listed. */
#define MAX_LISTED 20

static bool
same_letter(char a, char b)
{
	return pg_ascii_tolower((unsigned char) a) == pg_ascii_tolower((unsigned char) b);
}

/* The edits for the prefixes a[0..i] and b[0..j], from the three rows kept. */
static int
cheapest_edit(const char *a, const char *b, int i, int j, int rows[3][MAX_COMPARED + 1])
{
	int *row = rows[i % 3];
	int *above = rows[(i + 2) % 3];
	int *two_above = rows[(i + 1) % 3];
	int  cost = above[j - 1] + (same_letter(a[i - 1], b[j - 1]) ? 0 : 1);

	cost = Min(cost, above[j] + 1);
	cost = Min(cost, row[j - 1] + 1);
	if (i > 1 && j > 1 && same_letter(a[i - 1], b[j - 2]) &&
		same_letter(a[i - 2], b[j - 1]))
		cost = Min(cost, two_above[j - 2] + 1);
	return cost;
}

/* Damerau-Levenshtein distance (optimal string alignment) of two names, by byte. */
static int
distance(const char *a, const char *b)
{
	int a_len = Min(strlen(a), MAX_COMPARED);
	int b_len = Min(strlen(b), MAX_COMPARED);
	int rows[3][MAX_COMPARED + 1];

	for (int j = 0; j <= b_len; j++)
		rows[0][j] = j;
	for (int i = 1; i <= a_len; i++)
	{
		rows[i % 3][0] = i;
		for (int j = 1; j <= b_len; j++)
			rows[i % 3][j] = cheapest_edit(a, b, i, j, rows);
	}
	return rows[a_len % 3][b_len];
}

const char *
sl_nearest(const char *name, const char *const *known, int nknown)
{
	const char *nearest = NULL;
	int         fewest = 0;

	for (int i = 0; i < nknown; i++)
	{
		int edits = distance(name, known[i]);

		if (nearest == NULL || edits < fewest)
		{
			nearest = known[i];
			fewest = edits;
		}
	}
	return nearest;
}

/* Near enough to be a slip of the fingers. */
static bool
is_likely(const char *name, const char *nearest)
{
	return distance(name, nearest) <= 1 + (int) Min(strlen(name), strlen(nearest)) / 3;
}

char *
sl_nearest_hint(const char *name, const char *what, const char *const *known, int nknown)
{
	const char    *nearest = sl_nearest(name, known, nknown);
	StringInfoData hint;

	if (nearest == NULL)
		return NULL;

	initStringInfo(&hint);
	if (is_likely(name, nearest))
		appendStringInfo(&hint, "Did you mean \"%s\"?", nearest);
	else
		appendStringInfo(&hint, "The nearest known name is \"%s\".", nearest);
	if (nknown > MAX_LISTED)
		return hint.data;

	appendStringInfo(&hint, " Known %s: ", what);
	for (int i = 0; i < nknown; i++)
		appendStringInfo(&hint, "%s%s", i > 0 ? ", " : "", known[i]);
	appendStringInfoChar(&hint, '.');
	return hint.data;
}
