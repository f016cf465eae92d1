"""The database under test: one round trip for each thing that happens.

Each call returns what the extension answered, whether the transaction wrote anything,
and the state of the record as the tables show it afterwards.
"""

import json
import os
import subprocess
import time

import psycopg2

HELPERS = """
CREATE FUNCTION sim_state(e text, k text) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN jsonb_build_object(
        'golden', (SELECT to_jsonb(r) - 'updated_at' FROM sync_record r WHERE r.entity = e AND r.record_key = k),
        'shadow', (SELECT jsonb_object_agg(h.system, to_jsonb(h)) FROM sync_shadow h
                   WHERE h.entity = e AND h.record_key = k),
        'outbox', (SELECT jsonb_agg(jsonb_build_object('id', o.id, 'target', o.target_system, 'action', o.action,
                       'changes', o.change_set, 'status', o.status, 'key', o.idempotency_key, 'hash', o.field_hash,
                       'fits', o.field_hash = sync_hash(coalesce((SELECT h.data FROM sync_shadow h WHERE h.entity = e
                           AND h.record_key = k AND h.system = o.target_system), '{}') || o.change_set),
                       'source', o.source_system, 'until', extract(epoch FROM o.visible_at)) ORDER BY o.target_system, o.id)
                   FROM sync_outbox o WHERE o.entity = e AND o.record_key = k),
        'ledger', (SELECT jsonb_object_agg(l.idempotency_key, l.writes) FROM sync_ledger l
                   WHERE l.entity = e AND l.record_key = k),
        'logged', (SELECT jsonb_object_agg(f.key, f.value ORDER BY c.id) FROM sync_event c, jsonb_each(c.change_set) f
                   WHERE c.entity = e AND c.record_key = k AND c.event <> 'claimed'),
        'conflicts', (SELECT jsonb_agg(to_jsonb(c) - '{detected_at,resolved_at,notified_at}'::text[] ORDER BY c.id)
                   FROM sync_conflict c WHERE c.entity = e AND c.record_key = k));
END $$;
CREATE INDEX ON sync_outbox (record_key);

CREATE FUNCTION sim_answer(rows jsonb, e text, k text) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    RETURN jsonb_build_object('rows', coalesce(rows, '[]'),
        'wrote', pg_current_xact_id_if_assigned() IS NOT NULL, 'state', sim_state(e, k));
END $$;

CREATE FUNCTION sim_diff(s text, e text, k text, payload text, complete boolean, baseline boolean) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE rows jsonb;
BEGIN
    IF complete THEN
        SELECT jsonb_agg(to_jsonb(v)) INTO rows FROM sync_diff(s, e, payload, verbose => true, complete => true) v
        WHERE v.record_key = k;
    ELSE
        SELECT jsonb_agg(to_jsonb(v)) INTO rows FROM sync_diff(s, e, payload, verbose => true, baseline => baseline) v;
    END IF;
    RETURN sim_answer(rows, e, k);
END $$;

CREATE FUNCTION sim_delete(s text, e text, k text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE rows jsonb;
BEGIN
    SELECT jsonb_agg(to_jsonb(v)) INTO rows FROM sync_delete(s, e, ARRAY[k]) v;
    RETURN sim_answer(rows, e, k);
END $$;

CREATE FUNCTION sim_poll(t text, e text, k text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE rows jsonb;
BEGIN
    SELECT jsonb_agg(to_jsonb(p)) INTO rows FROM sync_poll(t, 100, '60 s', 'sim', e) p;
    RETURN sim_answer(rows, e, k);
END $$;

CREATE FUNCTION sim_ack(id bigint, lease bigint, native text, result jsonb, e text, k text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE done boolean;
BEGIN
    done := sync_ack(id, lease, native, result);
    RETURN sim_answer(to_jsonb(done), e, k);
END $$;

CREATE FUNCTION sim_nack(id bigint, lease bigint, error text, retry interval, permanent boolean, e text, k text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE done boolean;
BEGIN
    done := sync_nack(id, lease, error, retry, permanent);
    -- a history that is played again waits as long: half of the curve, without the share that chance adds
    UPDATE sync_outbox o SET visible_at = updated_at + interval '2.5 s' * 2 ^ (attempts - 1),
        retry_at = updated_at + interval '2.5 s' * 2 ^ (attempts - 1)
    WHERE done AND retry IS NULL AND o.id = sim_nack.id AND retry_at IS NOT NULL;
    RETURN sim_answer(to_jsonb(done), e, k);
END $$;

CREATE FUNCTION sim_extend(lease bigint, by interval, e text, k text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE extended integer;
BEGIN
    extended := sync_extend(lease, by);
    RETURN sim_answer(to_jsonb(extended), e, k);
END $$;

CREATE FUNCTION sim_redrive(id bigint, e text, k text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE done boolean;
BEGIN
    done := sync_redrive(id);
    RETURN sim_answer(to_jsonb(done), e, k);
END $$;

CREATE FUNCTION sim_resolve(id bigint, win text, val jsonb, rev integer, e text, k text) RETURNS jsonb
LANGUAGE plpgsql AS $$
DECLARE done boolean;
BEGIN
    done := sync_resolve(id, winner => win, value => val, by => 'sim', revision => rev);
    RETURN sim_answer(to_jsonb(done), e, k);
END $$;
"""

