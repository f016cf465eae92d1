#!/usr/bin/python3
"""Kills backends and stops the server at random instants, under load from everything that writes
the book, and looks at the book after each.

usage: test/crash/run.py [-n CRASHES] [--seed SEED] [--tap]
       (with PGHOST etc. naming a throw-away server, see test/with_server)

One crash in two is a kill -9 of a backend, the others an immediate stop of the server; between them
connections are cut, and calls cancelled."""

import argparse
import collections
import os
import random
import signal
import subprocess
import sys
import threading
import time

import psycopg2

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'worker'))

from database import Database               # noqa: E402
from faults import Faults                   # noqa: E402
from processes import until                 # noqa: E402
from sessions import Applier, Human, Quarreler, Reviewer, Worker, Writer    # noqa: E402

DATABASE = f'sync_ledger_crash_{os.getpid()}'
RECORDS = 120
POLICY = """{"systems": {"crm": {"id": "id", "unseen": "send"}, "support": {"id": "id", "unseen": "send"}, "app": {"unseen": "send"}},
    "fields": {"a": {"type": "number"}, "b": {"type": "number"}, "s": {"type": "number"}, "t": {"type": "number"}},
    "window": "0", "max_attempts": 4}"""
FIRST = """WITH records AS (SELECT jsonb_agg(jsonb_build_object('record_key', key, 'a', 0, 'b', 0, 's', 0, 't', 0))::text AS list
    FROM unnest(%s) AS key)
SELECT sync_diff(system, 'item', list, baseline => true) FROM records, unnest('{crm,support}'::text[]) AS system"""


class Load:
    """All sessions, and the gate at which they stop."""

    def __init__(self, seed):
        self.seed = seed
        self.gate = threading.Event()
        self.is_over = False
        keys = [f'k{i}' for i in range(RECORDS)]
        self.sessions = [Human(self, 'crm', 'a', keys, new='c'), Human(self, 'support', 'b', keys, new='d'), Writer(self, 'app', 't', keys),
                         Quarreler(self, 'crm', keys[::2], 1_000_000), Quarreler(self, 'support', keys[::2], 2_000_000), Reviewer(self), Applier(self, 'applier'),
                         Worker(self, 'crm', 1), Worker(self, 'crm', 2), Worker(self, 'support', 1), Worker(self, 'support', 2)]

    def new_dice(self, name):
        return random.Random(f'{self.seed} {name}')

    def sleep(self, dice, seconds):
        time.sleep(dice.random() * seconds)

    def start(self):
        for session in self.sessions:
            session.start()

    def park(self):
        """Waits until nobody is in a call."""
        self.gate.clear()
        if not until(lambda: all(session.is_parked or not session.is_alive() for session in self.sessions), 30):
            raise RuntimeError('a session does not come back: ' + ', '.join(s.name for s in self.sessions if not s.is_parked))

    def end(self):
        self.is_over = True
        self.gate.set()
        for session in self.sessions:
            session.join()


