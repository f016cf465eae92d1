-- A dry run returns the rows of the real one and writes nothing.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {}, "billing": {}},
	"fields": {"phone": {}, "email": {"owner": "crm"}, "seats": {"type": "number"}, "plan": {}}}');

CREATE FUNCTION pg_temp.book() RETURNS text LANGUAGE sql AS $$
	SELECT md5(concat((SELECT array_agg(s ORDER BY s) FROM sync_state AS s), (SELECT array_agg(o ORDER BY id) FROM sync_outbox AS o),
		(SELECT array_agg(l ORDER BY l) FROM sync_ledger AS l), (SELECT array_agg(e ORDER BY e) FROM sync_event AS e),
		(SELECT array_agg(c ORDER BY id) FROM sync_conflict AS c), (SELECT array_agg(r ORDER BY id) FROM sync_reject AS r)))
$$;

-- The rows of a call; conflicts are told by their number only, as a dry run makes none.
CREATE FUNCTION pg_temp.rows(system text, records text, dry boolean) RETURNS TABLE (r text) LANGUAGE sql AS $$
	SELECT format('%s %s %s %s %s %s %s', record_key, verdict, action, change_set, outcome, field_hash, targets)
	FROM sync_diff(system, 'contact', records, dry_run => dry, verbose => true)
$$;

CREATE FUNCTION pg_temp.dry_equals_real(system text, records text, story text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	before text := pg_temp.book();
	dry text[] := ARRAY(SELECT r FROM pg_temp.rows(system, records, true) AS r);
BEGIN
	RETURN NEXT is(pg_temp.book(), before, story || ': nothing is written');
	RETURN NEXT is(ARRAY(SELECT r FROM pg_temp.rows(system, records, false) AS r), dry, story || ': the rows of the real run');
	RETURN NEXT cmp_ok(cardinality(dry), '>', 0, story || ': which are some');
END
$$;

CALL pg_temp.at('10:00');
SELECT pg_temp.dry_equals_real('crm', '[{"record_key": "A", "id": "c_1", "phone": "0", "email": "a", "plan": "gold"}, {"record_key": "B", "phone": "0"},
	{"record_key": "C", "phone": "0"}, {"record_key": "D", "phone": "0"}]', 'new records');
SELECT is((SELECT count(*) FROM sync_poll('support')), 4::bigint, 'they go out');
SELECT is((SELECT count(*) FROM sync_poll('billing')), 4::bigint, 'to both');
SELECT pg_temp.dry_equals_real('support', '[{"record_key": "A", "phone": "0", "email": "a", "plan": "gold"}, {"record_key": "B", "phone": "0"}]', 'echoes in flight');
SELECT is((SELECT sync_ack(max(lease)) FROM sync_outbox WHERE target_system = 'support'), 4, 'acknowledged');
SELECT pg_temp.dry_equals_real('support', '[{"record_key": "C", "phone": "0"}, {"record_key": "D", "phone": "0"}]', 'echoes after the ack');
CALL pg_temp.at('12:00');
SELECT pg_temp.dry_equals_real('crm', '[{"record_key": "A", "phone": "1"}, {"record_key": "B", "phone": null}, {"record_key": "C", "phone": "0"}]', 'an edit, a null, and nothing new');
SELECT pg_temp.dry_equals_real('support', '[{"record_key": "A", "phone": "2", "email": "b", "plan": "iron"}, {"record_key": "B", "phone": "1"}]', 'a collision, an overruled field and an accepted one');
SELECT pg_temp.dry_equals_real('support', '{"record_key": "A", "phone": "3"}', 'a further value of the conflict');
SELECT pg_temp.dry_equals_real('crm', '[{"record_key": "E", "seats": "many"}, {"phone": "0"}, {"record_key": "F", "seats": 5}]', 'rejects');
SELECT pg_temp.dry_equals_real('crm', '[{"record_key": "G", "phone": "1"}, {"record_key": "G", "phone": "2"}, {"record_key": "G", "phone": "2"}, {"record_key": "A", "plan": "tin"}, {"record_key": "A", "plan": "zinc"}]',
	'a record that stands twice, on the effects of the first');

SELECT count(*) AS rows FROM sync_diff('crm', 'contact', '[{"record_key": "A", "id": "c_1"}, {"record_key": "B", "id": "c_2"}]') \gset
SELECT pg_temp.dry_equals_real('crm', '[{"record_key": "A", "id": "c_2", "phone": "7"}, {"id": "c_2", "phone": "7"}, {"id": "c_2", "phone": "8"}, {"id": "c_2", "phone": "7"}, {"id": "c_2", "phone": "7"}]',
	'what waits for a human, shown again');

-- Not even a transaction id
SELECT count(*) AS rows, bool_or(pg_current_xact_id_if_assigned() IS NOT NULL) AS wrote
FROM (SELECT * FROM sync_diff('crm', 'contact', '{"record_key": "H", "phone": "1"}', dry_run => true) OFFSET 0) AS v \gset
SELECT is(:rows, 1, 'a dry run of a new record');
SELECT is(:'wrote', 'f'::text, 'takes no transaction id');
SELECT is_empty($$ SELECT * FROM sync_record WHERE record_key = 'H' $$, 'and leaves no record');

-- It runs where nothing can be written
BEGIN READ ONLY;
SELECT count(*) AS rows FROM sync_diff('crm', 'contact', '{"record_key": "H", "phone": "1"}', dry_run => true) \gset
COMMIT;
SELECT is(:rows, 1, 'in a read-only transaction too');

-- What it would do is wrong as in the real run
SELECT throws_ok($$ SELECT sync_diff('crm', 'contact', '{"record_key": ', dry_run => true) $$, '22P02', NULL, 'malformed JSON');
SELECT throws_ok($$ SELECT sync_diff('cmr', 'contact', '{}', dry_run => true) $$, '42704', NULL, 'an unknown system');

SELECT * FROM finish();
