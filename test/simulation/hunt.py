"""Plays histories of one policy until one fails, and shrinks that one to a short story."""

import json
import time
from collections import Counter

import psycopg2
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from book import Book
from failure import Failure
from world import KINDS, World

# one event is one number: its kind in the high bits, so that a smaller one is plainer
EVENT = st.integers(0, len(KINDS) * 4 * 256 - 1)
EVENTS = st.lists(EVENT, min_size=80, max_size=130)


def decode(number):
    return number // 1024, number // 256 % 4, number % 256


class Found(Exception):
    """A history that fails."""

    def __init__(self, dice, numbers, world):
        super().__init__(str(world.failure))
        self.dice, self.numbers, self.world = dice, numbers, world

    def story(self, policy):
        yield f"\n=== {policy.name}: {self.world.failure!r}"
        yield "policy: " + json.dumps(policy.config())
        yield from self.world.story
        yield f"!!! {self.world.failure}"
        for row in self.world.oracle.state.get("conflicts") or []:
            hidden = ("entity", "record_key")
            yield "conflict: " + json.dumps({k: v for k, v in row.items() if v is not None and k not in hidden})
        for row in self.world.oracle.state.get("outbox") or []:
            yield "outbox: " + json.dumps({k: row[k] for k in ("target", "action", "changes", "status", "key")})
        numbers = ",".join(map(str, self.numbers))
        yield f"again: make simulate POLICIES={policy.name} STORY={self.dice}:{numbers}\n"


def kind_of(failure):
    return getattr(failure, "invariant", type(failure))


class Hunt:
    """All that one process does, in a database of its own."""

    def __init__(self, database, crash):
        self.book = Book(database, crash)
        self.number = 0
        self.found = None           # the newest failure
        self.crashes = False        # stop the server twice in each history
        self.start_policy()

    def start_policy(self):
        self.totals = Counter()
        self.excuses = Counter()

    def play(self, policy, dice, numbers, shift=0):
        self.number += 1
        entity = policy.name + f".{self.number}" * policy.has_others
        world = World(self.book, policy, entity, f"K{self.number}", dice, shift)
        world.failure = None
        if self.crashes:
            world.crash_at = {len(numbers) // 3, 2 * len(numbers) // 3}
        try:
            world.play([decode(n) for n in numbers])
        except Failure as failure:
            world.failure = failure
        except psycopg2.Error as error:
            world.failure = Failure("error", str(error).strip())
        except (AssertionError, AttributeError, KeyError, TypeError) as error:
            world.failure = error
        return world

    def history(self, policy, dice, numbers):
        world = self.play(policy, dice, numbers)
        if world.failure is None and dice % 10 == 0:     # of the history alone: what fails, fails again
            self.repeat(policy, dice, numbers, world)
        if world.failure is not None:
            self.book.forget()
            self.found = Found(dice, numbers, world)
            raise self.found
        self.count(world)

    def repeat(self, policy, dice, numbers, world):
        """I7, I8: the same history with other clocks: the same verdicts, hashes and keys."""
        again = self.play(policy, dice, numbers, shift=1000003)
        self.totals["repeated"] += 1
        if again.failure is not None:
            world.failure = again.failure
        for one, other in zip(world.trace, again.trace):
            if one != other:
                world.failure = Failure("I7", f"with other clocks in the systems {one} became {other}")
                break

    def count(self, world):
        edits = [e for e in world.oracle.edits if e.system != "review" and not e.is_phantom]
        self.totals.update(histories=1, events=world.effective, edits=len(edits), writes=len(world.calls),
                           shown=sum(1 for e in edits if e.shown is not None), short=world.effective < 30,
                           conflicts=len(world.oracle.state.get("conflicts") or []), crashes=world.crashes)
        self.excuses.update(world.oracle.excuses)

    def search(self, policy, count, seed_):
        """None, or what was found."""
        @seed(seed_)
        @settings(max_examples=count, deadline=None, database=None, phases=(Phase.generate,),
                  suppress_health_check=list(HealthCheck), report_multiple_bugs=False, print_blob=False)
        @given(st.integers(0, 255), EVENTS)
        def run(dice, numbers):
            assume(len({n for n in numbers if n >= 1024}) >= 75)      # else not much would happen
            self.history(policy, dice, numbers)

        try:
            run()
        except (Found, Flaky):      # flaky: it failed once, and not when it was played again; that is told too
            return self.found
        return None

    def shrink(self, policy, found, seconds):
        """Leaves out whatever is not needed to fail in the same way: large parts first."""
        until = time.time() + seconds
        size = len(found.numbers) // 2
        while size:
            start = 0
            while start < len(found.numbers) and time.time() < until:
                fewer = found.numbers[:start] + found.numbers[start + size:]
                world = self.play(policy, found.dice, fewer)
                if world.failure is not None:
                    self.book.forget()
                if world.failure is not None and kind_of(world.failure) == kind_of(found.world.failure):
                    found.numbers, found.world = fewer, world
                else:
                    start += size
            size //= 2
