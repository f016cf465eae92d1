-- A complete listing that would delete or change too much fails, and says what would let exactly that pass.
\ir story.psql
\ir refusal.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "max_change": 0.5}');

-- Four records that both show.
CREATE PROCEDURE pg_temp.four() LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest('A', '{"phone": "0"}', 'crm', 'support');
	CALL pg_temp.at_rest('B', '{"phone": "0"}', 'crm', 'support');
	CALL pg_temp.at_rest('C', '{"phone": "0"}', 'crm', 'support');
	CALL pg_temp.at_rest('D', '{"phone": "0"}', 'crm', 'support');
END
$$;

-- A complete listing of support that holds these records with these phones.
CREATE FUNCTION pg_temp.listing(phones text, options text DEFAULT '') RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT * FROM sync_diff(%L, %L, %L, complete => true%s)', 'support', 'contact',
		(SELECT coalesce(jsonb_agg(jsonb_build_object('record_key', key, 'phone', value)), '[]') FROM jsonb_each(phones::jsonb)), options)
$$;

CREATE FUNCTION pg_temp.rows(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	said text;
BEGIN
	EXECUTE format('SELECT string_agg(record_key || '' '' || action, '', '' ORDER BY record_key) FROM (%s) AS v', statement) INTO said;
	RETURN said;
END
$$;

CALL pg_temp.four();
SELECT pg_temp.book() AS before \gset

-- Deletes
SELECT matches(pg_temp.refused(pg_temp.listing('{"A": "0"}')), '^\w{5} .*3.*4.*\| .*approve => 3', 'three of four are missing');
SELECT matches(pg_temp.refused(pg_temp.listing('{"A": "0"}', ', approve => 2')), '^\w{5} .*3.*4.*\| .*approve => 3', 'an approval of fewer');
SELECT matches(pg_temp.refused(pg_temp.listing('{"A": "0"}', ', approve => 4')), '^\w{5} .*3.*4.*\| .*approve => 3', 'or of more is none');
SELECT matches(pg_temp.refused(pg_temp.listing('{"A": "0"}', ', approve => -1')), '^\w{5} .', 'nor is a negative one');
SELECT is(pg_temp.book(), :'before', 'nothing has changed');

-- Changes
SELECT matches(pg_temp.refused(pg_temp.listing('{"A": "1", "B": "2", "C": "3", "D": "0"}')), '^\w{5} .*3.*4.*\| .*approve => 3', 'three of four are changed');
SELECT is(pg_temp.book(), :'before', 'nothing has changed');

-- Only complete calls are guarded
BEGIN;
SELECT is((SELECT count(*) FROM sync_diff('support', 'contact', '[{"record_key": "A", "phone": "1"}, {"record_key": "B", "phone": "2"}, {"record_key": "C", "phone": "3"}]')), 3::bigint,
	'the same changes by a call that is not complete');
ROLLBACK;

-- Half of them is not more than half
BEGIN;
SELECT is(pg_temp.rows(pg_temp.listing('{"A": "0", "B": "0"}')), 'C delete, D delete', 'two of four are missing');
ROLLBACK;
BEGIN;
SELECT is(pg_temp.rows(pg_temp.listing('{"A": "1", "B": "2", "C": "0", "D": "0"}')), 'A update, B update', 'two of four are changed');
ROLLBACK;

-- An empty listing never means that all is gone
SELECT isnt(pg_temp.refused(pg_temp.listing('{}')), 'accepted', 'an empty listing');
SELECT is(pg_temp.book(), :'before', 'deletes nothing');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '[]')), 0::bigint, 'an empty call that is not complete is no error');

-- Approved it passes, exactly that many, once
SELECT is(pg_temp.rows(pg_temp.listing('{"A": "0"}', ', approve => 3')), 'B delete, C delete, D delete', 'approved');
SELECT is((SELECT string_agg(record_key, ',' ORDER BY record_key) FROM sync_record WHERE deleted), 'B,C,D', 'they are deleted');
SELECT is((SELECT count(*) FROM sync_outbox WHERE action = 'delete' AND target_system = 'crm'), 3::bigint, 'and the other system is told');

-- max_change 1 guards nothing but the empty listing; 0 lets nothing pass
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "max_change": 0}');
CALL pg_temp.at_rest('E', '{"phone": "0"}', 'crm', 'support');
CALL pg_temp.at_rest('F', '{"phone": "0"}', 'crm', 'support');
SELECT matches(pg_temp.refused(pg_temp.listing('{"A": "0", "E": "0"}')), '^\w{5} .*1.*3.*\| .*approve => 1', 'with a share of nothing one is too many');
SELECT matches(pg_temp.refused(pg_temp.listing('{"A": "0", "E": "0", "F": "1"}')), '^\w{5} .*1.*3.*\| .*approve => 1', 'a change too');
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "max_change": 1}');
SELECT is(pg_temp.rows(pg_temp.listing('{"A": "1"}')), 'A update, E delete, F delete', 'with a share of one all may go');
SELECT pg_temp.book() AS before \gset
SELECT isnt(pg_temp.refused(pg_temp.listing('{}')), 'accepted', 'but not by an empty listing');
SELECT is(pg_temp.book(), :'before', 'which deletes nothing');

-- A share that is none
SELECT matches(pg_temp.refused(format('SELECT sync_configure(%L, %L)', 'contact', format('{"systems": ["crm", "support"], "fields": {"phone": {}}, "max_change": %s}', share))),
	'^22023 .*max_change', 'max_change ' || share)
FROM unnest(ARRAY['-0.1', '1.5', '"half"', 'true']) AS share;

SELECT * FROM finish();
