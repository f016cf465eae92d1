"""I5 and I6: what waits for each system is what the state says, and the tables agree."""

from failure import Failure
from state import data_of, is_dead, life_is_open, sent
from values import text_of


class Waiting:
    def check_waiting(self):
        """I5: what waits is what the rules say."""
        self.forget_settled()
        golden = self.state["golden"]
        if golden is None or golden["deleted"]:
            return
        if life_is_open(self.state):
            if any(o["status"] != "leased" for o in self.state["outbox"] or []):
                raise Failure("I5", "the record is frozen, and something waits")
            return
        data = data_of(self.state)
        frozen = {f for c in self.state["conflicts"] or [] if c["status"] == "open" for f in self.fields_of(c)}
        for name in self.world.names:
            rows = [o for o in self.state["outbox"] or [] if o["target"] == name]
            shadow = (self.state["shadow"] or {}).get(name)
            pending = [o for o in rows if o["status"] != "leased"]
            leased = [o for o in rows if o["status"] == "leased"]
            if len(pending) > 1 or len(leased) > 1:
                raise Failure("I6", f"{len(rows)} rows wait for {name}")
            if not self.policy.writable(name):
                if rows:
                    raise Failure("I5", f"a row waits for {name}, which is read-only")
                continue
            if leased and leased[0]["until"] - 1_000_000_000 <= self.world.clock:
                continue
            self.check_target(name, shadow, pending, leased, data, frozen)

    def check_log(self):
        """I6: each move of the golden record is in the log.  A new life begins with nothing."""
        self.has_died |= is_dead(self.state)
        logged = self.state.get("logged") or {}
        for field, value in data_of(self.state).items():
            if text_of(value) != text_of(logged.get(field)) and not (value is None and self.has_died):
                raise Failure("I6", f"golden {field} is {text_of(value)}, the log says {text_of(logged.get(field))}")

    def check_echoes(self, name, outcome, before, state):
        """I5: an echo, late or not, is no reason to send anything; before note_newest.  Of a merged
        set what lacks an element is late, or a human's removal, which only a write can undo."""
        was_left_out = (before["shadow"] or {}).get(name, {}).get("existence") == "left out"
        calls = self.world.calls_of(name, lambda c: True)
        was_retried = len({c.key for c in calls}) < len(calls)      # one of them is in doubt, though it was acknowledged
        if is_dead(before) or life_is_open(before) or was_left_out or was_retried or any(c.lost is not None for c in calls):
            return
        frozen = {f for c in before["conflicts"] or [] if c["status"] == "open" for f in self.fields_of(c)}
        frozen |= self.was_disordered       # what came before it was out of order: nobody can say what is shown now
        for field in [f for f, what in outcome.items() if what == "echo" and f not in frozen and not self.policy.is_merged(f)]:
            if (name, field) in sent(state) - sent(before):
                raise Failure("I5", f"an echo of {field} makes it wait for {name}")

    def check_unseen(self, name, field, waiting, data):
        """Without an owner it waits for its first sight, or counts as null where the policy says so."""
        config = self.policy.fields[field]
        if config.get("owner") or config.get("group") or self.policy.later:
            return
        is_sent = self.policy.systems[name]["config"].get("unseen") == "send"
        if field in waiting and not is_sent:
            raise Failure("I5", f"{field} waits for {name}, which never showed it")
        if field not in waiting and is_sent and data.get(field) is not None and (name, field) not in self.troubled:
            raise Failure("I5", f"{name} never showed {field}, and it does not wait")

    def check_target(self, name, shadow, pending, leased, data, frozen):
        waiting = pending[0]["changes"] if pending else {}
        if self.is_left_out(name):
            return
        if shadow is None or shadow["existence"] == "gone":
            was_shown = any(f in data for f in self.world.systems[name].fields)
            if not pending and not leased and not frozen and was_shown:
                raise Failure("I5", f"nothing waits for {name}, where the record is not")
            return
        if pending and pending[0]["action"] in ("create", "delete"):
            return          # of a living record: a delete that is lost, as the create before it
        if leased and leased[0]["action"] == "create" and len(self.world.calls_of(name, lambda c: c.key == leased[0]["key"])) > 1:
            return          # a create that goes again, with its old content: the rest follows its ack
        if pending and not leased and not pending[0]["fits"]:
            raise Failure("I6", f"the hash of what waits for {name} is not of what it will show")
        shows = dict(shadow["data"] or {})
        for row in leased:
            shows = {} if row["action"] == "delete" else {**shows, **(row["changes"] or {})}
        system = self.world.systems[name]
        for field in system.fields:
            if field in frozen:
                if field in waiting:
                    raise Failure("I5", f"{field} is frozen, and waits for {name}")
                continue
            unseen = field not in shows
            if unseen and shadow["existence"] == "there":
                self.check_unseen(name, field, waiting, data)
            wanted, shown = text_of(data.get(field)), text_of(shows.get(field))
            if field in waiting and text_of(waiting[field]) != wanted:
                raise Failure("I5", f"{field} = {text_of(waiting[field])} waits for {name}, golden is {wanted}")
            if field in waiting and self.is_sent_though_settled(name, field):
                raise Failure("I5", f"{field} waits for {name}, where the difference is settled")
            if field in waiting and wanted == shown and not unseen and (name, field) not in self.troubled:
                raise Failure("I5", f"{field} waits for {name}, which shows it already")
            if field not in waiting and wanted != shown and not unseen and not self.is_settled(name, field, shown):
                raise Failure("I5", f"{name} shows {field} = {shown}, golden is {wanted}, and nothing waits")
