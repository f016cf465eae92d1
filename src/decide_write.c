/*
 * decide_write.c
 *	  The life of a write of ours: claimed, and lost where no answer came.
 *
 * Each claim is a write of its own, a retry under the same key too.
 */
#include "postgres.h"

#include "rules.h"

/* A record that we create shows, from the claim on, all that is mapped. */
static void
show_as_created(const SlPolicy *policy, SlState *state, int target)
{
	for (int f = 0; f < policy->nfields; f++)
	{
		SlShown  *shown = &state->parts[target].shown[f];
		SlGolden *golden = &state->golden[f];

		if (policy->fields[f].paths[target] == NULL || shown->is_seen)
			continue;
		shown->is_seen = true;
		shown->is_observed = true;
		shown->value = sl_value_null();
		if (golden->is_known)
			continue;
		golden->is_known = true;
		golden->value = sl_value_null();
	}
}

static void
remember_write(SlPart *part, int field, SlValue value, int64 version)
{
	SlShown *shown = &part->shown[field];
	SlWrite *write = sl_add_write(shown);

	write->status = SL_WRITE_IN_FLIGHT;
	write->value = value;
	write->replaced = shown->is_seen ? shown->value : sl_value_absent();
	write->version = version;
}

/* An older call of unknown outcome is one still, where this one is undone. */
static void
claim_delete(SlPart *part)
{
	bool is_again = part->erasure == SL_ERASURE_LOST || part->erasure == SL_ERASURE_STRAY;

	part->erasure = is_again ? SL_ERASURE_LEASED_AGAIN : SL_ERASURE_LEASED;
	part->erasure_version = part->waiting_version;
}

/*
 * Under a new policy what waits may mean something else: each waiting row that its
 * state was not written with gets a key of its own before anything is claimed.
 */
SlWaiting *
sl_decide_renewal(const SlPolicy *policy, SlState *state, TimestampTz now)
{
	SlWaiting *waiting;

	if (state->policy_version == policy->version)
		return NULL;
	waiting = sl_waiting_begin(policy, state, now);
	sl_waiting_end(waiting, policy, state, now);
	state->policy_version = policy->version;
	return waiting;
}

SlContent *
sl_decide_claim(const SlPolicy *policy, SlState *state, int target, TimestampTz now)
{
	SlContent *content = palloc0(sizeof(SlContent));
	SlPart    *part = &state->parts[target];

	sl_forget(policy, state, now);
	sl_content(policy, state, target, now, content);
	if (content->action == SL_ACTION_NONE)
	{
		part->waiting_version = 0;
		part->waiting_source = SL_AUTHOR_NONE;
		return content;
	}
	if (content->action == SL_ACTION_DELETE)
		claim_delete(part);
	if (part->existence == SL_NOT_THERE)
		sl_unsee_record(policy, part);
	for (int i = 0; i < content->nfields; i++)
		remember_write(part, content->fields[i], content->values[i],
					   part->waiting_version);
	if (content->action == SL_ACTION_CREATE)
	{
		part->existence = SL_BEING_CREATED;
		part->create_version = part->waiting_version;
		part->create_source = part->waiting_source;
		part->is_told_apart = true;
		show_as_created(policy, state, target);
	}
	part->leased_action = content->action;
	part->leased_version = part->waiting_version;
	part->leased_id = part->waiting_id;
	part->leased_source = part->waiting_source;
	part->waiting_version = 0;
	part->waiting_id = 0;
	part->waiting_source = SL_AUTHOR_NONE;
	return content;
}

void
sl_lose_writes(const SlPolicy *policy, SlPart *part)
{
	for (int f = 0; f < policy->nfields; f++)
	{
		SlWrite *write = sl_in_flight(&part->shown[f]);

		if (write == NULL)
			continue;
		write->status = write->is_sighted ? SL_WRITE_ACKED : SL_WRITE_LOST;
		write->since = 0;
	}
}

/* A write that was seen has landed, whatever became of its worker. */
static void
date_landed_writes(const SlPolicy *policy, SlPart *part, TimestampTz now)
{
	for (int f = 0; f < policy->nfields; f++)
	{
		SlWrite *write = sl_newest_write(&part->shown[f]);

		if (write != NULL && write->status == SL_WRITE_ACKED && write->since == 0)
			write->since = now;
	}
}

static void
lose_delete(SlPart *part)
{
	if (sl_is_erasure_leased(part))
		part->erasure = SL_ERASURE_LOST;
	else if (part->erasure == SL_ERASURE_SEEN)
		part->erasure = SL_ERASURE_NONE;
}

static void
undo_delete(SlPart *part)
{
	if (part->erasure == SL_ERASURE_LEASED)
		part->erasure = SL_ERASURE_NONE;
	lose_delete(part);
}

