-- Every mistake of a caller gets an error that says what, where and which value, and how to go on.
BEGIN;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' ', state, message, '| ' || nullif(hint, ''));
END
$$;

SELECT is(pg_temp.refused($$SELECT sync_diff('crm', 'contact', '{}')$$), '42704 entity "contact" is not configured | No entity is; sync_configure() configures one.',
		  'nothing is configured yet');
SELECT is(pg_temp.refused($$SELECT sync_poll('crm')$$), '42704 no policy names a system "crm" | Write a policy first, with sync_configure.',
		  'no system is known yet');
DO $$ BEGIN
	PERFORM sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"key": "requester.key"}},
		"fields": {"email": {"required": true}, "seats": {"type": "number"}, "active": {"type": "boolean"}, "due": {"type": "timestamp"},
				   "day": {"type": "date"}, "tags": {"type": "set", "path": "tags[*].name"}, "name": {"path": "person.name"}, "more": {"type": "json"}}}');
	PERFORM sync_configure('invoice', '{"systems": ["billing", "crm"], "fields": {"total": {"type": "number"}}, "window": "0"}');
END $$;

-- Who and what
SELECT is(pg_temp.refused('SELECT ' || call), expected, call)
FROM (VALUES
	($$sync_diff('crn', 'contact', '{}')$$, '42704 entity "contact" has no system "crn" | Did you mean "crm"? Known systems: crm, support.'),
	($$sync_diff('billing', 'contact', '{}')$$, '42704 entity "contact" has no system "billing" | The nearest known name is "crm". Known systems: crm, support.'),
	($$sync_diff('CRM', 'contact', '{}')$$, '42704 entity "contact" has no system "CRM" | Did you mean "crm"? Known systems: crm, support.'),
	($$sync_diff('', 'contact', '{}')$$, '42704 entity "contact" has no system "" | The nearest known name is "crm". Known systems: crm, support.'),
	($$sync_diff('crm', 'contcat', '{}')$$, '42704 entity "contcat" is not configured | Did you mean "contact"? Known entities: contact, invoice.'),
	($$sync_diff('crm', 'Contact', '{}')$$, '42704 entity "Contact" is not configured | Did you mean "contact"? Known entities: contact, invoice.'),
	($$sync_poll('billing', entity => 'contact')$$, '42704 entity "contact" has no system "billing" | The nearest known name is "crm". Known systems: crm, support.'),
	($$sync_poll('crm', entity => 'invoce')$$, '42704 entity "invoce" is not configured | Did you mean "invoice"? Known entities: contact, invoice.'),
	($$sync_config('contcat')$$, '42704 entity "contcat" is not configured | Did you mean "contact"? Known entities: contact, invoice.'),
	($$sync_config('contact', 2)$$, '42704 entity "contact" has no version 2 | The newest version is 1.'),
	($$sync_policy('contcat')$$, '42704 entity "contcat" is not configured | Did you mean "contact"? Known entities: contact, invoice.'),
	($$sync_resolve(0, 'crm')$$, $e$42704 there is no conflict with id 0 | SELECT * FROM sync_conflict WHERE status = 'open' lists the open ones.$e$)
) AS t (call, expected);

SELECT matches(pg_temp.refused($$SELECT sync_poll('suport')$$),
			   '^42704 no policy names a system "suport" \| Did you mean "support"\? Known systems: \w+, \w+, \w+\.$', $$sync_poll('suport')$$);

