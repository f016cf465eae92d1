#!/usr/bin/python3
"""Replays recorded payloads of one system, and says what the other ones would have been sent.

Each line is taken in by sync_diff, and what waits then is polled and acknowledged, as a
worker would who keeps up. examples/demo/run tells the settings.
"""
import collections
import json
import os
import re
import sys
import time

sys.dont_write_bytecode = True

import psycopg2                          # noqa: E402

import page                              # noqa: E402
import program                           # noqa: E402
from book import Book                    # noqa: E402
from program import Failure              # noqa: E402

STATEMENTS = """
    PREPARE take_in AS SELECT * FROM sync_diff($1, $2, $3, verbose => true);
    PREPARE deliver AS
        SELECT action, change_set, sync_ack(id, lease, coalesce(native_id, 'new_' || id))
        FROM sync_poll($1)
"""
VERDICTS = {'unchanged': 'nothing was written, nobody is called',
            'stale': 'older than what this system had shown already',
            'echo': 'our own write, come back',
            'agreed': 'what the golden record says already',
            'kept': 'a null that erases nothing',
            'accepted': 'a change',
            'overruled': 'another system owns the field',
            'held': 'a human has to look at it',
            'conflict': 'a human has to look at it',
            'rejected': 'does not fit the policy'}


def refusal(where, error):
    """The server's own words, with its hint; something in the user's files is to be put right."""
    diag = error.diag
    text = ': '.join(filter(None, (where, diag.message_primary, diag.message_detail)))
    return Failure(f'{text}\n      {diag.message_hint}' if diag.message_hint else text)


def read_policy(path):
    """The policy's text, and the names of the systems that it writes to."""
    name = os.path.basename(path)
    try:
        with open(path, encoding='utf-8-sig') as file:
            text = file.read()
        systems = json.loads(text).get('systems')
    except ValueError as error:
        raise Failure(f'POLICY: {name} is not JSON: {error}') from None
    except AttributeError:
        raise Failure(f'POLICY: {name} is no JSON object') from None
    if isinstance(systems, dict):
        return text, [name for name, keys in systems.items()
                      if not isinstance(keys, dict) or keys.get('writable', True)]
    return text, systems if isinstance(systems, list) else []


def entity_of(path):
    stem = os.path.splitext(os.path.basename(path))[0]
    return re.sub(r'[^A-Za-z0-9_.]', '_', stem)


def payloads(path):
    """(number, text) of each line that is not blank; the file is never held whole."""
    with open(path, 'rb') as file:
        for number, line in enumerate(file, 1):
            try:
                text = line.decode('utf-8-sig' if number == 1 else 'utf-8').strip()
            except UnicodeDecodeError:
                raise Failure(f'PAYLOADS: line {number} is not UTF-8') from None
            if '\0' in text:
                raise Failure(f'PAYLOADS: line {number} holds a NUL byte')
            if text:
                yield number, text


