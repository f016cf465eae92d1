-- A claim is told by its row of the outbox while it is under way, with its acknowledgement in
-- one row, or as an event of its own where it came to something else; it keeps its number.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "window": "0", "fields": {"phone": {}}}');
CREATE FUNCTION pg_temp.claims() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s of v%s by %s: %s %s', attempt, version, worker, action, change_set ->> 'phone'), '; ' ORDER BY id) FROM sync_claim
	WHERE record_key = pg_temp.record_key()
$$;
CREATE FUNCTION pg_temp.told() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(event, ', ' ORDER BY n) FROM sync_trace('contact', pg_temp.record_key()) WITH ORDINALITY AS t(at, event, system, detail, data, n)
$$;
CREATE FUNCTION pg_temp.events() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(event, ', ' ORDER BY id) FROM sync_event WHERE record_key = pg_temp.record_key()
$$;
CREATE FUNCTION pg_temp.work(worker text) RETURNS bigint LANGUAGE sql AS $$
	WITH polled AS (SELECT * FROM sync_poll('support', worker => worker)),
		noted AS (INSERT INTO claim (record_key, target, id, lease) SELECT record_key, target_system, id, lease FROM polled)
	SELECT count(*) FROM polled
$$;

-- All of it at one moment
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'a change');
SELECT is(pg_temp.work('w'), 1::bigint, 'is claimed');
SELECT is(pg_temp.claims(), '1 of v1 by w: create 1', 'which is told');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'it changes meanwhile');
SELECT is(pg_temp.ack('support'), true, 'is acknowledged');
SELECT is(pg_temp.claims(), '1 of v1 by w: create 1', 'and told all the same');
SELECT is(pg_temp.events(), 'arrived, arrived', 'without an event of its own');
SELECT is(pg_temp.told(), 'arrived, claimed, arrived, acknowledged, waiting', 'in the order in which it happened');

SELECT is(pg_temp.work('x'), 1::bigint, 'the next is claimed');
SELECT is(pg_temp.nack('support'), true, 'and fails');
SELECT is(pg_temp.events(), 'arrived, arrived, claimed, failed', 'which makes events of both');
SELECT is(pg_temp.told(), 'arrived, claimed, arrived, acknowledged, claimed, failed, waiting', 'in their order');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.work('y'), 1::bigint, 'it is tried again');
SELECT is(pg_temp.claims(), '1 of v1 by w: create 1; 1 of v2 by x: update 2; 2 of v2 by y: update 2', 'each claim is told once');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.work('z'), 1::bigint, 'the lease runs out');
SELECT is(pg_temp.ack('support', '{"phone": "+2"}'), true, 'and it is stored in another form');
SELECT is(pg_temp.claims(), '1 of v1 by w: create 1; 1 of v2 by x: update 2; 2 of v2 by y: update 2; 3 of v2 by z: update 2', 'four claims');
SELECT is(pg_temp.told(), 'arrived, claimed, arrived, acknowledged, claimed, failed, claimed, lease ran out, claimed, acknowledged', 'and what they came to');
SELECT is((SELECT array_agg(has_event ORDER BY id) FROM sync_delivery), '{false,true}', 'two of them were delivered, of one there is more to say');

-- A row that no policy knows the target of any more
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> support', 'a change');
SELECT is(pg_temp.work('w'), 1::bigint, 'is claimed');
SELECT sync_configure('contact', '{"systems": ["crm", "legacy"], "window": "0", "fields": {"phone": {}}}');
SELECT isnt(pg_temp.saw('crm', '{"phone": "4"}'), NULL, 'the record is written without support');
SELECT is(pg_temp.nack('support'), true, 'the call has failed');
SELECT is((SELECT count(*) FROM sync_outbox WHERE target_system = 'support'), 0::bigint, 'and goes');
SELECT matches(pg_temp.claims(), '; 1 of v3 by w: update 3$', 'but is told');

SELECT * FROM finish();
