-- What a policy calls sensitive stands in no view for people, and in no message.
\ir story.psql
\ir gone.psql
\ir refusal.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {
	"seats": {"type": "number", "sensitive": true}, "iban": {"sensitive": true}, "phone": {}, "born": {"type": "date", "sensitive": true, "owner": "crm"}}}');

-- Views of the extension in which this text stands; those that are tables by another name aside.
CREATE FUNCTION pg_temp.views_with(secret text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	view text;
	found boolean;
	names text[] := '{}';
BEGIN
	FOR view IN SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace AND relname LIKE 'sync\_%'
			AND relname NOT IN ('sync_record', 'sync_shadow', 'sync_change', 'sync_outbox', 'sync_conflict', 'sync_ledger', 'sync_claim') ORDER BY 1 LOOP
		EXECUTE format('SELECT EXISTS (SELECT FROM %I AS v WHERE position(%L IN v::text) > 0)', view, secret) INTO found;
		IF found THEN
			names := names || view;
		END IF;
	END LOOP;
	RETURN array_to_string(names, ',');
END
$$;

-- A conflict of each field, a near miss, an overruled edit, one that waits, a delete in conflict
CALL pg_temp.at_rest('T1', '{"seats": 4000, "iban": "SECRET0", "phone": "open0", "born": "1970-01-01"}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"seats": 4711, "iban": "SECRET1", "phone": "open1"}'), 'accepted%', 'edits');
SELECT alike(pg_temp.saw('support', '{"seats": 4712, "iban": "SECRET2", "phone": "open2", "born": "1971-02-03"}'), 'conflict%', 'collide');
SELECT is((SELECT count(*) FROM sync_conflict WHERE status = 'open'), 3::bigint, 'three conflicts');
CALL pg_temp.at_rest('T2', '{"seats": 4000, "iban": "SECRET0", "phone": "open0", "born": "1970-01-01"}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"iban": "SECRET3", "phone": "open3"}'), 'accepted%', 'an edit');
SELECT alike(pg_temp.poll('support'), '%SECRET3%', 'a worker needs the value');
SELECT is(pg_temp.ack('support', '{"iban": "SECRET4", "phone": "open4"}'), true, 'and says what was stored');
CALL pg_temp.at_rest('T3', '{"seats": 4000, "iban": "SECRET0", "phone": "open0", "born": "1970-01-01"}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"iban": "SECRET5", "phone": "open5"}'), 'accepted%', 'an edit waits');
SELECT alike(pg_temp.gone('support'), 'conflict%', 'in the way of a delete');

SELECT cmp_ok((SELECT count(*) FROM sync_open_conflicts), '>=', 4::bigint, 'the views show something');
SELECT is(pg_temp.views_with('SECRET'), '', 'no view shows a text');
SELECT is(pg_temp.views_with('471'), '', 'nor a number');
SELECT is(pg_temp.views_with('1971'), '', 'nor a date');
SELECT alike(pg_temp.views_with('open2'), '%sync_open_conflicts%', 'what is not sensitive is shown');

-- Messages
SELECT is((SELECT verdict || (detail !~ 'SECRET6')::text FROM sync_diff('crm', 'contact', '{"record_key": "T1", "seats": "SECRET6"}')), 'rejectedtrue', 'a rejected row says what and where, not the value');
SELECT is((SELECT reason ~ 'SECRET6' FROM sync_reject), false, 'nor does the reason that is kept');
SELECT alike(pg_temp.refused(format('SELECT sync_resolve(%s, value => %L)', (SELECT id FROM sync_conflict WHERE field = 'seats' AND status = 'open'), '"SECRET7"')), '22023 %seats%', 'a decision that does not fit names the field');
SELECT unalike(pg_temp.refused(format('SELECT sync_resolve(%s, value => %L)', (SELECT id FROM sync_conflict WHERE field = 'seats' AND status = 'open'), '"SECRET7"')), '%SECRET7%', 'and not the value');

-- What a worker says of a call that failed
CALL pg_temp.at_rest('T4', '{"seats": 4000, "iban": "SECRET0", "phone": "open0", "born": "1970-01-01"}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"iban": "SECRET8"}'), 'accepted%', 'an edit');
SELECT alike(pg_temp.poll('support'), '%SECRET8%', 'goes out');
SELECT is(pg_temp.nack('support', 'iban SECRET8 has no check digit'), true, 'and is refused with the value in the answer');
SELECT is((SELECT count(*) FROM sync_trace('contact', 'T4') AS t WHERE t::text ~ 'SECRET8'), 0::bigint, 'which the trace does not repeat');
SELECT is((SELECT count(*) FROM sync_trace('contact', 'T4') WHERE event = 'failed' AND detail ~ 'sensitive'), 1::bigint, 'it says why');
SELECT alike(pg_temp.saw('crm', '{"iban": "SECRET9"}'), 'accepted%', 'a newer value takes its place');
CALL pg_temp.at('13:00');
SELECT alike(pg_temp.poll('support'), '%SECRET9%', 'goes out');
SELECT is(pg_temp.nack('support', NULL, permanent => true), true, 'and is refused without a word');
SELECT is((SELECT count(*) FROM sync_dead_letters AS d WHERE d.record_key = 'T4'), 1::bigint, 'it is a dead letter');
SELECT is((SELECT count(*) FROM sync_dead_letters AS d WHERE d::text ~ 'SECRET8'), 0::bigint, 'which does not repeat what was said of the older value');

SELECT * FROM finish();
