/*
 * rules_conflict.c
 *	  A field in conflict: frozen, with every value that a side showed.
 *
 * A field has at most one open conflict.  What it needs to close by itself is in
 * the state; the row that a human reads is written from the effects.
 */
#include "postgres.h"

#include "rules.h"

static SlConflictEffect *
new_effect(SlEffects *effects)
{
	if (effects->nconflicts == effects->maxconflicts)
	{
		int               room = effects->maxconflicts + 8;
		SlConflictEffect *grown = palloc(sizeof(SlConflictEffect) * room);

		if (effects->nconflicts > 0)
			memcpy(grown, effects->conflicts,
				   sizeof(SlConflictEffect) * effects->nconflicts);
		effects->conflicts = grown;
		effects->maxconflicts = room;
	}
	return &effects->conflicts[effects->nconflicts++];
}

bool
sl_is_showing(SlConflictOp op)
{
	return op == SL_CONFLICT_OPEN || op == SL_CONFLICT_SHOW || op == SL_CONFLICT_MOVE;
}

/* What the event says of a group already, so that it is one row to a human. */
static SlConflictEffect *
find_group_effect(SlEffects *effects, const SlGroup *group, SlConflictOp op)
{
	for (int i = 0; i < effects->nconflicts; i++)
	{
		SlConflictEffect *effect = &effects->conflicts[i];

		if (effect->group == group && !effect->is_complete &&
			(effect->op == op || (sl_is_showing(effect->op) && sl_is_showing(op))))
			return effect;
	}
	return NULL;
}

/* Its row is also that of a field outside its group: of one that they were in before. */
static bool
is_conflict_shared(const SlEvent *event, int field)
{
	const SlGroup  *group = event->policy->fields[field].fellows;
	const SlGolden *golden = event->state->golden;

	for (int f = 0; f < event->policy->nfields; f++)
		if (golden[f].conflict != NULL && event->policy->fields[f].fellows != group &&
			golden[f].conflict->id == golden[field].conflict->id)
			return true;
	return false;
}

/*
 * A new policy may have made one group of fields that were in conflict each for itself:
 * with the one row that is settled, those of the others are.
 */
void
sl_supersede_conflict(SlEvent *event, int field, int64 id)
{
	SlGolden         *golden = &event->state->golden[field];
	SlConflictEffect *effect;

	if (golden->conflict == NULL || golden->conflict->id == id ||
		golden->conflict->id == 0 || is_conflict_shared(event, field))
		return;
	effect = new_effect(event->effects);
	memset(effect, 0, sizeof(SlConflictEffect));
	effect->op = SL_CONFLICT_CLOSE;
	effect->field = field;
	effect->conflict = golden->conflict;
	effect->kind = golden->conflict->kind;
	effect->current_author = golden->author;
	effect->incoming_system = SL_AUTHOR_NONE;
	effect->resolved = golden->value;
	effect->resolution = "superseded";
}

/* They go on as one, in the row of that field. */
static void
join_conflicts(SlEvent *event, const SlGroup *group, int field)
{
	SlGolden *golden = event->state->golden;
	int64     id = golden[field].conflict == NULL ? 0 : golden[field].conflict->id;

	for (int i = 0; id != 0 && i < group->nfields; i++)
	{
		SlConflict *conflict = golden[group->fields[i]].conflict;

		if (conflict == NULL || conflict->id == id || conflict->id == 0)
			continue;
		sl_supersede_conflict(event, group->fields[i], id);
		golden[group->fields[i]].conflict = palloc(sizeof(SlConflict));
		*golden[group->fields[i]].conflict = *conflict;
		golden[group->fields[i]].conflict->id = id;
	}
}

SlConflictEffect *
sl_add_conflict_effect(SlEvent *event, SlConflictOp op, int field)
{
	const SlGolden *golden = field == SL_RECORD ? NULL : &event->state->golden[field];
	const SlGroup  *group = golden == NULL ? NULL : event->policy->fields[field].fellows;
	SlConflictEffect *effect = group == NULL
								   ? NULL
								   : find_group_effect(event->effects, group, op);

	event->effects->is_dirty = true;
	if (effect != NULL)
		return effect;
	if (group != NULL && op != SL_CONFLICT_RECORD)
		join_conflicts(event, group, field);
	effect = new_effect(event->effects);
	memset(effect, 0, sizeof(SlConflictEffect));
	effect->op = op;
	effect->field = field;
	effect->group = group;
	effect->conflict = golden == NULL ? event->state->conflict : golden->conflict;
	effect->kind = effect->conflict == NULL ? SL_CONFLICT_COLLISION
											: effect->conflict->kind;
	effect->current_author = SL_AUTHOR_NONE;
	effect->incoming_system = SL_AUTHOR_NONE;
	if (golden == NULL)
		return effect;
	effect->current = golden->value;
	effect->current_author = golden->author;
	return effect;
}

SlSide *
sl_find_side(SlConflict *conflict, int system)
{
	for (int i = 0; i < conflict->nsides; i++)
		if (conflict->sides[i].system == system)
			return &conflict->sides[i];
	return NULL;
}

