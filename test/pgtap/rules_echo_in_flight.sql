-- The webhook of our own write often comes before the API's answer: an echo all the same.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

-- A create
SELECT is(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'accepted email=accepted,phone=accepted -> support', 'a new record');
SELECT is(pg_temp.poll('support'), 'create {"email": "a", "phone": "0"}', 'goes out');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'echo email=echo,phone=echo', 'and is shown before the answer');
SELECT is(pg_temp.waits('crm'), NULL, 'an echo is never passed on');
SELECT is(pg_temp.waits('support'), NULL, 'nor sent back');
SELECT is(pg_temp.ack('support'), true, 'the answer comes');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'unchanged', 'each write is owed one sight, and had it');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'all is at rest');
SELECT is((SELECT count(*) FROM sync_change), 1::bigint, 'one edit was accepted');

-- An update; the echo comes with a human's edit
CALL pg_temp.at_rest('with an edit', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes out');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "b"}'), 'accepted email=accepted,phone=echo -> crm', 'the echo is subtracted and the edit in the same payload goes on');
SELECT is(pg_temp.waits('crm'), 'update {"email": "b"}', 'without the echo');
SELECT is(pg_temp.ack('support'), true, 'the answer comes');
SELECT is(pg_temp.waits('support'), NULL, 'nothing goes back');

-- What it showed before the write is nothing new
CALL pg_temp.at_rest('the old value', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes out');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "b"}'), 'accepted email=accepted -> crm', 'a payload of before the write: only the other field is an edit');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "b"}'), 'echo phone=echo', 'the echo follows');
SELECT is(pg_temp.ack('support'), true, 'the answer comes');
SELECT is(pg_temp.golden(), '{"phone": "1", "email": "b"}', 'both edits are golden');
SELECT is(pg_temp.waits('support'), NULL, 'nothing goes back');

-- One payload may show a part of a write
CALL pg_temp.at_rest('in parts', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "b"}'), 'accepted email=accepted,phone=accepted -> support', 'an edit of two fields');
SELECT is(pg_temp.poll('support'), 'update {"email": "b", "phone": "1"}', 'goes out');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}'), 'echo phone=echo', 'field by field: one of them is shown');
SELECT is(pg_temp.ack('support'), true, 'the answer comes');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "b"}'), 'echo email=echo', 'then the other one');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "b"}'), 'unchanged', 'and then it is nothing new');

-- Only the target's observation is an echo
CALL pg_temp.at_rest('author', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes out');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'unchanged', 'its author shows it again: nothing new');

-- The value that is in flight is never an edit, the one that waits is
CALL pg_temp.at_rest('same edit', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'agreed phone=agreed', 'the same edit there, before ours went out: both agree');
SELECT is(pg_temp.poll('support'), NULL, 'and nothing is left to send');

SELECT * FROM finish();
