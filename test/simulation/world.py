"""One history: humans, systems, webhooks and workers, as a list of events plays them.

An event is (kind, who, which): small numbers, taken modulo what there is.  One that makes
no sense at that moment gives way to another kind or does nothing, so that a failing history
can be shrunk by leaving events out.
"""

import random

from book import START
from failure import Failure
from humans import Humans
from oracle import Oracle
from strangers import Strangers
from systems import System
from values import text_of
from webhooks import Webhooks
from workers import LEASE, Workers

# how often each kind of event is drawn; the first is what shrinking prefers
WEIGHTS = {"nothing": 1, "deliver": 14, "edit": 12, "claim": 12, "call": 13, "ack": 11, "look": 4, "revert": 4,
           "copy": 2, "clear": 3, "create": 2, "again": 3, "drop": 2, "lose_answer": 2, "lose_call": 2,
           "worker_dies": 1, "land_late": 2, "wait": 4, "lease_ends": 3, "long_wait": 1, "resolve": 3, "abort": 1,
           "refuse": 2, "extend": 1, "redrive": 1, "configure": 1, "delete": 2, "load": 2, "hurry": 3}
KINDS = [kind for kind, weight in WEIGHTS.items() for _ in range(weight)]
INSTEAD = {"deliver": ("call", "ack", "claim"), "call": ("ack", "deliver", "claim"), "ack": ("call", "claim", "deliver"),
           "claim": ("call", "deliver", "ack"), "revert": ("edit",), "copy": ("edit",), "again": ("deliver",),
           "lose_answer": ("lose_call",), "refuse": ("lose_answer",), "extend": ("call",), "redrive": ("claim",),
           "resolve": ("edit",), "land_late": ("call",), "load": ("look",), "hurry": ("edit",)}


class World(Humans, Strangers, Webhooks, Workers):
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
        self.twin, self.doubt = {}, None
        self.has_robots = self.dice.randrange(2) == 0
        self.decisions = 0
        self.is_over = False        # what a system holds is another record
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
        self.meet_twin()
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
        self.begin()
        for kind, who, which in events:
            self.step += 1
            if self.is_over:
                return
            if self.step in self.crash_at:
                self.crash()
            name = self.names[who % len(self.names)]
            kind = KINDS[kind % len(KINDS)]
            if any(getattr(self, "do_" + k)(self.systems[name], which) for k in (kind, *INSTEAD.get(kind, ()))):
                self.effective += 1
        self.settle()

    def begin(self):
        first = 0 if self.policy.match_on else self.dice.randrange(len(self.names))
        if not self.policy.first_load:
            self.do_create(self.systems[self.names[first]], self.dice.randrange(256))
            if self.policy.match_on and self.dice.randrange(4):
                self.do_deliver(self.systems[self.names[0]], 0)
                self.do_create(self.systems[self.names[1]], self.dice.randrange(256))
            return
        for name in self.names[first:] + self.names[:first]:
            self.was_there(self.systems[name])
        order = self.names if self.policy.match_on else self.dice.sample(self.names, len(self.names))
        for name in order:
            if self.dice.randrange(4) or self.policy.match_on and name == order[0]:
                self.do_load(self.systems[name], 0)

    def do_nothing(self, system, which):
        return False

    def do_hurry(self, system, which):
        """Edits go through elsewhere, and are written here while the webhooks of these writes are slow."""
        others = [s for s in self.systems.values() if s is not system and s.held is not None]
        if not others or system.held is None:
            return False
        for turn in range(1 + which % 3):
            other = others[which % len(others)]
            if other.held is not None:
                self.do_edit(other, which // 3)
            while other.queue and not self.is_over:
                self.do_deliver(other, 0)
            if not self.is_over:
                self.do_claim(system, which)
                self.do_call(system, which)
                self.do_ack(system, which)
        return True

    # time

    def do_wait(self, system, which):
        self.pass_time((0.5, 1, 5, 15, 25, 40)[which % 6])
        return True

    def do_lease_ends(self, system, which):
        if not any(c.until > self.clock and c.acked is None for c in self.calls):
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
            if call.is_open and self.clock >= call.until:
                self.lose(call, "the lease runs out of")

    # the end

    def settle(self):
        """Humans stop; everything arrives; each conflict is decided."""
        self.say("humans stop")
        quiet = 0
        for _ in range(60):
            if self.drain():
                quiet = 0
                continue
            if self.is_over:
                return
            if self.open_conflicts() or self.doubt:
                self.do_resolve(None, self.dice.randrange(1000))
                quiet = 0
                continue
            if any(self.do_redrive(s, 0) for s in self.systems.values()):
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
            while system.queue and not self.is_over:
                busy = self.do_deliver(system, 0)
        if self.is_over:
            return False
        for system in self.systems.values():
            self.do_claim(system, 0)
            while self.do_call(system, 0) or self.do_ack(system, 0):
                busy = True
            if busy and system.held is None and system.born and not system.queue:
                self.do_look(system, 0)     # as a worker does that finds no record
        return busy
