#!/usr/bin/env python3
"""The workers of examples/worker, against an API that does all it can to break them: each
change-set is applied exactly once and in order, though workers are killed and connections cut in
the middle of it. Prints TAP."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from api import MISCHIEF, Api           # noqa: E402
from database import Database           # noqa: E402
from processes import Workers, until    # noqa: E402

HERE = os.path.abspath('examples/worker')
LEASE = 6       # seconds; a worker waits a quarter of it for an answer
count = failed = 0


def report(ok, what, *diagnostics):
    global count, failed
    count += 1
    failed += not ok
    print(f'{"ok" if ok else "not ok"} {count} - {what}', flush=True)
    for line in '' if ok else '\n'.join(map(str, diagnostics)).splitlines()[:40]:
        print(f'# {line}')


class Book(Database):
    """A database's side of the story."""

    def start_anew(self):
        self.rows('DROP EXTENSION IF EXISTS sync_ledger')
        self.rows('CREATE EXTENSION sync_ledger')
        self.rows('SELECT sync_configure(%s, %s)', 'contact', json.dumps({
            'systems': {'crm': {}, 'api': {'id': 'id'}}, 'window': '0', 'max_attempts': 30,
            'fields': {'n': {'type': 'number'}, 'name': {}}}))

    def edit(self, key, **fields):
        self.rows('SELECT sync_diff(%s, %s, %s)', 'crm', 'contact', json.dumps({'record_key': key, **fields}))

    def delete(self, key):
        self.rows('SELECT sync_delete(%s, %s, %s)', 'crm', 'contact', [key])

    def waits(self):
        return self.value('SELECT count(*) FROM sync_outbox')

    def golden(self):
        return {f'r{key}': data for key, data in
                self.rows('SELECT record_key, data FROM sync_record WHERE NOT deleted')}

    def cut(self, share=1.0):
        """Ends connections of workers."""
        self.rows("""SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < %s""", share)

    def is_listening(self):
        return self.value("""SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                             AND pid <> pg_backend_pid() AND state = 'idle' AND query ~ 'sync_poll'""") > 0


def exactly_once(name, book, api, workers):
    """Edits all the time; workers are killed and connections are cut all the time."""
    dice = random.Random(17)
    for _ in range(3):
        workers.start()
    keys = [str(key) for key in range(30)]
    edits = 0
    end = time.monotonic() + 8
    while time.monotonic() < end:
        for _ in range(5):
            edits += 1
            key = dice.choice(keys)
            if len(keys) < 20 or dice.randrange(15):
                book.edit(key, n=edits, name=f' name {edits} ')
            else:
                keys.remove(key)    # for good: nobody tells us here whether a lost delete has landed
                book.delete(key)
        if dice.randrange(3) == 0:
            workers.kill_one(dice)
            workers.start()
        if dice.randrange(3) == 0:
            book.cut(0.3)
        time.sleep(0.2)
    report(until(lambda: book.waits() == 0, 90), f'{name}: everything is delivered',
           book.rows('SELECT * FROM sync_outbox'), workers.said())
    workers.stop()
    claimed = {key for key, in book.rows('SELECT idempotency_key FROM sync_claim')}
    settled = {key for key, in book.rows('SELECT idempotency_key FROM sync_delivery')}
    keys = api.applied
    report(api.faults == [], f'{name}: no key is reused, no record created twice, nothing out of order', *api.faults)
    report(len(keys) == len(set(keys)), f'{name}: no change-set is applied twice')
    report(settled <= set(keys) <= claimed, f'{name}: what was acknowledged was applied',
           settled - set(keys), set(keys) - claimed)
    golden = {id: {'n': data['n'], 'name': data['name'].strip()} for id, data in book.golden().items()}
    stored = {id: {'n': record['n'], 'name': record['name']} for id, record in api.records.items()}
    report(len(golden) > 10 and golden == stored, f'{name}: the API shows what the golden records say', golden, stored)
    report(set(api.suffered) == set(MISCHIEF), f'{name}: the API did all its mischief', api.suffered)
    report(book.value('SELECT count(*) FROM sync_near_misses') > 0, f'{name}: what the API stored is handed back')


def wake_up(name, book, api, workers):
    """A notice wakes an idle worker, also after its connection was cut; time does without one."""
    api.is_kind = True
    workers.start(POLL='600', LEASE='40')

    def arrives(key, seconds=20):
        return until(lambda: f'r{key}' in api.records, seconds)

    until(book.is_listening)
    book.edit('notice', n=1)
    report(arrives('notice'), f'{name}: a notice wakes it', workers.said())
    until(book.is_listening)
    book.cut()
    book.edit('cut', n=1)
    report(arrives('cut'), f'{name}: what came while its connection was cut is taken', workers.said())
    until(book.is_listening)
    book.edit('again', n=1)
    report(arrives('again'), f'{name}: and it listens again', workers.said())
    workers.stop()
    workers.start()
    until(book.is_listening)
    book.rows("SET sync_ledger.notify = off")
    book.edit('silent', n=1)
    book.rows("RESET sync_ledger.notify")
    report(arrives('silent'), f'{name}: it polls, whatever notices come', workers.said())
    workers.stop()


