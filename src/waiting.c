/*
 * waiting.c
 *	  What waits for a target, computed anew from the state whenever that changes.
 *
 * An update holds the fields that the target carries and does not surely show as the
 * golden record has them, less what is frozen, unseen or settled.
 */
#include "postgres.h"

#include "waiting.h"

static bool
is_carried(const SlPolicy *policy, int field, int system)
{
	return policy->fields[field].paths[system] != NULL;
}

static bool
is_frozen(const SlGolden *golden)
{
	return golden->conflict != NULL;
}

/* An unseen field is not overwritten blindly, unless it has an owner who spoke. */
static bool
unseen_counts_as_null(const SlSpot *spot)
{
	return spot->policy->systems[spot->system].unseen_is_null || sl_owner_spoke(spot);
}

/* Nobody has set it; nor is it known to be empty, and yet shown there, by an old write of ours. */
static bool
has_no_value(const SlSpot *spot)
{
	const SlGolden *golden = sl_spot_golden(spot);
	const SlShown  *shown = sl_spot_shown(spot);

	return golden->author == SL_AUTHOR_NONE &&
		   !(golden->is_known && shown->is_seen && !sl_value_is_null(&shown->value));
}

bool
sl_waits_unfrozen(const SlSpot *spot)
{
	const SlShown  *shown = sl_spot_shown(spot);
	const SlGolden *golden = sl_spot_golden(spot);
	const SlWrite  *in_flight = sl_in_flight(shown);

	if (has_no_value(spot))
		return false;
	if (in_flight != NULL)
		return !sl_value_same(&in_flight->value, &golden->value);
	if (sl_is_unsure(spot))
		return true;
	if (!shown->is_seen)
		return !shown->is_settled && unseen_counts_as_null(spot) &&
			   !sl_value_is_null(&golden->value);
	return !shown->is_settled && !sl_value_same(&shown->value, &golden->value);
}

static bool
field_waits(const SlSpot *spot)
{
	return !is_frozen(sl_spot_golden(spot)) && sl_waits_unfrozen(spot);
}

static void
add_field(SlContent *content, int field, const SlValue *value)
{
	content->fields[content->nfields] = field;
	content->values[content->nfields] = *value;
	content->nfields++;
}

static void
update_content(const SlPolicy *policy, const SlState *state, int target, TimestampTz now,
			   SlContent *content)
{
	for (int f = 0; f < policy->nfields; f++)
	{
		SlSpot spot = {policy, (SlState *) state, target, f, now};

		if (is_carried(policy, f, target) && field_waits(&spot))
			add_field(content, f, &state->golden[f].value);
	}
	if (content->nfields > 0)
		content->action = SL_ACTION_UPDATE;
}

/*
 * A record of nothing but nulls is created too, where that is what its systems say: that they
 * showed none of the fields may mean no more than that the policy looks for them elsewhere.
 */
static bool
is_said_to_be_empty(const SlPolicy *policy, const SlState *state, int target)
{
	bool is_said = false;

	for (int f = 0; f < policy->nfields; f++)
	{
		const SlGolden *golden = &state->golden[f];

		if (!is_carried(policy, f, target))
			continue;
		if (is_frozen(golden) || !sl_value_is_null(&golden->value))
			return false;
		is_said |= golden->is_known;
	}
	return is_said;
}

/* A create that a human discarded comes back when C moves. */
static void
create_content(const SlPolicy *policy, const SlState *state, int target,
			   SlContent *content)
{
	const SlPart *part = &state->parts[target];
	bool          is_settled = part->existence == SL_NOT_THERE;

	for (int f = 0; f < policy->nfields; f++)
	{
		const SlGolden *golden = &state->golden[f];

		if (is_carried(policy, f, target) && golden->author != SL_AUTHOR_NONE &&
			!is_frozen(golden) && !sl_value_is_null(&golden->value))
		{
			add_field(content, f, &golden->value);
			is_settled &= golden->version <= part->create_version;
		}
	}
	if (is_settled)
		content->nfields = 0;
	if (content->nfields > 0 ||
		(part->create_version == 0 && is_said_to_be_empty(policy, state, target)))
		content->action = SL_ACTION_CREATE;
}

/*
 * A lost create goes again as it was; what changed since follows as an update.  Not so where
 * a delete of ours was called since, as lost: what the create then answers, or does, is of
 * before it.  The delete goes again first, and a new create follows it.
 */
static void
lost_create_content(const SlPolicy *policy, const SlState *state, int target,
					SlContent *content)
{
	const SlPart *part = &state->parts[target];

	if (part->erasure == SL_ERASURE_LOST)
	{
		content->action = SL_ACTION_DELETE;
		return;
	}
	for (int f = 0; f < policy->nfields; f++)
	{
		const SlWrite *write = sl_newest_write(&part->shown[f]);

		if (write != NULL && write->version == part->create_version)
			add_field(content, f, &write->value);
	}
	content->action = SL_ACTION_CREATE;
}

