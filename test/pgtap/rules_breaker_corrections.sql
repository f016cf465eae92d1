-- An owner's value that is sent back again and again stops, fast or slowly, unless what was sent is shown.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}, "email": {}}}');

-- Support sets another phone again and again, every so many seconds; whether it shows our
-- correction in between; how many corrections pass before it is held.
CREATE FUNCTION pg_temp.overrules(record_key text, seconds integer, shown boolean, times integer, step integer DEFAULT 1) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	FOR turn IN 1 .. times LOOP
		PERFORM set_config('sync_ledger.now', (current_setting('sync_ledger.now')::bigint + seconds * 1000000::bigint)::text, false);
		IF pg_temp.saw('support', jsonb_build_object('phone', 'x' || turn * step)) NOT LIKE 'overruled%' THEN
			RETURN turn - 1;
		END IF;
		PERFORM pg_temp.poll('support');
		PERFORM pg_temp.ack('support');
		IF shown THEN
			PERFORM pg_temp.saw('support', '{"phone": "0"}');
		END IF;
	END LOOP;
	RETURN times;
END
$$;

SELECT is(pg_temp.overrules('fast', 20, true, 12) BETWEEN 5 AND 6, true, 'corrections within ten windows stop after five, also when each is shown');
SELECT is((SELECT concat_ws(' ', field, kind, status) FROM sync_conflict WHERE record_key = 'fast' AND status = 'open'), 'phone oscillation open', 'a human is asked');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'fast'), 0::bigint, 'nothing more goes out');
SELECT alike(pg_temp.saw('support', '{"phone": "z", "email": "b"}'), 'held email=accepted,phone=held -> crm', 'the other field goes on');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}') ~ '->', false, 'an owner''s edit does not end it');
SELECT is((SELECT status FROM sync_conflict WHERE record_key = 'fast' AND kind = 'oscillation'), 'open', 'it is still to be decided');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'decided');
SELECT alike(pg_temp.poll('support'), 'update %"phone"%', 'the decision goes out');

SELECT is(pg_temp.overrules('slow, never shown', 3600, false, 10) BETWEEN 5 AND 6, true, 'answered with another value each hour, never shown: it stops');
SELECT is((SELECT kind FROM sync_conflict WHERE record_key = 'slow, never shown' AND status = 'open'), 'oscillation', 'a human is asked');
SELECT is(pg_temp.overrules('slow, shown', 3600, true, 10), 10, 'shown each time it is a human who does not learn: it goes on');
SELECT is((SELECT count(*) FROM sync_conflict WHERE record_key = 'slow, shown' AND status = 'open'), 0::bigint, 'nobody is asked');

-- A decision starts the counts anew
CALL pg_temp.record('slow, never shown');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'decided');
CALL pg_temp.deliver('support');
SELECT set_config('sync_ledger.now', (current_setting('sync_ledger.now')::bigint + 3600 * 1000000::bigint)::text, false) IS NOT NULL AS later \gset
SELECT is(pg_temp.saw('support', '{"phone": "again"}'), 'overruled phone=overruled -> support', 'and it may be corrected again');

SELECT * FROM finish();
