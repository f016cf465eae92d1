#!/usr/bin/python3
"""A session that calls each function very often takes no more memory than at the beginning: what its
memory contexts hold, and what the process has of its own.  Prints TAP.

usage: CALLS=1000000 test/in_database test/memory/check.py     (make memory CALLS=1000000)"""

import math
import os
import re
import sys
import time

import psycopg2

CALLS = int(os.environ.get('CALLS') or 100)
ONLY = os.environ.get('ONLY', '')
BLOCK = 250 if CALLS >= 1000 else 50     # turns in one statement, and 10 in one transaction
WARM = 2                    # blocks in which caches fill
HELD = 96 * 1024           # bytes: blocks of contexts that happen to grow once more
OWN = 3 * 1024 * 1024       # of the process: what the allocator keeps for a while
CONFIG = """'{"systems": {"crm": {"id": "id"}, "desk": {}, "app": {}}, "match_on": ["b"], "window": "0", "max_attempts": 1000, "max_flips": 1000,
    "fields": {"a": {"type": "number"}, "b": {"normalize": ["nfc", "lower"]}, "tags": {"type": "set", "merge": "set", "path": {"crm": "tags"}}}}'"""
SETUP = f"""
SET client_min_messages = error;
CREATE TABLE app (record_key text PRIMARY KEY, a int, b text);
CREATE TABLE source (record_key text PRIMARY KEY, a int, b text);
INSERT INTO source SELECT 'k' || i, i, 'b' || i FROM generate_series(1, 20) AS i;
SELECT sync_configure('item', {CONFIG});
SELECT sync_configure('quiet', {CONFIG});
SELECT sync_attach('app', 'app', 'item');
SELECT sync_diff_from('crm', 'item', 'source');
SELECT sync_diff_from('desk', 'item', 'source');
SELECT sync_apply('app', 1000);
SELECT sync_ack(lease) FROM sync_poll('desk') LIMIT 1;
SELECT sync_diff_from('crm', 'quiet', 'source');
SELECT sync_diff_from('desk', 'quiet', 'source', baseline => true);
"""
EDIT = """PERFORM sync_diff('crm', 'item', format('{"record_key": "k%s", "a": %s}', 1 + i % 20, i));"""
DRAIN = """PERFORM sync_ack(l.lease) FROM (SELECT lease FROM sync_poll('desk', 1000) UNION SELECT lease FROM sync_poll('crm', 1000)) AS l;"""
DRAIN_LATER = f"IF i % 10 = 0 THEN {DRAIN} END IF;"
VACUUM = "VACUUM sync_state, sync_outbox, sync_lease, sync_native_id, sync_match, sync_reject, sync_near_miss, sync_entity, sync_conflict, app, source"
CLEAN = """TRUNCATE sync_event, sync_delivery, sync_stat, sync_reject, sync_near_miss, sync_conflict;"""

