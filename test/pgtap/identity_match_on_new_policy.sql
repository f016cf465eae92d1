-- A policy that gets match_on, or another one, finds the records that are there already.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

CREATE PROCEDURE pg_temp.configure(match_on text, email text DEFAULT '{}') LANGUAGE sql AS $$
	SELECT sync_configure('contact', format('{"systems": {"crm": {"id": "id"}, "support": {"id": "id"}}, "fields": {"email": %s, "phone": {}}, "window": "0" %s}', email, match_on)::jsonb)
$$;
CREATE FUNCTION pg_temp.rows() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM sync_match WHERE system = 'support' $$;

CALL pg_temp.at('10:00');
CALL pg_temp.configure('');
DO $$ BEGIN
	PERFORM sync_diff('crm', 'contact', (SELECT json_agg(json_build_object('record_key', n, 'email', 'Mail' || n, 'phone', n % 500)) FROM generate_series(1, 2000) AS n)::text);
	PERFORM sync_configure('other', '{"systems": ["crm"], "fields": {"email": {}}}');
	PERFORM sync_diff('crm', 'other', '{"record_key": "1", "email": "Mail1"}');
END $$;
SELECT is(pg_temp.rows(), 0::bigint, 'a policy without match_on pays nothing');
SELECT is(pg_temp.came('support', '{"id": "s_1", "email": "Mail1"}'), 'support:s_1 accepted -> crm', 'and matches nothing');

CALL pg_temp.configure(', "match_on": ["email"]');
SELECT is(pg_temp.rows(), 2000::bigint, 'match_on: all records of the entity that support does not name are indexed');
SELECT is(pg_temp.came('support', '{"id": "s_2", "email": "Mail2"}'), '2 agreed (matched on email)', 'and found');

SELECT is_empty('SELECT pg_temp.match_strays()', 'the indexes say what the shadows say');

-- A system that joins, and one that leaves and comes back.
SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"id": "id"}, "shop": {"id": "id"}}, "fields": {"email": {}, "phone": {}}, "window": "0", "match_on": ["email"]}');
SELECT is_empty('SELECT pg_temp.match_strays()', 'one that joins may know all of them');
SELECT is(pg_temp.came('shop', '{"id": "h_2", "email": "Mail2"}'), '2 agreed (matched on email)', 'and knows one');
SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "shop": {"id": "id"}}, "fields": {"email": {}, "phone": {}}, "window": "0", "match_on": ["email"]}');
SELECT is_empty('SELECT pg_temp.match_strays()', 'of one that leaves nothing is kept');
SELECT is(pg_temp.came('crm', '{"id": "c_9", "email": "Mail_9"}'), 'crm:c_9 accepted -> shop', 'a record comes meanwhile');
CALL pg_temp.configure(', "match_on": ["email"]');
SELECT is_empty('SELECT pg_temp.match_strays()', 'one that comes back knows what it has named, and may know the rest');
SELECT is(pg_temp.came('support', '{"id": "s_9", "email": "Mail_9"}'), 'crm:c_9 agreed (matched on email)', 'as that which came meanwhile');

CALL pg_temp.configure(', "match_on": ["email"], "max_flips": 7');
SELECT is(pg_temp.came('support', '{"id": "s_3", "email": "Mail3"}'), '3 agreed (matched on email)', 'another policy with the same match_on');

CALL pg_temp.configure(', "match_on": ["phone", "email"]');
SELECT is(pg_temp.rows(), 1998::bigint, 'another match_on');
SELECT is(pg_temp.came('support', '{"id": "s_4", "email": "Mail4", "phone": 4}'), '4 agreed (matched on phone and email)', 'finds by all of it');
SELECT is(pg_temp.came('support', '{"id": "s_5", "email": "Mail5", "phone": 6}'), 'support:s_5 accepted -> crm', 'and by nothing less');

CALL pg_temp.configure(', "match_on": ["email"]', '{"normalize": ["lower"]}');
SELECT is(pg_temp.came('support', '{"id": "s_6", "email": "MAIL6"}'), '6 agreed (matched on email)', 'stored values are compared as the new policy reads them');

CALL pg_temp.configure('');
SELECT is(pg_temp.rows(), 0::bigint, 'without match_on nothing is kept');

SELECT * FROM finish();
