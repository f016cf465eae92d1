-- A record that does not fit is no error but a rejected row with its reason, in input order;
-- it is kept whole, nothing of it is applied, and the others of the call go on.
BEGIN;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.config() RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT '{"systems": {"crm": {"id": "id", "deleted": "gone"}, "support": {"key": "requester.key"}},
		"fields": {"email": {"required": true, "path": {"crm": "email", "support": "email"}}, "seats": {"type": "number"}, "active": {"type": "boolean"}, "due": {"type": "timestamp"},
				   "day": {"type": "date"}, "tags": {"type": "set", "path": "tags[*].name"}, "name": {"path": "person.name"}, "more": {"type": "json"},
				   "plan": {"required": true, "path": {"support": "plan"}}}}'::jsonb
$$;
DO $$ BEGIN
	PERFORM sync_configure('contact', pg_temp.config());
	PERFORM sync_diff('crm', 'contact', '{"record_key": "9", "email": "x"}');
END $$;

CREATE TEMP TABLE misfit (id serial, record text COLLATE "C", field text COLLATE "C", reason text COLLATE "C");
INSERT INTO misfit (record, field, reason) VALUES
	('5', NULL, 'the record is no JSON object'),
	('null', NULL, 'the record is no JSON object'),
	('"{\"record_key\": \"1\"}"', NULL, 'the record is no JSON object'),
	('[{"record_key": "1"}]', NULL, 'the record is no JSON object'),
	('{"email": "x"}', NULL, 'no record key at path "record_key"'),
	('{"record_key": null, "email": "x"}', NULL, 'no record key at path "record_key"'),
	('{"record_key": "", "email": "x"}', NULL, 'no record key at path "record_key"'),
	('{"record_key": true, "email": "x"}', NULL, 'the record key at path "record_key" is neither text nor a number'),
	('{"record_key": {}, "email": "x"}', NULL, 'the record key at path "record_key" is neither text nor a number'),
	('{"record_key": "a\u0000", "email": "x"}', NULL, 'the record key at path "record_key" cannot be kept: \u0000 stands in the text: "a\u0000"'),
	('{"id": "\u0000", "email": "x"}', NULL, 'the native id cannot be kept: \u0000 stands in the text: "\u0000"'),
	('{"id": [], "email": "x"}', NULL, 'the native id is neither text nor a number'),
	('{"record_key": "1", "email": "x", "gone": "maybe"}', NULL, 'the mark of a deleted record is neither true nor false, nor a time or date: "maybe"'),
	(format('{"record_key": "%s", "email": "x"}', repeat('k', 1001)), NULL, 'the record key is longer than 1000 bytes'),
	('{"record_key": "1", "seats": 1}', 'email', 'required, but missing'),
	('{"record_key": "1", "email": null}', 'email', 'required, but null'),
	('{"record_key": "9", "email": null}', 'email', 'required, but null'),
	('{"record_key": "1", "email": {}}', 'email', 'no text: {}'),
	('{"record_key": "1", "email": "x", "seats": "many"}', 'seats', 'no number: "many"'),
	('{"record_key": "1", "email": "x", "seats": ""}', 'seats', 'no number: ""'),
	('{"record_key": "1", "email": "x", "seats": "1,5"}', 'seats', 'no number: "1,5"'),
	('{"record_key": "1", "email": "x", "active": "maybe"}', 'active', 'no boolean: "maybe"'),
	('{"record_key": "1", "email": "x", "active": 2}', 'active', 'no boolean: 2'),
	('{"record_key": "1", "email": "x", "due": "soon"}', 'due', 'no timestamp: "soon"'),
	('{"record_key": "1", "email": "x", "due": "2026-02-30T00:00:00Z"}', 'due', 'no timestamp: "2026-02-30T00:00:00Z"'),
	('{"record_key": "1", "email": "x", "due": 1767225600}', 'due', 'no timestamp: 1767225600'),
	('{"record_key": "1", "email": "x", "day": "01/02/2026"}', 'day', 'no date: "01/02/2026"'),
	('{"record_key": "1", "email": "x", "tags": "a"}', 'tags', 'no set: "a"'),
	('{"record_key": "1", "email": "x", "tags": [{"name": {}}]}', 'tags', 'no element of a set: {}'),
	('{"record_key": "1", "email": "a\u0000b"}', 'email', '\u0000 stands in the text: "a\u0000b"'),
	('{"record_key": "1", "email": "x", "more": {"a": "\u0000"}}', 'more', '\u0000 stands in the JSON: {"a": "\u0000"}');
CREATE FUNCTION pg_temp.sent() RETURNS SETOF sync_verdict LANGUAGE sql AS $$
	SELECT * FROM sync_diff('crm', 'contact', (SELECT '[' || string_agg(record, ',' ORDER BY id) || ', {"record_key": "10", "email": "fits"}]' FROM misfit), actor => 'ann')
$$;
CREATE TEMP TABLE answer AS SELECT * FROM ROWS FROM (pg_temp.sent()) WITH ORDINALITY;
SELECT is(detail, concat_ws(': ', field, reason), left(record, 80)) FROM misfit JOIN answer ON ordinality = id;
SELECT results_eq($$ SELECT ordinal::int, field COLLATE "C", reason COLLATE "C" FROM sync_read(pg_temp.config(), 'crm',
		(SELECT '[' || string_agg(record, ',' ORDER BY id) || ']' FROM misfit)) WHERE reason IS NOT NULL $$,
	'SELECT id, field, reason FROM misfit ORDER BY id', 'sync_read says the same before anything is configured');
SELECT is_empty($$ SELECT * FROM sync_read(pg_temp.config(), 'crm', '{"record_key": "1", "gone": true, "email": null}') WHERE reason IS NOT NULL $$, 'what is deleted needs no field');
SELECT throws_ok($$ SELECT * FROM sync_read(pg_temp.config(), 'crn', '{}') $$, '42704', 'the config has no system "crn"', 'an unknown system');
SELECT is((SELECT array_agg(record_key || ' ' || verdict) FROM answer WHERE verdict <> 'rejected'), ARRAY['10 accepted'], 'all others are taken');
SELECT results_eq('SELECT field, reason, payload, actor, times FROM sync_reject ORDER BY payload, reason',
				  $$SELECT field, reason, CASE WHEN record LIKE '%\u0000%' THEN to_jsonb(record) ELSE record::jsonb END AS payload, 'ann' COLLATE "default", 1::bigint
					FROM misfit ORDER BY payload, reason$$, 'those that do not fit are kept with field and reason; one that jsonb cannot hold, as a text');
SELECT is_empty($$SELECT record_key FROM sync_record WHERE record_key NOT IN ('9', '10')$$, 'and nothing of them is applied');
SELECT is((SELECT count(*) FROM pg_temp.sent() WHERE verdict = 'rejected'), (SELECT count(*) FROM misfit), 'they can come again');
SELECT results_eq('SELECT count(*), min(times), max(times) FROM sync_reject', 'SELECT count(*), 2::bigint, 2::bigint FROM misfit', 'which is counted and makes no new rows');

SELECT * FROM finish();
ROLLBACK;
