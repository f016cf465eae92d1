"""A database of the demonstration's own, with the extension in it, gone when it is left."""
import os

import psycopg2
import psycopg2.extras

DATABASE = f'sync_ledger_demo_{os.getpid()}'
# nobody listens here, and a crash would lose nothing that is kept
SESSION = """
    SET client_min_messages = warning;
    SET synchronous_commit = off;
    SET sync_ledger.notify = off;
    SET TimeZone = 'UTC'
"""


def literal(value):
    """A value as it stands in a statement that a human reads."""
    if value is None:
        return 'NULL'
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace("'", "''") + "'"


def run_outside(sql):
    connection = psycopg2.connect(dbname=os.environ.get('PGDATABASE', 'postgres'))
    connection.autocommit = True
    try:
        connection.cursor().execute(sql)
    finally:
        connection.close()


class Book:
    """A connection to it, in autocommit: each call is a transaction, as a worker's are."""

    def __enter__(self):
        run_outside(f'DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)')
        run_outside(f"CREATE DATABASE {DATABASE} TEMPLATE template0 ENCODING 'UTF8'")
        self.connection = psycopg2.connect(dbname=DATABASE)
        self.connection.autocommit = True
        self.cursor = self.connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor)
        self.run('CREATE EXTENSION sync_ledger')
        self.run(SESSION)
        return self

    def __exit__(self, *_):
        self.connection.close()
        run_outside(f'DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)')

    def run(self, sql, args=None):
        self.cursor.execute(sql, args)

    def rows(self, sql, args=None):
        self.run(sql, args)
        return self.cursor.fetchall()

    def value(self, sql, args=None):
        return next(iter(self.rows(sql, args)[0].values()))
