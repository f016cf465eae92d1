#!/usr/bin/env python3
"""Writes the inputs that the fuzzer starts from: a folder for each target.

usage: test/fuzz/seeds.py FOLDER

Texts come from this file and from what test/pgtap holds between quotes; states are those
that a few stories leave in the database that PGDATABASE names.
"""
import json
import pathlib
import re
import sys

import psycopg2

TOP = pathlib.Path(__file__).resolve().parents[2]
CHOICES = 16

VALUES = [
    'null', 'true', '0', '-0', '1e400', '-1.5E-7', '12345678901234567890', '0.1', '1' * 60, '"a"', '""', '"\\u0000"',
    '"\\ud83d\\ude00"', '"\\ud83d"', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"ÄÖü ß İ ı ﬁ"', '"e\\u0301"', '" +49 (30) 1 "',
    '"2026-01-02T03:04:05+02:00"', '"2026-02-30"', '"2024-02-29"', '"TRUE"', '"19.90"', '[]', '{}', '[1,[2,[3]],{}]',
    '["b","a","b",1,true,null]', '{"a":1,"a":2}', '{"\\u0061":1,"a":{"b":[]}}', '[' * 70 + ']' * 70, '{"a":' * 40 + '1' + '}' * 40,
    '"9999-12-31 23:59:60"', '"20260102T030405Z"', '"infinity"', '"0001-01-01 BC"', '1e308', '5e-324', '9007199254740993',
    '1e22', '1e21', '-1e-400', '"A@B.C"', '"\\u00a0x\\u2003y\\u200b"', '"gold"', '"tier_3"', '{"z":1,"é":2,"\\ud83d\\ude00":3,"\\uffff":4}',
]
RECORDS = [
    '{"k": 1, "b": %s}', '{"x": {"k": "1"}, "b": [%s, {"a": 1, "e": %s}]}', '[{"k": "1", "b": {"c": %s, "d": {"e": %s}}}, {}]',
    '{"e": [%s, {"f": [%s]}], "a.b": {"c": %s}, "a": %s}', '[{"b": [%s]}, 1, null]', '[]', '{"k": 1}x', '{"b": %s, "b": {"c": %s}}',
    '{"c": [0, 1, [%s]], "d": true, "v": 7, "i": "n", "s": {"t": "u"}}',
]
CONFIGS = [
    '{"systems": ["a", "b"], "fields": {"name": {}}}',
    '{"systems": {"a": {"key": "id", "id": "x.y", "version": "v", "sentinel": "s", "deleted": "d", "echo_window": "2 minutes",'
    ' "unseen": "send", "timezone": "Europe/Berlin", "rate": "10/second", "strict_versions": true}, "b": {"writable": false}, "c": {"apply": "immediate"}},'
    ' "fields": {"a": {"type": "text", "required": true, "normalize": ["trim", "lower"], "owner": "a", "path": {"a": "p.e", "b": "r[0].\\"x.y\\""}},'
    ' "b": {"type": "set", "merge": "set", "path": "t[*].n"}, "c": {"group": "g"}, "d": {"group": "g", "nulls": "clear", "sensitive": true},'
    ' "e": {"type": "number", "owner": "b", "authority": "tiebreak", "values": {"a": {"1": 2}}}}, "window": "60 seconds", "window_scope": "record",'
    ' "deletes": "review", "delete_owner": "a", "match_on": ["a"], "max_attempts": 3, "max_change": 0.1, "max_flips": 2,'
    ' "retention": {"changes": "1 day", "ledger": "2 days", "rejects": "1 h", "conflicts": "1 week", "near_misses": "1 day", "statistics": "1 month"}}',
]
PATHS = ['a', 'a.b', 'a[0]', 'a[*].b', '"a.b".c', 'a[0][1].x[*]', '""', '"\\""', '[0]', 'a..b', 'a[-1]', 'a[99999999999]', 'é.ü', '"\\u0061"',
         'a.' * 60 + 'a', 'a[', 'a]', '*', 'a[*][*]', ' a ', 'a\nb', '"a']
TOKENS = ['1\n2', '10\n9', '2026-01-01\n2026-01-01T00:00:00Z', 'a\nb', '1.0\n1', '\n1', '1e400\n1e401', '2026-01-01T00:00:00+02:00\n5', '-1\n-2',
          '٣\n3', '2026-02-30\n2026-03-01', 'inf\nnan', ' 1\n1', '0x10\n16']

