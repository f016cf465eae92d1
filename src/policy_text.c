/*
 * policy_text.c
 *	  A policy in sentences that a human can check.
 *
 * Every key of a policy that has an effect has its sentence, a default too; the same
 * policy is the same text under every setting of the session.
 */
#include "postgres.h"

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"

#include "policy_config.h"
#include "policy_text.h"

/* In the order of SlType and of SlNormalizer. */
static const char *const type_words[] = {"text",   "a number", "a boolean", "a timestamp",
										 "a date", "a set",    "JSON"};
static const char *const normalizer_words[] = {"trimmed",
											   "in lower case",
											   "in upper case",
											   "with inner white space squeezed",
											   "reduced to its digits",
											   "reduced to a phone number's digits",
											   "trimmed and in lower case",
											   "in Unicode's form NFC"};

/* Appends what stands between element i of n and the one before: "a, b and c". */
static void
append_separator(StringInfo out, int i, int n)
{
	if (i > 0)
		appendStringInfoString(out, i == n - 1 ? " and " : ", ");
}

/* "1 time", "2 times" */
static void
append_count(StringInfo out, int64 count, const char *unit)
{
	appendStringInfo(out, INT64_FORMAT " %s%s", count, unit, count == 1 ? "" : "s");
}

/* Units of nothing are left out. */
static void
append_unit(StringInfo out, int64 count, const char *unit)
{
	if (count == 0)
		return;
	if (out->len > 0)
		appendStringInfoChar(out, ' ');
	append_count(out, count, unit);
}

/* Milliseconds and what is smaller are a fraction, without zeros at its end. */
static void
append_seconds(StringInfo out, int64 microseconds)
{
	int64 fraction = microseconds % USECS_PER_SEC;

	if (fraction == 0)
	{
		append_unit(out, microseconds / USECS_PER_SEC, "second");
		return;
	}
	if (out->len > 0)
		appendStringInfoChar(out, ' ');
	appendStringInfo(out, INT64_FORMAT ".%06d", microseconds / USECS_PER_SEC,
					 (int) fraction);
	while (out->data[out->len - 1] == '0')
		out->data[--out->len] = '\0';
	appendStringInfoString(out, " seconds");
}

/* "1 day 2 hours", whatever IntervalStyle is. */
static char *
duration(int64 microseconds)
{
	StringInfoData out;

	initStringInfo(&out);
	append_unit(&out, microseconds / USECS_PER_DAY, "day");
	append_unit(&out, microseconds % USECS_PER_DAY / USECS_PER_HOUR, "hour");
	append_unit(&out, microseconds % USECS_PER_HOUR / USECS_PER_MINUTE, "minute");
	append_seconds(&out, microseconds % USECS_PER_MINUTE);
	if (out.len == 0)
		appendStringInfoString(&out, "0 seconds");
	return out.data;
}

static void
append_place(StringInfo out, const char *what, const SlPath *path)
{
	if (path != NULL)
		appendStringInfo(out, ", %s at %s", what, path->text);
}

static void
append_unseen(StringInfo out, const SlSystemSpec *system)
{
	if (system->unseen_is_null)
		appendStringInfoString(out,
							   "  A field that it never showed counts as null there.\n");
	else
		appendStringInfoString(
			out, "  A field without owner that it never showed is not overwritten there: "
				 "it waits until it is seen.\n");
}

static void
append_system(StringInfo out, const SlSystemSpec *system)
{
	appendStringInfo(out, "\n%s\n", system->name);
	appendStringInfo(out, "  The key of a record stands at %s", system->key->text);
	append_place(out, "its id there", system->id);
	append_place(out, "its version", system->version);
	append_place(out, "our stamp", system->sentinel);
	appendStringInfoString(out, ".\n");
	if (system->deleted != NULL)
		appendStringInfo(out,
						 "  A record is deleted there where %s is true, or a time.\n",
						 system->deleted->text);
	if (system->is_writable)
	{
		appendStringInfo(
			out,
			"  What others change is sent to it; the echo of that is awaited until %s "
			"after its acknowledgement.\n",
			duration(system->echo_window));
		append_unseen(out, system);
		if (system->is_immediate)
			appendStringInfoString(out,
								   "  Where it is a table, what another table changes "
								   "is applied in the same transaction.\n");
		if (system->rate.max_claims > 0)
			appendStringInfo(out,
							 "  Workers get no more than %d changes for it within any "
							 "%s.\n",
							 system->rate.max_claims, system->rate.unit);
	}
	else
		appendStringInfoString(out, "  It is only read: nothing is ever sent to it.\n");
	if (system->is_writable && system->sentinel != NULL)
		appendStringInfoString(
			out,
			"  Where a field is first shown under the stamp of a write, as that left "
			"it, that is its echo, however late; from then on the stamp proves only "
			"that a payload is not older.\n");
	if (system->strict_versions)
		appendStringInfoString(
			out, "  Every newer version is noted, even where nothing changed.\n");
	appendStringInfo(out, "  A timestamp without offset is taken as %s.\n",
					 system->timezone);
}

