-- A human closes what a system was in doubt of after a policy has dropped it, and it is named again.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql
\ir identity.psql

CREATE FUNCTION pg_temp.configure(systems text) RETURNS integer LANGUAGE sql AS $$
	SELECT sync_configure('contact', format('{"systems": {"crm": {"id": "id"} %s}, "fields": {"email": {}, "name": {}}, "match_on": ["email"], "window": "0"}', systems)::jsonb)
$$;
CREATE FUNCTION pg_temp.close() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(sync_resolve(id, winner => 'new')::text, ' ') FROM sync_conflict WHERE status = 'open'
$$;
SELECT pg_temp.configure(', "shop": {"id": "id"}');
SELECT pg_temp.came('crm', '{"id": "c1", "email": "a"}'), pg_temp.came('crm', '{"id": "c2", "email": "a"}');
SELECT pg_temp.came('shop', '{"id": "h3", "email": "b"}');

-- Of no record
SELECT is(pg_temp.came('shop', '{"id": "h1", "email": "a"}'), 'shop:h1 conflict (native id h1: email of several records)', 'either of two');
SELECT pg_temp.configure('');
SELECT is(pg_temp.close(), 'true', 'its system has left');
SELECT is((SELECT resolution FROM sync_conflict), 'dropped', 'so nothing is decided');
SELECT is(pg_temp.links('shop'), 'h3=shop:h3', 'nor held any more');
SELECT pg_temp.configure(', "shop": {"id": "id"}');
SELECT is(pg_temp.came('shop', '{"id": "h1", "email": "a"}'), 'shop:h1 conflict (native id h1: email of several records)', 'named again it asks anew');
SELECT is(pg_temp.doubts(), 'shop:h1 r1 ["crm:c1", "crm:c2"] {"email": "a"} of {"shop": [{"email": "a"}]}', 'which a human sees');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"crm:c1"'), true, 'and decides');

-- Of a record that it is known to be
SELECT is(pg_temp.came('shop', '{"record_key": "crm:c2", "id": "h3", "email": "b"}'), 'crm:c2 conflict (native id h3: its key and its native id name two records)', 'or one of two');
SELECT pg_temp.configure('');
SELECT is(pg_temp.close(), 'true', 'its system has left as well');
SELECT pg_temp.configure(', "shop": {"id": "id"}');
SELECT is(pg_temp.links('shop'), 'h1=crm:c1 h3=shop:h3', 'the record has its name');
SELECT is(pg_temp.came('shop', '{"id": "h3", "email": "b", "name": "Bo"}'), 'shop:h3 accepted -> crm (found by native id h3)', 'and is known by it');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

SELECT * FROM finish();
ROLLBACK;
