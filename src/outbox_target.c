/*
 * outbox_target.c
 *	  Who can be polled for: the systems of the policies.
 */
#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/builtins.h"

#include "nearest.h"
#include "outbox_target.h"
#include "policy_cache.h"
#include "query.h"

static SlPlan find_entities = {
	.sql = "SELECT DISTINCT e.entity FROM %s.sync_entity AS e ORDER BY e.entity",
	.nargs = 0,
	.argtypes = {0}};

List *
sl_all_entities(void)
{
	MemoryContext context = CurrentMemoryContext;
	List         *entities = NIL;
	uint64        n;

	sl_spi_connect();
	n = sl_query_select(&find_entities, NULL, NULL);
	MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < n; i++)
		entities = lappend(entities, TextDatumGetCString(sl_query_value_not_null(i, 1)));
	sl_spi_finish();
	MemoryContextSwitchTo(context);
	return entities;
}

static void
raise_unknown(const char *target, List *known)
{
	const char **names = palloc(sizeof(char *) * (list_length(known) + 1));
	const char  *hint;
	int          n = 0;
	ListCell    *cell;

	foreach (cell, known)
		names[n++] = (const char *) lfirst(cell);
	hint = sl_nearest_hint(target, "systems", names, n);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("no policy names a system \"%s\"", target),
			 errhint("%s", hint == NULL ? "Write a policy first, with sync_configure."
										: hint)));
}

static bool
knows(List *names, const char *name)
{
	ListCell *cell;

	foreach (cell, names)
		if (strcmp((const char *) lfirst(cell), name) == 0)
			return true;
	return false;
}

void
sl_need_target(const char *target, const char *entity)
{
	List     *known = NIL;
	ListCell *cell;

	if (entity != NULL)
	{
		sl_policy_need_system(sl_policy_get(entity), target);
		return;
	}
	foreach (cell, sl_all_entities())
	{
		const SlPolicy *policy = sl_policy_get((const char *) lfirst(cell));

		if (sl_policy_system(policy, target) >= 0)
			return;
		for (int s = 0; s < policy->nsystems; s++)
			if (!knows(known, policy->systems[s].name))
				known = lappend(known, pstrdup(policy->systems[s].name));
	}
	raise_unknown(target, known);
}
