#!/usr/bin/python3
"""Humans edit in two systems all the time; workers for three carry it, and are killed, cut off,
throttled and failed all the time. Then everybody comes to rest, and each system must show each
edit's value: nothing lost, nothing doubled, nothing out of order.

usage: MINUTES=30 test/soak/run.py        (with PGHOST etc. naming a server, see test/with_server)

Works in a database of its own. Only one human edits each field, so the values are known: whatever
else would be a conflict, or an edit lost, is a fault."""

import collections
import json
import os
import random
import re
import subprocess
import sys
import threading
import time

import psycopg2

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'worker'))

from api import MISCHIEF, Api               # noqa: E402
from database import Database               # noqa: E402
from processes import Workers, until        # noqa: E402

DATABASE = f'sync_ledger_soak_{os.getpid()}'
WORKER = [sys.executable, os.path.join(HERE, '..', '..', 'examples', 'worker', 'worker.py')]
SQL_WORKER = [sys.executable, os.path.join(HERE, 'sql_worker.py')]
LEASE = 8           # seconds; an HTTP worker waits a quarter of it for an answer
RECORDS = 300
MORTALS = 30        # records that are deleted and created again, by crm
POLICY = {'systems': {'crm': {'id': 'id', 'version': 'v'}, 'support': {'id': 'id', 'version': 'v'},
                      'warehouse': {}},
          'fields': {'a': {'type': 'number'}, 'b': {'type': 'number'}}, 'window': '0'}


# The newest value of all that a conflict names is the largest one: humans only count up.
DECIDE = """SELECT sync_resolve(c.id, value => (
        SELECT to_jsonb(max((v #>> '{}')::numeric)) FROM (
            SELECT c.current_value UNION ALL
            SELECT jsonb_array_elements(s.value) FROM jsonb_each(c.sides) AS s) AS sides (v)), by => 'soak')
    FROM sync_conflict AS c WHERE c.status = 'open' AND c.field IS NOT NULL"""


class Human(threading.Thread):
    """Edits one field of its own records in one system, whose webhook tells us at once."""

    def __init__(self, soak, system, field, keys, mortals=()):
        super().__init__(daemon=True)
        self.soak, self.system, self.field = soak, system, field
        self.api = soak.apis[system]
        self.keys, self.mortals = keys, mortals
        self.expected = {}      # by record; None: deleted
        self.edits = 0
        self.error = None
        self.dice = random.Random(f'{system} {keys[0]}')

    def run(self):
        try:
            self.database = Database()
            while not self.soak.is_over:
                self.tell_deletes(self.database)
                if self.mortals and self.dice.random() < 0.05:
                    self.live_or_die(self.dice.choice(self.mortals))
                elif self.dice.random() < 0.2:
                    self.webhook(self.dice.choice(self.keys))
                else:
                    self.edit(self.dice.choice(self.keys))
                time.sleep(0.02)
        except Exception as error:      # the soak tells it
            self.error = repr(error)

    def webhook(self, key, **edit):
        """The whole record as it stands, edited or not."""
        with self.soak.webhooks[self.system]:
            with self.api.lock:
                if not edit and f'r{key}' not in self.api.records:
                    return
                shown = self.api.records.get(f'r{key}', {'record_key': key, 'a': None, 'b': None})
                if edit:
                    shown = self.api.store(f'r{key}', {**shown, **edit})
            self.database.rows('SELECT sync_diff(%s, %s, %s)', self.system, 'contact', json.dumps(shown))

    def tell_deletes(self, database):
        """The webhooks of what workers deleted: where a call's answer was lost, all that tells."""
        with self.soak.webhooks[self.system]:
            keys, self.api.deleted = self.api.deleted, []
            if keys:
                database.rows('SELECT sync_delete(%s, %s, %s)', self.system, 'contact', keys)

    def edit(self, key):
        if self.system != 'crm' and f'r{key}' not in self.api.records:
            return              # it has not arrived there yet
        self.edits += 1
        self.webhook(key, **{self.field: self.edits})
        self.expected[key] = self.edits

    def live_or_die(self, key):
        if self.expected.get(key) is None:
            self.edit(key)
            return
        with self.api.lock:
            self.api.records.pop(f'r{key}', None)
        self.database.rows('SELECT sync_delete(%s, %s, %s)', self.system, 'contact', [key])
        self.expected[key] = None
        self.edits += 1


