-- A create whose outcome is unknown goes again as it was; what changed since follows.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

CREATE TEMP TABLE tried (n serial, record_key text, id bigint, lease bigint, action text, change_set jsonb, native_id text, key text);
CREATE FUNCTION pg_temp.try() RETURNS text LANGUAGE sql AS $$
	WITH polled AS (SELECT * FROM sync_poll('support')),
		noted AS (INSERT INTO tried (record_key, id, lease, action, change_set, native_id, key)
			SELECT record_key, id, lease, action, change_set, native_id, idempotency_key FROM polled)
	SELECT concat_ws(' ', action, change_set, native_id) FROM polled WHERE record_key = pg_temp.record_key()
$$;
CREATE FUNCTION pg_temp.ack_try(native_id text) RETURNS boolean LANGUAGE sql AS $$
	SELECT sync_ack(id, lease, ack_try.native_id) FROM tried WHERE record_key = pg_temp.record_key() ORDER BY n DESC LIMIT 1
$$;
CREATE FUNCTION pg_temp.keys() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(DISTINCT key) FROM tried WHERE record_key = pg_temp.record_key()
$$;

CALL pg_temp.record('lost');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'a new record');
SELECT is(pg_temp.try(), 'create {"phone": "0"}', 'goes out');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "a"}'), 'accepted email=accepted,phone=accepted -> support', 'changes meanwhile');
SELECT is(pg_temp.try(), NULL, 'no second create is handed out');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.try(), 'create {"phone": "0"}', 'the lost create goes again with its old content');
SELECT is(pg_temp.keys(), 1::bigint, 'and its old key, so that a target that knows it does not create twice');
SELECT is(pg_temp.ack_try('zd_1'), true, 'acknowledged');
SELECT is(pg_temp.try(), 'update {"email": "a", "phone": "1"} zd_1', 'what changed since follows as an update, with the target''s own id');
SELECT is(pg_temp.keys(), 2::bigint, 'under a key of its own');
SELECT is(pg_temp.ack_try(NULL), true, 'acknowledged');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'at rest');
SELECT is((SELECT native_id FROM sync_shadow WHERE record_key = 'lost' AND system = 'support'), 'zd_1', 'an ack without native id takes none away');

CALL pg_temp.record('lost for long');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'a new record');
SELECT is(pg_temp.try(), 'create {"phone": "0"}', 'goes out');
CALL pg_temp.at('13:02');
SELECT is(pg_temp.try(), 'create {"phone": "0"}', 'is lost, and goes again');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'changes');
CALL pg_temp.at('15:00');
SELECT is(pg_temp.try(), 'create {"phone": "0"}', 'is lost again: still its old content');
SELECT is(pg_temp.keys(), 1::bigint, 'and key');
SELECT is(pg_temp.ack_try('zd_2'), true, 'acknowledged');
SELECT is(pg_temp.try(), 'update {"phone": "1"} zd_2', 'what changed since follows');

-- In flight, not lost
CALL pg_temp.record('in flight');
CALL pg_temp.at('16:00');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'a new record');
SELECT is(pg_temp.try(), 'create {"phone": "0"}', 'goes out');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'changes meanwhile');
SELECT is(pg_temp.waits('support'), 'update {"phone": "1"}', 'which waits as an update');
SELECT is(pg_temp.ack_try('zd_3'), true, 'the create is acknowledged');
SELECT is(pg_temp.try(), 'update {"phone": "1"} zd_3', 'the update goes');

-- The lost create is shown: it landed
CALL pg_temp.record('it landed');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'a new record');
SELECT is(pg_temp.try(), 'create {"phone": "0"}', 'goes out');
CALL pg_temp.at('17:00');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'echo phone=echo', 'the target shows it, long after the lease');
SELECT is(pg_temp.waits('crm'), NULL, 'an echo, and no record of its own');

SELECT * FROM finish();
