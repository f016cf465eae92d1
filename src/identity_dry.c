/*
 * identity_dry.c
 *	  What a native id would name after the payloads that a dry run has decided.
 */
#include "postgres.h"

#include "diff.h"
#include "identity.h"

/* By the payloads before it alone. */
static bool
look_noted(const SlDiff *diff, const char *native_id, SlLink *link)
{
	link->record_key = sl_dry_link(diff, native_id);
	if (sl_dry_is_doubt(diff, native_id))
		link->conflict_id = SL_DRY_CONFLICT;
	return link->record_key != NULL || link->conflict_id != 0;
}

static bool
is_named_so(const SlDiff *diff, const SlStored *found, const char *native_id)
{
	const SlPart *part = &diff->scratch->parts[diff->system];

	sl_state_decode_part(diff->policy, diff->system, found->data, found->len,
						 diff->scratch);
	return sl_is_same_name(part->native_id, native_id) ||
		   sl_is_same_name(part->former_id, native_id);
}

/* A human's word may have given it to a record whose state does not name it. */
static bool
was_named_so(SlDiff *diff, const char *key, const char *native_id)
{
	SlStored before = {.data = NULL, .len = 0};

	if (sl_dry_link(diff, native_id) != NULL)
		return true;
	return sl_store_look(&diff->store, key, (int32) strlen(key), &before) &&
		   is_named_so(diff, &before, native_id);
}

/* The dry run would have taken the native id away from the record that it named. */
static bool
is_unlinked(SlDiff *diff, const char *native_id, const SlLink *link)
{
	const char *key = link->record_key;
	SlStored    now = {.data = NULL, .len = 0};

	return link->conflict_id == 0 && was_named_so(diff, key, native_id) &&
		   sl_dry_look(diff, key, (int32) strlen(key), &now) &&
		   !is_named_so(diff, &now, native_id);
}

bool
sl_dry_look_link(SlDiff *diff, SlIdentityIndex *index, const char *native_id,
				 SlLink *link)
{
	SlLink noted = {0};
	bool   is_linked = sl_link_look(index, diff->policy->systems[diff->system].name,
									native_id, link);

	if (look_noted(diff, native_id, &noted))
	{
		/* That only a human ends. */
		if (is_linked && link->conflict_id != 0 && noted.conflict_id == 0)
			return true;
		if (is_linked && sl_is_same_name(noted.record_key, link->record_key))
			noted.other_key = link->other_key;
		*link = noted;
	}
	else if (!is_linked)
		return false;
	if (!is_unlinked(diff, native_id, link))
		return true;
	memset(link, 0, sizeof(SlLink));
	return false;
}
