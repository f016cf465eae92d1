-- A field that flips between the same values stops, however green every single write was; a human releases it.
\ir story.psql
SELECT * FROM no_plan();

-- The two systems set the phone in turns, each having seen the other's, every so many seconds;
-- how many edits pass before one is held, of at most this many.
CREATE FUNCTION pg_temp.turns(record_key text, seconds integer, VARIADIC phones text[]) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
	passed integer := 0;
	edit jsonb;
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	FOR turn IN 1 .. cardinality(phones) LOOP
		PERFORM set_config('sync_ledger.now', (current_setting('sync_ledger.now')::bigint + seconds * 1000000::bigint)::text, false);
		edit := jsonb_build_object('phone', phones[turn]);
		EXIT WHEN pg_temp.saw(CASE turn % 2 WHEN 1 THEN 'crm' ELSE 'support' END, edit) NOT LIKE 'accepted%';
		CALL pg_temp.deliver(CASE turn % 2 WHEN 1 THEN 'support' ELSE 'crm' END);
		passed := turn;
	END LOOP;
	RETURN passed;
END
$$;

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}, "window": "0"}');

SELECT is(pg_temp.turns('flips', 20, '1', '0', '1', '0', '1', '0', '1', '0', '1', '0', '1', '0') BETWEEN 5 AND 7, true, 'flips stop after about five');
SELECT is((SELECT concat_ws(' ', field, kind, status) FROM sync_conflict WHERE record_key = 'flips'), 'phone oscillation open', 'a human is asked');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'flips'), 0::bigint, 'nothing more goes out');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'accepted email=accepted -> crm', 'the other field goes on');
SELECT alike(pg_temp.saw('crm', '{"phone": "7"}'), 'held phone=held', 'another value is held too');
SELECT is(sync_resolve(pg_temp.open_conflict(), value => '"9"', by => 'ada'), true, 'decided');
SELECT is(pg_temp.golden()->>'phone', '9', 'the decision stands');
CALL pg_temp.deliver('crm', 'support');
SELECT is(pg_temp.shows('support')->>'phone', '9', 'and goes out');
SELECT is(pg_temp.saw('crm', '{"phone": "5"}'), 'accepted phone=accepted -> support', 'the field is released');

-- What flips slowly, or never returns, is life
SELECT is(pg_temp.turns('slowly', 660, '1', '0', '1', '0', '1', '0', '1', '0', '1', '0', '1', '0'), 12, 'slower than ten windows');
SELECT is(pg_temp.turns('never back', 20, '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12'), 12, 'always something new');

-- Two values are enough, three make a loop as well
SELECT is(pg_temp.turns('round and round', 10, '1', '2', '0', '1', '2', '0', '1', '2', '0', '1', '2', '0', '1', '2', '0', '1', '2', '0', '1', '2', '0') < 21, true, 'three values in a ring stop too');

-- max_flips says how many
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}, "window": "0", "max_flips": 2}');
SELECT is(pg_temp.turns('fewer', 20, '1', '0', '1', '0', '1', '0', '1', '0') BETWEEN 2 AND 4, true, 'two are allowed');
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}, "window": "0", "max_flips": 50}');
SELECT is(pg_temp.turns('more', 20, '1', '0', '1', '0', '1', '0', '1', '0', '1', '0', '1', '0'), 12, 'fifty are allowed');

-- The window makes it longer
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}, "window": "2 minutes"}');
SELECT is(pg_temp.turns('longer', 130, '1', '0', '1', '0', '1', '0', '1', '0', '1', '0', '1', '0') BETWEEN 5 AND 7, true, 'ten windows of two minutes');

SELECT * FROM finish();
