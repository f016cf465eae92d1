/*
 * claimed.c
 *	  Claims that stand in the outbox alone, taken into the states of their records.
 *
 * A claim decides on a state and its time and on nothing else, so to decide it again gives
 * what it gave: by the policy that the state was written under, and in the order of the
 * claims where there is more than one.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "claimed.h"
#include "decide.h"
#include "outbox_columns.h"
#include "policy_cache.h"
#include "query.h"
#include "state_codec.h"

void
sl_claimed_begin(SlClaimed *claimed, Snapshot snapshot)
{
	memset(claimed, 0, sizeof(SlClaimed));
	claimed->context = CurrentMemoryContext;
	claimed->snapshot = snapshot;
}

void
sl_claimed_begin_locked(SlClaimed *claimed)
{
	sl_claimed_begin(claimed, NULL);
	claimed->is_locked = true;
}

/* Under the locks a row is as its newest version says, whatever the snapshot still shows. */
static Snapshot
choose_snapshot(const SlClaimed *claimed)
{
	if (claimed->snapshot != NULL)
		return RegisterSnapshot(claimed->snapshot);
	CommandCounterIncrement();
	if (claimed->is_locked && IsolationUsesXactSnapshot())
		return SnapshotSelf;
	return RegisterSnapshot(GetTransactionSnapshot());
}

static void
need_look(SlClaimed *claimed)
{
	MemoryContext old;

	if (claimed->outbox != NULL)
		return;
	old = MemoryContextSwitchTo(claimed->context);
	claimed->outbox = table_open(sl_relation_oid("sync_outbox"), AccessShareLock);
	claimed->snapshot = choose_snapshot(claimed);
	sl_heap_probe_open(&claimed->probe, claimed->outbox, claimed->snapshot);
	MemoryContextSwitchTo(old);
}

void
sl_claimed_end(SlClaimed *claimed)
{
	if (claimed->outbox == NULL)
		return;
	sl_heap_probe_close(&claimed->probe);
	if (claimed->snapshot != SnapshotSelf)
		UnregisterSnapshot(claimed->snapshot);
	table_close(claimed->outbox, NoLock);
	claimed->outbox = NULL;
	claimed->snapshot = NULL;
}

void
sl_claimed_renew(SlClaimed *claimed, bool is_locked)
{
	sl_claimed_end(claimed);
	claimed->is_locked = is_locked;
}

static void
check_unchanged(const SlClaimed *claimed)
{
	if (claimed->snapshot == SnapshotSelf &&
		!table_tuple_satisfies_snapshot(claimed->outbox, claimed->probe.slot,
										GetTransactionSnapshot()))
		sl_serialization_failure();
}

/* The row is with a worker; since when. */
static bool
is_leased(SlClaimed *claimed, int64 id, TimestampTz *at)
{
	bool is_null;

	need_look(claimed);
	if (!sl_heap_probe_find(&claimed->probe, id))
		return false;
	check_unchanged(claimed);
	if (slot_attisnull(claimed->probe.slot, SL_OUTBOX_LEASE + 1))
		return false;
	*at = DatumGetTimestampTz(
		slot_getattr(claimed->probe.slot, SL_OUTBOX_UPDATED_AT + 1, &is_null));
	return true;
}

/* The state takes the system's row for one that waits, and it may have been claimed. */
static bool
may_be_claimed(const SlPart *part)
{
	return part->waiting_version != 0 && part->waiting_id != 0 &&
		   part->leased_version == 0 && part->existence == SL_THERE;
}

static bool
find_claim(SlClaimed *claimed, const SlPart *part, const SlClaimedRow *known,
		   TimestampTz *at)
{
	if (!may_be_claimed(part))
		return false;
	if (known == NULL || known->id != part->waiting_id)
		return is_leased(claimed, part->waiting_id, at);
	*at = known->at;
	return true;
}

/* Whatever was claimed waited in the state as it is stored. */
static void
take_in(const SlPolicy *policy, SlState *state, int target, TimestampTz at)
{
	if (sl_decide_claim(policy, state, target, at)->action != SL_ACTION_UPDATE)
		sl_state_damaged();
}

/* The earliest claim that is not taken in yet; -1: there is none. */
static int
first_of(const TimestampTz *claims, int n)
{
	int first = -1;

	for (int t = 0; t < n; t++)
		if (claims[t] != DT_NOEND && (first < 0 || claims[t] < claims[first]))
			first = t;
	return first;
}

static void
take_in_all(const SlPolicy *policy, SlState *state, TimestampTz *claims)
{
	for (int t = first_of(claims, policy->nsystems); t >= 0;
		 t = first_of(claims, policy->nsystems))
	{
		take_in(policy, state, t, claims[t]);
		claims[t] = DT_NOEND;
	}
}

static bool
is_of_policy(const SlPolicy *policy, const SlStateBytes *stored)
{
	return sl_state_policy_version(stored->data, stored->len) == policy->version;
}

/* The one that a state was written under: that of many states in a row; NULL: it is gone. */
static const SlPolicy *
older_policy(SlClaimed *claimed, const char *entity, const SlStateBytes *stored)
{
	int32         version = sl_state_policy_version(stored->data, stored->len);
	MemoryContext old;

	if (claimed->then != NULL && claimed->then->version == version)
		return claimed->then;
	old = MemoryContextSwitchTo(claimed->context);
	claimed->then = sl_policy_of_version(entity, version);
	MemoryContextSwitchTo(old);
	return claimed->then;
}

