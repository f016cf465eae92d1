#!/usr/bin/python3
"""The simulator: generated histories of hostile systems, played against a real server.

    make simulate                      histories over all policies, with a new seed
    make simulate N=10000 SEED=7       that many, and a seed that repeats a run
    make simulate POLICIES=plain,three

A history is a list of events: humans edit, revert, clear and create records in two or three
simulated systems; webhooks arrive late, twice, out of order or never; workers claim, call,
lose answers, die; leases run out; reviewers decide.  Then the humans stop, everything is
delivered, and all must agree.  After every step the oracle checks what must hold.

    values.py     values, how systems write them, how to read them back
    systems.py    a system on the other side
    policies.py   the policies, and how the systems of each behave
    book.py       the database under test
    world.py      one history
    oracle.py     the invariants, and the excuses that the rules allow

A failure is shrunk to a short story.  The exit status is 1 if there was one.
"""

import argparse
import json
import os
import random
import sys
import time
from collections import Counter

import psycopg2
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from book import Book  # noqa: E402
from oracle import Failure  # noqa: E402
from policies import all_policies  # noqa: E402
from world import KINDS, World  # noqa: E402

# one event is one number: its kind in the high bits, so that shrinking makes it plainer
EVENT = st.integers(0, len(KINDS) * 4 * 256 - 1)


def decode(number):
    return number // 1024, number // 256 % 4, number % 256


class Found(Exception):
    """A history that fails."""

    def __init__(self, policy, dice, numbers, world):
        super().__init__(str(world.failure))
        self.policy, self.dice, self.numbers, self.world = policy, dice, numbers, world


def kind_of(failure):
    return getattr(failure, "invariant", type(failure))


