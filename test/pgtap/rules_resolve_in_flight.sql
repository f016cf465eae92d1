-- A decision while a write of ours is on its way, or was crossed: what it left is corrected.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

-- The crm has set phone 1, which is in flight when support sets phone 2.
CREATE PROCEDURE pg_temp.cross(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.saw('support', '{"phone": "2"}');
END
$$;

CALL pg_temp.cross('before the ack');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'the edit wins over the write in flight');
SELECT is(pg_temp.waits('crm'), 'update {"phone": "2"}', 'the other side is told');
SELECT is(pg_temp.ack('support'), true, 'the write is acknowledged');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'and corrected: it may have come after the edit');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'at rest');

CALL pg_temp.cross('after the ack');
SELECT is(pg_temp.ack('support'), true, 'the write is acknowledged');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'then the edit wins');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'who shows what is not known, so both are told');
SELECT is(pg_temp.waits('crm'), 'update {"phone": "2"}', 'the one and the other');

CALL pg_temp.cross('the write wins');
SELECT is(pg_temp.ack('support'), true, 'the write is acknowledged');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'and its value wins');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it is sent once more: the edit may have come after it');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'at rest');
SELECT is(pg_temp.waits('crm'), NULL, 'and the winner need not be told');

CALL pg_temp.cross('lease over');
CALL pg_temp.at('12:02');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'a decision after the lease ran out');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'the lost write may land: the decision is sent to both');
SELECT is(pg_temp.poll('crm'), 'update {"phone": "2"}', 'the one and the other');

CALL pg_temp.cross('shown before the decision');
SELECT is(pg_temp.ack('support'), true, 'the write is acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the echo of a frozen field is an echo');
SELECT isnt(pg_temp.open_conflict(), NULL, 'which closes nothing, as the shadow is unsure');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'decided for what is shown');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'it is sent, as the echo may be older than the edit');

SELECT * FROM finish();
