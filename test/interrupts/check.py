#!/usr/bin/python3
"""Every call that may take long ends soon after its statement timeout, whatever it is at, and leaves
the book as it was; the session goes on.  Time is what the backend has computed, so that a machine
which does much else fails nothing.  Prints TAP."""

import json
import os
import sys

import psycopg2

TIMEOUT = 30        # milliseconds
LIMIT = 0.3         # seconds of computing
QUICK = 0.05        # who is done by then needs no interrupting
RECORDS = 10_000
LONG = 150_000
POLICY = {'systems': {'crm': {'id': 'id'}, 'support': {}, 'app': {'unseen': 'send'}},
          'fields': {'a': {'type': 'number'}, 'b': {}, 'text': {'normalize': ['nfc', 'lower', 'squeeze'], 'path': {'crm': 'text'}},
                     'tags': {'type': 'set', 'merge': 'set', 'path': {'crm': 'tags'}}, 'doc': {'type': 'json', 'path': {'crm': 'doc'}}},
          'window': '0', 'max_change': 1}
MATCHED = {**POLICY, 'match_on': ['a', 'b']}

# Big arguments stand in a table: to parse them is the server's own work, and not what is timed.
SETUP = """
CREATE TABLE app (record_key text PRIMARY KEY, a int, b text);
CREATE TABLE source (record_key text PRIMARY KEY, a int, b text);
CREATE TABLE big (name text PRIMARY KEY, value jsonb, value_text text);
CREATE TABLE big_key (keys text[]);
INSERT INTO source SELECT 'k' || i, i, 'b' FROM generate_series(1, %(records)s) AS i;
INSERT INTO big_key SELECT array_agg(record_key) FROM source;
INSERT INTO big SELECT 'records', NULL, jsonb_agg(to_jsonb(s))::text FROM source AS s;
INSERT INTO big SELECT 'changed', NULL, jsonb_agg(to_jsonb(s) || '{"a": -1}')::text FROM source AS s;
INSERT INTO big SELECT 'others', NULL, jsonb_agg(jsonb_build_object('record_key', 'o' || i, 'a', i))::text FROM generate_series(1, %(records)s) AS i;
INSERT INTO big SELECT 'set', jsonb_agg(md5(i::text)), NULL FROM generate_series(1, %(long)s) AS i;
INSERT INTO big SELECT 'object', jsonb_object_agg(md5(i::text), i), NULL FROM generate_series(1, %(long)s) AS i;
INSERT INTO big SELECT 'string', to_jsonb(repeat('Ab' || chr(776) || '  ', %(long)s * 6)), NULL;
INSERT INTO big SELECT 'record with ' || name, NULL, format('{"record_key": "big", "%%s": %%s}', field, value)
    FROM big JOIN (VALUES ('set', 'tags'), ('object', 'doc'), ('object', 'nothing'), ('string', 'text')) AS f (name, field) USING (name)
    WHERE field <> 'nothing';
INSERT INTO big SELECT 'record that nobody reads', NULL, format('{"record_key": "big", "nothing": %%s}', value) FROM big WHERE name = 'object';
UPDATE big SET value_text = coalesce(value_text, value::text);
SELECT sync_configure('item', %(policy)s);
SELECT count(*) FROM sync_diff('crm', 'item', (SELECT value_text FROM big WHERE name = 'records'));
SELECT sync_attach('app', 'app', 'item');
"""


def big(name, column='value_text'):
    return f"(SELECT {column} FROM big WHERE name = '{name}')"


def diff(name, options=''):
    return f"SELECT count(*) FROM sync_diff('crm', 'item', {big(name)}{options})"


ALL_ROWS = """SELECT format('SELECT %L, count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM %s AS t', relname, oid::regclass)
FROM pg_class WHERE relkind = 'r' AND (relname ~ '^sync_' AND relname <> 'sync_sweep' OR relname = 'app')"""