-- Null and what is out of range
SELECT is(pg_temp.refused('SELECT ' || call), expected, call)
FROM (VALUES
	($$sync_diff(null, 'contact', '{}')$$, '22004 argument "system" of sync_diff must not be null'),
	($$sync_diff('crm', null, '{}')$$, '22004 argument "entity" of sync_diff must not be null'),
	($$sync_diff('crm', 'contact', null)$$, '22004 argument "records" of sync_diff must not be null | Where there may be none, pass coalesce(jsonb_agg(...), ''[]'').'),
	($$sync_diff('crm', 'contact', null::json)$$, '22004 argument "records" of sync_diff must not be null | Where there may be none, pass coalesce(jsonb_agg(...), ''[]'').'),
	($$sync_diff('crm', 'contact', null::jsonb)$$, '22004 argument "records" of sync_diff must not be null | Where there may be none, pass coalesce(jsonb_agg(...), ''[]'').'),
	($$sync_diff('crm', 'contact', '[]', null, null, null, null, null, null)$$, 'accepted'),
	($$sync_delete('crm', 'contact', null)$$, '22004 argument "record_keys" of sync_delete must not be null | Where there may be none, pass coalesce(array_agg(...), ''{}'').'),
	($$sync_poll(null)$$, '22004 argument "target" of sync_poll must not be null'),
	($$sync_poll('crm', null)$$, '22004 argument "max_changes" of sync_poll must not be null | Leave it out to have its default.'),
	($$sync_poll('crm', lease => null)$$, '22004 argument "lease" of sync_poll must not be null | Leave it out to have its default.'),
	($$sync_poll('crm', 100, '60 s', null, null)$$, 'accepted'),
	($$sync_poll('crm', 0)$$, '22023 max_changes must be from 1 to 100000, not 0 | Ask for what one turn can deal with; the next call gets the rest.'),
	($$sync_poll('crm', 100001)$$, '22023 max_changes must be from 1 to 100000, not 100001 | Ask for what one turn can deal with; the next call gets the rest.'),
	($$sync_poll('crm', lease => '0')$$, '22023 lease must be longer than zero | Give the time that a worker needs for its calls, and some more.'),
	($$sync_poll('crm', lease => '300000 years')$$, '22008 lease is out of range: 300000 years | Give 10000 years at most.'),
	($$sync_poll('crm', lease => '-200000000 days')$$, '22008 lease is out of range: -200000000 days | Give 10000 years at most.'),
	($$sync_conflict_poll(lease => '300000 years')$$, '22008 lease is out of range: 300000 years | Give 10000 years at most.'),
	($$sync_extend(1, '2000000000 hours')$$, '22008 by is out of range: 2000000000:00:00 | Give 10000 years at most.'),
	($$sync_poll('crm', lease => '-1 s')$$, '22023 lease must be longer than zero | Give the time that a worker needs for its calls, and some more.'),
	($$sync_ack(0, 0, null, 'null')$$, 'accepted'),
	($$sync_ack(0, 0, null, '[]')$$, '22023 the result of a write must be a JSON object | Pass the record that the target answered with, or leave it out.'),
	($$sync_ack(0, 0, null, '"{}"')$$, '22023 the result of a write must be a JSON object | Pass the record that the target answered with, or leave it out.'),
	($$sync_resolve(null, 'crm')$$, '22004 argument "conflict_id" of sync_resolve must not be null'),
	($$sync_resolve(0)$$, $e$22023 sync_resolve needs a winner or a value, and got none | winner is a system of the conflict's sides; value is JSON, 'null' too.$e$),
	($$sync_resolve(0, 'crm', '1')$$, $e$22023 sync_resolve needs a winner or a value, not both | winner is a system of the conflict's sides; value is JSON, 'null' too.$e$),
	($$sync_configure(null, '{}')$$, '22004 entity must not be null'),
	($$sync_configure('contact', null)$$, '22004 config must not be null'),
	($$sync_config(null)$$, '22004 entity must not be null'),
	($$sync_policy(null)$$, '22004 entity must not be null')
) AS t (call, expected);
SELECT is(ARRAY[sync_ack(0), sync_ack(null), sync_ack(0, '{}'), sync_ack(0, '{1,null}')], ARRAY[0, 0, 0, 0], 'an ack of no lease counts nothing');
SELECT is(ARRAY[sync_ack(0, 0, 'n'), sync_ack(null, 0, 'n'), sync_ack(0, null, 'n')], ARRAY[false, false, false], 'nor does one of no row');

-- What is approved
SELECT is(pg_temp.refused(format($$SELECT sync_diff('crm', 'contact', '{}', %s)$$, options)), expected, options)
FROM (VALUES ('approve => 1', '22023 "approve" without "complete": 1 | Only a complete listing is guarded; leave it out.'),
	('complete => true, approve => 0', '22023 "approve" is no number of records: 0 | Give the number that the refused call has named.'),
	('complete => true, approve => -1', '22023 "approve" is no number of records: -1 | Give the number that the refused call has named.')
) AS t (options, expected);
SELECT is(pg_temp.refused($$SELECT sync_diff('crm', 'contact', '[]', complete => false, baseline => false, approve => null)$$), 'accepted', 'to leave an option out is no error');

-- JSON that is none: where, and what was expected.  All three doors for what JSON is, but no record.
SELECT is(pg_temp.refused(format('SELECT sync_diff(%L, %L, %L)', 'crm', 'contact', records)),
		  '22P02 invalid JSON ' || expected || ' | Pass the payload as the system sent it; JSON has no comments, single quotes, trailing commas or NaN.', 'records ' || quote_literal(records))
FROM (VALUES
	('', 'at byte 1: expected "{" or "[", found end of input'),
	(' ', 'at byte 2: expected "{" or "[", found end of input'),
	('{"record_key":', 'in record 1 at byte 15: expected a JSON value, found end of input'),
	('[{"record_key": "1"}, {"record_key": "2" "email": "x"}]', 'in record 2 at byte 42: expected "," or "}", found """'),
	('[{"record_key": "1"}', 'after record 1 at byte 21: expected "," or "]", found end of input'),
	('[{"record_key": "1"},]', 'in record 2 at byte 22: expected a JSON value, found "]"'),
	('{"record_key": "1"} {}', 'after record 1 at byte 21: expected end of input, found "{"'),
	('[{"record_key": "1"}, {"record_key": NaN}]', 'in record 2 at byte 38: expected a JSON value, found "NaN"')
) AS t (records, expected);
SELECT is(pg_temp.refused(format('SELECT sync_diff(%L, %L, %L::%s)', 'crm', 'contact', records, type)),
		  '22023 records must be a JSON object or an array of objects, not ' || expected, format('records %L as %s', records, type))
FROM (VALUES
	('"{\"record_key\": \"1\"}"', 'a string | The payload was encoded twice: pass the object itself (JSON.stringify once), not a string that holds its text.'),
	('5', 'a number | Pass one record as an object, several as an array.'),
	('true', 'a boolean | Pass one record as an object, several as an array.'),
	('null', 'null | Pass one record as an object, several as an array.')
) AS t (records, expected), unnest(ARRAY['text', 'json', 'jsonb']) AS type;
SELECT is_empty('SELECT entity FROM sync_state UNION ALL SELECT entity FROM sync_reject', 'none of these calls has left anything');

-- Decisions that are none
SELECT is(string_agg(verdict, ' '), 'accepted conflict', 'a conflict to decide on')
FROM unnest(ARRAY['{"record_key": "9", "email": "x", "seats": 1}', '{"requester": {"key": "9"}, "seats": 2}']) WITH ORDINALITY AS r (record, n),
	 sync_diff(CASE n WHEN 1 THEN 'crm' ELSE 'support' END, 'contact', record);
SELECT is(pg_temp.refused(format('SELECT sync_resolve(%s, %s)', id, decision)), expected, 'decision ' || decision)
FROM sync_conflict, (VALUES
	($$'suport'$$, '22023 "suport" is no side of this conflict | Did you mean "support"? Known sides: crm, support.'),
	($$'review'$$, '22023 "review" is no side of this conflict | The nearest known name is "crm". Known sides: crm, support.'),
	($$value => '"many"'$$, '22023 the value does not fit field "seats": no number: "many"'),
	($$value => '{}'$$, '22023 the value does not fit field "seats": no number: {}')
) AS t (decision, expected);
SELECT is((SELECT array_agg(status) FROM sync_conflict), ARRAY['open'], 'it is still to be decided');

SELECT * FROM finish();
ROLLBACK;
