"""What capturing the writes of a table costs, beside what one would do by hand or with pgq.

A table of 12 columns and about 400 bytes a row is written by bulk statements and by transactions of
one row: without a trigger, and with each kind of trigger in turn. The extension's does all that
sync_diff does: golden record, shadow, log and outbox. The others write one row of change log.
"""
import json
import os
import statistics
import subprocess
import tempfile

import extension
from harness import DATABASE, number, ratios, rotated, short, spread

POLICY = {
    'systems': {'app': {'key': 'id'}, 'crm': {'key': 'id'}},
    'fields': {
        'name': {}, 'email': {}, 'phone': {}, 'company': {}, 'title': {}, 'street': {},
        'city': {}, 'country': {}, 'plan': {},
        'amount': {'type': 'number'}, 'updated_at': {'type': 'timestamp'},
        'attrs': {'type': 'json'}},
    'window': '0 seconds'}

BASE = """
    CREATE TABLE bench.base (
        id bigint PRIMARY KEY, name text, email text, phone text, company text, title text,
        street text, city text, country text, plan text, amount numeric(12, 2),
        updated_at timestamptz, attrs jsonb);

    CREATE TABLE bench.log (
        id bigserial PRIMARY KEY, tbl text NOT NULL, record_key text NOT NULL, op text NOT NULL,
        change_set jsonb NOT NULL, new_hash text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now());

    CREATE FUNCTION bench.by_row() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        changes jsonb;
    BEGIN
        IF tg_op = 'UPDATE' THEN
            SELECT jsonb_object_agg(key, value) INTO changes FROM (
                SELECT key, value FROM jsonb_each(to_jsonb(new))
                EXCEPT SELECT key, value FROM jsonb_each(to_jsonb(old))) AS s;
            IF changes IS NULL THEN RETURN NULL; END IF;
        ELSE
            changes := to_jsonb(new);
        END IF;
        INSERT INTO bench.log (tbl, record_key, op, change_set, new_hash)
        VALUES (tg_table_name, new.id, tg_op, changes,
            encode(sha256(convert_to(to_jsonb(new)::text, 'UTF8')), 'hex'));
        RETURN NULL;
    END $$;

    CREATE FUNCTION bench.by_update() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO bench.log (tbl, record_key, op, change_set, new_hash)
        SELECT tg_table_name, s.id::text, tg_op, x.d, encode(sha256(convert_to(nj::text, 'UTF8')), 'hex')
        FROM (SELECT n.id, to_jsonb(n) AS nj, to_jsonb(o) AS oj FROM newtab n JOIN oldtab o ON o.id = n.id
              WHERE n IS DISTINCT FROM o OFFSET 0) AS s,
        LATERAL (SELECT jsonb_object_agg(a.key, a.value) AS d FROM jsonb_each(nj) a
                 WHERE a.value IS DISTINCT FROM oj -> a.key) AS x
        WHERE x.d IS NOT NULL;
        RETURN NULL;
    END $$;

    CREATE FUNCTION bench.by_insert() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO bench.log (tbl, record_key, op, change_set, new_hash)
        SELECT tg_table_name, n.id::text, tg_op, nj, encode(sha256(convert_to(nj::text, 'UTF8')), 'hex')
        FROM (SELECT id, to_jsonb(t) AS nj FROM newtab t OFFSET 0) AS n;
        RETURN NULL;
    END $$;
"""
ROWS = """
    INSERT INTO bench.base
    SELECT i, 'Contact Name ' || md5(i::text),
        'user' || i || '@' || substr(md5((i %% 5000)::text), 1, 12) || '.example.com',
        '+44 20 7' || lpad((i * 7919 %% 1000000)::text, 6, '0'),
        'Company ' || substr(md5((i %% 5000)::text), 1, 14) || ' Ltd',
        (ARRAY['Head of Sales', 'Engineer', 'Support Agent', 'Account Manager', 'Director'])[1 + i %% 5],
        (i %% 900 + 1) || ' ' || initcap(substr(md5((i %% 777)::text), 1, 12)) || ' Street',
        initcap(substr(md5((i %% 333)::text), 1, 9)),
        (ARRAY['United Kingdom', 'Germany', 'France', 'United States', 'Japan'])[1 + i %% 5],
        (ARRAY['free', 'team', 'business', 'enterprise'])[1 + i %% 4],
        (i * 37 %% 1000000)::numeric / 100,
        timestamptz '2026-01-01 00:00:00+00' + (i || ' seconds')::interval,
        jsonb_build_object('score', i %% 100, 'tags', jsonb_build_array('alpha', 'beta-' || i %% 17),
            'note', 'note ' || substr(md5(i::text), 1, 20), 'opt_in', i %% 2 = 0)
    FROM generate_series(1::bigint, %s) AS i
"""
FOR_ROW = """
    CREATE TRIGGER capture AFTER INSERT OR UPDATE OR DELETE ON bench.contacts
    FOR EACH ROW EXECUTE FUNCTION {}
"""
FOR_STATEMENT = """
    CREATE TRIGGER capture_update AFTER UPDATE ON bench.contacts
    REFERENCING OLD TABLE AS oldtab NEW TABLE AS newtab
    FOR EACH STATEMENT EXECUTE FUNCTION bench.by_update();
    CREATE TRIGGER capture_insert AFTER INSERT ON bench.contacts REFERENCING NEW TABLE AS newtab
    FOR EACH STATEMENT EXECUTE FUNCTION bench.by_insert()
"""
PGQ = "SELECT pgq.create_queue('bench');" + FOR_ROW
PGQ_END = "SELECT pgq.drop_queue('bench', true)"