# What a session calls with nothing but records in the book
CALLS = [
    ('sync_diff of many records', diff('others')),
    ('sync_diff of many changes', diff('changed')),
    ('sync_diff that writes nothing', diff('changed', ', dry_run => true')),
    ('sync_diff of all that there is', diff('others', ', complete => true')),
    ('a first load', diff('others', ', baseline => true')),
    ('sync_diff of a long string', diff('record with string')),
    ('sync_diff of a large set', diff('record with set')),
    ('sync_diff of a large document', diff('record with object')),
    ('sync_diff of what no field is read from', diff('record that nobody reads')),
    ('sync_diff_from', "SELECT count(*) FROM sync_diff_from('support', 'item', 'source', baseline => true)"),
    ('sync_delete', "SELECT count(*) FROM sync_delete('crm', 'item', (SELECT keys FROM big_key))"),
    ('sync_poll', f"SELECT count(*) FROM sync_poll('support', {RECORDS})"),
    ('sync_apply', f"SELECT sync_apply('app', {RECORDS})"),
    ('sync_audit', "SELECT count(*) FROM sync_audit('item')"),
    ('sync_configure with match_on', f"SELECT sync_configure('item', '{json.dumps(MATCHED)}')"),
    ('sync_read', f"SELECT count(*) FROM sync_read('{json.dumps(POLICY)}', 'crm', {big('record with object')})"),
    ('sync_canonical of an object', f"SELECT length(sync_canonical({big('object', 'value')}))"),
    ('sync_canonical of a string', f"SELECT length(sync_canonical({big('string', 'value')}))"),
    ('sync_hash', f"SELECT sync_hash({big('object', 'value')})"),
    ('sync_changes', f"SELECT sync_changes({big('object', 'value')}, jsonb_build_object('a', 1)) IS NULL"),
    ('sync_changes of equals', f"SELECT sync_changes({big('object', 'value')}, {big('object', 'value')}) IS NULL"),
]
# and with all of them leased, applied, and, at the third one, overdue.
LATER = [
    ('sync_ack', "SELECT sync_ack(lease) FROM sync_lease WHERE target_system = 'support'"),
    ('sync_extend', "SELECT sync_extend(lease, '1 hour') FROM sync_lease WHERE target_system = 'support'"),
    ('leases that run out', f"SELECT count(*) FROM sync_poll('support', {RECORDS})"),
    ('sync_maintain', 'SELECT sync_maintain()'),
    ('a write into an attached table', "UPDATE app SET a = -2"),
    ('a delete in an attached table', "DELETE FROM app"),
]


class Check:
    def __init__(self):
        self.connection = psycopg2.connect('')
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.count = self.cut_short = 0
        self.is_fine = True

    def rows(self, sql, values=None):
        self.cursor.execute(sql, values)
        return self.cursor.fetchall() if self.cursor.description else []

    def tell(self, is_fine, what):
        self.count += 1
        self.is_fine = self.is_fine and is_fine
        print(f"{'ok' if is_fine else 'not ok'} {self.count} - {what}", flush=True)

    def computed(self):
        """The processor time of the backend, in seconds."""
        with open(f'/proc/{self.connection.info.backend_pid}/stat', encoding='ascii') as stat:
            fields = stat.read().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')

    def book(self):
        queries = [query for (query,) in self.rows(ALL_ROWS)]
        return sorted(self.rows(' UNION ALL '.join(queries)))

    def interrupted(self, what, call):
        """Whether it was interrupted, in time; prints how long it took else."""
        before = self.book()
        self.rows('BEGIN')
        self.rows(f"SET LOCAL statement_timeout = {TIMEOUT}")
        begin = self.computed()
        try:
            self.rows(call)
            code = 'no error'
        except psycopg2.Error as error:
            code = error.pgcode
        took = self.computed() - begin
        self.roll_back()
        print(f'# {code} after {took * 1000:.0f} ms')
        self.cut_short += code == '57014'
        is_quick = code == 'no error' and took <= QUICK
        self.tell((code == '57014' and took <= LIMIT) or is_quick, f'{what} is interrupted')
        self.tell(self.book() == before, f'{what}: the book is as it was')

    def roll_back(self):
        """A timeout that goes off after a call has last looked for one ends the statement that follows."""
        try:
            self.rows('ROLLBACK')
        except psycopg2.errors.QueryCanceled:
            self.rows('ROLLBACK')

    def play(self):
        self.rows(SETUP, {'records': RECORDS, 'long': LONG, 'policy': json.dumps(POLICY)})
        for what, call in CALLS:
            self.interrupted(what, call)
        self.goes_on()
        for what, call in LATER:
            if what == 'leases that run out':
                self.rows("SELECT set_config('sync_ledger.now', ((extract(epoch FROM now()) + 7200) * 1000000)::bigint::text, false)")
            self.interrupted(what, call)
        self.tell(self.cut_short > len(CALLS + LATER) / 2, 'most of them are so long that they were cut short')
        print(f'1..{self.count}')

    def goes_on(self):
        """The same session does all of it when it has the time."""
        self.tell(self.rows(diff('records')) == [(0,)], 'what was there is unchanged')
        self.tell(self.rows(diff('changed')) == [(RECORDS,)], 'what was interrupted is done by the next call')
        self.tell(self.rows(f"SELECT count(DISTINCT lease), count(*) FROM sync_poll('support', {RECORDS})")
                  == [(1, RECORDS)], 'all of it is handed out')
        self.tell(self.rows(f"SELECT sync_apply('app', {RECORDS})") == [(RECORDS,)], 'all of it is applied')


check = Check()
check.play()
sys.exit(not check.is_fine)