class Simulation:
    def __init__(self, arguments):
        self.arguments = arguments
        self.book = Book(f"sync_ledger_simulation_{os.getpid()}", arguments.crash)
        self.totals = Counter()
        self.excuses = Counter()
        self.failures = []
        self.skipped = []
        self.number = 0

    def play(self, policy, dice, events, shift=0):
        self.number += 1
        world = World(self.book, policy, policy.name, f"K{self.number}", dice, shift)
        try:
            world.play(events)
        except Failure as failure:
            world.failure = failure
        except psycopg2.Error as error:
            world.failure = Failure("error", str(error).strip())
        except (AssertionError, KeyError, TypeError) as error:
            world.failure = error
        else:
            world.failure = None
        return world

    def history(self, policy, dice, numbers):
        events = [decode(n) for n in numbers]
        world = self.play(policy, dice, events)
        if world.failure is None and self.number % 10 == 0:
            self.repeat(policy, dice, events, world)
        if world.failure is not None:
            self.book.forget()
            raise Found(policy, dice, numbers, world)
        self.count(policy, world)

    def repeat(self, policy, dice, events, world):
        """I7, I8: the same history with other clocks: the same verdicts, hashes and keys."""
        again = self.play(policy, dice, events, shift=1000003)
        if again.failure is not None:
            world.failure = again.failure
        for one, other in zip(world.trace, again.trace):
            if one != other:
                world.failure = Failure("I7", f"with other clocks in the systems {one} became {other}")
                break

    def count(self, policy, world):
        self.totals["histories"] += 1
        self.totals["events"] += world.effective
        self.totals["edits"] += sum(1 for e in world.oracle.edits if e.system != "review" and e.excuse is None)
        self.totals["shown"] += sum(1 for e in world.oracle.edits if e.shown is not None)
        self.totals["writes"] += len(world.calls)
        self.totals["conflicts"] += len(world.oracle.state.get("conflicts") or [])
        self.totals["short"] += world.effective < 30
        self.excuses.update(world.oracle.excuses)

    def simulate(self, policy, count):
        try:
            self.book.configure(policy.name, policy.config())
        except psycopg2.errors.FeatureNotSupported as error:
            self.skipped.append((policy.name, str(error).splitlines()[0]))
            return
        before, started = Counter(self.totals), time.time()

        @seed(f"{self.arguments.seed} {policy.name}")
        @settings(max_examples=count, deadline=None, database=None, phases=(Phase.generate,),
                  suppress_health_check=list(HealthCheck), report_multiple_bugs=False, print_blob=False)
        @given(st.integers(0, 255), st.lists(EVENT, min_size=60, max_size=120))
        def run(dice, numbers):
            self.history(policy, dice, numbers)

        try:
            run()
        except Found as found:
            if not self.arguments.first:
                self.shrink(found)
            self.report(found)
        done = self.totals - before
        print(f"# {policy.name}: {done['histories']} histories, {done['events']} events, {done['edits']} edits, "
              f"{done['writes']} writes, {done['conflicts']} conflicts, {time.time() - started:.1f} s", flush=True)

    def shrink(self, found):
        """Leaves out whatever is not needed to fail in the same way: large parts first."""
        until = time.time() + self.arguments.shrink
        size = len(found.numbers) // 2
        while size:
            start = 0
            while start < len(found.numbers) and time.time() < until:
                fewer = found.numbers[:start] + found.numbers[start + size:]
                world = self.play(found.policy, found.dice, [decode(n) for n in fewer])
                if world.failure is None:
                    start += size
                    continue
                self.book.forget()
                if kind_of(world.failure) == kind_of(found.world.failure):
                    found.numbers, found.world = fewer, world
                else:
                    start += size
            size //= 2

    def report(self, found):
        self.failures.append(found.policy.name)
        print(f"\n=== {found.policy.name}: {found.world.failure!r}")
        print("policy:", json.dumps(found.policy.config()))
        print("\n".join(found.world.story))
        print("!!!", found.world.failure)
        for row in found.world.oracle.state.get("conflicts") or []:
            print("conflict:", json.dumps({k: v for k, v in row.items() if v is not None and k not in ("entity", "record_key")}))
        numbers = ",".join(map(str, found.numbers))
        print(f"again: make simulate POLICIES={found.policy.name} STORY={found.dice}:{numbers}\n", flush=True)

    def tell(self, policy, story):
        dice, numbers = story.split(":")
        numbers = [int(n) for n in numbers.split(",") if n]
        self.book.configure(policy.name, policy.config())
        world = self.play(policy, int(dice), [decode(n) for n in numbers])
        if world.failure is not None:
            self.report(Found(policy, int(dice), numbers, world))
        else:
            print("\n".join(world.story))

    def summary(self, seconds):
        t = self.totals
        print(f"# {t['histories']} histories ({t['short']} of under 30 events), {t['events']} events, {t['edits']} edits, "
              f"{t['shown']} of them shown, {t['writes']} writes, {t['conflicts']} conflicts in {seconds:.0f} s: "
              f"{t['histories'] / max(seconds, 0.001):.1f} histories a second")
        for excuse, times in sorted(self.excuses.items()):
            print(f"# excused {times} times ({100 * times / max(t['edits'], 1):.2f} % of all edits): {excuse}")
        for name, why in self.skipped:
            print(f"# skipped {name}: {why}")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=600, help="histories, over all policies")
    parser.add_argument("--seed", default="")
    parser.add_argument("--policies", default="")
    parser.add_argument("--story", default="", help="one history, as a failure prints it")
    parser.add_argument("--shrink", type=int, default=60, help="seconds to spend on shrinking a failure")
    parser.add_argument("--first", action="store_true", help="stop at the first failure, as it is")
    parser.add_argument("--crash", action="store_true", help="this server may be stopped hard")
    return parser.parse_args()


def main():
    options = arguments()
    options.seed = options.seed or str(random.SystemRandom().randrange(1_000_000))
    print(f"# seed {options.seed}")
    names = [n for n in options.policies.split(",") if n]
    chosen = [p for p in all_policies() if not names or p.name in names]
    simulation, started = Simulation(options), time.time()
    try:
        for policy in chosen:
            if options.story:
                simulation.tell(policy, options.story)
            else:
                simulation.simulate(policy, max(1, options.n // len(chosen)))
            if options.first and simulation.failures:
                break
        simulation.summary(time.time() - started)
    finally:
        simulation.book.close()
    return bool(simulation.failures)


if __name__ == "__main__":
    sys.exit(main())
