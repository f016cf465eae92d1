-- A write that repeats what the system showed buries an edit: the sight of the repetition, under
-- a newer token, is not the system's own word, so the late edit is named and not stale.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v", "strict_versions": true}},
	"fields": {"phone": {}}, "window": "0 seconds"}');
CALL pg_temp.at_rest('T1', '{"phone": "1"}', 'crm', 'support');
SELECT pg_temp.saw('support', '{"phone": "1", "v": 10}');
SELECT pg_temp.saw('crm', '{"phone": "2"}');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'a write is on its way');
SELECT is(pg_temp.saw('support', '{"phone": "5", "v": 28}'), 'conflict phone=conflict', 'an edit crosses it');
SELECT pg_temp.ack('support');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'a human decides for the edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "5"}', 'it is written again: nobody can say what support shows');

SELECT is(pg_temp.saw('support', '{"phone": "7", "v": 50}'), 'accepted phone=accepted -> crm,support', 'the next edit crosses that');
SELECT pg_temp.ack('support');
SELECT is(pg_temp.poll('support'), 'update {"phone": "7"}', 'so it is written again, its own word');

-- A human there types 8 (v 60), the write lands over it (v 70); the webhooks come in the other order.
SELECT is(pg_temp.saw('support', '{"phone": "7", "v": 70}'), 'unchanged', 'the newer webhook');
SELECT is(pg_temp.saw('support', '{"phone": "8", "v": 60}'), 'conflict phone=conflict', 'the older one is the buried edit''s only trace');

SELECT * FROM finish();
ROLLBACK;
