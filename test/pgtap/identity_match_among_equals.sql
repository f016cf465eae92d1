-- Many records that are equal in match_on, as an address that stands for none: those that the system knows by native
-- ids are not stepped over for each payload.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql
\ir identity.psql

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"id": "id"}}, "fields": {"email": {}, "name": {}}, "match_on": ["email"], "window": "0"}');
CREATE FUNCTION pg_temp.brought(prefix text, n integer) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM sync_diff('crm', 'contact', (SELECT json_agg(json_build_object('id', prefix || i, 'email', 'none', 'name', i)) FROM generate_series(1, n) AS i)::text)
$$;
CREATE FUNCTION pg_temp.read() RETURNS bigint LANGUAGE sql AS $$
	SELECT sum(pg_stat_get_xact_tuples_returned(r)) FROM unnest('{sync_state,sync_state_pkey,sync_match,sync_match_pkey}'::regclass[]) AS r
$$;
SELECT is(pg_temp.brought('a', 400), 400::bigint, 'a system brings equal records');
SELECT pg_temp.read() AS before \gset
SELECT is(pg_temp.brought('b', 20), 20::bigint, 'and some more');
SELECT cmp_ok(pg_temp.read() - :before, '<', 400::bigint, 'of those that it knows not one is looked at for that');

-- Whoever does not know them may mean any of them.
SELECT is(pg_temp.came('support', '{"id": "s1", "email": "none"}'), 'support:s1 conflict (native id s1: email of several records)', 'a system that knows none of them');
SELECT is((SELECT jsonb_array_length(current_value) FROM sync_conflict WHERE status = 'open'), 100, 'asks which it is');

-- All but one are known there: that is the one.
SELECT is((SELECT count(sync_ack(id, lease, 's_' || record_key)) FROM sync_poll('support', 1000) WHERE record_key <> 'crm:a7'), 419::bigint, 'all but one are created there');
SELECT is(pg_temp.came('support', '{"id": "s2", "email": "none"}'), 'crm:a7 echo (matched on email)', 'what comes next is the other one');
SELECT is(pg_temp.came('support', '{"id": "s3", "email": "none"}'), 'support:s3 accepted -> crm', 'and what comes then is new');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

SELECT * FROM finish();
ROLLBACK;
