"""A connection to the database that PGDATABASE etc. name, each statement a transaction."""

import psycopg2


class Database:
    def __init__(self):
        self.connection = psycopg2.connect('')
        self.connection.autocommit = True

    def rows(self, sql, *values):
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, sql, *values):
        return self.rows(sql, *values)[0][0]
