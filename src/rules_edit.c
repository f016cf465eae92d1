/*
 * rules_edit.c
 *	  Rules 3, 5, 6, 7 and 9: what becomes of a value that is a system's own word.
 *
 * An edit is first ruled on, by what stood before it, and then applied.  What the
 * system shows is noted in every case.
 */
#include "postgres.h"

#include "rules.h"

static bool
is_owner(const SlEdit *edit)
{
	return edit->spec->owner == edit->event->obs->system;
}

bool
sl_is_first_sight(const SlEdit *edit)
{
	const SlSystemSpec *system = &edit->event->policy->systems[edit->event->obs->system];

	return !edit->was_seen && (!system->unseen_is_null || edit->event->obs->is_baseline);
}

static const char *
author_of(const SlEdit *edit)
{
	const char *name = sl_author_name(edit->event->policy, edit->event->state,
									  sl_edit_meets(edit)->author);

	return name == NULL ? "nobody" : name;
}

/*
 * Under "window_scope": "record" an open bounce may hold the words of the very author
 * of C: then a further one is held too, and moves nothing.
 */
bool
sl_is_held_word(const SlPolicy *policy, const SlGolden *golden, int system)
{
	SlSide *side;

	if (golden->conflict == NULL || golden->conflict->kind != SL_CONFLICT_BOUNCE ||
		!policy->window_is_record)
		return false;
	side = sl_find_side(golden->conflict, system);
	return side != NULL && !sl_value_same(&side->last, &golden->value);
}

void
sl_edit_begin(SlEvent *event, int field, SlEdit *edit)
{
	SlSpot    spot = sl_event_spot(event, field);
	SlShown  *shown = sl_spot_shown(&spot);
	SlGolden *golden = sl_spot_golden(&spot);
	int       system = event->obs->system;

	memset(edit, 0, sizeof(SlEdit));
	edit->event = event;
	edit->field = field;
	edit->spec = &event->policy->fields[field];
	edit->golden = golden;
	edit->conflict = golden->conflict;
	edit->value = event->obs->values[field];
	edit->base = shown->value;
	edit->was_seen = shown->is_seen;
	edit->had_seen_field = edit->spec->fellows == NULL ? sl_has_seen(&spot)
													   : event->before[field].had_seen;
	edit->had_seen = edit->had_seen_field;
	edit->owner_spoke = sl_owner_spoke(&spot);
	edit->is_by_author = golden->author == system &&
						 !sl_is_held_word(event->policy, golden, system);
	edit->is_set_by_another = golden->author != SL_AUTHOR_NONE &&
							  golden->author != system;
	edit->is_inside_window = edit->is_set_by_another && golden->author >= 0 &&
							 event->obs->now - golden->changed_at < event->policy->window;
	edit->is_first = sl_is_first_sight(edit);
	edit->is_drift = edit->is_first;
}

/* Rule 3 */
static bool
is_null_that_is_kept(const SlEdit *edit)
{
	return sl_value_is_null(&edit->value) && !edit->spec->nulls_clear &&
		   !is_owner(edit) && !sl_value_is_null(&edit->golden->value);
}

/* A merged set takes from everybody: an owner who only breaks ties has none to break. */
static bool
merges_for_all(const SlEdit *edit)
{
	return edit->spec->merges_sets && edit->spec->is_tiebreak;
}

/* Rule 6, of others than the owner */
static bool
is_overruled(const SlEdit *edit)
{
	if (!edit->owner_spoke || merges_for_all(edit))
		return false;
	if (!edit->spec->is_tiebreak)
		return true;
	return (edit->is_set_by_another && (!edit->had_seen || edit->is_inside_window)) ||
		   edit->event->is_after_others;
}

/* Rule 7: more of what is frozen; a set that moves C is merged into it all the same. */
static SlRuling
rule_frozen(SlEdit *edit)
{
	if (edit->spec->merges_sets && edit->is_by_author &&
		sl_merge_set(edit) == SL_RULED_UNSURE)
		edit->is_by_author = false;
	return SL_RULED_FROZEN;
}

