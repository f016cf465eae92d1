/*
 * canonical_text.c
 *	  The canonical value of JSON text, without loss.
 *
 * The text has been validated: nothing here reads past a value that is complete.
 * What comes out is what sl_append_canonical() makes of the same jsonb, except
 * for numbers that no double holds: they stand there exactly.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "canonical.h"
#include "key_order.h"
#include "reader_scan.h"

#define FIRST_MEMBERS 16

typedef struct Scanner
{
	const char *next;
	const char *end;
	StringInfo  out;
	bool        is_inexact; /* of the value read last, at any depth */
	bool        has_nul;
	bool        too_long;
} Scanner;

/* A member of an object as it stands in the output, in input order. */
typedef struct Member
{
	int  start;
	int  len;
	bool is_inexact;
} Member;

typedef struct MemberList
{
	int     n;
	int     max;
	SlKey  *keys;
	Member *members;
} MemberList;

static void scan_value(Scanner *scanner);

static inline void
skip_space(Scanner *scanner)
{
	while (scanner->next < scanner->end &&
		   (*scanner->next == ' ' || *scanner->next == '\n' || *scanner->next == '\t' ||
			*scanner->next == '\r'))
		scanner->next++;
}

/* Steps over a character, if it comes next. */
static inline bool
accept_char(Scanner *scanner, char c)
{
	skip_space(scanner);
	if (scanner->next >= scanner->end || *scanner->next != c)
		return false;
	scanner->next++;
	return true;
}

/* The content of the string that comes next, still escaped, without its quotes. */
static const char *
scan_string_content(Scanner *scanner, int32 *len, bool *has_escape)
{
	const char *start;

	skip_space(scanner);
	start = ++scanner->next;
	*has_escape = false;
	for (; *scanner->next != '"'; scanner->next++)
	{
		if (*scanner->next == '\\')
		{
			*has_escape = true;
			scanner->next++;
		}
	}
	*len = scanner->next - start;
	scanner->next++;
	return start;
}

/*
 * Reads a string and appends it.  Returns its content, unescaped: a slice of the
 * input where nothing was escaped in it.
 */
static const char *
scan_string(Scanner *scanner, int32 *len)
{
	bool        has_escape;
	const char *s = scan_string_content(scanner, len, &has_escape);
	char       *content;

	if (!has_escape)
	{
		/* a valid string without a backslash holds nothing that needs one */
		appendBinaryStringInfo(scanner->out, s - 1, *len + 2);
		return s;
	}
	content = palloc(*len);
	*len = sl_unescape(s, *len, content);
	scanner->has_nul |= memchr(content, '\0', *len) != NULL;
	sl_append_json_string(scanner->out, content, *len);
	return content;
}

static void
scan_number(Scanner *scanner)
{
	const char *start = scanner->next;

	while (scanner->next < scanner->end && strchr("+-.eE0123456789", *scanner->next) &&
		   *scanner->next != '\0')
		scanner->next++;
	scanner->is_inexact = !sl_append_number(scanner->out, start, scanner->next - start,
											&scanner->too_long);
}

static void
scan_word(Scanner *scanner)
{
	const char *start = scanner->next;

	while (scanner->next < scanner->end && *scanner->next >= 'a' && *scanner->next <= 'z')
		scanner->next++;
	appendBinaryStringInfo(scanner->out, start, scanner->next - start);
}

static void
scan_array(Scanner *scanner)
{
	bool is_inexact = false;

	scanner->next++;
	appendStringInfoChar(scanner->out, '[');
	if (!accept_char(scanner, ']'))
	{
		do
		{
			CHECK_FOR_INTERRUPTS();
			scan_value(scanner);
			is_inexact |= scanner->is_inexact;
			appendStringInfoChar(scanner->out, ',');
		} while (accept_char(scanner, ','));
		accept_char(scanner, ']');
		scanner->out->len--;
	}
	appendStringInfoChar(scanner->out, ']');
	scanner->is_inexact = is_inexact;
}

