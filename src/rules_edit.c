/*
 * rules_edit.c
 *	  Rules 3, 5, 6, 7 and 9: what becomes of a value that is a system's own word.
 *
 * The first rule that applies decides; each is one function.  What the system shows
 * is noted in every case.
 */
#include "postgres.h"

#include "rules.h"

/* What stood before the edit, for rules that come after the shadow has moved. */
typedef struct Edit
{
	SlEvent           *event;
	int                field;
	const SlFieldSpec *spec;
	SlGolden          *golden;
	SlValue            value;
	SlValue            base;     /* what the system showed before */
	bool               was_seen; /* the field was not unseen there */
	bool               had_seen; /* the system had seen C[f] */
	bool               owner_spoke;
} Edit;

static bool
is_owner(const Edit *edit)
{
	return edit->spec->owner == edit->event->obs->system;
}

static bool
is_set_by_another(const Edit *edit)
{
	return edit->golden->author != SL_AUTHOR_NONE &&
		   edit->golden->author != edit->event->obs->system;
}

/* Another system, not a human's decision, set the field less than a window ago. */
static bool
is_inside_window(const Edit *edit)
{
	return is_set_by_another(edit) && edit->golden->author >= 0 &&
		   edit->event->obs->now - edit->golden->changed_at < edit->event->policy->window;
}

static const char *
author_of(const Edit *edit)
{
	const char *name = sl_author_name(edit->event->policy, edit->event->state,
									  edit->golden->author);

	return name == NULL ? "nobody" : name;
}

void
sl_set_golden(SlEvent *event, int field, SlValue value, int author)
{
	SlGolden *golden = &event->state->golden[field];

	golden->is_known = true;
	golden->value = value.kind == SL_ABSENT ? sl_value_null() : value;
	golden->author = author;
	golden->actor = event->obs->actor;
	golden->changed_at = event->obs->now;
	golden->version = sl_waiting_version(event->effects->waiting, event->state);
	for (int s = 0; s < event->policy->nsystems; s++)
	{
		SlShown *shown = &event->state->parts[s].shown[field];

		shown->is_settled = false;
		shown->knows_golden = false;
	}
	event->effects->is_accepted[field] = true;
	event->effects->has_accepted = true;
	event->effects->is_dirty = true;
}

static SlOutcome
accept_edit(Edit *edit)
{
	if (edit->spec->owner == edit->event->obs->system)
		edit->golden->owner_spoke = edit->spec->owner;
	sl_set_golden(edit->event, edit->field, edit->value, edit->event->obs->system);
	return SL_ACCEPTED;
}

/* Rule 3 */
static bool
is_null_that_is_kept(const Edit *edit)
{
	return sl_value_is_null(&edit->value) && !edit->spec->nulls_clear &&
		   !is_owner(edit) && !sl_value_is_null(&edit->golden->value);
}

static SlOutcome
keep_null(Edit *edit)
{
	SlSpot spot = sl_event_spot(edit->event, edit->field);

	sl_spot_shown(&spot)->is_settled = edit->had_seen;
	sl_spot_shown(&spot)->knows_golden = edit->had_seen;
	sl_event_say(edit->event, edit->field, "null erases nothing");
	return SL_KEPT;
}

/* Rule 5 */
static SlOutcome
agree(Edit *edit)
{
	if (edit->golden->conflict != NULL)
		sl_open_conflict(edit->event, edit->field, edit->golden->conflict->kind,
						 edit->base);
	if (!sl_value_same(&edit->value, &edit->golden->value))
		sl_event_say(edit->event, edit->field, "first seen here, as null");
	else if (edit->golden->is_known)
		sl_event_say(edit->event, edit->field, "the golden record says so already");
	else
	{
		edit->golden->is_known = true;
		edit->golden->value = sl_value_null();
	}
	return SL_AGREED;
}

/* Rule 6, the owner's side: its edit wins, and what it never saw is named. */
static SlOutcome
accept_owner(Edit *edit)
{
	SlConflict *conflict = edit->golden->conflict;
	bool        replaces_unseen = is_set_by_another(edit) && !edit->had_seen;

	if (conflict == NULL && replaces_unseen)
		sl_record_replaced(edit->event, edit->field, edit->base);
	accept_edit(edit);
	if (conflict != NULL && conflict->kind != SL_CONFLICT_OSCILLATION)
		sl_close_conflict(edit->event, edit->field, "owner");
	return SL_ACCEPTED;
}

