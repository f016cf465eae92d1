-- A lost update that takes along what its array holds besides: where that was edited there, the
-- payload is another one, and so is its key.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "window": "0 seconds", "fields": {
	"street": {"path": {"crm": "street", "support": "address[0].street"}},
	"city": {"path": {"crm": "city", "support": "address[1].city"}},
	"note": {}}}');

CREATE FUNCTION pg_temp.claimed() RETURNS text LANGUAGE sql AS $$
	WITH polled AS (SELECT * FROM sync_poll('support')),
		noted AS (INSERT INTO claim (record_key, target, id, lease) SELECT record_key, 'support', id, lease FROM polled)
	SELECT right(idempotency_key, 2) || ' ' || (payload->'address') FROM polled
$$;

CALL pg_temp.record('T1');
CALL pg_temp.at('10:00');
SELECT alike(pg_temp.saw('crm', '{"street": "a", "city": "c", "note": "n"}'), 'accepted%', 'a record');
SELECT alike(pg_temp.poll('support'), 'create%', 'goes to support');
SELECT is(pg_temp.ack('support'), true, 'which has it');
SELECT alike(pg_temp.saw('support', '{"address": [{"street": "a"}, {"city": "c"}], "note": "n"}'), 'echo%', 'and shows it');
SELECT alike(pg_temp.saw('crm', '{"city": "d"}'), 'accepted%', 'an edit');
SELECT is(pg_temp.claimed(), 'v2 [{"street": "a"}, {"city": "d"}]', 'goes out with the rest of the array');
SELECT is(pg_temp.nack('support', retry_after => '0 s'), true, 'and is lost');
SELECT is(pg_temp.claimed(), 'v2 [{"street": "a"}, {"city": "d"}]', 'its retry is the same call');
SELECT is(pg_temp.nack('support', retry_after => '0 s'), true, 'lost again');

SELECT alike(pg_temp.saw('support', '{"note": "m"}'), 'accepted note=accepted -> crm', 'an edit of what does not go along');
SELECT is(pg_temp.claimed(), 'v2 [{"street": "a"}, {"city": "d"}]', 'changes nothing');
SELECT is(pg_temp.nack('support', retry_after => '0 s'), true, 'lost again');
SELECT alike(pg_temp.saw('support', '{"address": [{"street": "b"}, {"city": "c"}]}'), 'accepted%', 'an edit of the street there, while it waits');
SELECT is(pg_temp.claimed(), 'v4 [{"street": "b"}, {"city": "d"}]', 'makes it another call');
SELECT alike(pg_temp.saw('support', '{"address": [{"street": "e"}, {"city": "c"}]}'), 'accepted%', 'and one while it is under way');
SELECT is(pg_temp.nack('support', retry_after => '0 s'), true, 'lost again');
SELECT is(pg_temp.claimed(), 'v6 [{"street": "e"}, {"city": "d"}]', 'makes it another one');
SELECT is(pg_temp.ack('support'), true, 'which lands');
SELECT is(pg_temp.waits('support'), NULL, 'and that is all');

SELECT * FROM finish();
