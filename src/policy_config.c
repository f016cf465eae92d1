/*
 * policy_config.c
 *	  A config document read strictly: every value is asked for by name and kind.
 *
 * What comes back from here is of the kind that was asked for; anything else has
 * ended in an error.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#include "nearest.h"
#include "policy_config.h"

/* Characters of a wrong value that an error shows. */
#define MAX_SHOWN 60

SlConfig
sl_config_root(const char *entity, Jsonb *document)
{
	SlConfig root;

	memset(&root, 0, sizeof(root));
	root.entity = entity;
	root.where = "the config";
	root.is_root = true;
	if (!JsonbExtractScalar(&document->root, &root.value))
	{
		root.value.type = jbvBinary;
		root.value.val.binary.data = &document->root;
		root.value.val.binary.len = VARSIZE_ANY_EXHDR(document);
	}
	return root;
}

void
sl_config_error(const SlConfig *at, const char *hint, const char *format, ...)
{
	StringInfoData text;

	initStringInfo(&text);
	for (;;)
	{
		va_list args;
		int     needed;

		va_start(args, format);
		needed = appendStringInfoVA(&text, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&text, needed);
	}
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("policy of \"%s\": %s %s", at->entity, at->where, text.data),
					hint == NULL ? 0 : errhint("%s", hint)));
}

/* The value as JSON, cut where it is long. */
static char *
shown(const SlConfig *at)
{
	JsonbValue copy = at->value;
	Jsonb     *jb = JsonbValueToJsonb(&copy);
	char      *text = JsonbToCString(NULL, &jb->root, VARSIZE(jb));
	int        len = strlen(text);
	int        cut = pg_mbcharcliplen(text, len, MAX_SHOWN);

	if (cut == len)
		return text;
	text[cut] = '\0';
	return psprintf("%s...", text);
}

void
sl_config_wrong_kind(const SlConfig *at, const char *expected)
{
	sl_config_error(at, NULL, "must be %s, not %s", expected, shown(at));
}

static SlConfig
member_of(const SlConfig *object, const char *key, const JsonbValue *value)
{
	SlConfig member;

	memset(&member, 0, sizeof(member));
	member.entity = object->entity;
	member.key = key;
	member.value = *value;
	member.where = sl_quoted_key(key);
	if (!object->is_root)
		member.where = psprintf("%s.%s", object->where, member.where);
	return member;
}

static bool
is_container(const SlConfig *at, bool wants_object)
{
	JsonbContainer *container = at->value.val.binary.data;

	if (at->value.type != jbvBinary)
		return false;
	return wants_object ? JsonContainerIsObject(container)
						: JsonContainerIsArray(container);
}

bool
sl_config_is_object(const SlConfig *value)
{
	return is_container(value, true);
}

bool
sl_config_is_array(const SlConfig *value)
{
	return is_container(value, false);
}

bool
sl_config_is_text(const SlConfig *value)
{
	return value->value.type == jbvString;
}

bool
sl_config_get(const SlConfig *object, const char *key, SlConfig *member)
{
	JsonbValue value;

	if (!sl_config_is_object(object))
		sl_config_wrong_kind(object, "an object");
	if (getKeyJsonValueFromContainer(object->value.val.binary.data, key, strlen(key),
									 &value) == NULL)
		return false;
	*member = member_of(object, key, &value);
	return true;
}

int
sl_config_members(const SlConfig *object, SlConfig **members)
{
	JsonbIterator *it;
	JsonbValue     key;
	JsonbValue     value;
	int            n = 0;

	if (!sl_config_is_object(object))
		sl_config_wrong_kind(object, "an object");
	*members = palloc(sizeof(SlConfig) *
					  Max(JsonContainerSize(object->value.val.binary.data), 1));
	it = JsonbIteratorInit(object->value.val.binary.data);
	(void) JsonbIteratorNext(&it, &key, true);
	while (JsonbIteratorNext(&it, &key, true) == WJB_KEY)
	{
		(void) JsonbIteratorNext(&it, &value, true);
		(*members)[n++] = member_of(object,
									pnstrdup(key.val.string.val, key.val.string.len),
									&value);
	}
	return n;
}

int
sl_config_elements(const SlConfig *array, SlConfig **elements)
{
	JsonbIterator *it;
	JsonbValue     value;
	int            n = 0;

	if (!sl_config_is_array(array))
		sl_config_wrong_kind(array, "an array");
	*elements = palloc0(sizeof(SlConfig) *
						Max(JsonContainerSize(array->value.val.binary.data), 1));
	it = JsonbIteratorInit(array->value.val.binary.data);
	(void) JsonbIteratorNext(&it, &value, true);
	while (JsonbIteratorNext(&it, &value, true) == WJB_ELEM)
	{
		(*elements)[n].entity = array->entity;
		(*elements)[n].where = psprintf("%s[%d]", array->where, n);
		(*elements)[n].value = value;
		n++;
	}
	return n;
}

