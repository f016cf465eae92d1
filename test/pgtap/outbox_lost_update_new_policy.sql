-- An update that a worker has when the policy changes goes again under a key of its own: it may mean
-- something else by now.
\ir story.psql
SELECT * FROM no_plan();

CREATE TEMP TABLE tried (n serial, id bigint, lease bigint, told text);
CREATE FUNCTION pg_temp.try() RETURNS text LANGUAGE sql AS $$
	WITH polled AS (SELECT * FROM sync_poll('support')),
		noted AS (INSERT INTO tried (id, lease, told)
			SELECT id, lease, concat_ws(' ', action, split_part(idempotency_key, '-', 6), payload - 'record_key', attempt) FROM polled
			WHERE record_key = pg_temp.record_key() RETURNING told)
	SELECT string_agg(told, '; ') FROM noted
$$;
CREATE FUNCTION pg_temp.fail() RETURNS boolean LANGUAGE sql AS $$ SELECT sync_nack(id, lease, '503', '0 s') FROM tried ORDER BY n DESC LIMIT 1 $$;
CREATE FUNCTION pg_temp.fields(fields jsonb) RETURNS integer LANGUAGE sql AS $$
	SELECT sync_configure('contact', jsonb_build_object('systems', '["crm", "support", "billing"]'::jsonb, 'window', '0 s', 'fields', fields))
$$;
-- Support's worker has an update of both fields
CREATE PROCEDURE pg_temp.called(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.fields('{"plan": {}, "x": {}}');
	CALL pg_temp.at_rest(record_key, '{"plan": "0", "x": "0"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"plan": "1", "x": "1"}');
	PERFORM pg_temp.try();
END
$$;

CALL pg_temp.called('not touched');
SELECT is((SELECT told FROM tried ORDER BY n DESC LIMIT 1), 'update v2 {"x": "1", "plan": "1"} 1', 'a call');
SELECT is(pg_temp.fail(), true, 'fails');
SELECT is(pg_temp.try(), 'update v2 {"x": "1", "plan": "1"} 1', 'and goes again under its key');
SELECT pg_temp.fields('{"plan": {}}');
SELECT is(pg_temp.fail(), true, 'a field is dropped before it fails again');
SELECT is(pg_temp.try(), 'update v3 {"plan": "1"} 1', 'what is left is another content');

CALL pg_temp.called('touched');
SELECT pg_temp.fields('{"plan": {}}');
SELECT is(pg_temp.saw('billing', '{"plan": "1"}'), 'agreed plan=agreed', 'the record is read by the new policy while the worker has it');
SELECT is(pg_temp.fail(), true, 'then the call fails');
SELECT is(pg_temp.try(), 'update v3 {"plan": "1"} 1', 'the same');
SELECT is(pg_temp.fail(), true, 'fails again');
SELECT is(pg_temp.try(), 'update v3 {"plan": "1"} 1', 'from then on it keeps that key');

CALL pg_temp.called('elsewhere');
SELECT pg_temp.fields('{"plan": {"path": {"crm": "plan", "billing": "plan", "support": "p"}}, "x": {}}');
SELECT is(pg_temp.saw('billing', '{"plan": "1"}'), 'agreed plan=agreed', 'a field stands elsewhere now');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.try(), 'update v3 {"p": "1", "x": "1"} 2', 'the worker died: the payload is another one');

CALL pg_temp.called('landed');
SELECT pg_temp.fields('{"plan": {}}');
SELECT is(pg_temp.saw('billing', '{"plan": "1"}'), 'agreed plan=agreed', 'touched while the worker has it');
SELECT is((SELECT sync_ack(lease, ARRAY[id]) FROM tried ORDER BY n DESC LIMIT 1), 1, 'it has landed');
SELECT is(pg_temp.try(), NULL, 'and does not go again');

SELECT * FROM finish();