CONTROL, OURS = 'no trigger', 'sync_attach'
LOGUTRIGA, BY_STATEMENT = 'pgq.logutriga', 'PL/pgSQL, statement'
NO_OP, UPDATE, INSERT = 'no-op UPDATE', 'UPDATE of one column', 'INSERT'
BOUNDS = {(UPDATE, LOGUTRIGA): 0.8, (INSERT, LOGUTRIGA): 0.9, (NO_OP, BY_STATEMENT): 1}


class Capture:
    """One column: what makes and what ends its triggers."""

    def __init__(self, name, begin='', end='', store=None):
        self.name, self.begin, self.end, self.store = name, begin, end, store


class TableStore(extension.ExtensionStore):
    """The extension's tables where both systems show every row of the table."""

    def fill(self):
        server = self.server
        server.run('SELECT sync_configure(%s, %s)', ('contact', json.dumps(POLICY)))
        for system in ('app', 'crm'):
            server.run("SELECT count(*) FROM sync_diff_from(%s, 'contact', 'bench.contacts', baseline => true)",
                       (system,))


def fill_table(server, count):
    server.run('DROP TABLE IF EXISTS bench.contacts')
    server.run('CREATE TABLE bench.contacts (LIKE bench.base INCLUDING ALL)')
    server.run('INSERT INTO bench.contacts SELECT * FROM bench.base WHERE id <= %s', (2 * count,))
    server.run('VACUUM ANALYZE bench.contacts')
    server.run('TRUNCATE bench.log')


def columns(server, count):
    """Those that this server has."""
    server.run(BASE)
    server.run(ROWS, (3 * count,))
    server.run('VACUUM ANALYZE bench.base')
    fill_table(server, count)
    installed = [Capture(CONTROL), Capture('PL/pgSQL, row', FOR_ROW.format('bench.by_row()')),
                 Capture(BY_STATEMENT, FOR_STATEMENT)]
    if server.rows("SELECT 1 FROM pg_available_extensions WHERE name = 'pgq'"):
        server.run('CREATE EXTENSION pgq')
        installed += [Capture(f'pgq.{kind}', PGQ.format(f"pgq.{kind}('bench')"), PGQ_END)
                      for kind in ('logutriga', 'sqltriga')]
    if extension.install(server):
        installed.append(Capture(OURS, "SELECT sync_attach('bench.contacts', 'app', 'contact')",
                                 store=TableStore(server)))
    return installed


def statements(count):
    return {
        NO_OP: f'UPDATE bench.contacts SET phone = phone WHERE id <= {count}',
        UPDATE: f"UPDATE bench.contacts SET phone = phone || '9' WHERE id > {count} AND id <= {2 * count}",
        INSERT: f'INSERT INTO bench.contacts SELECT * FROM bench.base WHERE id > {2 * count} AND id <= {3 * count}'}


def one_row(count, seconds):
    """Transactions a second of two clients that each update one row at a time."""
    with tempfile.NamedTemporaryFile('w', suffix='.sql') as script:
        script.write(f"\\set id random(1, {2 * count})\n\\set r random(1, 1000000000)\n"
                     "UPDATE bench.contacts SET phone = '+44 ' || :r WHERE id = :id;\n")
        script.flush()
        done = subprocess.run(
            ['pgbench', '-n', '-M', 'prepared', '-c', '2', '-j', '2', '-T', str(seconds), '-f', script.name, DATABASE],
            env={**os.environ, 'PGOPTIONS': '-c synchronous_commit=off'},
            check=True, capture_output=True, text=True)
    return float(next(line for line in done.stdout.splitlines() if line.startswith('tps')).split()[2])