static void
append_type(StringInfo out, const SlFieldSpec *field)
{
	appendStringInfo(out, "  It is %s", type_words[field->type]);
	for (int i = 0; i < field->nnormalizers; i++)
	{
		appendStringInfoString(out, i == 0 ? ", compared and kept " : ", then ");
		appendStringInfoString(out, normalizer_words[field->normalizers[i]]);
	}
	appendStringInfoString(out, ".\n");
	if (field->is_required)
		appendStringInfoString(out, "  A record without it is rejected.\n");
	if (field->is_sensitive)
		appendStringInfoString(out, "  It is sensitive: views for people mask it.\n");
}

/* The other fields of its group. */
static void
append_group(StringInfo out, const SlPolicy *policy, const SlFieldSpec *field)
{
	const SlGroup *group = field->fellows;

	if (group == NULL || group->nfields == 1)
		return;
	appendStringInfo(out, "  It is part of %s: ", sl_quoted_key(group->name));
	for (int i = 0; i < group->nfields; i++)
	{
		append_separator(out, i, group->nfields);
		appendStringInfoString(out, sl_quoted_key(policy->fields[group->fields[i]].name));
	}
	appendStringInfoString(out, " are in conflict, held and decided as one.\n");
}

/* Who may write a field, and what happens to what the others write. */
static void
append_owner(StringInfo out, const SlPolicy *policy, const SlFieldSpec *field)
{
	const char *owner;

	if (field->merges_sets && (field->owner < 0 || field->is_tiebreak))
	{
		appendStringInfoString(
			out, "  Every system may change it: what each adds and removes is merged, "
				 "whatever the others did meanwhile.\n");
		return;
	}
	if (field->owner < 0)
	{
		appendStringInfoString(
			out, "  Nobody owns it: every system may change it, and a human decides "
				 "where two changed it unaware of each other.\n");
		return;
	}
	owner = policy->systems[field->owner].name;
	if (field->is_tiebreak)
		appendStringInfo(
			out,
			"  %s owns it as a tiebreak: every system may change it, and where two "
			"changed it unaware of each other, what another system than %s wrote goes "
			"back.\n",
			owner, owner);
	else
		appendStringInfo(out,
						 "  %s owns it: what another system writes there goes back.\n",
						 owner);
}

static void
append_nulls(StringInfo out, const SlPolicy *policy, const SlFieldSpec *field)
{
	if (field->nulls_clear)
		appendStringInfoString(
			out, "  Null is a value like any other: it clears the field.\n");
	else if (field->owner >= 0)
		appendStringInfo(out, "  Null erases nothing, unless it comes from %s.\n",
						 policy->systems[field->owner].name);
	else
		appendStringInfoString(out, "  Null erases nothing.\n");
}

/* The one path of a field that all systems carry at the same place, or NULL. */
static const char *
path_in_all(const SlPolicy *policy, const SlFieldSpec *field)
{
	for (int i = 0; i < policy->nsystems; i++)
	{
		if (field->paths[i] == NULL ||
			strcmp(field->paths[i]->text, field->paths[0]->text) != 0)
			return NULL;
	}
	return field->paths[0]->text;
}

static void
append_paths(StringInfo out, const SlPolicy *policy, const SlFieldSpec *field)
{
	const char *everywhere = path_in_all(policy, field);

	if (everywhere != NULL)
	{
		appendStringInfo(out, "  It stands at %s in every system.\n", everywhere);
		return;
	}
	for (int i = 0; i < policy->nsystems; i++)
	{
		const char *system = policy->systems[i].name;

		if (field->paths[i] == NULL)
			appendStringInfo(out, "  %s does not carry it.\n", system);
		else
			appendStringInfo(out, "  In %s it stands at %s.\n", system,
							 field->paths[i]->text);
	}
}

static void
append_maps(StringInfo out, const SlPolicy *policy, const SlFieldSpec *field)
{
	for (int i = 0; i < policy->nsystems; i++)
	{
		const SlValueMap *map = field->maps[i];

		if (map == NULL || map->n == 0)
			continue;
		appendStringInfo(out, "  In %s ", policy->systems[i].name);
		for (int j = 0; j < map->n; j++)
		{
			append_separator(out, j, map->n);
			appendStringInfo(out, "%.*s is called %.*s", map->canonical[j].len,
							 map->canonical[j].data, map->native[j].len,
							 map->native[j].data);
		}
		appendStringInfoString(out, ".\n");
	}
}

static void
append_field(StringInfo out, const SlPolicy *policy, const SlFieldSpec *field)
{
	appendStringInfo(out, "\n%s\n", sl_quoted_key(field->name));
	append_type(out, field);
	append_group(out, policy, field);
	append_owner(out, policy, field);
	append_nulls(out, policy, field);
	append_paths(out, policy, field);
	append_maps(out, policy, field);
}

