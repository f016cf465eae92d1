-- Fields in conflict each for itself become one group: one decision settles all of their rows.
\ir story.psql
SELECT * FROM no_plan();

CREATE PROCEDURE pg_temp.fields(street text, city text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sync_configure('contact', format('{"systems": ["crm", "support"], "fields": {"street": %s, "city": %s}}', street, city)::jsonb);
END
$$;
CREATE FUNCTION pg_temp.open() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM sync_conflict WHERE status = 'open' $$;

CALL pg_temp.fields('{}', '{}');
CALL pg_temp.at_rest('T1', '{"street": "A", "city": "Aix"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"street": "B", "city": "Bonn"}'), 'accepted city=accepted,street=accepted -> support', 'the crm edits both');
SELECT is(pg_temp.saw('support', '{"street": "C", "city": "Caen"}'), 'conflict city=conflict,street=conflict', 'so does support');
SELECT is(pg_temp.open(), 2::bigint, 'two conflicts');

CALL pg_temp.fields('{"group": "address"}', '{"group": "address"}');
SELECT alike(pg_temp.saw('support', '{"street": "D", "city": "Dax"}'), 'conflict%', 'they become one group; support goes on');
SELECT is(sync_resolve((SELECT min(id) FROM sync_conflict WHERE status = 'open'), winner => 'support'), true, 'a human decides');
SELECT is(pg_temp.golden(), '{"street": "D", "city": "Dax"}', 'about the whole address');
SELECT is(pg_temp.open(), 0::bigint, 'nothing is left open');
CALL pg_temp.deliver('crm');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'at rest');

CALL pg_temp.fields('{}', '{}');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.saw('crm', '{"street": "E", "city": "Erp"}'), 'accepted city=accepted,street=accepted -> support', 'of no group again; the crm edits both');
SELECT lives_ok($$ SELECT pg_temp.saw('support', '{"street": "F", "city": "Fos"}') $$, 'support collides');
SELECT is(pg_temp.open(), 2::bigint, 'in both fields');

SELECT * FROM finish();
