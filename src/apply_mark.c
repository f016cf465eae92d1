/*
 * apply_mark.c
 *	  What sync_apply() writes itself.
 *
 * The mark is on while one statement of ours runs, and off whenever control is with anybody
 * else; sync_apply() takes it away where the statement fails, too.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/fmgrprotos.h"

#include "apply_mark.h"
#include "capture_name.h"

/* Rows that were written, by name. */
typedef struct AppliedEntry
{
	const char *name;
	const char *row;
	bool        is_asked_for;
	uint32      hash;
	char        status;
} AppliedEntry;

#define SH_PREFIX            applied
#define SH_ELEMENT_TYPE      AppliedEntry
#define SH_KEY_TYPE          const char *
#define SH_KEY               name
#define SH_HASH_KEY(tb, key) string_hash(key, strlen(key) + 1)
#define SH_EQUAL(tb, a, b)   (strcmp(a, b) == 0)
#define SH_SCOPE             static inline
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) ((a)->hash)
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

typedef struct Mark
{
	const char   *system; /* NULL: the mark is off */
	const char   *entity;
	int           depth; /* of triggers around the statement */
	applied_hash *rows;
	MemoryContext context; /* of the rows */
} Mark;

static Mark mark;

static int
trigger_depth(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
}

void
sl_applying_begin(const char *system, const char *entity)
{
	mark.system = system;
	mark.entity = entity;
	mark.depth = trigger_depth();
	mark.context = CurrentMemoryContext;
	mark.rows = applied_create(mark.context, 64, NULL);
}

void
sl_applying_end(void)
{
	mark.system = NULL;
}

bool
sl_is_any_applying(void)
{
	return mark.system != NULL;
}

bool
sl_is_applying(const TriggerData *trigger)
{
	return mark.system != NULL && !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) &&
		   trigger_depth() == mark.depth + 1 &&
		   strcmp(trigger->tg_trigger->tgargs[0], mark.system) == 0 &&
		   strcmp(trigger->tg_trigger->tgargs[1], mark.entity) == 0;
}

void
sl_applied_note(const char *name, const char *row, int len)
{
	bool          is_found;
	AppliedEntry *entry = applied_insert(mark.rows,
										 MemoryContextStrdup(mark.context, name),
										 &is_found);
	char         *copy = MemoryContextAlloc(mark.context, len + 1);

	memcpy(copy, row, len);
	copy[len] = '\0';
	entry->row = copy;
	entry->is_asked_for = false;
}

static const char *
find_row(const char *name)
{
	AppliedEntry *entry = applied_lookup(mark.rows, name);

	if (entry == NULL)
		return NULL;
	entry->is_asked_for = true;
	return entry->row;
}

const char *
sl_applied_row(const char *key, const char *native_id)
{
	const char *row = find_row(sl_name_of_key(key, (int) strlen(key)));

	if (row == NULL && native_id != NULL)
		row = find_row(sl_name_of_native_id(native_id));
	return row;
}

const char *
sl_applied_only_row(void)
{
	applied_iterator scan;
	AppliedEntry    *entry;

	applied_start_iterate(mark.rows, &scan);
	entry = applied_iterate(mark.rows, &scan);
	if (entry == NULL)
		return NULL;
	entry->is_asked_for = true;
	return entry->row;
}

bool
sl_applied_others(void)
{
	applied_iterator scan;
	AppliedEntry    *entry;

	applied_start_iterate(mark.rows, &scan);
	while ((entry = applied_iterate(mark.rows, &scan)) != NULL)
		if (!entry->is_asked_for)
			return true;
	return false;
}