SlRuling
sl_edit_rule(SlEdit *edit)
{
	bool     is_contested = !edit->owner_spoke && edit->is_set_by_another;
	SlRuling loaded;

	if (edit->event->obs->is_baseline)
	{
		loaded = sl_baseline_rule(edit);
		return loaded == SL_RULED_FROZEN ? rule_frozen(edit) : loaded;
	}
	if (sl_is_first_sight(edit) && sl_value_is_null(&edit->value))
		return SL_RULED_AGREED;
	if (is_null_that_is_kept(edit))
		return SL_RULED_KEPT;
	if (sl_value_same(&edit->value, &edit->golden->value))
		return SL_RULED_AGREED;
	if (is_owner(edit) && !merges_for_all(edit) && !edit->is_held_along)
		return SL_RULED_OWNER;
	if (edit->conflict != NULL)
		return rule_frozen(edit);
	if (is_overruled(edit))
		return SL_RULED_OVERRULED;
	if (is_contested && edit->is_drift)
		return SL_RULED_DRIFT;
	if (edit->spec->merges_sets)
		return sl_merge_set(edit);
	if (is_contested && !edit->had_seen)
		return SL_RULED_COLLISION;
	if ((is_contested && edit->is_inside_window) ||
		(edit->event->is_after_others && !edit->is_first))
		return SL_RULED_BOUNCE;
	return SL_RULED_ACCEPTED;
}

/* What a first load left different goes with the rest of its group, never half of it. */
static void
unsettle_fellows(SlEvent *event, int field, int author)
{
	const SlGroup *group = event->policy->fields[field].fellows;

	for (int i = 0; group != NULL && i < group->nfields; i++)
		for (int s = 0; s < event->policy->nsystems; s++)
		{
			SlShown *shown = &event->state->parts[s].shown[group->fields[i]];

			if (s != author && !shown->knows_golden)
				shown->is_settled = false;
		}
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
	unsettle_fellows(event, field, author);
	event->effects->is_accepted[field] = true;
	event->effects->has_accepted = true;
	event->effects->is_dirty = true;
}

static SlOutcome
accept_edit(SlEdit *edit)
{
	if (is_owner(edit))
		edit->golden->owner_spoke = edit->spec->owner;
	sl_remember_former(edit->event, edit->field, &edit->value);
	sl_set_golden(edit->event, edit->field, edit->value, edit->event->obs->system);
	return SL_ACCEPTED;
}

static SlOutcome
keep_null(SlEdit *edit)
{
	SlSpot spot = sl_event_spot(edit->event, edit->field);

	if (edit->event->obs->is_baseline)
		sl_baseline_settle(edit);
	else
	{
		sl_spot_shown(&spot)->is_settled = edit->had_seen_field;
		sl_spot_shown(&spot)->knows_golden = edit->had_seen_field;
	}
	sl_event_say(edit->event, edit->field, "null erases nothing");
	return SL_KEPT;
}