static void raise_policy_gone(const char *entity, const SlStateBytes *stored)
	pg_attribute_noreturn();

static void
raise_policy_gone(const char *entity, const SlStateBytes *stored)
{
	ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
					errmsg("version %d of the policy of entity \"%s\" is gone",
						   sl_state_policy_version(stored->data, stored->len), entity),
					errhint("Restore the row of sync_entity from a backup.")));
}

/* The policy has changed since the claim: the bytes that the claim would have written. */
static SlStateBytes
bytes_as_claimed(SlClaimed *claimed, const SlPolicy *policy, const SlStateBytes *stored,
				 const SlClaimedRow *known)
{
	const SlPolicy *then = older_policy(claimed, policy->entity, stored);
	SlState        *state;
	bytea          *bytes;

	if (then == NULL)
		raise_policy_gone(policy->entity, stored);
	state = sl_claimed_state(claimed, then, stored, known);
	bytes = sl_state_encode(then, state);
	return (SlStateBytes){VARDATA(bytes), (int32) VARSIZE(bytes) - VARHDRSZ};
}

SlState *
sl_claimed_state(SlClaimed *claimed, const SlPolicy *policy, const SlStateBytes *stored,
				 const SlClaimedRow *known)
{
	SlState     *state = sl_state_decode(policy, stored->data, stored->len);
	TimestampTz *claims = NULL;

	for (int t = 0; t < policy->nsystems; t++)
	{
		TimestampTz at;

		if (!find_claim(claimed, &state->parts[t], known, &at))
			continue;
		if (!is_of_policy(policy, stored))
		{
			SlStateBytes bytes = bytes_as_claimed(claimed, policy, stored, known);

			return sl_state_decode(policy, bytes.data, bytes.len);
		}
		if (claims == NULL)
		{
			claims = palloc(sizeof(TimestampTz) * policy->nsystems);
			for (int i = 0; i < policy->nsystems; i++)
				claims[i] = DT_NOEND;
		}
		claims[t] = at;
	}
	if (claims != NULL)
		take_in_all(policy, state, claims);
	return state;
}

void
sl_claimed_part(SlClaimed *claimed, const SlPolicy *policy, int system,
				const SlStateBytes *stored, SlState *scratch)
{
	TimestampTz at;

	sl_state_decode_part(policy, system, stored->data, stored->len, scratch);
	if (!find_claim(claimed, &scratch->parts[system], NULL, &at))
		return;
	if (is_of_policy(policy, stored))
		take_in(policy, scratch, system, at);
	else
	{
		SlStateBytes bytes = bytes_as_claimed(claimed, policy, stored, NULL);

		sl_state_decode_part(policy, system, bytes.data, bytes.len, scratch);
	}
}

static bool
names_all_of(const SlPolicy *policy, const SlPolicy *then)
{
	for (int s = 0; s < then->nsystems; s++)
		if (sl_policy_system(policy, then->systems[s].name) < 0)
			return false;
	for (int f = 0; f < then->nfields; f++)
		if (sl_policy_field(policy, then->fields[f].name, then->fields[f].name_len) < 0)
			return false;
	return true;
}

static void
find_rows(const SlPolicy *policy, const SlPolicy *then, const SlState *was, SlLeft *left)
{
	left->rows = palloc(sizeof(SlLeftRow) * then->nsystems);
	for (int s = 0; s < then->nsystems; s++)
	{
		const char *name = then->systems[s].name;

		if (sl_policy_system(policy, name) < 0 && was->parts[s].waiting_version != 0)
			left->rows[left->nrows++] = (SlLeftRow){was->parts[s].waiting_id, name};
	}
}

static bool
is_about(const SlGolden *golden, int64 conflict_id)
{
	return golden->conflict != NULL && golden->conflict->id == conflict_id;
}

/* Of a group some fields may have stayed, and are still in conflict. */
static void
find_conflicts(const SlPolicy *policy, const SlState *state, const SlPolicy *then,
			   const SlState *was, SlLeft *left)
{
	left->conflicts = palloc(sizeof(int64) * then->nfields);
	for (int f = 0; f < then->nfields; f++)
	{
		const SlConflict *conflict = was->golden[f].conflict;
		bool              is_kept = conflict == NULL;

		for (int i = 0; !is_kept && i < policy->nfields; i++)
			is_kept = is_about(&state->golden[i], conflict->id);
		for (int i = 0; !is_kept && i < f; i++)
			is_kept = is_about(&was->golden[i], conflict->id);
		if (!is_kept)
			left->conflicts[left->nconflicts++] = conflict->id;
	}
}

void
sl_claimed_left(SlClaimed *claimed, const SlPolicy *policy, const SlState *state,
				const SlStateBytes *stored, const SlClaimedRow *known, SlLeft *left)
{
	const SlPolicy *then;
	SlState        *was;

	memset(left, 0, sizeof(SlLeft));
	if (stored->len == 0 || is_of_policy(policy, stored))
		return;
	then = older_policy(claimed, policy->entity, stored);
	if (then == NULL || names_all_of(policy, then))
		return;
	was = sl_claimed_state(claimed, then, stored, known);
	find_rows(policy, then, was, left);
	find_conflicts(policy, state, then, was, left);
}
