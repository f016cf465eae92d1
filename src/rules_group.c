/*
 * rules_group.c
 *	  Rule 8, of groups: what is decided, frozen and resolved as one.
 *
 * Each field of a group has its own conflict with its own sides; they open and close
 * together, under one id, and are one row to a human: objects of all the fields.
 */
#include "postgres.h"

#include "json_out.h"
#include "rules.h"

/* What was said last of it, or NULL. */
static const SlGolden *
newest_of(const SlState *state, const SlGroup *group)
{
	const SlGolden *newest = NULL;

	for (int i = 0; i < group->nfields; i++)
	{
		const SlGolden *golden = &state->golden[group->fields[i]];

		if (golden->author != SL_AUTHOR_NONE &&
			(newest == NULL || golden->version > newest->version))
			newest = golden;
	}
	return newest;
}

int
sl_group_author(const SlState *state, const SlGroup *group)
{
	const SlGolden *newest = newest_of(state, group);

	return newest == NULL ? SL_AUTHOR_NONE : newest->author;
}

const SlGolden *
sl_edit_meets(const SlEdit *edit)
{
	const SlGroup  *group = edit->spec->fellows;
	const SlGolden *newest = group == NULL ? NULL : newest_of(edit->event->state, group);

	return newest == NULL ? edit->golden : newest;
}

/*
 * The system cannot have overlooked the field: it does not carry it, nothing is known
 * of it, or it has seen what C says.
 */
static bool
has_seen_field(const SlSpot *spot)
{
	const SlGolden *golden = sl_spot_golden(spot);

	if (spot->policy->fields[spot->field].paths[spot->system] == NULL ||
		golden->author == SL_AUTHOR_NONE)
		return true;
	if (!sl_spot_shown(spot)->is_seen && sl_value_is_null(&golden->value))
		return true;
	return sl_has_seen(spot);
}

static void
note_before(SlEvent *event)
{
	const SlPolicy *policy = event->policy;

	if (policy->ngroups == 0)
		return;
	event->before = palloc0(sizeof(SlBefore) * policy->nfields);
	for (int f = 0; f < policy->nfields; f++)
	{
		SlSpot    spot = sl_event_spot(event, f);
		SlBefore *before = &event->before[f];

		if (policy->fields[f].fellows == NULL)
			continue;
		before->golden = *sl_spot_golden(&spot);
		if (spot.system < 0)
			continue;
		before->shown = sl_spot_shown(&spot)->value;
		before->had_seen = has_seen_field(&spot);
	}
}

void
sl_group_has_seen(SlEvent *event, int field)
{
	SlSpot spot = sl_event_spot(event, field);

	if (event->policy->fields[field].fellows != NULL)
		event->before[field].had_seen |= has_seen_field(&spot);
}

/* Another system, not a human's decision, set something of the record a moment ago. */
static bool
is_after_others(const SlEvent *event)
{
	for (int f = 0; f < event->policy->nfields; f++)
	{
		const SlGolden *golden = &event->state->golden[f];

		if (golden->author >= 0 && golden->author != event->obs->system &&
			event->obs->now - golden->changed_at < event->policy->window)
			return true;
	}
	return false;
}

void
sl_edits_begin(SlEvent *event)
{
	event->is_after_others = event->policy->window_is_record && is_after_others(event);
	note_before(event);
}

/* The edits of one group. */
typedef struct GroupEdits
{
	const SlGroup *group;
	int            n;
	SlEdit        *edits;
	SlRuling      *rulings;
} GroupEdits;

static bool
shows_golden(const SlEdit *edit)
{
	return sl_value_same(&edit->value, &edit->golden->value);
}

/* It says something of its own, and not only that it is empty here. */
static bool
is_word(const SlEdit *edit)
{
	return !shows_golden(edit) &&
		   !(sl_is_first_sight(edit) && sl_value_is_null(&edit->value));
}

/* What is true of one field of C, and so of the group. */
static void
gather_golden(const SlEvent *event, int field, SlEdit *all)
{
	SlSpot          spot = sl_event_spot(event, field);
	const SlGolden *golden = sl_spot_golden(&spot);
	bool is_another = golden->author != SL_AUTHOR_NONE && golden->author != spot.system;

	if (all->conflict == NULL)
		all->conflict = golden->conflict;
	all->is_held_along &= event->before[field].golden.conflict == NULL;
	all->owner_spoke |= sl_owner_spoke(&spot);
	all->is_by_author &= !sl_is_held_word(event->policy, golden, spot.system);
	all->is_set_by_another |= is_another;
	all->is_inside_window |= is_another && golden->author >= 0 &&
							 spot.now - golden->changed_at < event->policy->window;
}