static SlOutcome
agree(SlEdit *edit)
{
	SlSpot spot = sl_event_spot(edit->event, edit->field);

	sl_spot_shown(&spot)->answers = 0;
	if (edit->event->obs->is_baseline && is_owner(edit) &&
		!sl_value_is_null(&edit->value))
		edit->golden->owner_spoke = edit->spec->owner;
	if (edit->conflict != NULL)
		sl_open_conflict(edit->event, edit->field, edit->conflict->kind, edit->base);
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

/* A further edit by the author of C[f] moves it, and is sent to nobody. */
static SlOutcome
move_frozen(SlEdit *edit)
{
	SlConflictEffect *effect;

	accept_edit(edit);
	effect = sl_open_conflict(edit->event, edit->field, edit->conflict->kind, edit->base);
	if (effect->op == SL_CONFLICT_SHOW)
		effect->op = SL_CONFLICT_MOVE;
	sl_event_say(edit->event, edit->field, "in open conflict");
	return edit->conflict->kind == SL_CONFLICT_BOUNCE ||
				   edit->conflict->kind == SL_CONFLICT_OSCILLATION
			   ? SL_HELD
			   : SL_CONFLICTED;
}

static SlOutcome
add_to_conflict(SlEdit *edit)
{
	SlConflictKind kind = edit->conflict->kind;

	if (edit->is_by_author)
		return move_frozen(edit);
	sl_open_conflict(edit->event, edit->field, kind, edit->base);
	sl_event_say(edit->event, edit->field, "in open conflict");
	return kind == SL_CONFLICT_BOUNCE || kind == SL_CONFLICT_OSCILLATION ? SL_HELD
																		 : SL_CONFLICTED;
}

/* Of a group whose owner spoke, a field that it left empty is empty by its word. */
static void
own_the_null(SlEvent *event, int field)
{
	SlGolden *golden = &event->state->golden[field];

	golden->is_known = true;
	golden->value = sl_value_null();
	golden->author = event->policy->fields[field].owner;
	golden->changed_at = event->obs->now;
	golden->version = sl_waiting_version(event->effects->waiting, event->state);
}

/* What the others showed against the owner's whole address goes, in each field. */
static void
own_the_nulls(SlEvent *event, const SlGroup *group)
{
	for (int i = 0; group != NULL && i < group->nfields; i++)
		if (event->state->golden[group->fields[i]].author == SL_AUTHOR_NONE)
			own_the_null(event, group->fields[i]);
}

/*
 * Rule 6, the owner's side: its edit wins, and what it never saw is named.  An
 * oscillation alone waits for a human.
 */
static SlOutcome
accept_owner(SlEdit *edit)
{
	if (edit->conflict != NULL && !sl_yields_to_owner(edit->conflict))
		return move_frozen(edit);
	if (edit->conflict == NULL && edit->is_set_by_another && !edit->had_seen)
		sl_record_replaced(edit->event, edit->field, edit->base);
	accept_edit(edit);
	if (edit->conflict == NULL)
		return SL_ACCEPTED;
	own_the_nulls(edit->event, edit->spec->fellows);
	sl_close_conflict(edit->event, edit->field, "owner");
	return SL_ACCEPTED;
}

/* Rule 6, the others' side: C's value goes back, and the loss is named. */
static SlOutcome
overrule(SlEdit *edit)
{
	if (edit->golden->author == SL_AUTHOR_NONE)
		own_the_null(edit->event, edit->field);
	sl_record_loss(edit->event, edit->field, SL_CONFLICT_OWNER, edit->base, "owner");
	sl_event_say(edit->event, edit->field, "%s owns it",
				 edit->event->policy->systems[edit->spec->owner].name);
	return SL_OVERRULED;
}

/* In a first load: C's value stands, and is not sent. */
static SlOutcome
settle(SlEdit *edit)
{
	sl_baseline_settle(edit);
	(void) overrule(edit);
	return sl_is_sent_anyway(edit->event, edit->field) ? SL_OVERRULED : SL_KEPT;
}

static SlOutcome
collide(SlEdit *edit)
{
	sl_open_conflict(edit->event, edit->field, SL_CONFLICT_COLLISION, edit->base);
	sl_event_say(edit->event, edit->field,
				 "%s changed it too (v" INT64_FORMAT "), unseen here", author_of(edit),
				 sl_edit_meets(edit)->version);
	return SL_CONFLICTED;
}

static SlOutcome
hold_bounce(SlEdit *edit)
{
	sl_open_conflict(edit->event, edit->field, SL_CONFLICT_BOUNCE, edit->base);
	if (edit->is_inside_window)
		sl_event_say(edit->event, edit->field,
					 "%s changed it a moment ago (v" INT64_FORMAT ")", author_of(edit),
					 sl_edit_meets(edit)->version);
	else
		sl_event_say(edit->event, edit->field,
					 "another system changed the record a moment ago");
	return SL_HELD;
}

/* Rule 9: the first sight of a field is no edit. */
static SlOutcome
drift(SlEdit *edit)
{
	sl_open_conflict(edit->event, edit->field, SL_CONFLICT_DRIFT, edit->base);
	if (edit->is_by_author)
		sl_event_say(edit->event, edit->field, "another system says otherwise");
	else
		sl_event_say(edit->event, edit->field,
					 "%s, and %s says otherwise (v" INT64_FORMAT ")",
					 edit->was_seen ? "not so here" : "first seen here", author_of(edit),
					 sl_edit_meets(edit)->version);
	return SL_CONFLICTED;
}

static SlOutcome
hold_unsure(SlEdit *edit)
{
	SlSpot spot = sl_event_spot(edit->event, edit->field);

	sl_spot_shown(&spot)->is_unsure = true;
	sl_open_conflict(edit->event, edit->field, SL_CONFLICT_BOUNCE, edit->base);
	sl_event_say(edit->event, edit->field,
				 "an element was removed, or is late: nobody can tell");
	return SL_HELD;
}

static SlOutcome
trip(SlEdit *edit)
{
	sl_open_conflict(edit->event, edit->field, SL_CONFLICT_OSCILLATION, edit->base);
	sl_event_say(edit->event, edit->field, "changed back and forth too often");
	return SL_HELD;
}

/* What waits says the same, over another value than the target showed before. */
static void
note_correction(SlEvent *event, int field)
{
	SlWaiting *waiting = event->effects->waiting;
	int        system = event->obs->system;

	if (sl_content_has(&waiting->before[system], field))
		waiting->is_corrected[system] = true;
}

/* What the system still shows is not C: that goes out again. */
static SlOutcome
take_known(SlEdit *edit)
{
	note_correction(edit->event, edit->field);
	sl_event_say(edit->event, edit->field, "the golden record has these changes already");
	return SL_AGREED;
}

/* Late once: what the system shows is not known by it, and nothing is crossed. */
static SlOutcome
take_late(SlEdit *edit)
{
	sl_keep_shadow(edit->event, edit->field);
	sl_event_say(edit->event, edit->field, "a set on its way: it says nothing new");
	return SL_ECHO;
}

static SlOutcome
apply(SlEdit *edit, SlRuling ruling)
{
	switch (ruling)
	{
		case SL_RULED_AGREED:
			return agree(edit);
		case SL_RULED_KEPT:
			return keep_null(edit);
		case SL_RULED_OWNER:
			return accept_owner(edit);
		case SL_RULED_FROZEN:
			return add_to_conflict(edit);
		case SL_RULED_OVERRULED:
			return overrule(edit);
		case SL_RULED_SETTLED:
			return settle(edit);
		case SL_RULED_DRIFT:
			return drift(edit);
		case SL_RULED_COLLISION:
			return collide(edit);
		case SL_RULED_BOUNCE:
			return hold_bounce(edit);
		case SL_RULED_KNOWN:
			return take_known(edit);
		case SL_RULED_UNSURE:
			return hold_unsure(edit);
		case SL_RULED_ACCEPTED:
			return accept_edit(edit);
		case SL_RULED_TRIPPED:
			return trip(edit);
		case SL_RULED_LATE:
			break; /* it is no edit */
	}
	return SL_UNCHANGED;
}

SlOutcome
sl_edit_apply(SlEdit *edit, SlRuling ruling)
{
	SlEvent  *event = edit->event;
	SlSpot    spot = sl_event_spot(event, edit->field);
	bool      is_own = ruling != SL_RULED_AGREED || !sl_is_ours_again(&spot, event->obs);
	SlOutcome outcome;

	if (ruling == SL_RULED_LATE)
		return take_late(edit);
	/* A difference from what a first load did not see sent is settled, not written over. */
	if (!event->obs->is_baseline || sl_is_sent_anyway(event, edit->field))
		sl_cross(event, edit->field);
	sl_show(event, edit->field, is_own);
	outcome = apply(edit, ruling);
	if (outcome != SL_ACCEPTED && outcome != SL_AGREED)
		note_correction(edit->event, edit->field);
	return outcome;
}

/* What has a group is decided when all of that is known. */
SlOutcome
sl_apply_edit(SlEvent *event, int field)
{
	SlEdit   edit;
	SlRuling ruling;

	if (event->policy->fields[field].fellows != NULL)
	{
		event->before[field].is_edit = true;
		return SL_UNCHANGED;
	}
	sl_edit_begin(event, field, &edit);
	ruling = sl_edit_rule(&edit);
	if (sl_breaker_trips(&edit, ruling))
		ruling = SL_RULED_TRIPPED;
	return sl_edit_apply(&edit, ruling);
}
