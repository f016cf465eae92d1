-- A human's word on a json field is a value like any other.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"address": {"type": "json"}}, "window": "0"}');
CREATE FUNCTION pg_temp.decided(word jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.saw('crm', '{"address": {"n": 1}}');
	SELECT pg_temp.saw('support', '{"address": {"n": 2}}');
	SELECT sync_resolve(pg_temp.open_conflict(), value => word);
	SELECT data->>'address' FROM sync_record WHERE record_key = pg_temp.record_key()
$$;
CALL pg_temp.at_rest('T1', '{"address": {"n": 0}}', 'crm', 'support');
SELECT is(pg_temp.decided('{"n": 3, "a": [1, {}]}'), '{"a": [1, {}], "n": 3}', 'an object');
CALL pg_temp.at_rest('T2', '{"address": {"n": 0}}', 'crm', 'support');
SELECT is(pg_temp.decided('[2, 1.50]'), '[2, 1.5]', 'an array');
CALL pg_temp.at_rest('T3', '{"address": {"n": 0}}', 'crm', 'support');
SELECT is(pg_temp.decided('"x"'), 'x', 'a string');
CALL pg_temp.at_rest('T4', '{"address": {"n": 0}}', 'crm', 'support');
SELECT is(pg_temp.decided('{"n": 12345678901234567890.123}'), '{"n": 12345678901234567890.123}', 'a number that no double holds');
SELECT is((SELECT change_set FROM sync_outbox WHERE record_key = 'T4' AND target_system = 'crm'), '{"address": {"n": 12345678901234567890.123}}', 'which goes out');

SELECT * FROM finish();
ROLLBACK;