/* An edit that says what C says has seen it; so has one that nobody could have shown. */
static bool
has_seen_group(const SlEvent *event, const GroupEdits *g)
{
	bool *is_shown = palloc0(sizeof(bool) * event->policy->nfields);

	for (int i = 0; i < g->n; i++)
		is_shown[g->edits[i].field] = shows_golden(&g->edits[i]);
	for (int i = 0; i < g->group->nfields; i++)
	{
		int f = g->group->fields[i];

		if (!is_shown[f] && !event->before[f].had_seen)
			return false;
	}
	return true;
}

/* First sights of fields that nobody ever set, beside nothing else, fill them. */
static bool
only_fills(const GroupEdits *g)
{
	for (int i = 0; i < g->n; i++)
		if (is_word(&g->edits[i]) && (!sl_is_first_sight(&g->edits[i]) ||
									  g->edits[i].golden->author != SL_AUTHOR_NONE))
			return false;
	return true;
}

static bool
has_drift(const GroupEdits *g)
{
	for (int i = 0; i < g->n; i++)
		if (is_word(&g->edits[i]) && sl_is_first_sight(&g->edits[i]) &&
			g->edits[i].golden->author != SL_AUTHOR_NONE)
			return true;
	return false;
}

static bool
is_only_first(const GroupEdits *g)
{
	for (int i = 0; i < g->n; i++)
		if (is_word(&g->edits[i]) && !sl_is_first_sight(&g->edits[i]))
			return false;
	return true;
}

/* All edits of a group stand before the same facts, so they are ruled on alike. */
static void
share_facts(SlEvent *event, GroupEdits *g)
{
	SlEdit all = {.had_seen = has_seen_group(event, g),
				  .is_by_author = sl_group_author(event->state, g->group) ==
								  event->obs->system,
				  .is_held_along = true,
				  .is_drift = has_drift(g),
				  .is_first = is_only_first(g)};

	for (int i = 0; i < g->group->nfields; i++)
		gather_golden(event, g->group->fields[i], &all);
	if (all.had_seen && only_fills(g))
		all.is_set_by_another = false;
	for (int i = 0; i < g->n; i++)
	{
		SlEdit *edit = &g->edits[i];

		edit->conflict = all.conflict;
		edit->is_held_along = all.is_held_along && all.conflict != NULL;
		edit->had_seen = all.had_seen;
		edit->owner_spoke = all.owner_spoke;
		edit->is_by_author = all.is_by_author;
		edit->is_set_by_another = all.is_set_by_another;
		edit->is_inside_window = all.is_set_by_another && all.is_inside_window;
		edit->is_drift = all.is_drift;
		edit->is_first = all.is_first;
	}
}

static void
begin_edits(SlEvent *event, GroupEdits *g)
{
	g->n = 0;
	for (int i = 0; i < g->group->nfields; i++)
	{
		int f = g->group->fields[i];

		if (event->before[f].is_edit)
			sl_edit_begin(event, f, &g->edits[g->n++]);
	}
}

static bool
closes_conflict(const SlEdit *edit, SlRuling ruling)
{
	return ruling == SL_RULED_OWNER && edit->conflict != NULL &&
		   sl_yields_to_owner(edit->conflict);
}

static void
rule_edits(GroupEdits *g)
{
	bool is_tripped = false;
	bool is_settled = false;

	for (int i = 0; i < g->n; i++)
	{
		g->rulings[i] = sl_edit_rule(&g->edits[i]);
		is_tripped |= sl_breaker_trips(&g->edits[i], g->rulings[i]);
		is_settled |= closes_conflict(&g->edits[i], g->rulings[i]);
	}
	for (int i = 0; i < g->n; i++)
	{
		if (is_tripped && g->rulings[i] != SL_RULED_AGREED)
			g->rulings[i] = SL_RULED_TRIPPED;
		/* What the owner settles by one field is no conflict for the others. */
		if (is_settled && g->rulings[i] == SL_RULED_AGREED)
			g->edits[i].conflict = NULL;
	}
}

void
sl_apply_group_edits(SlEvent *event)
{
	const SlPolicy *policy = event->policy;
	GroupEdits      g;

	if (policy->ngroups == 0)
		return;
	g.edits = palloc(sizeof(SlEdit) * policy->nfields);
	g.rulings = palloc(sizeof(SlRuling) * policy->nfields);
	for (int i = 0; i < policy->ngroups; i++)
	{
		g.group = &policy->groups[i];
		begin_edits(event, &g);
		share_facts(event, &g);
		rule_edits(&g);
		for (int e = 0; e < g.n; e++)
			event->effects->outcomes[g.edits[e].field] = sl_edit_apply(&g.edits[e],
																	   g.rulings[e]);
	}
}

