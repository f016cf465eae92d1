#!/usr/bin/python3
"""A worker whose target is a table of the same server, and who does all that workers may do: it
acknowledges row by row or by lease, gives rows back, gives up on them, asks for more time, forgets
the time, and dies at any point of it. The target takes each idempotency key once."""

import json
import os
import random
import signal
import time

import psycopg2

LEASE = 6       # seconds
CLAIM = """SELECT id, lease, record_key, action, change_set, idempotency_key, attempt
           FROM sync_poll('warehouse', %s, make_interval(secs => %s), 'sql')"""
dice = random.Random()


def may_die():
    if dice.random() < 0.003:
        os.kill(os.getpid(), signal.SIGKILL)


class Worker:
    def __init__(self):
        self.connection = psycopg2.connect('')
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()

    def run(self, sql, *values):
        self.cursor.execute(sql, values)
        return self.cursor.fetchone()[0]

    def apply(self, row):
        """Once for each key; warehouse.take says what is wrong with a call."""
        _, _, record_key, action, change_set, key, _ = row
        self.run('SELECT warehouse.take(%s, %s, %s, %s)', record_key, action, json.dumps(change_set), key)

    def fail(self, row):
        wait = dice.choice((None, '0', '0.3 s', '2 s'))
        self.run('SELECT sync_nack(%s, %s, %s, %s, %s)', row[0], row[1], 'no luck', wait, dice.random() < 0.2)

    def carry(self, rows, deadline):
        """Gives the ids of what is to be acknowledged together."""
        together = []
        for row in rows:
            may_die()
            if dice.random() < 0.01:
                deadline += 3 if self.run("SELECT sync_extend(%s, '3 s')", row[1]) else 0
                time.sleep(1)
            if time.monotonic() > deadline or dice.random() < 0.05:
                self.fail(row)
                continue
            self.apply(row)
            may_die()
            if dice.random() < 0.002:
                time.sleep(LEASE + 1)
            if dice.random() < 0.5:
                self.run('SELECT sync_ack(%s, %s, %s, %s)', row[0], row[1], None, None)
            else:
                together.append(row[0])
        return together

    def work(self):
        while True:
            began = time.monotonic()
            self.cursor.execute(CLAIM, (dice.choice((1, 10, 50)), LEASE))
            rows = self.cursor.fetchall()
            may_die()
            together = self.carry(rows, began + LEASE / 2)
            if together:
                self.run('SELECT sync_ack(%s, %s)', rows[0][1], together)
            if not rows:
                time.sleep(0.1)


while True:
    try:
        Worker().work()
    except psycopg2.OperationalError:
        time.sleep(0.2)
