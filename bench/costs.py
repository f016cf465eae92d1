"""Single costs: of a hash, and of the writes that a change cannot do without."""
from harness import ratios, rotated, spread

SHA256 = "encode(sha256(convert_to(jsonb::text, 'UTF8')), 'hex')"
HASHES = {
    SHA256: "encode(sha256(convert_to(record::text, 'UTF8')), 'hex')",
    'sync_hash(jsonb)': 'sync_hash(record)'}
WRITES = {
    'limit: insert into a change log': """
        INSERT INTO peer.change
        SELECT 'contact', record ->> 'external_id', 2, 'crm', NULL,
               jsonb_build_object('phone', record -> 'phone'), now() FROM bench.records""",
    'limit: insert into an outbox': """
        INSERT INTO peer.outbox (entity, record_key, source_system, target_system, direction,
                                 action, change_set, field_hash, idempotency_key)
        SELECT 'contact', record ->> 'external_id', 'crm', 'support', 'crm->support', 'update',
               jsonb_build_object('phone', record -> 'phone'), repeat('0', 64),
               'crm-to-support-contact-' || number || '-v2' FROM bench.records""",
    'limit: update of a state row': """
        UPDATE peer.plain_state SET version = version + 1, data = data || '{"phone": "1"}',
               updated_at = now()"""}


def hashes(server, count, rounds):
    """Microseconds a hash per expression and round, the scan of the table included."""
    has_ours = server.value("SELECT to_regprocedure('sync_hash(jsonb)') IS NOT NULL")
    names = [name for name in HASHES if has_ours or name == SHA256]
    results = {name: [] for name in names}
    for turn in range(rounds):
        for name in rotated(names, turn):
            _, spent, _ = server.timed(f'SELECT count({HASHES[name]}) FROM bench.records')
            results[name].append(spent / count)
    return results


def hash_rows(results):
    for name, times in results.items():
        yield [name, spread(times), spread(ratios(times, results[SHA256]))]


def hash_goals(results):
    ours = results.get('sync_hash(jsonb)')
    if ours:
        yield f'sync_hash(jsonb) / {SHA256}', ratios(ours, results[SHA256]), '<=', 0.7


def writes(server, store, count, rounds):
    """Lines of the table: microseconds and bytes of WAL a row."""
    results = {name: ([], []) for name in WRITES}
    for turn in range(rounds):
        store.is_dirty = True
        store.reset()
        store.is_dirty = True
        for name in rotated(list(WRITES), turn):
            times, wals = results[name]
            _, spent, wal = server.timed(
                f'WITH written AS ({WRITES[name]} RETURNING 1) SELECT count(*) FROM written')
            times.append(spent / count)
            wals.append(wal / count)
    return [[name, spread(times), spread(wals)] for name, (times, wals) in results.items()]
