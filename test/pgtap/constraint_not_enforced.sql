-- A CHECK constraint that a user adds to a table of ours holds, and holds nothing up where it is not
-- enforced, which 18 knows.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "window": "0"}');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'the tables are known');

ALTER TABLE sync_outbox ADD CONSTRAINT no_twos CHECK (change_set <> '{"phone": "2"}');
SELECT throws_ok($$ SELECT pg_temp.saw('crm', '{"phone": "2"}') $$, '23514', NULL, 'a constraint that is added is checked');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> support', 'what keeps to it goes through');

SELECT current_setting('server_version_num')::integer >= 180000 AS knows_it \gset
\if :knows_it
ALTER TABLE sync_outbox DROP CONSTRAINT no_twos;
ALTER TABLE sync_outbox ADD CONSTRAINT no_twos CHECK (change_set <> '{"phone": "2"}') NOT ENFORCED;
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'not enforced, it holds nothing up');
ALTER TABLE sync_outbox ADD CONSTRAINT no_fives CHECK (change_set <> '{"phone": "5"}');
SELECT throws_ok($$ SELECT pg_temp.saw('crm', '{"phone": "5"}') $$, '23514', NULL, 'another one beside it is checked');
\else
SELECT skip('no constraint can be not enforced', 2);
\endif

SELECT * FROM finish();
