"""I1 and I4 of a record's life: who may end it, who may begin it anew, and what the edits that
were shown meanwhile come to."""

from failure import Failure
from state import data_of, is_dead, life_is_open, names
from values import text_of


class Life:
    def observed_gone(self, shot, row, before, answer):
        """I1 and I4 of deletes: only a human's delete may kill the record, and only one who
        had seen what it holds."""
        state, old, new = answer["state"], data_of(before), data_of(answer["state"])
        self.told_gone.add(shot.system)
        for call in self.world.calls_of(shot.system, lambda c: c.is_open):
            call.is_after_gone = False
        if row["verdict"] == "rejected":
            raise Failure("I4", f"rejected: {row['detail']}")
        self.note_disorder(shot)
        if is_dead(state) and not is_dead(before):
            if shot.death is None and not life_is_open(before):
                if not self.is_delete_forgotten(shot.system):
                    raise Failure("I1", f"our own delete in {shot.system} was taken for a human's")
                self.excuses["late, and no answer told the version of our delete: its echo taken for a human's"] += 1
            self.check_may_delete(shot.system, before)
            self.accepted += 1
        elif is_dead(before) and not is_dead(state):
            raise Failure("I4", "a delete revived the record")
        elif text_of(old) != text_of(new):
            raise Failure("I1", "a delete changed a value")
        elif shot.death is not None and shot.death.shown is None and row["verdict"] == "echo" and not is_dead(state):
            if not self.own_delete_crosses(shot.system):
                raise Failure("I4", f"a human's delete in {shot.system} was taken for ours")
            self.excuses["deleted there, while a delete of ours crossed"] += 1
        if shot.death is not None:
            shot.death.shown = self.world.step
            self.deaths.append(shot.death)
        if is_dead(state):
            self.bury()
        for field in shot.held:
            self.troubled.add((shot.system, field))
        self.note_newest(shot, shot.held)
        self.check(state)

    def is_delete_forgotten(self, name):
        """What was there before it was shown echo_window after its ack, which told no version."""
        shots = [shot for (system, _), shot in self.newest.items() if system == name]
        return any(shot.arrived >= c.acked + self.world.echo_window(name) and shot.number <= c.photographed
                   for c in self.world.calls_of(name, lambda c: c.action == "delete" and c.acked is not None
                                                and c.landed is not None and not c.token_told) for shot in shots)

    def own_delete_crosses(self, name):
        until = self.world.clock - self.world.echo_window(name)
        return bool(self.world.calls_of(name, lambda c: c.action == "delete" and (c.acked is None or c.acked >= until)))

    def bury(self):
        """Of a dead record, what those who deleted it had seen is no loss."""
        self.buried |= {e.number for e in self.edits if e.arrived and any(self.is_covered_by(d, e) for d in self.deaths)}

    def is_covered_by(self, death, edit):
        number = self.find(edit.number)
        if any(self.find(n) == number for n in death.saw.get(edit.field, ())):
            return True
        return death.screen.get(edit.field) == text_of(edit.value)

    def check_revival(self, shot):
        """Only who deleted the record may create it again; but who has shown it late, or out of order, and without
        versions, seemed to have it again, and then to have deleted it."""
        births = [h.origin for h in shot.held.values() if h.origin is not None]
        is_told_late = self.was_disordered and not self.world.systems[shot.system].behaviour.get("clock")
        if not any(e.system == shot.system for e in births):
            raise Failure("I1", f"the dead record came to life by what {shot.system} shows, which no human typed")
        if shot.system not in {d.system for d in self.deaths} and not is_told_late:
            raise Failure("I4", f"{shot.system} revived a record that it had not deleted")

    def check_meanwhile(self, shot, state):
        """With a life decided, what others showed meanwhile is decided too: what each shows
        now, or the last that a human typed there before a write of ours took its place."""
        new, old = data_of(state), dict(data_of(self.state))
        for field, value in new.items():
            if text_of(value) == text_of(old.get(field)) or self.is_word_of(shot, field, value):
                continue
            shown = [self.newest[n, field].held[field] for n in self.world.names if (n, field) in self.newest]
            edits = [h.origin for h in shown if h.origin is not None and text_of(h.value) == text_of(value)]
            edits += [e for e in self.last_meanwhile(field) if text_of(e.value) == text_of(value)]
            if edits:
                old[field], self.golden[field] = value, edits[-1]
                self.accepted += 1
        if not is_dead(state) and not life_is_open(state):
            self.meanwhile.clear()
        self.state = {**self.state, "golden": {**(self.state["golden"] or {}), "data": old}}

    def is_word_of(self, shot, field, value):
        """The value is what this system shows, and no null that would erase nothing."""
        shown = shot.held[field].value if field in shot.held else None
        return text_of(shown) == text_of(value) and not (shown is None and self.policy.keeps_null(shot.system, field))

    def last_meanwhile(self, field):
        """Of each system, the last edit of a field that it showed meanwhile."""
        return {e.system: e for e in self.meanwhile if e.field == field}.values()

    def decided_life(self, row, winner, answer):
        state = answer["state"]
        if answer["rows"] is not True:
            raise Failure("I4", f"the decision of conflict {row['id']} was refused")
        after = next(c for c in state["conflicts"] if c["id"] == row["id"])
        if after["status"] != "resolved" or is_dead(state) != (winner == "delete"):
            raise Failure("I4", f"decided {winner}: conflict is {after['status']}, the record is "
                          + ("dead" if is_dead(state) else "alive"))
        data = data_of(self.state)
        self.buried |= {e.number for e in self.edits
                        if e.arrived and (text_of(data.get(e.field)) == text_of(e.value) or names(after, e))}
        self.accepted += 1
        decided = {f for c in self.state["conflicts"] if c["status"] == "open" and c["field"] is not None for f in self.fields_of(c)}
        for field, value in data_of(state).items():
            is_changed = text_of(value) != text_of(data_of(self.state).get(field))
            if is_changed or field in decided and not is_dead(state):
                same = [e for e in self.edits if e.field == field and e.arrived and text_of(e.value) == text_of(value)]
                shows = ((self.state["shadow"] or {}).get(winner) or {}).get("data") or {}
                if not same and text_of(shows.get(field)) == text_of(value):
                    self.review(field, value)       # as the winner shows it
                    continue
                if not same and is_changed:
                    raise Failure("I1", f"decided {winner}: {field} became {text_of(value)}, which nobody typed")
                if not same:
                    continue
                self.review(field, value)
                self.same[self.edits[-1].number] = self.find(same[-1].number)
        self.meanwhile.clear()
        self.check(state)