static void
undo_create(const SlPolicy *policy, SlPart *part)
{
	sl_unsee_record(policy, part);
	part->existence = SL_NOT_THERE;
	part->create_version = 0;
	part->create_source = SL_AUTHOR_NONE;
}

void
sl_end_lease(SlPart *part)
{
	part->leased_action = SL_ACTION_NONE;
	part->leased_version = 0;
	part->leased_id = 0;
	part->leased_source = SL_AUTHOR_NONE;
	part->is_lease_outdated = false;
}

SlReturn *
sl_decide_lost(const SlPolicy *policy, SlState *state, int target, TimestampTz now)
{
	SlReturn *result = palloc0(sizeof(SlReturn));
	SlPart   *part = &state->parts[target];
	bool      is_lost_create = part->existence == SL_BEING_CREATED && !state->is_deleted;

	result->waiting = sl_waiting_begin(policy, state, now);
	result->waiting->is_corrected[target] = part->is_lease_outdated;
	sl_forget(policy, state, now);
	sl_lose_writes(policy, part);
	date_landed_writes(policy, part, now);
	lose_delete(part);
	if (part->existence == SL_BEING_CREATED)
		part->existence = SL_CREATE_LOST;
	result->leased_id = part->leased_id;
	result->replaced_id = part->waiting_id;
	part->waiting_id = part->leased_id;
	if (is_lost_create || part->waiting_version == 0)
	{
		part->waiting_version = part->leased_version;
		part->waiting_source = part->leased_source;
	}
	sl_end_lease(part);
	sl_waiting_end(result->waiting, policy, state, now);
	return result;
}

/* Another call of the same create may have landed, or this one has. */
static bool
may_be_there(const SlPolicy *policy, const SlPart *part)
{
	for (int f = 0; f < policy->nfields; f++)
		for (int i = 0; i < part->shown[f].nwrites; i++)
		{
			const SlWrite *write = &part->shown[f].writes[i];

			if (write->version == part->create_version &&
				(write->status != SL_WRITE_IN_FLIGHT || write->is_sighted))
				return true;
		}
	return false;
}

/* What the call carried, which is in flight no more and nowhere else. */
static SlContent *
take_back(const SlPolicy *policy, SlPart *part)
{
	SlContent *content = palloc0(sizeof(SlContent));

	content->action = part->leased_action;
	content->fields = palloc(sizeof(int) * policy->nfields);
	content->values = palloc(sizeof(SlValue) * policy->nfields);
	for (int f = 0; f < policy->nfields; f++)
	{
		SlShown *shown = &part->shown[f];

		if (sl_in_flight(shown) == NULL)
			continue;
		content->fields[content->nfields] = f;
		content->values[content->nfields++] = sl_in_flight(shown)->value;
		shown->nwrites--;
	}
	return content;
}

/* All that the call could leave is known, and is not there. */
static bool
can_be_undone(const SlPolicy *policy, const SlState *state, const SlPart *part)
{
	switch (part->leased_action)
	{
		case SL_ACTION_CREATE:
			return part->existence == SL_BEING_CREATED && !state->is_deleted &&
				   !may_be_there(policy, part);
		case SL_ACTION_UPDATE:
		case SL_ACTION_DELETE:
			return true;
		case SL_ACTION_NONE:
			break;
	}
	return false;
}

/* Not as a lost one: nothing of it may land, so what goes next is what is golden then. */
SlReturn *
sl_decide_undone(const SlPolicy *policy, SlState *state, int target, TimestampTz now)
{
	SlPart    *part = &state->parts[target];
	SlReturn  *result;
	SlContent *sent;
	bool       is_outdated;

	if (!can_be_undone(policy, state, part))
		return sl_decide_lost(policy, state, target, now);
	result = palloc0(sizeof(SlReturn));
	result->leased_id = part->leased_id;
	result->replaced_id = part->waiting_id;
	sl_forget(policy, state, now);
	sent = take_back(policy, part);
	is_outdated = part->is_lease_outdated;
	undo_delete(part);
	if (part->leased_action == SL_ACTION_CREATE)
		undo_create(policy, part);
	part->waiting_id = part->leased_id;
	part->waiting_version = part->leased_version;
	part->waiting_source = part->leased_source;
	sl_end_lease(part);
	result->waiting = sl_waiting_begin(policy, state, now);
	result->waiting->is_corrected[target] = is_outdated ||
											!sl_content_equal(
												sent, &result->waiting->before[target]);
	sl_waiting_end(result->waiting, policy, state, now);
	return result;
}

/* Older calls that are lost can no longer be told from none once echo_window is over. */
void
sl_date_lost_writes(SlShown *shown, TimestampTz now)
{
	for (int i = 0; i < shown->nwrites; i++)
		if (shown->writes[i].status == SL_WRITE_LOST && shown->writes[i].since == 0)
			shown->writes[i].since = now;
}