class Soak:
    def __init__(self, minutes):
        self.seconds = minutes * 60
        self.is_over = False
        self.done = collections.Counter()
        self.broken = []
        self.dice = random.Random()
        self.apis = {name: Api(LEASE / 4 * 1.5, MISCHIEF + ('none',) * 40) for name in ('crm', 'support')}
        self.webhooks = {name: threading.Lock() for name in self.apis}
        keys = [f'k{i}' for i in range(RECORDS)]
        mortals = [f'm{i}' for i in range(MORTALS)]
        self.humans = [Human(self, 'crm', 'a', keys[::2], mortals), Human(self, 'crm', 'a', keys[1::2]),
                       Human(self, 'support', 'b', keys)]
        http = {name: Workers(WORKER, TARGET=name, BASE_URL=api.url, LEASE=str(LEASE), POLL='1')
                for name, api in self.apis.items()}
        self.crews = [http['crm'], http['support'], Workers(SQL_WORKER)]
        self.database = Database()
        self.has_maintain = self.database.value("SELECT to_regprocedure('sync_maintain(integer)') IS NOT NULL")

    def trouble(self):
        """One unkind or helpful act."""
        act = self.dice.random()
        if act < 0.5:
            crew = self.dice.choice(self.crews)
            crew.kill_one(self.dice)
            crew.start()
            self.done['workers killed'] += 1
        elif act < 0.7:
            self.done['connections cut'] += len(self.database.rows(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ 'sync_(poll|ack|nack)'
                   AND datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.2"""))
        elif act < 0.8:
            self.decide()
        elif act < 0.9:
            self.redrive(5)
        elif self.has_maintain:
            self.database.rows('SELECT sync_maintain()')
            self.done['passes of sync_maintain'] += 1

    def decide(self):
        """A call of unknown outcome, and a target that shows the old value twice: only a human knows."""
        decided = self.database.rows(DECIDE)
        self.done['conflicts decided'] += len(decided)

    def redrive(self, count):
        redriven = self.database.rows(
            """SELECT sync_redrive(id) FROM sync_outbox WHERE status = 'dead' OR status = 'pending' AND visible_at > now()
               ORDER BY random() LIMIT %s""", count)
        self.done['rows redriven'] += len(redriven)

    def play(self):
        for crew in self.crews:
            crew.start()
            crew.start()
        for human in self.humans:
            human.start()
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            time.sleep(0.5)
            self.trouble()
            self.restart_the_dead()

    def restart_the_dead(self):
        """SQL workers also die by their own hand."""
        for crew in self.crews:
            dead = [worker for worker in crew.running if worker.poll() is not None]
            for worker in dead:
                crew.running.remove(worker)
                crew.start()
                self.done['workers died'] += 1
                if worker.returncode > 0:
                    self.broken.append(f'a worker ended with code {worker.returncode}: {crew.said()}')

    def come_to_rest(self):
        self.is_over = True
        for human in self.humans:
            human.join()
        for api in self.apis.values():
            api.is_kind = True

        def is_at_rest():
            self.restart_the_dead()
            for human in self.humans:
                human.tell_deletes(self.database)
            self.decide()
            self.redrive(1000)
            time.sleep(0.5)
            return self.database.value('SELECT count(*) FROM sync_outbox') == 0
        return until(is_at_rest, 180)

    def stop(self):
        for crew in self.crews:
            for worker in crew.running:
                worker.kill()

    def expected(self):
        records = collections.defaultdict(dict)
        for human in self.humans:
            for key, value in human.expected.items():
                records[key][human.field] = value
        return {key: record for key, record in records.items() if record.get('a') is not None}

    def shown(self):
        """Each system's records, and the golden ones."""
        systems = {name: [(record['record_key'], record) for record in api.records.values()]
                   for name, api in self.apis.items()}
        systems['warehouse'] = self.database.rows('SELECT record_key, data FROM warehouse.record WHERE data IS NOT NULL')
        systems['the golden records'] = self.database.rows('SELECT record_key, data FROM sync_record WHERE NOT deleted')
        return {name: {key: {field: record[field] for field in 'ab' if record.get(field)} for key, record in records}
                for name, records in systems.items()}

    def faults(self):
        yield from self.broken
        yield from (human.error for human in self.humans if human.error)
        for row in self.database.rows("""SELECT 'waits: ' || to_jsonb(o)::text FROM sync_outbox AS o UNION ALL
                SELECT 'conflict: ' || to_jsonb(c)::text FROM sync_open_conflicts AS c UNION ALL
                SELECT 'rejected: ' || to_jsonb(r)::text FROM sync_reject AS r UNION ALL
                SELECT 'warehouse: ' || fault FROM warehouse.fault"""):
            yield row[0]
        for row in self.database.rows("""SELECT idempotency_key || ' was used for ' || string_agg(DISTINCT change_set::text, ' and for ')
                FROM (SELECT idempotency_key, change_set FROM sync_claim UNION ALL
                      SELECT idempotency_key, change_set FROM sync_delivery) AS calls
                GROUP BY idempotency_key HAVING count(DISTINCT change_set) > 1"""):
            yield row[0]
        for name, api in self.apis.items():
            for fault in api.faults:
                yield f'{name}: {fault}'
                yield from self.story(fault)
        expected = self.expected()
        for name, records in self.shown().items():
            for key in expected.keys() | records.keys():
                if expected.get(key) != records.get(key):
                    yield f'{name}, {key}: expected {expected.get(key)}, not {records.get(key)}'

    def story(self, fault):
        """What the book tells of the record that a fault names."""
        key = re.search(r'[km][0-9]+\b', fault)
        for row in self.database.rows("""SELECT concat_ws(' ', to_char(at, 'HH24:MI:SS.MS'), event, system, detail, data)
                FROM sync_trace('contact', %s)""", key and key[0]):
            yield '    ' + row[0]

    def figures(self):
        yield 'records', len(self.expected())
        yield 'edits', sum(human.edits for human in self.humans)
        for name, api in self.apis.items():
            yield f'calls to {name}', sum(api.calls.values())
            yield f'changes applied by {name}', len(api.applied)
        yield 'changes applied by warehouse', self.database.value('SELECT count(*) FROM warehouse.taken')
        yield from sorted(self.done.items())
        for kind, times in sorted((self.apis['crm'].suffered + self.apis['support'].suffered).items()):
            yield f'calls: {kind}', times
        yield from self.database.rows("""SELECT 'events: ' || event, count(*) FROM sync_event
                                         GROUP BY event ORDER BY event""")
        yield 'deliveries', self.database.value('SELECT count(*) FROM sync_delivery')


def create_database():
    subprocess.run(['createdb', '-E', 'UTF8', '-T', 'template0', DATABASE], check=True)
    os.environ['PGDATABASE'] = DATABASE
    database = Database()
    database.rows('CREATE EXTENSION sync_ledger')
    database.rows('SELECT sync_configure(%s, %s)', 'contact', json.dumps(POLICY))
    with open(os.path.join(HERE, 'warehouse.sql'), encoding='utf-8') as script:
        database.rows(script.read())


def main():
    minutes = float(os.environ.get('MINUTES') or 30)
    print(f'Soaking for {minutes:g} minutes, and some more to come to rest ...', flush=True)
    create_database()
    soak = Soak(minutes)
    try:
        soak.play()
        is_at_rest = soak.come_to_rest()
    finally:
        soak.stop()
    for what, number in soak.figures():
        print(f'{number:>9}  {what}')
    told = list(soak.faults()) + ([] if is_at_rest else ['it did not come to rest'])
    faults = [fault for fault in told if not fault.startswith(' ')]
    for line in told[:500]:
        print(line if line.startswith(' ') else f'FAULT {line}')
    print(f'soak of {minutes:g} minutes: {len(faults)} faults')
    return 1 if faults else 0


code = 1
try:
    code = main()
finally:
    if not os.environ.get('KEEP'):
        subprocess.run(['dropdb', '--if-exists', '--force', DATABASE], check=False)
sys.exit(code)