def run(server, column, count, seconds):
    """Microseconds a row of each statement, and transactions a second."""
    fill_table(server, count)
    if column.store:
        column.store.reset()
        column.store.is_dirty = True
    if column.begin:
        server.run(column.begin)
    spent = {}
    for name, sql in statements(count).items():
        start = server.clock()
        server.run(sql)
        spent[name] = (server.clock() - start) / count
    if column.store and column.store.changes_waiting() != 2 * count:
        raise RuntimeError(f'{column.name}: not exactly the changed rows wait')
    rate = one_row(count, seconds)
    if column.end:
        server.run(column.end)
    return spent, rate


APPLY = 'sync_apply of an UPDATE'
PLAIN = """
    UPDATE bench.plain AS t SET phone = s.phone || '8' FROM bench.contacts AS s
    WHERE s.id = t.id AND s.id <= {}
"""


def applied(server, store, count):
    """Microseconds a row: what one attached table has changed, applied to another; and a plain
    UPDATE ... FROM of the same rows."""
    fill_table(server, count)
    store.reset()
    store.is_dirty = True
    for name in ('other', 'plain'):
        server.run(f'DROP TABLE IF EXISTS bench.{name}')
        server.run(f'CREATE TABLE bench.{name} (LIKE bench.contacts INCLUDING ALL)')
        server.run(f'INSERT INTO bench.{name} TABLE bench.contacts')
        server.run(f'VACUUM ANALYZE bench.{name}')
    server.run("SELECT sync_attach('bench.contacts', 'app', 'contact'), sync_attach('bench.other', 'crm', 'contact')")
    server.run(f"UPDATE bench.contacts SET phone = phone || '9' WHERE id <= {count}")
    start = server.clock()
    done = server.value("SELECT sync_apply('crm', %s)", (count,))
    ours = (server.clock() - start) / count
    if done != count or store.changes_waiting() != 0:
        raise RuntimeError('sync_apply: not exactly the changed rows were applied')
    start = server.clock()
    server.run(PLAIN.format(count))
    plain = (server.clock() - start) / count
    server.run("SELECT sync_detach('bench.other')")
    return ours, plain


def measure_apply(server, installed, count, rounds):
    """Per round both figures; none where the extension is not there."""
    stores = [column.store for column in installed if column.store]
    return [applied(server, stores[0], count) for _ in range(rounds)] if stores else []


def apply_rows(results):
    yield [APPLY, spread([ours for ours, _ in results])]
    yield ['plain UPDATE ... FROM', spread([plain for _, plain in results])]


def measure(server, installed, count, rounds):
    spent = {column.name: {} for column in installed}
    rates = {column.name: [] for column in installed}
    for turn in range(rounds):
        for column in rotated(installed, turn):
            of_statement, rate = run(server, column, count, number('SECONDS', 5))
            rates[column.name].append(rate)
            for name, figure in of_statement.items():
                spent[column.name].setdefault(name, []).append(figure)
    return spent, rates


def added(spent, column, statement):
    """Microseconds a row over no trigger, per round."""
    return [a - b for a, b in zip(spent[column][statement], spent[CONTROL][statement])]


def rows(spent):
    for statement in (NO_OP, UPDATE, INSERT):
        yield [statement, CONTROL, spread(spent[CONTROL][statement]), '']
        for column in spent:
            if column != CONTROL:
                yield [statement, column, spread(spent[column][statement]), spread(added(spent, column, statement))]


def rate_rows(rates):
    for column, figures in rates.items():
        yield [column, short(statistics.median(figures)), spread(ratios(figures, rates[CONTROL]))]


def goals(spent, rates, results):
    if OURS not in spent:
        return
    yield ('sync_apply: speed of a plain UPDATE ... FROM', [plain / ours for ours, plain in results], '>=', 0.5)
    for (statement, other), bound in BOUNDS.items():
        if other in spent:
            yield (f'{statement}: added by {OURS} / by {other}',
                   ratios(added(spent, OURS, statement), added(spent, other, statement)), '<=', bound)
    yield (f'one row a transaction: {OURS} / {CONTROL}', ratios(rates[OURS], rates[CONTROL]), '>=', 0.6)
