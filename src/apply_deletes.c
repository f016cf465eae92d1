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
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/relcache.h"

#include "apply.h"
#include "outbox_nack.h"
#include "query.h"

static SlPlan find_others = {
	.sql = "SELECT o.id FROM %s.sync_outbox AS o"
		   " WHERE o.target_system OPERATOR(pg_catalog.=) $1 AND o.place IS NOT NULL"
		   " AND o.action OPERATOR(pg_catalog.<>) 'delete'"
		   " AND o.entity OPERATOR(pg_catalog.=) $2 LIMIT 1",
	.nargs = 2,
	.argtypes = {TEXTOID, TEXTOID}};

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
		apply->holds_deletes |= apply->takes_along && apply->ndeletes > 0 &&
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
sl_others_wait(const SlApply *apply)
{
	Datum values[2] = {CStringGetTextDatum(apply->policy->systems[apply->system].name),
					   CStringGetTextDatum(apply->policy->entity)};

	return sl_query_select(&find_others, values, NULL) > 0;
}

void
sl_give_deletes_back(SlApply *apply, SlApplyCount *count)
{
	for (int i = 0; i < apply->ndeletes; i++)
		sl_nack_put_off(apply->deletes[i]->id, apply->lease,
						"what may refer to it is written first");
	count->returned += apply->ndeletes;
	apply->ndeletes = 0;
}
