-- What is held of a native id has the version of its time. Where a new policy finds versions at another
-- path, that one says nothing: neither of what is shown while a human has to decide, nor after.
\ir story.psql
SELECT * FROM no_plan();

CREATE PROCEDURE pg_temp.versions_at(path text) LANGUAGE sql AS $$
	SELECT sync_configure('contact', format('{"systems": {"crm": {}, "desk": {"id": "id", "version": "%s"}}, "fields": {"phone": {}}, "window": "0"}', path)::jsonb)
$$;
CREATE FUNCTION pg_temp.came(payload jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', v.record_key, v.verdict) FROM sync_diff('desk', 'contact', payload, verbose => true) AS v
$$;
-- Two records, and a payload that bears the key of one and the native id of the other.
CREATE PROCEDURE pg_temp.in_doubt(a text, b text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.versions_at('rev');
	CALL pg_temp.at('10:00');
	PERFORM pg_temp.came(format('[{"record_key": "%s", "id": "%s1", "rev": 900001, "phone": "1"}, {"record_key": "%s", "id": "%s1", "rev": 900001, "phone": "2"}]', a, a, b, b)::jsonb);
	PERFORM sync_ack(lease) FROM sync_poll('crm') GROUP BY lease;
	PERFORM sync_diff('crm', 'contact', format('[{"record_key": "%s", "phone": "1"}, {"record_key": "%s", "phone": "2"}]', a, b)::jsonb);
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.came(format('{"record_key": "%s", "id": "%s1", "rev": 900002, "phone": "3"}', b, a)::jsonb);
END
$$;
CREATE FUNCTION pg_temp.held() RETURNS jsonb LANGUAGE sql AS $$
	SELECT incoming_value FROM sync_conflict WHERE kind = 'duplicate' AND status = 'open'
$$;
CREATE FUNCTION pg_temp.decided(for_key text) RETURNS boolean LANGUAGE sql AS $$
	SELECT sync_resolve(id, value => to_jsonb(for_key)) FROM sync_conflict WHERE kind = 'duplicate' AND status = 'open'
$$;

CALL pg_temp.in_doubt('a', 'b');
SELECT is(pg_temp.held(), '{"phone": "3"}', 'a human must say which of two records it is');
CALL pg_temp.versions_at('ver');
SELECT is(pg_temp.decided('a'), true, 'who says it under another policy');
SELECT is(pg_temp.came('{"record_key": "a", "id": "a1", "ver": 7, "phone": "4"}'), 'a accepted', 'holds nothing against what the record shows then');

CALL pg_temp.in_doubt('c', 'd');
CALL pg_temp.versions_at('ver');
SELECT alike(pg_temp.came('{"record_key": "d", "id": "c1", "ver": 7, "phone": "4"}'), '% conflict', 'what is shown meanwhile');
SELECT is(pg_temp.held(), '{"phone": "4"}', 'is the newer value');
SELECT is(pg_temp.came('{"record_key": "d", "id": "c1", "ver": 6, "phone": "0"}'), 'd conflict', 'and has a version');
SELECT is(pg_temp.held(), '{"phone": "4"}', 'that an older one does not reach');
SELECT is(pg_temp.decided('c'), true, 'decided,');
SELECT is((SELECT data FROM sync_record WHERE record_key = 'c'), '{"phone": "4"}', 'it is in the record');
SELECT is(pg_temp.came('{"record_key": "c", "id": "c1", "ver": 6, "phone": "0"}'), 'c stale', 'with its version');

CALL pg_temp.in_doubt('e', 'f');
SELECT is(sync_configure('contact', '{"systems": {"crm": {}}, "fields": {"phone": {}}, "window": "0"}') IS NULL, false, 'its system leaves the policy');
CALL pg_temp.versions_at('rev');
SELECT is(pg_temp.decided('e'), true, 'and is named again');
SELECT is(pg_temp.came('{"record_key": "e", "id": "e1", "rev": 1, "phone": "4"}'), 'e accepted', 'then its versions are known anew');

SELECT * FROM finish();
