"""One history: humans, systems, webhooks and workers, as a list of events plays them.

An event is (kind, who, which): small numbers, taken modulo what there is.  One that makes
no sense at that moment gives way to another kind or does nothing, so that a failing history
can be shrunk by leaving events out.
"""

import random

from oracle import Failure, Oracle
from systems import Death, Edit, Held, System
from values import get_path, text_of

# how often each kind of event is drawn; the first is what shrinking prefers
WEIGHTS = {"nothing": 1, "deliver": 14, "edit": 12, "claim": 12, "call": 13, "ack": 11, "look": 4, "revert": 4,
           "copy": 2, "clear": 3, "create": 2, "again": 3, "drop": 2, "lose_answer": 2, "lose_call": 2,
           "worker_dies": 1, "land_late": 2, "wait": 4, "lease_ends": 3, "long_wait": 1, "resolve": 3, "abort": 1,
           "configure": 1, "delete": 2}
KINDS = [kind for kind, weight in WEIGHTS.items() for _ in range(weight)]
INSTEAD = {"deliver": ("call", "ack", "claim"), "call": ("ack", "deliver", "claim"), "ack": ("call", "claim", "deliver"),
           "claim": ("call", "deliver", "ack"), "revert": ("edit",), "copy": ("edit",), "again": ("deliver",),
           "lose_answer": ("lose_call",), "resolve": ("edit",), "land_late": ("call",)}
LEASE = 60


class Call:
    """A claim of an outbox row, and what became of it."""

    def __init__(self, row, origins, now):
        self.id, self.lease, self.key = row["id"], row["lease"], row["idempotency_key"]
        self.target, self.action, self.changes = row["target_system"], row["action"], row["change_set"] or {}
        self.payload = row["payload"]
        self.native_id = row["native_id"]
        self.origins = origins
        self.claimed = now
        self.landed = None          # when the system took it
        self.answer = None          # a photograph
        self.photographed = 0       # the system's last photograph before it landed
        self.acked = None
        self.told = False           # the ack said what was stored
        self.token_told = False     # the ack said under which version
        self.is_open = True         # a worker has it
        self.lost = None            # when we lost track of it
        self.sighted = set()        # fields of it that an observation has shown

    def __repr__(self):
        return f"{self.key} {self.action} {text_of(self.changes)}"


