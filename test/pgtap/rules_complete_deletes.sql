-- A complete listing: what a system no longer lists was deleted there.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}}');

CREATE FUNCTION pg_temp.listing(system text, VARIADIC keys text[]) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce((SELECT string_agg(concat_ws(' ', record_key, verdict, action, nullif(targets, '{}')), '; ' ORDER BY record_key)
		FROM sync_diff(system, 'contact', (SELECT jsonb_agg(jsonb_build_object('record_key', k, 'phone', '0')) FROM unnest(keys) AS k), complete => true)), 'unchanged')
$$;

CALL pg_temp.at_rest('A', '{"phone": "0"}', 'crm', 'support');
CALL pg_temp.at_rest('B', '{"phone": "0"}', 'crm', 'support');
CALL pg_temp.at_rest('C', '{"phone": "0"}', 'crm', 'support');
CALL pg_temp.at_rest('D', '{"phone": "0"}', 'crm', 'support');

SELECT is(pg_temp.listing('support', 'A', 'B', 'C', 'D'), 'unchanged', 'all that it holds');
SELECT is(pg_temp.listing('support', 'D', 'B', 'A', 'C'), 'unchanged', 'in any order');
SELECT is(pg_temp.listing('support', 'A', 'B', 'C'), 'D accepted delete {crm}', 'one is missing: one row more');
CALL pg_temp.record('D');
SELECT is(pg_temp.life(), 'dead', 'it was deleted');
SELECT is(pg_temp.polled('crm'), 'delete', 'as by sync_delete');
SELECT is(pg_temp.ack('crm'), true, 'acknowledged');
SELECT matches(pg_temp.listing('crm', 'A', 'B', 'C'), '^(D echo|unchanged)$', 'the other system''s listing shows only our delete');
SELECT is(pg_temp.listing('support', 'A', 'B', 'C'), 'unchanged', 'and then all is said');

-- Without complete nothing is missing
SELECT is_empty($$ SELECT * FROM sync_diff('support', 'contact', '[{"record_key": "A", "phone": "0"}]') $$, 'a listing of a part deletes nothing');

-- What the system never held is not missing there
CALL pg_temp.record('only in crm');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'a record that waits to be created');
SELECT is(pg_temp.listing('support', 'A', 'B', 'C'), 'unchanged', 'is not missing where it has not been created');
SELECT is(pg_temp.polled('support'), 'create {"phone": "0"}', 'nor while its create is in flight');
SELECT is(pg_temp.listing('support', 'A', 'B', 'C'), 'unchanged', 'nobody has shown it there');
SELECT is(pg_temp.pending('crm'), NULL, 'nothing is deleted');
SELECT is(pg_temp.ack('support'), true, 'it is created, after the listing was made');
SELECT unalike(pg_temp.listing('support', 'A', 'B', 'C'), '%accepted delete%', 'who lists it not yet has not deleted it');
SELECT is(pg_temp.life(), 'alive', 'it lives');

-- A record that is listed but not valid is not missing
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"required": true}}}');
SELECT is((SELECT string_agg(record_key || ' ' || verdict, '; ') FROM sync_diff('support', 'contact',
	'[{"record_key": "A", "phone": "0"}, {"record_key": "B", "phone": null}, {"record_key": "C", "phone": "0"}, {"record_key": "only in crm", "phone": "0"}]', complete => true)
	WHERE record_key = 'B'), 'B rejected', 'a listed record that is rejected');
SELECT is((SELECT deleted FROM sync_record WHERE record_key = 'B'), false, 'was not deleted');

-- A dry run deletes nothing
SELECT is((SELECT string_agg(record_key || ' ' || verdict || ' ' || action, '; ') FROM sync_diff('crm', 'contact',
	'[{"record_key": "A", "phone": "0"}, {"record_key": "B", "phone": "0"}, {"record_key": "only in crm", "phone": "0"}]', complete => true, dry_run => true)),
	'C accepted delete', 'what would be deleted');
SELECT is((SELECT deleted FROM sync_record WHERE record_key = 'C'), false, 'is not');

SELECT * FROM finish();
