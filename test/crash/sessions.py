"""The load: sessions that call everything that writes the book, each of which remembers what it was
told.  A call whose connection ended before its answer came is of unknown outcome: what became of it
is read from the book after the crash (faults.py), and must be all of it or nothing."""

import collections
import json
import threading
import time

import psycopg2

LOST = 'lost'               # the connection ended before the answer came
LEASES = ('1 hour', '1 hour', '1 hour', '2 seconds')
EXPECTED_ERRORS = ('40P01', '55P03', '57014')   # a deadlock, a lock timeout, cancelled: the caller repeats


class Session(threading.Thread):
    """One connection after the other; an act at a time, until the book is to be looked at."""

    def __init__(self, load, name):
        super().__init__(daemon=True)
        self.load, self.name = load, name
        self.dice = load.new_dice(name)
        self.connection = None
        self.is_parked = False
        self.has_lost = False       # waits until it is known what became of its last call
        self.said = collections.Counter()
        self.faults = []

    def run(self):
        while True:
            self.is_parked = self.has_lost or not self.load.gate.is_set()
            while self.has_lost:
                time.sleep(0.01)
            self.load.gate.wait()
            self.is_parked = False
            if self.load.is_over:
                return
            self.turn()

    def turn(self):
        try:
            if self.connection is None:
                self.connect()
            self.act()
        except psycopg2.Error as error:
            if self.connection is not None and not self.connection.closed:
                self.failed(error)
            else:
                self.connection = None
                self.load.sleep(self.dice, 0.1)

    def failed(self, error):
        self.run_sql('ROLLBACK')
        self.said[f'error {error.pgcode}'] += 1
        if error.pgcode not in EXPECTED_ERRORS:
            self.faults.append(f'{self.name}: {error}')

    def connect(self):
        self.connection = psycopg2.connect('', application_name=self.name)
        self.connection.autocommit = True
        self.run_sql("SET lock_timeout = '3s'")

    def run_sql(self, sql, *values):
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    def call(self, what, sql, *values):
        """Rows, None where it failed and did nothing, or LOST."""
        try:
            rows = self.run_sql(sql, *values)
        except psycopg2.Error as error:
            if self.connection.closed:
                self.connection = None
                self.has_lost = True
                self.said[f'{what}: lost'] += 1
                return LOST
            self.failed(error)
            return None
        self.said[what] += 1
        return rows


