-- What a token proves newer than our delete of a record is no late photograph of it.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();
-- A token greater than that of our delete proves it
SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}}, "fields": {"phone": {}, "email": {}}}');
CALL pg_temp.record('proved');
CALL pg_temp.at('10:00');
SELECT alike(pg_temp.saw('support', '{"v": 1, "phone": "0", "email": "a"}'), 'accepted%', 'support shows a record');
SELECT is(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'agreed email=agreed,phone=agreed', 'the crm too');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
SELECT is(pg_temp.polled('support'), 'delete', 'support');
SELECT is(pg_temp.ack('support', '{"v": 2}'), true, 'has deleted it as its version 2');
SELECT alike(pg_temp.saw('support', '{"v": 3, "phone": "0", "email": "a"}'), 'held%', 'and shows it as its version 3: restored there');
SELECT is(pg_temp.life_conflicts(), 'resurrect open', 'a human looks');

-- The very version that our create made is no new life, though a delete was told that bears no version
CALL pg_temp.record('of a known version');
CALL pg_temp.at('10:00');
SELECT alike(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'accepted%', 'the crm has a record');
SELECT is(pg_temp.polled('support'), 'create {"email": "a", "phone": "0"}', 'which is created in support');
SELECT is(pg_temp.ack('support', '{"v": 3}'), true, 'as version 3');
CALL pg_temp.at('12:00');
SELECT alike(pg_temp.gone('crm'), 'accepted delete%', 'two hours later the crm deletes');
SELECT alike(pg_temp.gone('support'), 'agreed%', 'support has deleted one too: before that, or since');
SELECT is(pg_temp.pending('support'), NULL, 'it seems to be gone there');
SELECT is(pg_temp.saw('support', '{"v": 3, "phone": "0", "email": "a"}'), 'echo -> support', 'version 3: nobody has created it again');
SELECT is(pg_temp.life(), 'dead', 'so it stays dead');
SELECT is(pg_temp.pending('support'), 'delete', 'and is deleted there, if it is there');
SELECT alike(pg_temp.saw('support', '{"v": 4, "phone": "1", "email": "a"}'), 'held%', 'while an edit there is news');

SELECT * FROM finish();