void
sl_show_side(SlConflict *conflict, int system, SlValue value)
{
	SlSide *side = sl_find_side(conflict, system);

	if (side == NULL)
	{
		side = &conflict->sides[conflict->nsides++];
		memset(side, 0, sizeof(SlSide));
		side->system = system;
		side->last = value;
		return;
	}
	if (!sl_value_same(&side->last, &value))
		side->has_many = true;
	side->last = value;
}

int
sl_next_frozen(const SlPolicy *policy, const SlState *state, int field, int from)
{
	const SlConflict *conflict = state->golden[field].conflict;
	const SlGroup    *group = policy->fields[field].fellows;

	for (int f = from; f < policy->nfields; f++)
	{
		const SlConflict *other = state->golden[f].conflict;

		if (f == field || (group != NULL && policy->fields[f].fellows == group))
			return f;
		if (conflict != NULL && other != NULL && conflict->id != 0 &&
			conflict->id == other->id)
			return f;
	}
	return -1;
}

static SlConflict *
new_conflict(const SlEvent *event, SlConflictKind kind, int64 id)
{
	SlConflict *conflict = palloc0(sizeof(SlConflict));

	conflict->kind = kind;
	conflict->id = id;
	conflict->sides = palloc0(sizeof(SlSide) * (event->policy->nsystems + 1));
	return conflict;
}

static void
open_field(SlEvent *event, int field, SlConflictKind kind)
{
	SlGolden *golden = &event->state->golden[field];

	golden->conflict = new_conflict(event, kind, 0);
	if (golden->author >= 0)
		sl_show_side(golden->conflict, golden->author, golden->value);
}

/* The field, or one of its group, that holds the open conflict; -1: none does. */
static int
find_holder(const SlEvent *event, int field)
{
	const SlGroup *group = event->policy->fields[field].fellows;

	if (event->state->golden[field].conflict != NULL)
		return field;
	for (int i = 0; group != NULL && i < group->nfields; i++)
		if (event->state->golden[group->fields[i]].conflict != NULL)
			return group->fields[i];
	return -1;
}

/* Each field of a group that is not in its conflict yet joins it. */
static void
open_group(SlEvent *event, const SlGroup *group, SlConflictKind kind)
{
	int               holder = find_holder(event, group->fields[0]);
	const SlConflict *open = holder < 0 ? NULL : event->state->golden[holder].conflict;
	int               author = sl_group_author(event->state, group);
	int64             id = open == NULL ? 0 : open->id;

	for (int i = 0; i < group->nfields; i++)
	{
		SlGolden *golden = &event->state->golden[group->fields[i]];

		if (golden->conflict != NULL)
			continue;
		golden->conflict = new_conflict(event, open == NULL ? kind : open->kind, id);
		if (author >= 0)
			sl_show_side(golden->conflict, author, golden->value);
	}
}

/* Those under whose one id the store will find all of a group. */
static void
list_fellows(SlEvent *event, const SlGroup *group, SlConflictEffect *effect)
{
	effect->nfellows = group->nfields;
	effect->fellows = palloc(sizeof(SlConflict *) * group->nfields);
	for (int i = 0; i < group->nfields; i++)
		effect->fellows[i] = event->state->golden[group->fields[i]].conflict;
}

SlConflictEffect *
sl_open_conflict(SlEvent *event, int field, SlConflictKind kind, SlValue base)
{
	const SlGroup    *group = event->policy->fields[field].fellows;
	SlGolden         *golden = &event->state->golden[field];
	SlConflictEffect *effect;
	bool              is_new = find_holder(event, field) < 0;

	if (group != NULL)
		open_group(event, group, kind);
	else if (is_new)
		open_field(event, field, kind);
	sl_show_side(golden->conflict, event->obs->system, event->obs->values[field]);
	effect = sl_add_conflict_effect(event, is_new ? SL_CONFLICT_OPEN : SL_CONFLICT_SHOW,
									field);
	effect->base = base;
	effect->incoming = event->obs->values[field];
	effect->incoming_system = event->obs->system;
	if (group != NULL)
		event->before[field].is_named = true;
	if (group != NULL && is_new)
		list_fellows(event, group, effect);
	return effect;
}

void
sl_close_conflict(SlEvent *event, int field, const char *resolution)
{
	int               holder = find_holder(event, field);
	SlGolden         *golden = event->state->golden;
	SlConflictEffect *effect;

	/* The first field of a group closes for all. */
	if (holder < 0)
		return;
	effect = sl_add_conflict_effect(event, SL_CONFLICT_CLOSE, holder);
	effect->resolved = golden[holder].value;
	effect->resolution = resolution;
	for (int f = sl_next_frozen(event->policy, event->state, holder, 0); f >= 0;
		 f = sl_next_frozen(event->policy, event->state, holder, f + 1))
	{
		if (f != holder)
			golden[f].conflict = NULL;
	}
	golden[holder].conflict = NULL;
}

bool
sl_yields_to_owner(const SlConflict *conflict)
{
	return conflict->kind != SL_CONFLICT_OSCILLATION;
}

