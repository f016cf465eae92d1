/*
 * reader.c
 *	  Streaming JSON: from a text of records to the few places that a policy names.
 *
 * One pass: what stands at a node of the trie is put into its places, what no path
 * names is only checked.  Each place holds what the last of duplicate keys says.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "path_trie.h"
#include "reader.h"
#include "reader_scan.h"

typedef struct Extraction
{
	SlScan scan;
	SlRaw *slots;
} Extraction;

/* Growing lists of what [*] found, one for each place below it. */
typedef struct Lists
{
	const SlPathNode *each;
	SlRaw            *lists;
} Lists;

#define FIRST_LIST_SIZE 8

static const char *read_value(Extraction *x, const char *p, const SlPathNode *node);

static inline void
put(Extraction *x, int n, const int *slots, const SlRaw *raw)
{
	for (int i = 0; i < n; i++)
		x->slots[slots[i]] = *raw;
}

/* Forgets what an earlier duplicate of this key said. */
static void
forget_below(Extraction *x, const SlPathNode *node)
{
	for (int i = 0; i < node->nbelow; i++)
		x->slots[node->below[i]].kind = SL_RAW_ABSENT;
}

/* The child for a key in which a backslash stands. */
static const SlPathNode *
find_escaped_child(const SlPathNode *node, const char *key, int32 len)
{
	char *plain = palloc(len);

	return sl_path_child(node, plain, sl_unescape(key, len, plain));
}

static const char *
read_member(Extraction *x, const char *p, const SlPathNode *node)
{
	const char       *key = p + 1;
	const SlPathNode *child;
	bool              has_escape;
	int32             len;

	if (!sl_scan_at(&x->scan, p, '"'))
		sl_scan_fail(&x->scan, p, "a key in double quotes");
	p = sl_scan_string(&x->scan, p, &has_escape);
	len = p - 1 - key;
	p = sl_scan_space(&x->scan, p);
	if (!sl_scan_at(&x->scan, p, ':'))
		sl_scan_fail(&x->scan, p, "\":\"");
	p = sl_scan_space(&x->scan, p + 1);
	child = has_escape ? find_escaped_child(node, key, len)
					   : sl_path_child(node, key, len);
	return child == NULL ? sl_scan_skip(&x->scan, p) : read_value(x, p, child);
}

/* An object, p at its brace, whose node has keys. */
static const char *
read_object(Extraction *x, const char *p, const SlPathNode *node)
{
	p = sl_scan_space(&x->scan, p + 1);
	if (sl_scan_at(&x->scan, p, '}'))
		return p + 1;
	for (;;)
	{
		p = sl_scan_space(&x->scan, read_member(x, p, node));
		if (sl_scan_at(&x->scan, p, '}'))
			return p + 1;
		if (!sl_scan_at(&x->scan, p, ','))
			sl_scan_fail(&x->scan, p, "\",\" or \"}\"");
		p = sl_scan_space(&x->scan, p + 1);
	}
}

static void
append_element(SlRaw *list, const SlRaw *element)
{
	int n = list->nelements;

	if (n == 0)
		list->elements = palloc(FIRST_LIST_SIZE * sizeof(SlRaw));
	else if (n >= FIRST_LIST_SIZE && (n & (n - 1)) == 0)
		list->elements = repalloc_huge(list->elements, (Size) n * 2 * sizeof(SlRaw));
	list->elements[list->nelements++] = *element;
}

static void
start_lists(Lists *lists, const SlPathNode *each)
{
	lists->each = each;
	lists->lists = NULL;
	if (each == NULL)
		return;
	lists->lists = palloc0(each->nbelow * sizeof(SlRaw));
	for (int i = 0; i < each->nbelow; i++)
		lists->lists[i].kind = SL_RAW_LIST;
}

/*
 * Moves what one element put into the places below [*] to their lists.  What an inner
 * [*] found is no element but several.
 */
static void
collect_element(Extraction *x, Lists *lists)
{
	for (int i = 0; i < lists->each->nbelow; i++)
	{
		SlRaw *found = &x->slots[lists->each->below[i]];

		if (found->kind == SL_RAW_LIST)
			for (int k = 0; k < found->nelements; k++)
				append_element(&lists->lists[i], &found->elements[k]);
		else if (found->kind != SL_RAW_ABSENT)
			append_element(&lists->lists[i], found);
		found->kind = SL_RAW_ABSENT;
	}
}

