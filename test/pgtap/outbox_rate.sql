-- A target with a rate is handed no more than that within any of its periods.
\ir story.psql
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.configured(entity text, rate text) RETURNS integer LANGUAGE sql AS $$
	SELECT sync_configure(entity, format('{"systems": {"crm": {}, "support": {%s}}, "fields": {"phone": {}}}',
		'"rate": ' || to_json(rate))::jsonb)
$$;
CREATE FUNCTION pg_temp.got(most integer DEFAULT 100, of_entity text DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM sync_poll('support', most, lease => '1 day', entity => of_entity)
$$;
CREATE PROCEDURE pg_temp.seen(entity text, first integer, last integer) LANGUAGE sql AS $$
	SELECT count(*) FROM sync_diff('crm', entity,
		(SELECT jsonb_agg(jsonb_build_object('record_key', n::text, 'phone', n::text)) FROM generate_series(first, last) AS n))
$$;

SELECT is(pg_temp.configured('contact', '5/minute'), 1, 'a policy gives a target a rate');
CALL pg_temp.at('12:00:00');
CALL pg_temp.seen('contact', 1, 30);
SELECT is(pg_temp.got(3), 3::bigint, 'a worker gets what it asks for');
CALL pg_temp.at('12:00:20');
SELECT is(pg_temp.got(), 2::bigint, 'the next one what is left of the rate');
SELECT is(pg_temp.got(), 0::bigint, 'and the third nothing');
CALL pg_temp.at('12:00:59.999999');
SELECT is(pg_temp.got(), 0::bigint, 'until a minute after the first claims');
CALL pg_temp.at('12:01:00');
SELECT is(pg_temp.got(), 3::bigint, 'when as many may go');
SELECT is(pg_temp.got(), 0::bigint, 'and no more');
CALL pg_temp.at('12:01:20');
SELECT is(pg_temp.got(), 2::bigint, 'in any minute five');
CALL pg_temp.at('12:05:00');
SELECT is(pg_temp.got(1) + pg_temp.got(1) + pg_temp.got(1), 3::bigint, 'what was not used is not saved up');
CALL pg_temp.at('12:05:00.5');
SELECT is(pg_temp.got(1), 1::bigint, 'claims of one second');
SELECT cmp_ok((SELECT cardinality(claims) FROM sync_target WHERE target_system = 'support'), '=', 1, 'are counted together');
CALL pg_temp.at('12:06:00');
SELECT is(pg_temp.got(), 1::bigint, 'and forgotten with the last of them');

CALL pg_temp.at('12:10');
BEGIN;
SELECT pg_temp.got();
ROLLBACK;
SELECT is(pg_temp.got(), 5::bigint, 'claims that were rolled back do not count');

-- The strictest policy of all that name the target
SELECT is(pg_temp.configured('invoice', '120/hour'), 1, 'another entity is looser within a minute, and stricter in the long run');
CALL pg_temp.seen('invoice', 1, 10);
SELECT results_eq($$ SELECT max_claims, period FROM sync_target WHERE target_system = 'support' $$, $$ VALUES (120, interval '1 hour') $$, 'the stricter rate holds for the target');
SELECT is(pg_temp.configured('invoice', '600/hour'), 2, 'it is let go');
SELECT results_eq($$ SELECT max_claims, period FROM sync_target WHERE target_system = 'support' $$, $$ VALUES (5, interval '1 minute') $$, 'then the other one holds');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.got(3, 'invoice'), 3::bigint, 'all entities count');
SELECT is(pg_temp.got(10, 'contact'), 2::bigint, 'against one rate');
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}}');
SELECT sync_configure('invoice', '{"systems": {"crm": {}, "support": {}}, "fields": {"phone": {}}}');
SELECT is((SELECT count(*) FROM sync_target WHERE max_claims IS NOT NULL), 0::bigint, 'no policy, no rate');
SELECT is(pg_temp.got(), 15::bigint, 'and all that waits goes');

SELECT * FROM finish();
