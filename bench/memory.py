"""How far a backend's own memory grows in one call with ten times the records."""
import concurrent.futures
import time

from calls import Wire
from harness import Server, short

SAMPLE_SECONDS = 0.005
FREE = 64 * 1024 * 1024
MILLION = {
    'unchanged': (0, 'records'),
    'each changed once': (100, 'records'),
    'all new': (0, """replace(records, '"c-', '"n' || i || '-')""")}
READ = "SELECT length(records) FROM bench.million WHERE name = '{}'"
OURS = """SELECT count(*) FROM bench.million m, sync_diff('crm', 'contact', m.records)
          WHERE m.name = '{}'"""


def load(server, times):
    """The records several times over in one array each."""
    server.run('CREATE UNLOGGED TABLE bench.million (name text, records text)')
    server.run('ALTER TABLE bench.million ALTER records SET STORAGE EXTERNAL')
    for name, (share, copy) in MILLION.items():
        server.run(f"""
            INSERT INTO bench.million
            SELECT '{name}', '[' || string_agg(btrim({copy}, '[]'), ',') || ']'
            FROM bench.whole, generate_series(1, {times}) i WHERE share = {share}""")


def private_memory(pid):
    """Bytes of a backend's own memory: neither shared buffers nor files."""
    with open(f'/proc/{pid}/status', encoding='ascii') as file:
        for line in file:
            if line.startswith('RssAnon:'):
                return int(line.split()[1]) * 1024
    raise RuntimeError('this kernel does not tell RssAnon')


def growth(pid, work):
    """By how many bytes a backend's own memory grew at most while the work was done."""
    start = peak = private_memory(pid)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        done = pool.submit(work)
        while not done.done():
            peak = max(peak, private_memory(pid))
            time.sleep(SAMPLE_SECONDS)
        done.result()
    return peak - start


def of_table_call(sql):
    """The growth of a fresh backend that runs the query once."""
    server = Server()
    grown = growth(server.pid, lambda: server.run(sql))
    server.close()
    return grown


def of_parameter_call(sql, payload):
    """The same, of a prepared statement whose parameter the records are."""
    wire = Wire()
    wire.prepare('once', sql)
    grown = growth(wire.pid, lambda: wire.call('once', [payload]))
    wire.close()
    return grown


def measure(server, store, times):
    """What was called, bytes of its text, bytes of growth; without a store only the limits."""
    load(server, times)
    payload = server.value("SELECT records FROM bench.million WHERE name = 'unchanged'").encode()
    lines = [('limit: read from a table', len(payload), of_table_call(READ.format('unchanged'))),
             ('limit: take as a parameter', len(payload),
              of_parameter_call('SELECT length($1)', payload))]
    if store is None:
        return lines
    for name, size in server.rows('SELECT name, octet_length(records) FROM bench.million'):
        store.reset()
        store.is_dirty = True
        lines.append((f'sync_diff, from a table, {name}', size, of_table_call(OURS.format(name))))
    store.reset()
    lines.append(('sync_diff, as a parameter, unchanged', len(payload), of_parameter_call(
        "SELECT count(*) FROM sync_diff('crm', 'contact', $1)", payload)))
    return lines


def rows(lines):
    for name, size, grown in lines:
        yield [name, short(size / 1e6), short(grown / 1e6), short(max(grown - FREE, 0) / size)]


def goals(lines):
    """Of the calls from a table: the server alone keeps a parameter more than twice."""
    for name, size, grown in lines:
        if name.startswith('sync_diff, from a table'):
            yield (f'memory: {name}: (growth - 64 MB) / text',
                   [max(grown - FREE, 0) / size], '<=', 2.0)
