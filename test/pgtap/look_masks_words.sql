-- What a target says of a call may quote a sensitive value as it calls it, or of another field: then
-- people see none of it.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "since": {"type": "timestamp", "sensitive": true},
	"plan": {"sensitive": true, "values": {"support": {"gold": "tier_3"}}}, "name": {"sensitive": true}}, "max_attempts": 99, "deletes": "propagate"}');

CREATE FUNCTION pg_temp.told(of_key text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(coalesce(substring(detail FROM 'v\d+: (.*)$'), '-'), '; ' ORDER BY at) FROM sync_trace('contact', of_key) WHERE event LIKE 'failed%'
$$;
CREATE FUNCTION pg_temp.dead(of_key text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(last_error, '; ') FROM sync_dead_letters WHERE record_key = of_key
$$;

CALL pg_temp.at_rest('T1', '{"phone": "0", "plan": "silver", "name": "ann \"the\" boss", "since": "2026-01-02T03:04:05Z"}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"plan": "gold"}'), 'accepted%', 'a plan');
SELECT alike(pg_temp.poll('support'), '%gold%', 'goes out');
SELECT is(pg_temp.nack('support', '422: plan tier_3 is not to be had', permanent => true), true, 'and is refused by the name that it has there');
SELECT is(pg_temp.told('T1') || ' / ' || pg_temp.dead('T1'), '*** (it holds a sensitive value) / *** (it holds a sensitive value)', 'which is not told');
SELECT is((SELECT last_error FROM sync_outbox WHERE record_key = 'T1'), '422: plan tier_3 is not to be had', 'the table has it');

CALL pg_temp.at_rest('T2', '{"phone": "0", "plan": "silver", "name": "ann \"the\" boss", "since": "2026-01-02T03:04:05Z"}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted%', 'another field');
SELECT alike(pg_temp.poll('support'), '%phone%', 'goes out');
SELECT is(pg_temp.nack('support', '400 - {"name": "ann \"the\" boss", "phone": "1"}', permanent => true), true, 'and the answer shows the record');
SELECT is(pg_temp.dead('T2'), '*** (it holds a sensitive value)', 'masked');
SELECT ok(sync_redrive((SELECT id FROM sync_outbox WHERE record_key = 'T2')), 'once more');
SELECT alike(pg_temp.poll('support'), '%phone%', 'goes out');
SELECT is(pg_temp.nack('support', 'not since 2026-01-02 03:04', permanent => true), true, 'a time as others write it');
SELECT is(pg_temp.dead('T2'), '*** (it holds a sensitive value)', 'masked');
SELECT ok(sync_redrive((SELECT id FROM sync_outbox WHERE record_key = 'T2')), 'once more');
SELECT alike(pg_temp.poll('support'), '%phone%', 'goes out');
SELECT is(pg_temp.nack('support', 'SILVER has no phone', permanent => true), true, 'in capitals');
SELECT is(pg_temp.dead('T2'), '*** (it holds a sensitive value)', 'masked');
SELECT ok(sync_redrive((SELECT id FROM sync_outbox WHERE record_key = 'T2')), 'once more');
SELECT alike(pg_temp.poll('support'), '%phone%', 'goes out');
SELECT is(pg_temp.nack('support', '503: try later', permanent => true), true, 'nothing of it');
SELECT is(pg_temp.dead('T2'), '503: try later', 'is shown');

-- A short value is looked for as a word: it stands in much else.
SELECT sync_configure('seat', '{"systems": ["crm", "support"], "fields": {"phone": {}, "seats": {"type": "number", "sensitive": true}, "sign": {"sensitive": true}}}');
CREATE FUNCTION pg_temp.masked(words text) RETURNS text LANGUAGE sql AS $$
	SELECT sync_masked_words('seat', '1', '{"seats": 5, "sign": "a.*"}', words)
$$;
SELECT is(pg_temp.masked('503: a15 is none'), '503: a15 is none', 'not within another word');
SELECT is(pg_temp.masked('seats=5'), '*** (it holds a sensitive value)', 'but as a word');
SELECT is(pg_temp.masked('5 seats'), '*** (it holds a sensitive value)', 'at the beginning too');
SELECT is(pg_temp.masked('no sign (A.*)'), '*** (it holds a sensitive value)', 'signs mean themselves');
SELECT is(pg_temp.masked('no sign abc'), 'no sign abc', 'and nothing else');

SELECT * FROM finish();
