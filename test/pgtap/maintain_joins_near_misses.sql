-- Near misses of one field become one row, which counts as many as before and keeps the last example.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "window": "0", "fields": {"email": {}, "phone": {}}}');
CALL pg_temp.at_rest('T1', '{"email": "x", "phone": "0"}', 'crm', 'support');

-- The crm sets fields, and support stores them in another form.
CREATE PROCEDURE pg_temp.missed(sent jsonb, stored jsonb) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.saw('crm', sent);
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support', stored);
END
$$;

CALL pg_temp.missed('{"email": "A"}', '{"email": "a"}');
CALL pg_temp.missed('{"email": "B", "phone": "1"}', '{"email": "b", "phone": "01"}');
CALL pg_temp.missed('{"email": "C"}', '{"email": "c"}');
SELECT is((SELECT count(*) FROM sync_near_miss), 4::bigint, 'each near miss is a row');
CREATE TEMP TABLE before AS SELECT * FROM sync_near_misses;
SELECT is((SELECT times || ' ' || sent FROM before WHERE field = 'email'), '3 "C"', 'counted, with the last example');

SELECT is(sync_maintain() ->> 'near_misses', '0', 'none is past its retention');
SELECT is((SELECT count(*) FROM sync_near_miss), 2::bigint, 'those of a field are one row');
SELECT set_eq('SELECT * FROM sync_near_misses', 'SELECT * FROM before', 'which says the same');
SELECT is(sync_maintain() ->> 'more', 'false', 'once more');
CALL pg_temp.missed('{"email": "D"}', '{"email": "d"}');
SELECT is((SELECT times || ' ' || sent FROM sync_near_misses WHERE field = 'email'), '4 "D"', 'and the next one is added');

-- Of many fields in one pass: of those that a target missed more often than others, too
INSERT INTO sync_near_miss (entity, system, field, sent, stored)
SELECT 'contact', 's' || n % 100, 'f' || n % 300, to_jsonb(n), '"b"' FROM generate_series(1, 500) AS n;
DROP TABLE before;
CREATE TEMP TABLE before AS SELECT * FROM sync_near_misses;
SELECT sync_maintain();
SELECT is((SELECT count(*) FROM sync_near_miss), 302::bigint, 'those of each field are one row');
SELECT set_eq('SELECT * FROM sync_near_misses', 'SELECT * FROM before', 'which says the same');

SELECT * FROM finish();
