-- A system that only ever sends parts of its records: what it never showed counts as null.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"unseen": "send"}, "shop": {"unseen": "wait"}}, "fields": {"phone": {}, "email": {}}}');

CALL pg_temp.record('send');
CALL pg_temp.at('10:00');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'accepted phone=accepted -> crm,shop', 'a record with one field');
SELECT is(pg_temp.saw('shop', '{"phone": "0"}'), 'agreed phone=agreed', 'another system has it too');
CALL pg_temp.deliver('crm');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"email": "a"}'), 'accepted email=accepted -> support', 'an edit of a field that neither has shown');
SELECT is(pg_temp.poll('support'), 'update {"email": "a"}', 'is sent where unseen counts as null');
SELECT is(pg_temp.poll('shop'), NULL, 'and waits where it does not');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"email": "a"}'), 'echo email=echo', 'its echo is one');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'accepted email=accepted -> crm', 'and then it may be edited there');

-- Its own fields
CALL pg_temp.record('own');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'accepted phone=accepted -> crm,shop', 'a record with one field');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'accepted email=accepted -> crm,shop', 'its first sight of another one is an edit');

-- Sent over at once; the replaced value is null, so null is a late echo of before
CALL pg_temp.record('late');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'accepted phone=accepted -> crm,shop', 'a record with one field');
CALL pg_temp.deliver('crm', 'shop');
SELECT is(pg_temp.saw('crm', '{"email": "a"}'), 'accepted email=accepted -> shop,support', 'an edit of a field that it never showed');
SELECT is(pg_temp.poll('support'), 'update {"email": "a"}', 'is sent');
SELECT is(pg_temp.ack('support'), true, 'and acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": null}'), 'echo email=echo', 'a payload from before the write shows null: a late echo');
SELECT is(pg_temp.golden()->>'email', 'a', 'which erases nothing');
SELECT is(pg_temp.waits('support'), NULL, 'and sends nothing');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'echo email=echo', 'the sight follows');

SELECT * FROM finish();
