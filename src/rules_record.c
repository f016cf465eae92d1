/*
 * rules_record.c
 *	  A record in conflict as a whole: frozen, with every record that a side showed.
 *
 * Its values are records: for each field its value, absent where none is known.
 */
#include "postgres.h"

#include "rules.h"

const SlValue *
sl_record_values(const SlEvent *event, int system)
{
	SlValue *values = palloc(sizeof(SlValue) * event->policy->nfields);

	sl_shown_values(event->policy, event->state, system, values);
	return values;
}

static const SlValue *
golden_values(const SlEvent *event)
{
	SlValue *values = palloc(sizeof(SlValue) * event->policy->nfields);

	for (int f = 0; f < event->policy->nfields; f++)
	{
		const SlGolden *golden = &event->state->golden[f];

		values[f] = golden->is_known ? golden->value : sl_value_absent();
	}
	return values;
}

static int
newest_author(const SlEvent *event)
{
	int   author = SL_AUTHOR_NONE;
	int64 newest = -1;

	for (int f = 0; f < event->policy->nfields; f++)
	{
		const SlGolden *golden = &event->state->golden[f];

		if (golden->version <= newest)
			continue;
		newest = golden->version;
		author = golden->author;
	}
	return author;
}

static void
add_side(SlConflict *conflict, int system)
{
	if (sl_find_side(conflict, system) == NULL)
		conflict->sides[conflict->nsides++] = (SlSide){.system = system};
}

static SlConflictEffect *
add_effect(SlEvent *event, SlConflictOp op, const SlValue *incoming)
{
	SlConflictEffect *effect = sl_add_conflict_effect(event, op, SL_RECORD);

	effect->incoming_system = event->obs->system;
	effect->incoming_record = incoming;
	if (event->state->is_deleted)
	{
		effect->current_author = event->state->deleted_by;
		return effect;
	}
	effect->current_record = golden_values(event);
	effect->current_author = newest_author(event);
	return effect;
}

bool
sl_may_win(const SlState *state, int system)
{
	const SlPart *part = &state->parts[system];

	if (sl_shows_record(part))
		return true;
	return part->existence == SL_GONE && !part->deleted_itself &&
		   sl_find_side(state->conflict, system) != NULL;
}

void
sl_open_record_conflict(SlEvent *event, SlConflictKind kind, const SlValue *base,
						const SlValue *incoming)
{
	SlConflict *conflict = palloc0(sizeof(SlConflict));

	conflict->kind = kind;
	conflict->sides = palloc0(sizeof(SlSide) * (event->policy->nsystems + 1));
	event->state->conflict = conflict;
	add_side(conflict, event->obs->system);
	add_effect(event, SL_CONFLICT_OPEN, incoming)->base_record = base;
}

void
sl_show_record_conflict(SlEvent *event, const SlValue *incoming)
{
	add_side(event->state->conflict, event->obs->system);
	add_effect(event, SL_CONFLICT_SHOW, incoming);
}

void
sl_close_record_conflict(SlEvent *event, const char *resolution)
{
	SlConflictEffect *effect = add_effect(event, SL_CONFLICT_CLOSE, NULL);

	effect->resolution = resolution;
	event->state->conflict = NULL;
}

void
sl_record_deletion_loss(SlEvent *event)
{
	SlConflictEffect *effect = add_effect(event, SL_CONFLICT_RECORD, NULL);

	effect->conflict = palloc0(sizeof(SlConflict));
	effect->kind = SL_CONFLICT_DELETE;
	effect->base_record = sl_record_values(event, event->obs->system);
	effect->resolution = "owner";
}

void
sl_record_former_edit(SlEvent *event)
{
	SlConflictEffect *effect = add_effect(event, SL_CONFLICT_RECORD, event->obs->values);

	effect->conflict = palloc0(sizeof(SlConflict));
	effect->kind = SL_CONFLICT_RESURRECT;
	effect->resolution = "deleted";
}

void
sl_close_field_conflicts(SlEvent *event, const char *resolution)
{
	for (int f = 0; f < event->policy->nfields; f++)
		if (event->state->golden[f].conflict != NULL)
			sl_close_conflict(event, f, resolution);
}
