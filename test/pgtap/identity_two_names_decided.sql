-- A key of one record, the native id of another: whatever a human answers is done, and what
-- comes later under either id is of the record that it then names.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"id": "id", "deleted": "gone"}}, "fields": {"phone": {}}, "window": "0"}');
CALL pg_temp.at('10:00');

-- Records a and b are a1 and b1 in support; then it shows the key of a with the id of b.
CREATE PROCEDURE pg_temp.begin(a text, b text) LANGUAGE sql AS $$
	SELECT sync_diff('crm', 'contact', jsonb_build_array(jsonb_build_object('record_key', a, 'phone', '4'), jsonb_build_object('record_key', b, 'phone', '5')));
	SELECT sync_ack(id, lease, record_key || '1') FROM sync_poll('support');
	SELECT sync_diff('support', 'contact', jsonb_build_array(jsonb_build_object('record_key', a, 'id', a || '1', 'phone', '4'), jsonb_build_object('record_key', b, 'id', b || '1', 'phone', '5')));
$$;
CREATE FUNCTION pg_temp.shown(of_key text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', existence, native_id, data->>'phone') FROM sync_shadow WHERE record_key = of_key AND system = 'support'
$$;
CREATE FUNCTION pg_temp.named(of_ids text[]) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat(native_id, '=', record_key, '/' || other_key), ' ' ORDER BY native_id) FROM sync_native_id WHERE native_id = ANY (of_ids)
$$;
CREATE FUNCTION pg_temp.phone(of_key text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', data->>'phone', CASE WHEN deleted THEN 'dead' END) FROM sync_record WHERE record_key = of_key
$$;

-- The key is right
CALL pg_temp.begin('a', 'b');
SELECT is(pg_temp.came('support', '{"record_key": "a", "id": "b1", "phone": "44"}'), 'a conflict (native id b1: its key and its native id name two records)', 'two names');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"a"'), true, 'the key is right');
SELECT is(pg_temp.shown('a'), 'there b1 44', 'the id takes the place of the old one');
SELECT is(pg_temp.shown('b'), 'left out 5', 'the record that had it has none there any more');
SELECT is(pg_temp.named('{a1,b1}'), 'b1=a', 'the old one names nobody');
SELECT is(pg_temp.phone('a') || pg_temp.phone('b'), '445', 'what was held is an edit of the record that is meant');
SELECT is(pg_temp.waiting('crm'), 'update a {"phone": "44"}', 'which the other side is told');
SELECT is(pg_temp.waiting('support'), NULL, 'nothing is created, and nothing sent to that id for the other record');
SELECT is(pg_temp.came('support', '{"record_key": "a", "id": "b1", "phone": "45"}'), 'a accepted -> crm', 'both names are no conflict again');
SELECT is(pg_temp.came('support', '{"id": "b1", "phone": "46"}'), 'a accepted -> crm (found by native id b1)', 'the id alone finds it');
SELECT is(pg_temp.came('crm', '{"record_key": "b", "phone": "55"}'), 'b accepted', 'an edit of the other record goes nowhere');
CALL pg_temp.carry('crm');
SELECT is(pg_temp.came('crm', '{"record_key": "a", "phone": "46"}'), 'a echo', 'the other side shows what it was told');
SELECT is(pg_temp.came('crm', '{"record_key": "a", "phone": "47"}'), 'a accepted -> support', 'one of this record does');
SELECT is((SELECT string_agg(native_id || ' ' || payload, '; ') FROM sync_poll('support')), 'b1 {"phone": "47", "record_key": "a"}', 'under the new id');
SELECT is(pg_temp.came('support', '{"record_key": "b", "id": "b1", "phone": "5"}'), 'b conflict (native id b1: its key and its native id name two records)', 'the other key with that id is asked again');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"a"'), true, 'the id was right');
SELECT is(pg_temp.came('support', '{"record_key": "b", "id": "b2", "phone": "5"}'), 'b agreed -> support', 'under an id of its own the other record is there again');
SELECT is(pg_temp.shown('b'), 'there b2 5', 'as it is known');
SELECT is(pg_temp.waiting('support'), 'update b {"phone": "55"}', 'and is told what changed meanwhile');
CALL pg_temp.carry('support');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

-- ... and the record that had the id is dead
CALL pg_temp.begin('c', 'd');
SELECT is(pg_temp.came('support', '{"record_key": "c", "id": "d1", "phone": "44"}'), 'c conflict (native id d1: its key and its native id name two records)', 'two names');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{d}')), 'accepted', 'one record is deleted meanwhile');
CALL pg_temp.carry('support');
SELECT throws_ok($$ SELECT sync_resolve(pg_temp.doubt(), value => '"d"') $$, '55000', 'record "d" is deleted', 'a dead record is nobody');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"c"'), true, 'the key is right');
SELECT is(pg_temp.named('{c1,d1}'), 'd1=c', 'the id is its own');
SELECT is(pg_temp.came('support', '{"id": "d1", "phone": "45"}'), 'c accepted -> crm (found by native id d1)', 'and finds it');
SELECT is(pg_temp.came('crm', '{"record_key": "d", "phone": "6"}'), 'd accepted -> support', 'the dead one lives again in both');
SELECT is(pg_temp.waiting('support'), 'create d {"phone": "6"}', 'as a new one there');
CALL pg_temp.carry('support');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

-- ... and a delete of it waits still
CALL pg_temp.begin('e', 'f');
SELECT is(pg_temp.came('support', '{"record_key": "e", "id": "f1", "phone": "44"}'), 'e conflict (native id f1: its key and its native id name two records)', 'two names');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{f}')), 'accepted', 'one record is deleted meanwhile');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"e"'), true, 'the key is right');
SELECT is(pg_temp.waiting('support'), NULL, 'nobody deletes what is the other record now');

