-- A record that does not validate is kept with field and reason, and never half applied.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"key": "ref"}},
	"fields": {"email": {"required": true}, "phone": {}, "seats": {"type": "number"}, "active": {"type": "boolean"}, "renewal": {"type": "timestamp"}, "day": {"type": "date"}, "tags": {"type": "set"}}}');

CREATE FUNCTION pg_temp.verdicts(system text, records text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, verdict), ', ' ORDER BY ordinality) FROM sync_diff(system, 'contact', records) WITH ORDINALITY
$$;

SELECT is(pg_temp.verdicts('crm', '[{"record_key": "A", "email": "a"}, {"record_key": "B", "email": "b", "phone": "1", "seats": "many"}, {"record_key": "C", "email": "c"}]'),
	'A accepted, B rejected, C accepted', 'the other records of the call go on');
SELECT is_empty($$ SELECT * FROM sync_record WHERE record_key = 'B' $$, 'the rejected one is not half applied');
SELECT is((SELECT count(*) FROM sync_outbox), 2::bigint, 'nor sent');
SELECT is((SELECT concat_ws(' ', entity, system, record_key, field) FROM sync_reject), 'contact crm B seats', 'it is kept with system, record and field');
SELECT is((SELECT payload FROM sync_reject), '{"record_key": "B", "email": "b", "phone": "1", "seats": "many"}', 'and with its payload');
SELECT alike((SELECT reason FROM sync_reject), '%many%', 'and a reason that shows the value');
SELECT ok((SELECT length(detail) > 0 FROM sync_diff('crm', 'contact', '{"record_key": "B", "email": "b", "seats": "lots"}')), 'the row says why');

SELECT is(pg_temp.verdicts('crm', '[{"record_key": "A", "phone": "2", "seats": true}]'), 'A rejected', 'a known record is rejected as a whole');
SELECT is((SELECT data->>'phone' FROM sync_record WHERE record_key = 'A'), NULL, 'its other fields do not go through');
SELECT is(pg_temp.verdicts('crm', '[{"record_key": "A", "phone": "2"}]'), 'A accepted', 'mended, it goes through');

-- Each of these is rejected
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', payload)), 'rejected', what)
FROM (VALUES
	('{"email": "x"}', 'no record key'),
	('{"record_key": null, "email": "x"}', 'a record key of null'),
	('{"record_key": "R", "email": null}', 'a required field that is null'),
	('{"record_key": "R", "phone": "1"}', 'a required field that is absent where the golden record has none'),
	('{"record_key": "R", "email": "x", "seats": "12a"}', 'a number that is none'),
	('{"record_key": "R", "email": "x", "seats": [1]}', 'an array as number'),
	('{"record_key": "R", "email": "x", "active": "maybe"}', 'a boolean that is none'),
	('{"record_key": "R", "email": "x", "active": 2}', 'a number that is no boolean'),
	('{"record_key": "R", "email": "x", "renewal": "soon"}', 'a timestamp that is none'),
	('{"record_key": "R", "email": "x", "renewal": "2026-02-30T00:00:00Z"}', 'a day that does not exist'),
	('{"record_key": "R", "email": "x", "day": "2026-13-01"}', 'a month that does not exist'),
	('{"record_key": "R", "email": "x", "phone": {"a": 1}}', 'an object as text'),
	('{"record_key": "R", "email": "x", "tags": {"a": 1}}', 'an object as set'),
	(format('{"record_key": "%s", "email": "x"}', repeat('k', 1001)), 'a record key of more than 1,000 bytes'),
	(format('{"record_key": "%s", "email": "x"}', repeat('é', 501)), 'bytes, not characters')
) AS wrong (payload, what);
SELECT is_empty($$ SELECT * FROM sync_record WHERE record_key = 'R' $$, 'none of them left a record');

-- And these are not
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', payload)), 'accepted', what)
FROM (VALUES
	('{"record_key": "S1", "email": "x", "seats": "19.90"}', 'a number as text'),
	('{"record_key": "S2", "email": "x", "active": "TRUE"}', 'a boolean as text'),
	('{"record_key": "S3", "email": "x", "active": 1}', 'a boolean as number'),
	('{"record_key": "S4", "email": "x", "phone": 100}', 'a number in a text field'),
	('{"record_key": "S5", "email": "x", "renewal": "2026-01-02T03:04:05"}', 'a timestamp without offset'),
	('{"record_key": 17, "email": "x"}', 'a number as record key'),
	(format('{"record_key": "%s", "email": "x"}', repeat('k', 1000)), 'a record key of 1,000 bytes'),
	('{"record_key": "A", "phone": "3"}', 'a partial payload may leave a required field out, once the golden record has it')
) AS good (payload, what);
SELECT is((SELECT array_agg(data->'seats') FROM sync_record WHERE record_key = 'S1'), '{19.9}', 'the number is 19.9');
SELECT is((SELECT data->'renewal' FROM sync_record WHERE record_key = 'S5'), '"2026-01-02T03:04:05Z"', 'the timestamp is taken as UTC');
SELECT is((SELECT count(*) FROM sync_record WHERE record_key = '17'), 1::bigint, 'the record key is a text');

-- The same payload again is one row more often
SELECT count(*) AS rejects FROM sync_reject \gset
SELECT is(pg_temp.verdicts('crm', '{"record_key": "B", "email": "b", "phone": "1", "seats": "many"}'), 'B rejected', 'the first one again');
SELECT is((SELECT count(*) FROM sync_reject), :rejects::bigint, 'is no row more');

-- Malformed JSON fails the call, and changes nothing
SELECT throws_ok($$ SELECT sync_diff('crm', 'contact', '[{"record_key": "M", "email": "m"}, {"record_key": ]') $$, '22P02', NULL, 'malformed JSON');
SELECT throws_ok($$ SELECT sync_diff('crm', 'contact', '') $$, '22P02', NULL, 'no JSON at all');
SELECT is_empty($$ SELECT * FROM sync_record WHERE record_key = 'M' $$, 'the record before the mistake did not go through');
SELECT throws_like($$ SELECT sync_diff('crm', 'contcat', '{}') $$, '%contcat%', 'an unknown entity is named');
SELECT throws_like($$ SELECT sync_diff('suport', 'contact', '{}') $$, '%suport%', 'an unknown system is named');
SELECT throws_ok($$ SELECT * FROM sync_poll('suport') $$, '42704', NULL, 'an unknown target');

SELECT * FROM finish();
