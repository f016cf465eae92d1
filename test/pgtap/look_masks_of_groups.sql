-- Of a group in conflict people see all but its sensitive members.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"],
	"fields": {"city": {"group": "address"}, "street": {"group": "address", "sensitive": true}}}');
CALL pg_temp.at_rest('T1', '{"city": "Rome", "street": "Via Uno"}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"city": "Bonn", "street": "Via Due"}'), 'accepted%', 'an address here');
SELECT alike(pg_temp.saw('support', '{"city": "Oslo", "street": "Via Tre"}'), 'conflict%', 'another one there');

SELECT is((SELECT incoming_value FROM sync_conflict WHERE status = 'open'), '{"city": "Oslo", "street": "Via Tre"}', 'is one conflict of the group');
SELECT results_eq($$SELECT field, current_value, incoming_value, sides FROM sync_open_conflicts$$, $$VALUES ('address' COLLATE "C",
	'{"city": "Bonn", "street": "***"}'::jsonb, '{"city": "Oslo", "street": "***"}'::jsonb,
	'{"crm": [{"city": "Bonn", "street": "***"}], "support": [{"city": "Oslo", "street": "***"}]}'::jsonb)$$, 'shown without its secret');
SELECT throws_like(format($$SELECT sync_resolve(%s, value => '{"city": "Bonn", "street": ["Via Quattro"]}')$$, pg_temp.open_conflict()),
	'%"street": no text', 'a decision that does not fit is not quoted');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support', by => 'ada'), true, 'it is decided');
SELECT cmp_ok((SELECT count(*) FROM sync_trace('contact', 'T1') AS t WHERE t::text LIKE '%Oslo%'), '>=', 3::bigint, 'the trace tells of it');
SELECT is_empty($$SELECT * FROM sync_trace('contact', 'T1') AS t WHERE t::text LIKE '%Via%'$$, 'without the secret');

-- The fields leave the group: what the conflict's row then has is not named by its fields
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"city": {"group": "address"}, "street": {"group": "address", "sensitive": true}}}');
CALL pg_temp.at_rest('T2', '{"city": "Rome", "street": "Via Uno"}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"city": "Bonn", "street": "Via Due"}'), 'accepted%', 'an address here');
SELECT alike(pg_temp.saw('support', '{"city": "Oslo", "street": "Via Tre"}'), 'conflict%', 'another one there');
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"city": {}, "street": {}}}');
SELECT alike(pg_temp.saw('support', '{"street": "Via Quattro"}'), 'conflict%', 'a field of its own by now');
SELECT alike(pg_temp.saw('crm', '{"street": "Via Cinque"}'), 'conflict%', 'on either side');
SELECT cmp_ok((SELECT count(*) FROM sync_conflict AS c WHERE c.status = 'open' AND c::text LIKE '%Via%'), '>=', 1::bigint, 'is in an open conflict');
SELECT is_empty($$SELECT * FROM sync_open_conflicts AS t WHERE t::text LIKE '%Via%'$$, 'which shows no secret');
SELECT is_empty($$SELECT * FROM sync_trace('contact', 'T2') AS t WHERE t::text LIKE '%Via%'$$, 'nor does the trace');
SELECT is_empty($$SELECT * FROM sync_conflict_summary AS t WHERE t::text LIKE '%Via%'$$, 'nor the summary');

SELECT * FROM finish();
