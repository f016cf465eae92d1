-- A complete listing: what is known there and missing from it was deleted there.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"deleted": "archived"}, "support": {}, "billing": {}},
	"fields": {"phone": {"required": true}, "seats": {"type": "number"}}}');

-- The rows of a complete call: key, verdict, action.
CREATE FUNCTION pg_temp.lists(system text, records text, dry boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, verdict, action, nullif(targets, '{}')), '; ' ORDER BY n)
	FROM sync_diff(system, 'contact', records, complete => true, dry_run => dry) WITH ORDINALITY
		AS v (record_key, verdict, action, change_set, outcome, field_hash, targets, conflict_ids, detail, n)
$$;

-- Six records that crm and support show, at 10:00.
CREATE PROCEDURE pg_temp.six() LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at('10:00');
	PERFORM sync_diff('crm', 'contact', (SELECT jsonb_agg(jsonb_build_object('record_key', 'K' || k, 'phone', k::text)) FROM generate_series(1, 6) AS k), baseline => true);
	PERFORM sync_diff('support', 'contact', (SELECT jsonb_agg(jsonb_build_object('record_key', 'K' || k, 'phone', k::text)) FROM generate_series(1, 6) AS k), baseline => true);
	CALL pg_temp.at('12:00');
END
$$;
CALL pg_temp.six();

SELECT is(pg_temp.lists('crm', '[{"record_key": "K6", "phone": "6"}, {"record_key": "K1", "phone": "1"}, {"record_key": "K3", "phone": "3"}, {"record_key": "K5", "phone": "5"},
	{"record_key": "K2", "phone": "2"}, {"record_key": "K4", "phone": "4"}]'), NULL, 'all are there: no row');
SELECT is(pg_temp.lists('crm', '[{"record_key": "K6", "phone": "6b"}, {"record_key": "K5", "phone": "5"}, {"record_key": "N", "phone": "0"}, {"record_key": "K3", "phone": "3"}, {"record_key": "K1", "phone": "1"}]', true),
	'K6 accepted update {support}; N accepted create {billing,support}; K2 accepted delete {support}; K4 accepted delete {support}', 'dry: input rows first, then what is missing, by key');
SELECT is_empty('SELECT * FROM sync_outbox', 'and nothing is written');
SELECT is(pg_temp.lists('crm', '[{"record_key": "K6", "phone": "6b"}, {"record_key": "K5", "phone": "5"}, {"record_key": "N", "phone": "0"}, {"record_key": "K3", "phone": "3"}, {"record_key": "K1", "phone": "1"}]'),
	'K6 accepted update {support}; N accepted create {billing,support}; K2 accepted delete {support}; K4 accepted delete {support}', 'the same for good');
SELECT is((SELECT string_agg(record_key, ',' ORDER BY record_key) FROM sync_record WHERE deleted), 'K2,K4', 'these are dead');
SELECT is((SELECT string_agg(record_key || ' ' || action, ', ' ORDER BY record_key) FROM sync_outbox WHERE target_system = 'support'),
	'K2 delete, K4 delete, K6 update, N create', 'and support is told');
SELECT is(pg_temp.lists('crm', '[{"record_key": "K6", "phone": "6b"}, {"record_key": "K5", "phone": "5"}, {"record_key": "N", "phone": "0"}, {"record_key": "K3", "phone": "3"}, {"record_key": "K1", "phone": "1"}]'),
	NULL, 'once more: nothing new');

-- The other side: it shows the dead ones still, or no more
SELECT is(pg_temp.lists('support', '[{"record_key": "K1", "phone": "1"}, {"record_key": "K2", "phone": "2"}, {"record_key": "K3", "phone": "3"}, {"record_key": "K5", "phone": "5"}, {"record_key": "K6", "phone": "6"}]'),
	'K4 agreed', 'one that it deleted as well is agreed; N was never there');
SELECT is((SELECT string_agg(record_key || ' ' || action, ', ' ORDER BY record_key) FROM sync_outbox WHERE target_system = 'support'),
	'K2 delete, K6 update, N create', 'and needs no delete');

-- What is in the listing in any shape is not missing
SELECT is(pg_temp.lists('crm', '[{"record_key": "K6", "phone": "6b"}, {"record_key": "K5", "phone": null}, {"record_key": "N", "phone": "0", "seats": "many"}, {"record_key": "K3", "phone": "3"}, {"record_key": "K3", "phone": "3"},
	{"record_key": "K1", "archived": true}]'),
	'K5 rejected; N rejected; K1 accepted delete {support}', 'a rejected record is there; so is one that says itself that it was deleted');

-- Where one cannot be told, none is missing
SET client_min_messages = error;
SELECT is(pg_temp.lists('support', '[{"phone": "1"}, {"record_key": "K3", "phone": "3"}]'), 'rejected', 'a record without key may be any of them');
SELECT is((SELECT string_agg(record_key, ',' ORDER BY record_key) FROM sync_record WHERE deleted), 'K1,K2,K4', 'so nothing is deleted');

-- A call that is not complete deletes nothing
SELECT is((SELECT count(*) FROM sync_diff('support', 'contact', '[]')), 0::bigint, 'an empty call');
SELECT is((SELECT string_agg(record_key, ',' ORDER BY record_key) FROM sync_record WHERE deleted), 'K1,K2,K4', 'deletes nothing');

SELECT * FROM finish();
