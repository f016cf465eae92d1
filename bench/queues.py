"""The queues that sync_poll and sync_ack are measured beside.

Each gives a pgbench script that claims :b messages of about 300 bytes, ships them to the
client and acknowledges them, and one that brings :b more. What sync_ack does besides
(ledger, shadow, log) the others do not do at all.
"""
import json
import os

BATCH_OF_LOAD = 1000
POLICY = {'systems': ['crm', 'support'], 'window': '0 seconds',
          'fields': {'email': {}, 'phone': {}, 'street': {}, 'hash': {}, 'note': {}}}
MESSAGES = """
    CREATE FUNCTION bench.message(i bigint, v bigint) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
        SELECT jsonb_build_object('record_key', 'c-' || i,
            'email', 'user' || i || '.' || v || '@c4ca4238a0b9.example.com',
            'phone', '+44 20 700' || i || '-' || v,
            'street', i || ' C4ca4238a0b9 Street, Building ' || v,
            'hash', md5(i || ' ' || v) || md5(v || ' ' || i),
            'note', 'Upper Street upon Avon, second door to the left ' || v)
    $$;
    CREATE FUNCTION bench.messages(first bigint, n bigint, v bigint) RETURNS text
    LANGUAGE sql IMMUTABLE AS $$
        SELECT json_agg(bench.message(i, v))::text FROM generate_series(first, first + n - 1) i
    $$
"""


class Ledger:
    """The extension: every record is known to both systems, and crm has changed it."""
    name = 'sync_ledger'
    poll = """
SELECT coalesce(max(lease), 0) AS lease, coalesce(string_agg(payload::text, ' '), '') AS payloads
FROM sync_poll('support', :b) \\gset
SELECT sync_ack(:lease);
"""
    bring = """
\\set k random(1, :records - :b)
\\set last :k + :b - 1
\\set v random(2, 1000000000)
SELECT count(*) FROM sync_diff('crm', 'message', bench.messages(:k, :b, :v));
"""

    def __init__(self, server):
        self.server = server
        self.saved = set()
        server.run('CREATE EXTENSION sync_ledger')
        server.run('SELECT sync_configure(%s, %s)', ('message', json.dumps(POLICY)))
        self.tables = [name for name, in server.rows("""
            SELECT c.oid::regclass::text FROM pg_depend d JOIN pg_class c ON c.oid = d.objid
            WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND c.relkind = 'r'
              AND d.classid = 'pg_class'::regclass AND c.relname <> 'sync_entity'
              AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'sync_ledger')""")]

    def show(self, system, count, version, options):
        self.server.run(f"""
            SELECT count(*) FROM generate_series(0, {count // BATCH_OF_LOAD - 1}) g,
                sync_diff(%s, 'message',
                    bench.messages(g * {BATCH_OF_LOAD} + 1, {BATCH_OF_LOAD}, %s){options})""",
                        (system, version))

    def fill(self, count):
        """The same records in the same order in packed tables, all of them waiting."""
        server = self.server
        server.run('TRUNCATE ' + ', '.join(self.tables))
        if count not in self.saved:
            self.show('support', count, 0, ', baseline => true')
            self.show('crm', count, 0, ', baseline => true')
            self.show('crm', count, 1, '')
            for table in ('sync_state', 'sync_outbox'):
                server.run(f'CREATE UNLOGGED TABLE bench.{table}_{count} AS TABLE {table}')
            self.saved.add(count)
            server.run('TRUNCATE ' + ', '.join(self.tables))
        for table in ('sync_state', 'sync_outbox'):
            server.run(f'INSERT INTO {table} TABLE bench.{table}_{count}')
            server.run(f'VACUUM (FREEZE, ANALYZE) {table}')

    def left(self):
        return self.server.value('SELECT count(*) FROM sync_outbox')


class SkipLocked:
    """What one would write by hand."""
    ordered = """AND NOT EXISTS (SELECT 1 FROM bench.{0} b
        WHERE b.record_key = a.record_key AND b.id < a.id)"""

    def __init__(self, server, is_ordered):
        self.server = server
        self.table = 'keyed' if is_ordered else 'plain'
        self.name = 'SKIP LOCKED, order per key' if is_ordered else 'SKIP LOCKED'
        where = self.ordered.format(self.table) if is_ordered else ''
        server.run(f"""
            CREATE TABLE bench.{self.table} (
                id bigserial PRIMARY KEY, record_key text NOT NULL,
                status text NOT NULL DEFAULT 'ready', available_at timestamptz NOT NULL DEFAULT now(),
                lease_owner integer, lease_until timestamptz, attempts integer NOT NULL DEFAULT 0,
                payload jsonb NOT NULL);
            CREATE INDEX ON bench.{self.table} (id) WHERE status = 'ready'""")
        if is_ordered:
            server.run(f'CREATE INDEX ON bench.{self.table} (record_key, id)')
        self.poll = f"""
WITH c AS MATERIALIZED (
    SELECT a.id FROM bench.{self.table} a
    WHERE a.status = 'ready' AND a.available_at <= now() {where}
    ORDER BY a.id LIMIT :b FOR UPDATE OF a SKIP LOCKED
), u AS (
    UPDATE bench.{self.table} q SET status = 'leased', lease_owner = :client_id,
        lease_until = now() + interval '30 s', attempts = q.attempts + 1
    FROM c WHERE q.id = c.id RETURNING q.id, q.payload)
SELECT coalesce(array_agg(id), '{{}}') AS ids, coalesce(string_agg(payload::text, ' '), '') AS payloads
FROM u \\gset
DELETE FROM bench.{self.table} WHERE id = ANY (CAST(:ids AS bigint[]));
"""
        self.bring = f"""
\\set k random(1, :records - :b)
\\set last :k + :b - 1
\\set v random(2, 1000000000)
INSERT INTO bench.{self.table} (record_key, payload)
SELECT 'c-' || i, bench.message(i, :v) FROM generate_series(CAST(:k AS bigint), :last) i;
"""

    def fill(self, count):
        self.server.run(f'TRUNCATE bench.{self.table} RESTART IDENTITY')
        self.server.run(f"""INSERT INTO bench.{self.table} (record_key, payload)
            SELECT 'c-' || i, bench.message(i, 1) FROM generate_series(1, {count}) i""")
        self.server.run(f'VACUUM (FREEZE, ANALYZE) bench.{self.table}')

    def left(self):
        return self.server.value(f'SELECT count(*) FROM bench.{self.table}')


