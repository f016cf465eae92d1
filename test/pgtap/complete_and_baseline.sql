-- A first load that is complete: what was known there and is missing is left out, and nothing is sent.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {"phone": {"owner": "crm"}, "email": {}}}');

CREATE FUNCTION pg_temp.lists(system text, records text, baseline boolean, options text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	rows text;
BEGIN
	EXECUTE format('SELECT string_agg(concat_ws('' '', record_key, verdict, action, nullif(targets, ''{}'')), ''; '')
		FROM sync_diff(%L, ''contact'', %L, complete => true, baseline => %L %s)', system, records, baseline, options) INTO rows;
	RETURN rows;
END
$$;

CREATE FUNCTION pg_temp.parts(of_record text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(system || ' ' || existence, ', ' ORDER BY system) FROM sync_shadow WHERE record_key = of_record
$$;

-- Three first loads, in two orders
CALL pg_temp.at('10:00');
SELECT is(pg_temp.lists('crm', '[{"record_key": "A", "phone": "1", "email": "a"}, {"record_key": "B", "phone": "2", "email": "b"}, {"record_key": "C", "phone": "3", "email": "c"}]', true),
	'A accepted create; B accepted create; C accepted create', 'the first one');
SELECT is(pg_temp.lists('support', '[{"record_key": "B", "phone": "2", "email": "b"}, {"record_key": "C", "phone": "9", "email": "x"}, {"record_key": "D", "phone": "4"}]', true),
	'B agreed; C conflict; D accepted create', 'the second one, which lacks A and has D');
SELECT is(pg_temp.parts('A'), 'billing left out, crm there, support left out', 'A is left out of it');
SELECT is(pg_temp.parts('D'), 'billing left out, crm left out, support there', 'and D of the first');
SELECT is(pg_temp.lists('billing', '[{"record_key": "A", "phone": "1"}, {"record_key": "D", "phone": "4"}]', true), 'A agreed; D agreed', 'the third one');
SELECT is_empty('SELECT * FROM sync_outbox', 'nothing is sent');
SELECT is((SELECT string_agg(concat_ws(' ', record_key, system, field, reason), '; ' ORDER BY record_key, system, field) FROM sync_divergence),
	'A billing email unseen; A support left out; B billing left out; C billing left out; C support email conflict; C support phone baseline; D crm left out',
	'every difference is listed');

-- Once more: what is gone by then is left out, not deleted
SELECT is(pg_temp.lists('support', '[{"record_key": "B", "phone": "2", "email": "b"}, {"record_key": "C", "phone": "9", "email": "x"}]', true), 'D kept', 'loaded again, without D');
SELECT is(pg_temp.parts('D'), 'billing there, crm left out, support left out', 'which is left out there');
SELECT is((SELECT count(*) FROM sync_record WHERE deleted), 0::bigint, 'and lives');
SELECT is(pg_temp.lists('support', '[{"record_key": "B", "phone": "2", "email": "b"}, {"record_key": "C", "phone": "9", "email": "x"}]', true), NULL, 'and again: nothing new');
SELECT throws_ok($$ SELECT sync_diff('support', 'contact', '[]', complete => true, baseline => true) $$, 'SL002', NULL, 'an empty load is refused');
SELECT throws_ok($$ SELECT sync_diff('crm', 'contact', '[{"record_key": "A", "phone": "1", "email": "a"}]', complete => true, baseline => true) $$, 'SL001', NULL, 'one that lacks too much too');
SELECT is(pg_temp.lists('crm', '[{"record_key": "A", "phone": "1", "email": "a"}]', true, ', approve => 2'), 'B kept; C kept', 'unless that is approved');

-- From then on a complete listing finds deletes of what the system holds, and of nothing else
CALL pg_temp.at('12:00');
SELECT is(pg_temp.lists('billing', '[{"record_key": "A", "phone": "1"}]', false), 'D accepted delete', 'D is deleted in one of the two that had it');
SELECT is(pg_temp.parts('D'), 'billing gone, crm left out, support left out', 'the others took no part');
SELECT is_empty('SELECT * FROM sync_outbox', 'nobody else needs to be told');

SELECT * FROM finish();