static int
count_names(const char *const *names)
{
	int n = 0;

	while (names[n] != NULL)
		n++;
	return n;
}

/* The place of a name in a NULL-terminated list, or -1. */
static int
find_name(const char *const *names, const char *name)
{
	for (int i = 0; names[i] != NULL; i++)
	{
		if (strcmp(names[i], name) == 0)
			return i;
	}
	return -1;
}

void
sl_config_check_keys(const SlConfig *object, const char *const *known)
{
	SlConfig *members;
	int       n = sl_config_members(object, &members);

	for (int i = 0; i < n; i++)
	{
		const char *key = members[i].key;

		if (find_name(known, key) < 0)
			sl_config_error(&members[i],
							sl_nearest_hint(key, "keys here", known, count_names(known)),
							"is no known key");
	}
}

const char *
sl_config_text(const SlConfig *value)
{
	if (!sl_config_is_text(value))
		sl_config_wrong_kind(value, "a string");
	return pnstrdup(value->value.val.string.val, value->value.val.string.len);
}

const char *
sl_label_fault(const char *text)
{
	if (text[0] == '\0')
		return "is empty";
	if (strlen(text) > SL_MAX_FIELD_NAME)
		return "is longer than 255 bytes";
	for (const char *c = text; *c != '\0'; c++)
	{
		if ((unsigned char) *c < 0x20 || *c == 0x7f)
			return "holds a control character";
	}
	return NULL;
}

const char *
sl_name_fault(const char *name)
{
	if (name[0] == '\0')
		return "is empty";
	if (strlen(name) > SL_MAX_NAME)
		return "is longer than 63 bytes";
	for (const char *c = name; *c != '\0'; c++)
	{
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			  (*c >= '0' && *c <= '9') || *c == '_' || *c == '.'))
			return "holds other characters than letters (a to z), digits, \"_\" and \".\"";
	}
	return NULL;
}

const char *
sl_config_label(const SlConfig *value)
{
	const char *text = sl_config_text(value);
	const char *fault = sl_label_fault(text);

	if (fault != NULL)
		sl_config_error(value, NULL, "is no name: it %s", fault);
	return text;
}

/* "a", "b" or "c" */
static char *
list_of_choices(const char *const *choices)
{
	int            n = count_names(choices);
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < n; i++)
	{
		if (i > 0)
			appendStringInfoString(&list, i == n - 1 ? " or " : ", ");
		appendStringInfo(&list, "\"%s\"", choices[i]);
	}
	return list.data;
}

int
sl_config_choice(const SlConfig *value, const char *const *choices)
{
	const char *text;
	int         choice;

	if (!sl_config_is_text(value))
		sl_config_wrong_kind(value, list_of_choices(choices));
	text = sl_config_text(value);
	choice = find_name(choices, text);
	if (choice < 0)
		sl_config_error(value,
						psprintf("Did you mean \"%s\"?",
								 sl_nearest(text, choices, count_names(choices))),
						"must be %s, not %s", list_of_choices(choices), shown(value));
	return choice;
}

int
sl_config_option(const SlConfig *object, const char *key, int missing,
				 const char *const *choices)
{
	SlConfig member;

	if (!sl_config_get(object, key, &member))
		return missing;
	return sl_config_choice(&member, choices);
}

bool
sl_config_boolean(const SlConfig *object, const char *key, bool missing)
{
	SlConfig member;

	if (!sl_config_get(object, key, &member))
		return missing;
	if (member.value.type != jbvBool)
		sl_config_wrong_kind(&member, "true or false");
	return member.value.val.boolean;
}

/* A number that a double holds near enough to be checked; false for any other value. */
static bool
as_double(const SlConfig *value, double *number)
{
	if (value->value.type != jbvNumeric)
		return false;
	*number = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow,
							NumericGetDatum(value->value.val.numeric)));
	return true;
}

int
sl_config_integer(const SlConfig *object, const char *key, int missing, int max)
{
	SlConfig member;
	double   number;

	if (!sl_config_get(object, key, &member))
		return missing;
	if (!as_double(&member, &number) || number < 1 || number > max ||
		number != (int) number)
		sl_config_wrong_kind(&member, psprintf("a whole number from 1 to %d", max));
	return (int) number;
}

double
sl_config_share(const SlConfig *object, const char *key, double missing)
{
	SlConfig member;
	double   number;

	if (!sl_config_get(object, key, &member))
		return missing;
	if (!as_double(&member, &number) || number < 0 || number > 1)
		sl_config_wrong_kind(&member, "a number from 0 to 1");
	return number;
}
