"""What must hold after every crash: the tables agree with each other (I6), and with what the sessions
were told before it.  A query gives a row of text for each fault."""

import json

# What each target shows once what it was handed out has landed, against what it should show.
TARGETS = """WITH shows AS (
    SELECT r.record_key, r.data AS golden, r.deleted, s.system, s.existence,
           coalesce(s.data, '{}') || coalesce((SELECT o.change_set FROM sync_outbox AS o WHERE o.record_key = r.record_key
               AND o.target_system = s.system AND o.status = 'leased' AND o.action <> 'delete'), '{}') AS shown,
           (SELECT o.action FROM sync_outbox AS o WHERE o.record_key = r.record_key
               AND o.target_system = s.system AND o.status = 'leased') AS under_way,
           p.action AS waits, p.change_set AS waiting
    FROM sync_record AS r JOIN sync_shadow AS s USING (entity, record_key)
    LEFT JOIN sync_outbox AS p ON p.record_key = r.record_key AND p.target_system = s.system AND p.status <> 'leased'),
fields AS (
    SELECT t.*, f.name, nullif(t.golden -> f.name, 'null') AS wanted, nullif(t.shown -> f.name, 'null') AS has, t.waiting -> f.name AS goes,
           EXISTS (SELECT FROM sync_conflict AS c WHERE c.record_key = t.record_key AND c.field = f.name AND c.status = 'open') AS frozen
    FROM shows AS t CROSS JOIN (VALUES ('a'), ('b'), ('s'), ('t')) AS f (name)
    WHERE NOT t.deleted AND t.existence = 'there' AND t.under_way IS DISTINCT FROM 'delete')
SELECT concat_ws(' ', record_key, name, system, 'shows', has, 'golden', wanted, 'waiting', goes) ||
       CASE WHEN frozen THEN ': it is frozen, and waits'
            WHEN goes IS NULL THEN ': nothing waits'
            ELSE ': another value waits' END
FROM fields
WHERE CASE WHEN frozen THEN goes IS NOT NULL
           WHEN goes IS NULL THEN wanted IS DISTINCT FROM has
           ELSE nullif(goes, 'null') IS DISTINCT FROM wanted END"""

# Of each field that a target itself never changes, it shows what the newest write to it said.
DELIVERED = """SELECT format('%s %s: %s shows %s, the ledger says %s', s.record_key, f.name, s.system, s.data -> f.name, d.value)
FROM sync_shadow AS s JOIN (VALUES ('crm', 'b'), ('crm', 't'), ('support', 'a'), ('support', 't')) AS f (system, name) USING (system)
CROSS JOIN LATERAL (
    SELECT d.change_set -> f.name AS value FROM sync_delivery AS d
    WHERE d.record_key = s.record_key AND d.entity = s.entity AND d.target_system = s.system AND d.change_set ? f.name
    ORDER BY d.id DESC LIMIT 1) AS d
WHERE s.existence = 'there' AND s.data -> f.name IS DISTINCT FROM d.value"""

# The golden record is what the accepted edits made of it.
CHANGES = """WITH records AS MATERIALIZED (SELECT record_key, version, deleted, data FROM sync_record),
changes AS MATERIALIZED (
    SELECT DISTINCT ON (c.record_key, f.key) c.record_key, c.version, f.key, f.value
    FROM sync_change AS c CROSS JOIN LATERAL jsonb_each(c.change_set) AS f ORDER BY c.record_key, f.key, c.version DESC)
SELECT format('%s %s is %s, the newest change says %s', r.record_key, f.key, f.value, c.value)
FROM records AS r CROSS JOIN LATERAL jsonb_each(r.data) AS f LEFT JOIN changes AS c ON c.record_key = r.record_key AND c.key = f.key
WHERE NOT r.deleted AND f.value <> 'null' AND f.value IS DISTINCT FROM c.value
UNION ALL
SELECT format('%s is of version %s, and was changed to %s', r.record_key, r.version, c.version)
FROM records AS r JOIN changes AS c USING (record_key) WHERE c.version > r.version"""