static void
content_init(const SlPolicy *policy, SlContent *content)
{
	content->action = SL_ACTION_NONE;
	content->nfields = 0;
	content->fields = palloc(sizeof(int) * policy->nfields);
	content->values = palloc(sizeof(SlValue) * policy->nfields);
}

/* A dead record is deleted wherever it may be; a create of unknown outcome too. */
static bool
delete_waits(const SlPart *part)
{
	switch (part->existence)
	{
		case SL_THERE:
		case SL_BEING_CREATED:
		case SL_CREATE_LOST:
			return part->leased_action != SL_ACTION_DELETE &&
				   part->erasure != SL_ERASURE_SETTLED;
		case SL_NOT_THERE:
		case SL_GONE:
		case SL_LEFT_OUT:
			return false;
	}
	return false;
}

static void
living_content(const SlPolicy *policy, const SlState *state, int target, TimestampTz now,
			   SlContent *content)
{
	switch (state->parts[target].existence)
	{
		case SL_NOT_THERE:
			create_content(policy, state, target, content);
			break;
		case SL_THERE:
		case SL_BEING_CREATED:
			update_content(policy, state, target, now, content);
			break;
		case SL_CREATE_LOST:
			lost_create_content(policy, state, target, content);
			break;
		case SL_GONE:
		case SL_LEFT_OUT:
			break;
	}
}

void
sl_content(const SlPolicy *policy, const SlState *state, int target, TimestampTz now,
		   SlContent *content)
{
	const SlPart *part = &state->parts[target];

	content_init(policy, content);
	if (!policy->systems[target].is_writable || state->conflict != NULL)
		return;
	if (state->is_deleted)
		content->action = delete_waits(part) ? SL_ACTION_DELETE : SL_ACTION_NONE;
	else if (part->leased_action == SL_ACTION_DELETE)
		create_content(policy, state, target, content);
	else
		living_content(policy, state, target, now, content);
}
bool
sl_content_equal(const SlContent *a, const SlContent *b)
{
	if (a->action != b->action || a->nfields != b->nfields)
		return false;
	for (int i = 0; i < a->nfields; i++)
		if (a->fields[i] != b->fields[i] || !sl_value_equal(&a->values[i], &b->values[i]))
			return false;
	return true;
}

bool
sl_content_has(const SlContent *content, int field)
{
	for (int i = 0; i < content->nfields; i++)
		if (content->fields[i] == field)
			return true;
	return false;
}

SlWaiting *
sl_waiting_begin(const SlPolicy *policy, const SlState *state, TimestampTz now)
{
	SlWaiting *waiting = palloc0(sizeof(SlWaiting));

	waiting->before = palloc0(sizeof(SlContent) * policy->nsystems);
	waiting->after = palloc0(sizeof(SlContent) * policy->nsystems);
	waiting->is_corrected = palloc0(sizeof(bool) * policy->nsystems);
	waiting->is_changed = palloc0(sizeof(bool) * policy->nsystems);
	for (int t = 0; t < policy->nsystems; t++)
		sl_content(policy, state, t, now, &waiting->before[t]);
	return waiting;
}

int64
sl_waiting_version(SlWaiting *waiting, SlState *state)
{
	if (!waiting->is_bumped)
	{
		state->version++;
		waiting->is_bumped = true;
	}
	return state->version;
}

/* Of a create that holds no value: a system that has the record. */
static int
source_of_nothing(const SlPolicy *policy, const SlState *state, int target)
{
	for (int s = 0; s < policy->nsystems; s++)
		if (s != target && state->parts[s].existence == SL_THERE)
			return s;
	return SL_AUTHOR_SYNC;
}

/* The author of the newest change in a content; the target itself cannot be one. */
static int
source_of(const SlPolicy *policy, const SlState *state, const SlContent *content,
		  int target)
{
	int   source = SL_AUTHOR_SYNC;
	int64 newest = -1;

	if (content->action == SL_ACTION_DELETE)
		source = state->deleted_by;
	else if (content->nfields == 0)
		source = source_of_nothing(policy, state, target);
	for (int i = 0; i < content->nfields; i++)
	{
		const SlGolden *golden = &state->golden[content->fields[i]];

		if (golden->version <= newest)
			continue;
		newest = golden->version;
		source = golden->author;
	}
	return source == target || source == SL_AUTHOR_NONE ? SL_AUTHOR_SYNC : source;
}

/*
 * A claimed content that came back, as it was, keeps its key: its fields are all
 * lost writes under that version, and nothing else was seen since.  A create is another call
 * than an update of the same values; one that was lost is none of these.
 */
static bool
is_retry(const SlState *state, int target, const SlContent *content)
{
	const SlPart *part = &state->parts[target];

	if (content->action == SL_ACTION_DELETE)
		return part->erasure == SL_ERASURE_LOST &&
			   part->erasure_version == part->waiting_version;
	if (content->action == SL_ACTION_CREATE)
		return false;
	for (int i = 0; i < content->nfields; i++)
	{
		const SlWrite *write = sl_newest_write(&part->shown[content->fields[i]]);

		if (write == NULL || write->status != SL_WRITE_LOST || write->is_crossed ||
			write->version != part->waiting_version ||
			!sl_value_equal(&write->value, &content->values[i]))
			return false;
	}
	return content->nfields > 0;
}

