#!/usr/bin/env python3
"""Writes a table by random statements, in transactions that are committed, rolled back or rolled back
to a savepoint, and compares the book with the table after each.

The table has a key and, in some rounds, a native id, partitions, and a trigger of its own that writes
it again. Prints TAP: one test for each kind of table. SEED (1) begins another sequence, CHECKS (150)
is how many transactions each kind gets."""

import os
import random
import sys

import psycopg2

SEED = int(os.environ.get('SEED', '1'))
CHECKS = int(os.environ.get('CHECKS', '150'))
KEYS = [f'k{i:02}' for i in range(12)]

POLICY = '''{"systems": {"app": {"key": "k"%s}, "crm": {}}, "window": "0", "max_flips": 1000, "fields": {
    "a": {"nulls": "clear"}, "b": {"type": "number", "nulls": "clear"},
    "c": {"type": "set", "nulls": "clear", "path": {"app": "doc.c", "crm": "c"}}}}'''
PLAIN = 'CREATE TABLE t (id serial, k text UNIQUE DEFERRABLE, a text, b int NOT NULL, doc jsonb)'
PARTITIONED = '''
    CREATE TABLE t (id serial, k text, a text, b int NOT NULL, doc jsonb, UNIQUE (k, b) DEFERRABLE) PARTITION BY RANGE (b);
    CREATE TABLE t_low PARTITION OF t FOR VALUES FROM (0) TO (50);
    CREATE TABLE t_high (doc jsonb, gone int, a text, b int NOT NULL, id int NOT NULL, k text);
    ALTER TABLE t_high DROP COLUMN gone;
    ALTER TABLE t ATTACH PARTITION t_high DEFAULT'''
BODIES = ["UPDATE t SET a = a || '*' WHERE k = new.k",
          'UPDATE t SET b = (b * 7 + 1) % 100 WHERE k > new.k',
          'DELETE FROM t WHERE k = new.k AND new.b % 5 = 0',
          'UPDATE t SET b = new.b WHERE k = (SELECT max(k) FROM t)']
TRIGGER = '''
    CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF pg_trigger_depth() = 1 THEN {}; END IF; RETURN NULL; END $$;
    CREATE TRIGGER again AFTER {} ON t FOR EACH ROW EXECUTE FUNCTION again()'''
CLEAN = '''
    DROP TABLE IF EXISTS t CASCADE;
    DROP FUNCTION IF EXISTS again() CASCADE;
    DELETE FROM sync_state; DELETE FROM sync_native_id; DELETE FROM sync_outbox; DELETE FROM sync_conflict'''
DIFFERS = '''
    SELECT to_jsonb(t), r.data, s.data
    FROM t FULL JOIN (SELECT * FROM sync_record WHERE NOT deleted) r ON r.record_key = t.k
    LEFT JOIN sync_shadow s ON s.record_key = r.record_key AND s.system = 'app'
    CROSS JOIN LATERAL (SELECT jsonb_build_object('a', t.a, 'b', t.b,
        'c', (SELECT jsonb_agg(DISTINCT e.value ORDER BY e.value) FROM jsonb_array_elements_text(t.doc -> 'c') e))) AS shown(data)
    WHERE t.k IS NULL OR r.data IS DISTINCT FROM shown.data OR s.data IS DISTINCT FROM r.data'''


def new_rows(dice):
    keys = dice.sample(KEYS, dice.randrange(1, 4))
    return ', '.join(f"('{key}', 'a{dice.randrange(3)}', {dice.randrange(100)}, "
                     f"'{{\"c\": [\"{dice.randrange(3)}\", \"{dice.randrange(3)}\"]}}'::jsonb)" for key in keys)


