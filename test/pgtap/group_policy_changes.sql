-- A policy that gives a field in conflict a group, or takes it away, leaves nothing frozen for ever.
\ir story.psql
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.policy(grouped text[]) RETURNS integer LANGUAGE sql AS $$
	SELECT sync_configure('contact', jsonb_build_object('systems', '["crm", "support"]'::jsonb, 'fields',
		(SELECT jsonb_object_agg(f, CASE WHEN f = ANY (grouped) THEN '{"group": "address"}' ELSE '{}' END::jsonb) FROM unnest('{street,city}'::text[]) AS f)))
$$;

-- Crm and support collide in the street.
CREATE PROCEDURE pg_temp.collision(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"street": "A", "city": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"street": "B"}');
	PERFORM pg_temp.saw('support', '{"street": "C"}');
END
$$;

SELECT pg_temp.policy('{}');
CALL pg_temp.collision('joined');
SELECT pg_temp.policy('{street,city}');
SELECT is(pg_temp.saw('support', '{"city": "c"}'), 'conflict city=conflict', 'what has joined the group is frozen with it');
SELECT is((SELECT count(*) FROM sync_conflict WHERE record_key = 'joined'), 1::bigint, 'in the one row');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'a human decides');
SELECT is(pg_temp.golden(), '{"city": "c", "street": "C"}', 'on both');
SELECT is(pg_temp.waits('crm'), 'update {"city": "c", "street": "C"}', 'and both go on');

CALL pg_temp.collision('parted');
SELECT pg_temp.policy('{}');
SELECT is(pg_temp.saw('support', '{"city": "c"}'), 'conflict city=conflict', 'what was frozen with the group stays so');
SELECT is(sync_resolve(pg_temp.open_conflict(), value => '{"street": "D", "city": "c"}'), true, 'a human decides on both');
SELECT is(pg_temp.waits('crm'), 'update {"city": "c", "street": "D"}', 'and both go on');
SELECT is(pg_temp.saw('support', '{"city": "d"}'), 'accepted city=accepted -> crm', 'each its way');

SELECT pg_temp.policy('{street,city}');
CALL pg_temp.collision('parted, agreed');
SELECT pg_temp.policy('{}');
SELECT alike(pg_temp.saw('support', '{"street": "B"}'), 'agreed street=agreed%', 'support gives in');
SELECT is((SELECT status FROM sync_conflict WHERE record_key = 'parted, agreed'), 'resolved', 'and nothing else was in conflict');
SELECT is(pg_temp.saw('crm', '{"city": "e"}'), 'accepted city=accepted -> support', 'nothing is frozen');

SELECT * FROM finish();
