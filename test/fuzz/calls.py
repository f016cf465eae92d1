#!/usr/bin/env python3
"""Generated calls with hostile arguments, against the server that PGHOST etc. name.

usage: test/fuzz/calls.py [--seconds N] [--rounds N] [--seed N]

Whatever is passed, the session lives on, the error is one that the caller can have caused,
and the doors agree: sync_diff of text, json and jsonb, with dry_run and without, and a
second time, when nothing is new.  check.py runs a fixed seed of it.
"""
import argparse
import json
import pathlib
import random
import sys
import time

import psycopg2

# What a caller can cause, and nothing else: not XX000, not 53200, no lost connection.
EXPECTED = {
    "22P02", "22P05", "22003", "22004", "22007", "22008", "22021", "22023", "22030", "42704", "54000", "54001", "55000", "40001", "P0001"}

CONFIG = {
    "systems": {
        "crm": {"key": "k", "id": "id", "version": "v"}, "desk": {"key": "\"a.b\".k", "sentinel": "s"}, "shop": {"deleted": "gone"}},
    "fields": {
        "name": {"normalize": ["trim", "lower"]}, "n": {"type": "number"}, "on": {"type": "boolean"}, "at": {"type": "timestamp"},
        "day": {"type": "date"}, "tags": {"type": "set", "merge": "set", "path": {"crm": "t[*].x", "desk": "tags"}}, "any": {"type": "json"},
        "it's \"odd\".": {"path": {"crm": "\"it's \\\"odd\\\".\n\"", "desk": "o[1]", "shop": "o.\"\""}, "normalize": ["squeeze", "nfc"]},
        "tel": {"normalize": ["phone"], "sensitive": True}, "street": {"group": "g"}, "city": {"group": "g", "nulls": "clear"}},
    "window": "0"}

SCALARS = [
    'null', 'true', 'false', '0', '-0', '1', '19.90', '1e400', '-1e-400', '12345678901234567890.123', '9' * 1200, '1E+2', '""', '"a"', '" A "', '"\\u0000"',
    '"\\ud83d"', '"\\ude00\\ud83d"', '"\\ud83d\\ude00"', '"e\\u0301"', '"\u00df\u0130\ufb01"', '"2026-01-02T03:04:05+02:00"', '"2026-02-30"', '"0000-01-01"',
    '"294277-01-01T00:00:00Z"', '"infinity"', '"+49 30"', '"TRUE"', '"\\n\\t\\""', '"' + 'x' * 3000 + '"', '"a.b"', '"it\'s"', '"\\u007f\\u0080\\uffff"']
KEYS = ['"k"', '"id"', '"v"', '"a.b"', '"s"', '"gone"', '"name"', '"n"', '"on"', '"at"', '"day"', '"t"', '"x"', '"tags"', '"any"', '"it\'s \\"odd\\".\\n"', '"o"',
        '""', '"tel"', '"street"', '"city"', '"record_key"', '"\\u006b"', '"\\u0000"', '"unknown"']
WORDS = ['', 'crm', 'desk', 'shop', 'fuzz', "o'x", 'a"b', 'x' * 10000, 'a\nb', '\u202e', 'review', 'new', 'delete', '1', '$1', '%s', '\\']


class Broken(Exception):
    """A promise that was not kept."""


class Generator:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, depth=0):
        r = self.random
        kind = r.random()
        if depth > 6 or kind < 0.6:
            return r.choice(SCALARS)
        if kind < 0.8:
            return '[' + ','.join(self.value(depth + 1) for _ in range(r.randrange(4))) + ']'
        return self.object(depth + 1)

    def object(self, depth=0):
        r = self.random
        return '{' + ','.join(f'{r.choice(KEYS)}:{self.value(depth)}' for _ in range(r.randrange(7))) + '}'

    def record(self, number):
        """One that is likely to be taken: its key is its own."""
        r = self.random
        key = json.dumps(r.choice([f"k{number}", f"k {number}'\"", f"{number}.5\n"]) if r.random() < 0.9 else f"{number}" + "k" * r.choice([999, 10000]))
        members = [f'"k":{key}', f'"record_key":{key}', f'"a.b":{{"k":{key}}}']
        members += [f'{r.choice(KEYS[6:])}:{self.value(2)}' for _ in range(r.randrange(6))]
        return '{' + ','.join(members) + '}'

    def records(self):
        r = self.random
        if r.random() < 0.7:
            start = r.randrange(1000)
            text = '[' + ','.join(self.record(start + n) for n in range(r.randrange(5))) + ']'
        else:
            text = self.value() if r.random() < 0.5 else self.object()
        return self.broken(text) if r.random() < 0.3 else text

    def broken(self, text):
        """A few characters taken out, doubled or replaced."""
        r = self.random
        for _ in range(r.randrange(1, 4)):
            at = r.randrange(len(text) + 1)
            text = text[:at] + r.choice(['', '"', '\\', ',', ']', '}', '{', '\\u', '0', '\x01', '\u00e9', text[at:at + 20] * 2]) + text[at + r.randrange(3):]
        return text

    def nested(self, depth):
        return '[' * depth + ']' * depth

    def word(self):
        return self.random.choice(WORDS)


