-- The echo of a delete comes when the record was created anew there and is dead again: what our create
-- makes, or has made, is still to be deleted.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "desk": {"id": "id"}}, "fields": {"phone": {}}, "window": "0"}');

CREATE FUNCTION pg_temp.deleted(system text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(verdict, ',') FROM sync_delete(system, 'contact', ARRAY[pg_temp.record_key()])
$$;
CREATE FUNCTION pg_temp.answered(native_id text) RETURNS boolean LANGUAGE sql AS $$
	SELECT sync_ack(id, lease, native_id) FROM (SELECT * FROM claim ORDER BY n DESC LIMIT 1) AS c
$$;
-- Deleted in both, and created anew in the crm: desk's worker has that create.
CREATE PROCEDURE pg_temp.created_anew(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at('10:00');
	CALL pg_temp.record(record_key);
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.poll('desk');
	PERFORM pg_temp.answered(record_key || 1);
	PERFORM pg_temp.came('desk', jsonb_build_object('id', record_key || 1, 'phone', '1'));
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.deleted('crm');
	PERFORM pg_temp.poll('desk');
	PERFORM pg_temp.ack('desk');
	PERFORM pg_temp.saw('crm', '{"phone": "2"}');
	PERFORM pg_temp.poll('desk');
END
$$;

CALL pg_temp.created_anew('a');
SELECT is(pg_temp.deleted('crm'), 'accepted', 'it is deleted again while a worker has the create');
SELECT is(pg_temp.deleted('desk'), 'echo', 'the echo of the first delete');
SELECT is(pg_temp.answered('a2'), true, 'the create has landed');
SELECT is(pg_temp.waits('desk'), 'delete {}', 'and is to be deleted');
SELECT is(pg_temp.came('desk', '{"id": "a2", "phone": "2"}'), 'a echo (found by native id a2)', 'its sight is of the record');
SELECT is(pg_temp.poll('desk'), 'delete {}', 'the delete goes');
SELECT is(pg_temp.ack('desk'), true, 'and lands');
SELECT is(pg_temp.deleted('desk'), 'echo', 'it is gone');
SELECT is(pg_temp.waits('desk'), NULL, 'and nothing waits');

CALL pg_temp.created_anew('b');
SELECT is(pg_temp.answered('b2'), true, 'where the create has landed before');
SELECT is(pg_temp.deleted('crm'), 'accepted', 'it is deleted again');
SELECT is(pg_temp.deleted('desk'), 'echo', 'the echo of the first delete');
SELECT is(pg_temp.waits('desk'), 'delete {}', 'stands in the way of no other');

CALL pg_temp.created_anew('c');
SELECT is(pg_temp.nack('desk', retry_after => '1 hour'), true, 'where nobody knows whether the create has landed');
SELECT is(pg_temp.deleted('crm'), 'accepted', 'it is deleted again');
SELECT is(pg_temp.deleted('desk'), 'echo', 'the echo of the first delete');
SELECT is(pg_temp.waits('desk'), 'delete {}', 'leaves it to be deleted');

SELECT * FROM finish();
