-- A field may stand where a system keeps the record's key: what is written there is the key.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{
	"systems": {"crm": {}, "support": {"key": "email"}, "desk": {"key": "names[0]"}},
	"fields": {
		"email": {"normalize": ["email"], "path": {"crm": "email", "support": "email"}},
		"login": {"path": {"crm": "login", "desk": "names[0]"}},
		"names": {"path": {"crm": "nick", "desk": "names[1]"}},
		"phone": {}}}');

CREATE FUNCTION pg_temp.payload(target text) RETURNS jsonb LANGUAGE sql AS $$
	WITH polled AS (SELECT * FROM sync_poll(target)),
		noted AS (INSERT INTO claim (record_key, target, id, lease) SELECT record_key, $1, id, lease FROM polled)
	SELECT payload FROM polled
$$;

SELECT is(pg_temp.saw('crm', '{"email": "t1", "login": "t-1", "nick": "n", "phone": "1"}'),
	'accepted email=accepted,login=accepted,names=accepted,phone=accepted -> desk,support', 'a record "T1", whose email is "t1"');
SELECT is(pg_temp.payload('support'), '{"email": "T1", "phone": "1"}', 'is created under its key');
SELECT is(pg_temp.payload('desk'), '{"names": ["T1", "n"], "phone": "1"}', 'in an array too');
SELECT is(pg_temp.ack('support'), true, 'both');
SELECT is(pg_temp.ack('desk'), true, 'land');
SELECT is(pg_temp.saw('crm', '{"nick": "m"}'), 'accepted names=accepted -> desk', 'what stands beside the key changes');
SELECT is(pg_temp.payload('desk'), '{"names": ["T1", "m"]}', 'and is written beside it');
SELECT * FROM finish();
