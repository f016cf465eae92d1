/*
 * touch.c
 *	  sync_touch: records that the policy has left behind.
 *
 * A new policy alone sends nothing.  What it has to send of a record waits from when that is
 * next touched: by a change of its own, or by this.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "outbox_gate.h"
#include "outbox_leased.h"
#include "policy_cache.h"

PG_FUNCTION_INFO_V1(sync_touch);

static int
touch_batch(SlBatch *batch, const SlNamedRow *rows, int n, void *arg)
{
	int ntouched = 0;

	for (int i = 0; i < batch->nrecords; i++)
	{
		SlRecord *record = batch->records[i];

		sl_batch_enter(batch, record);
		if (record->state->policy_version != 0 &&
			record->state->policy_version != batch->policy->version)
		{
			sl_batch_renew(batch, record);
			ntouched++;
		}
		sl_batch_leave(batch, record);
	}
	return ntouched;
}

/* (entity, record_keys): how many of them were last written under another policy */
Datum
sync_touch(PG_FUNCTION_ARGS)
{
	SlNamedRow *rows;
	int         n;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"entity\" of sync_touch must not be null")));
	sl_gate_need_primary("sync_touch");
	(void) sl_policy_get(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	if (PG_ARGISNULL(1))
		PG_RETURN_INT32(0);
	rows = sl_rows_of_keys(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), &n);
	PG_RETURN_INT32(sl_rows_each(rows, n, touch_batch, NULL));
}