/* Rule 6, the others' side: C's value goes back, and the loss is named. */
static SlOutcome
overrule(Edit *edit)
{
	sl_record_loss(edit->event, edit->field, SL_CONFLICT_OWNER, edit->base, "owner");
	sl_event_say(edit->event, edit->field, "%s owns it",
				 edit->event->policy->systems[edit->spec->owner].name);
	return SL_OVERRULED;
}

static bool
is_overruled(const Edit *edit)
{
	if (!edit->owner_spoke)
		return false;
	if (!edit->spec->is_tiebreak)
		return true;
	return is_set_by_another(edit) && (!edit->had_seen || is_inside_window(edit));
}

/* Rule 7, while the field is frozen. */
static SlOutcome
add_to_conflict(Edit *edit)
{
	SlConflictKind kind = edit->golden->conflict->kind;

	if (edit->golden->author == edit->event->obs->system)
	{
		accept_edit(edit);
		sl_open_conflict(edit->event, edit->field, kind, edit->base);
		sl_last_conflict_effect(edit->event)->op = SL_CONFLICT_MOVE;
	}
	else
		sl_open_conflict(edit->event, edit->field, kind, edit->base);
	sl_event_say(edit->event, edit->field, "in open conflict");
	return kind == SL_CONFLICT_BOUNCE || kind == SL_CONFLICT_OSCILLATION ? SL_HELD
																		 : SL_CONFLICTED;
}

static SlOutcome
collide(Edit *edit)
{
	sl_open_conflict(edit->event, edit->field, SL_CONFLICT_COLLISION, edit->base);
	sl_event_say(edit->event, edit->field,
				 "%s changed it too (v" INT64_FORMAT "), unseen here", author_of(edit),
				 edit->golden->version);
	return SL_CONFLICTED;
}

static SlOutcome
hold_bounce(Edit *edit)
{
	sl_open_conflict(edit->event, edit->field, SL_CONFLICT_BOUNCE, edit->base);
	sl_event_say(edit->event, edit->field,
				 "%s changed it a moment ago (v" INT64_FORMAT ")", author_of(edit),
				 edit->golden->version);
	return SL_HELD;
}

/* Rule 9: the first sight of a field is no edit. */
static SlOutcome
drift(Edit *edit)
{
	sl_open_conflict(edit->event, edit->field, SL_CONFLICT_DRIFT, edit->base);
	sl_event_say(edit->event, edit->field,
				 "first seen here, and %s says otherwise (v" INT64_FORMAT ")",
				 author_of(edit), edit->golden->version);
	return SL_CONFLICTED;
}

static bool
is_first_sight(const Edit *edit)
{
	return !edit->was_seen &&
		   !edit->event->policy->systems[edit->event->obs->system].unseen_is_null;
}

static SlOutcome
judge(Edit *edit)
{
	bool is_null = sl_value_is_null(&edit->value);

	if (is_first_sight(edit) && is_null)
		return agree(edit);
	if (is_null_that_is_kept(edit))
		return keep_null(edit);
	if (sl_value_same(&edit->value, &edit->golden->value))
		return agree(edit);
	if (is_owner(edit))
		return accept_owner(edit);
	if (edit->golden->conflict != NULL)
		return add_to_conflict(edit);
	if (is_overruled(edit))
		return overrule(edit);
	if (edit->owner_spoke || !is_set_by_another(edit))
		return accept_edit(edit);
	if (is_first_sight(edit))
		return drift(edit);
	if (!edit->had_seen)
		return collide(edit);
	if (is_inside_window(edit))
		return hold_bounce(edit);
	return accept_edit(edit);
}

void
sl_note_correction(SlEvent *event, int field)
{
	SlWaiting *waiting = event->effects->waiting;
	int        system = event->obs->system;

	if (sl_content_has(&waiting->before[system], field))
		waiting->is_corrected[system] = true;
}

SlOutcome
sl_apply_edit(SlEvent *event, int field)
{
	SlSpot   spot = sl_event_spot(event, field);
	SlShown *shown = sl_spot_shown(&spot);
	Edit     edit = {
			.event = event,
			.field = field,
			.spec = &event->policy->fields[field],
			.golden = sl_spot_golden(&spot),
			.value = event->obs->values[field],
			.base = shown->value,
			.was_seen = shown->is_seen,
			.had_seen = sl_has_seen(&spot),
			.owner_spoke = sl_owner_spoke(&spot),
    };
	SlOutcome outcome;

	sl_cross(event, field);
	sl_show(event, field, true);
	outcome = judge(&edit);
	if (outcome != SL_ACCEPTED && outcome != SL_AGREED)
		sl_note_correction(event, field);
	return outcome;
}