SlConflictEffect *
sl_record_loss(SlEvent *event, int field, SlConflictKind kind, SlValue base,
			   const char *resolution)
{
	SlConflictEffect *effect = sl_add_conflict_effect(event, SL_CONFLICT_RECORD, field);

	effect->conflict = palloc0(sizeof(SlConflict));
	effect->kind = kind;
	effect->base = base;
	effect->incoming = event->obs->values[field];
	effect->incoming_system = event->obs->system;
	effect->resolved = effect->current;
	effect->resolution = resolution;
	if (effect->group != NULL)
		event->before[field].is_named = true;
	return effect;
}

void
sl_record_replaced(SlEvent *event, int field, SlValue base)
{
	sl_record_loss(event, field, SL_CONFLICT_OWNER, base, "owner")
		->resolved = event->obs->values[field];
}

/*
 * A side shows C for sure: nothing on its way can change that.  A field that it does not
 * carry, or never showed while C is null, is no difference.
 */
static bool
shows_golden_for_sure(const SlEvent *event, int field, const SlSide *side)
{
	SlSpot spot = {event->policy, event->state, side->system, field, event->obs->now};
	const SlGolden *golden = sl_spot_golden(&spot);
	const SlShown  *shown;
	const SlWrite  *in_flight;

	if (side->system >= event->policy->nsystems ||
		event->policy->fields[field].paths[side->system] == NULL)
		return true;
	shown = sl_spot_shown(&spot);
	in_flight = sl_in_flight(shown);
	return !side->is_buried && (shown->is_seen || sl_value_is_null(&golden->value)) &&
		   !sl_is_unsure(&spot) && sl_value_same(&shown->value, &golden->value) &&
		   (in_flight == NULL || sl_value_same(&in_flight->value, &golden->value));
}

static bool
all_sides_agree(const SlEvent *event, int field)
{
	const SlConflict *conflict = event->state->golden[field].conflict;

	for (int i = 0; conflict != NULL && i < conflict->nsides; i++)
		if (!shows_golden_for_sure(event, field, &conflict->sides[i]))
			return false;
	return true;
}

/* All that the conflict of a field freezes is as all its sides show it. */
static bool
is_agreed(const SlEvent *event, int field)
{
	for (int f = sl_next_frozen(event->policy, event->state, field, 0); f >= 0;
		 f = sl_next_frozen(event->policy, event->state, field, f + 1))
		if (!all_sides_agree(event, f))
			return false;
	return true;
}

/* What the system shows is what it made of a write that it took. */
static bool
shows_own_form(const SlShown *shown)
{
	const SlWrite *newest = sl_newest_write(shown);

	return newest != NULL && newest->status == SL_WRITE_ACKED && newest->is_rewritten &&
		   sl_value_same(&newest->value, &shown->value);
}

/* The conflict is about nothing but that form. */
static bool
is_only_incoming(const SlEvent *event, int field, int author)
{
	SlSpot         spot = sl_event_spot(event, field);
	const SlShown *shown = sl_spot_shown(&spot);
	SlConflict    *conflict = sl_spot_golden(&spot)->conflict;
	SlSide        *side = conflict == NULL ? NULL : sl_find_side(conflict, spot.system);

	if (side == NULL || side->is_buried)
		return conflict == NULL;
	if (!sl_value_same(&shown->value, &sl_spot_golden(&spot)->value) &&
		(side->has_many || !shows_own_form(shown) ||
		 !sl_value_same(&side->last, &shown->value)))
		return false;
	return conflict->nsides == 1 || (conflict->nsides == 2 && author >= 0 &&
									 sl_find_side(conflict, author) != NULL);
}

/* An ack has said what the conflict was: the target's fix. */
static bool
is_rewritten(const SlEvent *event, int field)
{
	const SlGroup *group = event->policy->fields[field].fellows;
	int            author = group == NULL ? event->state->golden[field].author
										  : sl_group_author(event->state, group);

	if (!event->has_rewrite || author == event->obs->system)
		return false;
	for (int f = sl_next_frozen(event->policy, event->state, field, 0); f >= 0;
		 f = sl_next_frozen(event->policy, event->state, field, f + 1))
		if (!is_only_incoming(event, f, author))
			return false;
	return true;
}

static bool
closes_by_itself(SlConflictKind kind)
{
	switch (kind)
	{
		case SL_CONFLICT_COLLISION:
		case SL_CONFLICT_BOUNCE:
		case SL_CONFLICT_DRIFT:
			return true;
		case SL_CONFLICT_DELETE:
		case SL_CONFLICT_RESURRECT:
		case SL_CONFLICT_DUPLICATE:
		case SL_CONFLICT_OWNER:
		case SL_CONFLICT_OSCILLATION:
			return false;
	}
	return false;
}

void
sl_close_settled_conflicts(SlEvent *event)
{
	for (int f = 0; f < event->policy->nfields; f++)
	{
		SlConflict *conflict = event->state->golden[f].conflict;

		if (conflict == NULL || !closes_by_itself(conflict->kind))
			continue;
		if (is_agreed(event, f))
			sl_close_conflict(event, f, "agreed");
		else if (is_rewritten(event, f))
			sl_close_conflict(event, f, "rewritten");
	}
}
