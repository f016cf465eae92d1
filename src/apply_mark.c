/*
 * apply_mark.c
 *	  What sync_apply() writes itself.
 *
 * The mark is on while one statement of ours runs; sync_apply() takes it away where the
 * statement fails, too.  A trigger inside may call sync_apply() again, which has a mark of its own.
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
	const char *row;     /* as it was written; NULL: it was not */
	bool        is_kept; /* written, where it was to be deleted */
	bool        is_put;  /* by a trigger inside, and nothing else was said of it */
	bool        is_out;  /* a trigger inside has deleted it, which was said */
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
	struct Mark  *outer; /* of a statement whose trigger has called sync_apply() again */
	const char   *system;
	const char   *entity;
	int           depth;     /* of triggers around the statement */
	bool          takes_any; /* the one row has no name before it is written */
	bool          is_delete;
	bool          is_create;
	bool          has_others;   /* rows that are none of these */
	bool          is_disturbed; /* anything was written besides */
	applied_hash *rows;
	MemoryContext context; /* of the rows */
} Mark;

static Mark *mark = NULL; /* NULL: no statement of ours is running */

static int
trigger_depth(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0));
}

void
sl_applying_begin(const char *system, const char *entity)
{
	Mark *begun = palloc0(sizeof(Mark));

	begun->outer = mark;
	begun->system = system;
	begun->entity = entity;
	begun->depth = trigger_depth();
	begun->context = CurrentMemoryContext;
	begun->rows = applied_create(begun->context, 64, NULL);
	mark = begun;
}

void
sl_applying_any(void)
{
	mark->takes_any = true;
}

void
sl_applying_delete(void)
{
	mark->is_delete = true;
}

void
sl_applying_create(void)
{
	mark->is_create = true;
}

void
sl_applying_end(void)
{
	mark = mark->outer;
}

static SlAppliedRow *
add_row(const char *name)
{
	bool          is_found;
	SlAppliedRow *row = applied_insert(mark->rows, name, &is_found);

	if (!is_found)
	{
		row->row = NULL;
		row->is_kept = row->is_put = row->is_out = false;
	}
	return row;
}

void
sl_applying_expect(const char *key, const char *native_id)
{
	add_row(sl_name_of_key(key, (int) strlen(key)));
	if (native_id != NULL)
		add_row(sl_name_of_native_id(native_id));
}

bool
sl_is_any_applying(void)
{
	return mark != NULL;
}

static bool
is_of_table(const Mark *statement, const TriggerData *trigger)
{
	return strcmp(trigger->tg_trigger->tgargs[0], statement->system) == 0 &&
		   strcmp(trigger->tg_trigger->tgargs[1], statement->entity) == 0;
}

bool
sl_is_applying(const TriggerData *trigger)
{
	return mark != NULL && !TRIGGER_FIRED_FOR_ROW(trigger->tg_event) &&
		   trigger_depth() == mark->depth + 1 && is_of_table(mark, trigger);
}

bool
sl_applied_note_again(const TriggerData *trigger, const char *name)
{
	for (Mark *m = mark; m != NULL; m = m->outer)
	{
		SlAppliedRow *row = NULL;

		if (trigger_depth() > m->depth + 1 && is_of_table(m, trigger))
			row = applied_lookup(m->rows, name);
		if (row == NULL)
			continue;
		row->is_kept = m->is_delete;
		row->is_put |= m->is_create && row->row == NULL;
		return true;
	}
	return false;
}

/* Of a statement that inserts rows, where the trigger was fired inside of it. */
static SlAppliedRow *
created_within(const TriggerData *trigger, const char *name)
{
	if (!mark->is_create || trigger_depth() <= mark->depth + 1 ||
		!is_of_table(mark, trigger))
		return NULL;
	return applied_lookup(mark->rows, name);
}

bool
sl_applied_put(const TriggerData *trigger, const char *name, const char *row, int len)
{
	SlAppliedRow *applied = created_within(trigger, name);

	if (applied == NULL || applied->is_out || (applied->row != NULL && !applied->is_put))
		return false;
	sl_applied_note(applied, row, len);
	applied->is_put = true;
	return true;
}

bool
sl_applied_take_out(const TriggerData *trigger, const char *name)
{
	SlAppliedRow *applied = created_within(trigger, name);

	if (applied == NULL)
		return false;
	if (!applied->is_put)
	{
		applied->is_out = true;
		return false;
	}
	applied->is_put = false;
	applied->row = NULL;
	return true;
}

SlAppliedRow *
sl_applied_by_key(const char *key, int len)
{
	return applied_lookup(mark->rows, sl_name_of_key(key, len));
}

SlAppliedRow *
sl_applied_by_native_id(const char *native_id)
{
	return applied_lookup(mark->rows, sl_name_of_native_id(native_id));
}

SlAppliedRow *
sl_applied_nameless(void)
{
	return mark->takes_any ? add_row(NO_NAME) : NULL;
}

static void
disturb(Mark *first, const char *system, const char *entity)
{
	for (Mark *m = first; m != NULL; m = m->outer)
		m->is_disturbed |= strcmp(m->system, system) == 0 &&
						   strcmp(m->entity, entity) == 0;
}

void
sl_applied_note(SlAppliedRow *applied, const char *row, int len)
{
	char *copy = MemoryContextAlloc(mark->context, len + 1);

	memcpy(copy, row, len);
	copy[len] = '\0';
	applied->row = copy;
	applied->is_put = false;
	disturb(mark->outer, mark->system, mark->entity);
}

void
sl_applied_note_others(void)
{
	mark->has_others = true;
	disturb(mark, mark->system, mark->entity);
}

void
sl_applied_disturb(const char *system, const char *entity)
{
	disturb(mark, system, entity);
}

bool
sl_applied_has_others(void)
{
	return mark->has_others;
}

bool
sl_applied_is_disturbed(void)
{
	return mark->is_disturbed;
}

static const char *
row_of(const char *name)
{
	SlAppliedRow *row = applied_lookup(mark->rows, name);

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

static bool
is_kept(const char *name)
{
	SlAppliedRow *row = applied_lookup(mark->rows, name);

	return row != NULL && row->is_kept;
}

bool
sl_applied_is_kept(const char *key, const char *native_id)
{
	return is_kept(sl_name_of_key(key, (int) strlen(key))) ||
		   (native_id != NULL && is_kept(sl_name_of_native_id(native_id)));
}

static bool
is_put(const char *name)
{
	SlAppliedRow *row = applied_lookup(mark->rows, name);

	return row != NULL && row->is_put;
}

bool
sl_applied_is_put(const char *key, const char *native_id)
{
	return is_put(sl_name_of_key(key, (int) strlen(key))) ||
		   (native_id != NULL && is_put(sl_name_of_native_id(native_id)));
}
