-- Two objects of one system bear one business key.  The first that shows it is the record; the
-- second may have taken its place there, but not both by turns: a human must say.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id", "deleted": "gone"}, "desk": {}}, "fields": {"phone": {}}, "window": "0"}');
CREATE FUNCTION pg_temp.listing(payloads jsonb, dry_run boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', v.record_key, v.verdict, v.detail), '; ')
	FROM sync_diff('crm', 'contact', payloads, complete => true, dry_run => dry_run) AS v
$$;
CREATE FUNCTION pg_temp.kinds() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, kind, status, current_value, incoming_value), '; ' ORDER BY id) FROM sync_conflict
$$;
\set both '[{"record_key": "1", "id": "c1", "phone": "1"}, {"record_key": "1", "id": "c2", "phone": "2"}, {"record_key": "2", "id": "d1", "phone": "0"}, {"record_key": "3", "id": "e1", "phone": "0"}]'

-- By listings
CALL pg_temp.at('10:00');
SELECT is(pg_temp.listing(:'both'), '1 accepted; 1 accepted; 2 accepted; 3 accepted', 'a first listing: one may have followed the other');
SELECT is(pg_temp.links('crm'), 'c2=1 d1=2 e1=3', 'the last is the record');
SELECT is(pg_temp.listing(:'both', dry_run => true), '1 conflict native id c1: the native id that has taken its place is there as well', 'both once more, tried');
SELECT is(pg_temp.listing(:'both'), '1 conflict native id c1: the native id that has taken its place is there as well', 'both once more');
SELECT is(pg_temp.kinds(), '1 duplicate open ["1"] {"phone": "1"}', 'is a conflict');
SELECT is(pg_temp.links('crm'), 'c1=? c2=1 d1=2 e1=3', 'and moves nothing');
SELECT is((SELECT data->>'phone' FROM sync_record WHERE record_key = '1'), '2', 'the record neither');
SELECT is(pg_temp.listing(:'both'), NULL, 'the next ones say nothing new');
SELECT is(pg_temp.listing(jsonb_path_query_array(:'both', '$[1,0,2,3]')), NULL, 'in the other order too');
SELECT is(sync_resolve(pg_temp.doubt(), winner => 'new'), true, 'a record of its own');
SELECT is(pg_temp.links('crm'), 'c1=crm:c1 c2=1 d1=2 e1=3', 'is named by the native id');
SELECT is(pg_temp.listing(:'both'), NULL, 'then there is peace');

-- By webhooks, and in one call
SELECT is(pg_temp.came('crm', '{"record_key": "5", "id": "c5", "phone": "5"}'), '5 accepted -> desk', 'a record');
SELECT is(pg_temp.came('crm', '{"record_key": "5", "id": "c6", "phone": "6"}'), '5 accepted -> desk', 'under another id');
SELECT is(pg_temp.came('crm', '{"record_key": "5", "id": "c6", "phone": "7"}'), '5 accepted -> desk', 'and on');
SELECT is(pg_temp.came('crm', '{"record_key": "5", "id": "c5", "phone": "5"}'), '5 conflict (native id c5: the native id that has taken its place is there as well)', 'and the first again');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"5"'), true, 'which is the record, a human says');
SELECT is(pg_temp.links('crm') LIKE '%c5=5%', true, 'it has its name back');
SELECT is((SELECT data->>'phone' FROM sync_record WHERE record_key = '5'), '5', 'and says what it shows');
SELECT is(pg_temp.came('crm', '{"record_key": "5", "id": "c5", "phone": "8"}'), '5 accepted -> desk', 'no conflict again');
SELECT is(pg_temp.came('crm', '{"record_key": "5", "id": "c6", "phone": "7"}'), '5 conflict (native id c6: the native id that has taken its place is there as well)', 'the other one is');
SELECT is(sync_resolve(pg_temp.doubt(), winner => 'new'), true, 'a record of its own');
SELECT is((SELECT string_agg(concat_ws(' ', record_key, verdict), '; ') FROM sync_diff('crm', 'contact', '[{"record_key": "7", "id": "c7", "phone": "7"}, {"record_key": "7", "id": "c8", "phone": "8"}, {"record_key": "7", "id": "c7", "phone": "7"}]')),
	'7 accepted; 7 accepted; 7 conflict', 'all in one call');

SELECT is(pg_temp.came('crm', '{"record_key": "8", "id": "g1", "phone": "1"}'), '8 accepted -> desk', 'a record');
SELECT is(pg_temp.came('crm', '{"record_key": "8", "id": "g2", "phone": "1"}'), '8 unchanged', 'under another id');
SELECT is((SELECT string_agg(concat_ws(' ', record_key, verdict), '; ') FROM sync_diff('crm', 'contact', '[{"record_key": "8", "id": "g3", "phone": "2"}, {"record_key": "8", "id": "g1", "phone": "3"}, {"record_key": "8", "id": "g3", "phone": "4"}]')),
	'8 accepted; 8 accepted; 8 conflict', 'in one call too each is decided on what stands before it');

SELECT is(pg_temp.came('crm', '{"record_key": "10", "id": "h1", "phone": "1"}'), '10 accepted -> desk', 'a record');
SELECT is(pg_temp.came('crm', '{"record_key": "10", "id": "h2", "phone": "1"}'), '10 unchanged', 'under another id');
SELECT is((SELECT string_agg(concat_ws(' ', record_key, verdict), '; ') FROM sync_diff('crm', 'contact', '[{"record_key": "10", "id": "h2", "gone": true}, {"record_key": "10", "id": "h1", "phone": "3"}]')),
	'10 accepted; 10 accepted', 'that is gone before the first comes back');