class World:
    def __init__(self, book, policy, entity, record_key, dice, shift=0):
        self.book, self.policy, self.entity, self.record_key = book, policy, entity, record_key
        self.dice = random.Random(dice)
        self.clock = 0.0
        self.systems = {n: System(n, policy, record_key, shift * (i + 1), lambda: self.clock) for i, n in enumerate(policy.names)}
        self.names = policy.names
        self.calls = []
        self.numbers = 0
        self.step = 0
        self.crashes = 0
        self.crash_at = ()          # steps at which the server stops hard
        self.effective = 0
        self.story = []
        self.trace = []             # verdicts, hashes and keys, for a second run to compare
        self.window = policy.seconds("window", 60)
        self.set_clock(0)
        self.oracle = Oracle(self)

    # small things

    def say(self, *words):
        self.story.append(f"{self.clock:7.0f}s  " + " ".join(str(w) for w in words))

    def set_clock(self, seconds):
        from book import START
        self.clock = seconds
        self.book.set_clock(START + int(seconds * 1_000_000))

    def echo_window(self, system):
        return float(self.policy.systems[system]["config"].get("echo_window", "600 s").split()[0])

    def calls_of(self, target, test):
        return [c for c in self.calls if c.target == target and test(c)]

    def note(self, *what):
        self.trace.append(text_of(what).replace(self.record_key, "KEY").replace(self.entity, "ENTITY"))

    # the story goes on

    def set_up(self):
        if self.book.configs.get(self.entity) != self.policy.config():
            self.book.configure(self.entity, self.policy.config())
        if not self.policy.lists_all:
            return
        first, *others = self.names     # a record that is always there: a listing is never empty
        self.book.diff(first, self.entity, "anchor", self.anchor(first))
        for name in others:
            for row in self.book.poll(name, self.entity, "anchor")["rows"]:
                self.book.run("SELECT sync_ack(%s, %s, NULL)", row["id"], row["lease"])
            self.book.diff(name, self.entity, "anchor", self.anchor(name))

    def anchor(self, name):
        payload = {"record_key": "anchor", **{f: "anchor" for f in self.systems[name].fields}}
        return {**payload, "v": 1} if self.systems[name].behaviour.get("clock") else payload

    def play(self, events):
        self.set_up()
        self.do_create(self.systems[self.names[self.dice.randrange(len(self.names))]], self.dice.randrange(256))
        for kind, who, which in events:
            self.step += 1
            if self.step in self.crash_at:
                self.crash()
            name = self.names[who % len(self.names)]
            kind = KINDS[kind % len(KINDS)]
            if any(getattr(self, "do_" + k)(self.systems[name], which) for k in (kind, *INSTEAD.get(kind, ()))):
                self.effective += 1
        self.settle()

    def do_nothing(self, system, which):
        return False

    # humans

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
            self.human_sets(system, field, value)
        values = {f: h.value for f, h in system.held.items()}
        self.say(f"a human in {system.name} creates {text_of(values)}")
        system.send([f for f, h in system.held.items() if h.value is not None])
        return True

    def do_delete(self, system, which):
        if system.held is None or not system.behaviour.get("deletes") or which % 3 == 0:
            return False
        system.delete(Death(system))
        self.say(f"a human in {system.name} deletes the record")
        return True

    # what systems tell us

    def observe(self, shot, kind):
        if shot.arrived is None:
            shot.arrived = self.clock
        if shot.gone:
            return self.observe_gone(shot, kind)
        before = self.oracle.state
        answer = self.ask(shot, kind)
        row = answer["rows"][0]
        self.learn_id(shot, row)
        shown = {f: h.value for f, h in shot.held.items()}
        token = self.systems[shot.system].token() and shot.payload.get("v")
        self.say(f"{kind} of {shot.system} shows {text_of(shown)}" + (f" (version {token})" if token else ""),
                 "->", row["verdict"], text_of(row["outcome"] or {}), "to", ",".join(row["targets"] or []) or "nobody")
        self.note("diff", shot.system, row["verdict"], row["outcome"], row["change_set"], row["field_hash"])
        self.oracle.observed(shot, row, before, answer)

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
        return self.book.diff(shot.system, self.entity, self.record_key, payload, is_all)

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

    # workers

    def do_claim(self, system, which):
        if not any(o["target"] == system.name for o in self.oracle.state["outbox"] or []) and self.dice.randrange(8):
            return False            # there is nothing to claim, which is tried now and then
        answer = self.book.poll(system.name, self.entity, self.record_key)
        for call in self.calls_of(system.name, lambda c: c.is_open and self.clock >= c.claimed + LEASE):
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
        answer = self.book.ack(call, system.native_id, result, self.entity, self.record_key)
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

    # time

    def do_wait(self, system, which):
        self.pass_time((0.5, 1, 5, 15, 25, 40)[which % 6])
        return True

    def do_lease_ends(self, system, which):
        if not any(c.claimed + LEASE > self.clock and c.acked is None for c in self.calls):
            return False
        self.pass_time(LEASE + 1)
        return True

    def do_long_wait(self, system, which):
        """Longer than any echo_window.  Where nothing can say how old a webhook is, none is
        on its way for that long, except in systems that keep no order at all."""
        if any(s.queue and s.behaviour.get("order") != "any" and not s.behaviour.get("clock")
               for s in self.systems.values()):
            return False
        if any(c.is_open for c in self.calls):
            return False
        self.pass_time(700)
        return True

    def pass_time(self, seconds):
        self.set_clock(self.clock + seconds)
        self.say(f"{seconds} seconds pass")
        for call in self.calls:
            if call.is_open and self.clock >= call.claimed + LEASE:
                self.lose(call, "the lease runs out of")

    # review

    def open_conflicts(self):
        return [c for c in self.oracle.state.get("conflicts") or [] if c["status"] == "open"]

    def do_resolve(self, system, which):
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

    # the end

    def settle(self):
        """Humans stop; everything arrives; each conflict is decided."""
        self.say("humans stop")
        quiet = 0
        for _ in range(60):
            if self.drain():
                quiet = 0
                continue
            if self.open_conflicts():
                self.do_resolve(None, self.dice.randrange(1000))
                quiet = 0
                continue
            if self.oracle.state.get("outbox"):
                self.pass_time(LEASE + 1)
                continue
            if quiet == 2:
                return self.oracle.at_rest()
            quiet += 1
            self.pass_time(max(self.echo_window(n) for n in self.names) + 1)
            for system in self.systems.values():
                self.do_look(system, 0)
        raise Failure("I2", "traffic does not end")

    def drain(self):
        busy = False
        for system in self.systems.values():
            while system.queue:
                busy = self.do_deliver(system, 0)
        for system in self.systems.values():
            self.do_claim(system, 0)
            while self.do_call(system, 0) or self.do_ack(system, 0):
                busy = True
            if busy and system.held is None and system.born and not system.queue:
                self.do_look(system, 0)     # as a worker does that finds no record
        return busy
