/*
 * outbox_poll.c
 *	  sync_poll: a worker claims what waits for a target.
 *
 * A claim locks the record of what it claims and skips what is locked: it never
 * waits.  What a worker gets is computed from the state under that lock.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "event_store.h"
#include "guc.h"
#include "outbox_claim.h"
#include "outbox_gate.h"
#include "outbox_lease.h"
#include "outbox_place.h"
#include "outbox_rate.h"
#include "outbox_row.h"
#include "outbox_target.h"
#include "owner.h"
#include "policy_cache.h"
#include "poll_limits.h"
#include "query.h"

PG_FUNCTION_INFO_V1(sync_poll);

/* Records are locked and written so many at a time. */
#define BATCH 500

enum
{
	ARG_TARGET,
	ARG_MAX_CHANGES,
	ARG_LEASE,
	ARG_WORKER,
	ARG_ENTITY
};

/* The candidates of one entity: their records, locked where nobody else holds them. */
static void
lock_candidates(SlBatch *batch, SlWalk *walk, SlCandidate **candidates, int n)
{
	for (int i = 0; i < n; i++)
		sl_batch_add(batch, candidates[i]->key, (int32) strlen(candidates[i]->key));
	sl_batch_lock_free(batch);
	for (int i = 0; i < n; i++)
		if (batch->records[i]->stored == NULL)
			sl_walk_hold(walk, candidates[i]);
}

/* SPI is connected for the claims too: a new policy may have a conflict closed by one. */
static void
claim_and_put(SlPoll *poll, SlBatch *batch, int target, SlCandidate **candidates)
{
	MemoryContext context = CurrentMemoryContext;

	sl_spi_connect();
	MemoryContextSwitchTo(context);
	sl_claim_rows(poll, batch, target, candidates);
	sl_batch_put(batch);
	sl_spi_finish();
	MemoryContextSwitchTo(context);
}

/* The policy of their entity does not name the target any more; perhaps another one does. */
static void
leave_behind(SlPoll *poll, SlWalk *walk, const char *entity, int n, uint64 policies)
{
	if (!poll->is_target_known)
		sl_need_target(poll->target, poll->entity);
	poll->is_target_known = true;
	sl_walk_leave(walk, entity, n, policies);
}

/* Claims the candidates of one entity, in their order. */
static void
claim_entity(SlPoll *poll, SlWalk *walk, SlCandidate **candidates, int n)
{
	uint64          policies = sl_policy_generation();
	const SlPolicy *policy = sl_policy_get(candidates[0]->entity);
	int             target = sl_policy_system(policy, poll->target);
	SlBatch         batch;

	if (target < 0)
	{
		leave_behind(poll, walk, candidates[0]->entity, n, policies);
		return;
	}
	sl_batch_open(&batch, policy, n);
	lock_candidates(&batch, walk, candidates, n);
	claim_and_put(poll, &batch, target, candidates);
	sl_batch_close(&batch);
}

/* The candidates of the first one's entity, from it on; returns how many. */
static int
pick_entity(SlCandidate *candidates, int n, SlCandidate **picked)
{
	int npicked = 0;

	for (int i = 0; i < n; i++)
	{
		if (candidates[i].is_done ||
			strcmp(candidates[i].entity, candidates[0].entity) != 0)
			continue;
		candidates[i].is_done = true;
		picked[npicked++] = &candidates[i];
	}
	return npicked;
}

static void
claim_candidates(SlPoll *poll, SlWalk *walk, SlCandidate *candidates, int n)
{
	SlCandidate **picked = palloc(sizeof(SlCandidate *) * n);

	for (int i = 0; i < n; i++)
		if (!candidates[i].is_done)
			claim_entity(poll, walk, picked, pick_entity(candidates + i, n - i, picked));
}

static bool
claim_next(SlPoll *poll, SlWalk *walk)
{
	int          n;
	SlCandidate *candidates = sl_walk_next(walk,
										   Min(poll->max_changes - poll->nclaimed, BATCH),
										   &n);

	if (n > 0)
		claim_candidates(poll, walk, candidates, n);
	return n > 0;
}

static void
claim_all(SlPoll *poll)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "sync_ledger poll",
											   ALLOCSET_DEFAULT_SIZES);
	SlWalk        walk;
	bool          is_found = true;

	poll->lease.target = poll->target;
	poll->lease.ends_at = DT_NOBEGIN;
	poll->lease.rows = palloc(sizeof(int64) * poll->max_changes);
	poll->places = palloc(sizeof(SlLeasedPlace) * poll->max_changes);
	sl_walk_open(&walk, poll->target, poll->entity);
	while (poll->nclaimed < poll->max_changes && is_found)
	{
		MemoryContext old = MemoryContextSwitchTo(work);

		CHECK_FOR_INTERRUPTS();
		is_found = claim_next(poll, &walk);
		MemoryContextSwitchTo(old);
		MemoryContextReset(work);
	}
	sl_walk_close(&walk);
	if (poll->nclaimed > 0)
	{
		sl_lease_add(&poll->lease);
		sl_lease_remember(poll->lease.id, poll->places, poll->nclaimed);
	}
	MemoryContextDelete(work);
}

/* Within the rate of the target, where it has one. */
static void
claim_at_rate(SlPoll *poll, const SlGate *gate)
{
	TimestampTz now = sl_now();

	if (gate->has_rate)
		poll->max_changes = Min(poll->max_changes, sl_rate_left(poll->target, now));
	claim_all(poll);
	if (gate->has_rate && poll->nclaimed > 0)
		sl_rate_take(poll->target, now, poll->nclaimed);
}

static void
check_arguments(FunctionCallInfo fcinfo)
{
	static const SlPollWords words = {
		.function = "sync_poll",
		.most = "max_changes",
		.lease_hint = "Give the time that a worker needs for its calls, and some more."};

	if (PG_ARGISNULL(ARG_TARGET))
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						errmsg("argument \"target\" of sync_poll must not be null")));
	sl_poll_check_limits(fcinfo, ARG_MAX_CHANGES, &words);
}

/*
 * (target, max_changes, lease, worker, entity).  Claims count from the commit of the
 * caller's transaction: a worker commits before it calls.
 */
Datum
sync_poll(PG_FUNCTION_ARGS)
{
	SlPoll  poll = {0};
	SlGate  gate;
	SlOwner before;

	sl_gate_need_primary("sync_poll");
	check_arguments(fcinfo);
	poll.target = text_to_cstring(PG_GETARG_TEXT_PP(ARG_TARGET));
	poll.max_changes = PG_GETARG_INT32(ARG_MAX_CHANGES);
	poll.duration = PG_GETARG_INTERVAL_P(ARG_LEASE);
	if (!PG_ARGISNULL(ARG_WORKER))
		poll.worker = text_to_cstring(PG_GETARG_TEXT_PP(ARG_WORKER));
	if (!PG_ARGISNULL(ARG_ENTITY))
		poll.entity = text_to_cstring(PG_GETARG_TEXT_PP(ARG_ENTITY));
	InitMaterializedSRF(fcinfo, 0);
	poll.result = (ReturnSetInfo *) fcinfo->resultinfo;
	sl_owner_begin(&before);
	sl_gate_look(poll.target, &gate);
	if (!sl_gate_is_closed(poll.target, &gate))
	{
		sl_outbox_return_due(poll.target, poll.entity);
		claim_at_rate(&poll, &gate);
	}
	if (poll.nclaimed == 0)
		sl_need_target(poll.target, poll.entity);
	sl_owner_end(&before);
	return (Datum) 0;
}