class Pgq:
    """A batch is what lies between two ticks; one consumer, so each worker has its queue."""
    name = 'pgq, a queue per worker'
    workers = 2
    poll = """
SELECT coalesce(pgq.next_batch('bench' || :client_id, 'worker'), 0) AS batch \\gset
\\if :batch <> 0
SELECT count(*) AS n, coalesce(string_agg(ev_data, ' '), '') AS payloads
FROM pgq.get_batch_events(:batch) \\gset
SELECT pgq.finish_batch(:batch);
\\endif
"""

    def __init__(self, server):
        self.server = server
        server.run('CREATE EXTENSION pgq')
        server.run("""
            CREATE PROCEDURE bench.load_pgq(queue text, first bigint, n bigint, size bigint)
            LANGUAGE plpgsql AS $$
            BEGIN
                FOR i IN 0 .. n / size - 1 LOOP
                    PERFORM pgq.insert_event(queue, 'update',
                        bench.message(first + i * size + j, 1)::text)
                    FROM generate_series(0, size - 1) j;
                    COMMIT;
                    PERFORM pgq.ticker(queue);
                    COMMIT;
                END LOOP;
            END $$""")
        self.is_made = False

    def fill_batches(self, count, size, workers):
        server = self.server
        for worker in range(self.workers):
            queue = f'bench{worker}'
            if self.is_made:
                server.run('SELECT pgq.drop_queue(%s, true)', (queue,))
            server.run('SELECT pgq.create_queue(%s)', (queue,))
            server.run("SELECT pgq.register_consumer(%s, 'worker')", (queue,))
            server.run("""SELECT pgq.set_queue_config(%s, 'ticker_max_count', '1'),
                                 pgq.set_queue_config(%s, 'ticker_max_lag', '0')""",
                       (queue, queue))
            if worker < workers:
                server.run('CALL bench.load_pgq(%s, 1, %s, %s)',
                           (queue, count // workers, size))
        self.is_made = True
        server.run('VACUUM ANALYZE pgq.tick')


class Pgmq:
    """pgmq, from the SQL file that PGMQ_SQL names."""
    name = 'pgmq, read and delete'
    poll = """
SELECT coalesce(array_agg(msg_id), '{}') AS ids, coalesce(string_agg(message::text, ' '), '') AS payloads
FROM pgmq.read('bench', 30, CAST(:b AS integer)) \\gset
SELECT count(*) FROM pgmq.delete('bench', CAST(:ids AS bigint[]));
"""
    bring = """
\\set k random(1, :records - :b)
\\set last :k + :b - 1
\\set v random(2, 1000000000)
SELECT count(*) FROM pgmq.send_batch('bench',
    ARRAY(SELECT bench.message(i, :v) FROM generate_series(CAST(:k AS bigint), :last) i));
"""

    def __init__(self, server):
        self.server = server
        with open(os.environ['PGMQ_SQL'], encoding='utf-8') as file:
            server.cursor.execute(file.read())
        server.run("SELECT pgmq.create('bench')")

    def fill(self, count):
        self.server.run("SELECT pgmq.purge_queue('bench')")
        self.server.run(f"""
            SELECT count(*) FROM generate_series(0, {count // BATCH_OF_LOAD - 1}) g,
                pgmq.send_batch('bench', ARRAY(SELECT bench.message(g * {BATCH_OF_LOAD} + j, 1)
                                               FROM generate_series(1, {BATCH_OF_LOAD}) j))""")
        self.server.run('VACUUM (FREEZE, ANALYZE) pgmq.q_bench')

    def left(self):
        return self.server.value('SELECT count(*) FROM pgmq.q_bench')


def install(server):
    """The queues that this server has, ours first."""
    server.run(MESSAGES)
    has = {name for name, in server.rows('SELECT name FROM pg_available_extensions')}
    queues = [SkipLocked(server, True), SkipLocked(server, False)]
    if 'sync_ledger' in has:
        queues.insert(0, Ledger(server))
    if 'pgq' in has:
        queues.append(Pgq(server))
    if os.environ.get('PGMQ_SQL'):
        queues.append(Pgmq(server))
    wanted = os.environ.get('QUEUES', '')
    return [queue for queue in queues if any(queue.name.startswith(name.strip()) for name in wanted.split(';'))]
