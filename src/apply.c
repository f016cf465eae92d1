/*
 * apply.c
 *	  sync_apply(): what waits for the attached tables of a system is written to them.
 *
 * Claim, write, answer and sight are one transaction: nothing crosses.  A change that the
 * table refuses comes back to the outbox with the error, and the rest goes on.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"

#include "apply.h"
#include "attach.h"
#include "outbox_ack.h"
#include "outbox_gate.h"
#include "outbox_nack.h"
#include "policy_cache.h"
#include "query.h"

PG_FUNCTION_INFO_V1(sync_apply);

/* Changes that are claimed and written at a time. */
#define BATCH 1000

static SlPlan claim = {
	.sql =
		"SELECT p.lease, p.id, p.record_key, p.native_id, p.action, p.payload,"
		" ARRAY(SELECT k FROM pg_catalog.jsonb_object_keys(p.payload) AS k"
		"  ORDER BY k COLLATE pg_catalog.\"C\"), p.change_set"
		" FROM %s.sync_poll($1, $2, '1 hour'::pg_catalog.interval, 'sync_apply', $3) AS p",
	.nargs = 3,
	.argtypes = {TEXTOID, INT4OID, TEXTOID}};

static SlPlan see_rows = {
	.sql = "SELECT pg_catalog.count(*) FROM %s.sync_diff($1, $2, $3,"
		   " actor => $4)",
	.nargs = 4,
	.argtypes = {TEXTOID, TEXTOID, TEXTOID, TEXTOID}};

static SlPlan see_deletes = {
	.sql = "SELECT pg_catalog.count(*) FROM %s.sync_delete($1, $2, $3)",
	.nargs = 3,
	.argtypes = {TEXTOID, TEXTOID, TEXTARRAYOID}};

static Datum
system_name(const SlApply *apply)
{
	return CStringGetTextDatum(apply->policy->systems[apply->system].name);
}

static const char *
text_or_null(uint64 row, int column)
{
	bool  is_null;
	Datum value = sl_query_value(row, column, &is_null);

	return is_null ? NULL : TextDatumGetCString(value);
}

/* Deletes first, for they make room; creates last: where the order means nothing else. */
static int
rank_of(const char *action)
{
	if (strcmp(action, "delete") == 0)
		return 0;
	return strcmp(action, "create") == 0 ? 2 : 1;
}

static SlChange *
read_change(const SlApply *apply, uint64 row)
{
	SlChange *change = palloc0(sizeof(SlChange));
	bool      is_null;
	Datum     change_set = sl_query_value(row, 8, &is_null);

	change->paths = sl_apply_paths(apply, is_null ? NULL : DatumGetJsonbP(change_set));
	change->id = DatumGetInt64(sl_query_value_not_null(row, 2));
	change->key = text_or_null(row, 3);
	change->native_id = text_or_null(row, 4);
	change->action = text_or_null(row, 5);
	change->payload = PointerGetDatum(
		PG_DETOAST_DATUM_COPY(sl_query_value_not_null(row, 6)));
	change->columns = PointerGetDatum(
		PG_DETOAST_DATUM_COPY(sl_query_value_not_null(row, 7)));
	change->is_by_native_id = rank_of(change->action) < 2 && apply->id_column != NULL &&
							  change->native_id != NULL;
	change->shape = psprintf("%d %d %s", rank_of(change->action), change->is_by_native_id,
							 OidOutputFunctionCall(F_ARRAY_OUT, change->columns));
	return change;
}

