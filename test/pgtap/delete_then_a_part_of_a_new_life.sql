-- A system that shows a record again, which was gone there, shows nothing of it but what it
-- shows: what a payload of the new life does not carry is unseen, whatever stood there before.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}, "window": "0 seconds"}');

CREATE PROCEDURE pg_temp.deleted_in_support(of_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(of_key, '{"phone": "1", "email": "e"}', 'crm', 'support');
	PERFORM sync_delete('crm', 'contact', ARRAY[of_key]);
	PERFORM pg_temp.poll('support'), pg_temp.ack('support');
	PERFORM sync_delete('support', 'contact', ARRAY[of_key]);
END $$;

CALL pg_temp.deleted_in_support('T1');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'held phone=held', 'support shows the dead record again, in part');
SELECT is(pg_temp.shows('support'), '{"phone": "2"}', 'and nothing more is known of it');
SELECT is((SELECT incoming_value FROM sync_conflict WHERE id = pg_temp.open_conflict()), '{"phone": "2"}', 'so says the conflict');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'it lives as support shows it');
SELECT is(pg_temp.shows('support'), '{"phone": "2"}', 'which has not shown an email');
SELECT is((SELECT reason FROM sync_divergence WHERE record_key = 'T1' AND system = 'support'), 'unseen', 'that is listed');
SELECT is(pg_temp.saw('support', '{"email": "e"}'), 'agreed email=agreed', 'its first sight');
SELECT is((SELECT count(*) FROM sync_divergence WHERE record_key = 'T1' AND system = 'support'), 0::bigint, 'ends that');

CALL pg_temp.deleted_in_support('T2');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'held phone=held', 'the same');
SELECT is(pg_temp.saw('support', '{"email": "e"}'), 'unchanged', 'the rest of it, or a late webhook: as it was');
SELECT is(pg_temp.shows('support'), '{"email": "e", "phone": "2"}', 'is shown then');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'it lives as support shows it');
SELECT is((SELECT count(*) FROM sync_divergence WHERE record_key = 'T2' AND system = 'support'), 0::bigint, 'all of it');

CALL pg_temp.deleted_in_support('T3');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'held phone=held', 'the same');
SELECT is(pg_temp.saw('support', '{"email": "f"}'), 'held email=held', 'another email');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'it lives as support shows it');
SELECT is((SELECT data FROM sync_record WHERE record_key = 'T3'), '{"email": "f", "phone": "2"}', 'with both');

CALL pg_temp.deleted_in_support('T4');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'held phone=held', 'the same');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'delete'), true, 'it stays dead');
SELECT is(pg_temp.poll('support'), 'delete {}', 'and is deleted in support');
SELECT pg_temp.ack('support');
SELECT is(pg_temp.saw('support', '{"email": "e"}'), 'echo', 'a photograph of the former life');

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}, "window": "0 seconds", "deletes": "review"}');
CALL pg_temp.at_rest('T5', '{"phone": "1", "email": "e"}', 'crm', 'support');
SELECT is((SELECT verdict FROM sync_delete('support', 'contact', '{T5}')), 'conflict', 'a delete that is reviewed');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'agreed', 'and taken back, in part');
SELECT is(pg_temp.shows('support'), '{"phone": "1"}', 'the rest was not seen there');

SELECT * FROM finish();
ROLLBACK;