# One turn each, in PL/pgSQL; i counts on and on.
TURNS = {
    'sync_diff, unchanged': """PERFORM sync_diff('crm', 'quiet', '{"record_key": "k1", "a": 1, "b": "B1"}');""",
    'sync_diff of json and jsonb': """PERFORM sync_diff('crm', 'quiet', '{"record_key": "k1", "a": 1}'::json, verbose => true);
        PERFORM sync_diff('crm', 'quiet', '{"record_key": "k1", "a": 1}'::jsonb, verbose => true);""",
    'sync_diff, dry': EDIT.replace("i));", "i), dry_run => true);"),
    'sync_diff, sync_poll, sync_ack of a lease': EDIT + DRAIN,
    'sync_ack of one': EDIT + """PERFORM sync_ack(id, lease, 'd-' || record_key, jsonb_build_object('a', i)) FROM sync_poll('desk');""" + DRAIN,
    'sync_nack, sync_redrive, sync_extend': EDIT + """PERFORM sync_nack(id, lease, 'no'), sync_redrive(id) FROM sync_poll('desk');
        PERFORM sync_extend(lease, '1 s') FROM sync_poll('desk');""" + DRAIN,
    'sync_discard': EDIT + """PERFORM sync_discard(id, 'no') FROM sync_outbox WHERE target_system = 'desk';""" + DRAIN_LATER,
    'sync_touch': """IF i % 50 = 0 THEN PERFORM sync_configure('item', sync_config('item') || jsonb_build_object('max_flips', 5 + i / 50 % 2)); END IF; PERFORM sync_touch('item', '{k1,k2}');""" + DRAIN_LATER,
    'sync_forget': """PERFORM sync_delete('crm', 'item', '{gone}');""" + DRAIN + """ PERFORM sync_forget('item', '{gone}'); PERFORM sync_diff('crm', 'item', '{"record_key": "gone", "a": 1}');""" + DRAIN,
    'sync_reject': """PERFORM sync_diff('crm', 'item', format('{"record_key": "k1", "a": "no number %s"}', i % 7));""",
    'sync_diff_from': """UPDATE source SET a = i WHERE record_key = 'k4'; PERFORM sync_diff_from('crm', 'item', 'source');""" + DRAIN_LATER,
    'sync_diff, complete': """PERFORM sync_diff('desk', 'quiet', '[{"record_key": "k1"}, {"record_key": "k2"}]', complete => true, dry_run => true, approve => 18);""",
    'sync_delete': """PERFORM sync_delete('crm', 'item', '{gone}'); PERFORM sync_diff('crm', 'item', '{"record_key": "gone", "a": 1}');""" + DRAIN,
    'a merged set': """PERFORM sync_diff('crm', 'item', format('{"record_key": "k3", "tags": ["a", "%s"]}', i));""" + DRAIN,
    'sync_capture, sync_apply': """UPDATE app SET a = i WHERE record_key = 'k2'; """ + EDIT + """PERFORM sync_apply('app');""" + DRAIN_LATER,
    'sync_resolve': """PERFORM sync_diff('crm', 'item', format('{"record_key": "k5", "a": %s}', i)); PERFORM sync_diff('desk', 'item', format('{"record_key": "k5", "a": -%s}', i));
        PERFORM sync_conflict_poll(); PERFORM sync_conflict_ack(id), sync_resolve(id, value => to_jsonb(i)) FROM sync_open_conflicts;""" + DRAIN_LATER,
    'sync_pause, sync_resume, sync_pause_reason': """PERFORM sync_pause('desk'), sync_pause_reason('desk'); PERFORM sync_resume('desk');""",
    'sync_audit, sync_divergence': """PERFORM sync_audit('quiet') FROM generate_series(1, 10); PERFORM count(*) FROM sync_divergence;""",
    'views': """PERFORM sync_masked('quiet', NULL, '{"a": 1}'), count(to_jsonb(r)) FROM sync_record AS r; PERFORM count(to_jsonb(s)) FROM sync_shadow AS s;
        PERFORM count(to_jsonb(h)) FROM sync_health AS h; PERFORM count(to_jsonb(l)) FROM sync_lag AS l; PERFORM count(*) FROM sync_attached;""",
    'sync_blame, sync_trace': """PERFORM sync_blame('quiet', 'k1'), sync_trace('quiet', 'k1') FROM generate_series(1, 50);""",
    'sync_merge': """PERFORM sync_merge(d, '{"b": [1, {"c": 3}], "a": {"x": 1}}', '[["b", 1, "c"], ["a", "x"], ["s", null, "n"]]')
        FROM (VALUES (jsonb_build_object('b', i, 'a', ARRAY[i], 's', '[{"n": 1}]'::jsonb))) AS v (d);""",
    'sync_canonical, sync_hash, sync_changes': """PERFORM sync_canonical(d), sync_hash(d), sync_changes(d, '{"a": 1}') FROM (VALUES (jsonb_build_object('b', i, 'a', ARRAY[i]))) AS v (d);""",
    'sync_read': f"""PERFORM sync_read({CONFIG}, 'crm', format('{{"record_key": "k1", "a": "%s", "b": "É", "tags": ["b", "a"]}}', i));""",
    'sync_policy, sync_config, sync_misfit': """PERFORM sync_policy('item'), sync_config('item'), sync_config('item', 1), sync_misfit('app', 'app', 'item');""",
    'sync_configure': f"""PERFORM sync_configure('item', replace({CONFIG}, '"max_flips": 1000', '"max_flips": ' || 999 + i % 2)::jsonb); DELETE FROM sync_entity WHERE entity = 'item' AND version < (SELECT max(version) FROM sync_entity WHERE entity = 'item');
        PERFORM sync_diff('crm', 'item', '{{"record_key": "k1"}}');""",
    'sync_maintain, sync_now': f"IF i % 10 = 0 THEN {EDIT + DRAIN} END IF;" + """PERFORM sync_maintain(), sync_now();""",
    'sync_attach, sync_detach': """PERFORM sync_detach('app'); PERFORM sync_attach('app', 'app', 'item'); UPDATE app SET a = i WHERE record_key = 'k2';""" + DRAIN_LATER,
    'tables that come and go': """CREATE TABLE new (record_key text PRIMARY KEY, a int, b text); PERFORM sync_attach('new', 'desk', 'quiet');
        INSERT INTO new VALUES ('new', i); PERFORM sync_diff_from('desk', 'quiet', 'new'); DROP TABLE new;""" + DRAIN,
    'sync_grant, sync_revoke': """PERFORM sync_grant(current_setting('test.role')::regrole, 'worker'); PERFORM sync_revoke(current_setting('test.role')::regrole);""",
    'sync_schedule, sync_unschedule': """BEGIN PERFORM sync_schedule(); EXCEPTION WHEN OTHERS THEN END; PERFORM sync_unschedule();""",
    'sync_outbox_arrives': """INSERT INTO sync_outbox (id, entity, record_key, source_system, target_system, direction, action, change_set, field_hash, idempotency_key, place)
        VALUES (-1, 'item', 'k1', 'crm', 'none', '', 'update', '{}', '', '', pg_current_xact_id()); DELETE FROM sync_outbox WHERE id = -1;""",
    'tables that change': """ALTER TABLE sync_outbox SET (fillfactor = 50); ALTER TABLE sync_conflict SET (fillfactor = 100); ALTER TABLE sync_native_id SET (fillfactor = 100);
        ALTER TABLE app SET (fillfactor = 100);""" + EDIT + """PERFORM sync_apply('app');""" + DRAIN,
    'calls that fail': """BEGIN PERFORM sync_diff('crm', 'item', '[{"record_key": "k1", "a": 5}, {"record_key"'); EXCEPTION WHEN OTHERS THEN END;
        BEGIN PERFORM sync_diff('crmm', 'item', '{}'); EXCEPTION WHEN OTHERS THEN END;
        BEGIN PERFORM sync_configure('item', '{"systems": ["a"], "fields": {"a": {"tipe": 1}}}'); EXCEPTION WHEN OTHERS THEN END;
        BEGIN PERFORM sync_canonical(to_jsonb(repeat('x', 1000))), 1 / 0; EXCEPTION WHEN OTHERS THEN END;
        BEGIN PERFORM sync_diff('crm', 'item', '{"record_key": "k1", "a": -1}'), sync_poll('desk'), 1 / 0; EXCEPTION WHEN OTHERS THEN END;
        BEGIN UPDATE app SET a = i; PERFORM sync_apply('app'), 1 / 0; EXCEPTION WHEN OTHERS THEN END;""",
}
MANY = {'views': 20, 'sync_blame, sync_trace': 50, 'sync_audit, sync_divergence': 10, 'calls that fail': 6}   # calls of one turn
SLOW = {'sync_configure': 20, 'tables that come and go': 20, 'sync_attach, sync_detach': 5, 'sync_grant, sync_revoke': 20, 'tables that change': 5,
        'sync_diff_from': 5, 'sync_maintain, sync_now': 5} if CALLS < 100_000 else {'tables that come and go': 20, 'tables that change': 20}
