/*
 * touch.c
 *	  sync_touch: records that the policy has left behind.
 *
 * A new policy alone sends nothing.  What it has to send of a record waits from when that is
 * next touched: by a change of its own, or by this.  Nor does a first load create what a system
 * lacks.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "outbox_gate.h"
#include "outbox_leased.h"
#include "policy_cache.h"

PG_FUNCTION_INFO_V1(sync_touch);

/* What the system was left out of goes there now. */
static bool
let_in(SlBatch *batch, SlRecord *record, const char *system)
{
	SlWaiting *waiting = sl_decide_let_in(batch->policy, record->state,
										  sl_policy_need_system(batch->policy, system),
										  batch->now);

	if (waiting == NULL)
		return false;
	record->is_dirty = true;
	for (int t = 0; t < batch->policy->nsystems; t++)
		record->is_changed[t] |= waiting->is_changed[t];
	return true;
}

static bool
touch(SlBatch *batch, SlRecord *record, const char *create_in)
{
	bool is_older = record->state->policy_version != batch->policy->version;

	if (record->state->policy_version == 0)
		return false;
	if (is_older)
		sl_batch_renew(batch, record);
	return (create_in != NULL && let_in(batch, record, create_in)) || is_older;
}

static int
touch_batch(SlBatch *batch, const SlNamedRow *rows, int n, void *arg)
{
	int ntouched = 0;

	for (int i = 0; i < batch->nrecords; i++)
	{
		SlRecord *record = batch->records[i];

		sl_batch_enter(batch, record);
		ntouched += touch(batch, record, arg) ? 1 : 0;
		sl_batch_leave(batch, record);
	}
	return ntouched;
}

static void
check_writable(const SlPolicy *policy, const char *system)
{
	if (!policy->systems[sl_policy_need_system(policy, system)].is_writable)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("system \"%s\" is not written to", system),
						errhint("Its policy says \"writable\": false.")));
}

/* (entity, record_keys, create_in): how many of them that did something to */
Datum
sync_touch(PG_FUNCTION_ARGS)
{
	const SlPolicy *policy;
	char           *create_in = NULL;
	SlNamedRow     *rows;
	int             n;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"entity\" of sync_touch must not be null")));
	sl_gate_need_primary("sync_touch");
	policy = sl_policy_get(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (!PG_ARGISNULL(2))
	{
		create_in = text_to_cstring(PG_GETARG_TEXT_PP(2));
		check_writable(policy, create_in);
	}
	if (PG_ARGISNULL(1))
		PG_RETURN_INT32(0);
	rows = sl_rows_of_keys(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), &n);
	PG_RETURN_INT32(sl_rows_each(rows, n, touch_batch, create_in));
}
