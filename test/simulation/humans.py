"""What humans do: in the systems, and as reviewers."""

from failure import Failure
from systems import Death, Edit, Held
from values import text_of

PATIENCE = 10       # decisions, until somebody turns the robots off


class Humans:
    def human_sets(self, system, field, value):
        self.numbers += 1
        saw = frozenset(system.seen[field])
        edit = Edit(self.numbers, system.name, field, value, saw, self.clock)
        self.oracle.typed(edit, system)
        system.put(field, Held(value, edit, False))
        return edit

    def human_edits(self, system, field, value):
        if text_of(system.held[field].value) == text_of(value):
            return False
        edit = self.human_sets(system, field, value)
        self.say(f"a human in {system.name} types {field} = {text_of(value)}   (edit {edit.number})")
        system.send([field])
        return True

    def pick_field(self, system, which):
        fields = list(system.fields)
        return fields[which % len(fields)]

    def do_edit(self, system, which):
        if system.held is None:
            return False
        field = self.pick_field(system, which)
        value = system.fields[field].fresh(self.numbers + 1, system.name)
        if self.policy.is_merged(field):
            value = self.one_more_or_less(system.held[field].value or [], which, system.name)
        return self.human_edits(system, field, value)

    def one_more_or_less(self, value, which, name):
        if value and which % 3 == 0:
            return sorted(set(value) - {value[which // 4 % len(value)]})
        return sorted({*value, f"{name[0]}{self.numbers + 1}" if which % 3 == 1 else f"e{which % 4}"})

    def do_revert(self, system, which):
        """Types what was there before, in this system."""
        if system.held is None:
            return False
        field = self.pick_field(system, which)
        before = [e.value for e in self.oracle.edits if e.field == field and e.system == system.name]
        if len(before) < 2:
            return False
        return self.human_edits(system, field, before[-2 - which // 16 % (len(before) - 1)])

    def do_copy(self, system, which):
        """Types what some other system has, or had."""
        if system.held is None:
            return False
        field = self.pick_field(system, which)
        values = [e.value for e in self.oracle.edits if e.field == field and e.system != system.name]
        if not values:
            return False
        return self.human_edits(system, field, values[-1 - which // 16 % len(values)])

    def do_clear(self, system, which):
        return system.held is not None and self.human_edits(system, self.pick_field(system, which), None)

    def do_create(self, system, which):
        """A human creates the record: one that none has, or that was deleted there."""
        if system.held is not None:
            return False
        if any(s.born for s in self.systems.values()) and not system.behaviour.get("deletes") \
                and (system.born or not self.policy.many_births):
            return False
        system.create()
        for i, field in enumerate(system.fields):
            empty = which >> (i + 2) & 1 and i
            value = None if empty else system.fields[field].fresh(self.numbers + 1, system.name)
            others = [e.value for e in self.oracle.edits if e.field == field and e.value is not None]
            if field in self.policy.match_on and others and which % 4:
                value = others[-1]
            self.human_sets(system, field, value)
        values = {f: h.value for f, h in system.held.items()}
        self.say(f"a human in {system.name} creates {text_of(values)}")
        system.send([f for f, h in system.held.items() if h.value is not None])
        return True

    def was_there(self, system):
        """A record from before anybody kept the systems in step: alike in some fields."""
        if self.oracle.edits and self.dice.randrange(4) == 0:
            return
        system.create()
        for field in system.fields:
            odds = 8 if field in self.policy.match_on else 2
            same = [e.value for e in self.oracle.edits if e.field == field and self.dice.randrange(odds)]
            value = same[0] if same else system.fields[field].fresh(self.numbers + 1, system.name)
            self.human_sets(system, field, None if self.dice.randrange(2 * odds) == 0 else value)
        self.say(f"{system.name} has long had {text_of({f: h.value for f, h in system.held.items()})}")

    def do_delete(self, system, which):
        if system.held is None or not system.behaviour.get("deletes") or which % 3 == 0:
            return False
        system.delete(Death(system))
        self.say(f"a human in {system.name} deletes the record")
        return True

    def open_conflicts(self):
        return [c for c in self.oracle.state.get("conflicts") or [] if c["status"] == "open"]

    def do_resolve(self, system, which):
        if self.doubt is not None:
            return self.resolve_doubt(which)
        rows = self.open_conflicts()
        if not rows:
            return False
        row = rows[which % len(rows)]
        if row["field"] is None:
            return self.resolve_life(row, which)
        winners = sorted(set(row["sides"]) | {row["current_system"]} - {None})
        winner, value = winners[which // 4 % len(winners)] if winners else None, None
        if which % 5 == 0 or winner is None:
            winner, value = None, self.review_value(row["field"])
        answer = self.book.resolve(row, winner, value, self.entity, self.record_key)
        self.say(f"a reviewer decides {row['field']} ({row['kind']}):", winner or text_of(value), "->", answer["rows"])
        self.decisions += 1
        self.has_robots &= row["kind"] != "oscillation" and self.decisions < PATIENCE
        self.oracle.decided(row, winner, value, answer)
        return True

    def resolve_life(self, row, which):
        shadow = self.oracle.state["shadow"] or {}
        winners = ["delete"] + [n for n in self.names if shadow.get(n, {}).get("existence") == "there"]
        winner = winners[which // 4 % len(winners)]
        answer = self.book.resolve(row, winner, None, self.entity, self.record_key)
        self.say(f"a reviewer decides the record's life ({row['kind']}):", winner, "->", answer["rows"])
        self.oracle.decided_life(row, winner, answer)
        return True

    def review_value(self, field):
        if self.policy.group(field):
            return {f: self.review_value(f) for f in self.policy.group(field)}
        system = next(s for s in self.systems.values() if field in s.fields)
        return system.fields[field].fresh(self.numbers + 1, "review")

    def do_configure(self, system, which):
        """The policy's other version comes into force: nothing moves until a record is touched."""
        if self.policy.later is None:
            return False
        base = self.policy.config()
        is_base = self.book.configs[self.entity] == base
        self.book.configure(self.entity, self.policy.config(is_later=is_base))
        self.say("the policy is now", self.policy.later if is_base else "as before")
        state = self.book.state(self.entity, self.record_key)
        if state["outbox"] != self.oracle.state["outbox"]:
            raise Failure("I5", "a new version of the policy made something wait")
        self.oracle.state = state
        return True
