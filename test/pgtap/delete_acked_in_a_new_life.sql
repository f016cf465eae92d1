-- Our delete is with a worker when the system deletes the record itself and creates it anew, under
-- another native id: the acknowledgement says nothing of the new one.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"id": "id", "deleted": "gone", "version": "v"}, "desk": {"deleted": "gone"}}, "fields": {"phone": {}}, "window": "0"}');
CREATE FUNCTION pg_temp.is_there() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', native_id, existence) FROM sync_shadow WHERE record_key = pg_temp.record_key() AND system = 'support'
$$;
-- Up to where the old one is gone and a worker still has our delete
CREATE PROCEDURE pg_temp.gone(key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(key);
	PERFORM sync_diff('crm', 'contact', jsonb_build_object('record_key', key, 'phone', '1'));
	PERFORM sync_ack(id, lease, key || '-1') FROM sync_poll('support');
	PERFORM sync_diff('support', 'contact', jsonb_build_object('record_key', key, 'id', key || '-1', 'phone', '1'));
	PERFORM sync_delete('crm', 'contact', ARRAY[key]);
	PERFORM pg_temp.poll('support');
	PERFORM sync_diff('support', 'contact', jsonb_build_object('record_key', key, 'id', key || '-1', 'gone', true));
END $$;

CALL pg_temp.gone('a');
SELECT is(pg_temp.is_there(), 'a-1 gone', 'the old one is gone there');
SELECT is(pg_temp.saw('support', '{"id": "a-2", "phone": "2"}'), 'held phone=held', 'a new one is held');
SELECT is(pg_temp.ack('support'), true, 'then the delete is acknowledged');
SELECT is(pg_temp.is_there(), 'a-2 there', 'which is no word on the new one');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'delete'), true, 'a human says that the record is to go');
SELECT is(pg_temp.poll('support'), 'delete {}', 'it is deleted there, too');

CALL pg_temp.gone('b');
SELECT is(pg_temp.saw('support', '{"id": "b-2", "phone": "2"}'), 'held phone=held', 'a new one is held');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'a human says that it is to stay');
SELECT is(pg_temp.ack('support'), true, 'then the delete is acknowledged');
SELECT is(pg_temp.is_there(), 'b-2 there', 'it stays');
SELECT is(pg_temp.poll('support'), NULL, 'and is not created once more');
SELECT is(pg_temp.poll('crm'), 'create {"phone": "2"}', 'but in the other system');

-- One id tells nothing apart: what is shown may be an old photograph
CALL pg_temp.gone('c');
SELECT is(pg_temp.saw('support', '{"id": "c-1", "phone": "2"}'), 'held phone=held', 'the same id is held');
SELECT is(pg_temp.ack('support'), true, 'then the delete is acknowledged');
SELECT is(pg_temp.is_there(), 'c-1 gone', 'it is gone');
CALL pg_temp.gone('d');
SELECT is(pg_temp.saw('support', '{"id": "d-1", "phone": "2"}'), 'held phone=held', 'the same id is held');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'a human says that it is to stay');
SELECT is(pg_temp.ack('support'), true, 'then the delete is acknowledged');
SELECT is(pg_temp.poll('support'), 'create {"phone": "2"}', 'it is created there again');

-- The versions of the new one are its own
CALL pg_temp.gone('e');
SELECT is(pg_temp.saw('support', '{"id": "e-2", "phone": "2", "v": 1}'), 'held phone=held', 'a new one is held');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'a human says that it is to stay');
SELECT is(pg_temp.ack('support', '{"v": 9}'), true, 'then the delete is acknowledged, under a version of the old one');
SELECT is(pg_temp.saw('support', '{"id": "e-2", "phone": "3", "v": 2}'), 'accepted phone=accepted -> crm,desk', 'which makes nothing of the new one old');

-- A system without native ids: what a human has let live by what it shows is there
CALL pg_temp.record('f');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> desk,support', 'a record');
CALL pg_temp.deliver('desk');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{f}')), 'accepted', 'and deleted here');
SELECT is(pg_temp.poll('desk'), 'delete {}', 'a worker has the delete');
SELECT is(pg_temp.saw('desk', '{"gone": true}'), 'echo', 'it is gone there');
SELECT is(pg_temp.saw('desk', '{"phone": "2"}'), 'held phone=held', 'and there again');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'desk'), true, 'a human says that it is to stay');
SELECT is(pg_temp.ack('desk'), true, 'then the delete is acknowledged');
SELECT is(pg_temp.poll('desk'), NULL, 'and it is not created once more');

SELECT * FROM finish();
ROLLBACK;