STATE_CONFIG = {
    "systems": {"crm": {"version": "v", "sentinel": "s", "id": "id"}, "desk": {"version": "v"}, "shop": {"unseen": "send"}},
    "fields": {"name": {"owner": "crm"}, "n": {"type": "number"}, "tags": {"type": "set", "merge": "set"}, "street": {"group": "address"},
               "city": {"group": "address"}, "x": {"type": "json", "nulls": "clear"}},
    "window": "0"}


def write(folder, inputs):
    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(inputs):
        (folder / f"{number:04}").write_bytes(data)


def chosen(texts):
    """Each text behind each of a few first bytes."""
    return [bytes([choice]) + text.encode() for text in texts for choice in range(CHOICES)]


def quoted_json():
    found = set()
    for test in sorted((TOP / "test" / "pgtap").glob("*.sql")):
        found.update(t for t in re.findall(r"'([{\[][^']{2,400}[}\]])'", test.read_text()))
    return sorted(found)


def states():
    """What a few stories leave behind, seen after each step."""
    db = psycopg2.connect("")
    db.autocommit = True
    cursor = db.cursor()
    found = set()

    def step(statement, *arguments):
        cursor.execute(statement, arguments)
        rows = cursor.fetchall()
        cursor.execute("SELECT state FROM sync_state WHERE entity = 'fuzz'")
        found.update(bytes(row[0]) for row in cursor.fetchall())
        return rows

    def diff(system, record, **options):
        named = "".join(f", {name} => {value}" for name, value in options.items())
        step(f"SELECT sync_diff(%s, 'fuzz', %s{named})", system, json.dumps(record))

    step("SELECT sync_configure('fuzz', %s)", json.dumps(STATE_CONFIG))
    for k in ("1", "2", "3"):
        diff("crm", {"record_key": k, "name": "A", "n": 1.5, "tags": ["a", "b"], "street": "S", "city": "C", "x": {"y": [1]}, "v": 1, "id": "n" + k})
        diff("desk", {"record_key": k, "name": "B", "n": 2, "v": 3})
        rows = step("SELECT id, lease FROM sync_poll('desk') ORDER BY id")
        rows += step("SELECT id, lease FROM sync_poll('shop') ORDER BY id")
        diff("desk", {"record_key": k, "name": "X", "street": "T", "v": 4})
        for row in rows[:-1]:
            step("SELECT sync_ack(%s, %s, %s, %s)", *row, "z" + k, json.dumps({"name": "a", "v": 5}))
        for row in rows[-1:]:
            step("SELECT sync_nack(%s, %s, 'no')", *row)
        diff("shop", {"record_key": k, "city": "D", "tags": ["c"], "n": None})
        diff("crm", {"record_key": k, "city": "E", "tags": [], "v": 2}, actor="'me'")
    step("SELECT sync_delete('desk', 'fuzz', '{1}')")
    step("SELECT sync_poll('crm')")
    step("SELECT sync_delete('crm', 'fuzz', '{1,2}', 'me')")
    step("SELECT sync_poll('shop')")
    diff("shop", {"record_key": "1", "name": "late"})
    diff("crm", {"record_key": "1", "name": "again", "v": 9})
    step("SELECT sync_resolve(id, 'crm') FROM sync_open_conflicts ORDER BY id LIMIT 1")
    step("SELECT sync_resolve(id, current_system) FROM sync_open_conflicts WHERE field IS NOT NULL ORDER BY id LIMIT 2")
    return sorted(found)


def main():
    top = pathlib.Path(sys.argv[1])
    texts = VALUES + quoted_json()
    records = [record.replace("%s", value) for record in RECORDS for value in VALUES] + quoted_json()
    write(top / "reader", [data for data in chosen(records) if data[0] < 3])
    write(top / "canonical", [text.encode() for text in texts])
    write(top / "values", chosen(VALUES))
    write(top / "policy", [text.encode() for text in CONFIGS + [t for t in quoted_json() if '"systems"' in t]])
    write(top / "path", [bytes([choice]) + text.encode() for text in PATHS for choice in range(4)])
    write(top / "token", [text.encode() for text in TOKENS])
    write(top / "state", [bytes([choice]) + state for state in states() for choice in (0, 1, 2, 3, 4, 5, 0x46, 0xb5)])


main()
