/*
 * canonical.c
 *	  RFC 8785: one text for one jsonb.
 *
 * The containers are read in place.  A jsonb keeps its keys sorted, but by length
 * first, so each object sorts them once more.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "canonical.h"
#include "key_order.h"
#include "number.h"
#include "reader_scan.h"

/* Objects of up to this many keys need no memory from a context. */
#define FEW_KEYS 32

#define ALL_BYTES(b) (UINT64CONST(0x0101010101010101) * (b))

/* A key or value inside a container. */
typedef struct Child
{
	JEntry entry;
	uint32 offset; /* from where the container's data begins */
	uint32 len;    /* padding included */
} Child;

/* Where the text goes, and how numbers stand in it. */
typedef struct Writer
{
	StringInfo out;
	bool       is_lossless; /* as sl_append_number() */
	bool       is_inexact;
	bool       is_refused; /* the reader would not take the text */
	int        depth;
} Writer;

static void append_container(Writer *writer, const JsonbContainer *container);

static inline void
reserve(StringInfo out, int32 len)
{
	if (len >= out->maxlen - out->len)
		enlargeStringInfo(out, len);
}

static inline bool
needs_escape(uint8 byte)
{
	return byte < 0x20 || byte == '"' || byte == '\\';
}

/* Not zero where one of eight bytes needs an escape. */
static inline uint64
escape_bits(uint64 bytes)
{
	uint64 quote = bytes ^ ALL_BYTES('"');
	uint64 backslash = bytes ^ ALL_BYTES('\\');

	return (((bytes - ALL_BYTES(0x20)) & ~bytes) | ((quote - ALL_BYTES(0x01)) & ~quote) |
			((backslash - ALL_BYTES(0x01)) & ~backslash)) &
		   ALL_BYTES(0x80);
}

/* These copy a piece of a string and look at it in one go: the hot loop of a hash. */
static inline uint64
copy_eight(char *to, const char *from)
{
	uint64 bytes;

	memcpy(&bytes, from, sizeof(bytes));
	memcpy(to, &bytes, sizeof(bytes));
	return escape_bits(bytes);
}

/* Four to seven bytes: the first four and the last four, which may overlap. */
static inline uint64
copy_several(char *to, const char *from, int32 len)
{
	uint32 first;
	uint32 last;

	memcpy(&first, from, sizeof(first));
	memcpy(&last, from + len - sizeof(last), sizeof(last));
	memcpy(to, &first, sizeof(first));
	memcpy(to + len - sizeof(last), &last, sizeof(last));
	return escape_bits((uint64) first << 32 | last);
}

static inline uint64
copy_few(char *to, const char *from, int32 len)
{
	uint64 escapes = 0;

	for (int32 i = 0; i < len; i++)
	{
		to[i] = from[i];
		escapes |= needs_escape((uint8) from[i]);
	}
	return escapes;
}

/* Copies a string that stands for itself, else returns false. */
static inline bool
copy_if_plain(char *to, const char *s, int32 len)
{
	uint64 escapes = 0;

	if (len < 4)
		return copy_few(to, s, len) == 0;
	if (len < 8)
		return copy_several(to, s, len) == 0;
	for (int32 i = 0; i < len - 8; i += 8)
		escapes |= copy_eight(to + i, s + i);
	escapes |= copy_eight(to + len - 8, s + len - 8);
	return escapes == 0;
}

static void
append_escape(StringInfo out, uint8 byte)
{
	switch (byte)
	{
		case '"':
			appendBinaryStringInfo(out, "\\\"", 2);
			break;
		case '\\':
			appendBinaryStringInfo(out, "\\\\", 2);
			break;
		case '\b':
			appendBinaryStringInfo(out, "\\b", 2);
			break;
		case '\t':
			appendBinaryStringInfo(out, "\\t", 2);
			break;
		case '\n':
			appendBinaryStringInfo(out, "\\n", 2);
			break;
		case '\f':
			appendBinaryStringInfo(out, "\\f", 2);
			break;
		case '\r':
			appendBinaryStringInfo(out, "\\r", 2);
			break;
		default:
			appendStringInfo(out, "\\u%04x", byte);
			break;
	}
}

static void
append_escaped(StringInfo out, const char *s, int32 len)
{
	const char *run = s;
	const char *end = s + len;

	for (const char *p = s; p < end; p++)
	{
		if (!needs_escape((uint8) *p))
			continue;
		appendBinaryStringInfo(out, run, p - run);
		append_escape(out, (uint8) *p);
		run = p + 1;
	}
	appendBinaryStringInfo(out, run, end - run);
}

void
sl_append_json_string(StringInfo out, const char *s, int32 len)
{
	reserve(out, len + 2);
	out->data[out->len++] = '"';
	if (copy_if_plain(out->data + out->len, s, len))
		out->len += len;
	else
		append_escaped(out, s, len);
	appendStringInfoCharMacro(out, '"');
}

