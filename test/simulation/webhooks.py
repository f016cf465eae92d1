"""What systems tell us: webhooks and listings, in some order or in none."""

from failure import Failure
from values import get_path, text_of

FIRST_LOAD = "a first load"


class Webhooks:
    def observe(self, shot, kind):
        if shot.arrived is None:
            shot.arrived = self.clock
        if shot.gone:
            return self.observe_gone(shot, kind)
        before = self.oracle.state
        answer = self.ask(shot, kind)
        row = answer["rows"][0]
        if self.policy.match_on and not self.is_about_us(shot, row, before, answer):
            return
        self.learn_id(shot, row)
        shown = {f: h.value for f, h in shot.held.items()}
        token = self.systems[shot.system].token() and shot.payload.get("v")
        self.say(f"{kind} of {shot.system} shows {text_of(shown)}" + (f" (version {token})" if token else ""),
                 "->", row["verdict"], text_of(row["outcome"] or {}), "to", ",".join(row["targets"] or []) or "nobody")
        self.note("diff", shot.system, row["verdict"], row["outcome"], row["change_set"], row["field_hash"])
        judge = self.oracle.loaded if kind == FIRST_LOAD else self.oracle.observed
        judge(shot, row, before, answer)

    def learn_id(self, shot, row):
        """A record found by its native id is this one; one that came with both brings its id."""
        if row["record_key"] != self.record_key:
            raise Failure("identity", f"{text_of(shot.payload)} is taken for record {row['record_key']}")
        path = self.policy.systems[shot.system]["config"].get("id")
        if path and self.systems[shot.system].held is not None:
            self.systems[shot.system].known_id = get_path(shot.payload, path)[1]

    def ask(self, shot, kind):
        payload = shot.payload
        is_all = self.policy.lists_all and kind == "a listing"
        if is_all:
            payload = [self.anchor(shot.system)] + ([] if shot.gone else [payload])
        return self.book.diff(shot.system, self.entity, self.record_key, payload, is_all, kind == FIRST_LOAD)

    def observe_gone(self, shot, kind):
        before = self.oracle.state
        if self.policy.lists_all and kind == "a listing":
            answer = self.ask(shot, kind)
        elif "deleted" in self.policy.systems[shot.system]["config"]:
            answer = self.book.diff(shot.system, self.entity, self.record_key, shot.payload)
        else:
            answer = self.book.delete(shot.system, self.entity, self.record_key)
        row = answer["rows"][0] if answer["rows"] else {"verdict": "unchanged", "detail": None}
        self.say(f"{kind} of {shot.system} says that the record is gone ->", row["verdict"], row["detail"] or "")
        self.note("gone", shot.system, row["verdict"])
        self.oracle.observed_gone(shot, row, before, answer)

    def do_deliver(self, system, which):
        if not system.queue:
            return False
        any_order = system.behaviour.get("order") == "any"
        shot = system.queue.pop(which % len(system.queue) if any_order else 0)
        system.delivered.append(shot)
        self.observe(shot, "a webhook")
        return True

    def do_again(self, system, which):
        if not system.delivered:
            return False
        any_order = system.behaviour.get("order") == "any"
        shot = system.delivered[-1 - which % len(system.delivered) if any_order else -1]
        self.observe(shot, "a webhook, again,")
        return True

    def do_drop(self, system, which):
        if not system.queue:
            return False
        system.queue.pop(which % len(system.queue))
        self.say(f"a webhook of {system.name} is lost")
        return True

    def do_look(self, system, which):
        """A full poll.  Without order there is nothing that could arrive after it."""
        if system.held is None and not system.born:
            return False
        if system.behaviour.get("order") != "any":
            system.queue.clear()
        shot = system.photograph() if system.held is not None else system.photograph_gone(system.death)
        system.delivered.append(shot)
        self.observe(shot, "a listing")
        return True

    def do_load(self, system, which):
        """A first load, as a rule of what was never loaded."""
        if not self.policy.first_load or system.held is None or system.is_loaded and which % 4:
            return False
        if system.behaviour.get("order") != "any":
            system.queue.clear()
        system.is_loaded = True
        shot = system.photograph()
        system.delivered.append(shot)
        self.observe(shot, FIRST_LOAD)
        return True

    def do_abort(self, system, which):
        """A caller that dies before it commits has done nothing."""
        if system.held is None:
            return False
        self.book.run("BEGIN")
        self.book.diff(system.name, self.entity, self.record_key, system.photograph().payload)
        self.book.run("ROLLBACK")
        if self.book.state(self.entity, self.record_key) != self.oracle.state:
            raise Failure("I6", "a call that was rolled back left something")
        return True

    def crash(self):
        """What was committed is there when the server comes back, and nothing else."""
        living = [s for s in self.systems.values() if s.held is not None]
        self.book.run("BEGIN")
        for system in living:
            self.book.diff(system.name, self.entity, self.record_key, system.photograph().payload)
        self.say("the server stops hard, and starts again")
        self.book.crash()
        self.crashes += 1
        if self.book.state(self.entity, self.record_key) != self.oracle.state:
            raise Failure("I6", "after a crash the tables are not what they were")
