"""Connections, clocks and statistics that every part of the benchmark shares.

Two figures are only ever compared inside one round; what is printed is the median of the
rounds and their range.
"""
import os
import statistics
import time

import psycopg2

DATABASE = 'sync_ledger_bench'
SESSION = """
    SET jit = off;
    SET max_parallel_workers_per_gather = 0;
    SET client_min_messages = warning;
    SET work_mem = '64MB';
    SET maintenance_work_mem = '256MB';
    SET TimeZone = 'UTC'
"""


def number(name, default):
    """A whole number from the environment."""
    return int(os.environ.get(name, default))


class Server:
    """A connection to the benchmark's own database, in autocommit."""

    def __init__(self, database=DATABASE):
        self.connection = psycopg2.connect(dbname=database)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.pid = self.connection.get_backend_pid()
        self.run(SESSION)

    def run(self, sql, args=None):
        self.cursor.execute(sql, args)

    def rows(self, sql, args=None):
        self.run(sql, args)
        return self.cursor.fetchall()

    def value(self, sql, args=None):
        return self.rows(sql, args)[0][0]

    def clock(self):
        """Microseconds: of the wall, or of this backend's CPU time with CLOCK=cpu."""
        if os.environ.get('CLOCK') == 'cpu':
            with open(f'/proc/{self.pid}/schedstat', encoding='ascii') as file:
                return int(file.read().split()[0]) / 1e3
        return time.perf_counter() * 1e6

    def timed(self, sql):
        """What the query returns, its microseconds, and the bytes of WAL it wrote."""
        before = self.value('SELECT pg_current_wal_insert_lsn()')
        start = self.clock()
        value = self.value(sql)
        spent = self.clock() - start
        wal = self.value('SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), %s)', (before,))
        return value, spent, int(wal)

    def own_wal(self, sql):
        """The bytes of WAL that this backend alone writes for the query."""
        plan = self.value(f'EXPLAIN (ANALYZE, WAL, TIMING OFF, FORMAT JSON) {sql}')
        return plan[0]['Plan']['WAL Bytes']

    def close(self):
        self.connection.close()


def fresh_database():
    """Makes the benchmark's own database, so that no other one is touched."""
    drop_database()
    server = Server(os.environ.get('PGDATABASE', 'postgres'))
    server.run(f'CREATE DATABASE {DATABASE} TEMPLATE template0')
    server.close()
    server = Server()
    server.run('CREATE SCHEMA bench')
    return server


def drop_database():
    server = Server(os.environ.get('PGDATABASE', 'postgres'))
    server.run(f'DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)')
    server.close()


def rotated(items, by):
    """The items, beginning elsewhere in every round, so that no place is a privilege."""
    by %= len(items)
    return items[by:] + items[:by]


def ratios(above, below):
    """One ratio per round."""
    return [a / b for a, b in zip(above, below)]


def short(figure):
    if figure == 0:
        return '0'
    decimals = 0 if figure >= 100 else 1 if figure >= 10 else 2
    return f'{figure:.{decimals}f}'


def spread(figures):
    """median (min-max)"""
    return f'{short(statistics.median(figures))} ({short(min(figures))}-{short(max(figures))})'


def table(head, rows):
    """A markdown table."""
    lines = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    lines.insert(1, ['-' * width for width in widths])
    padded = ('| ' + ' | '.join(cell.ljust(width) for cell, width in zip(line, widths)) + ' |'
              for line in lines)
    return '\n'.join(padded) + '\n'
