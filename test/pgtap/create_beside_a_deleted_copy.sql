-- While our create is under way somebody there makes the record by hand, and deletes that copy again. The
-- answer names another object than the deleted one: the record is there, and is not created once more.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "desk": {"id": "id", "deleted": "gone"}}, "fields": {"mail": {}, "phone": {}},
	"match_on": ["mail"], "delete_owner": "crm", "window": "0"}');
CALL pg_temp.at('10:00');
CREATE PROCEDURE pg_temp.begin(key text, copy text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(key);
	PERFORM pg_temp.saw('crm', jsonb_build_object('mail', key, 'phone', '1'));
	PERFORM pg_temp.poll('desk');
	PERFORM pg_temp.came('desk', jsonb_build_object('id', copy, 'mail', key, 'phone', '1'));
	PERFORM pg_temp.came('desk', jsonb_build_object('id', copy, 'gone', true));
END
$$;
CREATE FUNCTION pg_temp.ack_as(native_id text, result jsonb DEFAULT NULL) RETURNS boolean LANGUAGE sql AS $$
	SELECT sync_ack(id, lease, native_id, result) FROM claim WHERE record_key = pg_temp.record_key() ORDER BY n DESC LIMIT 1
$$;
CREATE FUNCTION pg_temp.shown() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', existence, native_id, data) FROM sync_shadow WHERE record_key = pg_temp.record_key() AND system = 'desk'
$$;

CALL pg_temp.begin('a', 'by hand');
SELECT is(pg_temp.ack_as('ours', '{"id": "ours", "mail": "a", "phone": "1"}'), true, 'the call is answered');
SELECT is(pg_temp.shown(), 'there ours {"mail": "a", "phone": "1"}', 'with another object than the copy that was deleted');
SELECT is(pg_temp.waits('desk'), NULL, 'it is not created once more');
SELECT is(pg_temp.came('desk', '{"id": "ours", "mail": "a", "phone": "1"}'), 'a echo (found by native id ours)', 'its webhook is the sight');
SELECT is(pg_temp.came('desk', '{"id": "ours", "mail": "a", "phone": "2"}'), 'a accepted -> crm (found by native id ours)', 'an edit there is one');
SELECT alike(pg_temp.came('desk', '{"id": "by hand", "gone": true}'), 'a stale%', 'the delete of the copy, told again, is none of the record');

-- The record was changed meanwhile: that follows
CALL pg_temp.begin('b', 'by hand 2');
SELECT alike(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> desk', 'an edit');
SELECT is(pg_temp.ack_as('ours 2'), true, 'then the answer');
SELECT is(pg_temp.poll('desk'), 'update {"phone": "3"}', 'the edit follows');

-- The answer names the copy itself, or nothing: then what the call created is gone, for all we know
CALL pg_temp.begin('c', 'by hand 3');
SELECT is(pg_temp.ack_as('by hand 3'), true, 'it was no copy, the answer says');
SELECT is(pg_temp.waits('desk'), 'create {"mail": "c", "phone": "1"}', 'the record is created again');
CALL pg_temp.begin('d', 'by hand 4');
SELECT is(pg_temp.ack_as(NULL), true, 'the answer names nothing');
SELECT is(pg_temp.waits('desk'), 'create {"mail": "d", "phone": "1"}', 'the same');

SELECT * FROM finish();
