-- What sync_delete and a decision about life refuse: by name, with a hint, changing nothing.
\ir story.psql
\ir gone.psql
\ir refusal.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"deleted": "archived"}, "support": {}}, "fields": {"phone": {}, "email": {}}}');
CALL pg_temp.at_rest('T1', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT pg_temp.book() AS before \gset

SELECT matches(pg_temp.refused('SELECT ' || call), expected, call)
FROM (VALUES
	($$sync_delete('crn', 'contact', '{T1}')$$, '^42704 .*"crn".*\| Did you mean "crm"'),
	($$sync_delete('crm', 'contcat', '{T1}')$$, '^42704 .*"contcat".*\| Did you mean "contact"'),
	($$sync_delete(null, 'contact', '{T1}')$$, '^22004 .*system'),
	($$sync_delete('crm', null, '{T1}')$$, '^22004 .*entity'),
	($$sync_delete('crm', 'contact', null)$$, '^22004 .*record_keys')
) AS t (call, expected);
SELECT is(pg_temp.book(), :'before', 'nothing has changed');

SELECT is((SELECT count(*) FROM sync_delete('crm', 'contact', '{}')), 0::bigint, 'no keys, no rows');
SELECT is((SELECT count(*) FROM sync_delete('crm', 'contact', '{}'::text[], actor => null)), 0::bigint, 'nobody did nothing');
SELECT is(pg_temp.book(), :'before', 'nothing has changed');

-- A key that is none is a rejected row, as in sync_diff; the others go on
SELECT is((SELECT array_agg(verdict) FROM sync_delete('crm', 'contact', ARRAY[repeat('k', 1001)])), '{rejected}', 'a key of 1,001 bytes is rejected');
SELECT is((SELECT array_agg(verdict) FROM sync_delete('crm', 'contact', ARRAY[repeat('é', 501)])), '{rejected}', 'bytes, not characters');
SELECT is((SELECT count(*) FROM sync_delete('crm', 'contact', ARRAY[repeat('k', 1000)])), 0::bigint, 'one of 1,000 bytes is a key that is not known');

-- A decision about life that is none
CALL pg_temp.at_rest('T2', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> crm', 'an edit');
SELECT alike(pg_temp.gone('crm'), 'conflict%', 'and a delete of what has not seen it');
SELECT pg_temp.book() AS before \gset
SELECT matches(pg_temp.refused(format('SELECT sync_resolve(%s, %s)', pg_temp.life_conflict(), decision)), expected, 'decision ' || decision)
FROM (VALUES
	($$'crm'$$, '^22023 .*"crm".*\| .'),
	($$'suport'$$, '^22023 .*"suport".*\| .*"support"'),
	($$'review'$$, '^22023 .*"review".*\| .'),
	($$'new'$$, '^22023 .*"new".*\| .'),
	($$'DELETE'$$, '^22023 .*"DELETE".*\| .*"?delete"?'),
	($$value => '{"phone": "1"}'$$, '^22023 .*value.*\| .'),
	($$value => 'null'$$, '^22023 .*value.*\| .'),
	($$'delete', '"x"'$$, '^22023 .*\| .'),
	($$null$$, '^22023 .*\| .')
) AS t (decision, expected);
SELECT is(pg_temp.book(), :'before', 'nothing has changed');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'one that is a decision');

-- "delete" is no winner where a field is in conflict
CALL pg_temp.at_rest('T3', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'collides with another');
SELECT matches(pg_temp.refused(format('SELECT sync_resolve(%s, %L)', pg_temp.open_conflict(), 'delete')), '^22023 .*"delete".*\| .', 'a field is not decided by a delete');

-- A field in open conflict makes a delete one
SELECT alike(pg_temp.gone('crm'), 'conflict%', 'a delete of a record with a field in conflict');
SELECT is(pg_temp.life_conflicts(), 'delete open', 'asks a human too');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'delete'), true, 'who lets it go');
SELECT is(pg_temp.life(), 'dead', 'dead');
SELECT is(pg_temp.polled('support'), 'delete', 'also where it was in conflict');

SELECT * FROM finish();
