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

SlConflictEffect *
sl_add_conflict_effect(SlEvent *event, SlConflictOp op, int field)
{
	SlConflictEffect *effect = new_effect(event->effects);
	const SlGolden   *golden = field == SL_RECORD ? NULL : &event->state->golden[field];

	memset(effect, 0, sizeof(SlConflictEffect));
	effect->op = op;
	effect->field = field;
	effect->conflict = golden == NULL ? event->state->conflict : golden->conflict;
	effect->kind = effect->conflict == NULL ? SL_CONFLICT_COLLISION
											: effect->conflict->kind;
	effect->current_author = SL_AUTHOR_NONE;
	effect->incoming_system = SL_AUTHOR_NONE;
	event->effects->is_dirty = true;
	if (golden == NULL)
		return effect;
	effect->current = golden->value;
	effect->current_author = golden->author;
	return effect;
}

SlConflictEffect *
sl_last_conflict_effect(SlEvent *event)
{
	return &event->effects->conflicts[event->effects->nconflicts - 1];
}

SlSide *
sl_find_side(SlConflict *conflict, int system)
{
	for (int i = 0; i < conflict->nsides; i++)
		if (conflict->sides[i].system == system)
			return &conflict->sides[i];
	return NULL;
}

static void
show_side(SlConflict *conflict, int system, SlValue value)
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

void
sl_open_conflict(SlEvent *event, int field, SlConflictKind kind, SlValue base)
{
	SlGolden         *golden = &event->state->golden[field];
	bool              is_new = golden->conflict == NULL;
	SlConflictEffect *effect;

	if (is_new)
	{
		golden->conflict = palloc0(sizeof(SlConflict));
		golden->conflict->kind = kind;
		golden->conflict->sides = palloc0(sizeof(SlSide) * (event->policy->nsystems + 1));
		if (golden->author >= 0)
			show_side(golden->conflict, golden->author, golden->value);
	}
	show_side(golden->conflict, event->obs->system, event->obs->values[field]);
	effect = sl_add_conflict_effect(event, is_new ? SL_CONFLICT_OPEN : SL_CONFLICT_SHOW,
									field);
	effect->base = base;
	effect->incoming = event->obs->values[field];
	effect->incoming_system = event->obs->system;
}

void
sl_close_conflict(SlEvent *event, int field, const char *resolution)
{
	SlGolden         *golden = &event->state->golden[field];
	SlConflictEffect *effect = sl_add_conflict_effect(event, SL_CONFLICT_CLOSE, field);

	effect->resolved = golden->value;
	effect->resolution = resolution;
	golden->conflict = NULL;
}

void
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
}

void
sl_record_replaced(SlEvent *event, int field, SlValue base)
{
	sl_record_loss(event, field, SL_CONFLICT_OWNER, base, "owner");
	sl_last_conflict_effect(event)->resolved = event->obs->values[field];
}

/* A side shows C for sure: nothing on its way can change that. */
static bool
shows_golden_for_sure(const SlEvent *event, int field, const SlSide *side)
{
	SlSpot spot = {event->policy, event->state, side->system, field, event->obs->now};
	const SlShown *shown;
	const SlWrite *in_flight;

	if (side->system >= event->policy->nsystems)
		return true;
	shown = sl_spot_shown(&spot);
	in_flight = sl_in_flight(shown);
	return !side->is_buried && shown->is_seen && !sl_is_unsure(&spot) &&
		   sl_value_same(&shown->value, &sl_spot_golden(&spot)->value) &&
		   (in_flight == NULL ||
			sl_value_same(&in_flight->value, &sl_spot_golden(&spot)->value));
}

static bool
all_sides_agree(const SlEvent *event, int field, const SlConflict *conflict)
{
	for (int i = 0; i < conflict->nsides; i++)
		if (!shows_golden_for_sure(event, field, &conflict->sides[i]))
			return false;
	return true;
}

static bool
closes_by_agreement(SlConflictKind kind)
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

		if (conflict != NULL && closes_by_agreement(conflict->kind) &&
			all_sides_agree(event, f, conflict))
			sl_close_conflict(event, f, "agreed");
	}
}