def short(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 24 else text[:21] + '...'


class Listing:
    """One line for each payload that was not unchanged, up to a limit."""

    def __init__(self, limit):
        self.left = limit
        self.quiet = []

    def print(self, lines, key, verdict, text):
        if self.left == 0:
            page.say('   ...  further ones are counted only (SHOW=10000 prints more)', 'dim')
        self.left -= 1
        if self.left < 0:
            return
        line = f'{lines:>11}  {key[:20]:<20}  {verdict:<9}  {" ".join(text.split())}'.rstrip()
        page.say(line if len(line) <= page.WIDTH else line[:page.WIDTH - 3] + '...')

    def unchanged(self, number):
        self.quiet.append(number)

    def flush(self):
        if not self.quiet:
            return
        first, last = self.quiet[0], self.quiet[-1]
        many = f'({len(self.quiet)} payloads)' if len(self.quiet) > 1 else ''
        self.print(f'{first}-{last}' if many else f'{first}', '', 'unchanged', many)
        self.quiet = []

    def add(self, number, row):
        self.flush()
        change = row['change_set']
        if change is None:
            text = row['detail'] or ', '.join(row['outcome'] or ())
        elif row['action'] == 'create':
            text = f'create: {", ".join(change)}'
        else:
            text = 'update: ' + ', '.join(f'{name} {short(value)}'
                                          for name, value in change.items())
        self.print(f'{number}', row['record_key'] or '', row['verdict'], text)


class Replay:
    def __init__(self, book, system, entity):
        self.book = book
        self.system = system
        self.entity = entity
        self.verdicts = collections.Counter()
        self.calls = collections.Counter()
        self.fields = collections.Counter()
        self.listing = Listing(int(os.environ.get('SHOW') or 200))

    def configure(self, text, name):
        try:
            self.book.run('SELECT sync_configure(%s, %s)', (self.entity, text))
        except psycopg2.Error as error:
            raise refusal(f'POLICY: {name}', error) from None
        try:
            self.book.run('SELECT * FROM sync_diff(%s, %s, %s)', (self.system, self.entity, '[]'))
        except psycopg2.Error as error:
            raise refusal('SYSTEM', error) from None
        self.book.run(STATEMENTS)

    def take(self, number, text):
        try:
            rows = self.book.rows('EXECUTE take_in(%s, %s, %s)', (self.system, self.entity, text))
        except psycopg2.Error as error:
            whole = ('\n      Each line must be a document of its own; jq -c . FILE makes it so.'
                     if error.pgcode == '22P02' else '')
            raise Failure(f'{refusal(f"PAYLOADS: line {number}", error)}{whole}') from None
        for row in rows:
            self.verdicts[row['verdict']] += 1
            if row['verdict'] == 'unchanged':
                self.listing.unchanged(number)
            else:
                self.listing.add(number, row)
        for target in {target for row in rows for target in row['targets'] or ()}:
            self.deliver(target)

    def deliver(self, target):
        """A worker's turn; its calls always succeed."""
        for row in self.book.rows('EXECUTE deliver(%s)', (target,)):
            self.calls[target, row['action']] += 1
            self.fields.update(list(row['change_set'] or ()))

    def run(self, path):
        start = time.monotonic()
        for number, text in payloads(path):
            self.take(number, text)
            if number % 1000 == 0:
                page.progress(f'{number:,} lines')
        page.progress('')
        self.listing.flush()
        return time.monotonic() - start


def summary(replay, targets, seconds):
    taken = sum(replay.verdicts.values())
    records = replay.book.value('SELECT count(*) FROM sync_record')
    page.heading(f'{taken:,} payloads of {records:,} records, {seconds:.1f} s')
    for verdict, meaning in VERDICTS.items():
        if replay.verdicts[verdict]:
            page.counted(replay.verdicts[verdict], f'{verdict:<10} {meaning}')
    savings(replay, (taken - replay.verdicts['rejected']) * len(targets))


def savings(replay, naive):
    calls = sum(replay.calls.values())
    if calls:
        page.say()
    for (target, action), count in sorted(replay.calls.items()):
        page.counted(count, f'{action + "s":<10} sent to {target}')
    if replay.fields:
        most = ', '.join(f'{name} {count:,}' for name, count in replay.fields.most_common())
        page.beside(f'fields sent: {most}')
    page.say()
    page.counted(calls, f'API calls, where one for each payload and target had been {naive:,}')
    share = f', {100 * (naive - calls) / naive:.0f} %' if naive else ''
    page.counted(naive - calls, f'saved{share}', 'bold')


def rejects(book):
    rows = book.rows("""SELECT coalesce(field || ': ', '') || reason AS reason,
            sum(times) AS times, min(record_key) AS example
        FROM sync_reject GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20""")
    if rows:
        page.heading('Rejected; sync_reject keeps payload, field and reason')
    for row in rows:
        example = f' (record {row["example"]})' if row['example'] else ''
        page.counted(row['times'], f'{row["reason"]}{example}')


def check(replay):
    """What was counted here must be what the book holds."""
    calls = sum(replay.calls.values())
    writes = replay.book.value('SELECT coalesce(sum(writes), 0) FROM sync_ledger')
    waiting = replay.book.value('SELECT count(*) FROM sync_outbox')
    if (writes, waiting) != (calls, 0):
        raise Failure(f'{calls} calls were made, but the ledger holds {writes} writes and '
                      f'{waiting} rows wait')


def main():
    path, policy, system = (os.environ[name] for name in ('PAYLOADS', 'POLICY', 'SYSTEM'))
    text, systems = read_policy(policy)
    with Book() as book:
        replay = Replay(book, system, os.environ.get('ENTITY') or entity_of(policy))
        replay.configure(text, os.path.basename(policy))
        targets = [name for name in systems if name != system]
        if not targets:
            raise Failure(f'POLICY: no system besides {system} is written to; '
                          'add the one that is to be told, as "systems": {..., "target": {}}')
        page.heading(f'{os.path.basename(path)} from {system}, to {" and ".join(targets)}',
                     f'policy {os.path.basename(policy)}')
        seconds = replay.run(path)
        if not replay.verdicts:
            raise Failure('PAYLOADS: no line with a payload')
        summary(replay, targets, seconds)
        rejects(book)
        check(replay)


if __name__ == '__main__':
    program.run(main)