static void
append_window(StringInfo out, const SlPolicy *policy)
{
	if (policy->window == 0)
		appendStringInfoString(
			out, "  A system that has seen another one's change may change the "
				 "field again at once.\n");
	else if (policy->window_is_record)
		appendStringInfo(
			out,
			"  Where another system changed any field of a record less than %s ago, a "
			"change of that record waits for a human.\n",
			duration(policy->window));
	else
		appendStringInfo(
			out,
			"  A field that another system changed less than %s ago is not changed "
			"back and forth: the second change waits for a human.\n",
			duration(policy->window));
}

static void
append_breaker(StringInfo out, const SlPolicy *policy)
{
	appendStringInfoString(
		out, "  A field that goes back to a former value, or is corrected to its "
			 "owner's, more than ");
	append_count(out, policy->max_flips, "time");
	appendStringInfo(out, " within %s stops until a human decides; so does one whose ",
					 duration(sl_flip_period(policy)));
	appendStringInfoString(out,
						   "corrections a system answers with another value more than ");
	append_count(out, policy->max_flips, "time");
	appendStringInfoString(out, " in a row.\n");
}

static void
append_deletes(StringInfo out, const SlPolicy *policy)
{
	switch (policy->deletes)
	{
		case SL_DELETES_PROPAGATE:
			appendStringInfoString(
				out,
				"  A record that one system deletes is deleted in all of them, unless "
				"something of it was unseen there or still moves: then a human decides.\n");
			break;
		case SL_DELETES_REVIEW:
			appendStringInfoString(
				out, "  A record that a system deletes waits for a human to decide.\n");
			break;
		case SL_DELETES_IGNORE:
			appendStringInfoString(
				out,
				"  A record that a system deletes lives on in the others, and is left "
				"out there until it is shown again.\n");
			break;
	}
	if (policy->delete_owner >= 0)
		appendStringInfo(
			out,
			"  Only %s deletes: what another system deleted is created there "
			"again.\n",
			policy->systems[policy->delete_owner].name);
}

static void
append_guard(StringInfo out, const SlPolicy *policy)
{
	appendStringInfo(out,
					 "  A complete listing that misses or changes more than %g%% of the "
					 "records held there fails, unless so many are approved.\n",
					 policy->max_change * 100);
}

static bool
has_native_ids(const SlPolicy *policy)
{
	for (int i = 0; i < policy->nsystems; i++)
		if (policy->systems[i].id != NULL)
			return true;
	return false;
}

static void
append_match_on(StringInfo out, const SlPolicy *policy)
{
	if (!has_native_ids(policy))
		return;
	appendStringInfoString(
		out, "  A record without key is found by its id, where it has one there");
	if (policy->nmatch_on == 0)
	{
		appendStringInfoString(out, ".\n");
		return;
	}
	appendStringInfoString(out, "; one that nobody knows by its id is taken for the only "
								"living record that has the same ");
	for (int i = 0; i < policy->nmatch_on; i++)
	{
		append_separator(out, i, policy->nmatch_on);
		appendStringInfoString(out,
							   sl_quoted_key(policy->fields[policy->match_on[i]].name));
	}
	appendStringInfoString(out, " and no other id there.  Where several have, a human "
								"decides.\n");
}

static void
append_attempts(StringInfo out, const SlPolicy *policy)
{
	if (policy->max_attempts == 1)
		appendStringInfoString(out, "  A call that failed is not repeated: it is a dead "
									"letter, which waits for a human.\n");
	else
		appendStringInfo(out,
						 "  A call that failed is repeated, after longer and longer; "
						 "after %d failures it is a dead letter, which waits for a "
						 "human.\n",
						 policy->max_attempts);
}

static void
append_retention(StringInfo out, const SlRetention *retention)
{
	appendStringInfo(out, "  Kept: changes %s, writes that crossed %s, ",
					 duration(retention->changes), duration(retention->ledger));
	appendStringInfo(out, "rejected records %s, conflicts %s after they are settled, ",
					 duration(retention->rejects), duration(retention->conflicts));
	appendStringInfo(out, "near misses %s, statistics %s.\n",
					 duration(retention->near_misses), duration(retention->statistics));
}

static void
append_rules(StringInfo out, const SlPolicy *policy)
{
	appendStringInfoString(
		out, "  Different fields never collide: both changes go through.\n");
	append_window(out, policy);
	append_breaker(out, policy);
	append_deletes(out, policy);
	append_guard(out, policy);
	append_match_on(out, policy);
	append_attempts(out, policy);
	append_retention(out, &policy->retention);
}

char *
sl_policy_text(const SlPolicy *policy)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "Policy of %s, version %d\n", policy->entity, policy->version);
	appendStringInfoString(&out, "\nSYSTEMS\n");
	for (int i = 0; i < policy->nsystems; i++)
		append_system(&out, &policy->systems[i]);
	appendStringInfoString(&out, "\nFIELDS\n");
	for (int i = 0; i < policy->nfields; i++)
		append_field(&out, policy, &policy->fields[i]);
	appendStringInfoString(&out, "\nRULES FOR ALL\n\n");
	append_rules(&out, policy);
	return out.data;
}
