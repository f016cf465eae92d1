-- A create is lost and made again; between the two the record is deleted there.  What the
-- second one leaves is our own write: it gives no new life, and is deleted too.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "window": "0 seconds"}');
CALL pg_temp.at('12:00');
SELECT pg_temp.saw('crm', '{"phone": "1"}');
SELECT is(pg_temp.poll('support'), 'create {"phone": "1"}', 'a create lands, and its answer is lost');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.poll('support'), 'create {"phone": "1"}', 'it goes again');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the first one is shown');
SELECT is((SELECT verdict FROM sync_delete('support', 'contact', '{T1}')), 'accepted', 'and deleted by a human');
SELECT is(pg_temp.ack('support'), true, 'the second one lands');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo -> support', 'and is shown: it is ours');
SELECT is(pg_temp.waits('support'), 'delete {}', 'so it is deleted again');
SELECT is((SELECT deleted FROM sync_record), true, 'and the record stays dead');

SELECT * FROM finish();
ROLLBACK;