static void
grow(MemberList *list)
{
	if (list->max == 0)
	{
		list->max = FIRST_MEMBERS;
		list->keys = palloc_array(SlKey, list->max);
		list->members = palloc_array(Member, list->max);
		return;
	}
	list->max *= 2;
	list->keys = repalloc_array(list->keys, SlKey, list->max);
	list->members = repalloc_array(list->members, Member, list->max);
}

/* Reads one member and appends it with a comma behind it. */
static void
scan_member(Scanner *scanner, MemberList *list)
{
	StringInfo  out = scanner->out;
	int         start = out->len;
	const char *name;
	int32       name_len;

	if (list->n == list->max)
		grow(list);
	name = scan_string(scanner, &name_len);
	accept_char(scanner, ':');
	appendStringInfoChar(out, ':');
	scan_value(scanner);
	appendStringInfoChar(out, ',');
	sl_key_init(&list->keys[list->n], name, name_len, list->n);
	list->members[list->n] = (Member){start, out->len - start, scanner->is_inexact};
	list->n++;
}

static bool
same_name(const SlKey *a, const SlKey *b)
{
	return a->len == b->len && memcmp(a->name, b->name, a->len) == 0;
}

/* Whether the members stand in the output as they should, each once. */
static bool
is_in_order(const MemberList *list)
{
	for (int i = 1; i < list->n; i++)
	{
		if (same_name(&list->keys[i - 1], &list->keys[i]) ||
			sl_key_compare(&list->keys[i - 1], &list->keys[i]) > 0)
			return false;
	}
	return true;
}

/* Sorts the members that end the output; of several with one name the last stays. */
static void
put_in_order(StringInfo out, MemberList *list)
{
	int   start = list->members[0].start;
	char *unsorted = pnstrdup(out->data + start, out->len - start);

	sl_keys_sort(list->keys, list->n);
	out->len = start;
	for (int i = 0; i < list->n; i++)
	{
		Member *member = &list->members[list->keys[i].ordinal];

		if (i + 1 < list->n && same_name(&list->keys[i], &list->keys[i + 1]))
			member->is_inexact = false;
		else
			appendBinaryStringInfo(out, unsorted + member->start - start, member->len);
	}
}

static void
scan_object(Scanner *scanner)
{
	MemberList list = {0};

	scanner->next++;
	appendStringInfoChar(scanner->out, '{');
	if (!accept_char(scanner, '}'))
	{
		do
		{
			CHECK_FOR_INTERRUPTS();
			scan_member(scanner, &list);
		} while (accept_char(scanner, ','));
		accept_char(scanner, '}');
		if (!is_in_order(&list))
			put_in_order(scanner->out, &list);
		scanner->out->len--;
	}
	appendStringInfoChar(scanner->out, '}');
	scanner->is_inexact = false;
	for (int i = 0; i < list.n; i++)
		scanner->is_inexact |= list.members[i].is_inexact;
}

/* Reads one value, of any shape, and appends its canonical text. */
static void
scan_value(Scanner *scanner)
{
	int32 len;

	check_stack_depth();
	skip_space(scanner);
	scanner->is_inexact = false;
	switch (*scanner->next)
	{
		case '{':
			scan_object(scanner);
			break;
		case '[':
			scan_array(scanner);
			break;
		case '"':
			(void) scan_string(scanner, &len);
			break;
		case 't':
		case 'f':
		case 'n':
			scan_word(scanner);
			break;
		default:
			scan_number(scanner);
			break;
	}
}

SlValue
sl_canonical_text(const char *json, int32 len, bool *has_nul, bool *too_long)
{
	StringInfoData out;
	Scanner        scanner = {.next = json, .end = json + len, .out = &out};

	initStringInfo(&out);
	scan_value(&scanner);
	*has_nul |= scanner.has_nul;
	*too_long |= scanner.too_long;
	if (out.len == 4 && memcmp(out.data, "null", 4) == 0)
		return sl_value_null();
	return (SlValue){out.data, out.len, scanner.is_inexact ? SL_INEXACT : SL_EXACT};
}
