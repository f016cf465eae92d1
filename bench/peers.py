"""The columns beside sync_diff: what users would write by hand, and the limits.

Every hand-written column writes the rows that the extension writes for a change: the
golden record, a change log row and an outbox row, which folds into one that waits.
"""
import os

# One statement for any number of records. The state is written first and its rows lead
# to the log and the outbox; the version turns away what somebody else changed meanwhile.
SET_BASED = """
    WITH incoming AS (
        {incoming}
    ), changed AS MATERIALIZED (
        SELECT i.record_key, i.data{i_hash}, s.data AS old, s.version
        FROM incoming i
        LEFT JOIN {state} s ON s.entity = 'contact' AND s.record_key = i.record_key
        WHERE {differs}
    ), created AS (
        INSERT INTO {state}
        SELECT 'contact', record_key, 1, data, now(){c_hash}
        FROM changed c WHERE version IS NULL
        ON CONFLICT (entity, record_key) DO NOTHING
        RETURNING record_key, version
    ), updated AS (
        UPDATE {state} s
        SET data = c.data, version = s.version + 1, updated_at = now(){set_hash}
        FROM changed c
        WHERE s.entity = 'contact' AND s.record_key = c.record_key AND s.version = c.version
        RETURNING s.record_key, s.version
    ), accepted AS MATERIALIZED (
        SELECT c.record_key, w.version, {hex_hash} AS field_hash,
               CASE WHEN c.old IS NULL THEN 'create' ELSE 'update' END AS action,
               (SELECT jsonb_object_agg(f.key, f.value) FROM jsonb_each(c.data) f
                WHERE f.value IS DISTINCT FROM c.old -> f.key) AS change_set
        FROM changed c JOIN (TABLE created UNION ALL TABLE updated) w USING (record_key)
    ), logged AS (
        INSERT INTO peer.change
        SELECT 'contact', record_key, version, 'crm', NULL, change_set, now() FROM accepted
    ), queued AS (
        INSERT INTO peer.outbox (entity, record_key, source_system, target_system, direction,
                                 action, change_set, field_hash, idempotency_key)
        SELECT 'contact', record_key, 'crm', 'support', 'crm->support', action, change_set,
               field_hash, 'crm-to-support-contact-' || record_key || '-v' || version
        FROM accepted
        ON CONFLICT (target_system, entity, record_key) WHERE status = 'pending'
        DO UPDATE SET change_set = outbox.change_set || excluded.change_set,
                      field_hash = excluded.field_hash,
                      idempotency_key = excluded.idempotency_key, updated_at = now()
    )
    SELECT count(*) {into} FROM accepted
"""
PLAIN = {
    'state': 'peer.plain_state', 'i_hash': '', 'c_hash': '', 'set_hash': '',
    'differs': 's.data IS DISTINCT FROM i.data',
    'hex_hash': "encode(sha256(convert_to(c.data::text, 'UTF8')), 'hex')"}
HASH = {
    'state': 'peer.hash_state', 'i_hash': ', i.hash', 'c_hash': ', c.hash',
    'set_hash': ', hash = c.hash', 'differs': 's.hash IS DISTINCT FROM i.hash',
    'hex_hash': "encode(c.hash, 'hex')"}
HASHED = "SELECT record_key, data, sha256(convert_to(data::text, 'UTF8')) AS hash FROM ({}) r"

# The faster way to take an array apart: of 1000 as jsonb, of 100,000 as json, then each.
ELEMENTS = {
    'chunks': """SELECT e ->> 'external_id' AS record_key, e AS data
                 FROM bench.chunks, jsonb_array_elements(records::jsonb) e
                 WHERE share = {}""",
    'whole': """SELECT e ->> 'external_id' AS record_key, e AS data
                FROM bench.whole, LATERAL (
                    SELECT j::jsonb AS e FROM json_array_elements(records::json) j OFFSET 0) x
                WHERE share = {}"""}
ARGUMENT = """SELECT e ->> 'external_id' AS record_key, e AS data
              FROM jsonb_array_elements(records) e"""


class Store:
    """The tables of the hand-written columns over one state table."""

    def __init__(self, server, state, hash_column):
        self.server, self.state, self.hash_column = server, state, hash_column
        self.is_dirty = True

    def reset(self):
        """The state of all records, in the order they were loaded; nothing waits."""
        self.server.run('TRUNCATE peer.change, peer.outbox')    # every store writes to them
        if not self.is_dirty:
            return
        self.server.run(f'TRUNCATE {self.state}')
        self.server.run(f"""
            INSERT INTO {self.state}
            SELECT 'contact', record ->> 'external_id', 1, record, now(){self.hash_column}
            FROM bench.records ORDER BY number""")
        self.server.run(f'VACUUM (FREEZE, ANALYZE) {self.state}')
        self.is_dirty = False

    def changes_waiting(self):
        return self.server.value("SELECT count(*) FROM peer.outbox WHERE status = 'pending'")


class Column:
    """A way to do the work: its name, its tables if it writes, its statement for an input."""

    def __init__(self, name, statements, store=None, is_set_based=False):
        self.name, self.statements = name, statements
        self.store, self.is_set_based = store, is_set_based

    def takes(self, form, share):
        """Limits do not depend on what changed and are measured once."""
        return form in self.statements and (self.store is not None or share == 0)

    def statement(self, form, share):
        return self.statements[form].format(share)


def set_based(kind, form):
    incoming = ELEMENTS[form]
    return SET_BASED.format(incoming=incoming if kind is PLAIN else HASHED.format(incoming),
                            into='', **kind)


def install(server):
    """Creates the tables and functions of peers.sql, and the statement as a function."""
    with open(os.path.join(os.path.dirname(__file__), 'peers.sql'), encoding='utf-8') as file:
        server.run(file.read())
    body = SET_BASED.format(incoming=ARGUMENT, into='INTO changed_records', **PLAIN)
    server.run(f"""
        CREATE FUNCTION peer.sync_call(records jsonb) RETURNS bigint
        LANGUAGE plpgsql AS $$
        DECLARE changed_records bigint;
        BEGIN {body}; RETURN changed_records; END $$""")


def columns(server):
    plain = Store(server, 'peer.plain_state', '')
    hashed = Store(server, 'peer.hash_state', ", sha256(convert_to(record::text, 'UTF8'))")
    forms = ('chunks', 'whole')
    per_chunk = 'SELECT sum(peer.{}(records::jsonb)) FROM bench.chunks WHERE share = {{}}'
    parse = 'SELECT 0 * count(records::{}) FROM bench.{} WHERE share = {{}}'
    return [
        Column('PL/pgSQL loop', {'chunks': per_chunk.format('sync_loop')}, plain),
        Column('set-based, hash', {form: set_based(HASH, form) for form in forms}, hashed,
               True),
        Column('set-based, no hash', {form: set_based(PLAIN, form) for form in forms}, plain,
               True),
        Column('set-based, 1000 a call', {'chunks': per_chunk.format('sync_call')}, plain, True),
        Column('limit: parse to jsonb', {form: parse.format('jsonb', form) for form in forms}),
        Column('limit: JSON lexer', {form: parse.format('json', form) for form in forms}),
    ]