class Human(Session):
    """Edits one field of the records, which nobody else edits, in batches; so its values are known."""

    def __init__(self, load, system, field, keys, new=''):
        super().__init__(load, f'{system} {field}')
        self.system, self.field, self.keys = system, field, keys
        self.new = new              # what the keys of its own records begin with; crm deletes them, too
        self.count = 0
        self.shown = {key: 0 for key in keys}       # None: deleted
        self.lost = {}                              # of the call that is of unknown outcome
        self.prepared = None        # the name of the transaction that may be prepared,
        self.is_prepared = False    # and whether the server said so

    def act(self):
        act = self.dice.random()
        if self.new and act < 0.15:
            self.create()
        elif self.new and act < 0.25 and self.system == 'crm':
            self.delete()
        elif act < 0.4:
            self.edit_in_a_savepoint()
        elif act < 0.45:
            self.edit_in_two_phases()
        else:
            self.edit()

    def some_keys(self):
        living = [key for key, value in self.shown.items() if value is not None]
        return self.dice.sample(living, self.dice.choice((1, 5, 30)))

    def edits(self, keys):
        self.count += 1
        return {key: self.count for key in keys}

    def payload(self, edits):
        return json.dumps([{'record_key': key, self.field: value} for key, value in edits.items()])

    def diff(self, edits):
        return self.call('diff', 'SELECT verdict FROM sync_diff(%s, %s, %s)', self.system, 'item', self.payload(edits))

    def edit(self, keys=None):
        edits = self.edits(keys or self.some_keys())
        self.settle(edits, self.diff(edits))

    def settle(self, edits, rows):
        if rows == LOST:
            self.lost = edits
        elif rows is not None:
            self.shown.update(edits)
            self.judge(rows)

    def judge(self, rows):
        wrong = {row[0] for row in rows} - {'accepted'}
        if wrong:
            self.faults.append(f'{self.name}: a plain edit was {wrong}')

    def create(self):
        dead = [key for key, value in self.shown.items() if value is None]
        key = self.dice.choice(dead) if dead and self.dice.random() < 0.7 else f'{self.new}{len(self.shown)}'
        self.edit([key])

    def delete(self):
        own = [key for key in self.shown if key.startswith(self.new) and self.shown[key] is not None]
        if own:
            keys = self.dice.sample(own, min(3, len(own)))
            rows = self.call('delete', 'SELECT verdict FROM sync_delete(%s, %s, %s)', self.system, 'item', keys)
            self.settle({key: None for key in keys}, rows)

    def edit_in_a_savepoint(self):
        """What is rolled back to a savepoint was never there; all else is committed as one."""
        kept = self.edits(self.some_keys())
        undone = self.edits(self.some_keys())
        rows = self.call('savepoint', f"""BEGIN; SELECT sync_diff(%s, %s, %s); SAVEPOINT s;
            SELECT sync_diff(%s, %s, %s); ROLLBACK TO s; COMMIT""",
                         self.system, 'item', self.payload(kept), self.system, 'item', self.payload(undone))
        self.settle(kept, rows if rows in (None, LOST) else [])

    def edit_in_two_phases(self):
        edits = self.edits(self.some_keys())
        self.prepared = f'{self.name} {self.count}'
        self.lost = edits
        rows = self.call('prepare', f"""SET sync_ledger.notify = off; BEGIN; SELECT sync_diff(%s, %s, %s);
            PREPARE TRANSACTION '{self.prepared}'; SET sync_ledger.notify = on""", self.system, 'item', self.payload(edits))
        if rows is None:
            self.lost = {}
        elif rows != LOST:
            self.is_prepared = True
            rows = self.call('commit prepared', f"COMMIT PREPARED '{self.prepared}'")
            if rows != LOST:
                self.shown.update(edits)
                self.lost = {}
        if rows != LOST:
            self.prepared, self.is_prepared = None, False


class Writer(Human):
    """Writes into an attached table: each statement of its own, or several in one transaction."""

    def diff(self, edits):
        return self.call('capture', """UPDATE app AS a SET t = e.value::int FROM jsonb_each_text(%s) AS e
            WHERE a.record_key = e.key RETURNING 'accepted'""", json.dumps(edits))

    def act(self):
        self.edit()


class Quarreler(Session):
    """Edits a field that others edit too."""

    def __init__(self, load, system, keys, offset):
        super().__init__(load, f'{system} s')
        self.system, self.keys, self.count = system, keys, offset
        self.shown = []             # (record, value) of all calls that were answered since the last look

    def act(self):
        self.count += 1
        keys = self.dice.sample(self.keys, self.dice.choice((1, 5)))
        payload = json.dumps([{'record_key': key, 's': self.count} for key in keys])
        rows = self.call('quarrel', 'SELECT verdict FROM sync_diff(%s, %s, %s)', self.system, 'item', payload)
        if rows not in (None, LOST):
            self.shown += [(key, self.count) for key in keys]


class Reviewer(Session):
    """Decides what is open, keeps house, and lets the dead letters go again."""

    def __init__(self, load):
        super().__init__(load, 'reviewer')
        self.count = 9_000_000
        self.decided = {}           # by conflict; since the last look

    def act(self):
        act = self.dice.random()
        if act < 0.05:
            self.call('maintain', 'SELECT sync_maintain()')
        elif act < 0.1:
            self.call('redrive', "SELECT sync_redrive(id) FROM sync_outbox WHERE status = 'dead' OR retry_at > now() LIMIT 5")
        else:
            self.decide()

    def decide(self):
        found = self.call('look', 'SELECT id FROM sync_open_conflicts ORDER BY random() LIMIT 3')
        for (conflict,) in [] if found in (None, LOST) else found:
            self.count += 1
            rows = self.call('resolve', 'SELECT sync_resolve(%s, value => %s, by => %s)', conflict, str(self.count), 'crash')
            if rows == LOST:
                return
            if rows == [(True,)]:
                self.decided[conflict] = self.count
        self.load.sleep(self.dice, 0.05)