class Server:
    def __init__(self):
        self.directory = Database().value('SHOW data_directory')

    def pids(self):
        """Of the load's backends, those that are in a call first of all."""
        rows = Database().rows("""SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
            AND backend_type = 'client backend' ORDER BY state <> 'active', random()""")
        return [pid for (pid,) in rows]

    def signal(self, dice, signum):
        pids = self.pids()
        if pids:
            os.kill(pids[0] if dice.random() < 0.7 else dice.choice(pids), signum)

    def kill(self, dice):
        """The server notices, ends all other backends, and recovers by itself."""
        self.signal(dice, signal.SIGKILL)

    def stop(self, _):
        self.control('-m', 'immediate', 'stop')
        self.control('-l', os.path.join(self.directory, 'crash.log'), 'start')

    def control(self, *action):
        subprocess.run(['pg_ctl', '-D', self.directory, '-w', '-s', *action], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def come_back(self):
        """The database as the crash has left it, once it can be asked."""
        for _ in range(600):
            try:
                database = Database()
                database.value('SELECT 1')
                return database
            except psycopg2.Error:
                time.sleep(0.05)
        raise RuntimeError('the server does not come back')


class Run:
    def __init__(self, crashes, seed):
        self.crashes = crashes
        self.dice = random.Random(seed)
        self.load = Load(seed)
        self.server = Server()
        self.done = collections.Counter()
        self.outcomes = collections.Counter()
        self.sizes = {}

    def play(self):
        """Yields the faults after each crash."""
        self.load.start()
        for number in range(1, self.crashes + 1):
            self.load.gate.set()
            self.trouble()
            kind = self.dice.choice(('kill', 'stop'))
            getattr(self.server, kind)(self.dice)
            self.done[kind] += 1
            self.load.park()
            yield number, kind, self.look()
        self.load.end()

    def trouble(self):
        """Some time of load, in which a call is cancelled or a connection cut now and then."""
        time.sleep(0.1 + self.dice.random() * 0.4)
        if self.dice.random() < 0.3:
            signum, what = self.dice.choice(((signal.SIGINT, 'cancelled'), (signal.SIGTERM, 'cut')))
            self.server.signal(self.dice, signum)
            self.done[what] += 1
            time.sleep(self.dice.random() * 0.3)

    def look(self):
        database = self.server.come_back()
        faults = Faults(database, self.dice)
        found = list(faults.all(self.load.sessions))
        self.outcomes.update(faults.outcomes)
        self.sizes = dict(database.rows("""SELECT 'events', count(*) FROM sync_event UNION ALL SELECT 'deliveries', count(*) FROM sync_delivery
            UNION ALL SELECT 'conflicts', count(*) FROM sync_conflict UNION ALL SELECT 'records', count(*) FROM sync_record
            UNION ALL SELECT 'rows waiting or leased', count(*) FROM sync_outbox"""))
        database.connection.close()
        return found

    def figures(self):
        yield from sorted(self.done.items())
        yield from sorted(sum((session.said for session in self.load.sessions), collections.Counter()).items())
        yield from ((f'lost calls that were {outcome}', times) for outcome, times in sorted(self.outcomes.items()))
        yield from self.sizes.items()


def create_database():
    subprocess.run(['createdb', '-E', 'UTF8', '-T', 'template0', DATABASE], check=True)
    os.environ['PGDATABASE'] = DATABASE
    database = Database()
    keys = [f'k{i}' for i in range(RECORDS)]
    database.rows('CREATE EXTENSION sync_ledger')
    database.rows('CREATE TABLE app (record_key text PRIMARY KEY, a int, b int, s int, t int)')
    database.rows('SELECT sync_configure(%s, %s)', 'item', POLICY)
    database.rows(FIRST, keys)
    database.rows("SELECT sync_attach('app', 'app', 'item')")
    database.rows('INSERT INTO app SELECT key, 0, 0, 0, 0 FROM unnest(%s) AS key', keys)
    database.connection.close()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument('-n', type=int, default=200)
    arguments.add_argument('--seed', type=int, default=random.randrange(1_000_000))
    arguments.add_argument('--tap', action='store_true')
    given = arguments.parse_args()
    if 'THROW_AWAY_SERVER' not in os.environ:
        sys.exit('run.py: this kills the server: run it by test/with_server')
    print(f'# {given.n} crashes, seed {given.seed}', flush=True)
    create_database()
    run = Run(given.n, given.seed)
    faulty = 0
    for number, kind, faults in run.play():
        faulty += bool(faults)
        if number % 20 == 0:
            print(f'# {number} crashes', flush=True)
        if given.tap:
            print(f"{'not ok' if faults else 'ok'} {number} - {kind}", flush=True)
        for fault in faults[:20]:
            print(f'# crash {number} ({kind}): {fault}', flush=True)
    for what, times in run.figures():
        print(f'# {times:>9}  {what}')
    print(f'1..{given.n}' if given.tap else f'{given.n} crashes, {faulty} left a book that is not whole; seed {given.seed}')
    return 1 if faulty else 0


code = 1
try:
    code = main()
finally:
    if not os.environ.get('KEEP'):
        subprocess.run(['dropdb', '--if-exists', '--force', DATABASE], check=False)
sys.exit(code)
