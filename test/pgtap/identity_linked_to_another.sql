-- A human says that a record is another one than that by which a system was known to have it. Versions of
-- the old one and our writes to it are not compared with what the new one shows.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "desk": {"id": "id", "version": "v"}}, "fields": {"mail": {}, "phone": {}}, "match_on": ["mail"], "window": "0"}');
CALL pg_temp.at('10:00');

-- Records a and b bear one mail address and are carried to desk; d0 there may be either of them.
CREATE PROCEDURE pg_temp.begin(a text, b text, id text) LANGUAGE sql AS $$
	SELECT sync_diff('crm', 'contact', jsonb_build_array(jsonb_build_object('record_key', a, 'mail', id, 'phone', '4'), jsonb_build_object('record_key', b, 'mail', id, 'phone', '4')));
	SELECT sync_diff('desk', 'contact', jsonb_build_object('id', id, 'v', 8, 'mail', id, 'phone', '3'));
	SELECT sync_ack(p.id, lease, record_key || '1') FROM sync_poll('desk') AS p;
	SELECT sync_diff('desk', 'contact', jsonb_build_array(jsonb_build_object('id', a || '1', 'v', 13, 'mail', id, 'phone', '4'), jsonb_build_object('id', b || '1', 'v', 14, 'mail', id, 'phone', '4')));
$$;
CREATE FUNCTION pg_temp.shown(of_key text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', existence, native_id, version, data->>'phone') FROM sync_shadow WHERE record_key = of_key AND system = 'desk'
$$;

CALL pg_temp.begin('a', 'b', 'd0');
SELECT is(pg_temp.shown('a'), 'there a1 13 4', 'desk has the record');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"a"'), true, 'which is another one there, a human says');
SELECT is(pg_temp.shown('a'), 'there d0 8 3', 'that shows what was held of it, under its own version');
SELECT is(pg_temp.waiting('crm'), 'update a {"phone": "3"}', 'an edit, of which the crm is told');
SELECT is(pg_temp.came('desk', '{"id": "d0", "v": 8, "mail": "d0", "phone": "3"}'), 'a unchanged (found by native id d0)', 'shown again it is nothing new');
SELECT is(pg_temp.came('desk', '{"id": "d0", "v": 9, "mail": "d0", "phone": "5"}'), 'a accepted -> crm (found by native id d0)', 'and its versions go on');

-- What a write to the old one has replaced is no old photograph of the new one
CALL pg_temp.begin('e', 'f', 'd9');
SELECT is(pg_temp.came('crm', '{"record_key": "e", "phone": "3"}'), 'e accepted -> desk', 'an edit');
SELECT alike(pg_temp.waiting('desk'), '%update e {"phone": "3"}%', 'waits');
SELECT is((SELECT count(sync_ack(id, lease, NULL)) FROM sync_poll('desk')), 1::bigint, 'and is acknowledged');
SELECT is(pg_temp.came('desk', '{"id": "d9", "v": 9, "mail": "d9", "phone": "4"}'), 'desk:d9 conflict (native id d9: its native id is in open conflict)', 'what may be either of two shows what that has replaced');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"e"'), true, 'it is this one');
SELECT is(pg_temp.shown('e'), 'there d9 9 4', 'and shows that');
CALL pg_temp.record('e');
SELECT is(pg_temp.conflicts(), 'phone collision open: "3" (crm) against "4" (desk)', 'by whom nothing else was seen');

-- What is in flight goes to the old one
CALL pg_temp.begin('g', 'h', 'd8');
SELECT is(pg_temp.came('crm', '{"record_key": "g", "phone": "6"}'), 'g accepted -> desk', 'an edit');
CREATE TEMP TABLE taken AS SELECT * FROM sync_poll('desk');
SELECT is((SELECT native_id FROM taken), 'g1', 'is with a worker');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"g"'), true, 'when a human says that the record is another one');
SELECT is((SELECT sync_ack(id, lease, NULL) FROM taken), true, 'the worker has carried it');
SELECT isnt(pg_temp.shown('g'), 'there d8 8 6', 'but not to that');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

SELECT * FROM finish();
