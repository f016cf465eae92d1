/*
 * rules_breaker.c
 *	  Rule 13: what flips or is corrected without end is stopped, however green every
 *	  single write was.
 *
 * Of former values only marks are kept, and only for as long as they count.
 */
#include "postgres.h"

#include "rules.h"

/* Loops of more values than this are as good as new edits. */
#define MAX_FORMER 8

/* FNV-1a: the same mark on every machine. */
static uint32
mark_of(const SlValue *value)
{
	uint32 mark = 2166136261u;

	if (sl_value_is_null(value))
		return 0;
	for (int i = 0; i < value->len; i++)
		mark = (mark ^ (unsigned char) value->data[i]) * 16777619u;
	return mark;
}

static bool
was_former(const SlEdit *edit)
{
	const SlGolden *golden = edit->golden;
	uint32          mark = mark_of(&edit->value);

	if (edit->event->obs->now - golden->changed_at >= sl_flip_period(edit->event->policy))
		return false;
	for (int i = 0; i < golden->nformer; i++)
		if (golden->former[i] == mark)
			return true;
	return false;
}

void
sl_remember_former(SlEvent *event, int field, const SlValue *next)
{
	SlGolden *golden = &event->state->golden[field];
	uint32   *former = palloc(sizeof(uint32) * MAX_FORMER);
	uint32    mark = mark_of(&golden->value);
	int       n = 0;

	if (golden->author == SL_AUTHOR_NONE)
		return;
	if (event->obs->now - golden->changed_at >= sl_flip_period(event->policy))
		golden->nformer = 0;
	former[n++] = mark;
	for (int i = 0; i < golden->nformer && n < MAX_FORMER; i++)
		if (golden->former[i] != mark && golden->former[i] != mark_of(next))
			former[n++] = golden->former[i];
	golden->former = former;
	golden->nformer = n;
}

/* Notes one more; true where there were too many of them in a while. */
static bool
flips_too_often(const SlEdit *edit)
{
	SlGolden    *golden = edit->golden;
	TimestampTz  now = edit->event->obs->now;
	TimestampTz *flips = palloc(sizeof(TimestampTz) * (golden->nflips + 1));
	int          n = 0;

	for (int i = 0; i < golden->nflips; i++)
		if (now - golden->flips[i] < sl_flip_period(edit->event->policy))
			flips[n++] = golden->flips[i];
	flips[n++] = now;
	golden->flips = flips;
	golden->nflips = n;
	return n > edit->event->policy->max_flips;
}

/* What the system said last was written over, or is just being. */
static bool
was_corrected(const SlEdit *edit)
{
	SlSpot         spot = sl_event_spot(edit->event, edit->field);
	const SlWrite *newest = sl_newest_write(sl_spot_shown(&spot));

	if (sl_value_same(&edit->base, &edit->golden->value))
		return true;
	return newest != NULL && !newest->is_sighted &&
		   sl_value_same(&newest->replaced, &edit->base);
}

/*
 * C goes back over what the system says.  The first time that is an answer to nothing;
 * from then on every correction that it answers with another value counts.
 */
static bool
answers_too_often(const SlEdit *edit)
{
	SlSpot   spot = sl_event_spot(edit->event, edit->field);
	SlShown *shown = sl_spot_shown(&spot);

	if (shown->answers == 0 || was_corrected(edit))
		shown->answers++;
	return shown->answers > edit->event->policy->max_flips + 1;
}

static bool
is_corrected_too_often(const SlEdit *edit)
{
	bool flips = flips_too_often(edit);

	return answers_too_often(edit) || flips;
}

bool
sl_breaker_trips(SlEdit *edit, SlRuling ruling)
{
	if (edit->conflict != NULL || edit->event->obs->is_baseline)
		return false;
	switch (ruling)
	{
		case SL_RULED_OWNER:
		case SL_RULED_ACCEPTED:
			return was_former(edit) && flips_too_often(edit);
		case SL_RULED_OVERRULED:
			return is_corrected_too_often(edit);
		case SL_RULED_AGREED:
		case SL_RULED_KEPT:
		case SL_RULED_SETTLED:
		case SL_RULED_FROZEN:
		case SL_RULED_DRIFT:
		case SL_RULED_COLLISION:
		case SL_RULED_BOUNCE:
		case SL_RULED_KNOWN:
		case SL_RULED_LATE:
		case SL_RULED_UNSURE:
		case SL_RULED_TRIPPED:
			return false;
	}
	return false;
}

void
sl_reset_breaker(SlEvent *event, int field)
{
	SlGolden *golden = &event->state->golden[field];

	golden->nformer = 0;
	golden->nflips = 0;
	for (int s = 0; s < event->policy->nsystems; s++)
		event->state->parts[s].shown[field].answers = 0;
}
