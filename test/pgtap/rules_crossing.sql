-- An edit there crosses our write: nobody knows which came last, so it is sent once more.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}, "email": {}}}');

-- Both show phone 0; at 12:00 the owner sets phone 1.
CREATE PROCEDURE pg_temp.owner_edits(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
END
$$;

CALL pg_temp.owner_edits('before the claim');
SELECT alike(pg_temp.saw('support', '{"phone": "2"}'), 'overruled phone=overruled%', 'an edit before the write went out');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the write goes out');
SELECT is(pg_temp.ack('support'), true, 'is acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'and was surely the last: nothing crossed');

CALL pg_temp.owner_edits('in flight');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the write goes out');
SELECT alike(pg_temp.saw('support', '{"phone": "2"}'), 'overruled phone=overruled%', 'an edit between claim and ack');
SELECT is(pg_temp.poll('support'), NULL, 'one call at a time');
SELECT is(pg_temp.ack('support'), true, 'the write is acknowledged');
SELECT is(pg_temp.waits('support'), 'update {"phone": "1"}', 'but the edit may have come after it: once more');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'its sight may be older than the edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'so that does not help: it goes out');
SELECT is((SELECT count(DISTINCT idempotency_key) FROM (SELECT idempotency_key FROM sync_outbox WHERE record_key = 'in flight'
	UNION ALL SELECT idempotency_key FROM sync_ledger WHERE record_key = 'in flight' AND change_set ? 'phone' AND change_set->>'phone' = '1') AS k), 2::bigint,
	'under a new key');
SELECT is(pg_temp.ack('support'), true, 'is acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'without a crossing: confirmed');

CALL pg_temp.owner_edits('in flight, after the sight');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the write goes out');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'it is shown');
SELECT alike(pg_temp.saw('support', '{"phone": "2"}'), 'overruled phone=overruled%', 'then an edit, still before the ack');
SELECT is(pg_temp.ack('support'), true, 'the write is acknowledged');
SELECT is(pg_temp.waits('support'), 'update {"phone": "1"}', 'it crossed as well');

CALL pg_temp.owner_edits('acked');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the write goes out');
SELECT is(pg_temp.ack('support'), true, 'is acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'overruled phone=overruled -> support', 'an edit after the ack, before the sight');
SELECT is(pg_temp.waits('support'), 'update {"phone": "1"}', 'the owner''s value goes out again');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the sight of the first write comes late');
SELECT is(pg_temp.waits('support'), 'update {"phone": "1"}', 'and does not tell which of the two came last');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'once more');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'confirmed');

CALL pg_temp.owner_edits('shown');
CALL pg_temp.deliver('support');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'overruled phone=overruled -> support', 'an edit after the sight crosses nothing');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the owner''s value goes back');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'shown');
SELECT is(pg_temp.waits('support'), NULL, 'at rest');

-- The correction too can be crossed
CALL pg_temp.owner_edits('twice');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the write goes out');
SELECT alike(pg_temp.saw('support', '{"phone": "2"}'), 'overruled%', 'crossed');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the correction goes out');
SELECT alike(pg_temp.saw('support', '{"phone": "3"}'), 'overruled%', 'crossed again');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'one more write for one more crossing');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'and it ends when the humans stop');

SELECT * FROM finish();
