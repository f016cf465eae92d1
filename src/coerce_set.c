/*
 * coerce_set.c
 *	  A set: its elements as texts, sorted by code point, each once.
 *
 * Value map and normalisers apply to each element; an array that already is the
 * canonical set is handed on as the slice that it is.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "canonical.h"
#include "coerce.h"
#include "reader_scan.h"

#define FIRST_SIZE 16

typedef struct Elements
{
	SlText *texts;
	int     n;
	int     size;
	bool    is_verbatim; /* every text is, unchanged, a string of the input */
	int64   quoted_len;  /* of all texts, with their quotes */
} Elements;

static void
append_text(Elements *elements, SlText text)
{
	if (elements->n == elements->size)
	{
		elements->size *= 2;
		elements->texts = repalloc_huge(elements->texts, elements->size * sizeof(SlText));
	}
	elements->texts[elements->n++] = text;
	elements->quoted_len += text.len + 2;
}

/* What a system calls an element, replaced by the element. */
static SlText
map_text(const SlValueMap *map, SlText text)
{
	SlValue value;

	if (map == NULL)
		return text;
	value = sl_text_value(text);
	if (!sl_map_value(map, &value))
		return text;
	if (value.data[0] != '"')
		return (SlText){value.data, value.len};
	return sl_text_of_value(&value);
}

static const char *
add_element(const SlCoercion *c, const SlRaw *raw, Elements *elements)
{
	SlText      text;
	const char *complaint;

	CHECK_FOR_INTERRUPTS();
	if (raw->kind == SL_RAW_NULL)
		return "no element of a set";
	complaint = sl_coerce_scalar(raw, &text);
	if (complaint != NULL)
		return raw->kind == SL_RAW_STRING ? complaint : "no element of a set";
	text = map_text(c->map, sl_text_normalize(c->field, text));
	elements->is_verbatim = elements->is_verbatim && sl_text_is_raw(text, raw);
	append_text(elements, text);
	return NULL;
}

static const char *
add_list(const SlCoercion *c, const SlRaw *list, Elements *elements, SlRaw *culprit)
{
	const char *complaint;

	for (int i = 0; i < list->nelements; i++)
	{
		complaint = add_element(c, &list->elements[i], elements);
		if (complaint == NULL)
			continue;
		*culprit = list->elements[i];
		return complaint;
	}
	return NULL;
}

/* The reader has checked the array. */
static const char *
add_array(const SlCoercion *c, const SlRaw *array, Elements *elements, SlRaw *culprit)
{
	SlScan      scan = {.start = array->data, .end = array->data + array->len};
	const char *p = sl_scan_space(&scan, scan.start + 1);
	const char *complaint;
	SlRaw       element;

	while (*p != ']')
	{
		p = sl_scan_space(&scan, sl_scan_raw(&scan, p, &element));
		complaint = add_element(c, &element, elements);
		if (complaint != NULL)
		{
			*culprit = element;
			return complaint;
		}
		if (*p == ',')
			p = sl_scan_space(&scan, p + 1);
	}
	return NULL;
}

static bool
is_sorted(const Elements *elements)
{
	for (int i = 1; i < elements->n; i++)
		if (sl_text_compare(&elements->texts[i - 1], &elements->texts[i]) >= 0)
			return false;
	return true;
}

static int
compare_elements(const void *a, const void *b)
{
	CHECK_FOR_INTERRUPTS();
	return sl_text_compare(a, b);
}

/* Sorts the elements and leaves each once. */
static void
sort_elements(Elements *elements)
{
	int n = 0;

	qsort(elements->texts, elements->n, sizeof(SlText), compare_elements);
	for (int i = 0; i < elements->n; i++)
		if (i == 0 || sl_text_compare(&elements->texts[i], &elements->texts[n - 1]) != 0)
			elements->texts[n++] = elements->texts[i];
	elements->n = n;
}

static SlValue
print_set(const Elements *elements)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoChar(&buf, '[');
	for (int i = 0; i < elements->n; i++)
	{
		if (i > 0)
			appendStringInfoChar(&buf, ',');
		sl_append_json_string(&buf, elements->texts[i].data, elements->texts[i].len);
	}
	appendStringInfoChar(&buf, ']');
	return (SlValue){buf.data, buf.len, SL_EXACT};
}

/* True where the array, as it stands, is the canonical text of its sorted elements. */
static bool
is_printed(const Elements *elements, const SlRaw *raw)
{
	int commas = Max(elements->n - 1, 0);

	return raw->kind == SL_RAW_ARRAY && elements->is_verbatim &&
		   raw->len == 2 + elements->quoted_len + commas;
}

const char *
sl_coerce_set(const SlCoercion *c, const SlRaw *raw, SlValue *value, SlRaw *culprit)
{
	Elements    elements = {.size = FIRST_SIZE, .is_verbatim = true};
	const char *complaint;

	*culprit = *raw;
	if (raw->kind != SL_RAW_ARRAY && raw->kind != SL_RAW_LIST)
		return "no set";
	elements.texts = palloc(FIRST_SIZE * sizeof(SlText));
	complaint = raw->kind == SL_RAW_LIST ? add_list(c, raw, &elements, culprit)
										 : add_array(c, raw, &elements, culprit);
	if (complaint != NULL)
		return complaint;
	if (!is_sorted(&elements))
		sort_elements(&elements);
	else if (is_printed(&elements, raw))
	{
		*value = (SlValue){raw->data, raw->len, SL_EXACT};
		return NULL;
	}
	*value = print_set(&elements);
	return NULL;
}