def bad_calls(name, book, api, workers):
    """What will never succeed becomes a dead letter; what is gone already is deleted."""
    workers.start(LEASE='40')
    book.edit('gone', n=1)
    until(lambda: book.waits() == 0)
    with api.lock:
        api.records.pop('rgone')
        del api.applied[:]
    book.delete('gone')
    report(until(lambda: book.waits() == 0), f'{name}: 404 on a delete is success', workers.said())
    book.edit('poison', n=1)
    until(lambda: book.waits() == 0)
    with api.lock:
        api.records.pop('rpoison')
    book.edit('poison', n=2)
    until(lambda: book.rows("SELECT 1 FROM sync_outbox WHERE status = 'dead'"))
    report(book.rows('SELECT status, attempts, left(last_error, 4) FROM sync_outbox') == [('dead', 1, '404:')],
           f'{name}: what can never succeed is a dead letter at once, with what the API said',
           book.rows('SELECT * FROM sync_outbox'), workers.said())
    workers.stop()


def odd_keys(name, book, api, workers):
    """A header holds less than a record key may: letters of all scripts, a line feed."""
    workers.start(LEASE='40')
    keys = ['ключ', '客户 7', 'naïve/50 %', 'two\nlines', '"quoted"']
    for n in (1, 2):
        for key in keys:
            book.edit(key, n=n)
        report(until(lambda: [api.records.get(f'r{key}', {}).get('n') for key in keys] == [n] * len(keys), 20),
               f'{name}: keys that no header can hold {"once more" if n == 2 else "are carried"}', api.records, workers.said())
    report(len({key for key in api.applied if not key.isascii()}) == 0, f'{name}: each call has a header of ASCII', api.applied)
    report(until(lambda: book.value("SELECT count(*) FROM sync_outbox WHERE status <> 'dead'") == 0),
           f'{name}: and is acknowledged', book.rows('SELECT * FROM sync_outbox'))
    workers.stop()


def graceful_stop(name, book, api, workers):
    """A worker that is told to stop finishes what it claimed."""
    for signum in (signal.SIGTERM, signal.SIGINT):
        workers.start(POLL='600', LEASE='40')
        until(book.is_listening)
        began = time.monotonic()
        report(workers.stop(signum) == [0] and time.monotonic() - began < 15,
               f'{name}: {signum.name} ends an idle one at once', workers.said())
        api.patience = 0.5
        workers.start(POLL='600', LEASE='40')
        until(book.is_listening)
        key = f'slow{signum.value}'
        book.edit(key, n=1)
        until(lambda: api.busy > 0)
        codes = workers.stop(signum)
        api.patience = 0
        report(codes == [0] and f'r{key}' in api.records
               and not book.rows("SELECT 1 FROM sync_outbox WHERE status <> 'dead'"),
               f'{name}: {signum.name} lets a busy one finish', codes, workers.said())


def check(name, command, environment):
    book = Book()
    book.start_anew()
    api = Api(hang=LEASE / 4 * 1.5)
    workers = Workers(command, TARGET='api', BASE_URL=api.url, LEASE=str(LEASE), BATCH='5', POLL='1', **environment)
    try:
        for story in (exactly_once, wake_up, bad_calls, odd_keys, graceful_stop):
            story(name, book, api, workers)
    finally:
        for worker in workers.running:
            worker.kill()
        api.server.shutdown()


def node_modules():
    """A folder into which npm puts what the worker in Node needs."""
    folder = tempfile.mkdtemp(prefix='node_modules.')
    shutil.copy(os.path.join(HERE, 'package.json'), folder)
    done = subprocess.run(['npm', 'install', '--no-audit', '--no-fund', '--loglevel=error'], cwd=folder,
                          text=True, capture_output=True)
    report(done.returncode == 0, 'npm installs what the worker in Node needs', done.stdout, done.stderr)
    return folder, done.returncode == 0


check('Python', [sys.executable, os.path.join(HERE, 'worker.py')], {})
if shutil.which('node') and shutil.which('npm'):
    folder, is_installed = node_modules()
    try:
        if is_installed:
            check('Node', ['node', os.path.join(HERE, 'worker.js')], {'NODE_PATH': os.path.join(folder, 'node_modules')})
    finally:
        shutil.rmtree(folder)
else:
    report(True, 'Node: # SKIP neither node nor npm is on this machine: the worker in Node was NOT tested')
print(f'1..{count}')
sys.exit(1 if failed else 0)