ELSEWHERE = {'sync_state_record', 'sync_state_shadows', 'sync_state_waiting', 'sync_state_blame', 'sync_state_divergence',  # the views' own
             'sync_conflict_limits'}    # sync_conflict_poll's


class Check:
    def __init__(self):
        self.connection = psycopg2.connect('')
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.count = 0
        self.is_fine = True
        self.turn = 0

    def rows(self, sql):
        self.cursor.execute(sql)
        return self.cursor.fetchall() if self.cursor.description else []

    def tell(self, is_fine, what):
        self.count += 1
        self.is_fine = self.is_fine and is_fine
        print(f"{'ok' if is_fine else 'not ok'} {self.count} - {what}", flush=True)

    def memory(self):
        """Of the contexts, and of the process' own, in bytes."""
        self.rows(CLEAN)
        held = int(self.rows('SELECT sum(used_bytes) FROM pg_backend_memory_contexts')[0][0])
        with open(f'/proc/{self.connection.info.backend_pid}/status', encoding='ascii') as status:
            own = int(re.search(r'RssAnon:\s+(\d+) kB', status.read())[1]) * 1024
        return held, own

    def block(self, body, turns):
        self.rows(f"""DO $do$ BEGIN FOR i IN {self.turn + 1}..{self.turn + turns} LOOP {body}
            IF i % 10 = 0 THEN COMMIT; END IF; END LOOP; END $do$""")
        self.rows(CLEAN)
        self.rows(VACUUM)       # so that a turn costs what the first one did; what only grows would make VACUUM itself take more
        self.turn += turns

    def contexts(self):
        return dict(self.rows("SELECT name || coalesce(' ' || ident, ''), sum(used_bytes)::bigint FROM pg_backend_memory_contexts GROUP BY 1"))

    def check(self, what, body):
        times = MANY.get(what, 1)
        block = BLOCK // SLOW.get(what, 1) // times // 10 * 10 or 10
        blocks = max(math.ceil(CALLS / SLOW.get(what, 1) / times / block), 2)
        for _ in range(WARM):
            self.block(body, block)
        before, contexts, begin = self.memory(), self.contexts(), time.monotonic()
        for _ in range(blocks):
            self.block(body, block)
        after = self.memory()
        took = time.monotonic() - begin
        held, own = (there - here for here, there in zip(before, after))
        self.tell(held <= HELD and own <= OWN, f'{what}: {blocks * block * times} calls, {held / 1024:+.0f} kB held, {own / 1024:+.0f} kB of its own, in {took:.1f} s')
        if held > HELD:
            grown = {name: size - contexts.get(name, 0) for name, size in self.contexts().items()}
            for name, size in sorted(grown.items(), key=lambda item: -item[1])[:5]:
                print(f'# {size:+} {name[:150]}')

    def check_all_are_there(self):
        """A new function in C is called here, too."""
        names = {name for (name,) in self.rows("""SELECT DISTINCT proname FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass
            JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'sync_ledger' JOIN pg_language AS l ON l.oid = p.prolang AND l.lanname = 'c'""")}
        called = set(re.findall(r'sync_\w+', ' '.join(TURNS) + ' '.join(TURNS.values())))
        missing = names - called - ELSEWHERE
        self.tell(not missing, f'all functions in C are called {missing or ""}')

    def play(self):
        self.rows(SETUP)
        role = f'sync_ledger_memory_{os.getpid()}'
        self.rows(f"CREATE ROLE {role}; SET test.role = '{role}'")
        try:
            for what, body in TURNS.items():
                if ONLY in what:
                    self.check(what, body)
            self.check_all_are_there()
        finally:
            self.rows(f'DROP OWNED BY {role}; DROP ROLE {role}')
        print(f'1..{self.count}')


check = Check()
check.play()
sys.exit(not check.is_fine)
