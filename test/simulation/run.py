#!/usr/bin/python3
"""The simulator: generated histories of hostile systems, played against a real server.

    make simulate                      histories over all policies, with a new seed
    make simulate N=10000 SEED=7       that many, and a seed that repeats a run
    make simulate POLICIES=plain,three JOBS=2
    make simulate MINUTES=8            as many rounds as fit, each with a seed of its own

A history is a list of events: humans edit, revert, clear, create and delete records in two
or three simulated systems; webhooks arrive late, twice, out of order or never; workers
claim, call, lose answers, die; leases run out; reviewers decide; the server is stopped hard.
Then the humans stop, everything is delivered, and all must agree.  After every step the
oracle checks what must hold.

    values.py     values, how systems write them, how to read them back
    systems.py    a system on the other side
    policies.py   the policies, and how the systems of each behave
    book.py       the database under test
    world.py      one history, of what humans.py, webhooks.py and workers.py do
    oracle.py     the invariants, with life.py, waiting.py, rest.py and the excuses that rules allow
    hunt.py       finds a history that fails, and shrinks it to a short story

The exit status is 1 if a history failed.
"""

import argparse
import multiprocessing
import os
import random
import sys
import time
from collections import Counter

import psycopg2

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from book import drop_databases  # noqa: E402
from hunt import Found, Hunt  # noqa: E402
from policies import all_policies  # noqa: E402

POLICIES = {p.name: p for p in all_policies()}


class Part:
    """What came of one policy."""

    def __init__(self, name):
        self.name = name
        self.totals = Counter()
        self.excuses = Counter()
        self.skipped = None
        self.failures = 0
        self.lines = []

    def headline(self, seconds, as_tap):
        t = self.totals
        sign = "#" if not as_tap else "not ok -" if self.failures else "ok -"
        return (f"{sign} {self.name}: {t['histories']} histories, {t['events']} events, {t['edits']} edits, {t['writes']} writes, "
                f"{t['conflicts']} conflicts, {sum(self.excuses.values())} excused, {seconds:.1f} s")


def start_process(prefix, crash):
    """Each process has a database of its own."""
    global hunt
    hunt = Hunt(f"{prefix}{os.getpid()}", crash)


def simulate(task):
    name, count, options = task
    policy, part, started = POLICIES[name], Part(name), time.time()
    hunt.start_policy()
    try:
        hunt.book.configure(name, policy.config())
        if options.story:
            tell(policy, options.story, part)
        else:
            search(policy, count, options, part)
    except psycopg2.errors.FeatureNotSupported as error:
        part.skipped = str(error).splitlines()[0]
    part.totals, part.excuses = hunt.totals, hunt.excuses
    if part.skipped:
        part.lines.append(f"# skipped {name}: {part.skipped}")
    else:
        part.lines.append(part.headline(time.time() - started, options.tap))
    return part


def search(policy, count, options, part):
    for attempt in range(options.failures):
        found = hunt.search(policy, max(1, count - hunt.totals["histories"]), f"{options.seed} {policy.name} {attempt}")
        if found is None:
            return
        part.failures += 1
        if not options.first:
            hunt.shrink(policy, found, options.shrink)
        part.lines += found.story(policy)


def crash(prefix, options):
    """I6: a few histories in which the server is stopped hard, when nobody else uses it."""
    part, started = Part("crashes"), time.time()
    start_process(prefix, True)
    hunt.crashes = True
    for name in ("three", "counted", "owners", "deletes"):
        hunt.book.configure(name, POLICIES[name].config())
        search(POLICIES[name], 2 + options.n // 2000, options, part)
        part.totals += hunt.totals
        part.excuses += hunt.excuses
        hunt.start_policy()
    hunt.book.connection.close()
    part.lines.append(part.headline(time.time() - started, options.tap))
    return part


def tell(policy, story, part):
    dice, numbers = story.split(":")
    numbers = [int(n) for n in numbers.split(",") if n]
    world = hunt.play(policy, int(dice), numbers)
    if world.failure is None:
        hunt.repeat(policy, int(dice), numbers, world)
    part.failures += world.failure is not None
    part.lines += Found(int(dice), numbers, world).story(policy) if world.failure else world.story


def summary(parts, seconds):
    t = sum((p.totals for p in parts), Counter())
    print(f"# {t['histories']} histories ({t['short']} of under 30 events, {t['repeated']} played twice), {t['events']} events, "
          f"{t['edits']} edits, {t['shown']} of them shown, {t['writes']} writes, {t['conflicts']} conflicts, "
          f"{t['crashes']} crashes in {seconds:.0f} s: {t['histories'] / max(seconds, 0.001):.1f} histories a second")
    for excuse, times in sorted(sum((p.excuses for p in parts), Counter()).items()):
        print(f"# excused {times} times ({100 * times / max(t['edits'], 1):.2f} % of all edits): {excuse}")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=2000, help="histories, over all policies")
    parser.add_argument("--minutes", type=float, default=0, help="one round after the other, for so long")
    parser.add_argument("--seed", type=int, help="a seed, to repeat a run")
    parser.add_argument("--policies", default="", help="only these")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--story", default="", help="one history, as a failure prints it")
    parser.add_argument("--shrink", type=int, default=60, help="seconds to spend on shrinking a failure")
    parser.add_argument("--failures", type=int, default=1, help="of one policy, before the next one")
    parser.add_argument("--tolerate", type=float, default=0, help="the share of histories that may fail")
    parser.add_argument("--first", action="store_true", help="stop at the first failure, as it is")
    parser.add_argument("--tap", action="store_true", help="one line of TAP for each policy")
    parser.add_argument("--crash", action="store_true", help="stop the server hard, if it is a throw-away one")
    return parser.parse_args()


def play_all(names, seed, options, prefix):
    """One round over all policies."""
    print(f"# seed {seed}", flush=True)
    options.seed = seed
    tasks = [(name, max(1, options.n // len(names)), options) for name in names]
    with multiprocessing.Pool(options.jobs, start_process, (prefix, False)) as pool:
        for part in pool.imap(simulate, tasks, chunksize=1):
            print("\n".join(part.lines), flush=True)
            yield part
            if options.first and part.failures:
                return
    if options.crash and not options.story and "THROW_AWAY_SERVER" in os.environ:
        part = crash(prefix, options)
        print("\n".join(part.lines), flush=True)
        yield part


def is_too_much(parts, tolerated):
    failed = sum(p.failures for p in parts)
    played = sum(p.totals["histories"] for p in parts) + failed
    if failed:
        print(f"# {failed} of {played} histories failed; {tolerated * played:.1f} are tolerated")
    return failed > tolerated * played


def main():
    options, started = arguments(), time.time()
    seed = options.seed or random.SystemRandom().randrange(1_000_000)
    names = [n for n in options.policies.split(",") if n] or list(POLICIES)
    parts, prefix = [], f"sync_ledger_simulation_{os.getpid()}_"
    try:
        while not parts or time.time() < started + 60 * options.minutes:
            parts += play_all(names, seed, options, prefix)
            seed += 1
    finally:
        drop_databases(prefix)
    summary(parts, time.time() - started)
    return is_too_much(parts, options.tolerate)


if __name__ == "__main__":
    sys.exit(main())
