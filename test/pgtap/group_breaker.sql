-- The breaker stops a group as one, and a decision releases all of it.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "max_flips": 1,
	"fields": {"street": {"group": "address"}, "city": {"group": "address"}}}');

CREATE FUNCTION pg_temp.flip(system text, moment text, fields jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	verdict text;
BEGIN
	CALL pg_temp.at(moment);
	verdict := pg_temp.saw(system, fields);
	CALL pg_temp.deliver('crm', 'support');
	RETURN verdict;
END
$$;

CALL pg_temp.at_rest('flips', '{"street": "A", "city": "a"}', 'crm', 'support');
SELECT alike(pg_temp.flip('crm', '12:00', '{"street": "B"}'), 'accepted%', 'there');
SELECT alike(pg_temp.flip('support', '12:02', '{"street": "A"}'), 'accepted%', 'back');
CALL pg_temp.at('12:04');
SELECT is(pg_temp.saw('crm', '{"street": "B", "city": "b"}'), 'held city=held,street=held', 'there again, with a new city: the whole address is held');
SELECT is(pg_temp.conflicts(), 'address oscillation open: {"city": "a", "street": "A"} (support) against {"city": "b", "street": "B"} (crm)', 'in one row');
SELECT is(pg_temp.golden(), '{"city": "a", "street": "A"}', 'nothing is taken');
SELECT is(pg_temp.saw('support', '{"city": "c"}'), 'held city=held', 'its other field is frozen too');
SELECT is(concat(pg_temp.waits('crm'), pg_temp.waits('support')), '', 'for all');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'a human decides');
SELECT is(pg_temp.golden(), '{"city": "b", "street": "B"}', 'for an address');
SELECT is(pg_temp.waits('support'), 'update {"city": "b", "street": "B"}', 'and it goes out whole');
CALL pg_temp.deliver('support');
SELECT is(pg_temp.flip('crm', '12:06', '{"street": "A"}'), 'accepted street=accepted -> support', 'the counts start anew');

SELECT * FROM finish();
