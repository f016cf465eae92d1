"""One record a call: prepared statements over libpq itself, as a driver would send them.

psycopg2 has no server-side prepared statements; an EXECUTE with the record in its text
would measure the lexer of SQL too.
"""
import ctypes
import ctypes.util
import statistics
import time

import inputs
from harness import DATABASE, SESSION, ratios, rotated, spread

COMMAND_OK, TUPLES_OK = 1, 2
BLOCKS = 20
EMPTY = 'empty round trip'
BOUNDS = {'sync_diff, unchanged': 1.6, 'sync_diff, changed': 3.0}


class Wire:
    """A libpq connection that runs prepared statements of one text parameter."""

    def __init__(self):
        self.pq = ctypes.CDLL(ctypes.util.find_library('pq'))
        for name in ('PQconnectdb', 'PQexec', 'PQprepare', 'PQexecPrepared'):
            getattr(self.pq, name).restype = ctypes.c_void_p
        for name in ('PQerrorMessage', 'PQresultErrorMessage'):
            getattr(self.pq, name).restype = ctypes.c_char_p
        self.connection = ctypes.c_void_p(self.pq.PQconnectdb(f'dbname={DATABASE}'.encode()))
        if self.pq.PQstatus(self.connection) != 0:
            raise RuntimeError(self.pq.PQerrorMessage(self.connection).decode())
        self.pid = self.pq.PQbackendPID(self.connection)
        for statement in (SESSION + '; SET synchronous_commit = off').split(';'):
            self.take(self.pq.PQexec(self.connection, statement.encode()))

    def take(self, result):
        """Frees a result; an error of the server is one here."""
        result = ctypes.c_void_p(result)
        if self.pq.PQresultStatus(result) not in (COMMAND_OK, TUPLES_OK):
            raise RuntimeError(self.pq.PQresultErrorMessage(result).decode())
        self.pq.PQclear(result)

    def prepare(self, name, sql):
        self.take(self.pq.PQprepare(self.connection, name.encode(), sql.encode(), 0, None))

    def call(self, name, payloads):
        """Executes a prepared statement for each payload; microseconds a call."""
        values = [(ctypes.c_char_p * 1)(payload) for payload in payloads]
        connection, execute, take = self.connection, self.pq.PQexecPrepared, self.take
        name = name.encode()
        start = time.perf_counter()
        for value in values:
            take(execute(connection, name, 1, value, None, None, 0))
        return (time.perf_counter() - start) / len(values) * 1e6

    def close(self):
        self.pq.PQfinish(self.connection)


def statements(has_extension):
    """Per line of the table: its SQL and whether it is sent changed records."""
    lines = {EMPTY: ('SELECT length($1)', False),
             'PL/pgSQL function, unchanged': ('SELECT peer.sync_one($1)', False),
             'PL/pgSQL function, changed': ('SELECT peer.sync_one($1)', True)}
    if has_extension:
        ours = "SELECT * FROM sync_diff('crm', 'contact', $1)"
        lines['sync_diff, unchanged'] = (ours, False)
        lines['sync_diff, changed'] = (ours, True)
    return lines


def measure(columns, count, rounds):
    """Microseconds a call per line and round. No record is changed twice, and none that is
    sent unchanged was changed before: those come from the other half."""
    for column in columns:
        if column.store:
            column.store.reset()
            column.store.is_dirty = True
    lines = statements(any(column.name == 'sync_diff' for column in columns))
    wire = Wire()
    for name, (sql, _) in lines.items():
        wire.prepare(name, sql)
    half = count // 2
    size = min(100, half // ((rounds + 1) * BLOCKS))
    results = {name: [] for name in lines}
    for turn in range(rounds + 1):
        spent = one_round(wire, lines, range(turn * BLOCKS, (turn + 1) * BLOCKS), (size, half))
        if turn > 0:                       # round 0 warms the caches
            for name, of_blocks in spent.items():
                results[name].append(statistics.median(of_blocks))
    wire.close()
    check(columns, (rounds + 1) * BLOCKS * size)
    return results


def check(columns, changed):
    for column in columns:
        if column.name not in ('sync_diff', 'PL/pgSQL loop'):
            continue
        if column.store.changes_waiting() != changed:
            raise RuntimeError(f'{column.name}: not exactly the changed records wait')


def one_round(wire, lines, blocks, sizes):
    """Microseconds a call of each block of calls, per line; all lines in turn in every block."""
    size, half = sizes
    spent = {name: [] for name in lines}
    for block in blocks:
        numbers = range(block * size, (block + 1) * size)
        same = [inputs.record(i).encode() for i in numbers]
        changed = [inputs.record(half + i, True).encode() for i in numbers]
        for name in rotated(list(lines), block):
            spent[name].append(wire.call(name, changed if lines[name][1] else same))
    return spent


def rows(results):
    for name, times in results.items():
        yield [name, spread(times), spread(ratios(times, results[EMPTY]))]


def goals(results):
    for name, bound in BOUNDS.items():
        yield (f'one record a call: {name} / {EMPTY}',
               ratios(results[name], results[EMPTY]), '<=', bound)
