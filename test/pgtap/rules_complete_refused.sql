-- What a complete listing or a first load cannot mean is refused by name, and changes nothing.
\ir story.psql
\ir refusal.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"key": "ref", "id": "id"}, "support": {}}, "fields": {"phone": {}}}');
SELECT is((SELECT count(*) FROM sync_diff(s, 'contact', format('[{"%1$s": "A", "phone": "0"}, {"%1$s": "B", "phone": "0"}, {"%1$s": "C", "phone": "0"}]', k))), 3::bigint, 'three records of ' || s)
FROM (VALUES ('crm', 'ref'), ('support', 'record_key')) AS t (s, k);
SELECT pg_temp.book() AS before \gset

SELECT matches(pg_temp.refused(format('SELECT * FROM sync_diff(%L, %L, %L, %s)', 'crm', 'contact', records, options)), expected, concat_ws(' ', records, options))
FROM (VALUES
	('[]', 'complete => true', '^\w{5} .*"crm".*3.*\| .'),
	('[]', 'complete => true, approve => 3', '^\w{5} .*"crm".*3.*\| .'),
	('[]', 'complete => true, baseline => true', '^\w{5} .*"crm".*3.*\| .'),
	('[]', 'complete => true, dry_run => true', '^\w{5} .*"crm".*3.*\| .'),
	('[{"ref": "A", "phone": "0"}]', 'complete => true', '^\w{5} .*2.*3.*\| .*approve => 2'),
	('[{"ref": "A", "phone": "0"}]', 'complete => true, approve => 3', '^\w{5} .*2.*3.*\| .*approve => 2'),
	('[{"ref": "A", "phone": "0"}]', 'complete => true, approve => 1', '^\w{5} .*2.*3.*\| .*approve => 2'),
	('[{"ref": "A", "phone": "0"}]', 'complete => true, approve => 0', '^22023 .*approve.*0'),
	('[{"ref": "A", "phone": "0"}]', 'complete => true, approve => -2', '^22023 .*approve.*-2'),
	('[{"ref": "A", "phone": "0"}]', 'approve => 2', '^22023 .*approve.*\| .'),
	('[{"ref": "A", "phone": "0"}]', 'baseline => true, approve => 2', '^22023 .*approve.*\| .')
) AS t (records, options, expected);
SELECT is(pg_temp.book(), :'before', 'nothing has changed');

-- Malformed JSON in the middle of a listing deletes nothing
SELECT throws_ok($$ SELECT * FROM sync_diff('crm', 'contact', '[{"ref": "A", "phone": "0"}, {"ref": ', complete => true, approve => 2) $$, '22P02', NULL, 'a listing that breaks off');
SELECT is(pg_temp.book(), :'before', 'nothing has changed');

-- A record that cannot be identified may be any of those that are missing: nothing is deleted
SET client_min_messages = error;
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '[{"ref": "A", "phone": "0"}, {"ref": "B", "phone": "0"}, {"phone": "0"}]', complete => true) WHERE action = 'delete'), 0::bigint,
	'a listing with a record that has neither key nor id deletes nothing');
RESET client_min_messages;
SELECT is((SELECT count(*) FROM sync_record WHERE deleted), 0::bigint, 'all live');
SELECT is((SELECT count(*) FROM sync_reject), 1::bigint, 'it is kept as rejected');

-- Found by their native ids, they are listed
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '[{"ref": "A", "id": "1"}, {"ref": "B", "id": "2"}, {"ref": "C", "id": "3"}]')) >= 0, true, 'ids become known');
SELECT is((SELECT string_agg(record_key || ' ' || coalesce(action, verdict), ', ') FROM sync_diff('crm', 'contact', '[{"id": "1", "phone": "0"}, {"id": 2, "phone": "0"}]', complete => true)), 'C delete',
	'a listing by native ids misses one');

SELECT * FROM finish();
