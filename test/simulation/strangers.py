"""Records that come without a business key: found by native id, or by what match_on names.

Of several that could be meant nobody guesses; where none is, it is a record of its own.  A
history ends where what a system holds turns out to be another record than the one that it
is about.
"""

from failure import Failure
from state import data_of, is_dead
from values import get_path, text_of


class Strangers:
    """twin: what a second record of the first system holds, which no other system has;
    doubt: the last payload of which nobody can tell whose it is."""

    def meet_twin(self):
        if not self.policy.match_on or not self.policy.first_load:
            return
        first, is_same = self.systems[self.names[0]], self.dice.randrange(3) == 0
        self.twin = {f: kind.fresh(i + 1, first.name if is_same else "?") for i, (f, kind) in enumerate(first.fields.items())}
        self.book.diff(first.name, self.entity, self.record_key, {"record_key": self.twin_key(), **self.twin}, baseline=True)
        self.say(f"{first.name} has long had another record {text_of(self.twin)}")

    def twin_key(self):
        return f"{self.record_key}-twin"

    def native_id_of(self, shot):
        return get_path(shot.payload, self.policy.systems[shot.system]["config"].get("id", "id"))[1]

    def meant(self, shot, before):
        """The keys that a payload could be meant to be of, by the rules."""
        named, key = get_path(shot.payload, self.systems[shot.system].key_path)
        if named:
            return [key]
        native_id = self.native_id_of(shot)
        if native_id == self.systems[shot.system].known_id:
            return [self.record_key]
        if self.doubt is not None:
            return [self.record_key, self.twin_key()]
        linked = ((before["shadow"] or {}).get(shot.system) or {}).get("native_id")
        found = [self.record_key] if not is_dead(before) and linked is None and self.is_equal(shot, data_of(before)) else []
        found += [self.twin_key()] if self.is_equal(shot, self.twin) else []
        return found or [f"{shot.system}:{native_id}"]

    def is_equal(self, shot, data):
        pairs = [(shot.held[f].value, data.get(f)) for f in self.policy.match_on if f in shot.held]
        return bool(pairs) and all(a is not None and text_of(a) == text_of(b) for a, b in pairs)

    def is_about_us(self, shot, row, before, answer):
        """Is the payload of the record that the history is about?  It must be found as the rules say."""
        meant = self.meant(shot, before)
        if meant == [row["record_key"]] == [self.record_key]:
            return True
        self.say(f"{text_of(shot.payload)} of {shot.system} ->", row["record_key"], row["verdict"])
        if answer["state"] != before:
            raise Failure("identity", f"{text_of(shot.payload)} is not known to be of the record, and changed it")
        if len(meant) > 1:
            allowed = ("conflict", "unchanged") if self.doubt is not None else ("conflict",)
            if row["verdict"] not in allowed:
                raise Failure("identity", f"{text_of(shot.payload)} could be one of {meant}, and is {row['verdict']}")
            self.doubt = shot
        elif meant != [row["record_key"]]:
            raise Failure("identity", f"{text_of(shot.payload)} is taken for record {row['record_key']}, it is {meant[0]}")
        else:
            self.is_over = True
        return False

    def resolve_doubt(self, which):
        """It is the record, or its twin, or a new one."""
        shot, before = self.doubt, self.oracle.state
        row = self.book.one("SELECT to_jsonb(c) FROM sync_conflict c WHERE entity = %s AND kind = 'duplicate' AND status = 'open'",
                            self.entity)
        key = (self.record_key, self.twin_key(), None, self.record_key)[which % 4]
        answer = self.book.resolve(row, None if key else "new", key, self.entity, self.record_key)
        self.say(f"a reviewer decides whose native id {self.native_id_of(shot)} is:", key or "new", "->", answer["rows"])
        if answer["rows"] is not True:
            raise Failure("I4", f"the decision of conflict {row['id']} was refused")
        self.doubt, self.is_over = None, key != self.record_key
        if self.is_over:
            self.check_decided(shot, key or f"{shot.system}:{self.native_id_of(shot)}", before, answer)
        else:
            self.systems[shot.system].known_id = self.native_id_of(shot)
            self.oracle.observed(shot, {"verdict": "linked", "outcome": {}}, before, answer)
        return True

    def check_decided(self, shot, key, before, answer):
        if answer["state"] != before:
            raise Failure("identity", f"a decision for {key} changed {self.record_key}")
        state = self.book.state(self.entity, key)
        shown = (state["shadow"] or {}).get(shot.system) or {}
        if shown.get("native_id") != self.native_id_of(shot):
            raise Failure("identity", f"decided for {key}, which is not linked")
        for field, held in shot.held.items():
            if text_of((shown["data"] or {}).get(field)) != text_of(held.value):
                raise Failure("I4", f"decided for {key}, which does not say that {shot.system} shows {field} = {text_of(held.value)}")
