/*
 * apply_statement.c
 *	  What waits for an attached table, written to it by statements as anybody's.
 *
 * A statement runs with the rights of the table's owner where the caller has those, else
 * with the caller's, and under the checks, defaults, triggers and row security of the
 * table.  One that fails leaves nothing.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/resowner.h"
#include "utils/rls.h"

#include "apply.h"
#include "apply_mark.h"
#include "capture_nested.h"
#include "owner.h"
#include "path_trie.h"
#include "query.h"

/* Of what is left of a batch, backwards and forwards. */
#define MAX_PASSES 4

/* How many rows it has written, or found. */
static uint64
run_statement(const SlApply *apply, const char *sql, SlChange **changes, int n)
{
	Oid     types[3] = {JSONBARRAYOID, TEXTARRAYOID, JSONBARRAYOID};
	Datum  *payloads = palloc(sizeof(Datum) * n);
	Datum  *paths = palloc(sizeof(Datum) * n);
	Datum  *ids = palloc(sizeof(Datum) * n);
	bool   *nulls = palloc(sizeof(bool) * n);
	Datum   values[3];
	bool    is_switched = apply->writer != GetUserId();
	SlOwner before;
	int     rc;

	for (int i = 0; i < n; i++)
	{
		payloads[i] = changes[i]->payload;
		paths[i] = changes[i]->paths;
		nulls[i] = changes[i]->native_id == NULL;
		ids[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(changes[i]->native_id);
	}
	values[0] = PointerGetDatum(
		construct_array(payloads, n, JSONBOID, -1, false, TYPALIGN_INT));
	values[1] = PointerGetDatum(construct_md_array(ids, nulls, 1, &n, (int[]){1}, TEXTOID,
												   -1, false, TYPALIGN_INT));
	values[2] = PointerGetDatum(
		construct_array(paths, n, JSONBOID, -1, false, TYPALIGN_INT));
	if (is_switched)
		sl_role_begin(apply->writer, &before);
	rc = SPI_execute_with_args(sql, 3, types, values, NULL, false, 0);
	if (is_switched)
		sl_owner_end(&before);
	if (rc < 0)
		elog(ERROR, "cannot write to the table: %s", SPI_result_code_string(rc));
	return SPI_processed;
}

/* The table names the row that a create writes there. */
static bool
is_nameless(const SlApply *apply, const SlChange *change)
{
	return apply->key_column == NULL && sl_is_action(change, "create");
}

static void
expect_rows(const SlApply *apply, SlChange **changes, int n)
{
	if (is_nameless(apply, changes[0]))
		sl_applying_any();
	if (sl_is_action(changes[0], "delete"))
		sl_applying_delete();
	if (sl_is_action(changes[0], "create"))
		sl_applying_create();
	for (int i = 0; i < n; i++)
		sl_applying_expect(changes[i]->key, changes[i]->native_id);
}

/* A name of a record as a value of the column that it is in. */
static Datum
value_in(Oid relation, const SlRowColumn *column, const char *text, Oid *type)
{
	AttrNumber attnum = get_attnum(relation, column->name);
	Oid        input;
	Oid        param;

	*type = get_atttype(relation, attnum);
	getTypeInputInfo(*type, &input, &param);
	return OidInputFunctionCall(input, (char *) text, param, -1);
}

/* A row of the table as it is read once more. */
typedef struct Reading
{
	SlRawRecord raw;
	Datum      *values;
	bool       *nulls;
} Reading;

static void
begin_reading(const SlApply *apply, Reading *reading)
{
	int natts = 0;

	for (int i = 0; i < apply->reader.ncolumns; i++)
		natts = Max(natts, apply->reader.columns[i].index + 1);
	memset(reading, 0, sizeof(Reading));
	reading->raw.slots = palloc0(sizeof(SlRaw) *
								 sl_slot_of_field(apply->policy->nfields));
	reading->values = palloc0(sizeof(Datum) * natts);
	reading->nulls = palloc0(sizeof(bool) * natts);
}

/* By its key or else its native id; a create without a key has neither. */
static void
read_again(SlApply *apply, SlChange *change, Reading *reading)
{
	bool               is_by_key = apply->key_column != NULL;
	const char        *by = is_by_key ? apply->key_column : apply->id_column;
	const char        *name = is_by_key ? change->key : change->native_id;
	const SlRowColumn *column = by == NULL ? NULL : sl_apply_column(apply, by);
	Oid                type;
	Datum              value;

	if (name == NULL || column == NULL)
		return;
	value = value_in(apply->relation, column, name, &type);
	change->row = NULL;
	if (!sl_row_named(&apply->reader, apply->relation, column, type, value,
					  reading->values, reading->nulls))
		return;
	sl_row_read(&apply->reader, reading->values, reading->nulls, &reading->raw);
	sl_row_describe(&apply->reader, &reading->raw);
	change->row = pnstrdup(reading->raw.data, reading->raw.len);
}

static void
read_doubted(SlApply *apply, SlChange **changes, int n)
{
	int     settings = -1;
	Reading reading;

	for (int i = 0; i < n; i++)
	{
		if (!changes[i]->is_done || !changes[i]->is_doubted)
			continue;
		CHECK_FOR_INTERRUPTS();
		if (settings < 0)
		{
			settings = sl_row_settings();
			begin_reading(apply, &reading);
		}
		read_again(apply, changes[i], &reading);
	}
	if (settings >= 0)
		AtEOXact_GUC(true, settings);
}

static char *
no_such_row(const SlApply *apply, const SlChange *change)
{
	return psprintf("\"%s\" has no such row after the %s", get_rel_name(apply->relation),
					change->action);
}

/*
 * What a trigger has put there instead, or has written there if it stood there, may have been
 * undone with a part of the trigger.
 */
static void
check_put_rows(SlApply *apply, SlChange **changes, int n)
{
	for (int i = 0; i < n; i++)
		if (sl_applied_is_put(changes[i]->key, changes[i]->native_id))
			changes[i]->is_done = changes[i]->is_doubted = true;
	read_doubted(apply, changes, n);
	for (int i = 0; i < n; i++)
	{
		changes[i]->is_doubted = false;
		if (!changes[i]->is_done || changes[i]->row != NULL)
			continue;
		changes[i]->is_done = false;
		changes[i]->error = no_such_row(apply, changes[i]);
	}
}

/* What became of them, by the rows that capture has seen. */
static void
take_rows(const SlApply *apply, SlChange **changes, int n)
{
	for (int i = 0; i < n; i++)
	{
		SlChange   *change = changes[i];
		const char *row = sl_applied_row(change->key, change->native_id);

		change->is_done = row != NULL;
		change->is_gone = sl_is_action(change, "delete") && row != NULL;
		change->is_doubted |= sl_applied_is_kept(change->key, change->native_id);
		change->row = change->is_gone ? NULL : row;
		if (row == NULL)
			change->error = no_such_row(apply, change);
	}
}

static void
forget_rows(SlChange **changes, int n)
{
	for (int i = 0; i < n; i++)
	{
		changes[i]->is_done = false;
		changes[i]->is_gone = false;
		changes[i]->row = NULL;
	}
}

/*
 * What a statement of ours was to write stands there, or is gone, under another name; where all
 * are there, the others are what the table itself has done besides.
 */
static void
refuse_other_rows(const SlApply *apply, SlChange **changes, int n)
{
	for (int i = 0; i < n; i++)
		if (!changes[i]->is_done && sl_applied_has_others())
			ereport(ERROR, (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
							errmsg("\"%s\" has the row of key \"%s\" under another one",
								   get_rel_name(apply->relation), changes[i]->key)));
}

/* What was noted of the rows of this batch may be otherwise by now. */
static void
doubt_rows(const SlApply *apply)
{
	for (int i = 0; i < apply->nchanges; i++)
		apply->changes[i]->is_doubted |= apply->changes[i]->row != NULL ||
										 apply->changes[i]->is_gone;
}

/* A trigger that lets no update through which changes nothing has let none through. */
static bool
is_needless(SlApply *apply, SlChange *change)
{
	Reading reading;
	bool    is_as_sent;

	if (!sl_is_action(change, "update"))
		return false;
	sl_spi_connect();
	is_as_sent = run_statement(apply, sl_apply_comparison(apply, change), &change, 1) > 0;
	sl_spi_finish();
	if (!is_as_sent)
		return false;
	begin_reading(apply, &reading);
	read_again(apply, change, &reading);
	return change->row != NULL;
}

/* A row that stands there, and was not found because row security hides it from the writer. */
static void
refuse_hidden_row(SlApply *apply, SlChange *change)
{
	Reading reading;

	if (sl_is_action(change, "create") ||
		check_enable_rls(apply->relation, apply->writer, true) != RLS_ENABLED)
		return;
	begin_reading(apply, &reading);
	read_again(apply, change, &reading);
	if (change->row == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("row security of \"%s\" lets no %s of the row of key \"%s\" by role "
					"\"%s\" through",
					get_rel_name(apply->relation), change->action, change->key,
					GetUserNameFromId(apply->writer, false))));
}