static void
finish_lists(Extraction *x, Lists *lists, const char *start, const char *end)
{
	for (int i = 0; lists->each != NULL && i < lists->each->nbelow; i++)
	{
		lists->lists[i].data = start;
		lists->lists[i].len = (int32) (end - start);
		x->slots[lists->each->below[i]] = lists->lists[i];
	}
}

/* One element of an array: for [n], for [*], for both or for none. */
static const char *
read_element(Extraction *x, const char *p, const SlPathNode *node, int index,
			 Lists *lists)
{
	const char *next = NULL;

	for (int i = 0; i < node->nindexes; i++)
		if (node->indexes[i].index == index)
			next = read_value(x, p, node->indexes[i].node);
	if (node->each != NULL)
	{
		next = read_value(x, p, node->each);
		collect_element(x, lists);
	}
	return next != NULL ? next : sl_scan_skip(&x->scan, p);
}

/* An array, p at its bracket, whose node has [n] or [*]. */
static const char *
read_array(Extraction *x, const char *p, const SlPathNode *node)
{
	const char *start = p;
	Lists       lists;

	start_lists(&lists, node->each);
	p = sl_scan_space(&x->scan, p + 1);
	for (int i = 0; i > 0 || !sl_scan_at(&x->scan, p, ']'); i++)
	{
		p = sl_scan_space(&x->scan, read_element(x, p, node, i, &lists));
		if (sl_scan_at(&x->scan, p, ']'))
			break;
		if (!sl_scan_at(&x->scan, p, ','))
			sl_scan_fail(&x->scan, p, "\",\" or \"]\"");
		p = sl_scan_space(&x->scan, p + 1);
	}
	finish_lists(x, &lists, start, p + 1);
	return p + 1;
}

/* A value at a node below which other paths go on. */
static const char *
read_inner(Extraction *x, const char *p, const SlPathNode *node)
{
	SlRaw       raw = {.kind = SL_RAW_ABSENT};
	const char *start = p;

	check_stack_depth();
	forget_below(x, node);
	if (node->nkeys > 0 && sl_scan_at(&x->scan, p, '{'))
	{
		raw.kind = SL_RAW_OBJECT;
		p = read_object(x, p, node);
	}
	else if ((node->nindexes > 0 || node->each != NULL) && sl_scan_at(&x->scan, p, '['))
	{
		raw.kind = SL_RAW_ARRAY;
		p = read_array(x, p, node);
	}
	else
		p = sl_scan_raw(&x->scan, p, &raw);
	raw.data = start;
	raw.len = (int32) (p - start);
	if (raw.kind == SL_RAW_NULL)
		put(x, node->nbelow, node->below, &raw);
	else if (raw.kind != SL_RAW_ARRAY && node->each != NULL)
		put(x, node->each->nbelow, node->each->below, &raw);
	put(x, node->nslots, node->slots, &raw);
	return p;
}

static inline const char *
read_leaf(Extraction *x, const char *p, const SlPathNode *node)
{
	SlRaw      *raw = &x->slots[node->slots[0]];
	const char *next = sl_scan_raw(&x->scan, p, raw);

	put(x, node->nslots - 1, node->slots + 1, raw);
	return next;
}

/* Puts the value at p into the places of a node and of those below it. */
static const char *
read_value(Extraction *x, const char *p, const SlPathNode *node)
{
	return sl_path_is_leaf(node) ? read_leaf(x, p, node) : read_inner(x, p, node);
}

/* What a text is that holds neither an object nor an array. */
static const char *
describe_scalar(SlRawKind kind)
{
	switch (kind)
	{
		case SL_RAW_NULL:
			return "null";
		case SL_RAW_TRUE:
		case SL_RAW_FALSE:
			return "a boolean";
		case SL_RAW_NUMBER:
			return "a number";
		case SL_RAW_STRING:
			return "a string";
		case SL_RAW_ABSENT:
		case SL_RAW_ARRAY:
		case SL_RAW_OBJECT:
		case SL_RAW_LIST:
			break;
	}
	elog(ERROR, "no scalar: kind %d", (int) kind);
}

/* True where a string's content looks like an object or an array. */
static bool
holds_json(const SlRaw *raw)
{
	char       *content = palloc(raw->len);
	SlScan      scan = {.start = content};
	const char *p;

	scan.end = content + sl_unescape(raw->data + 1, raw->len - 2, content);
	p = sl_scan_space(&scan, content);
	return sl_scan_at(&scan, p, '{') || sl_scan_at(&scan, p, '[');
}

