-- After a first load edits go out as usual; a settled difference waits until the golden value changes.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {}, "parts": {"unseen": "send"}},
	"fields": {"phone": {"owner": "crm"}, "email": {}, "plan": {}}}');

CREATE PROCEDURE pg_temp.load(record_key text, VARIADIC systems text[]) LANGUAGE plpgsql AS $$
DECLARE
	system text;
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('10:00');
	FOREACH system IN ARRAY systems LOOP
		PERFORM pg_temp.loaded(system, CASE system WHEN 'crm' THEN '{"phone": "1", "email": "a", "plan": "gold"}'
			WHEN 'support' THEN '{"phone": "2", "email": "a", "plan": null}' ELSE '{"email": "a"}' END::jsonb);
	END LOOP;
	CALL pg_temp.at('12:00');
END
$$;

-- All orders end alike
CREATE FUNCTION pg_temp.goes_on(story text, VARIADIC systems text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.load(story, VARIADIC systems);
	RETURN NEXT is(pg_temp.saw('support', '{"phone": "2", "email": "a", "plan": null}'), 'unchanged', story || ': seen again, the differences stay');
	RETURN NEXT is(pg_temp.saw('parts', '{"email": "a"}'), 'unchanged', story || ': what a system of parts never showed is not sent either');
	RETURN NEXT is(pg_temp.saw('support', '{"email": "b"}'), 'accepted email=accepted -> crm,parts', story || ': an edit goes out to all');
	RETURN NEXT is(pg_temp.waits('parts'), 'update {"email": "b"}', story || ': alone');
	RETURN NEXT is(pg_temp.saw('crm', '{"plan": "tin"}'), 'accepted plan=accepted -> parts,support', story || ': where the golden value changes, so does a kept null');
	RETURN NEXT is(pg_temp.waits('support'), 'update {"plan": "tin"}', story || ': that field alone');
	RETURN NEXT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> parts,support', story || ': and the owner''s value');
	RETURN NEXT is(pg_temp.waits('support'), 'update {"plan": "tin", "phone": "3"}', story || ': over the settled one');
	RETURN NEXT is(pg_temp.waits('parts'), 'update {"plan": "tin", "email": "b", "phone": "3"}', story || ': and over what was never shown, by its policy');
END
$$;
SELECT pg_temp.goes_on('crm first', 'crm', 'support', 'parts');
SELECT pg_temp.goes_on('crm second', 'support', 'crm', 'parts');
SELECT pg_temp.goes_on('crm last', 'parts', 'support', 'crm');

-- A settled difference is the system's own again once it shows something else
CALL pg_temp.load('edited there', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"phone": "4"}'), 'overruled phone=overruled -> support', 'an edit of an owned field is overruled');
SELECT is(pg_temp.waits('support'), 'update {"phone": "1"}', 'and the owner''s value goes back');
SELECT is(pg_temp.saw('support', '{"plan": "tin"}'), 'conflict plan=conflict', 'an edit by one who never saw the golden value');

CALL pg_temp.load('agrees later', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"phone": "1", "plan": "gold"}'), 'agreed phone=agreed,plan=agreed', 'mended by hand');
SELECT is(pg_temp.waits('support'), NULL, 'nothing to send');

-- Left out, until the system shows it
CALL pg_temp.load('left out', 'crm');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted', 'an edit reaches no system that the record is missing in');
SELECT is(pg_temp.saw('support', '{"email": "b", "plan": null}'), 'agreed email=agreed,plan=agreed -> support', 'until that shows it');
SELECT is(pg_temp.waits('support'), 'update {"plan": "gold", "phone": "1"}', 'and takes part: first sights as ever');
SELECT is(pg_temp.saw('crm', '{"email": "c"}'), 'accepted email=accepted -> support', 'from then on it is told');

-- A new record after the load is created everywhere
CALL pg_temp.record('new');
SELECT is(pg_temp.saw('crm', '{"email": "a"}'), 'accepted email=accepted -> parts,support', 'created as ever');

SELECT * FROM finish();
