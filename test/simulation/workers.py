"""What workers do: claim, call, acknowledge, and fail at each of these."""

from failure import Failure
from values import text_of

LEASE = 60


class Call:
    """A claim of an outbox row, and what became of it."""

    def __init__(self, row, origins, now):
        self.id, self.lease, self.key = row["id"], row["lease"], row["idempotency_key"]
        self.target, self.action, self.changes = row["target_system"], row["action"], row["change_set"] or {}
        self.version = int(self.key.rpartition("-v")[2])
        self.payload = row["payload"]
        self.native_id = row["native_id"]
        self.origins = origins
        self.claimed = now
        self.began = 0              # the step in which it was claimed
        self.is_after_gone = False  # a create, of what was said to be gone
        self.until = now + LEASE
        self.landed = None          # when the system took it
        self.answer = None          # a photograph
        self.photographed = 0       # the system's last photograph before it landed
        self.acked = None
        self.told = False           # the ack said what was stored
        self.token_told = False     # the ack said under which version
        self.is_open = True         # a worker has it
        self.lost = None            # when we lost track of it
        self.due = None             # when it may go again, its worker having given it back
        self.shown = set()          # the same, where one observation shows one call
        self.sighted = set()        # fields of it that an observation has shown

    def __repr__(self):
        return f"{self.key} {self.action} {text_of(self.changes)}"


class Workers:
    def do_claim(self, system, which):
        if not any(o["target"] == system.name for o in self.oracle.state["outbox"] or []) and self.dice.randrange(8):
            return False            # there is nothing to claim, which is tried now and then
        answer = self.book.poll(system.name, self.entity, self.record_key)
        for call in self.calls_of(system.name, lambda c: c.is_open and self.clock >= c.until):
            self.oracle.lost(call)
        if not answer["rows"]:
            self.oracle.check(answer["state"])
            return False
        for row in answer["rows"]:
            if row["record_key"] != self.record_key:
                raise Failure("I2", f"a write for {row['record_key']}, which was at rest")
            call = Call(row, self.oracle.origins(row), self.clock)
            self.say(f"a worker of {system.name} claims", call)
            self.note("claim", call.target, call.action, call.changes, call.key, row["field_hash"])
            self.oracle.claimed(call)
            self.calls.append(call)
        self.oracle.check(answer["state"])
        return True

    def pick_call(self, system, which, landed):
        calls = self.calls_of(system.name, lambda c: c.is_open and (c.landed is not None) == landed)
        return calls[which % len(calls)] if calls else None

    def land(self, call):
        system = self.systems[call.target]
        is_there = system.held is not None
        if "id" in self.policy.systems[call.target]["config"]:
            is_there = is_there and call.native_id in (None, system.native_id)
        if call.action == "update" and not is_there:
            return self.lose(call, f"{call.target} has no record for")
        call.landed = self.clock
        if is_there or call.action != "delete":
            call.answer = system.apply(call.action, call.payload, call.origins, call.key)
        self.say(f"{call.target} takes {call.key}, and holds",
                 text_of({f: h.value for f, h in (system.held or {}).items()}))
        self.oracle.landed(call)
        self.answer_back(system, call)

    def answer_back(self, system, call):
        """A robot types its own value over ours, each time, until somebody decides on their quarrel."""
        field = system.behaviour.get("stubborn")
        if self.has_robots and system.held is not None and field in call.changes:
            self.human_edits(system, field, f"{system.name}'s robot")

    def do_call(self, system, which):
        call = self.pick_call(system, which, landed=False)
        if call is None:
            return False
        self.land(call)
        return True

    def do_ack(self, system, which):
        call = self.pick_call(system, which, landed=True)
        if call is None:
            return False
        answers = system.behaviour.get("answers", "mixed")
        if answers == "mixed":
            answers = ("full", "token", "none")[which % 3]
        result = self.result(call, answers)
        native_id = system.native_id if call.action == "create" else call.native_id
        answer = self.book.ack(call, native_id, result, self.entity, self.record_key)
        self.say(f"the worker acknowledges {call.key} with", "no result" if result is None else text_of(result),
                 "->", answer["rows"])
        self.note("ack", call.key, answer["rows"])
        if answer["rows"] and call.action == "create":
            system.known_id = system.native_id
        self.oracle.acknowledged(call, answers if result is not None else "none", answer)
        return True

    def result(self, call, answers):
        if call.answer is None or answers == "none":
            return None
        if answers == "full":
            return call.answer.payload
        return {"v": call.answer.payload["v"]} if "v" in call.answer.payload else None

    def lose(self, call, words):
        self.say(words, call.key)
        self.oracle.lost(call)

    def do_lose_answer(self, system, which):
        call = self.pick_call(system, which, landed=True)
        if call is None:
            return False
        self.lose(call, "the answer is lost of")
        return True

    def do_lose_call(self, system, which):
        call = self.pick_call(system, which, landed=False)
        if call is None:
            return False
        self.lose(call, "the call never arrives:")
        return True

    def do_refuse(self, system, which):
        """The worker gives a call back: for a while, for as long as the system says, or for good."""
        calls = self.calls_of(system.name, lambda c: c.is_open)
        if not calls:
            return False
        call = calls[which % len(calls)]
        retry_after = (None, 0, 30, 90)[which % 4]
        permanent = retry_after is None and which % 3 == 0
        answer = self.book.nack(call, retry_after, permanent, self.entity, self.record_key)
        self.say(f"the worker gives {call.key} back,", "for good" if permanent else f"to go again after {retry_after} seconds")
        if not answer["rows"]:
            raise Failure("I6", f"a nack of {call} by its own lease is refused")
        call.due = float("inf") if permanent else self.clock + (2.5 if retry_after is None else retry_after)
        self.oracle.lost(call)
        self.oracle.check(answer["state"])
        return True

    def do_extend(self, system, which):
        """The worker needs longer."""
        calls = self.calls_of(system.name, lambda c: c.is_open)
        if not calls:
            return False
        call = calls[which % len(calls)]
        answer = self.book.extend(call, LEASE, self.entity, self.record_key)
        self.say(f"the worker keeps {call.key} for longer")
        if answer["rows"] != 1:
            raise Failure("I6", f"{call} is not its own lease's")
        call.until += LEASE
        self.oracle.check(answer["state"])
        return True

    def do_redrive(self, system, which):
        """An operator lets go now what was given back."""
        rows = [o for o in self.oracle.state["outbox"] or [] if o["target"] == system.name and o["status"] != "leased"]
        if not rows:
            return False
        answer = self.book.redrive(rows[0], self.entity, self.record_key)
        if answer["rows"]:
            self.say(f"an operator redrives {rows[0]['key']}")
            for call in self.calls_of(system.name, lambda c: c.due is not None):
                call.due = None
        elif rows[0]["status"] == "dead":
            raise Failure("I6", f"the dead letter {rows[0]['key']} is not redriven")
        self.oracle.check(answer["state"])
        return bool(answer["rows"])

    def do_worker_dies(self, system, which):
        calls = self.calls_of(system.name, lambda c: c.is_open)
        for call in calls:
            self.lose(call, "the worker dies with")
        return bool(calls)

    def do_land_late(self, system, which):
        """A call that its worker gave up arrives after all."""
        if not system.behaviour.get("late"):
            return False
        calls = self.calls_of(system.name, lambda c: c.lost is not None and c.landed is None)
        if not calls:
            return False
        self.land(calls[which % len(calls)])
        return True
