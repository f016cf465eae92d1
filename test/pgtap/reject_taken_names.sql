-- What one system calls a value is no value of its own elsewhere: it would be sent as it is, and
-- come back as what it means there.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{
	"systems": {"crm": {}, "support": {}, "legacy": {"writable": false}},
	"fields": {
		"plan": {"normalize": ["lower"], "values": {"support": {"gold": "Tier_3", "iron": "tier_1"}, "legacy": {"gold": "g"}}},
		"swap": {"values": {"support": {"a": "b", "b": "a"}}},
		"chain": {"values": {"support": {"a": "b", "b": "c"}}},
		"level": {"type": "number", "values": {"support": {"1": 2}}},
		"high": {"values": {"support": {"high": 3}}},
		"tags": {"type": "set", "values": {"support": {"vip": "t \"1\"", "new": "t2"}}},
		"secret": {"sensitive": true, "values": {"support": {"yes": "y"}}}}}');

-- What is wrong with a record of a system that holds these fields.
CREATE FUNCTION pg_temp.wrong(system text, fields jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(detail, verdict) FROM sync_diff(system, 'contact', fields || jsonb_build_object('record_key', pg_temp.record_key()), verbose => true)
$$;

SELECT is(pg_temp.saw('crm', '{"plan": "gold", "swap": "a", "chain": "b", "level": 1, "high": "high", "tags": ["vip", "x"], "secret": "yes"}'),
	'accepted chain=accepted,high=accepted,level=accepted,plan=accepted,secret=accepted,swap=accepted,tags=accepted -> support', 'values that have a name of their own everywhere');

SELECT is(pg_temp.wrong('crm', '{"plan": "TIER_3"}'), 'plan: no value for system "support", which means "gold" by it: "tier_3"', 'the name of another value is rejected');
SELECT is(pg_temp.wrong('legacy', '{"plan": "tier_1"}'), 'plan: no value for system "support", which means "iron" by it: "tier_1"', 'from any system');
SELECT is(pg_temp.wrong('crm', '{"chain": "c"}'), 'chain: no value for system "support", which means "b" by it: "c"', 'at the end of a chain of names');
SELECT is(pg_temp.wrong('crm', '{"level": 2.0}'), 'level: no value for system "support", which means 1 by it: 2', 'a number');
SELECT is(pg_temp.wrong('crm', '{"high": 3}'), 'high: no value for system "support", which means "high" by it: "3"', 'a number that is a text');
SELECT is(pg_temp.wrong('crm', '{"tags": ["a", "t2"]}'), 'tags: no value for system "support", which means "new" by it: "t2"', 'an element of a set');
SELECT is(pg_temp.wrong('crm', '{"tags": ["t \"1\"", "a"]}'), 'tags: no value for system "support", which means "vip" by it: "t \"1\""', 'with quotes in it');
SELECT is(pg_temp.wrong('crm', '{"secret": "y"}'), 'secret: no value that can be told from another in system "support"', 'of a sensitive field no value is shown');
SELECT is((SELECT count(*) FROM sync_reject), 8::bigint, 'they are kept');
SELECT is((SELECT data ->> 'plan' FROM sync_record), 'gold', 'and not applied');

SELECT is(pg_temp.saw('support', '{"plan": "tier_3", "swap": "b", "chain": "c", "level": 2, "high": 3, "tags": ["t \"1\"", "x"], "secret": "y"}'),
	'agreed chain=agreed,high=agreed,level=agreed,plan=agreed,secret=agreed,swap=agreed,tags=agreed', 'the system itself is understood');
SELECT is(pg_temp.wrong('crm', '{"swap": "b", "chain": "a", "plan": "g", "tags": []}'), 'accepted', 'what is a value and a name is the value; what a system is not sent, it cannot misread');
SELECT is((SELECT reason FROM sync_read('{"systems": ["crm", "support"], "fields": {"plan": {"values": {"support": {"gold": "t"}}}}}', 'crm', '{"record_key": "1", "plan": "t"}')),
	'no value for system "support", which means "gold" by it: "t"', 'sync_read says so');

CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"plan": "lead"}'), 'accepted plan=accepted -> support', 'one edit');
SELECT is(pg_temp.saw('support', '{"plan": "tin"}'), 'conflict plan=conflict -> support', 'against another');
SELECT throws_ok($$ SELECT sync_resolve((SELECT id FROM sync_conflict), value => '"tier_3"') $$, '22023',
	'the value does not fit field "plan": no value for system "support", which means "gold" by it: "tier_3"', 'a human is told too');
SELECT * FROM finish();
