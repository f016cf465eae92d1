-- A new record is written twice, to hold its key and with its state.  The second time it stays where it
-- is: no index entry is made anew, and no room is left behind.
SELECT plan(8);

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"a": {}, "b": {}, "c": {}, "d": {}}}');

CREATE TABLE source AS
    SELECT 'k' || i AS record_key, md5('a' || i) AS a, md5('b' || i) AS b, md5('c' || i) AS c, md5('d' || i) AS d
    FROM generate_series(1, 3000) AS i;

CREATE FUNCTION written(of_what text) RETURNS bigint LANGUAGE sql AS $$
    SELECT (to_jsonb(s) ->> of_what)::bigint FROM pg_stat_xact_user_tables AS s WHERE relname = 'sync_state'
$$;

BEGIN;
SELECT is(count(*), 1000::bigint, 'a first load')
FROM sync_diff('crm', 'contact', (SELECT jsonb_agg(s) FROM source AS s WHERE right(record_key, -1)::integer <= 1000), baseline => true);
SELECT is(written('n_tup_ins'), 1000::bigint, 'each record is created once');
SELECT is(written('n_tup_upd'), 1000::bigint, 'and written once');
SELECT cmp_ok(written('n_tup_hot_upd'), '>=', 980::bigint, 'in its place');

SELECT is(count(*), 2000::bigint, 'the others, and none of those') FROM sync_diff_from('crm', 'contact', 'source');
SELECT is(array[written('n_tup_ins'), written('n_tup_upd'), written('n_tup_del')], array[3000, 3000, 0]::bigint[],
    'each of the others too is created once and written once');
SELECT cmp_ok(written('n_tup_hot_upd'), '>=', 2970::bigint, 'in its place');
COMMIT;

SELECT is_empty('SELECT record_key FROM sync_state WHERE room IS NOT NULL', 'no room is left behind');

SELECT * FROM finish();
