/*
 * policy_path.c
 *	  The path of a value in a payload: dotted keys, [n], [*] and quoted keys.
 *
 * A path begins with a key, holds at most one [*], and has at most MAX_STEPS steps.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "policy_config.h"

#define MAX_STEPS        100
#define MAX_INDEX_DIGITS 6

/* Where the parser stands in the text of a path. */
typedef struct PathParser
{
	const SlConfig *at;
	const char     *text;
	const char     *next;
	SlPath         *path;
} PathParser;

static void path_error(const PathParser *parser, const char *what)
	pg_attribute_noreturn();

static void
path_error(const PathParser *parser, const char *what)
{
	int position = pg_mbstrlen_with_len(parser->text, parser->next - parser->text) + 1;

	sl_config_error(
		parser->at,
		"A path is keys with dots between them, \"[0]\" for an element of an array, "
		"\"[*]\" for all of them; a key that holds a dot, a bracket or a quote stands "
		"in double quotes.",
		"is no path: \"%s\": %s at position %d", parser->text, what, position);
}

static void
add_step(PathParser *parser, SlPathStep step)
{
	SlPath *path = parser->path;

	if (path->nsteps == MAX_STEPS)
		path_error(parser, "too many steps");
	path->steps[path->nsteps++] = step;
}

static void
add_key(PathParser *parser, char *key, int len)
{
	SlPathStep step = {SL_STEP_KEY, key, len, 0};

	add_step(parser, step);
}

/* The character after a backslash is next; anything but \" and \\ is an error. */
static void
parse_escape(PathParser *parser)
{
	parser->next++;
	if (*parser->next != '"' && *parser->next != '\\' && *parser->next != '\0')
		path_error(parser, "an escape other than \\\" and \\\\");
}

static void
parse_quoted_key(PathParser *parser)
{
	StringInfoData key;

	initStringInfo(&key);
	parser->next++;
	while (*parser->next != '"')
	{
		if (*parser->next == '\\')
			parse_escape(parser);
		if (*parser->next == '\0')
			path_error(parser, "a closing quote is missing");
		appendStringInfoChar(&key, *parser->next++);
	}
	parser->next++;
	add_key(parser, key.data, key.len);
}

static void
parse_key(PathParser *parser)
{
	int len;

	if (*parser->next == '"')
	{
		parse_quoted_key(parser);
		return;
	}
	len = strcspn(parser->next, ".[]\"");
	if (len == 0)
		path_error(parser, "a key is missing");
	add_key(parser, pnstrdup(parser->next, len), len);
	parser->next += len;
}

static void
parse_each(PathParser *parser)
{
	SlPathStep step = {SL_STEP_EACH, NULL, 0, 0};

	if (sl_path_has_each(parser->path))
		path_error(parser, "a second [*]");
	add_step(parser, step);
	parser->next++;
}

static void
parse_index(PathParser *parser)
{
	SlPathStep step = {SL_STEP_INDEX, NULL, 0, 0};
	int        len = strspn(parser->next, "0123456789");

	if (len == 0)
		path_error(parser, "a number or * is missing");
	if (len > MAX_INDEX_DIGITS)
		path_error(parser, "too large an index");
	step.index = atoi(parser->next);
	add_step(parser, step);
	parser->next += len;
}

/* [n] or [*], the opening bracket just read. */
static void
parse_bracket(PathParser *parser)
{
	if (*parser->next == '*')
		parse_each(parser);
	else
		parse_index(parser);
	if (*parser->next != ']')
		path_error(parser, "a closing bracket is missing");
	parser->next++;
}

static void
parse_step(PathParser *parser)
{
	char c = *parser->next;

	if (c != '.' && c != '[')
		path_error(parser, "a dot or a bracket is missing");
	parser->next++;
	if (c == '.')
		parse_key(parser);
	else
		parse_bracket(parser);
}

SlPath *
sl_path_parse(const SlConfig *value)
{
	PathParser parser;

	if (!sl_config_is_text(value))
		sl_config_wrong_kind(value, "a path in a string");

	parser.at = value;
	parser.text = sl_config_text(value);
	parser.next = parser.text;
	parser.path = palloc0(sizeof(SlPath));
	parser.path->text = parser.text;
	parser.path->steps = palloc0(sizeof(SlPathStep) *
								 Min(strlen(parser.text) + 1, MAX_STEPS));

	parse_key(&parser);
	while (*parser.next != '\0')
		parse_step(&parser);
	return parser.path;
}

char *
sl_quoted_key(const char *key)
{
	StringInfoData text;

	if (key[0] != '\0' && strpbrk(key, ".[]\"\\ ") == NULL)
		return pstrdup(key);

	initStringInfo(&text);
	appendStringInfoChar(&text, '"');
	for (const char *c = key; *c != '\0'; c++)
	{
		if (*c == '"' || *c == '\\')
			appendStringInfoChar(&text, '\\');
		appendStringInfoChar(&text, *c);
	}
	appendStringInfoChar(&text, '"');
	return text.data;
}

SlPath *
sl_path_of_key(const char *key)
{
	SlPath *path = palloc0(sizeof(SlPath));

	path->text = sl_quoted_key(key);
	path->nsteps = 1;
	path->steps = palloc0(sizeof(SlPathStep));
	path->steps[0].kind = SL_STEP_KEY;
	path->steps[0].key = pstrdup(key);
	path->steps[0].key_len = strlen(key);
	return path;
}

const char *
sl_path_in_quotes(const SlPath *path)
{
	if (strchr(path->text, '"') != NULL)
		return path->text;
	return psprintf("\"%s\"", path->text);
}

bool
sl_path_has_each(const SlPath *path)
{
	for (int i = 0; i < path->nsteps; i++)
	{
		if (path->steps[i].kind == SL_STEP_EACH)
			return true;
	}
	return false;
}
