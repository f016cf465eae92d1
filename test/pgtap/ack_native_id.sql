-- What a target calls the record: kept from payloads and answers, handed out with each row.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"id": "ticket.id"}, "billing": {}}, "fields": {"phone": {}}}');

CREATE FUNCTION pg_temp.native_id(of_system text) RETURNS text LANGUAGE sql AS $$
	SELECT native_id FROM sync_shadow WHERE record_key = pg_temp.record_key() AND system = of_system
$$;
CREATE FUNCTION pg_temp.poll_and_ack(target text, native_id text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s %s %s', action, p.native_id, sync_ack(id, lease, poll_and_ack.native_id)) FROM sync_poll(target) AS p
$$;

CALL pg_temp.at('10:00');
SELECT is(pg_temp.saw('crm', '{"id": "c_1", "phone": "0"}'), 'accepted phone=accepted -> billing,support', 'a payload names its own id');
SELECT is(pg_temp.native_id('crm'), 'c_1', 'which is kept');
SELECT is(pg_temp.poll_and_ack('support', 'zd_1'), 'create  t', 'a create has no id yet; the answer brings it');
SELECT is(pg_temp.native_id('support'), 'zd_1', 'which is kept');
SELECT is(pg_temp.native_id('crm'), 'c_1', 'each system has its own');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'an edit');
SELECT is(pg_temp.poll_and_ack('support'), 'update zd_1 t', 'goes to the target with its id');
SELECT is(pg_temp.native_id('support'), 'zd_1', 'an ack without id takes none away');
CALL pg_temp.at('10:05');
SELECT is(pg_temp.saw('support', '{"ticket": {"id": "zd_1"}, "phone": "2"}'), 'conflict phone=conflict', 'a payload with it, before the sight');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'decided');
SELECT is(pg_temp.poll_and_ack('crm'), 'update c_1 t', 'a system that we did not create in is told under the id that it sent');

-- A number as id is a text
CALL pg_temp.record('number');
SELECT is(pg_temp.saw('crm', '{"id": 991, "phone": "0"}'), 'accepted phone=accepted -> billing,support', 'a number as id');
SELECT is(pg_temp.native_id('crm'), '991', 'is kept as text');

-- The id comes with a payload only
CALL pg_temp.record('by payload');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> billing,support', 'no id as yet');
SELECT is(pg_temp.native_id('crm'), NULL, 'none is known');
SELECT is(pg_temp.saw('crm', '{"id": "c_7", "phone": "1"}'), 'accepted phone=accepted -> billing,support', 'an edit brings it');
SELECT is(pg_temp.native_id('crm'), 'c_7', 'it is known');

-- By the echo of a create, before the ack
CALL pg_temp.record('by echo');
CALL pg_temp.at('11:00');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> billing,support', 'a new record');
SELECT is(pg_temp.poll('support'), 'create {"phone": "0"}', 'goes out');
SELECT is(pg_temp.saw('support', '{"ticket": {"id": "zd_9"}, "phone": "0"}'), 'echo phone=echo', 'its webhook names the id before the answer does');
SELECT is(pg_temp.ack('support'), true, 'an answer without id');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'an edit');
SELECT is(pg_temp.poll_and_ack('support'), 'update zd_9 t', 'goes to that id');

SELECT * FROM finish();
