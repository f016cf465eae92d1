-- A complete listing whose records are known by native id: what is named by it is not missing,
-- nor is what a record in doubt may be.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"id": "ticket"}}, "fields": {"email": {}}, "match_on": ["email"], "window": "0", "max_change": 1}');
CREATE FUNCTION pg_temp.listed(system text, payload jsonb) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', v.record_key, v.verdict, v.action) FROM sync_diff(system, 'contact', payload, complete => true) AS v
$$;

CALL pg_temp.at('10:00');
SELECT is(ARRAY(SELECT pg_temp.came('support', '[{"ticket": "1", "email": "a"}, {"record_key": "B", "ticket": "2", "email": "b"}, {"record_key": "C", "email": "c"}, {"record_key": "D", "email": "d"}, {"record_key": "E", "email": "d"}]')),
	'{support:1 accepted -> crm,B accepted -> crm,C accepted -> crm,D accepted -> crm,E accepted -> crm}', 'five records');
CALL pg_temp.at('12:00');
SELECT is_empty($$ SELECT pg_temp.listed('support', '[{"ticket": "1", "email": "a"}, {"ticket": "2", "email": "b"}, {"ticket": "3", "email": "c"}, {"record_key": "D", "email": "d"}, {"record_key": "E", "email": "d"}]') $$,
	'all of them are listed: by native id, by match_on, by key');
SELECT is(ARRAY(SELECT pg_temp.listed('support', '[{"ticket": "1", "email": "a"}, {"ticket": "2", "email": "b"}, {"record_key": "C", "ticket": "3"}, {"ticket": "9", "email": "d"}]')),
	'{support:9 conflict}', 'one may be either of two: neither is missing');
SELECT is(ARRAY(SELECT pg_temp.listed('support', '[{"ticket": "1", "email": "a"}, {"ticket": "2", "email": "b"}, {"ticket": "3"}, {"ticket": "9", "email": "d"}]')),
	'{}', 'nor while that is held');
SELECT is(ARRAY(SELECT pg_temp.listed('support', '[{"ticket": "1", "email": "a"}, {"record_key": "C", "ticket": "2", "email": "b"}, {"ticket": "9", "email": "d"}]')),
	'{C conflict}', 'two names: neither is missing');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"B"'), true, 'decided');
SELECT is(ARRAY(SELECT pg_temp.listed('support', '[{"ticket": "1", "email": "a"}, {"record_key": "C", "ticket": "2", "email": "b"}, {"record_key": "D"}, {"record_key": "E"}]')),
	'{}', 'the key that stands for another record is taken for it too');
SELECT is(ARRAY(SELECT pg_temp.listed('support', '[{"ticket": "1", "email": "a"}, {"ticket": "2", "email": "b"}, {"record_key": "D"}, {"record_key": "E"}]')),
	'{C accepted delete}', 'what is named in no way was deleted there');

-- Wherever it stands in the listing
CREATE FUNCTION pg_temp.tried(system text, payload jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', v.record_key, v.verdict, v.action), '; ') FROM sync_diff(system, 'contact', payload, complete => true, dry_run => true) AS v
$$;
SELECT is(ARRAY(SELECT pg_temp.came('crm', '[{"record_key": "X", "id": "x1", "email": "x"}, {"record_key": "Y", "id": "y1", "email": "y"}]')),
	'{X accepted -> support,Y accepted -> support}', 'two records');
\set behind '[{"record_key": "Y", "id": "y1", "email": "z"}, {"record_key": "Y", "id": "x1", "email": "z"}]'
SELECT is(pg_temp.tried('crm', :'behind'), 'Y accepted update; Y conflict', 'behind another payload of its record, tried');
SELECT is(ARRAY(SELECT pg_temp.listed('crm', :'behind')), '{Y accepted update,Y conflict}', 'neither is missing');

SELECT * FROM finish();