START = 1_000_000_000_000_000


def drop_databases(prefix):
    connection = psycopg2.connect(dbname="postgres")
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", (prefix,))
    for (name,) in cursor.fetchall():
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    connection.close()


class Book:
    def __init__(self, database, owns_server=False):
        self.database = database
        self.owns_server = owns_server
        self.now = START
        self.configs = {}           # the newest policy of each entity
        self.admin("DROP DATABASE IF EXISTS %s WITH (FORCE)", "CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8'")
        self.connect()
        self.run("CREATE EXTENSION sync_ledger")
        if "SYNC_LEDGER_LIBRARY" in os.environ:
            self.run("UPDATE pg_proc SET probin = %s WHERE probin = '$libdir/sync_ledger'",
                     os.environ["SYNC_LEDGER_LIBRARY"])
            self.connection.close()
            self.connect()
        self.run(HELPERS)

    def admin(self, *statements):
        connection = psycopg2.connect(dbname="postgres")
        connection.autocommit = True
        for statement in statements:
            connection.cursor().execute(statement % self.database)
        connection.close()

    def connect(self):
        self.connection = psycopg2.connect(dbname=self.database)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.is_clock_new = False
        self.run("SET client_min_messages = warning; SET sync_ledger.notify = off")
        if not self.owns_server:
            self.run("SET synchronous_commit = off")
        self.set_clock(self.now)

    def run(self, statement, *arguments):
        if self.is_clock_new:
            self.is_clock_new = False
            clock = f"SELECT set_config('sync_ledger.now', '{self.now}', false)"
            if statement == "BEGIN":        # a rollback would turn the clock back
                self.cursor.execute(clock)
            else:
                statement = f"{clock}; {statement}"
        self.cursor.execute(statement, arguments or None)
        return self.cursor.fetchall() if self.cursor.description else None

    def one(self, statement, *arguments):
        return self.run(statement, *arguments)[0][0]

    def set_clock(self, now):
        """The clock goes along with the next call."""
        self.now = now
        self.is_clock_new = True

    def configure(self, entity, config):
        self.configs[entity] = config
        return self.one("SELECT sync_configure(%s, %s)", entity, json.dumps(config))

    def diff(self, system, entity, key, payload, complete=False, baseline=False):
        return self.one("SELECT sim_diff(%s, %s, %s, %s, %s, %s)", system, entity, key, json.dumps(payload), complete, baseline)

    def delete(self, system, entity, key):
        return self.one("SELECT sim_delete(%s, %s, %s)", system, entity, key)

    def poll(self, target, entity, key):
        return self.one("SELECT sim_poll(%s, %s, %s)", target, entity, key)

    def ack(self, call, native_id, result, entity, key):
        return self.one("SELECT sim_ack(%s, %s, %s, %s, %s, %s)", call.id, call.lease, native_id,
                        None if result is None else json.dumps(result), entity, key)

    def nack(self, call, retry_after, permanent, entity, key):
        return self.one("SELECT sim_nack(%s, %s, %s, %s, %s, %s, %s)", call.id, call.lease, "refused",
                        None if retry_after is None else f"{retry_after} s", permanent, entity, key)

    def extend(self, call, seconds, entity, key):
        return self.one("SELECT sim_extend(%s, %s, %s, %s)", call.lease, f"{seconds} s", entity, key)

    def redrive(self, row, entity, key):
        return self.one("SELECT sim_redrive(%s, %s, %s)", row["id"], entity, key)

    def resolve(self, row, winner, value, entity, key):
        return self.one("SELECT sim_resolve(%s, %s, %s, %s, %s, %s)", row["id"], winner,
                        None if winner is not None else json.dumps(value), row["revision"], entity, key)

    def state(self, entity, key):
        return self.one("SELECT sim_state(%s, %s)", entity, key)

    def forget(self):
        """After a failure: what it left must not reach the next history."""
        self.connection.close()
        self.connect()
        tables = self.one("SELECT string_agg(c.oid::regclass::text, ', ') FROM pg_class AS c JOIN pg_depend AS d "
                          "ON d.objid = c.oid AND d.deptype = 'e' WHERE c.relkind = 'r' AND c.relname <> 'sync_entity'")
        self.run(f"TRUNCATE {tables}")

    def crash(self):
        """The server stops as by a power cut, and comes back."""
        directory = self.one("SHOW data_directory")
        for action in (["-m", "immediate", "stop"], ["-l", os.path.join(directory, "simulation.log"), "start"]):
            subprocess.run(["pg_ctl", "-D", directory, "-w", "-s", *action], check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for _ in range(50):
            try:
                return self.connect()
            except psycopg2.OperationalError:
                time.sleep(0.1)
        raise RuntimeError("the server does not come back")