/* Every field that went out under the key is still to be sent. */
static bool
is_whole_retry(const SlPolicy *policy, const SlState *state, int target,
			   const SlContent *content)
{
	const SlPart *part = &state->parts[target];
	int           sent = 0;

	if (!is_retry(state, target, content))
		return false;
	if (content->action == SL_ACTION_DELETE)
		return true;
	for (int f = 0; f < policy->nfields; f++)
	{
		const SlWrite *write = sl_newest_write(&part->shown[f]);

		if (write != NULL && write->version == part->waiting_version)
			sent++;
	}
	return sent == content->nfields;
}

/* Both lead through elements of one array, which a target replaces as a whole. */
static bool
share_array(const SlPath *a, const SlPath *b)
{
	for (int i = 0; i < Min(a->nsteps, b->nsteps); i++)
	{
		const SlPathStep *step = &a->steps[i];

		if (step->kind != b->steps[i].kind)
			return false;
		if (step->kind != SL_STEP_KEY)
			return step->kind == SL_STEP_INDEX;
		if (step->key_len != b->steps[i].key_len ||
			memcmp(step->key, b->steps[i].key, step->key_len) != 0)
			return false;
	}
	return false;
}

static bool
goes_along(const SlPolicy *policy, int target, const SlContent *content, int field)
{
	for (int i = 0; i < content->nfields; i++)
		if (share_array(policy->fields[content->fields[i]].paths[target],
						policy->fields[field].paths[target]))
			return true;
	return false;
}

/* What an update takes along in its arrays was edited there since it went out. */
static bool
is_beside_an_edit(const SlPolicy *policy, const SlState *state, int target,
				  const SlContent *content)
{
	const SlPart *part = &state->parts[target];

	if (content->action != SL_ACTION_UPDATE)
		return false;
	for (int f = 0; f < policy->nfields; f++)
		if (state->golden[f].version > part->waiting_version &&
			is_carried(policy, f, target) && !sl_content_has(content, f) &&
			sl_value_same(&part->shown[f].value, &state->golden[f].value) &&
			goes_along(policy, target, content, f))
			return true;
	return false;
}

static bool
needs_new_key(const SlWaiting *waiting, const SlPolicy *policy, const SlState *state,
			  int t)
{
	const SlContent *after = &waiting->after[t];
	bool             has_row = state->parts[t].waiting_version != 0;

	if (!has_row || state->policy_version != policy->version || waiting->is_corrected[t])
		return true;
	if (is_beside_an_edit(policy, state, t, after))
		return true;
	return !sl_content_equal(&waiting->before[t], after) &&
		   (state->parts[t].waiting_version == state->parts[t].create_version ||
			!is_whole_retry(policy, state, t, after));
}

static bool
is_delete_before_create(const SlState *state, const SlContent *content)
{
	return content->action == SL_ACTION_DELETE && !state->is_deleted;
}

/*
 * An edit changes nothing of a create that goes again as it was, or of the delete that goes
 * before a new one, but its row must be written: a dead letter is one no more.
 */
static void
end_for_target(SlWaiting *waiting, const SlPolicy *policy, SlState *state, int t,
			   bool has_edit)
{
	SlPart          *part = &state->parts[t];
	const SlContent *after = &waiting->after[t];

	part->is_lease_outdated |= part->leased_version != 0 &&
							   state->policy_version != policy->version;
	if (after->action == SL_ACTION_NONE)
	{
		waiting->is_changed[t] = part->waiting_version != 0;
		part->waiting_version = 0;
		part->waiting_source = SL_AUTHOR_NONE;
		return;
	}
	if (part->existence == SL_CREATE_LOST && after->action == SL_ACTION_CREATE &&
		part->leased_action != SL_ACTION_DELETE)
	{
		waiting->is_changed[t] |= has_edit ||
								  part->waiting_version != part->create_version;
		part->waiting_version = part->create_version;
		part->waiting_source = part->create_source;
		return;
	}
	if (!needs_new_key(waiting, policy, state, t))
	{
		waiting->is_changed[t] |= has_edit && is_delete_before_create(state, after);
		return;
	}
	part->waiting_version = sl_waiting_version(waiting, state);
	part->waiting_source = source_of(policy, state, after, t);
	waiting->is_changed[t] = true;
}

void
sl_waiting_end(SlWaiting *waiting, const SlPolicy *policy, SlState *state,
			   TimestampTz now)
{
	bool has_edit = waiting->is_bumped;

	for (int t = 0; t < policy->nsystems; t++)
	{
		sl_content(policy, state, t, now, &waiting->after[t]);
		end_for_target(waiting, policy, state, t, has_edit);
	}
}