/* What an object of a group can hold. */
typedef enum GroupValue
{
	BASE,     /* what the event's system showed before */
	REPLACED, /* what C was before */
	INCOMING, /* what the event's system shows now */
	GOLDEN    /* what C is now */
} GroupValue;

/* What the event's system shows of a field, as far as the event is concerned. */
static SlValue
incoming_value(const SlEvent *event, int field)
{
	SlSpot spot = sl_event_spot(event, field);

	if (event->obs->values != NULL && event->obs->values[field].kind != SL_ABSENT &&
		(event->before[field].is_named || event->effects->outcomes[field] != SL_STALE))
		return event->obs->values[field];
	return sl_spot_shown(&spot)->value;
}

static SlValue
value_of(const SlEvent *event, int field, GroupValue which)
{
	switch (which)
	{
		case BASE:
			return event->before[field].shown;
		case REPLACED:
			return event->before[field].golden.value;
		case INCOMING:
			return incoming_value(event, field);
		case GOLDEN:
			return event->state->golden[field].value;
	}
	return sl_value_absent();
}

/* An object of a group's fields, without those of which nothing is known. */
static SlValue
object_of(const SlEvent *event, const SlGroup *group, GroupValue which)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfoChar(&json, '{');
	for (int i = 0; i < group->nfields; i++)
	{
		int     f = group->fields[i];
		SlValue value = value_of(event, f, which);

		if (value.kind != SL_ABSENT)
			sl_append_member(&json, &event->policy->fields[f], &value);
	}
	appendStringInfoChar(&json, '}');
	return (SlValue){json.data, json.len, SL_EXACT};
}

/* The author of a group's newest change before the event. */
static int
author_before(const SlEvent *event, const SlGroup *group)
{
	int   author = SL_AUTHOR_NONE;
	int64 newest = -1;

	for (int i = 0; i < group->nfields; i++)
	{
		const SlGolden *golden = &event->before[group->fields[i]].golden;

		if (golden->author == SL_AUTHOR_NONE || golden->version <= newest)
			continue;
		newest = golden->version;
		author = golden->author;
	}
	return author;
}

/* A write of ours has moved one field of what a side shows: that is its group now. */
static void
show_echoes(SlEvent *event, const SlGroup *group)
{
	for (int i = 0; i < group->nfields; i++)
	{
		int         f = group->fields[i];
		SlSpot      spot = sl_event_spot(event, f);
		SlConflict *conflict = sl_spot_golden(&spot)->conflict;
		SlSide     *side = conflict == NULL ? NULL : sl_find_side(conflict, spot.system);

		if (event->effects->outcomes[f] != SL_ECHO || side == NULL ||
			sl_value_same(&side->last, &sl_spot_shown(&spot)->value) ||
			!sl_value_same(&event->obs->values[f], &sl_spot_shown(&spot)->value))
			continue;
		sl_open_conflict(event, f, conflict->kind, event->before[f].shown);
		return;
	}
}

void
sl_groups_show(SlEvent *event)
{
	for (int i = 0; event->obs->system >= 0 && i < event->policy->ngroups; i++)
		show_echoes(event, &event->policy->groups[i]);
	for (int e = 0; e < event->effects->nconflicts; e++)
	{
		const SlConflictEffect *effect = &event->effects->conflicts[e];

		if (effect->group == NULL || effect->is_complete || !sl_is_showing(effect->op))
			continue;
		for (int i = 0; i < effect->group->nfields; i++)
		{
			int         f = effect->group->fields[i];
			SlConflict *conflict = event->state->golden[f].conflict;

			if (conflict != NULL)
				sl_show_side(conflict, event->obs->system, incoming_value(event, f));
		}
	}
}

static void
complete(const SlEvent *event, SlConflictEffect *effect)
{
	const SlGroup *group = effect->group;
	bool           is_loss = effect->op == SL_CONFLICT_RECORD;

	effect->is_complete = true;
	effect->current = object_of(event, group, is_loss ? REPLACED : GOLDEN);
	effect->current_author = is_loss ? author_before(event, group)
									 : sl_group_author(event->state, group);
	if (effect->op == SL_CONFLICT_CLOSE || is_loss)
		effect->resolved = object_of(event, group, GOLDEN);
	if (effect->op == SL_CONFLICT_CLOSE)
		return;
	effect->base = object_of(event, group, BASE);
	effect->incoming = object_of(event, group, INCOMING);
}

void
sl_groups_end(SlEvent *event)
{
	for (int e = 0; e < event->effects->nconflicts; e++)
		if (event->effects->conflicts[e].group != NULL &&
			!event->effects->conflicts[e].is_complete)
			complete(event, &event->effects->conflicts[e]);
}
