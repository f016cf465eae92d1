/*
 * set.c
 *	  Sets as canonical values, merged three-way.
 *
 * A canonical set is sorted by code point and holds each element once, so that every
 * operation is one walk over sorted lists.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "canonical.h"
#include "normalize_text.h"
#include "reader_scan.h"
#include "set.h"

typedef struct Set
{
	int     n;
	SlText *elements; /* ascending */
} Set;

static const Set empty_set = {0, NULL};

/* The element that starts at p, a quote; NULL where none does. */
static const char *
read_element(const char *p, const char *end, SlText *element)
{
	const char *quote = p;
	bool        has_escape = false;

	if (p >= end || *p != '"')
		return NULL;
	for (p++; p < end && *p != '"'; p++)
	{
		if (*p != '\\')
			continue;
		has_escape = true;
		p++;
	}
	if (p >= end)
		return NULL;
	p++;
	*element = sl_text_of_string(quote, (int32) (p - quote), has_escape);
	return p;
}

/* What a value of another type stood for is not known to a set. */
static Set
read_set(const SlValue *value)
{
	const char *p = value->data;
	const char *end = p + value->len;
	Set         set = {0, NULL};

	if (sl_value_is_null(value) || value->len < 2 || *p != '[')
		return empty_set;
	set.elements = palloc(sizeof(SlText) * (value->len / 2));
	for (p++; p < end && *p != ']';)
	{
		p = read_element(p, end, &set.elements[set.n++]);
		if (p == NULL || p >= end)
			return empty_set;
		if (*p == ',')
			p++;
	}
	return set;
}

static bool
holds(const Set *set, const SlText *element)
{
	int low = 0;
	int high = set->n;

	while (low < high)
	{
		int middle = (low + high) / 2;
		int order = sl_text_compare(element, &set->elements[middle]);

		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}

static void
append_element(StringInfo out, const SlText *element)
{
	if (out->len > 1)
		appendStringInfoChar(out, ',');
	sl_append_json_string(out, element->data, element->len);
}

/* The smaller of both sets' next elements, taken from each that has it; or NULL. */
static const SlText *
next_of_both(const Set *a, int *i, const Set *b, int *j)
{
	const SlText *left = *i < a->n ? &a->elements[*i] : NULL;
	const SlText *right = *j < b->n ? &b->elements[*j] : NULL;
	int           order;

	if (left == NULL || right == NULL)
		order = left != NULL ? -1 : 1;
	else
		order = sl_text_compare(left, right);
	if (order <= 0 && left != NULL)
		(*i)++;
	if (order >= 0 && right != NULL)
		(*j)++;
	return order <= 0 ? left : right;
}

/* How many of the bases hold an element. */
static int
count_holding(const Set *bases, int nbases, const SlText *element)
{
	int n = 0;

	for (int i = 0; i < nbases; i++)
		n += holds(&bases[i], element);
	return n;
}

/* Whether an element of one of the two sets is in the golden one from now on. */
static bool
stays(const Set *golden, const Set *shown, int nholding, int nbases,
	  const SlText *element)
{
	if (holds(golden, element))
		return holds(shown, element) || nbases == 0 || nholding < nbases;
	return nholding == 0;
}

SlSetMerge
sl_set_merge(const SlValue *golden, const SlValue *shown, const SlValue *bases,
			 int nbases)
{
	Set            c = read_set(golden);
	Set            obs = read_set(shown);
	Set           *b = palloc(sizeof(Set) * Max(nbases, 1));
	SlSetMerge     merge = {.is_unsure = false};
	StringInfoData out;
	const SlText  *element;
	int            i = 0;
	int            j = 0;

	for (int k = 0; k < nbases; k++)
		b[k] = read_set(&bases[k]);
	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	while ((element = next_of_both(&c, &i, &obs, &j)) != NULL)
	{
		int nholding = count_holding(b, nbases, element);

		if (!stays(&c, &obs, nholding, nbases, element))
			continue;
		append_element(&out, element);
		merge.is_unsure |= nholding > 0 && !holds(&obs, element);
	}
	appendStringInfoChar(&out, ']');
	merge.merged = (SlValue){out.data, out.len, SL_EXACT};
	return merge;
}

bool
sl_set_explains(const SlValue *golden, const SlValue *shown, const SlValue *a,
				const SlValue *b)
{
	Set c = read_set(golden);
	Set obs = read_set(shown);
	Set with = read_set(a);
	Set without = read_set(b);

	for (int i = 0; i < c.n; i++)
		if (!holds(&obs, &c.elements[i]) && holds(&with, &c.elements[i]) &&
			!holds(&without, &c.elements[i]))
			return true;
	return false;
}

bool
sl_set_same(const SlValue *a, const SlValue *b)
{
	Set left = read_set(a);
	Set right = read_set(b);

	if (left.n != right.n)
		return false;
	for (int i = 0; i < left.n; i++)
		if (sl_text_compare(&left.elements[i], &right.elements[i]) != 0)
			return false;
	return true;
}
