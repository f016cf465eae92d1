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

/* Of the row that had no name before it was written. */
#define NO_NAME ""

/* Rows that are to be written, by name. */
struct SlAppliedRow
{
	const char *name;
	const char *row; /* as it was written; NULL: it was not */
	uint32      hash;
	char        status;
};

#define SH_PREFIX            applied
#define SH_ELEMENT_TYPE      SlAppliedRow
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
	int           depth;      /* of triggers around the statement */
	bool          takes_any;  /* the one row has no name before it is written */
	bool          has_others; /* rows that are none of these */
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
sl_applying_begin(const char *system, const char *entity, bool takes_any)
{
	mark.system = system;
	mark.entity = entity;
	mark.depth = trigger_depth();
	mark.takes_any = takes_any;
	mark.has_others = false;
	mark.context = CurrentMemoryContext;
	mark.rows = applied_create(mark.context, 64, NULL);
}

static SlAppliedRow *
add_row(const char *name)
{
	bool          is_found;
	SlAppliedRow *row = applied_insert(mark.rows, name, &is_found);

	if (!is_found)
		row->row = NULL;
	return row;
}

void
sl_applying_expect(const char *key, const char *native_id)
{
	add_row(sl_name_of_key(key, (int) strlen(key)));
	if (native_id != NULL)
		add_row(sl_name_of_native_id(native_id));
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

SlAppliedRow *
sl_applied_find(const char *key, int key_len, const char *native_id)
{
	SlAppliedRow *row = NULL;

	if (key != NULL)
		row = applied_lookup(mark.rows, sl_name_of_key(key, key_len));
	if (row == NULL && native_id != NULL)
		row = applied_lookup(mark.rows, sl_name_of_native_id(native_id));
	return row == NULL && mark.takes_any ? add_row(NO_NAME) : row;
}

void
sl_applied_note(SlAppliedRow *applied, const char *row, int len)
{
	char *copy = MemoryContextAlloc(mark.context, len + 1);

	memcpy(copy, row, len);
	copy[len] = '\0';
	applied->row = copy;
}

void
sl_applied_note_others(void)
{
	mark.has_others = true;
}

bool
sl_applied_has_others(void)
{
	return mark.has_others;
}

static const char *
row_of(const char *name)
{
	SlAppliedRow *row = applied_lookup(mark.rows, name);

	return row == NULL ? NULL : row->row;
}

const char *
sl_applied_row(const char *key, const char *native_id)
{
	const char *row = row_of(sl_name_of_key(key, (int) strlen(key)));

	if (row == NULL && native_id != NULL)
		row = row_of(sl_name_of_native_id(native_id));
	return row == NULL ? row_of(NO_NAME) : row;
}
