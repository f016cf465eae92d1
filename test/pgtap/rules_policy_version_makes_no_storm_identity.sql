-- match_on, its fields and their normalisers may change: records that are there already are found by the policy of now.
\ir story.psql
SELECT * FROM no_plan();

CREATE PROCEDURE pg_temp.match(email text, match_on text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sync_configure('contact', format('{"systems": {"crm": {}, "support": {"key": "ref", "id": "id"}}, "fields": {"email": %s, "name": {}}, "match_on": %s}', email, match_on)::jsonb);
END
$$;

CREATE FUNCTION pg_temp.crm(records text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(record_key || ' ' || verdict, ', ') FROM sync_diff('crm', 'contact', records)
$$;

CREATE FUNCTION pg_temp.support(records text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(record_key || ' ' || verdict, ', ') FROM sync_diff('support', 'contact', records, verbose => true)
$$;

CALL pg_temp.at('12:00');
SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"key": "ref"}}, "fields": {"email": {}, "name": {}}}');
SELECT is(pg_temp.crm('[{"record_key": "A", "email": "a"}, {"record_key": "C", "email": "C@x"}]'), 'A accepted, C accepted', 'records, before anything was matched');

CALL pg_temp.match('{}', '["email"]');
SELECT is((SELECT count(*) FROM sync_outbox WHERE action <> 'create'), 0::bigint, 'a new way of matching sends nothing');
SELECT is(pg_temp.support('{"id": "s1", "email": "a"}'), 'A agreed', 'and finds what was there before it');

CALL pg_temp.match('{"normalize": ["lower"]}', '["email"]');
SELECT is(pg_temp.support('{"id": "s2", "email": "c@x"}'), 'C agreed', 'by the normaliser of now');

CALL pg_temp.match('{}', '["email", "name"]');
SELECT is(pg_temp.crm('{"record_key": "E", "email": "e", "name": "n"}'), 'E accepted', 'a record that is matched by two fields');
CALL pg_temp.match('{}', '["name"]');
SELECT is(pg_temp.support('{"id": "s3", "name": "n"}'), 'E agreed', 'is found by one');

-- What was matched by moves on with the record
CALL pg_temp.match('{}', '["email"]');
SELECT is(pg_temp.crm('{"record_key": "M", "email": "m"}'), 'M accepted', 'a record');
SELECT is(pg_temp.crm('{"record_key": "M", "email": "m2"}'), 'M accepted', 'gets another address');
SELECT is(pg_temp.support('[{"id": "m1", "email": "m"}, {"id": "m2", "email": "m2"}]'), 'support:m1 accepted, M agreed', 'and is found by that one only');

-- Without match_on nobody is found any more, links stay
SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"key": "ref", "id": "id"}}, "fields": {"email": {}, "name": {}}}');
SELECT is(pg_temp.crm('{"record_key": "Z", "email": "z"}'), 'Z accepted', 'a record');
SELECT is(pg_temp.support('{"id": "z1", "email": "z"}'), 'support:z1 accepted', 'is not found without match_on');
SELECT is(pg_temp.support('{"id": "m2", "email": "m2"}'), 'M unchanged', 'one that was linked is');

SELECT * FROM finish();
