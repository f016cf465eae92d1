-- What sync_trace says of rows that wait, of duplicates and of lives is what happened.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"id": "id"}}, "fields": {"phone": {}}, "match_on": ["phone"]}');
CREATE FUNCTION pg_temp.told(of_event text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(regexp_replace(detail, 'conflict \d+', 'conflict N'), ' | ' ORDER BY at)
	FROM sync_trace('contact', pg_temp.record_key()) WHERE event = of_event
$$;

CALL pg_temp.at_rest('T1', '{"phone": "0"}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted%', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'a worker has it');
SELECT alike(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted%', 'another one');
SELECT is(pg_temp.told('waiting'), 'update phone waits for its turn: crm-to-support-contact-T1-v3', 'waits behind it');
SELECT is(pg_temp.nack('support', retry_after => '1 minute'), true, 'the target is busy');
SELECT is(pg_temp.told('waiting'), 'update phone waits for its retry: crm-to-support-contact-T1-v3', 'the row waits for its retry');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.told('waiting'), 'update phone waits for a worker: crm-to-support-contact-T1-v3', 'which is due');

SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '[{"record_key": "A", "phone": "7"}, {"record_key": "B", "phone": "7"}]')), 2::bigint, 'two records that match');
SELECT is((SELECT verdict FROM sync_diff('support', 'contact', '{"id": "s7", "phone": "7"}')), 'conflict', 'one that may be either');
CALL pg_temp.record('support:s7');
SELECT is(pg_temp.told('conflict opened'), 'conflict N (duplicate of the record): support may mean A or B, what it shows is held until it is settled', 'says so');
SELECT is(sync_resolve(pg_temp.open_conflict(), value => '"B"', by => 'ada'), true, 'ada says which');
SELECT is(pg_temp.told('conflict settled'), 'conflict N (duplicate of the record): decided for record B; by ada', 'and so does the trace');
CALL pg_temp.record('B');
SELECT is(pg_temp.told('decided'), 'this is the record that a payload is of; by ada', 'that of the record, too');

CALL pg_temp.at_rest('T2', '{"phone": "0"}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted%', 'an edit');
SELECT alike(pg_temp.gone('support'), 'conflict%', 'a delete that has not seen it');
SELECT alike(pg_temp.saw('support', '{"phone": "0"}'), 'agreed%', 'taken back');
SELECT is(pg_temp.told('conflict settled'), 'conflict N (delete of the record): the one that had deleted it shows it again', 'settles it');

CALL pg_temp.at_rest('T3', '{"phone": "0"}', 'crm', 'support');
SELECT alike(pg_temp.gone('crm'), 'accepted%', 'a delete');
SELECT is(pg_temp.told('waiting'), 'delete waits for a worker: crm-to-support-contact-T3-v2', 'waits, and names no field');
SELECT is(pg_temp.poll('support'), 'delete {}', 'a worker takes it');
SELECT alike(pg_temp.told('claimed'), '% | attempt 1 of crm-to-support-contact-T3-v2: delete', 'of no field');

SELECT * FROM finish();
