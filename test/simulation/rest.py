"""At rest: all systems agree (I3), and no more was written than can be explained (I2)."""

from failure import Failure
from state import data_of, is_dead
from values import text_of


class Rest:
    def at_rest(self):
        if self.state["golden"] is None:
            return
        if is_dead(self.state):
            self.check_all_dead()
        else:
            self.check_all_agree()
        self.check_bounded()

    def check_all_dead(self):
        for name, system in self.world.systems.items():
            if system.held is not None and self.policy.writable(name) and not self.is_left_out(name):
                raise Failure("I3", f"the record is dead, and {name} has it")

    def is_left_out(self, name):
        return (self.state["shadow"] or {}).get(name, {}).get("existence") == "left out"

    def check_all_agree(self):
        data = data_of(self.state)
        for edit in self.edits:
            if self.policy.is_merged(edit.field) and edit.shown is not None and edit.number not in self.buried:
                self.check_merged(edit, data)
        for name, system in self.world.systems.items():
            if not self.policy.writable(name) or self.is_left_out(name):
                continue
            if system.held is None and not any(f in data for f in system.fields):
                continue
            if system.held is None:
                raise Failure("I3", f"{name} has no record")
            shadow = self.state["shadow"][name]["data"] or {}
            for field, held in system.held.items():
                wanted = text_of(data.get(field))
                if text_of(held.value) == wanted or field not in shadow:
                    continue
                if held.value is None and self.policy.keeps_null(name, field):
                    continue
                if held.origin is not None and self.was_tied(held.origin):
                    continue
                if self.settled.get((name, field), (None, None))[1] == text_of(held.value):
                    continue
                if text_of(system.rewrite(field, data.get(field))) == text_of(held.value):
                    continue
                raise Failure("I3", f"{name} shows {field} = {text_of(held.value)}, golden is {wanted}")

    def check_bounded(self):
        """I2"""
        for name in self.world.names:
            calls = self.world.calls_of(name, lambda c: True)
            own = sum(1 for e in self.edits if e.system == name and e.excuse is None)
            lost = sum(1 for c in calls if c.lost is not None)
            allowed = self.accepted + lost + own + self.crossings[name] + sum(self.excuses.values())
            if len(calls) > allowed:
                raise Failure("I2", f"{len(calls)} writes to {name}, {allowed} are explained")
