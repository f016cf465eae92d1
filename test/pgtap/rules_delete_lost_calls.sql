-- A delete goes to its target until it is acknowledged or shown, under one key, and blocks nothing else.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

CREATE TEMP TABLE sent (key text);
CREATE FUNCTION pg_temp.claimed() RETURNS text LANGUAGE sql AS $$
	WITH polled AS (SELECT * FROM sync_poll('support') WHERE record_key = pg_temp.record_key()),
		noted AS (INSERT INTO claim (record_key, target, id, lease) SELECT record_key, 'support', id, lease FROM polled),
		kept AS (INSERT INTO sent SELECT idempotency_key FROM polled)
	SELECT string_agg(action || ' ' || attempt, ', ') FROM polled
$$;

CALL pg_temp.at_rest('acked at last', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
SELECT is(pg_temp.claimed(), 'delete 1', 'a worker has it');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.claimed(), 'delete 2', 'it died; another one has it');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.claimed(), 'delete 3', 'it died too');
SELECT is(pg_temp.ack('support', before => 2), false, 'the first worker awakes: it has lost its lease');
SELECT is(pg_temp.ack('support'), true, 'the third one is acknowledged');
SELECT is((SELECT count(DISTINCT key) FROM sent), 1::bigint, 'all under one key');
SELECT is(pg_temp.claimed(), NULL, 'that is all');
SELECT is(pg_temp.gone('support'), 'echo', 'its webhook');
SELECT is(pg_temp.gone('support') IN ('echo', 'unchanged'), true, 'the webhook of the first call, which had landed as well');
SELECT is(pg_temp.life_conflicts(), NULL, 'nobody has to look');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'at rest');

TRUNCATE sent;
CALL pg_temp.at_rest('shown at last', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
SELECT is(pg_temp.claimed(), 'delete 1', 'a worker has it');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.claimed(), 'delete 2', 'it died; another one has it');
SELECT is(pg_temp.gone('support'), 'echo', 'it is shown');
SELECT is(pg_temp.ack('support'), true, 'and acknowledged');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.claimed(), NULL, 'at rest');

-- A lost delete that is shown to have done nothing goes again, under the same key
CALL pg_temp.at_rest('did nothing', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
SELECT is(pg_temp.claimed(), 'delete 1', 'a worker has it, and dies');
CALL pg_temp.at('12:10');
SELECT unalike(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'held%', 'support shows what it showed');
SELECT is(pg_temp.claimed(), 'delete 2', 'the delete goes again');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');

-- Other records go on
CALL pg_temp.at_rest('another', '{"phone": "0", "email": "a"}', 'crm', 'support');
CALL pg_temp.at_rest('blocked', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'a delete');
SELECT is(pg_temp.claimed(), 'delete 1', 'in flight');
CALL pg_temp.record('another');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit of another record');
SELECT is(pg_temp.claimed(), 'update 1', 'does not wait for it');

SELECT * FROM finish();
