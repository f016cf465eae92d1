/*
 * rules_set.c
 *	  Rule 8, of sets: merged three-way, whatever is on its way.
 *
 * The base is every set that the system may be showing: what it showed last, our writes
 * that are owed a sight, and what they replaced.  A set that is merged collides with
 * nothing, and no window holds it.
 */
#include "postgres.h"

#include "rules.h"
#include "set.h"

/* The newest write of which the shadow is proved older, and the observation newer. */
static const SlWrite *
find_written_over(const SlEdit *edit)
{
	SlSpot         spot = sl_event_spot(edit->event, edit->field);
	const SlShown *shown = sl_spot_shown(&spot);

	for (int i = shown->nwrites - 1; i >= 0; i--)
	{
		const SlWrite *write = &shown->writes[i];

		if (sl_is_proved_newer(&spot, edit->event->obs, write))
			return shown->token_shown.len > 0 &&
						   sl_compare_tokens(&spot, shown->token_shown, write->token) < 0
					   ? write
					   : NULL;
	}
	return NULL;
}

/* A later write has been seen, and this is newer: what was there before is there no more. */
static bool
is_written_over(const SlEdit *edit, const SlShown *shown, const SlWrite *write)
{
	SlSpot  spot = sl_event_spot(edit->event, edit->field);
	SlToken token = edit->event->obs->token;

	if (token.len == 0 || shown->token_shown.len == 0 ||
		sl_compare_tokens(&spot, token, shown->token_shown) <= 0)
		return false;
	for (const SlWrite *later = write + 1; later < shown->writes + shown->nwrites;
		 later++)
		if (later->is_sighted && !sl_is_removal(later))
			return true;
	return false;
}

/* It landed before a later write, and the observation is newer than that one. */
static bool
is_outrun(const SlEdit *edit, const SlShown *shown, const SlWrite *write)
{
	SlSpot spot = sl_event_spot(edit->event, edit->field);

	if (sl_may_still_land(write))
		return false;
	for (const SlWrite *later = write + 1; later < shown->writes + shown->nwrites;
		 later++)
		if (sl_is_proved_newer(&spot, edit->event->obs, later))
			return true;
	return false;
}

/* The sets that the system may have been showing; room for all. */
static int
collect_bases(const SlEdit *edit, SlValue *bases)
{
	SlSpot         spot = sl_event_spot(edit->event, edit->field);
	const SlShown *shown = sl_spot_shown(&spot);
	const SlWrite *written_over = find_written_over(edit);
	bool           is_unsure = sl_is_unsure(&spot);
	int            n = 0;

	bases[n++] = written_over == NULL ? edit->base : written_over->value;
	for (int i = 0; i < shown->nwrites; i++)
	{
		const SlWrite *write = &shown->writes[i];
		bool           is_owed = sl_is_owed(&spot, write, is_unsure) &&
					   !is_outrun(edit, shown, write);

		/* Where its late echo left the shadow alone, it may be what the system shows. */
		if (is_owed || write->value_came_late)
			bases[n++] = write->value;
		if (is_owed && !is_written_over(edit, shown, write))
			bases[n++] = write->replaced;
	}
	return n;
}

/*
 * An element that only some of the bases hold is missing: the photograph was taken
 * before the write that adds it landed, or after one that takes it away, or a human
 * removed it.  Once it counts as late.  False where it did before, where no write tells
 * why, and after a crossing: then what is sent would bury what is not seen again.
 */
static bool
take_as_late(SlEdit *edit)
{
	SlSpot         spot = sl_event_spot(edit->event, edit->field);
	SlShown       *shown = sl_spot_shown(&spot);
	const SlValue *golden = &edit->golden->value;
	bool           is_explained = false;
	bool           is_first = !shown->is_unsure;

	for (int i = 0; i < shown->nwrites; i++)
	{
		SlWrite *write = &shown->writes[i];

		if (write->is_sighted)
			continue;
		if (sl_set_explains(golden, &edit->value, &write->value, &write->replaced))
		{
			is_explained = true;
			is_first &= !write->replaced_came_late;
			write->replaced_came_late = true;
		}
		if (sl_set_explains(golden, &edit->value, &write->replaced, &write->value))
		{
			is_explained = true;
			is_first &= !write->value_came_late;
			write->value_came_late = true;
		}
	}
	return is_first && is_explained;
}

SlRuling
sl_merge_set(SlEdit *edit)
{
	SlSpot     spot = sl_event_spot(edit->event, edit->field);
	SlValue   *bases = palloc(sizeof(SlValue) * (2 * sl_spot_shown(&spot)->nwrites + 1));
	int        nbases = collect_bases(edit, bases);
	SlSetMerge merge = sl_set_merge(&edit->golden->value, &edit->value, bases, nbases);
	bool       is_late = merge.is_unsure && take_as_late(edit);

	if (!sl_set_same(&merge.merged, &edit->value))
		edit->value = merge.merged;
	if (merge.is_unsure && !is_late)
		return SL_RULED_UNSURE;
	if (!sl_set_same(&edit->value, &edit->golden->value))
		return SL_RULED_ACCEPTED;
	/* Null and the empty set differ as values, and only as such. */
	if (sl_set_same(&edit->value, &edit->event->obs->values[edit->field]))
		return SL_RULED_ACCEPTED;
	return is_late ? SL_RULED_LATE : SL_RULED_KNOWN;
}