ROWS = """SELECT format('%s rows wait for %s of %s', count(*), target_system, record_key) FROM sync_outbox
GROUP BY target_system, record_key, status = 'leased' HAVING count(*) > 1
UNION ALL
SELECT format('row %s is of lease %s, which is not there', o.id, o.lease) FROM sync_outbox AS o
WHERE o.status = 'leased' AND NOT EXISTS (SELECT FROM sync_lease AS l WHERE l.lease = o.lease AND o.id = ANY (l.ids)
    AND l.target_system = o.target_system AND l.ends_at >= o.visible_at)
UNION ALL
SELECT format('claim %s stands %s times', id, count(*)) FROM sync_claim GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT format('event %s stands %s times', id, count(*)) FROM (SELECT id FROM sync_event WHERE event <> 'acknowledged'
    UNION ALL SELECT id FROM sync_delivery) AS e GROUP BY id HAVING count(*) > 1
UNION ALL
SELECT format('row %s is of record %s, which is not there', id, record_key) FROM sync_outbox AS o
WHERE NOT EXISTS (SELECT FROM sync_record AS r WHERE r.record_key = o.record_key)
UNION ALL
SELECT format('native id %s names %s, which is not there', native_id, record_key) FROM sync_native_id AS n
WHERE NOT EXISTS (SELECT FROM sync_record AS r WHERE r.record_key = n.record_key)
UNION ALL
SELECT format('%s is called %s, which names nothing', s.record_key, s.native_id) FROM sync_shadow AS s
WHERE s.native_id IS NOT NULL AND NOT EXISTS (SELECT FROM sync_native_id AS n
    WHERE n.system = s.system AND n.native_id = s.native_id AND n.record_key = s.record_key)"""

# A content has one key, and a key one content.  A delete has no content; and where a conflict over one
# field comes and goes, what is left of a row may be what was sent before.
KEYS = """WITH calls AS (SELECT DISTINCT target_system, record_key, action, change_set, idempotency_key FROM sync_claim)
SELECT format('%s of %s to %s under %s', change_set, record_key, target_system, string_agg(idempotency_key, ' and '))
FROM calls WHERE action <> 'delete' AND NOT EXISTS (SELECT FROM sync_event AS e WHERE e.record_key = calls.record_key AND e.outcome ? 's')
GROUP BY target_system, record_key, action, change_set HAVING count(*) > 1
UNION ALL
SELECT format('%s stands for %s', idempotency_key, string_agg(change_set::text, ' and ')) FROM calls
GROUP BY idempotency_key HAVING count(*) > 1"""

# The table of this database is what the book says that it shows.
TABLE = """SELECT format('%s: the table has %s, the book %s', coalesce(here.record_key, s.record_key), to_jsonb(here), s.data)
FROM app AS here FULL JOIN (SELECT * FROM sync_shadow WHERE system = 'app' AND existence = 'there') AS s ON s.record_key = here.record_key
WHERE here.record_key IS NULL OR s.record_key IS NULL
   OR jsonb_strip_nulls(to_jsonb(here) - 'record_key') IS DISTINCT FROM jsonb_strip_nulls(s.data)"""

TABLES = {'waiting': TARGETS, 'ledger': DELIVERED, 'changes': CHANGES, 'rows': ROWS, 'keys': KEYS, 'table': TABLE}


