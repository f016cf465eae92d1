"""What must hold: the invariants, and the named excuses that the rules allow.

Written from the rules alone.  It follows where each value came from (its origin, an edit
that a human made), which the database cannot know.
"""

from collections import Counter
from copy import copy

from excuses import TYPED_AGAIN, Excuses
from failure import Failure
from life import Life
from rest import Rest
from rulings import Rulings
from settled import Settled
from state import all_values, data_of, elements, is_dead, life_is_open, names, value_in
from systems import Edit
from values import text_of
from waiting import Waiting


class Oracle(Excuses, Life, Rest, Rulings, Settled, Waiting):
    def __init__(self, world):
        self.world = world
        self.policy = world.policy
        self.state = {"golden": None, "shadow": None, "outbox": None, "ledger": None, "logged": None, "conflicts": None}
        self.has_died = False
        self.edits = []
        self.golden = {}            # field: the edit that the golden value is
        self.same = {}              # edit number: the number of an edit of which it is a repetition
        self.newest = {}            # (system, field): newest photograph that arrived
        self.told_at = {}           # (system, field): the step in which it did
        self.troubled = set()       # (target, field) where somebody or something came between
        self.loaded_by = {}         # field: the systems of which a first load showed a value
        self.is_loading = False     # what arrives is a first load
        self.keys = {}              # idempotency key: what was sent under it
        self.settled, self.surely = {}, set()
        self.accepted = 0
        self.arrivals = 0
        self.deaths = []            # that were shown
        self.born_at = 0            # the step in which a new generation began
        self.told_gone = set()      # systems whose last word is that the record is not there
        self.meanwhile = []         # edits that were shown while the record was dead or frozen
        self.buried = set()         # edits that a death covered, or a decision about life
        self.excuses = Counter()
        self.disorder = set()       # (system, field) of this very delivery, if it was out of order
        self.misread = set()        # (field, element) that came or left by a set that was typed again, as excused
        self.untold_late = set()    # (system, field) of a merged set that was shown late, and its writes' versions are not known
        self.displaced = set()      # (system, field) whose last delivery was out of order
        self.was_disordered = set()
        self.crossings = Counter()
        self.crossed = {}           # (target, field): the step of a crossing that no write has ended

    def fields_of(self, row):
        """The fields that a conflict freezes: one, those of a group, or all of a record."""
        if row["field"] is None:
            return list(self.policy.fields)
        return self.policy.group(row["field"]) or [row["field"]]

    def is_named(self, row, edit):
        if row["field"] == edit.field:
            return text_of(edit.value) in {text_of(v) for v in all_values(row)}
        return edit.field in self.fields_of(row) and names(row, edit)

    # what humans do

    def typed(self, edit, system):
        self.edits.append(edit)
        edit.over = text_of(system.held[edit.field].value)
        if self.policy.is_merged(edit.field):
            edit.added = elements(edit.value) - elements(system.held[edit.field].value)
            edit.removed = elements(system.held[edit.field].value) - elements(edit.value)
        owed = [c for c in self.owed(system.name, edit.field)]
        edit.risky = bool(owed) or self.is_owed_one_more(system.name, edit.field) \
            or (system.name, edit.field) in self.crossed
        if owed:
            self.crossed[system.name, edit.field] = self.world.step
            self.troubled.add((system.name, edit.field))
            self.crossings[system.name] += 1

    def owed(self, target, field):
        """Writes of ours that may still cross: not acknowledged, or not seen by an observation."""
        until = self.world.clock - self.world.echo_window(target)
        return self.world.calls_of(target, lambda c: field in c.changes and (
            c.acked is None or field not in c.sighted and c.acked >= until))

    def is_owed_one_more(self, target, field):
        """One sight each: what was shown once may be the landing of one of two writes of one value."""
        until = self.world.clock - self.world.echo_window(target)
        return bool(self.world.calls_of(target, lambda c: field in c.changes and field not in c.shown and (
            c.acked is None or c.acked >= until)))

    # what arrives

    def observed(self, shot, row, before, answer):
        if row["verdict"] == "rejected":
            raise Failure("I4", f"rejected: {row['detail']}")
        outcome = row["outcome"] or {}
        self.note_disorder(shot)
        self.told_gone.discard(shot.system)
        if row["verdict"] == "unchanged":
            self.check_unchanged(shot, before, answer)
        if is_dead(before) and not is_dead(answer["state"]):
            self.check_revival(shot)
            self.born_at = self.world.step
        if life_is_open(before) and not life_is_open(answer["state"]) or is_dead(before):
            self.check_meanwhile(shot, answer["state"])
        self.check_rulings(shot, outcome, before, answer["state"])
        self.check_golden(shot, outcome, answer["state"])
        for field, held in shot.held.items():
            if outcome.get(field) == "held" and self.is_owed_one_more(shot.system, field):
                self.troubled.add((shot.system, field))     # an edit or an echo: nobody can say what is shown
            self.note_shown(shot, field, held, outcome.get(field), before, answer["state"])
        self.check_echoes(shot.system, outcome, before, answer["state"])
        self.note_kept(shot, outcome, before, answer["state"])
        self.note_newest(shot, shot.held)
        self.check(answer["state"])

    def note_disorder(self, shot):
        self.arrivals += 1
        self.disorder = set()
        self.was_disordered = {f for f in shot.held if (shot.system, f) in self.displaced}
        for field in shot.held:
            self.displaced.discard((shot.system, field))
            newest = self.newest.get((shot.system, field))
            late = self.world.clock - shot.at >= self.world.echo_window(shot.system)
            if late or newest is not None and shot.number < newest.number:
                self.disorder.add((shot.system, field))
                self.displaced.add((shot.system, field))
                self.troubled.add((shot.system, field))

    def note_newest(self, shot, fields):
        for field, held in fields.items():
            newest = self.newest.get((shot.system, field))
            was_same = newest is not None and text_of(newest.held[field].value) == text_of(held.value)
            if newest is None or newest.number <= shot.number:
                self.newest[shot.system, field], self.told_at[shot.system, field] = shot, self.world.step
            for call in self.world.calls_of(shot.system, lambda c: field in c.changes and field not in c.shown)[:1]:
                if text_of(held.value) == text_of(call.changes[field]) and not was_same:
                    call.shown.add(field)       # the same once more may be the same landing
            for call in self.owed(shot.system, field):
                stored = text_of(self.stored(call, field))
                if text_of(held.value) != stored or was_same and stored != text_of(call.changes[field]):
                    self.troubled.add((shot.system, field))     # or the form of an older write
                elif call.landed is not None and call.photographed < shot.number:
                    call.sighted.add(field)

    def stored(self, call, field):
        """What the system made of a write, where its answer has told it."""
        return call.answer.held[field].value if call.told and call.answer is not None else call.changes[field]

    def check_unchanged(self, shot, before, answer):
        strict = self.policy.systems[shot.system]["config"].get("strict_versions")
        if answer["wrote"] and not strict:
            raise Failure("I5w", "unchanged input wrote something")
        if answer["state"] != before and not strict:
            raise Failure("I5", "unchanged input changed the record's state")

    def check_golden(self, shot, outcome, state):
        """I1: the golden record moves only by what a human typed in the system that shows it."""
        new = data_of(state)
        old = data_of(self.state)
        for field in set(old) | set(new):
            if text_of(old.get(field)) == text_of(new.get(field)):
                continue
            if field in shot.held and self.policy.is_merged(field):
                self.check_merge(shot, field, old.get(field), new.get(field))
                continue
            if field not in shot.held or text_of(new.get(field)) != text_of(shot.held[field].value):
                raise Failure("I1", f"{field} became {text_of(new.get(field))}, which {shot.system} did not show")
            if new.get(field) is None and self.policy.keeps_null(shot.system, field) \
                    and not self.policy.later and not is_dead(self.state):
                raise Failure("I4", f"null in {shot.system} erased {field}")
            self.accept(shot, field, shot.held[field])

    def check_merge(self, shot, field, old, new):
        """I1 of a merged set: each element comes or goes by what a human did in that system."""
        mine = [e for e in self.edits if e.field == field and e.system == shot.system]
        came = {x for x in elements(new) - elements(old) if not any(x in e.added for e in mine)}
        left = {x for x in elements(old) - elements(new) if not any(x in e.removed for e in mine)}
        came, left = ({x for x in some if (field, x) not in self.misread} for some in (came, left))
        if self.is_late(shot, field) and self.is_untold(shot.system, field):
            self.untold_late.add((shot.system, field))
        excuse = self.excuse_merge(shot, field) if came | left else None
        if excuse is not None:
            self.excuses[excuse] += 1
            self.misread |= {(field, x) for x in came | left}
        elif came | left:
            raise Failure("I1", f"{sorted(came)} came into {field} by {shot.system} and {sorted(left)} left it, "
                          "which no human did there")
        self.accepted += 1
        self.golden[field] = shot.held[field].origin

    def check_merged(self, edit, data):
        """I4 of a merged set, at rest: what was added is there or was removed, and so on."""
        there = elements(data.get(edit.field))
        arrived = {e.system: e.number for e in self.edits if e.field == edit.field and e.arrived}
        others = [e for e in self.edits if e.field == edit.field and e is not edit and e.number <= arrived.get(e.system, 0)]
        rows = [c for c in self.state["conflicts"] or [] if edit.field in self.fields_of(c) and c["id"] not in edit.old_rows]
        misread = {x for field, x in self.misread if field == edit.field}
        lost = {x for x in edit.added - there - misread if not any(x in e.removed for e in others)
                and not self.is_typed_over(edit, x)}
        back = {x for x in edit.removed & there - misread if not any(x in e.added for e in others)}
        if not lost | back or rows:
            return
        if not self.is_typed_again(edit) and not (self.is_put_back(edit, lost) and not back):
            raise Failure("I4", f"{edit}: {sorted(lost)}, which it added, is lost, and {sorted(back)}, which it removed, is there")
        self.excuses[TYPED_AGAIN] += 1

    def is_typed_over(self, edit, element):
        """A system has seen its own earlier edits: a later one without the element was told first."""
        return any(e.system == edit.system and e.field == edit.field and e.number > edit.number and element not in elements(e.value)
                   and e.told is not None and edit.told is not None and e.told < edit.told for e in self.edits)

    def accept(self, shot, field, held):
        edit = held.origin
        is_echo = edit is None or edit.system != shot.system or held.rewritten
        replaced = self.golden.get(field)
        is_later = edit is not None and replaced is not None and edit.system == replaced.system and edit.number > replaced.number
        is_old = edit is not None and replaced is not None and replaced.excuse is None and not is_later and (
            self.was_golden(edit) and self.has_seen(replaced, edit) or self.is_decided(replaced, edit))
        if edit is not None and edit.system == shot.system and self.is_reverted(edit):
            raise Failure("I1", f"the {edit} was taken for an edit, though a newer version had shown that it was typed over")
        if is_echo or is_old:
            excuse = self.excuse_echo(shot, field, held)
            if excuse is None:
                raise Failure("I1", f"{field} = {text_of(held.value)} of {shot.system} was taken for an edit, but it is "
                              + ("our own write" if is_echo else f"the old {edit}"))
            self.excuses[excuse] += 1
            edit = self.phantom(shot.system, field, held, excuse)
        edit.accepted, edit.accepted_at = True, self.world.clock
        edit.shown_by = self.shown_by_others(edit)
        self.golden[field] = edit
        self.accepted += 1

    def was_golden(self, edit):
        """Itself, or a decision for it."""
        return any(e.accepted and self.find(e.number) == self.find(edit.number) for e in self.edits)

    def is_reverted(self, edit):
        """Whoever typed over it has been seen, in a system whose every newer version is noted."""
        config = self.policy.systems[edit.system]["config"] if edit.system in self.policy.systems else {}
        return config.get("strict_versions") and any(
            e.arrived and not e.is_phantom and e.system == edit.system and e.field == edit.field and e.number > edit.number
            and edit.number in e.saw for e in self.edits)

    def is_decided(self, decision, edit):
        """A reviewer has decided since it was shown."""
        return decision.system == "review" and edit.shown is not None and edit.shown < decision.shown

    def phantom(self, system, field, held, excuse):
        """Something that the rules had to take for an edit."""
        self.world.numbers += 1
        edit = Edit(self.world.numbers, system, field, held.value, frozenset(self.world.systems[system].seen[field]),
                    self.world.clock)
        edit.shown = self.world.step
        edit.arrived = edit.is_phantom = True
        edit.excuse = excuse
        self.edits.append(edit)
        return edit

    def note_shown(self, shot, field, held, outcome, before, state):
        edit = held.origin
        if edit is None or held.rewritten or edit.system != shot.system or edit.shown is not None:
            return
        edit.arrived = True
        newest = self.newest.get((shot.system, field))
        if outcome is None and newest is not None and text_of(newest.held[field].value) == text_of(held.value) \
                and not self.landed_since(newest, field):
            return          # nobody can see this edit: it is what the system showed before
        edit.shown, edit.told = self.world.step, self.arrivals
        edit.outcome = outcome
        edit.fills_nothing = held.value is None and field not in self.golden
        edit.is_tied = newest is not None and shot.payload.get("v") == newest.payload.get("v")
        edit.disordered = (shot.system, field) in self.disorder
        if is_dead(before) or life_is_open(before):
            self.meanwhile.append(edit)
        edit.risky = edit.risky or bool(self.owed(shot.system, field))
        edit.old_rows = frozenset(c["id"] for c in before.get("conflicts") or [] if c["status"] == "resolved")
        golden = self.golden.get(field)
        if golden is not None and golden is not edit and text_of(data_of(state).get(field)) == text_of(held.value):
            self.same[self.find(edit.number)] = self.find(golden.number)

    def landed_since(self, shot, field):
        """A write of ours came between: what is typed back after it is to be seen."""
        return bool(self.world.calls_of(shot.system, lambda c: field in c.changes and c.landed is not None
                                        and c.photographed >= shot.number))

    def shown_by_others(self, edit):
        """{system: the edit there} where others are known to show that very value, for sure."""
        shots = {n: self.newest[n, edit.field] for n in self.world.names if n != edit.system and (n, edit.field) in self.newest}
        held = {n: shot.held[edit.field] for n, shot in shots.items()}
        return {n: h.origin.number for n, h in held.items() if h.origin is not None
                and text_of(h.value) == text_of(edit.value) and not self.world.calls_of(
                    n, lambda c: edit.field in c.changes and c.acked is None and text_of(c.changes[edit.field]) != text_of(h.value))}

    # writes

    def origins(self, row):
        known = self.keys.get(row["idempotency_key"])
        if known is not None:
            return known[1]
        return {f: self.golden.get(f) for f in row["change_set"] or {}}

    def claimed(self, call):
        content = (call.action, text_of(call.changes))
        is_new = call.key not in self.keys
        call.began = self.world.step
        call.is_after_gone = call.action == "create" and call.target in self.told_gone
        known = self.keys.setdefault(call.key, (content, call.origins))
        if known[0] != content:
            raise Failure("I8", f"{call.key} was {known[0]} and is now {content}")
        self.check_retry(call)
        system = self.world.systems[call.target]
        for other in self.world.calls_of(call.target, lambda c: c.is_open):
            raise Failure("I2", f"{other} is still in flight")
        for field, value in call.changes.items():
            if is_new and text_of(value) != text_of(data_of(self.state).get(field)):
                raise Failure("I5", f"{call} carries {field}, and the golden value is {text_of(data_of(self.state).get(field))}")
            shown = system.canonical(field, value_in(call.payload, system.paths[field]))
            if text_of(shown) != text_of(value):
                raise Failure("I5", f"{field} is {text_of(value)} in the change-set and {text_of(shown)} in the payload")
            self.check_needed(call, field, value)

    def check_needed(self, call, field, value):
        newest = self.newest.get((call.target, field))
        earlier = self.world.calls_of(call.target, lambda c: field in c.changes)
        if call.action != "update" or newest is None or (call.target, field) in self.troubled:
            return
        if any(c.acked is None or c.claimed >= newest.arrived for c in earlier):
            return
        if text_of(newest.held[field].value) == text_of(value):
            raise Failure("I5", f"{call} carries {field}, which {call.target} shows already")

    def landed(self, call):
        call.photographed = self.world.systems[call.target].shots - 1
        if call.lost is not None:
            self.trouble(call)

    def lost(self, call):
        call.is_open = False
        call.lost = self.world.clock
        self.trouble(call)

    def trouble(self, call):
        for field in self.policy.fields if call.action == "delete" else call.changes:
            self.troubled.add((call.target, field))

    def acknowledged(self, call, answers, answer):
        call.is_open = False
        if answer["rows"]:
            call.acked = self.world.clock
            self.end_crossings(call)
            call.told = answers == "full"
            call.token_told = answers != "none"
            if call.key not in (answer["state"]["ledger"] or {}):
                raise Failure("I6", f"{call.key} is acknowledged, and not in the ledger")
        else:
            self.lost(call)
        if call.token_told and call.answer is not None and self.policy.systems[call.target].get("clock"):
            self.learned(call, answer["state"])
        elif text_of(data_of(answer["state"])) != text_of(data_of(self.state)):
            raise Failure("I1", "an ack changed the golden record")
        self.check(answer["state"])

    def end_crossings(self, call):
        """A write that nothing crossed makes the shadow sure."""
        for field in call.changes or ():
            if self.crossed.get((call.target, field), call.began) < call.began:
                del self.crossed[call.target, field]

    def learned(self, call, state):
        """Under a version token, the other fields of a result are an observation; but an
        answer never undoes what was said since: that the record is there no more."""
        if call.target in self.told_gone and not call.is_after_gone:
            if text_of(data_of(state)) != text_of(data_of(self.state)):
                raise Failure("I1", f"{call.target} has no record, and its answer changed the golden one")
            return
        shot = call.answer
        if shot.arrived is None:
            shot.arrived = self.world.clock
        before, over = self.state, self.typed_over(call)
        others = {f: h for f, h in shot.held.items() if call.told and f not in call.changes and not self.is_told_before(shot, f, state)}
        self.note_disorder(shot)
        known = copy(shot)
        known.held = {**(shot.held if call.told else {}), **{f: newer.held[f] for f, newer in over.items()}}
        self.check_golden(known, {}, state)
        for field, newer in over.items():
            self.note_shown(newer, field, newer.held[field], "learned", before, state)
        for field, held in others.items():
            self.note_shown(shot, field, held, None, before, state)
        self.note_newest(shot, others)

    def typed_over(self, call):
        """{field: photograph}: what was shown under a newer version than the answer's, before the answer came."""
        newest = {f: self.newest.get((call.target, f)) for f in call.changes}
        return {f: shot for f, shot in newest.items() if shot is not None and shot.number > call.answer.number
                and shot.payload.get("v") != call.answer.payload.get("v")}

    def is_told_before(self, shot, field, state):
        """Where two changes may share a version, an answer under one that was shown may say nothing new of other fields."""
        if self.policy.systems[shot.system]["clock"] != "coarse" or self.is_newly_named(field, shot.held[field].value, state) \
                or text_of(data_of(state).get(field)) == text_of(shot.held[field].value):
            return False
        version, newest = shot.payload.get("v"), self.newest.get((shot.system, field))
        return newest is not None and newest.payload.get("v") == version or bool(self.world.calls_of(
            shot.system, lambda c: field in c.changes and c.token_told and c.answer.payload.get("v") == version))

    def is_newly_named(self, field, value, state):
        """This very event has put it into a conflict, a new one or one that was open."""
        known = {c["id"]: {text_of(v) for v in all_values(c)} for c in self.state["conflicts"] or []}
        return any(field in self.fields_of(c) and text_of(value) in {text_of(v) for v in all_values(c)} - known.get(c["id"], set())
                   for c in state["conflicts"] or [])

    # decisions

    def decided(self, row, winner, value, answer):
        if answer["rows"] is not True:
            raise Failure("I4", f"the decision of conflict {row['id']} was refused")
        state = answer["state"]
        after = next(c for c in state["conflicts"] if c["id"] == row["id"])
        if after["status"] != "resolved":
            raise Failure("I4", f"conflict {row['id']} is open after its decision")
        if winner is not None:
            value = row["current_value"] if winner == row["current_system"] else row["sides"][winner][-1]
        fields = self.fields_of(row)
        self.unsettle(fields)
        values = {row["field"]: value} if fields == [row["field"]] else value or {}
        changed = [f for f in fields if text_of(data_of(state).get(f)) != text_of(data_of(self.state).get(f))]
        for field in fields:
            if field in values and text_of(data_of(state).get(field)) != text_of(values[field]):
                raise Failure("I4", f"decided {text_of(value)}, but {field} is {text_of(data_of(state).get(field))}")
            if field in changed or row["field"] == field:
                self.review(field, data_of(state).get(field))
                self.note_winner(field, winner)
        self.check(state)

    def note_winner(self, field, winner):
        """Decided for what a system shows: whoever sees that there has seen the decision."""
        decision = self.edits[-1]
        edits = [e for e in self.edits if e.system == winner and e.field == field and e.arrived]
        if edits and text_of(edits[-1].value) == text_of(decision.value):
            self.same[decision.number] = self.find(edits[-1].number)

    def review(self, field, value):
        """A reviewer's decision is an edit, of one who saw the golden value and the conflict."""
        self.world.numbers += 1
        before = self.golden.get(field)
        saw = frozenset() if before is None else before.saw | {before.number}
        edit = Edit(self.world.numbers, "review", field, value, saw, self.world.clock)
        edit.shown = self.world.step
        edit.accepted = edit.arrived = True
        edit.over = text_of(data_of(self.state).get(field))
        if self.policy.is_merged(field):
            edit.added = elements(value) - elements(data_of(self.state).get(field))
            edit.removed = elements(data_of(self.state).get(field)) - elements(value)
        edit.old_rows = frozenset(c["id"] for c in self.state["conflicts"] if c["status"] == "resolved")
        self.edits.append(edit)
        self.golden[field] = edit
        self.accepted += 1

    # what must hold after every step

    def check(self, state):
        self.check_closed(self.state, state)
        self.state = state
        for edit in self.edits:
            if edit.shown is not None and edit.excuse is None and not self.policy.is_merged(edit.field) \
                    and not self.is_kept(edit):
                self.check_not_lost(edit)
        self.check_waiting()
        self.check_log()
        self.disorder = set()

    def check_not_lost(self, edit):
        """I4"""
        excuse = self.excuse_loss(edit)
        if excuse is not None:
            edit.excuse = excuse
            self.excuses[excuse] += 1
        elif not self.is_kept(edit):
            raise Failure("I4", f"{edit} is lost")

    def is_kept(self, edit):
        wanted = text_of(edit.value)
        if edit.number in self.buried:
            return True
        if text_of(data_of(self.state).get(edit.field)) == wanted and not is_dead(self.state):
            return True
        if edit.fills_nothing or edit.value is None and (edit.outcome in ("kept", "agreed") or self.policy.keeps_null(edit.system, edit.field)):
            return True         # it erases nothing
        for row in self.state["conflicts"] or []:
            if row["id"] in edit.old_rows:
                continue
            if self.is_named(row, edit):
                return True
        return any(e.arrived and e.field == edit.field and self.has_seen(e, edit) for e in self.edits)

    def has_seen(self, later, edit):
        """Its author had that edit, or a later one, or the same value, on the screen."""
        if later is edit:
            return False
        if edit.shown_by.get(later.system) in later.saw:
            return True
        number = self.find(edit.number)
        if any(self.find(n) == number for n in later.saw):
            return True
        wanted = text_of(edit.value)
        return later.over == wanted or any(e.over == wanted for e in self.edits if e.field == edit.field
                                           and e.number > edit.number and e.number in later.saw)

    def find(self, number):
        while number in self.same and self.same[number] != number:
            number = self.same[number]
        return number