def statement(dice):
    """One that does not break a unique key."""
    key, other = dice.sample(KEYS, 2)
    return dice.choice([
        f'''INSERT INTO t (k, a, b, doc) SELECT v.* FROM (VALUES {new_rows(dice)}) AS v(k, a, b, doc)
            WHERE v.k NOT IN (SELECT k FROM t)''',
        f'''INSERT INTO t (k, a, b, doc) SELECT v.* FROM (VALUES {new_rows(dice)}) AS v(k, a, b, doc)
            WHERE v.k NOT IN (SELECT k FROM t)''',
        f"UPDATE t SET a = {dice.choice(['NULL', 'a', 'b::text'])}, b = (b + {dice.randrange(60)}) % 100 WHERE k < '{key}'",
        f"UPDATE t SET doc = jsonb_set(doc, '{{c}}', '[\"{dice.randrange(4)}\"]') WHERE k > '{key}'",
        f"DELETE FROM t WHERE k = '{key}'",
        f"UPDATE t SET k = '{other}' WHERE k = '{key}' AND NOT EXISTS (SELECT FROM t WHERE k = '{other}')",
        f'''UPDATE t SET k = p.next FROM (SELECT k, coalesce(lead(k) OVER w, first_value(k) OVER w) AS next
            FROM t WHERE k < '{key}' WINDOW w AS (ORDER BY k)) AS p WHERE t.k = p.k''',
        f'''WITH gone AS (DELETE FROM t WHERE k = '{key}' RETURNING *)
            INSERT INTO t (k, a, b, doc) SELECT k, 'again', b, doc FROM gone''',
        f'''WITH gone AS (DELETE FROM t WHERE k IN ('{key}', '{other}') RETURNING *)
            INSERT INTO t (k, a, b, doc) SELECT k, 'again', b, doc FROM gone LIMIT 1''',
        f'''MERGE INTO t USING (VALUES ('{key}'), ('{other}')) AS v(k) ON t.k = v.k
            WHEN MATCHED AND t.b < 30 THEN DELETE WHEN MATCHED THEN UPDATE SET a = 'm' '''])


def transaction(cursor, dice):
    """What was run."""
    log = ['BEGIN']
    cursor.execute('BEGIN')
    for _ in range(dice.randrange(1, 4)):
        steps = [statement(dice)]
        if dice.random() < 0.2:
            steps = ['SAVEPOINT s', *steps, 'ROLLBACK TO s']
        for step in steps:
            cursor.execute(step)
            log.append(step)
    log.append(dice.choice(['COMMIT', 'COMMIT', 'COMMIT', 'ROLLBACK']))
    cursor.execute(log[-1])
    return log


def begin(cursor, dice, table, has_id, has_trigger):
    cursor.execute(CLEAN)
    cursor.execute('SELECT sync_configure(%s, %s)', ('item', POLICY % (', "id": "id"' if has_id else '')))
    cursor.execute(table)
    cursor.execute("SELECT sync_attach('t', 'app', 'item')")
    if has_trigger:
        cursor.execute(TRIGGER.format(dice.choice(BODIES), dice.choice(['INSERT', 'UPDATE', 'INSERT OR UPDATE'])))


def play(cursor, dice, table, has_id, has_trigger):
    """None, or what was run last and where the book differs."""
    for check in range(CHECKS):
        if check % 15 == 0:
            begin(cursor, dice, table, has_id, has_trigger)
        log = transaction(cursor, dice)
        cursor.execute(DIFFERS)
        differs = cursor.fetchall()
        if differs:
            return log, differs[:3]
    return None


def main():
    connection = psycopg2.connect('')
    connection.autocommit = True
    cursor = connection.cursor()
    kinds = [('a table', PLAIN, False, False), ('a table that its own trigger writes', PLAIN, False, True),
             ('a table with native ids', PLAIN, True, False), ('partitions', PARTITIONED, False, False),
             ('partitions that a trigger writes', PARTITIONED, False, True)]
    failed = 0
    for number, (name, table, has_id, has_trigger) in enumerate(kinds, 1):
        found = play(cursor, random.Random(f'{SEED} {name}'), table, has_id, has_trigger)
        failed += found is not None
        print(f"{'not ok' if found else 'ok'} {number} - {name}: the book is as the table after each of {CHECKS} transactions")
        for line in ([] if found is None else [*found[0], *found[1]]):
            print('#', str(line).replace('\n', ' '))
    print(f'1..{len(kinds)}')
    return 1 if failed else 0


sys.exit(main())