class Calls:
    COLUMNS = "record_key, verdict, action, change_set::text, outcome::text, field_hash, targets"

    def __init__(self, seed):
        self.generator = Generator(seed)
        self.random = self.generator.random
        self.db = psycopg2.connect("")
        self.db.autocommit = True
        self.cursor = self.db.cursor()
        self.done = 0
        self.cursor.execute("SET client_min_messages = error")
        self.cursor.execute("SELECT sync_configure('fuzz', %s)", [json.dumps(CONFIG)])
        self.cursor.execute("SELECT pg_backend_pid()")
        self.pid = self.cursor.fetchone()[0]

    def call(self, statement, *arguments):
        """Its rows, or its SQLSTATE."""
        self.done += 1
        try:
            self.cursor.execute(statement, arguments)
            return self.cursor.fetchall()
        except psycopg2.Error as error:
            if error.pgcode not in EXPECTED:
                raise Broken(f"{error.pgcode}: {error}\nstatement: {statement}\narguments: {[str(a)[:2000] for a in arguments]}") from error
            return error.pgcode
        except ValueError:			# a zero byte never leaves the driver
            return "22021"

    def undone(self, statement, *arguments):
        self.cursor.execute("BEGIN")
        rows = self.call(statement, *arguments)
        self.cursor.execute("ROLLBACK")
        return rows

    def same(self, what, a, b, text):
        if a != b:
            raise Broken(f"{what}:\n{str(a)[:2000]}\n{str(b)[:2000]}\nrecords: {text[:4000]}")

    def diff(self, system, cast="", options=""):
        return f"SELECT {self.COLUMNS} FROM sync_diff('{system}', 'fuzz', %s::{cast or 'text'}{options})"

    def doors_agree(self):
        system = self.random.choice(("crm", "desk", "shop"))
        text = self.generator.records()
        dry = self.call(self.diff(system, options=", dry_run => true"), text)
        undone = self.undone(self.diff(system), text)
        self.same("dry_run and the run", dry, undone, text)
        self.same("text and json", undone, self.undone(self.diff(system, "json"), text), text)
        jsonb = self.undone(self.diff(system, "jsonb"), text)
        # what jsonb cannot hold ends its call, and only rejects a record of ours
        if jsonb not in ("22P05", "22003", "54000", "54001"):
            self.same("text and jsonb", undone, jsonb, text)
        self.call(self.diff(system), text)

    def second_time_is_unchanged(self):
        start = self.random.randrange(10 ** 9)
        text = '[' + ','.join(self.generator.record(start + n) for n in range(3)) + ']'
        text = text.replace("\\u006b", "z")		# another record's key, about which other calls have said something
        statement = self.diff("crm")
        first = self.call(statement, text)
        if isinstance(first, list):
            again = self.call(statement, text)
            self.same("a second time", [r for r in first if r[1] == "rejected"], again, text)

    def canonical_stays(self):
        text = self.generator.value()
        rows = self.call("SELECT sync_canonical(j), sync_canonical(sync_canonical(j)::jsonb), sync_changes(o, o) FROM (SELECT %s::jsonb AS j) AS t,"
                         " LATERAL (SELECT jsonb_build_object('j', j) AS o) AS u", text)
        if isinstance(rows, list):
            self.same("canonical twice", rows[0][0], rows[0][1], text)
            self.same("a record and itself", rows[0][2], {}, text)

    def nested(self, depth=0):
        r = self.random
        if depth > 3 or r.random() < 0.4:
            return r.choice(['null', 'true', '0', '1e30', '"a"', '""'])
        inner = [self.nested(depth + 1) for _ in range(r.randrange(4))]
        if r.random() < 0.5:
            return '[' + ','.join(inner) + ']'
        return '{' + ','.join(f'"{key}":{value}' for key, value in zip('abn', inner)) + '}'

    def merge(self):
        r = self.random
        steps = ['"a"', '"b"', '"n"', '0', '1', 'null', 'null', '-1', '1e9', '0.6', 'true', '[]']
        paths = [[r.choice(steps[:7] if r.random() < 0.95 else steps) for _ in range(r.randrange(5))] for _ in range(r.randrange(4))]
        for text in ('[' + ','.join('[' + ','.join(path) + ']' for path in paths) + ']', self.generator.value()):
            self.call("SELECT sync_merge(%s, %s, %s)", self.nested(), self.nested(), text)

    def odd_config(self):
        g, r = self.generator, self.random
        text = json.dumps(CONFIG)
        text = g.broken(text) if r.random() < 0.5 else text.replace(r.choice(['"crm"', '"name"', '"t[*].x"', '"0"', '["phone"]']), g.value())
        self.undone("SELECT sync_configure(%s, %s)", r.choice(['odd', g.word()]), text)
        self.call("SELECT count(*) FROM sync_read(%s, %s, %s)", text, r.choice(['crm', g.word()]), g.records())
        self.call("SELECT count(*) FROM sync_read(%s, 'a', %s)", json.dumps({"systems": ["a"], "fields": {"f": {"path": g.broken(g.word() + 'a."b".c[0][*]')}}}), g.records())

    def odd_arguments(self):
        g, r = self.generator, self.random
        for statement in ("SELECT sync_delete(%s, 'fuzz', ARRAY[%s])", "SELECT sync_blame(%s, %s)", "SELECT sync_trace(%s, %s)", "SELECT sync_diff(%s, %s, '{}')",
                          "SELECT sync_poll(%s, 5, worker => %s)", "SELECT sync_audit(%s, %s)", "SELECT sync_config(%s), sync_policy(%s)"):
            self.undone(statement, g.word(), g.word())
        self.undone("SELECT sync_delete('crm', 'fuzz', ARRAY[%s, %s], %s)", g.word(), f"k{r.randrange(1000)}", g.word())
        self.undone(self.diff("crm", options=", actor => %s"), g.records(), g.word())

    def delivery(self):
        g, r = self.generator, self.random
        rows = self.call("SELECT id, lease FROM sync_poll(%s, 3, worker => %s)", r.choice(("crm", "desk", "shop")), g.word())
        for row in rows if isinstance(rows, list) else []:
            if r.random() < 0.6:
                self.call("SELECT sync_ack(%s, %s, %s, %s)", *row, r.choice((None, g.word(), f"n{row[0]}")), r.choice((None, g.value(), g.object())))
            else:
                self.call("SELECT sync_nack(%s, %s, %s, permanent => %s)", *row, g.word(), r.random() < 0.5)
        self.call("SELECT sync_resolve(id, value => %s, by => %s) FROM sync_open_conflicts ORDER BY id LIMIT 1", g.value(), g.word())
        self.call("SELECT sync_resolve(id, winner => %s, note => %s) FROM sync_open_conflicts ORDER BY id LIMIT 1", g.word(), g.word())
        self.call("SELECT count(r::text) FROM sync_record AS r")

    def round(self):
        self.random.choice((self.doors_agree, self.doors_agree, self.second_time_is_unchanged, self.canonical_stays, self.merge, self.odd_config,
                            self.odd_arguments, self.delivery))()

    def peak_memory(self):
        """In bytes, of the backend; 0 where it runs on another machine."""
        status = pathlib.Path(f"/proc/{self.pid}/status")
        if not status.exists():
            return 0
        return int(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")).split()[1]) * 1024

    def large(self, scale):
        """What a backend must bear: name, text, and how often its size in memory."""
        million = 10 ** 6 // scale
        yield "a long string", '{"k": "1", "name": "' + 'x' * (100 * million) + '"}'
        yield "a long string of escapes", '{"k": "1", "any": "' + '\\u00e9' * (16 * million) + '"}'
        yield "a million keys", '{"k": "2", "any": {' + ','.join(f'"k{n}":{n}' for n in range(million)) + '}}'
        yield "a million unknown keys", '{"k": "2", ' + ','.join(f'"k{n}":{n}' for n in range(million)) + '}'
        yield "a million times one key", '{"k": "3", ' + ','.join(['"name": "a"'] * million) + '}'
        yield "a million elements", '{"k": "4", "t": [' + ','.join(['{"x": "e%d"}' % n for n in range(million)]) + ']}'
        yield "deep nesting", '{"k": "5", "any": ' + self.generator.nested(million) + '}'
        yield "deep nesting of what is unknown", '{"k": "5", "z": ' + self.generator.nested(million) + '}'
        yield "deep nesting without an end", '[' * million
        yield "a long number", '{"k": "6", "n": ' + '1' * million + '}'
        yield "a large exponent", '{"k": "6", "n": 1e' + '9' * million + '}'
        yield "a long key", '{"k": "' + 'k' * million + '", "name": "a"}'
        yield "a million records that are none", '[' + ','.join(['1'] * (million // 10)) + ']'

    def bear(self, scale):
        for name, text in self.large(scale):
            before = self.peak_memory()
            for cast in ("text", "json", "jsonb"):
                self.undone(f"SELECT count(*) FROM sync_diff('crm', 'fuzz', %s::{cast})", text)
            taken = self.peak_memory() - before
            if taken > 20 * len(text) + 256 * 2 ** 20:
                raise Broken(f"{name}: {taken} bytes of memory for {len(text)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seed", type=int, default=random.randrange(10 ** 6))
    parser.add_argument("--scale", type=int, default=1, help="divides the size of the largest inputs")
    options = parser.parse_args()
    calls = Calls(options.seed)
    end = time.monotonic() + options.seconds
    rounds = 0
    try:
        calls.bear(options.scale)
        while time.monotonic() < end if options.rounds is None else rounds < options.rounds:
            calls.round()
            rounds += 1
    except Broken as broken:
        print(f"fuzz: calls: seed {options.seed}, round {rounds}: {broken}")
        return 1
    print(f"fuzz: calls: {calls.done} calls in {rounds} rounds, seed {options.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
