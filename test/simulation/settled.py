"""What is settled, a known difference that is not sent; and what a first load may do.

By the rules a first load fills what nobody has set, the owner's value stands, null says
nothing, and where two others disagree that is a conflict of kind drift.  Nothing is sent
because of it until the golden value changes or a human decides.  A null that was kept is
settled where who cleared the field had seen the golden value.
"""

from failure import Failure
from state import all_values, data_of, sent
from values import text_of

NULL = text_of(None)


def shows(state, name, existence=("there",)):
    """{field: text}: what a system shows of the record."""
    shadow = (state["shadow"] or {}).get(name)
    if shadow is None or shadow["existence"] not in existence:
        return {}
    return {f: text_of(v) for f, v in (shadow["data"] or {}).items()}


def will_show(state, name):
    """The same, a create that is on its way counted in: what it left out is null there."""
    return shows(state, name, ("there", "being created"))


class Settled:
    """settled: {(system, field): the golden value, and what the system shows instead};
    surely: those of them that must not be sent, where others need not be."""

    def golden_text(self, state, field):
        """A group goes out as a whole: the text of all of it."""
        data, name = data_of(state), self.policy.fields[field].get("group")
        return text_of([data.get(f) for f in (self.policy.group(name) if name else [field])])

    def settle(self, state, name, field, shown, is_sure=True):
        self.settled[name, field] = (self.golden_text(state, field), shown)
        (self.surely.add if is_sure else self.surely.discard)((name, field))

    def unsettle(self, fields):
        self.settled = {k: v for k, v in self.settled.items() if k[1] not in fields}

    def forget_settled(self):
        """Where the golden value has changed, or the system shows something else."""
        self.settled = {(n, f): v for (n, f), v in self.settled.items()
                        if v == (self.golden_text(self.state, f), will_show(self.state, n).get(f))}

    def is_settled(self, name, field, shown):
        if self.settled.get((name, field), (None, None))[1] == shown:
            return True
        if shown == NULL and self.policy.keeps_null(name, field):
            return True
        return bool(self.policy.systems[name].get("rewrite"))

    def is_sent_though_settled(self, name, field):
        here = (name, field)
        return here in self.settled and here in self.surely and here not in self.troubled

    def note_kept(self, shot, outcome, before, state):
        """Before note_newest."""
        for field in [f for f, what in outcome.items() if what == "kept" and shot.held[f].value is None]:
            here, wanted = (shot.system, field), text_of(data_of(before).get(field))
            newest, golden = self.newest.get(here), self.golden.get(field)
            if newest is None or golden is None or here in self.settled \
                    or self.golden_text(before, field) != self.golden_text(state, field):
                continue
            if text_of(newest.held[field].value) == wanted:
                self.settle(state, *here, NULL)
            elif golden.system != shot.system and self.is_told_in_order(shot.system, field) and not self.was_written(*here, wanted) \
                    and here not in sent(state) and not self.is_open(field, state):
                raise Failure("I5", f"a null in {shot.system}, where {field} = {wanted} was never shown, is settled")

    def is_told_in_order(self, name, field):
        is_any = self.policy.systems[name].get("order") == "any"
        return self.policy.writable(name) and not is_any and (name, field) not in self.disorder

    def was_written(self, name, field, wanted):
        return bool(self.world.calls_of(name, lambda c: field in c.changes and text_of(c.changes[field]) == wanted))

    # first loads

    def loaded(self, shot, row, before, answer):
        state, was_sent = answer["state"], sent(before)
        needless = {(o["target"], f) for o in before["outbox"] or [] for f in o["changes"] or {}
                    if o["target"] == shot.system and o["action"] == "create" and o["status"] != "leased"}
        held_up = self.held_up(before)
        self.check_nothing_is_sent(was_sent, held_up, state)
        for field, held in shot.held.items():
            ours = self.world.calls_of(shot.system, lambda c: field in c.changes)
            if field not in shows(before, shot.system) and not ours and not self.policy.fields[field].get("group"):
                self.check_load(shot.system, field, held.value, before, state)
            if held.value is not None:
                self.loaded_by.setdefault(field, set()).add(shot.system)
        for name in self.world.names:
            for field, shown in will_show(state, name).items():
                if shown != text_of(data_of(state).get(field)) and (name, field) not in (was_sent - needless) | sent(state):
                    self.settle(state, name, field, shown, (name, field) not in held_up)
        self.is_loading = True
        self.observed(shot, row, before, answer)
        self.is_loading = False

    def held_up(self, before):
        """{(system, field)}: what goes there once a conflict has closed.  A first load's drift holds up
        nothing that it found itself, but what was to be sent before."""
        rows = [c for c in before["conflicts"] or [] if c["status"] == "open"]
        return {(n, f) for c in rows for f in self.fields_of(c) for n in self.world.names
                if c["kind"] != "drift" or (n, f) not in self.settled}

    def check_nothing_is_sent(self, was_sent, held_up, state):
        """But what waited, or was on its way, or held up, or what a lost call may yet put elsewhere."""
        unsure = {(c.target, f) for c in self.world.calls if c.lost is not None for f in (*c.changes, "update")}
        for target, what in sent(state) - was_sent - unsure:
            if (target, "create") not in was_sent and (target, what) not in held_up and (what != "update" or not held_up):
                raise Failure("I5", f"a first load sends {what} to {target}")

    def check_load(self, name, field, value, before, state):
        golden, old, new = self.golden.get(field), data_of(before).get(field), data_of(state).get(field)
        owner = self.policy.fields[field].get("owner")
        said = [e for e in self.edits if e.field == field and e.system == owner and e.arrived]
        if value is None or text_of(value) == text_of(old):
            wanted = old
        elif owner == name or golden is None:
            wanted = value
        elif any(e.value is not None for e in said):
            wanted = old
        elif said or old is None or golden.system == name:
            return
        else:
            wanted = old
            self.check_drift(name, field, (old, value), state)
        if text_of(new) != text_of(wanted):
            raise Failure("I4", f"the first load of {name} makes {field} {text_of(new)}, by the rules it is {text_of(wanted)}")

    def check_drift(self, name, field, values, state):
        for row in state["conflicts"] or []:
            named = {text_of(v) for v in all_values(row)}
            if row["status"] == "open" and row["field"] == field and {text_of(v) for v in values} <= named:
                return
        raise Failure("I4", f"{name} and the golden record disagree on {field}, and no open conflict says so")