-- Neither is right
CALL pg_temp.begin('g', 'h');
SELECT is(pg_temp.came('support', '{"record_key": "g", "id": "h1", "phone": "44"}'), 'g conflict (native id h1: its key and its native id name two records)', 'two names');
SELECT is(sync_resolve(pg_temp.doubt(), winner => 'new'), true, 'a record of its own, though its key is another one''s');
SELECT is(pg_temp.shown('support:h1'), 'there h1 44', 'is named by its native id');
SELECT is(pg_temp.shown('g') || ', ' || pg_temp.shown('h'), 'there g1 4, left out 5', 'one record is untouched, and the other is left out there');
SELECT is(pg_temp.named('{g1,h1}'), 'g1=g h1=support:h1/g', 'the key that came with it is remembered');
SELECT is(pg_temp.came('support', '{"record_key": "g", "id": "h1", "phone": "45"}'), 'support:h1 accepted -> crm (found by native id h1)', 'both names are no conflict again');
SELECT is(pg_temp.came('support', '{"record_key": "g", "id": "g1", "phone": "4"}'), 'g unchanged', 'the key with its own id is no other record');
SELECT is(pg_temp.waiting('support'), NULL, 'nothing goes there');

-- The name that it would have is taken too
SELECT is(pg_temp.came('support', '{"id": "k1", "phone": "1"}'), 'support:k1 accepted -> crm', 'a record without key');
SELECT is(pg_temp.came('support', '{"record_key": "support:k1", "id": "k2", "phone": "1"}'), 'support:k1 unchanged', 'gets another id');
SELECT is(pg_temp.came('support', '{"id": "k1", "phone": "2"}'), 'support:k1 conflict (native id k1: the record of that name has another native id)', 'and the old id comes');
SELECT is(sync_resolve(pg_temp.doubt(), winner => 'new'), true, 'of another record');
SELECT is(pg_temp.named('{k1,k2}'), 'k1=support:k1:2 k2=support:k1', 'which gets a number');

-- What is held was deleted there
CALL pg_temp.begin('m', 'n');
SELECT is(pg_temp.came('support', '{"record_key": "m", "id": "n1", "gone": true}'), 'm conflict (native id n1: its key and its native id name two records)', 'a delete under two names');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"m"'), true, 'the key is right');
SELECT is(pg_temp.phone('m') || ', ' || pg_temp.phone('n'), '4 dead, 5', 'it is deleted');
CALL pg_temp.begin('p', 'q');
SELECT is(pg_temp.came('support', '{"record_key": "p", "id": "q1", "gone": true}'), 'p conflict (native id q1: its key and its native id name two records)', 'a delete under two names');
SELECT is(sync_resolve(pg_temp.doubt(), winner => 'new'), true, 'of neither');
SELECT is(pg_temp.phone('p') || pg_temp.phone('q'), '45', 'touches none');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

SELECT * FROM finish();