static int
compare_changes(const void *a, const void *b)
{
	const SlChange *x = *(SlChange *const *) a;
	const SlChange *y = *(SlChange *const *) b;
	int             order = strcmp(x->shape, y->shape);

	if (order != 0)
		return order;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* The batch outlives the results of SPI: it lives in the context that is current. */
static void
claim_batch(SlApply *apply, int max_changes)
{
	MemoryContext context = CurrentMemoryContext;
	Datum         values[3] = {system_name(apply), Int32GetDatum(max_changes),
							   CStringGetTextDatum(apply->policy->entity)};

	sl_spi_connect();
	apply->nchanges = (int) sl_query_select(&claim, values, NULL);
	MemoryContextSwitchTo(context);
	apply->changes = palloc(sizeof(SlChange *) * Max(apply->nchanges, 1));
	for (int i = 0; i < apply->nchanges; i++)
	{
		apply->lease = DatumGetInt64(sl_query_value_not_null(i, 1));
		apply->changes[i] = read_change(apply, i);
	}
	sl_spi_finish();
	if (!apply->is_ordered)
		qsort(apply->changes, apply->nchanges, sizeof(SlChange *), compare_changes);
}

/* Of each that was done what stands there now; returns how many there are. */
static int
gather_written(const SlApply *apply, SlWritten *written)
{
	int n = 0;

	for (int i = 0; i < apply->nchanges; i++)
	{
		const SlChange *change = apply->changes[i];

		if (change->is_done)
			written[n++] = (SlWritten){.id = change->id, .row = change->row};
	}
	return n;
}

static void
nack_others(const SlApply *apply)
{
	for (int i = 0; i < apply->nchanges; i++)
		if (!apply->changes[i]->is_done)
			sl_nack_undone(apply->changes[i]->id, apply->lease, apply->changes[i]->error);
}

/*
 * What no acknowledgement could take for a sight: a row that is refused, under another name, or
 * there again though it was deleted.
 */
static void
see_others(const SlApply *apply, const SlWritten *written, int n, const char *actor)
{
	StringInfoData rows;
	Datum values[4] = {system_name(apply), CStringGetTextDatum(apply->policy->entity)};

	initStringInfo(&rows);
	for (int i = 0; i < n; i++)
		if (written[i].row != NULL && !written[i].is_seen)
			appendStringInfo(&rows, "%c%s", rows.len == 0 ? '[' : ',', written[i].row);
	if (rows.len == 0)
		return;
	appendStringInfoChar(&rows, ']');
	values[2] = PointerGetDatum(cstring_to_text_with_len(rows.data, rows.len));
	values[3] = CStringGetTextDatum(actor);
	sl_query_select(&see_rows, values, NULL);
}

static void
see_deleted(const SlApply *apply)
{
	Datum *keys = palloc(sizeof(Datum) * apply->nchanges);
	int    n = 0;
	Datum  values[3] = {system_name(apply), CStringGetTextDatum(apply->policy->entity)};

	for (int i = 0; i < apply->nchanges; i++)
		if (apply->changes[i]->is_done && sl_is_action(apply->changes[i], "delete"))
			keys[n++] = CStringGetTextDatum(apply->changes[i]->key);
	if (n == 0)
		return;
	values[2] = PointerGetDatum(
		construct_array(keys, n, TEXTOID, -1, false, TYPALIGN_INT));
	sl_query_select(&see_deletes, values, NULL);
}

/* Writes what is in the batch, and says what became of it; how many were applied. */
static int
settle_batch(SlApply *apply)
{
	const char *actor = GetUserNameFromId(GetUserId(), false);
	SlWritten  *written;
	int         n;
	int         napplied;

	if (apply->nchanges == 0)
		return 0;
	sl_apply_changes(apply);
	written = palloc(sizeof(SlWritten) * apply->nchanges);
	n = gather_written(apply, written);
	sl_spi_connect();
	napplied = sl_ack_written(apply->lease, written, n, actor);
	nack_others(apply);
	see_deleted(apply);
	see_others(apply, written, n, actor);
	sl_spi_finish();
	return napplied;
}

/* True where nothing but deletes is left, of a table whose rows may refer to others. */
static bool
apply_batch(SlApply *apply, SlApplyCount *count)
{
	int  room = Min(BATCH, count->max - count->claimed);
	bool is_all;
	bool is_whole;

	if (room <= 0)
		return false;
	claim_batch(apply, room);
	is_all = apply->nchanges < room;
	if (apply->has_order)
		sl_put_deletes_off(apply);
	sl_hold_deletes(apply);
	count->claimed += apply->nchanges;
	count->applied += settle_batch(apply);
	apply->is_walked |= is_all && apply->npassed > 0;
	is_whole = !apply->holds_deletes && (is_all || !apply->has_order ||
										 apply->is_walked || !sl_others_wait(apply));
	count->is_more = !is_all && !is_whole;
	return is_whole;
}

static bool
give_deletes_back(SlApply *applies, int n)
{
	bool is_any = false;

	for (int i = 0; i < n; i++)
		is_any |= sl_give_deletes_back(&applies[i]);
	return is_any;
}

/*
 * A batch of each table.  Where they refer to each other rows come after what they refer to,
 * and go before it.
 */
static void
apply_round(SlApply *applies, int n, SlApplyCount *count)
{
	bool is_whole = true;

	for (int i = 0; i < n && is_whole; i++)
		is_whole = apply_batch(&applies[i], count);
	for (int i = n - 1; i >= 0; i--)
	{
		if (applies[i].ndeletes == 0)
			continue;
		sl_take_deletes(&applies[i], is_whole ? count->max - count->claimed : 0);
		count->claimed += applies[i].nchanges;
		count->applied += settle_batch(&applies[i]);
		sl_pass_deletes(&applies[i]);
	}
	if (is_whole)
		count->is_more |= give_deletes_back(applies, n);
}

static int
apply_rounds(SlApply *applies, int n, int max_changes)
{
	MemoryContext old = CurrentMemoryContext;
	MemoryContext round = AllocSetContextCreate(old, "sync_ledger apply",
												ALLOCSET_DEFAULT_SIZES);
	SlApplyCount  count = {.max = max_changes};
	int           before;

	MemoryContextSwitchTo(round);
	do
	{
		before = count.claimed;
		apply_round(applies, n, &count);
		MemoryContextReset(round);
	} while ((count.claimed > before || count.is_more) && count.claimed < max_changes);
	give_deletes_back(applies, n);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(round);
	return count.applied;
}

static int
apply_tables(const char *system, int max_changes)
{
	int           n;
	SlApplyTable *tables = sl_apply_tables(system, &n);
	SlApply      *applies = palloc0(sizeof(SlApply) * Max(n, 1));

	n = sl_apply_open_all(applies, system, tables, n);
	for (int i = 0; i < n; i++)
		applies[i].has_order |= n > 1 && applies[i].is_ordered;
	return apply_rounds(applies, n, max_changes);
}

/* What cannot be written waits for sync_apply(), and the writer of another table goes on. */
void
sl_apply_now(const SlPolicy *policy, int system)
{
	SlApply      apply = {.is_by_owner = true};
	SlApplyTable table = {.entity = policy->entity};
	const char  *name = policy->systems[system].name;
	const char  *constraints = NULL;
	SlMisfit     misfit;

	sl_spi_connect();
	table.relation = sl_apply_table(policy, system);
	if (OidIsValid(table.relation) && sl_apply_open(&apply, &table, name, &misfit))
	{
		if (apply.has_deferred)
			constraints = sl_constraints_speak(name);
		apply_rounds(&apply, 1, PG_INT32_MAX);
		if (constraints != NULL)
			sl_constraints_wait(constraints);
	}
	sl_spi_finish();
}

/* (system, max_changes) */
Datum
sync_apply(PG_FUNCTION_ARGS)
{
	int napplied;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("no argument of sync_apply may be null")));
	sl_gate_need_primary("sync_apply");
	if (PG_GETARG_INT32(1) < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_changes must be at least 1, not %d", PG_GETARG_INT32(1))));
	sl_spi_connect();
	napplied = sl_apply_deferred(apply_tables, text_to_cstring(PG_GETARG_TEXT_PP(0)),
								 PG_GETARG_INT32(1));
	sl_spi_finish();
	PG_RETURN_INT32(napplied);
}