-- A dry run decides a delete on the record that bears its key, not on the one that had its native id
SELECT is(pg_temp.came('crm', '{"record_key": "20", "id": "k1", "phone": "1"}'), '20 accepted -> desk', 'a record');
SELECT is(pg_temp.came('crm', '{"record_key": "21", "phone": "1"}'), '21 accepted -> desk', 'and one that shows no id');
\set gone '[{"record_key": "20", "id": "k2", "phone": "1"}, {"record_key": "20", "id": "k2", "gone": true}, {"record_key": "21", "id": "k1", "gone": true}]'
CREATE FUNCTION pg_temp.call(payloads jsonb, dry_run boolean) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, verdict, action), '; ') FROM sync_diff('crm', 'contact', payloads, dry_run => dry_run)
$$;
SELECT is(pg_temp.call(:'gone', true), '20 accepted delete; 21 accepted delete', 'both are deleted, tried');
SELECT is(pg_temp.call(:'gone', false), '20 accepted delete; 21 accepted delete', 'and done');

-- What a human has said of a native id counts in a dry run, also where the record's state does not name it
SELECT is(pg_temp.call('[{"record_key": "30", "id": "m1", "phone": "1"}, {"record_key": "31", "phone": "1"}]', false), '30 accepted create; 31 accepted create', 'two records');
SELECT is(pg_temp.came('crm', '{"record_key": "32", "id": "m1", "phone": "1"}'), '32 conflict (native id m1: its key and its native id name two records)', 'the first one''s id under a third key');
SELECT is(pg_temp.came('crm', '{"record_key": "32", "id": "m1", "gone": true}'), '32 conflict (native id m1: its native id is in open conflict)', 'it is gone');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"31"'), true, 'it was the second, a human says');
\set said '[{"id": "m1", "phone": "7"}, {"record_key": "32", "id": "m1", "phone": "8"}]'
SELECT is(pg_temp.call(:'said', true), '31 accepted create; 31 accepted update', 'which is there again, tried');
SELECT is(pg_temp.call(:'said', false), '31 accepted create; 31 accepted update', 'and done');

-- What is shown under an id in conflict is held, also under its own key, and also a delete behind it in the call
SELECT is(pg_temp.call('[{"record_key": "40", "id": "p1", "phone": "1"}, {"record_key": "41", "phone": "1"}]', false), '40 accepted create; 41 accepted create', 'two records');
SELECT is(pg_temp.came('crm', '{"record_key": "41", "id": "p1", "phone": "2"}'), '41 conflict (native id p1: its key and its native id name two records)', 'an id in conflict');
SELECT is(pg_temp.call('[{"record_key": "40", "id": "p1", "phone": "3"}, {"record_key": "40", "id": "p1", "gone": true}]', false), '40 conflict; 40 conflict', 'all that is shown under it is held');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"40"'), true, 'the id was right');
SELECT is((SELECT deleted FROM sync_record WHERE record_key = '40'), true, 'its record is gone');

-- A third id is another one that follows; so is an old one after the record was deleted there
SELECT is(pg_temp.came('crm', '{"record_key": "9", "id": "a", "phone": "1"}'), '9 accepted -> desk', 'a record');
SELECT is(pg_temp.came('crm', '{"record_key": "9", "id": "b", "phone": "1"}'), '9 unchanged', 'under another id');
SELECT is(pg_temp.came('crm', '{"record_key": "9", "id": "c", "phone": "1"}'), '9 unchanged', 'under a third');
SELECT is((SELECT native_id FROM sync_shadow WHERE record_key = '9' AND system = 'crm'), 'c', 'which is its name');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{9}')), 'accepted', 'deleted');
SELECT is(pg_temp.came('crm', '{"record_key": "9", "id": "b", "phone": "1"}'), '9 accepted -> desk', 'and created again');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

-- Rows of an attached table that have equal keys are one record
CREATE TABLE people (id integer PRIMARY KEY, record_key text, phone text, gone boolean);
SELECT lives_ok($$ SELECT sync_attach('people', 'crm', 'contact') $$, 'a table is attached');
INSERT INTO people VALUES (101, '11', '1'), (102, '11', '2');
UPDATE people SET phone = '3' WHERE id = 101;
UPDATE people SET phone = '4' WHERE id = 102;
SELECT is((SELECT data->>'phone' FROM sync_record WHERE record_key = '11'), '4', 'whichever is written');
SELECT is((SELECT count(*) FROM sync_conflict WHERE record_key = '11'), 0::bigint, 'and nobody is asked');
CREATE FUNCTION pg_temp.all_people() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, verdict, change_set), '; ') FROM sync_diff_from('crm', 'contact', 'people')
$$;
SELECT is(pg_temp.all_people(), '11 accepted {"phone": "3"}; 11 accepted {"phone": "4"}', 'by sync_diff_from too');
UPDATE people SET phone = '5' WHERE id = 101;
SELECT is((SELECT data->>'phone' FROM sync_record WHERE record_key = '11'), '5', 'and what is written after that counts');

SELECT * FROM finish();
