-- A create whose outcome is unknown goes again as the policy built it by which it was called: no
-- two contents share a key.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"plan": {}, "x": {}}, "max_attempts": 99}');

CREATE TEMP TABLE tried (n serial, id bigint, lease bigint, told text);
CREATE FUNCTION pg_temp.try() RETURNS text LANGUAGE sql AS $$
	WITH polled AS (SELECT * FROM sync_poll('support')),
		noted AS (INSERT INTO tried (id, lease, told)
			SELECT id, lease, concat_ws(' ', action, split_part(idempotency_key, '-', 6), change_set, payload - 'record_key') FROM polled RETURNING told)
	SELECT string_agg(told, '; ') FROM noted
$$;
CREATE FUNCTION pg_temp.fail() RETURNS boolean LANGUAGE sql AS $$ SELECT sync_nack(id, lease, '503') FROM tried ORDER BY n DESC LIMIT 1 $$;
CREATE FUNCTION pg_temp.land(native_id text) RETURNS boolean LANGUAGE sql AS $$ SELECT sync_ack(id, lease, native_id) FROM tried ORDER BY n DESC LIMIT 1 $$;

CALL pg_temp.record('T1');
CALL pg_temp.at('10:00');
SELECT is(pg_temp.saw('crm', '{"plan": "gold", "x": "1"}'), 'accepted plan=accepted,x=accepted -> support', 'a record');
SELECT is(pg_temp.try(), 'create v1 {"x": "1", "plan": "gold"} {"x": "1", "plan": "gold"}', 'is created');
SELECT is(pg_temp.fail(), true, 'and nobody knows whether');

-- A field is dropped, another one has other words, and a third one is new
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"name": {}, "plan": {"values": {"support": {"gold": "G"}}, "path": {"crm": "plan", "support": "p.plan"}}}}');
CALL pg_temp.at('11:00');
SELECT is(pg_temp.try(), 'create v1 {"x": "1", "plan": "gold"} {"x": "1", "plan": "gold"}', 'the same goes again under its key');
SELECT is(pg_temp.fail(), true, 'lost again');
SELECT is(pg_temp.saw('crm', '{"plan": "silver"}'), 'accepted plan=accepted -> support', 'an edit');
SELECT is((SELECT change_set FROM sync_outbox), '{"x": "1", "plan": "gold"}', 'changes nothing of what waits');
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"plan": {"path": {"crm": "plan", "support": "q"}}}}');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.try(), 'create v1 {"x": "1", "plan": "gold"} {"x": "1", "plan": "gold"}', 'nor does another policy');
SELECT is(pg_temp.land('s1'), true, 'it lands');
SELECT is((SELECT change_set FROM sync_ledger), '{"x": "1", "plan": "gold"}', 'as the ledger says');
SELECT alike(pg_temp.try(), 'update v% {"plan": "silver"} {"q": "silver"}', 'what changed since follows as an update');
SELECT is(pg_temp.land(NULL), true, 'lands');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'at rest');

-- Nobody has called it yet
CALL pg_temp.record('T2');
SELECT is(pg_temp.saw('crm', '{"plan": "gold"}'), 'accepted plan=accepted -> support', 'a record waits');
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"plan": {"values": {"support": {"gold": "G"}}}}}');
SELECT is(pg_temp.try(), 'create v2 {"plan": "gold"} {"plan": "G"}', 'and is created by the newest policy, under a key of its own');
SELECT is(pg_temp.fail(), true, 'lost');

-- All that it said has gone
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"name": {}}}');
CALL pg_temp.at('14:00');
SELECT is(pg_temp.try(), 'create v2 {"plan": "gold"} {"plan": "G"}', 'it goes again all the same');
SELECT is(pg_temp.land('s2'), true, 'and lands');
SELECT is((SELECT concat_ws(' ', existence, native_id) FROM sync_shadow WHERE record_key = 'T2' AND system = 'support'), 'there s2', 'as the record that it is');

-- A human gives it up
CALL pg_temp.record('T3');
SELECT is(pg_temp.saw('crm', '{"name": "ann"}'), 'accepted name=accepted -> support', 'a record');
SELECT is(pg_temp.try(), 'create v1 {"name": "ann"} {"name": "ann"}', 'is created');
SELECT is(pg_temp.fail(), true, 'and lost');
SELECT is(sync_discard((SELECT id FROM sync_outbox), 'it is not there'), true, 'and given up');
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"name": {"path": {"crm": "name", "support": "full"}}}}');
SELECT is(pg_temp.saw('crm', '{"name": "bob"}'), 'accepted name=accepted -> support', 'an edit');
SELECT alike(pg_temp.try(), 'create v_ {"name": "bob"} {"full": "bob"}', 'begins a new one');

SELECT * FROM finish();
