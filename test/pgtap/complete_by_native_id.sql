-- A listing that names its records by native ids only: what it names is there, under the key that it is known by.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "desk": {"key": "external", "id": "id"}},
	"fields": {"phone": {}, "seats": {"type": "number"}, "email": {}}, "match_on": ["email"], "max_change": 1}');

CREATE FUNCTION pg_temp.lists(records text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, verdict, action), '; ' ORDER BY n)
	FROM sync_diff('desk', 'contact', records, complete => true) WITH ORDINALITY
		AS v (record_key, verdict, action, change_set, outcome, field_hash, targets, conflict_ids, detail, n)
$$;

CALL pg_temp.at('10:00');
SELECT is((SELECT count(*) FROM sync_diff('desk', 'contact', '[{"id": "d1", "external": "A", "phone": "1", "email": "a"}, {"id": "d2", "external": "B", "phone": "2", "email": "b"},
	{"id": "d3", "external": "C", "phone": "3", "email": "c"}, {"id": "d4", "phone": "4", "email": "d"}]', baseline => true)), 4::bigint, 'four records, one of them without key');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.lists('[{"id": "d4", "phone": "4"}, {"id": "d2", "phone": "2"}, {"id": "d1", "phone": "1"}, {"id": "d3", "phone": "3"}]'), NULL, 'listed by their ids: all are there');
SELECT is(pg_temp.lists('[{"id": "d4", "phone": "4"}, {"id": "d2", "seats": "many"}, {"id": "d1", "phone": "5"}]'), 'B rejected; A accepted update; C accepted delete', 'what is rejected is there, what is not named is gone');
SET client_min_messages = error;
SELECT is(pg_temp.lists('[{"id": "d5", "phone": "6"}, {"phone": "4"}]'), 'desk:d5 accepted create; rejected', 'neither key nor id: it may be any of them');
SELECT is(pg_temp.lists('[{"id": "d5", "phone": "6"}, {"id": "d1", "phone": "5"}]'), 'B accepted delete; desk:d4 accepted delete', 'once all can be told, the rest is gone');

SELECT is(pg_temp.lists('[{"id": "d5", "phone": "6"}, {"id": "d1", "phone": "5"}, {"id": "d9", "seats": "many"}]'), 'rejected', 'an id that nobody knows tells no record');

SELECT * FROM finish();
