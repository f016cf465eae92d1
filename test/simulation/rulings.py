"""What the rules say of plain edits: neither more nor less than they ask for may be decided.

An engine that holds every edit loses none; a human would have to decide them all.  So an
edit is a conflict, or goes back, only where a rule says so, and an owner or a window
stops those that it should.
"""

from failure import Failure
from settled import shows
from state import data_of, is_dead, life_is_open
from values import text_of

NEEDLESS = ("conflict", "held", "overruled")


class Rulings:
    def check_rulings(self, shot, outcome, before, state):
        """Before note_newest, and before the golden record is looked at."""
        if is_dead(before) or is_dead(state) or life_is_open(before) or self.policy.later:
            return
        for field, what in outcome.items():
            config = self.policy.fields[field]
            if field in shows(before, shot.system) and not config.get("group") and not self.policy.is_merged(field):
                self.check_photograph(shot, field, what, before)
                self.check_ruling(shot, field, what, before, state)
            elif field in shows(before, shot.system) and self.policy.is_merged(field):
                self.check_merged_ruling(shot.system, field, what, before, state)
            elif field in shows(before, shot.system):
                self.check_group_ruling(shot, field, what, before)
            elif shows(before, shot.system):
                self.check_first_sight(shot.system, field, what, before, state)

    def check_photograph(self, shot, field, what, before):
        """Nothing was typed since the last arrival: where a write of ours has not landed yet, that is late."""
        held, newest, here = shot.held[field], self.newest.get((shot.system, field)), (shot.system, field)
        if newest is None or newest.held[field].origin is not held.origin or held.origin is None or held.rewritten:
            return
        if here in self.troubled or here in self.disorder or self.is_open(field, before):
            return
        if what in (*NEEDLESS, "accepted") and not self.world.calls_of(shot.system, lambda c: c.lost is not None):
            raise Failure("I1", f"{field} of {shot.system} is {what}, as if it had changed there")

    def check_merged_ruling(self, name, field, what, before, state):
        """A set merges, or waits for a human where nobody can tell; it collides only where a write buried it."""
        if what != "conflict" or self.policy.systems[name].get("clock") or self.is_open(field, before):
            return
        for row in state["conflicts"]:
            if row["status"] == "open" and row["field"] == field and row["kind"] == "collision":
                raise Failure("I4", f"the set {field} of {name} collides, and is not merged")

    def check_group_ruling(self, shot, field, what, before):
        """What of a group was surely not seen stops the rest of it."""
        if what != "accepted" or self.policy.first_load or self.policy.fields[field].get("owner"):
            return
        for fellow in self.policy.group(self.policy.fields[field]["group"]):
            golden, newest = self.golden.get(fellow), self.newest.get((shot.system, fellow))
            if golden is None or newest is None or golden.system in (shot.system, "review") or golden.value is None:
                continue
            wanted = text_of(data_of(before).get(fellow))
            shown = {text_of(s.held[fellow].value) for s in (newest, shot) if fellow in s.held}
            if wanted not in shown and not self.was_written(shot.system, fellow, wanted):
                raise Failure("I4", f"{field} of {shot.system} is accepted, where {fellow} of its group was never seen")

    def check_first_sight(self, name, field, what, before, state):
        """Of a field that was never shown where the record is: another value is drift, unless unseen counts as null."""
        if what != "conflict" or self.policy.fields[field].get("group") or self.is_open(field, before):
            return
        if self.policy.systems[name]["config"].get("unseen") == "send":
            return
        for row in state["conflicts"]:
            if row["status"] == "open" and row["field"] == field and row["kind"] != "drift":
                raise Failure("I4", f"the first sight of {field} in {name} is a {row['kind']}")

    def check_closed(self, before, state):
        """A conflict that nobody decides closes when all its sides show the golden value."""
        was_closed = {c["id"] for c in before["conflicts"] or [] if c["status"] == "resolved"}
        for row in state["conflicts"] or []:
            if row["id"] not in was_closed and row["resolution"] == "agreed" and row["field"] in self.policy.fields \
                    and not is_dead(state) and not self.policy.later and not self.policy.is_merged(row["field"]):
                for name in set(row["sides"]) & set(self.world.names):
                    if not self.policy.systems[name].get("rewrite") and not self.shows_golden(name, row["field"], state):
                        raise Failure("I4", f"the conflict of {row['field']} is closed, and {name} never showed the golden value since")

    def shows_golden(self, name, field, state):
        """By what it showed last, or by a write of ours that was acknowledged, and claimed after that or landed
        after it was photographed: what a create leaves out is null there."""
        wanted = text_of(data_of(state).get(field))
        if shows(state, name).get(field) not in (None, wanted, text_of(None)):
            return False
        newest = self.newest.get((name, field))
        if newest is None or (name, field) in self.displaced | self.was_disordered or text_of(newest.held[field].value) in (wanted, text_of(None)):
            return True
        if newest.held[field].origin is not None and newest.held[field].origin.excuse is not None:
            return True
        return bool(self.world.calls_of(name, lambda c: c.acked is not None
                                        and (c.began > self.told_at[name, field] or c.photographed >= newest.number)
                                        and (field in c.changes or c.action == "create")
                                        and text_of(c.changes.get(field)) == wanted))

    def check_ruling(self, shot, field, what, before, state):
        name, golden = shot.system, self.golden.get(field)
        is_same = text_of(shot.held[field].value) == text_of(data_of(before).get(field))
        if is_same and what in ("accepted", "conflict", "overruled") and not self.is_open(field, before):
            raise Failure("I4", f"{field} of {name} is {what}, and is what the golden record says")
        if golden is None or golden.excuse is not None:
            return
        owner = self.policy.fields[field].get("owner")
        has_spoken = any(e.system == owner and e.field == field and e.accepted and e.shown >= self.born_at for e in self.edits)
        is_exclusive = has_spoken and owner != name and self.policy.fields[field].get("authority") != "tiebreak"
        if what == "accepted" and is_exclusive:
            raise Failure("I4", f"{name} set {field}, which {owner} owns")
        if what == "accepted" and owner != name and self.is_inside_window(name, field, golden):
            raise Failure("I4", f"{name} set {field} inside the window")
        if self.is_loading or owner in self.loaded_by.get(field, ()):
            return      # where a first load disagrees it is drift; and in one an owner speaks by agreeing too
        if what in NEEDLESS and not is_exclusive and self.is_plain(shot, field, golden, before, state):
            raise Failure("I4", f"{field} of {name} is {what}, though its author had seen the golden value")

    def check_may_delete(self, name, before):
        """Of a record that others still show."""
        options = self.policy.options
        others = [n for n in self.world.names if n != name and shows(before, n)]
        owner = options.get("delete_owner", name)
        if others and (owner != name or options.get("deletes") in ("review", "ignore")):
            raise Failure("I4", f"the record died by {name}, against the policy")

    def is_inside_window(self, name, field, golden):
        """Another system set it; that a record begins without a value sets nothing."""
        fields = self.policy.fields if self.policy.options.get("window_scope") == "record" else [field]
        others = [self.golden[f] for f in fields if f in self.golden]
        return any(e.system not in (name, "review") and e.accepted_at is not None
                   and (e.value is not None or e.over not in (None, text_of(None)))
                   and self.world.clock - e.accepted_at < self.world.window for e in others)

    def is_open(self, field, state):
        return any(field in self.fields_of(c) for c in state["conflicts"] or [] if c["status"] == "open")

    def is_plain(self, shot, field, golden, before, state):
        """Nothing was on its way, and who typed it had seen the golden value."""
        here, edit, newest = (shot.system, field), shot.held[field].origin, self.newest.get((shot.system, field))
        if self.world.window or edit is None or newest is None or here in self.troubled or here in self.disorder:
            return False
        if edit.system != shot.system or self.owed(*here) or self.find(golden.number) not in map(self.find, edit.saw):
            return False
        if self.is_open(field, before):
            return False
        if any(c["kind"] == "oscillation" for c in state["conflicts"] or []):
            return False
        return text_of(newest.held[field].value) == text_of(data_of(before).get(field))

    def check_retry(self, call):
        """I8: what goes again as it was, with nothing seen or decided since, keeps its key; what was
        given back goes again when it is due, and no dead letter by itself. Nothing old goes after what is newer."""
        newest = max((c.version for c in self.world.calls_of(call.target, lambda c: c is not call)), default=0)
        if call.version < newest:
            raise Failure("I8", f"{call.key} goes after version {newest}")
        call.moment = (self.accepted, self.arrivals)
        for last in self.world.calls_of(call.target, lambda c: c.key == call.key and c.due is not None):
            if self.world.clock < last.due and last.moment == call.moment:
                raise Failure("I2", f"{last.key} goes again before it is due")
        for last in self.world.calls_of(call.target, lambda c: True)[-1:]:
            is_same = (last.action, text_of(last.changes)) == (call.action, text_of(call.changes))
            if last.lost is not None and is_same and last.moment == call.moment and last.key != call.key \
                    and not self.policy.later:
                raise Failure("I8", f"{last.key} goes again as {call.key}")