static void
append_numeric(Writer *writer, Numeric numeric)
{
	char *text = numeric_normalize(numeric);

	if (!writer->is_lossless)
		sl_append_double(writer->out, text, strlen(text));
	else if (!sl_append_number(writer->out, text, strlen(text), &writer->is_refused))
		writer->is_inexact = true;
}

/* Appends one child, data being where its container's data begins. */
static void
append_child(Writer *writer, const char *data, Child child)
{
	StringInfo  out = writer->out;
	const char *aligned = data + INTALIGN(child.offset);

	switch (child.entry & JENTRY_TYPEMASK)
	{
		case JENTRY_ISSTRING:
			sl_append_json_string(out, data + child.offset, child.len);
			break;
		case JENTRY_ISNUMERIC:
			append_numeric(writer, (Numeric) aligned);
			break;
		case JENTRY_ISBOOL_FALSE:
			appendBinaryStringInfo(out, "false", 5);
			break;
		case JENTRY_ISBOOL_TRUE:
			appendBinaryStringInfo(out, "true", 4);
			break;
		case JENTRY_ISNULL:
			appendBinaryStringInfo(out, "null", 4);
			break;
		case JENTRY_ISCONTAINER:
			append_container(writer, (const JsonbContainer *) aligned);
			break;
		default:
			elog(ERROR, "unexpected type of jsonb entry: 0x%08x", child.entry);
	}
}

/* The child of an entry, *offset being its own; moves it on to the next one. */
static inline Child
next_child(JEntry entry, uint32 *offset)
{
	Child child = {entry, *offset, 0};

	JBE_ADVANCE_OFFSET(*offset, entry);
	child.len = *offset - child.offset;
	return child;
}

static void
append_array(Writer *writer, const JsonbContainer *array)
{
	StringInfo  out = writer->out;
	int         n = JsonContainerSize(array);
	const char *data = (const char *) (array->children + n);
	uint32      offset = 0;

	appendStringInfoCharMacro(out, '[');
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i > 0)
			appendStringInfoCharMacro(out, ',');
		append_child(writer, data, next_child(array->children[i], &offset));
	}
	appendStringInfoCharMacro(out, ']');
}

static void
append_object(Writer *writer, const JsonbContainer *object)
{
	StringInfo  out = writer->out;
	int         n = JsonContainerSize(object);
	const char *data = (const char *) (object->children + 2 * n);
	uint32      offset = 0;
	SlKey       few_keys[FEW_KEYS];
	Child       few_values[FEW_KEYS];
	SlKey      *keys = n <= FEW_KEYS ? few_keys : palloc_array(SlKey, n);
	Child      *values = n <= FEW_KEYS ? few_values : palloc_array(Child, n);

	for (int i = 0; i < n; i++)
	{
		Child key = next_child(object->children[i], &offset);

		sl_key_init(&keys[i], data + key.offset, key.len, i);
	}
	for (int i = 0; i < n; i++)
		values[i] = next_child(object->children[n + i], &offset);
	sl_keys_sort(keys, n);

	appendStringInfoCharMacro(out, '{');
	for (int i = 0; i < n; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (i > 0)
			appendStringInfoCharMacro(out, ',');
		sl_append_json_string(out, keys[i].name, keys[i].len);
		appendStringInfoCharMacro(out, ':');
		append_child(writer, data, values[keys[i].ordinal]);
	}
	appendStringInfoCharMacro(out, '}');
}

static void
append_container(Writer *writer, const JsonbContainer *container)
{
	check_stack_depth();
	if (++writer->depth > SL_MAX_DEPTH)
		writer->is_refused = true;
	if (JsonContainerIsObject(container))
		append_object(writer, container);
	else
		append_array(writer, container);
	writer->depth--;
}

static void
append_root(Writer *writer, Jsonb *jb)
{
	const JsonbContainer *root = &jb->root;
	uint32                offset = 0;

	if (JsonContainerIsScalar(root))
		append_child(writer, (const char *) (root->children + 1),
					 next_child(root->children[0], &offset));
	else
		append_container(writer, root);
}

void
sl_append_canonical(StringInfo out, Jsonb *jb)
{
	Writer writer = {.out = out};

	append_root(&writer, jb);
}

bool
sl_canonical_jsonb(Jsonb *jb, SlValue *value)
{
	StringInfoData out;
	Writer         writer = {.out = &out, .is_lossless = true};

	initStringInfo(&out);
	append_root(&writer, jb);
	*value = (SlValue){out.data, out.len, writer.is_inexact ? SL_INEXACT : SL_EXACT};
	return !writer.is_refused;
}
