#!/usr/bin/python3
"""Does the simulator bite?  Breaks one rule at a time and counts the histories until it shows.

    make mutants                       all of them
    make mutants ONLY=name,name        these
    make mutants N=2000                after that many histories a mutant has survived

Each mutant is one place of the sources, replaced; it is built beside the tree, and the
functions of a throw-away database are pointed at it.  It is dead where a history fails that
holds with the sources as they are: a failure of the whole engine proves nothing.  The
histories are of the policies that concern its rule.  A mutant whose place is no more there, or there twice, is an error, and so is one that survives:
a hole in the simulator, or a rule that nobody needs.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import namedtuple

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))

Mutant = namedtuple("Mutant", "name breaks file old new policies")

MUTANTS = [
    Mutant("stale_is_news", "1: older tokens change nothing", "src/rules_stale.c",
           "	if (!is_known_token(obs->token))\n		return false;\n	if (is_known_token(shown->token)",
           "	return false;\n	if (is_known_token(shown->token)",
           "counted,counted_any_order,strict"),
    Mutant("tokens_are_texts", "1: tokens are numbers, times, then text", "src/memory.c",
           "	return sl_token_compare(a.data, a.len, b.data, b.len,\n"
           "							spot->policy->systems[spot->system].tz);",
           "	int order = memcmp(a.data, b.data, Min(a.len, b.len));\n\n	return order != 0 ? order : a.len - b.len;",
           "counted,one_counts,nulls"),
    Mutant("buried_edits_are_stale", "1: an edit that our write buried is named", "src/rules_stale.c",
           "	const SlValue *value = &obs->values[spot->field];\n\n	if (is_known_token(shown->token_own)",
           "	const SlValue *value = &obs->values[spot->field];\n\n	if (spot != NULL)\n		return false;\n"
           "	if (is_known_token(shown->token_own)",
           "counted_any_order,counted,strict"),
    Mutant("kept_nulls_come_back", "3: a null that was kept is settled", "src/rules_edit.c",
           "		sl_spot_shown(&spot)->is_settled = edit->had_seen_field;",
           "		sl_spot_shown(&spot)->is_settled = false;",
           "nulls,nulls_of_three,windows,three"),
    Mutant("nulls_erase", "3: null erases nothing", "src/rules_edit.c",
           "	return sl_value_is_null(&edit->value) && !edit->spec->nulls_clear &&\n"
           "		   !is_owner(edit) && !sl_value_is_null(&edit->golden->value);",
           "	return false;",
           "plain,nulls,nulls_of_three"),
    Mutant("flight_is_forgotten", "4: what a worker may have sent is never an edit", "src/memory.c",
           "		case SL_WRITE_IN_FLIGHT:\n			return true;\n		case SL_WRITE_LOST:\n			return write->since == 0 ||",
           "		case SL_WRITE_IN_FLIGHT:\n			return false;\n		case SL_WRITE_LOST:\n			return write->since == 0 ||",
           "plain,three,windows"),
    Mutant("sights_are_owed_for_ever", "4: a sight is owed until echo_window", "src/memory.c",
           "			return is_unsure || !is_window_over(spot, write);",
           "			return true;",
           "echo_window,plain,counted"),
    Mutant("late_echoes_are_sights", "4: a late echo leaves the shadow as it is", "src/rules_echo.c",
           "		if (!sl_value_same(&w->value, &write->value))\n			return true;\n	return false;\n}\n\n"
           "/*\n * A write of the very value",
           "		if (!sl_value_same(&w->value, &write->value))\n			return false;\n	return false;\n}\n\n"
           "/*\n * A write of the very value",
           "plain,counted,late_calls"),
    Mutant("photographs_are_edits", "4: what a write replaced may come late", "src/rules_echo.c",
           "	if (!shown->is_seen)\n		return NULL;\n	for (int i = shown->nwrites - 1",
           "	if (shown != NULL)\n		return NULL;\n	for (int i = shown->nwrites - 1",
           "plain,three,counted"),
    Mutant("the_ambiguous_is_guessed", "4: late twice is held, never guessed", "src/rules_echo.c",
           "	if (is_ambiguous(&spot, event->obs) && !event->is_closed)\n		return hold(event, field);",
           "	(void) is_ambiguous;\n	(void) hold;",
           "plain,windows,three"),
    Mutant("back_again_is_an_echo", "4: X, Y, X are two edits", "src/rules_echo.c",
           "	if (is_ambiguous(&spot, event->obs) && !event->is_closed)\n		return hold(event, field);",
           "	for (int i = 0; i < shown->nwrites; i++)\n"
           "		if (sl_value_same(&shown->writes[i].replaced, value))\n			return SL_ECHO;\n"
           "	if (is_ambiguous(&spot, event->obs) && !event->is_closed)\n		return hold(event, field);",
           "plain,three,counted"),
    Mutant("crossings_go_unnoticed", "what is remembered: an edit crosses a write", "src/rules_echo.c",
           "	if (!shown->is_seen && sl_value_is_null(value))\n		return;\n\n	for (int i = 0",
           "	if (shown != NULL)\n		return;\n\n	for (int i = 0",
           "plain,three,late_calls"),
    Mutant("an_ack_is_a_sight", "what is remembered: an ack proves that we wrote, not who looked", "src/memory.c",
           "			!sl_is_owed(spot, write, is_unsure) &&\n			(write->is_rewritten",
           "			(is_unsure || !is_unsure) &&\n			(write->is_rewritten",
           "plain,three,windows"),
    Mutant("an_ack_overrides_what_came_later", "4 outbox: an ack never sets a shadow behind an observation",
           "src/decide_ack.c",
           "	else if (!write->is_crossed)\n		confirm_write(event, shown, write);",
           "	else if (write != NULL)\n		confirm_write(event, shown, write);",
           "plain,counted,three"),
    Mutant("lost_calls_are_over", "what is remembered: a lost call may still land", "src/decide_write.c",
           "		write->status = write->is_sighted ? SL_WRITE_ACKED : SL_WRITE_LOST;",
           "		write->status = SL_WRITE_ACKED;",
           "late_calls,plain,three"),
    Mutant("the_unsure_is_at_rest", "what waits: a shadow that is unsure", "src/waiting.c",
           "	if (sl_is_unsure(spot))\n		return true;\n	if (!shown->is_seen)",
           "	if (!shown->is_seen)",
           "plain,three,late_calls"),
    Mutant("agreement_is_an_edit", "5: an edit to the golden value tells nobody", "src/rules_edit.c",
           "	if (sl_value_same(&edit->value, &edit->golden->value))\n		return SL_RULED_AGREED;\n	if (is_owner(edit) && !merges",
           "	if (is_owner(edit) && !merges",
           "plain,windows,three"),
    Mutant("owners_do_not_count", "6: what another system than the owner wrote goes back", "src/rules_edit.c",
           "	if (!edit->owner_spoke || merges_for_all(edit))\n		return false;\n	if (!edit->spec->is_tiebreak)\n		return true;",
           "	if (!edit->owner_spoke || merges_for_all(edit))\n		return false;\n	if (!edit->spec->is_tiebreak)\n		return false;",
           "owners,owners_of_three,groups_owned"),
    Mutant("losses_are_silent", "6: what an owner overrules is named", "src/rules_edit.c",
           "		own_the_null(edit->event, edit->field);\n	sl_record_loss(edit->event, edit->field, SL_CONFLICT_OWNER, edit->base, \"owner\");",
           "		own_the_null(edit->event, edit->field);",
           "owners,owners_of_three,groups_owned"),
    Mutant("the_newer_wins", "7: a collision is never guessed", "src/rules_edit.c",
           "	if (is_contested && !edit->had_seen)\n		return SL_RULED_COLLISION;\n", "",
           "plain,three,windows"),
    Mutant("bounces_go_on", "7: inside the window an edit is held", "src/rules_edit.c",
           "	if ((is_contested && edit->is_inside_window) ||", "	if (",
           "windows,three_windows,by_record"),
    Mutant("the_frozen_moves", "7: a field in conflict is sent to nobody", "src/waiting.c",
           "	return golden->conflict != NULL;",
           "	return false;",
           "three,windows,born_twice"),
    Mutant("conflicts_close_early", "7: a conflict closes when all sides show C for sure", "src/rules_conflict.c",
           "		if (!shows_golden_for_sure(event, field, &conflict->sides[i]))\n			return false;",
           "		if (shows_golden_for_sure(event, field, &conflict->sides[i]))\n			return true;",
           "three,windows,born_twice"),
    Mutant("the_unseen_is_overwritten", "9: what was never seen is not overwritten blindly", "src/waiting.c",
           "	return spot->policy->systems[spot->system].unseen_is_null || sl_owner_spoke(spot);",
           "	return true;",
           "parts,parts_of_three,born_twice_in_parts"),
    Mutant("first_sights_are_edits", "9: the first sight of a field is no edit", "src/rules_edit.c",
           "	if (is_contested && edit->is_drift)\n		return SL_RULED_DRIFT;\n", "",
           "born_twice_in_parts,parts,born_twice"),
    Mutant("deletes_are_not_contested", "10: a delete by one who had not seen C is a conflict", "src/rules_delete.c",
           "	why = contest(event);",
           "	why = event == NULL ? contest(event) : NULL;",
           "deletes,deletes_in_windows,deletes_of_three"),
    Mutant("our_deletes_are_theirs", "10: the echo of our delete", "src/rules_delete.c",
           "		case SL_ERASURE_STRAY:\n			return true;\n		case SL_ERASURE_NONE:",
           "		case SL_ERASURE_STRAY:\n			return false;\n		case SL_ERASURE_NONE:",
           "deletes,deletes_of_three,deletes_listed"),
    Mutant("the_dead_rise", "10: a late update of a dead record is held", "src/rules_life.c",
           "	if (!may_bring_back(event))\n		join_conflict(event);\n	else if",
           "	if (!may_bring_back(event) && part == NULL)\n		join_conflict(event);\n	else if",
           "deletes,deletes_of_three,deletes_listed"),
    Mutant("life_forgets_the_others", "10: what others showed meanwhile is decided then", "src/rules_life.c",
           "		if (sl_shows_record(&event->state->parts[s]))\n			decide_undecided(event, s);",
           "		if (s < 0)\n			decide_undecided(event, s);",
           "deletes_of_three,deletes_reviewed,deletes"),
    Mutant("lost_creates_start_anew", "11: a lost create goes again as it was", "src/waiting.c",
           "		case SL_CREATE_LOST:\n			lost_create_content(policy, state, target, content);\n			break;",
           "		case SL_CREATE_LOST:\n			(void) lost_create_content;\n"
           "			create_content(policy, state, target, content);\n			break;",
           "three,plain,keyless"),
    Mutant("lost_creates_go_after_deletes", "11: a create goes again as it was, unless a delete went since", "src/waiting.c",
           "	if (part->erasure == SL_ERASURE_LOST)\n	{", "	if (part == NULL)\n	{",
           "deletes,deletes_of_three,keyless_deletes"),
    Mutant("keys_are_used_again", "4 outbox: no two contents share a key", "src/waiting.c",
           "	return !sl_content_equal(&waiting->before[t], after) &&",
           "	return t < 0 && !sl_content_equal(&waiting->before[t], after) &&",
           "plain,three,windows"),
    Mutant("half_an_address", "8: a group collides as one", "src/rules_group.c",
           "		edit->had_seen = all.had_seen;\n", "",
           "groups,groups_owned"),
    Mutant("sets_are_replaced", "8: sets merge", "src/rules_edit.c",
           "	if (edit->spec->merges_sets)\n		return sl_merge_set(edit);", "	(void) sl_merge_set;",
           "sets,sets_of_three"),
    Mutant("windows_are_of_a_field", "7: window_scope record", "src/rules_group.c",
           "	event->is_after_others = event->policy->window_is_record && is_after_others(event);",
           "	event->is_after_others = event == NULL && is_after_others(event);",
           "by_record"),
    Mutant("flips_go_on", "13: what flips without end is stopped", "src/rules_breaker.c",
           "	if (edit->conflict != NULL || edit->event->obs->is_baseline)\n		return false;\n	switch (ruling)",
           "	if (edit != NULL)\n		return false;\n	switch (ruling)",
           "flips,flips_of_equals"),
    Mutant("stamps_are_proof", "4: content decides, not the stamp", "src/rules_stamp.c",
           "		if ((named == NULL || named->status == SL_WRITE_LOST) &&\n			is_echo_of(&spot, write, &event->obs->values[field]))",
           "		(void) is_echo_of;\n		if (named == NULL || named->status == SL_WRITE_LOST)",
           "stamped,stamped_and_dropped"),
    Mutant("old_stamps_are_proof", "4: a stamp names a write once", "src/rules_stamp.c",
           "	return write->version == stamp_of(spot, obs) && !write->stamp_used &&",
           "	return write->version == stamp_of(spot, obs) &&",
           "stamped,stamped_and_dropped"),
    Mutant("near_misses_go_again", "4 outbox: a target's own way to write it is settled", "src/decide_ack.c",
           "	shown->is_settled = stands_for_golden;",
           "	shown->is_settled = false;",
           "rewrites,rewrites_silently"),
    Mutant("everything_collides", "7: who has seen C collides with nobody", "src/rules_edit.c",
           "	edit->had_seen = edit->had_seen_field;", "	edit->had_seen = false;",
           "plain,three,counted"),
    Mutant("ties_go_to_the_owner", "6: with tiebreak an owner wins only in a collision", "src/rules_edit.c",
           "	if (!edit->spec->is_tiebreak)\n		return true;\n	return (edit", "	if (edit != NULL)\n		return true;\n	return (edit",
           "owners_of_three,owners,tiebreak"),
    Mutant("unseen_nulls_are_settled", "3: a null is settled only where s had seen C", "src/rules_edit.c",
           "		sl_spot_shown(&spot)->is_settled = edit->had_seen_field;",
           "		sl_spot_shown(&spot)->is_settled = true;",
           "plain,three,windows"),
    Mutant("waiting_rows_stay_as_they_were", "4 outbox: a newer change folds into the waiting row", "src/waiting.c",
           "	part->waiting_source = source_of(policy, state, after, t);\n	waiting->is_changed[t] = true;",
           "	part->waiting_source = source_of(policy, state, after, t);\n"
           "	waiting->is_changed[t] = waiting->before[t].action == SL_ACTION_NONE;",
           "plain,three,windows"),
    Mutant("the_needless_waits", "4 outbox: what has become a no-op is dropped", "src/waiting.c",
           "		waiting->is_changed[t] = part->waiting_version != 0;\n		part->waiting_version = 0;",
           "		waiting->is_changed[t] = false;\n		part->waiting_version = 0;",
           "plain,three,windows"),
    Mutant("retries_have_keys_of_their_own", "4 outbox: retries of one content share one key", "src/waiting.c",
           "	return content->nfields > 0;\n}\n\n/* Every field", "	return content->nfields < 0;\n}\n\n/* Every field",
           "plain,three,counted"),
    Mutant("swapped_versions_go_unnoticed", "2: a strict system's tokens are noted", "src/decide.c",
           "strict_versions &&\n		   sl_spot_shown(spot)->is_seen &&", "strict_versions &&\n		   !sl_spot_shown(spot)->is_seen &&",
           "strict"),
    Mutant("the_unseen_waits", "9: what was never shown counts as null, where the policy says so", "src/waiting.c",
           "	return spot->policy->systems[spot->system].unseen_is_null || sl_owner_spoke(spot);",
           "	return sl_owner_spoke(spot);",
           "parts_sent_over"),
    Mutant("first_loads_are_sent", "baseline: nothing is sent because of it", "src/rules_baseline.c",
           "		sl_spot_shown(&spot)->is_settled = true;", "		sl_spot_shown(&spot)->is_settled = false;",
           "loads,loads_owned"),
    Mutant("first_loads_create", "baseline: a missing record is left out there", "src/rules_baseline.c",
           "			part->existence = SL_LEFT_OUT;", "			part->existence = SL_NOT_THERE;",
           "loads,loads_owned"),
    Mutant("the_last_load_wins", "baseline: where two disagree it is drift", "src/rules_baseline.c",
           "	return is_disputed(edit) ? SL_RULED_DRIFT : SL_RULED_ACCEPTED;",
           "	return !is_disputed(edit) ? SL_RULED_ACCEPTED : SL_RULED_ACCEPTED;",
           "loads,loads_in_parts"),
    Mutant("the_first_load_wins", "baseline: the owner's value stands", "src/rules_baseline.c",
           "	if (is_owner(edit))\n		return SL_RULED_OWNER;\n	if (edit->conflict",
           "	if (is_owner(edit) && edit->golden->author == SL_AUTHOR_NONE)\n		return SL_RULED_OWNER;\n	if (edit->conflict",
           "loads_owned"),
    Mutant("twins_are_guessed", "11: of several that could be meant none is guessed", "src/identity.c",
           "	if (list_length(keys) > 1)\n	{", "	if (list_length(keys) > 2)\n	{",
           "matched"),
    Mutant("nobody_matches", "11: the one record that equals it is meant", "src/identity.c",
           "		keys = find_candidates(chunk, intake);\n	if (keys == NIL)",
           "		keys = find_candidates(chunk, intake);\n	if (keys != NIL)\n		keys = NIL;\n	if (keys == NIL)",
           "matched,matched_creates"),
    Mutant("native_ids_are_forgotten", "11: a record is found by its native id", "src/identity.c",
           "		identity->found = SL_BY_NATIVE_ID;\n		name(intake, link->record_key);",
           "		identity->found = SL_BY_NATIVE_ID;\n		name(intake, key);",
           "keyless,matched"),
    Mutant("everybody_deletes", "10: only the delete_owner deletes", "src/rules_delete.c",
           "	if (policy->delete_owner >= 0 && policy->delete_owner != event->obs->system)",
           "	if (policy->delete_owner < -1 && policy->delete_owner != event->obs->system)",
           "deletes_owned"),
    Mutant("deletes_are_not_reviewed", "10: with review a delete is a conflict", "src/rules_delete.c",
           "	if (event->policy->deletes == SL_DELETES_REVIEW)\n		return \"deletes are reviewed\";\n", "",
           "deletes_reviewed"),
    Mutant("listings_delete_nothing", "complete: what is missing was deleted there", "src/diff_complete.c",
           "	} while (!is_missing(complete));", "	} while (is_missing(complete) || true);",
           "deletes_listed"),
    Mutant("writes_are_not_booked", "I6: an acknowledged write is in the ledger", "src/outbox_ack.c",
           "	sl_deliveries_add(&acking->log, &delivery);", "	(void) delivery;",
           "plain,three"),
    Mutant("the_first_word_wins", "12: a winner's last value", "src/resolve_value.c",
           "			decision->values[i] = side->last;", "			(void) side;",
           "three,windows,plain"),
    Mutant("acks_move_in_silence", "I6: each move of the golden record is in the log", "src/outbox_ack.c",
           "	if (delivery->has_event)\n		sl_log_add",
           "	if (delivery->has_event && entry.change_set == (Datum) 0)\n		sl_log_add",
           "counted_any_order,counted,ties,new_versions"),
]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=3000, help="histories that a mutant may survive")
    parser.add_argument("--only", default="")
    parser.add_argument("--list", action="store_true", help="check that each applies; build nothing")
    return parser.parse_args()


def mutated(mutant, tree):
    """The file that it changes, changed."""
    with open(os.path.join(tree, mutant.file)) as source:
        text = source.read()
    if text.count(mutant.old) != 1:
        sys.exit(f"{mutant.name}: its place stands {text.count(mutant.old)} times in {mutant.file}")
    return text.replace(mutant.old, mutant.new)


def make(tree):
    """The library, where the server may read it."""
    subprocess.run(["make", "-s", "-C", tree, "with_llvm=no", "PG_CONFIG=" + os.environ.get("PG_CONFIG", "pg_config"),
                    "sync_ledger.so"], check=True, stdout=subprocess.DEVNULL)
    library = os.path.join(tree, "sync_ledger.so")
    os.chmod(library, 0o755)
    return library


def copy_tree(tree):
    for name in ("src", "sql"):
        shutil.copytree(os.path.join(TOP, name), os.path.join(tree, name))
    for name in ("Makefile", "sync_ledger.control"):
        shutil.copy(os.path.join(TOP, name), tree)
    return make(tree)


def build(mutant, pristine, tree):
    """The objects of the pristine tree are newer than its sources, so one file is compiled."""
    shutil.copytree(pristine, tree, copy_function=shutil.copy2)
    text = mutated(mutant, tree)
    with open(os.path.join(tree, mutant.file), "w") as source:
        source.write(text)
    return make(tree)


def simulate(library, *arguments):
    """What the simulator prints of the engine in that library."""
    run = subprocess.run([os.path.join(HERE, "run.py"), *arguments], env={**os.environ, "SYNC_LEDGER_LIBRARY": library},
                         text=True, stdout=subprocess.PIPE)
    return run.stdout


def holds(library, output):
    """Does that engine live through the history that was found?"""
    again = re.search(r"^again: make simulate POLICIES=(\S+) STORY=(\S+)", output, re.M)
    return not re.search(r"^=== ", simulate(library, "--policies", again[1], "--story", again[2]), re.M)


def hunt(mutant, library, whole, limit):
    """(histories, what was found): in rounds that grow, each with a seed of its own."""
    histories, seed = 0, 0
    while histories < limit:
        seed += 1
        size = min(40 * 2 ** (seed - 1), 640, limit - histories)
        output = simulate(library, "-n", str(size), "--seed", str(seed), "--first", "--policies", mutant.policies)
        histories += int(re.search(r"^# (\d+) histories", output, re.M)[1])
        found = re.search(r"^=== (.*)$", output, re.M)
        if found is not None:
            histories += 1
            if holds(whole, output):
                return histories, found[1][:100]
            print(f"# {mutant.name}: the whole engine fails too, seed {seed}: {found[1][:100]}", flush=True)
    return histories, None


def main():
    options = arguments()
    names = [n for n in options.only.split(",") if n]
    chosen = [m for m in MUTANTS if not names or m.name in names]
    survivors = []
    if options.list:
        for mutant in chosen:
            mutated(mutant, TOP)
        return print(f"# {len(chosen)} mutants, each applies")
    with tempfile.TemporaryDirectory() as work:
        os.chmod(work, 0o755)
        pristine = os.path.join(work, "pristine")
        os.mkdir(pristine)
        whole = copy_tree(pristine)
        for mutant in chosen:
            library = build(mutant, pristine, os.path.join(work, mutant.name))
            histories, found = hunt(mutant, library, whole, options.n)
            if found is None:
                survivors.append(mutant.name)
            what = "SURVIVED" if found is None else "dead within"
            print(f"{mutant.name:34} {what} {histories:5} histories of {mutant.policies}: {found}", flush=True)
            shutil.rmtree(os.path.join(work, mutant.name))
    print(f"# {len(chosen)} mutants, {len(survivors)} survived: {', '.join(survivors)}")
    return bool(survivors)


if __name__ == "__main__":
    sys.exit(main())
