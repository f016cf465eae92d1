-- An answer under the very version that was shown already, with another value beside what
-- was written: where versions are coarse nobody can say which of the two is older.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"version": "v"}, "support": {}}, "fields": {"name": {}, "phone": {}}, "window": "0"}');

CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"name": "A", "phone": "1", "v": 1}'), 'accepted name=accepted,phone=accepted -> support', 'crm has it');
SELECT pg_temp.poll('support');
SELECT pg_temp.ack('support');
SELECT is(pg_temp.saw('support', '{"name": "A", "phone": "1"}'), 'echo name=echo,phone=echo', 'support shows it');
SELECT is(pg_temp.saw('support', '{"name": "B", "phone": "1"}'), 'accepted name=accepted -> crm', 'and edits the name');
SELECT is(pg_temp.poll('crm'), 'update {"name": "B"}', 'crm is told');
SELECT is(pg_temp.saw('crm', '{"name": "B", "phone": "2", "v": 2}'), 'accepted name=echo,phone=accepted -> support', 'it lands, and a human there edits the phone within the same tick');
SELECT is(pg_temp.ack('crm', '{"name": "B", "phone": "1", "v": 2}'), true, 'the answer is older than that, under the same version');
SELECT is(pg_temp.golden(), '{"name": "B", "phone": "2"}', 'it takes nothing back');
SELECT is(pg_temp.saw('crm', '{"name": "B", "phone": "2", "v": 2}'), 'unchanged', 'and what crm shows is what it showed');

SELECT * FROM finish();
