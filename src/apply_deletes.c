/*
 * apply_deletes.c
 *	  Deletes of tables that are referred to: they come after what may still refer to them.
 *
 * A row that is to leave what goes would be deleted with it, and that would be an edit of the
 * table.  So the deletes of a batch wait for the rest of it, and where more waits than a call
 * may claim, for a later one.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "apply.h"
#include "outbox_nack.h"
#include "query.h"

/*
 * The places that the last look has not passed: a look at all that waits, for each batch, would
 * be quadratic.  What this transaction makes wait has its own place, which no snapshot counts
 * among the open ones.  Two bounds make the planner take the index.
 */
static SlPlan find_others = {
	.sql =
		"WITH found AS MATERIALIZED (SELECT f.place FROM"
		"  (SELECT $3, '18446744073709551615'::pg_catalog.xid8"
		"   UNION ALL SELECT x, x FROM pg_catalog.pg_snapshot_xip($4) AS x) AS r(low, high),"
		"  LATERAL (SELECT o.place FROM %s.sync_outbox AS o"
		"   WHERE o.target_system OPERATOR(pg_catalog.=) $1"
		"    AND o.place OPERATOR(pg_catalog.>=) r.low"
		"    AND o.place OPERATOR(pg_catalog.<=) r.high"
		"    AND o.entity OPERATOR(pg_catalog.=) $2 AND o.lease IS NULL"
		"    AND o.action OPERATOR(pg_catalog.<>) 'delete'"
		"   ORDER BY o.place LIMIT 1) AS f"
		"  ORDER BY f.place LIMIT 1)"
		" SELECT (SELECT f.place FROM found AS f), s.now,"
		"  LEAST(pg_catalog.pg_snapshot_xmax(s.now), pg_catalog.pg_current_xact_id_if_assigned())"
		" FROM pg_catalog.pg_current_snapshot() AS s(now)",
	.nargs = 4,
	.argtypes = {TEXTOID, TEXTOID, XID8OID, PG_SNAPSHOTOID}};

bool
sl_refers_to_itself(Relation rel)
{
	ListCell *cell;

	foreach (cell, RelationGetFKeyList(rel))
		if (((ForeignKeyCacheInfo *) lfirst(cell))->confrelid == RelationGetRelid(rel))
			return true;
	return false;
}

bool
sl_takes_rows_along(Relation rel)
{
	const TriggerDesc *all = rel->trigdesc;

	for (int i = 0; all != NULL && i < all->numtriggers; i++)
		switch (all->triggers[i].tgfoid)
		{
			case F_RI_FKEY_CASCADE_DEL:
			case F_RI_FKEY_SETNULL_DEL:
			case F_RI_FKEY_SETDEFAULT_DEL:
				return true;
			default:
				break;
		}
	return false;
}

void
sl_hold_deletes(SlApply *apply)
{
	for (int i = 0; i < apply->nchanges; i++)
		apply->holds_deletes |= apply->takes_along &&
								sl_is_action(apply->changes[i], "create");
}

void
sl_put_deletes_off(SlApply *apply)
{
	int left = 0;

	apply->deletes = palloc(sizeof(SlChange *) * Max(apply->nchanges, 1));
	apply->ndeletes = 0;
	for (int i = 0; i < apply->nchanges; i++)
		if (sl_is_action(apply->changes[i], "delete"))
			apply->deletes[apply->ndeletes++] = apply->changes[i];
		else
			apply->changes[left++] = apply->changes[i];
	apply->nchanges = left;
}

void
sl_take_deletes(SlApply *apply, int room)
{
	int n = Min(apply->ndeletes, Max(room, 0));

	apply->changes = apply->deletes;
	apply->nchanges = n;
	apply->deletes += n;
	apply->ndeletes -= n;
}

bool
sl_others_wait(SlApply *apply)
{
	Datum values[4] = {CStringGetTextDatum(apply->policy->systems[apply->system].name),
					   CStringGetTextDatum(apply->policy->entity),
					   UInt64GetDatum(apply->others_from), apply->last_look};
	char  nulls[4] = {' ', ' ', ' ', apply->last_look == (Datum) 0 ? 'n' : ' '};
	bool  is_none;
	Datum place;
	MemoryContext old;

	sl_query_select(&find_others, values, nulls);
	place = sl_query_value(0, 1, &is_none);
	if (is_none)
		place = sl_query_value_not_null(0, 3);
	apply->others_from = DatumGetUInt64(place);
	old = MemoryContextSwitchTo(apply->context);
	apply->last_look = datumCopy(sl_query_value_not_null(0, 2), false, -1);
	MemoryContextSwitchTo(old);
	return !is_none;
}

/* They stay ours, so that the next batch is of what stands behind them. */
void
sl_pass_deletes(SlApply *apply)
{
	int n = apply->npassed + apply->ndeletes;

	if (n > apply->maxpassed)
	{
		apply->maxpassed = Max(n, 2 * apply->maxpassed);
		apply->passed = apply->passed == NULL
							? MemoryContextAlloc(apply->context,
												 sizeof(SlPassed) * apply->maxpassed)
							: repalloc(apply->passed,
									   sizeof(SlPassed) * apply->maxpassed);
	}
	for (int i = 0; i < apply->ndeletes; i++)
		apply->passed[apply->npassed++] = (SlPassed){apply->deletes[i]->id, apply->lease};
	apply->ndeletes = 0;
}

bool
sl_give_deletes_back(SlApply *apply)
{
	bool is_any = apply->npassed > 0;

	for (int i = 0; i < apply->npassed; i++)
	{
		CHECK_FOR_INTERRUPTS();
		sl_nack_put_off(apply->passed[i].id, apply->passed[i].lease,
						"what may refer to it is written first");
	}
	apply->npassed = 0;
	return is_any;
}
