"""What a whole table costs by sync_diff_from, beside the same rows by sync_diff.

ROWS rows, all of which the extension knows already. Both columns read rows that lie all over
the table, so neither has the better cache.
"""
import json

import capture
from harness import short, spread
from memory import growth

CHUNK = 1000
TABLES = """
    CREATE UNLOGGED TABLE bench.chunks (number integer, records text);
    ALTER TABLE bench.chunks ALTER records SET STORAGE EXTERNAL;
    CREATE VIEW bench.tenth AS SELECT * FROM bench.base WHERE id <= (SELECT max(id) / 10 FROM bench.base)
"""
CHUNKS = """
    INSERT INTO bench.chunks
    SELECT c, (SELECT json_agg(to_jsonb(b)) FROM bench.base b WHERE b.id > c * %s AND b.id <= c * %s + 1000)
    FROM generate_series(0, %s - 1) c
"""
BY_TABLE = "SELECT count(*) FROM sync_diff_from('app', 'contact', '{}')"
BY_CALLS = "SELECT count(*) FROM bench.chunks c, sync_diff('app', 'contact', c.records)"
FIRST_LOAD = "SELECT count(*) FROM sync_diff_from('app', 'contact', 'bench.base', baseline => true)"
TABLE, CALLS, LOAD = 'sync_diff_from', 'sync_diff, 1000 a call', 'sync_diff_from, first load'


def measure(server, size, count, rounds):
    """{statement: µs a row of each round}, {what was read: bytes by which the backend grew}."""
    server.run('CREATE EXTENSION sync_ledger')
    server.run(capture.BASE)
    server.run(capture.ROWS, (size,))
    server.run(TABLES)
    server.run(CHUNKS, (size * CHUNK // count, size * CHUNK // count, count // CHUNK))
    server.run('VACUUM ANALYZE bench.base')
    server.run('SELECT sync_configure(%s, %s)', ('contact', json.dumps(capture.POLICY)))
    spent = {LOAD: [server.timed(FIRST_LOAD)[1] / size], TABLE: [], CALLS: []}
    server.run('VACUUM ANALYZE sync_state')
    for _ in range(rounds):
        for name, sql, rows in ((TABLE, BY_TABLE.format('bench.base'), size), (CALLS, BY_CALLS, count)):
            found, microseconds, _ = server.timed(sql)
            if found:
                raise RuntimeError(f'{name}: {found} rows are not unchanged')
            spent[name].append(microseconds / rows)
    return spent, {name: of_fresh_backend(server, BY_TABLE.format(name)) for name in ('bench.tenth', 'bench.base')}


def of_fresh_backend(server, sql):
    fresh = type(server)()
    grown = growth(fresh.pid, lambda: fresh.run(sql))
    fresh.close()
    return grown


def rows(spent, grown, size):
    for name, figures in spent.items():
        yield [name, spread(figures), '']
    for name, figure in grown.items():
        share = size if name == 'bench.base' else size // 10
        yield [f'{TABLE}, {share} rows', '', short(figure / 1e6)]


def goals(spent, grown):
    yield ('sync_diff_from: µs a row / sync_diff', [a / b for a, b in zip(spent[TABLE], spent[CALLS])], '<=', 1.0)
    yield ('sync_diff_from: growth of all rows / of a tenth', [grown['bench.base'] / max(grown['bench.tenth'], 1)], '<=', 1.1)
