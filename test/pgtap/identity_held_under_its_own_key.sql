-- A native id under the key of another record is in doubt.  Shown again under the key of the record
-- that it names, it is held with the rest: what was held before must not come after it.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"id": "id", "deleted": "gone"}}, "fields": {"phone": {}, "name": {}}, "max_change": 1, "window": "0"}');
CALL pg_temp.at('10:00');

-- Records a and b are a1 and b1 in support; then it shows a1 under the key of b.
CREATE PROCEDURE pg_temp.begin(a text, b text) LANGUAGE sql AS $$
	SELECT sync_diff('crm', 'contact', jsonb_build_array(jsonb_build_object('record_key', a, 'phone', '4'), jsonb_build_object('record_key', b, 'phone', '5')));
	SELECT sync_ack(id, lease, record_key || '1') FROM sync_poll('support');
	SELECT sync_diff('support', 'contact', jsonb_build_array(jsonb_build_object('record_key', a, 'id', a || '1', 'phone', '4'), jsonb_build_object('record_key', b, 'id', b || '1', 'phone', '5')));
	SELECT sync_diff('support', 'contact', jsonb_build_object('record_key', b, 'id', a || '1', 'phone', '41'));
$$;
CREATE FUNCTION pg_temp.golden(of_key text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', data->>'phone', data->>'name', CASE WHEN deleted THEN 'dead' END) FROM sync_record WHERE record_key = of_key
$$;

-- The right key comes with a newer edit
CALL pg_temp.begin('a', 'b');
SELECT is(pg_temp.came('support', '{"record_key": "a", "id": "a1", "phone": "42", "name": "ann"}', true), 'a conflict (native id a1: its native id is in open conflict)', 'a dry run says so');
SELECT is(pg_temp.came('support', '{"record_key": "a", "id": "a1", "phone": "42", "name": "ann"}'), 'a conflict (native id a1: its native id is in open conflict)', 'the id is in doubt, under its own key too');
SELECT is(pg_temp.came('support', '{"record_key": "a", "id": "a1", "phone": "42", "name": "ann"}'), 'a unchanged (native id a1: its native id is in open conflict)', 'once');
SELECT is(pg_temp.golden('a'), '4', 'and no record is touched');
SELECT is((SELECT incoming_value FROM sync_conflict WHERE id = pg_temp.doubt()), '{"name": "ann", "phone": "42"}', 'the newest of each field is held');
SELECT is(pg_temp.came('support', '{"record_key": "b", "id": "b1", "phone": "51"}'), 'b accepted -> crm', 'the other record goes on under its own id');
SELECT is(pg_temp.came('crm', '{"record_key": "a", "phone": "4"}'), 'a unchanged', 'and the other system is in no doubt');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"a"'), true, 'the id was right');
SELECT is(pg_temp.golden('a'), '42 ann', 'the last word is the record''s');
SELECT is((SELECT change_set FROM sync_outbox WHERE target_system = 'crm' AND record_key = 'a'), '{"phone": "42"}', 'and goes out, but for a field that was never seen there');
SELECT is(pg_temp.came('support', '{"record_key": "a", "id": "a1", "phone": "43"}'), 'a accepted -> crm', 'it is in doubt no more');

-- The right key comes with what the record shows already: the edit was taken back
CALL pg_temp.begin('c', 'd');
SELECT is((SELECT count(*) FROM sync_diff('support', 'contact', '{"record_key": "c", "id": "c1", "phone": "4"}') WHERE verdict = 'conflict'), 1::bigint, 'what is not unchanged of what is held is news');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"c"'), true, 'the id was right');
SELECT is(pg_temp.golden('c'), '4', 'what was taken back is no edit');

-- In one call with what puts it in doubt, and with what is of the record by its key alone
CALL pg_temp.begin('e', 'f');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"e"'), true, 'the id was right');
SELECT results_eq($$ SELECT concat_ws(' ', record_key, verdict) FROM sync_diff('support', 'contact', '[{"record_key": "e", "id": "e1", "phone": "44"}, {"record_key": "g", "id": "e1", "phone": "45"}, {"record_key": "e", "phone": "46"}, {"record_key": "e", "id": "e1", "phone": "47"}]') $$, ARRAY['e accepted', 'g conflict', 'e accepted', 'e conflict'], 'in the order of the call');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"e"'), true, 'the id was right');
SELECT is(pg_temp.golden('e'), '47', 'the last word is the record''s');

-- It is deleted there
CALL pg_temp.begin('h', 'i');
SELECT is(pg_temp.came('support', '{"record_key": "h", "id": "h1", "gone": true}'), 'h conflict (native id h1: its native id is in open conflict)', 'a delete is held too');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"h"'), true, 'the id was right');
SELECT is(pg_temp.golden('h'), '4 dead', 'what was deleted is gone');
CALL pg_temp.begin('k', 'l');
SELECT is(pg_temp.came('support', '{"record_key": "k", "id": "k1", "gone": true}'), 'k conflict (native id k1: its native id is in open conflict)', 'a delete');
SELECT is(sync_resolve(pg_temp.doubt(), winner => 'new'), true, 'of a record of its own');
SELECT is(pg_temp.golden('support:k1'), NULL, 'begins none that is gone already');

-- A listing of all
CALL pg_temp.begin('m', 'n');
SELECT is((SELECT string_agg(concat_ws(' ', record_key, verdict), ', ' ORDER BY record_key) FROM sync_diff('support', 'contact', '[{"record_key": "a", "id": "a1", "phone": "43"}, {"record_key": "m", "id": "m1", "phone": "48"}, {"record_key": "n", "id": "n1", "phone": "5"}]', complete => true) WHERE record_key IN ('m', 'n')), 'm conflict', 'what is in doubt is not missing');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"m"'), true, 'the id was right');
SELECT is(pg_temp.golden('m'), '48', 'the last word is the record''s');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

SELECT * FROM finish();