/* The text is no object and no array: the error that says what it is. */
static void
pg_attribute_noreturn() refuse_scalar(SlScan *scan, const char *p)
{
	SlRaw raw;

	if (p >= scan->end)
		sl_scan_fail(scan, p, "\"{\" or \"[\"");
	p = sl_scan_space(scan, sl_scan_raw(scan, p, &raw));
	if (p < scan->end)
		sl_scan_fail(scan, p, "end of input");
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("records must be a JSON object or an array of objects, not %s",
					describe_scalar(raw.kind)),
			 raw.kind == SL_RAW_STRING && holds_json(&raw)
				 ? errhint("The payload was encoded twice: pass the object itself "
						   "(JSON.stringify once), not a string that holds its text.")
				 : errhint("Pass one record as an object, several as an array.")));
}

void
sl_reader_open(SlReader *reader, const SlPolicy *policy, int system, const char *text,
			   int32 len)
{
	SlScan scan = {.start = text, .end = text + len, .is_secret = policy->has_sensitive};
	const char *p = sl_scan_space(&scan, text);

	if (!sl_scan_at(&scan, p, '{') && !sl_scan_at(&scan, p, '['))
		refuse_scalar(&scan, p);
	reader->policy = policy;
	reader->trie = policy->systems[system].reader;
	reader->start = text;
	reader->end = text + len;
	reader->is_array = *p == '[';
	reader->next = reader->is_array ? sl_scan_space(&scan, p + 1) : p;
	reader->is_done = false;
	reader->ordinal = 0;
}

/* Nothing but white space follows the last record. */
static void
finish(SlReader *reader, SlScan *scan, const char *p)
{
	p = sl_scan_space(scan, p);
	scan->is_behind = true;
	if (p < scan->end)
		sl_scan_fail(scan, p, "end of input");
	reader->is_done = true;
}

/* Goes on behind a record: to the next one, or to the end. */
static void
advance(SlReader *reader, SlScan *scan, const char *p)
{
	if (!reader->is_array)
	{
		finish(reader, scan, p);
		return;
	}
	p = sl_scan_space(scan, p);
	scan->is_behind = true;
	if (sl_scan_at(scan, p, ']'))
		finish(reader, scan, p + 1);
	else if (sl_scan_at(scan, p, ','))
		reader->next = sl_scan_space(scan, p + 1);
	else
		sl_scan_fail(scan, p, "\",\" or \"]\"");
}

/* Puts one record into its places; an element that is no object fills none. */
static const char *
read_record(Extraction *x, const char *p, const SlReader *reader, SlRawRecord *record)
{
	memset(x->slots, 0, (SL_NSLOTS + reader->policy->nfields) * sizeof(SlRaw));
	record->is_object = sl_scan_at(&x->scan, p, '{');
	if (!record->is_object || reader->trie->nkeys == 0)
		return sl_scan_skip(&x->scan, p);
	return read_object(x, p, reader->trie);
}

bool
sl_reader_next(SlReader *reader, SlRawRecord *record)
{
	Extraction  x = {{.start = reader->start,
					  .end = reader->end,
					  .is_secret = reader->policy->has_sensitive},
					 record->slots};
	const char *start = reader->next;
	const char *end;

	CHECK_FOR_INTERRUPTS();
	if (!reader->is_done && reader->is_array && reader->ordinal == 0 &&
		sl_scan_at(&x.scan, start, ']'))
		finish(reader, &x.scan, start + 1);
	if (reader->is_done)
		return false;
	x.scan.ordinal = ++reader->ordinal;
	end = read_record(&x, start, reader, record);
	record->has_nul = x.scan.has_nul;
	record->data = start;
	record->len = (int32) (end - start);
	record->ordinal = reader->ordinal;
	advance(reader, &x.scan, end);
	return true;
}

void
sl_reader_take(const SlPolicy *policy, const SlPathNode *node, const char *json,
			   int32 len, SlRawRecord *record)
{
	Extraction  x = {{.start = json,
					  .end = json + len,
					  .ordinal = record->ordinal,
					  .is_secret = policy->has_sensitive},
					 record->slots};
	const char *p = sl_scan_space(&x.scan, json);

	p = sl_scan_space(&x.scan, read_value(&x, p, node));
	if (p < x.scan.end)
		sl_scan_fail(&x.scan, p, "end of input");
	record->has_nul |= x.scan.has_nul;
}