/* Else capture is off, and has not seen what was written. */
static bool
is_all_seen(const SlApply *apply, SlChange **changes, int n)
{
	uint64 nseen = 0;

	for (int i = 0; i < n; i++)
		if (changes[i]->is_done)
			nseen++;
	return nseen >= apply->nwritten;
}

/* What is to be deleted may be gone.  Anything else that is not done is not to be half done. */
static void
end_deletes(SlApply *apply, SlChange **changes, int n)
{
	bool may_be_needless = is_all_seen(apply, changes, n);

	for (int i = 0; i < n; i++)
	{
		if (!changes[i]->is_done && may_be_needless && is_needless(apply, changes[i]))
			changes[i]->is_done = true;
		if (!changes[i]->is_done)
			refuse_hidden_row(apply, changes[i]);
		changes[i]->is_done |= sl_is_action(changes[i], "delete");
		if (!changes[i]->is_done)
			ereport(ERROR, (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
							errmsg("%s", changes[i]->error)));
	}
}

static int
begin_settings(const SlApply *apply)
{
	int  level = NewGUCNestLevel();
	char value[16];

	snprintf(value, sizeof(value), "%d",
			 Max(SL_APPLY_LOCK_TIMEOUT >> Min(apply->nheld, 7), 1));
	(void) set_config_option("lock_timeout", value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	return level;
}

/*
 * Runs the statement of changes that are alike; NULL, or why it failed.  Only a
 * subtransaction can be undone: that is what PG_TRY holds.
 */
static ErrorData *
try_statement(SlApply *apply, SlChange **changes, int n)
{
	MemoryContext volatile context = CurrentMemoryContext;
	ResourceOwner volatile owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	sl_applying_begin(apply->policy->systems[apply->system].name, apply->policy->entity);
	PG_TRY();
	{
		int settings = begin_settings(apply);

		expect_rows(apply, changes, n);
		sl_spi_connect();
		apply->nwritten = run_statement(apply, sl_apply_statement(apply, changes[0]),
										changes, n);
		sl_spi_finish();
		MemoryContextSwitchTo(context);
		take_rows(apply, changes, n);
		if (sl_is_action(changes[0], "create"))
			check_put_rows(apply, changes, n);
		refuse_other_rows(apply, changes, n);
		end_deletes(apply, changes, n);
		if (sl_applied_is_disturbed())
			doubt_rows(apply);
		AtEOXact_GUC(true, settings);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		error = sl_undo_subtransaction(context);
		forget_rows(changes, n);
	}
	PG_END_TRY();
	sl_applying_end();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}

static void
apply_alike(SlApply *apply, SlChange **changes, int n)
{
	ErrorData *error = try_statement(apply, changes, n);

	CHECK_FOR_INTERRUPTS();
	if (error == NULL)
		return;
	if (sl_is_of_the_call(error))
		ReThrowError(error);
	if (error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE)
		apply->nheld++;
	if (n == 1)
	{
		changes[0]->error = error->message;
		changes[0]->sqlerrcode = error->sqlerrcode;
		return;
	}
	for (int i = 0; i < n; i++)
		apply_alike(apply, changes + i, 1);
}

/* Rows that the table itself names can be told apart by nothing else than their turn. */
static bool
is_alike(const SlApply *apply, const SlChange *a, const SlChange *b)
{
	return strcmp(a->shape, b->shape) == 0 && !is_nameless(apply, a);
}

/* It may go once another one of the batch is written: what that held is free, or there, then. */
static bool
waits_for_others(const SlChange *change)
{
	return !change->is_done && (change->sqlerrcode == ERRCODE_UNIQUE_VIOLATION ||
								change->sqlerrcode == ERRCODE_EXCLUSION_VIOLATION ||
								change->sqlerrcode == ERRCODE_FOREIGN_KEY_VIOLATION);
}

/* Whether some were written, and some are left. */
static bool
try_refused(SlApply *apply, bool is_backwards)
{
	int ndone = 0;
	int nleft = 0;

	for (int i = 0; i < apply->nchanges; i++)
	{
		SlChange **change = &apply->changes[is_backwards ? apply->nchanges - 1 - i : i];

		if (!waits_for_others(*change))
			continue;
		apply_alike(apply, change, 1);
		if ((*change)->is_done)
			ndone++;
		else
			nleft++;
	}
	return ndone > 0 && nleft > 0;
}

/* Rows that follow each other, as places in a list do, are through after one or two. */
static void
try_refused_again(SlApply *apply)
{
	int pass = 0;

	while (pass < MAX_PASSES && try_refused(apply, pass % 2 == 0))
		pass++;
}

void
sl_apply_changes(SlApply *apply)
{
	int first = 0;

	for (int i = 1; i <= apply->nchanges; i++)
	{
		if (i < apply->nchanges &&
			is_alike(apply, apply->changes[first], apply->changes[i]))
			continue;
		apply_alike(apply, apply->changes + first, i - first);
		first = i;
	}
	try_refused_again(apply);
	read_doubted(apply, apply->changes, apply->nchanges);
}
