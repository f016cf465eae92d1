"""The extension's own column: installed, filled, brought to rest, and put back after a run."""
import json

import inputs
from peers import Column

SUPPORT_LEASE = '1 hour'
OWN_TABLES = """
    SELECT c.oid::regclass::text, c.oid
    FROM pg_extension x
    JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid
                    AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
    JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'r'
    WHERE x.extname = 'sync_ledger' ORDER BY 1
"""
STORED_COLUMNS = """
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = %s AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""


def install(server):
    """Creates the extension; false where this server has none, or one without sync_diff."""
    if not server.rows("SELECT 1 FROM pg_available_extensions WHERE name = 'sync_ledger'"):
        return False
    server.run('CREATE EXTENSION sync_ledger')
    return server.value("SELECT count(*) > 0 FROM pg_proc WHERE proname = 'sync_diff'")


class ExtensionStore:
    """The extension's tables: a state in which both systems are known to show every record."""

    def __init__(self, server):
        self.server = server
        self.is_dirty = False
        self.fill()
        self.save()

    def fill(self):
        server = self.server
        server.run('SELECT sync_configure(%s, %s)', ('contact', json.dumps(inputs.POLICY)))
        self.observe('crm')
        while self.deliver():
            pass
        self.observe('support')
        for system in ('crm', 'support'):
            if self.observe(system):
                raise RuntimeError(f'{system}: sync_diff finds changes in a state at rest')
        if self.changes_waiting():
            raise RuntimeError('changes wait for a system in a state at rest')

    def observe(self, system):
        """How many records were not unchanged."""
        return self.server.value(
            """SELECT count(*) FROM bench.chunks c, sync_diff(%s, 'contact', c.records)
               WHERE c.share = 0""", (system,))

    def deliver(self):
        """What a worker does with the next 1000 changes; how many there were."""
        leases = self.server.rows(
            "SELECT lease, count(*) FROM sync_poll('support', 1000, %s) GROUP BY lease",
            (SUPPORT_LEASE,))
        for lease, _ in leases:
            self.server.run('SELECT sync_ack(lease => %s)', (lease,))
        return sum(count for _, count in leases)

    def save(self):
        server = self.server
        server.run('CREATE SCHEMA saved')
        self.tables = []
        for number, (name, oid) in enumerate(server.rows(OWN_TABLES)):
            columns = server.value(STORED_COLUMNS, (oid,))
            server.run(f'ALTER TABLE {name} SET (autovacuum_enabled = off)')
            server.run(f'CREATE UNLOGGED TABLE saved.t{number} AS SELECT {columns} FROM {name}')
            self.tables.append((name, f'saved.t{number}', columns))
        self.is_dirty = True

    def reset(self):
        """The saved rows in their saved order, in packed pages, visible to all."""
        if not self.is_dirty:
            return
        server = self.server
        server.run('SET session_replication_role = replica')
        server.run('TRUNCATE ' + ', '.join(name for name, _, _ in self.tables))
        for name, copy, columns in self.tables:
            server.run(f'INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE TABLE {copy}')
        server.run('RESET session_replication_role')
        for name, _, _ in self.tables:
            server.run(f'VACUUM (FREEZE, ANALYZE) {name}')
        self.is_dirty = False

    def changes_waiting(self):
        return self.server.value("SELECT count(*) FROM sync_outbox WHERE status = 'pending'")

    def updates(self):
        """Updates so far, and those of them that were HOT, per table of the extension."""
        self.server.run('SELECT pg_stat_force_next_flush()')
        names = [name for name, _, _ in self.tables]
        return {name: (updates, hot) for name, updates, hot in self.server.rows(
            """SELECT relid::regclass::text, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables
               WHERE relid = ANY (%s::regclass[])""", (names,))}


def hot_share(before, after):
    """Of the table with the most updates: its name, and the share of them that was HOT."""
    name = max(after, key=lambda table: after[table][0] - before[table][0])
    updates = after[name][0] - before[name][0]
    return name, (after[name][1] - before[name][1]) / updates if updates else None


def column(server):
    statement = """SELECT count(*) FROM bench.{} c, sync_diff('crm', 'contact', c.records)
                   WHERE c.share = {{}}"""
    return Column('sync_diff', {form: statement.format(form) for form in ('chunks', 'whole')},
                  ExtensionStore(server))
