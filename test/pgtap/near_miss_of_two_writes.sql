-- A target stores two of our values in one and the same form. Seen once, that is the sight of
-- the first; whoever types over it has not seen the second.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"code": {}}, "window": 0}');
CALL pg_temp.at_rest('T1', '{"code": "c9"}', 'crm', 'support');
SELECT pg_temp.saw('crm', '{"code": "c10"}'), pg_temp.poll('support'), pg_temp.ack('support', '{"code": "c1"}');
SELECT pg_temp.saw('crm', '{"code": "c12"}'), pg_temp.poll('support'), pg_temp.ack('support', '{"code": "c1"}');
SELECT is(pg_temp.saw('support', '{"code": "c1"}'), 'echo code=echo', 'the form of the first write');
SELECT is(pg_temp.saw('support', '{"code": "d11"}'), 'conflict code=conflict', 'an edit by who may not have seen the second');
SELECT is(pg_temp.conflicts(), 'code collision open: "c12" (crm) against "d11" (support)', 'so both are named');


-- Nor has who saw the form of the first before the second was written
CALL pg_temp.at_rest('T2', '{"code": "c9"}', 'crm', 'support');
SELECT pg_temp.saw('crm', '{"code": "c10"}'), pg_temp.poll('support'), pg_temp.ack('support', '{"code": "c1"}');
SELECT is(pg_temp.saw('support', '{"code": "c1"}'), 'echo code=echo', 'the form of the first write');
SELECT pg_temp.saw('crm', '{"code": "c12"}'), pg_temp.poll('support'), pg_temp.ack('support', '{"code": "c1"}');
SELECT is(pg_temp.saw('support', '{"code": "d11"}'), 'conflict code=conflict', 'an edit that may be of before the second');

SELECT * FROM finish();
