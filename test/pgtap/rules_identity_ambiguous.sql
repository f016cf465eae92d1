-- Several records that could be meant, or a key and an id that mean two: a human says which, nobody guesses.
\ir story.psql
\ir refusal.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"key": "ref", "id": "id"}},
	"fields": {"email": {}, "phone": {}}, "match_on": ["email"]}');

CREATE FUNCTION pg_temp.support(payload text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, verdict, nullif(targets, '{}')), '; ') FROM sync_diff('support', 'contact', payload, verbose => true)
$$;

CREATE FUNCTION pg_temp.native_id(of_key text) RETURNS text LANGUAGE sql AS $$
	SELECT native_id FROM sync_shadow WHERE record_key = of_key AND system = 'support'
$$;

CREATE FUNCTION pg_temp.duplicate() RETURNS bigint LANGUAGE sql AS $$
	SELECT max(id) FROM sync_conflict WHERE kind = 'duplicate' AND status = 'open'
$$;

-- The crm holds two records of one address; support shows a third payload of it.
CREATE PROCEDURE pg_temp.ambiguous(name text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sync_diff('crm', 'contact', format('[{"record_key": "%1$s 1", "email": "%1$s", "phone": "1"}, {"record_key": "%1$s 2", "email": "%1$s", "phone": "2"}]', name));
	PERFORM pg_temp.support(format('{"id": "s %1$s", "email": "%1$s", "phone": "3"}', name));
END
$$;

CALL pg_temp.at('10:00');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '[{"record_key": "A", "email": "x", "phone": "1"}, {"record_key": "B", "email": "x", "phone": "2"}]')), 2::bigint, 'two records of one address');
SELECT is((SELECT verdict FROM sync_diff('support', 'contact', '{"id": "s1", "email": "x", "phone": "3"}')), 'conflict', 'which of them support shows nobody knows');
SELECT is((SELECT concat_ws(' ', kind, status, incoming_system, field) FROM sync_conflict), 'duplicate open support', 'a human is asked');
SELECT is((SELECT string_agg(record_key || ' ' || (data->>'phone'), ', ' ORDER BY record_key) FROM sync_record WHERE NOT deleted AND data->>'phone' IN ('1', '2', '3')), 'A 1, B 2', 'nothing is overwritten, nothing is new');
SELECT is(concat_ws(' ', pg_temp.native_id('A'), pg_temp.native_id('B')), '', 'nothing is linked');
SELECT is((SELECT verdict FROM sync_diff('support', 'contact', '{"id": "s1", "email": "x", "phone": "4"}')), 'conflict', 'shown again, with something new');
SELECT is((SELECT count(*) FROM sync_conflict), 1::bigint, 'it is the same question');

-- Each answer
SELECT is(sync_resolve(pg_temp.duplicate(), value => '"B"', by => 'ada'), true, 'it is B');
SELECT is(pg_temp.native_id('B'), 's1', 'which is linked');
SELECT is(pg_temp.native_id('A'), NULL, 'A is not');
SELECT is(pg_temp.support('{"id": "s1", "email": "x", "phone": "4"}') ~ '^B ', true, 'from now on the id names it');
SELECT is((SELECT concat_ws(' ', status, resolved_by) FROM sync_conflict WHERE kind = 'duplicate'), 'resolved ada', 'the row says who');

CALL pg_temp.ambiguous('new');
SELECT is(sync_resolve(pg_temp.duplicate(), winner => 'new'), true, 'it is neither');
SELECT is((SELECT data FROM sync_record WHERE record_key = 'support:s new'), '{"email": "new", "phone": "3"}', 'a record of its own');
SELECT is((SELECT action FROM sync_outbox WHERE record_key = 'support:s new' AND target_system = 'crm'), 'create', 'which goes to the others');
SELECT is((SELECT string_agg(data->>'phone', ',' ORDER BY record_key) FROM sync_record WHERE record_key IN ('new 1', 'new 2')), '1,2', 'the others stay');

-- Decisions that are none
CALL pg_temp.ambiguous('wrong');
SELECT pg_temp.book() AS before \gset
SELECT matches(pg_temp.refused(format('SELECT sync_resolve(%s, %s)', pg_temp.duplicate(), decision)), expected, 'decision ' || decision)
FROM (VALUES
	($$'crm'$$, '^22023 .*"crm".*\| .'),
	($$'delete'$$, '^22023 .*"delete".*\| .'),
	($$'nwe'$$, '^22023 .*"nwe".*\| .*new'),
	($$value => '17'$$, '^22023 .*key.*\| .'),
	($$value => 'null'$$, '^22023 .*'),
	($$value => '{"record_key": "wrong 1"}'$$, '^22023 .*'),
	($$value => '"nobody"'$$, '^(22023|42704) .*"nobody".*'),
	($$value => to_jsonb(repeat('x', 1001))$$, '^42704 there is no record "x'),
	($$value => to_jsonb(repeat('x', 1000000))$$, '^42704 there is no record "x'),
	($$'new', '"wrong 1"'$$, '^22023 .*')
) AS t (decision, expected);
SELECT is(pg_temp.book(), :'before', 'nothing has changed');

-- A key that names another record than the native id does
CALL pg_temp.at('11:00');
SELECT is(pg_temp.support('{"ref": "K1", "id": "k1", "email": "k1", "phone": "1"}'), 'K1 accepted {crm}', 'one record');
SELECT is(pg_temp.support('{"ref": "K2", "id": "k2", "email": "k2", "phone": "2"}'), 'K2 accepted {crm}', 'and another');
SELECT is((SELECT verdict FROM sync_diff('support', 'contact', '{"ref": "K1", "id": "k2", "email": "k1", "phone": "9"}')), 'conflict', 'the key of one with the id of the other');
SELECT is((SELECT kind FROM sync_conflict WHERE id = (SELECT max(id) FROM sync_conflict)), 'duplicate', 'is a duplicate');
SELECT is((SELECT string_agg(data->>'phone', ',' ORDER BY record_key) FROM sync_record WHERE record_key IN ('K1', 'K2')), '1,2', 'neither is changed');
SELECT is(concat_ws(' ', pg_temp.native_id('K1'), pg_temp.native_id('K2')), 'k1 k2', 'nor linked anew');

SELECT * FROM finish();
