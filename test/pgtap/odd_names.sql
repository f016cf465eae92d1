-- Names, keys and values are data: whatever they hold comes out as it went in, and ends
-- up in no statement, no format and no path.
BEGIN;
SELECT * FROM no_plan();

-- A record goes in at one side and out at the other, is acked, and is unchanged then.
CREATE FUNCTION pg_temp.passed(entity text, source text, target text, record jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	verdict text := (SELECT d.verdict FROM sync_diff(source, entity, record::text) AS d);
	claim record;
	again text;
BEGIN
	SELECT * INTO STRICT claim FROM sync_poll(target, entity => passed.entity);
	IF claim.payload IS DISTINCT FROM record THEN
		RETURN format('payload %s', claim.payload);
	END IF;
	PERFORM sync_ack(claim.lease);
	again := (SELECT string_agg(d.verdict, ',') FROM unnest(ARRAY[source, target]) AS s, sync_diff(s, entity, record::text, verbose => true) AS d);
	RETURN concat_ws(' ', verdict, claim.action, again,
		(SELECT count(*) FROM sync_ledger AS l WHERE l.entity = passed.entity AND l.record_key = claim.record_key AND l.idempotency_key = claim.idempotency_key));
END
$$;
CREATE TEMP TABLE odd (name text, value text);
INSERT INTO odd VALUES
	('quotes', $q$it's "quoted" `$$` $body$$q$), ('backslashes', E'\\ \\\\ \\n C:\\temp\\'), ('line ends', E'one\ntwo\r\nthree\ttab'),
	('percent signs', '%s %1$I %L 100% %%'), ('parameters', '$1 ? :name %(name)s'), ('a statement', $q$'); DROP TABLE sync_state; --$q$),
	('umlauts', 'Größe Ærøskøbing'), ('a decomposed letter', U&'e\0301'), ('a letter from the astral plane', '𝔘😀'), ('right to left', U&'\202Eabc\05D0'),
	('a zero-width joiner', U&'a\200Db'), ('a control character', E'\x01\x1f\x7f'), ('white space only', ' '), ('the null of JSON', 'null'),
	('braces', '{"a":[1]}'), ('a path', 'a.b[0]."c"[*]'), ('an arrow', 'crm->support'), ('a long one', repeat('ß', 500));

-- Keys and values
SELECT lives_ok($$SELECT sync_configure('odd', '{"systems": ["crm", "support"], "fields": {"a": {}, "b": {"type": "json"}, "c": {"type": "set"}}}')$$,
				'a policy of text, json and set');
SELECT is(pg_temp.passed('odd', 'crm', 'support', jsonb_build_object('record_key', value, 'a', value, 'b', jsonb_build_object(value, value), 'c', jsonb_build_array(value))),
		  'accepted create unchanged,echo 1', name || ' as a key and as a value') FROM odd;
SELECT is((SELECT array_agg(record_key ORDER BY record_key) FROM sync_record WHERE entity = 'odd'), (SELECT array_agg(value ORDER BY value COLLATE "C") FROM odd),
		  'every key stands in the book as it came, in the order of its bytes');
SELECT is(v.field_hash, sync_hash(jsonb_build_object('a', value || '!', 'b', jsonb_build_object(value, value), 'c', jsonb_build_array(value))), 'hash of ' || name)
FROM odd, sync_diff('crm', 'odd', jsonb_build_object('record_key', value, 'a', value || '!')) AS v;
SELECT is_empty($$SELECT idempotency_key FROM sync_outbox WHERE length(idempotency_key) > 255
				  UNION ALL SELECT min(idempotency_key) FROM sync_ledger GROUP BY idempotency_key HAVING count(*) > 1$$,
				'an idempotency key is short, and no two contents have one');

-- Every piece of text that a caller may pass
SELECT is(d.verdict, 'accepted', name || ' as an actor') FROM odd, sync_diff('crm', 'odd', jsonb_build_object('record_key', 'said', 'a', name), actor => value) AS d;
SELECT set_eq($$SELECT actor FROM sync_change WHERE record_key = 'said'$$, 'SELECT value FROM odd', 'an actor is kept as it was said');
SELECT throws_ok(format('SELECT * FROM sync_diff(%L, %L, %L)', value, 'odd', '{}'), '42704', NULL, name || ' is no system')
FROM odd;
SELECT throws_ok(format('SELECT * FROM sync_diff(%L, %L, %L)', 'crm', value, '{}'), '42704', NULL, name || ' is no entity')
FROM odd;
SELECT throws_ok(format('SELECT * FROM sync_poll(%L)', value), '42704', NULL, name || ' is no target') FROM odd;

-- Names of entities, systems and fields
SELECT lives_ok($$SELECT sync_configure('Sales.contact_2', '{
	"systems": {"crm.eu": {"key": "\"x.y\".z"}, "_1": {}, "SELECT": {}},
	"fields": {"a.b": {}, "%s": {}, "it''s": {}, "q\"uote": {}, "back\\slash": {}, "Ä 😀": {}, "[*]": {}, "$1": {}, "a": {"path": "\"c.d\"[0].e"}}}')$$,
	'a policy of odd names');
CREATE TEMP TABLE odd_record AS SELECT '{"record_key": "1", "a.b": "dot", "%s": "percent", "it''s": "quote", "q\"uote": "double", "back\\slash": "s",
	"Ä 😀": "astral", "[*]": "star", "$1": "dollar", "c.d": [{"e": "nested"}]}'::jsonb AS record;
SELECT is(pg_temp.passed('Sales.contact_2', '_1', 'SELECT', record), 'accepted create unchanged,echo 1', 'every field has its own way') FROM odd_record;
SELECT is(payload, record - 'record_key' || '{"x.y": {"z": "1"}}', 'a key in a path that holds dots') FROM odd_record, sync_poll('crm.eu');
SELECT is(data, record - 'record_key' - 'c.d' || '{"a": "nested"}', 'the golden record has the names of the policy')
FROM odd_record, sync_record WHERE entity = 'Sales.contact_2';

-- Long keys: 1000 bytes are a key, 1001 are none; what is short in characters may be long in bytes.
SELECT lives_ok($$SELECT sync_configure('long', '{"systems": ["crm", "support"], "fields": {"a": {}, "b": {}, "c": {"type": "json"}}}')$$, 'a policy for long values');
SELECT is(pg_temp.passed('long', 'crm', 'support', jsonb_build_object('record_key', key, 'a', 'x')), 'accepted create unchanged,echo 1', 'a key of ' || octet_length(key) || ' bytes')
FROM unnest(ARRAY[repeat('k', 999), repeat('k', 999) || '1', repeat('k', 999) || '2', repeat('😀', 250)]) AS key;
SELECT is(d.verdict || ': ' || d.detail, 'rejected: the record key is longer than 1000 bytes', length(key) || ' characters are too long')
FROM unnest(ARRAY[repeat('k', 1001), repeat('ß', 501)]) AS key, sync_diff('crm', 'long', jsonb_build_object('record_key', key, 'a', 'x')) AS d;
SELECT is((SELECT array_agg(length(record_key)) FROM sync_record WHERE entity = 'long'), ARRAY[999, 1000, 1000, 250], 'those that are too long are no records');

-- Values that are stored out of line: 100 kB each, and not to be compressed away
CREATE FUNCTION pg_temp.noise(seed integer) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(md5((i * seed)::text), '') FROM generate_series(1, 3200) AS i
$$;
CREATE TEMP TABLE huge AS SELECT jsonb_build_object('record_key', 'huge', 'a', pg_temp.noise(1), 'b', pg_temp.noise(2), 'c', jsonb_build_array(pg_temp.noise(3))) AS record;
SELECT is(pg_temp.passed('long', 'crm', 'support', record), 'accepted create unchanged,echo 1', 'a record of 300 kB passes') FROM huge;
SELECT is((d.verdict, d.field_hash), ('accepted'::text, sync_hash(record - 'record_key' || '{"b": "short"}')), 'one of its fields changes')
FROM huge, sync_diff('crm', 'long', '{"record_key": "huge", "b": "short"}') AS d;
SELECT is(change_set, '{"b": "short"}'::jsonb, 'and only that one is sent') FROM sync_poll('support', entity => 'long');
SELECT is(data, record - 'record_key' || '{"b": "short"}', 'the others stay') FROM huge, sync_record WHERE record_key = 'huge';

SELECT * FROM finish();
ROLLBACK;
