-- The owner edits while a write of an earlier value is on its way to it: its value may have
-- been overwritten, so it is sent back to the owner itself.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "support"}}}');

CREATE FUNCTION pg_temp.waiting_row(target text) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s %s %s', source_system, direction, change_set) FROM sync_outbox
	WHERE record_key = pg_temp.record_key() AND target_system = target AND status = 'pending'
$$;

-- Both show phone 0, the owner has never edited; the crm sets phone 1.
CREATE PROCEDURE pg_temp.crm_edits(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
END
$$;

CALL pg_temp.crm_edits('before the claim');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'the owner''s edit is accepted in a collision too');
SELECT is(pg_temp.poll('support'), NULL, 'what waited for it is no more');
SELECT is(pg_temp.waits('crm'), 'update {"phone": "2"}', 'the other one is told');
SELECT is(pg_temp.conflicts(), 'phone owner resolved: "1" (crm) against "2" (support)', 'the value that it replaced unseen stands, resolved');

CALL pg_temp.crm_edits('in flight');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the write is on its way to the owner');
SELECT alike(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm%', 'who edits before the ack');
SELECT is(pg_temp.golden()->>'phone', '2', 'the owner''s value is golden');
SELECT is(pg_temp.ack('support'), true, 'the write is acknowledged');
SELECT is(pg_temp.waiting_row('support'), 'sync sync->support {"phone": "2"}', 'the owner''s own value is repeated there, by "sync"');
SELECT is(pg_temp.waiting_row('crm'), 'support support->crm {"phone": "2"}', 'and told to the other one');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'it goes out');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'confirmed');

CALL pg_temp.crm_edits('acked');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the write is on its way');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm,support', 'the owner edits before the sight: this may be older than our write');
SELECT is(pg_temp.waiting_row('support'), 'sync sync->support {"phone": "2"}', 'so it is repeated');

CALL pg_temp.crm_edits('shown');
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'after the sight nothing crosses');
SELECT is(pg_temp.waits('support'), NULL, 'and nothing is repeated');
SELECT is(pg_temp.conflicts(), NULL, 'nor was anything replaced unseen');

CALL pg_temp.crm_edits('lost');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the write is on its way');
CALL pg_temp.at('12:02');
SELECT alike(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm%', 'the owner edits; the lease has run out and the outcome is unknown');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'the lost write may land over it: it is repeated');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'confirmed');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo -> support', 'the lost write lands: an echo, not the owner''s edit');
SELECT is(pg_temp.golden()->>'phone', '2', 'the owner''s value stands');
SELECT is(pg_temp.waiting_row('support'), 'sync sync->support {"phone": "2"}', 'and is repeated once more');

SELECT * FROM finish();