class Faults:
    """Looks at the book while nobody writes to it."""

    def __init__(self, database, dice):
        self.database, self.dice = database, dice
        self.outcomes = {'committed': 0, 'undone': 0}       # of calls whose answer was lost

    def all(self, sessions):
        kinds = {name: [s for s in sessions if s.__class__.__name__ in name] for name in
                 (('Human', 'Writer'), ('Worker',), ('Quarreler',), ('Reviewer',))}
        for name, query in TABLES.items():
            for (fault,) in self.database.rows(query):
                yield f'{name}: {fault}'
        for human in kinds[('Human', 'Writer')]:
            yield from self.of_human(human)
        for worker in kinds[('Worker',)]:
            yield from self.of_worker(worker)
        for quarreler in kinds[('Quarreler',)]:
            yield from self.of_quarreler(quarreler)
        for reviewer in kinds[('Reviewer',)]:
            yield from self.of_reviewer(reviewer)
        for session in sessions:
            yield from session.faults
            session.faults, session.has_lost = [], False

    def is_committed(self, human):
        """All of a lost call, or nothing; None where it is neither."""
        golden = self.golden(human)
        told = {key: golden.get(key) == value for key, value in human.lost.items()}
        if len(set(told.values())) > 1:
            return None
        return all(told.values())

    def golden(self, human):
        """What nobody has any more is None."""
        rows = self.database.rows('SELECT record_key, (data ->> %s)::int FROM sync_record WHERE NOT deleted', human.field)
        return dict(rows)

    def settle_prepared(self, human):
        """A transaction that is prepared outlives the crash; a human decides."""
        is_there = self.database.value('SELECT count(*) FROM pg_prepared_xacts WHERE gid = %s', human.prepared)
        if is_there:
            word = self.dice.choice(('COMMIT', 'ROLLBACK'))
            self.database.rows(f"{word} PREPARED '{human.prepared}'")
            return word == 'COMMIT'
        return True if human.is_prepared else None

    def of_human(self, human):
        must = self.settle_prepared(human) if human.prepared else None
        human.prepared, human.is_prepared = None, False
        if human.lost:
            is_committed = self.is_committed(human)
            if is_committed is None or must not in (None, is_committed):
                yield f'{human.name}: half done, or not what was said of it: {human.lost}'
            self.outcomes['committed' if is_committed else 'undone'] += 1
            if is_committed:
                human.shown.update(human.lost)
            human.lost = {}
        golden = self.golden(human)
        for key, value in human.shown.items():
            if golden.get(key) != value:
                yield f'{human.name}: {key} was {value}, is {golden.get(key)}'
        yield from self.of_next_diff(human)

    def of_next_diff(self, human):
        """What a system showed already is unchanged."""
        shown = [{'record_key': key, human.field: value} for key, value in human.shown.items() if value is not None]
        for row in self.database.rows('SELECT record_key, verdict, detail FROM sync_diff(%s, %s, %s, dry_run => true)',
                                      human.system, 'item', json.dumps(shown)):
            yield f'{human.name}: shown again it is {row}'

    def of_worker(self, worker):
        yield from self.of_lost_poll(worker)
        yield from self.of_lost_word(worker)
        rows = {row[0]: row[1:] for row in self.database.rows(
            'SELECT id, lease, idempotency_key, change_set, status FROM sync_outbox WHERE target_system = %s', worker.target)}
        for call in worker.held.values():
            if call['is_for_long'] and rows.get(call['id']) != (call['lease'], call['key'], call['change_set'], 'leased'):
                yield f"{worker.name} was handed out {call}, and the outbox has {rows.get(call['id'])}"
        for (key,) in self.database.rows('SELECT unnest(%s::text[]) EXCEPT SELECT idempotency_key FROM sync_delivery', list(worker.acked)):
            yield f'{worker.name} acknowledged {key}, which is not in the ledger'
        for record, native_id in worker.native_ids.items():
            if self.database.value('SELECT count(*) FROM sync_native_id WHERE native_id = %s AND record_key = %s', native_id, record) == 0:
                yield f'{worker.name} called {record} {native_id}, which nobody knows'
        calls = {}
        for call in worker.handed_out:
            if calls.setdefault(call['key'], call['change_set']) != call['change_set']:
                yield f"{worker.name}: {call['key']} stood for {calls[call['key']]} and {call['change_set']}"
        claims = self.database.value('SELECT count(*) FROM unnest(%s::text[]) AS key WHERE key NOT IN (SELECT idempotency_key FROM sync_claim)',
                                     [call['key'] for call in worker.handed_out])
        if claims:
            yield f'{worker.name}: {claims} of what it was handed out are no claims'
        worker.acked, worker.native_ids, worker.handed_out = set(), {}, []

    def of_lost_poll(self, worker):
        """Its worker finds in the book what it claimed, and nobody else has it."""
        if worker.lost_poll is None:
            return
        rows = self.database.rows("""SELECT id, lease, record_key, action, change_set, idempotency_key, attempts FROM sync_outbox
            WHERE status = 'leased' AND worker = %s AND visible_at > now() + interval '10 minutes'""", worker.lost_poll)
        self.outcomes['committed' if rows else 'undone'] += 1
        if len({row[1] for row in rows}) > 1:
            yield f'{worker.name}: one poll, and several leases: {rows}'
        worker.take(rows, True)
        worker.lost_poll = None

    def of_lost_word(self, worker):
        """All of what was said in one call is taken down, or nothing of it."""
        if worker.lost_word is None:
            return
        what, calls = worker.lost_word
        worker.lost_word = None
        long = [call for call in calls if call['is_for_long']]
        leases = dict(self.database.rows('SELECT id, lease FROM sync_outbox WHERE id = ANY (%s)', [call['id'] for call in calls]))
        still = [call for call in long if leases.get(call['id']) == call['lease']]
        self.outcomes['undone' if still else 'committed'] += 1
        if still and len(still) < len(long):
            yield f'{worker.name}: half of what it said is taken down: {len(still)} of {len(long)}, {calls}'
        if not still:
            for call in calls:
                worker.held.pop(call['id'], None)
            if what != 'nack':
                worker.acked |= {call['key'] for call in long}

    def of_quarreler(self, quarreler):
        """Each edit was accepted, or stands in a conflict."""
        shown, quarreler.shown = quarreler.shown, []
        for key, value in shown:
            if not self.database.value("""SELECT EXISTS (SELECT FROM sync_event AS e WHERE e.record_key = i.key AND e.change_set -> 's' = i.value)
                    OR EXISTS (SELECT FROM sync_conflict AS c WHERE c.record_key = i.key AND c.sides -> i.system @> i.value)
                    FROM (SELECT %s, to_jsonb(%s), %s) AS i (key, value, system)""", key, value, quarreler.system):
                yield f'{quarreler.name}: {value} of {key} is lost'

    def of_reviewer(self, reviewer):
        decided, reviewer.decided = reviewer.decided, {}
        for conflict, value in decided.items():
            rows = self.database.rows('SELECT status, resolved_value FROM sync_conflict WHERE id = %s', conflict)
            if rows != [('resolved', value)]:
                yield f'conflict {conflict} was decided for {value}, and is {rows}'