class Worker(Session):
    """Claims, and acknowledges or gives back; what it was handed out it remembers over every crash."""

    def __init__(self, load, target, number):
        super().__init__(load, f'worker {target} {number}')
        self.target = target
        self.polls = 0
        self.held = {}              # by id
        self.handed_out = []        # all that it ever was
        self.lost_poll = None       # the worker's name in the poll that is of unknown outcome
        self.lost_word = None       # (ids, what was said of them)
        self.acked = set()          # keys; since the last look
        self.native_ids = {}        # by record; since the last look

    def act(self):
        if len(self.held) < 30 and self.dice.random() < 0.5:
            self.poll()
        elif self.held:
            self.dice.choice((self.ack_some, self.ack_some, self.ack_lease, self.ack_one, self.nack))()

    def poll(self):
        self.polls += 1
        name = f'{self.name} {self.polls}'
        lease = self.dice.choice(LEASES)
        rows = self.call('poll', """SELECT id, lease, record_key, action, change_set, idempotency_key, attempt
            FROM sync_poll(%s, %s, %s::interval, %s)""", self.target, self.dice.choice((1, 10, 50)), lease, name)
        if rows == LOST:
            self.lost_poll = name
        elif rows is not None:
            self.take(rows, lease == '1 hour')

    def take(self, rows, is_for_long):
        for row in rows:
            call = dict(zip(('id', 'lease', 'record_key', 'action', 'change_set', 'key', 'attempt'), row))
            call['is_for_long'] = is_for_long
            self.held[call['id']] = call
            self.handed_out.append(call)

    def word(self, what, calls, sql, *values):
        """What is said of calls: which of them the book has taken down so."""
        rows = self.call(what, sql, *values)
        if rows == LOST:
            self.lost_word = (what, calls)
        elif rows is not None:
            for call in calls:
                self.held.pop(call['id'], None)
        return rows

    def some(self):
        lease = self.dice.choice(list(self.held.values()))['lease']
        return [call for call in self.held.values() if call['lease'] == lease]

    def ack_some(self):
        calls = self.some()
        calls = self.dice.sample(calls, self.dice.randint(1, len(calls)))
        self.ack(calls, 'SELECT sync_ack(%s, %s)', calls[0]['lease'], [call['id'] for call in calls])

    def ack_lease(self):
        calls = self.some()
        self.ack(calls, 'SELECT sync_ack(%s)', calls[0]['lease'])

    def ack(self, calls, sql, *values):
        rows = self.word('ack', calls, sql, *values)
        if rows in (None, LOST):
            return
        long = [call for call in calls if call['is_for_long']]
        if rows[0][0] == len(calls):
            self.acked |= {call['key'] for call in calls}
        elif long == calls:
            self.faults.append(f'{self.name}: {rows[0][0]} of {len(calls)} were still its own: {calls}')

    def ack_one(self):
        call = self.dice.choice(list(self.held.values()))
        native_id = f"{self.target}:{call['record_key']}"
        rows = self.word('ack of one', [call], 'SELECT sync_ack(%s, %s, %s)', call['id'], call['lease'], native_id)
        if rows == [(True,)]:
            self.acked.add(call['key'])
            if call['action'] != 'delete':
                self.native_ids[call['record_key']] = native_id
        elif rows == [(False,)] and call['is_for_long']:
            self.faults.append(f'{self.name}: is no longer its own: {call}')

    def nack(self):
        call = self.dice.choice(list(self.held.values()))
        wait = self.dice.choice((None, '0', '0.2 s'))
        rows = self.word('nack', [call], 'SELECT sync_nack(%s, %s, %s, %s)', call['id'], call['lease'], 'no luck', wait)
        if rows == [(False,)] and call['is_for_long']:
            self.faults.append(f'{self.name}: is no longer its own: {call}')


class Applier(Session):
    """Carries what waits for the table of this database."""

    def act(self):
        self.call('apply', 'SELECT sync_apply(%s, %s)', 'app', self.dice.choice((1, 20, 200)))
        self.load.sleep(self.dice, 0.02)
