-- A field or a system that a new version drops is sent to nobody; what remains goes on as before.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}, "email": {}}}');
CALL pg_temp.at_rest('still', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
CALL pg_temp.at_rest('waits', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> shop,support', 'an edit of a field waits');
CALL pg_temp.at_rest('flies', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.saw('crm', '{"email": "b", "phone": "1"}'), 'accepted email=accepted,phone=accepted -> shop,support', 'an edit of two');
CREATE TEMP TABLE flying AS SELECT * FROM sync_poll('support') WHERE record_key = 'flies';

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}}}');
CALL pg_temp.record('still');
SELECT is(pg_temp.saw('crm', '{"phone": "0", "email": "zzz"}'), 'unchanged', 'what is no longer mapped is not read');
SELECT is(pg_temp.golden(), '{"phone": "0"}', 'nor a part of the golden record');
CALL pg_temp.record('waits');
SELECT is(pg_temp.poll('shop'), NULL, 'what is no longer mapped does not go out');
CALL pg_temp.record('flies');
SELECT is((SELECT bool_and(sync_ack(id, lease, NULL)) FROM flying), true, 'what was in flight is acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "b"}'), 'echo phone=echo', 'and its echo is one');
SELECT is(pg_temp.waits('support'), NULL, 'nothing is sent again');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.saw('support', '{"phone": "2", "email": "c"}'), 'accepted phone=accepted -> crm,shop', 'life goes on');

-- Mapped again, it is read as every system shows it: what is the same everywhere is no news
SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}, "email": {}}}');
CALL pg_temp.record('still');
SELECT unalike(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), '%->%', 'mapped again, the crm shows it');
SELECT unalike(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), '%->%', 'support too');
SELECT unalike(pg_temp.saw('shop', '{"phone": "0", "email": "a"}'), '%->%', 'and the shop');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'still'), 0::bigint, 'nothing goes out');
SELECT is(pg_temp.conflicts(), NULL, 'and nothing is in conflict');

-- A system that does not carry a field any more
SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}, "email": {"path": {"crm": "email", "support": "email"}}}}');
CALL pg_temp.record('still');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.saw('crm', '{"phone": "0", "email": "n"}'), 'accepted email=accepted -> support', 'goes to who carries it');
SELECT is(pg_temp.saw('shop', '{"phone": "0", "email": "x"}'), 'unchanged', 'and is not read where it is not carried');

-- A system goes
CALL pg_temp.at_rest('left', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.saw('crm', '{"phone": "7"}'), 'accepted phone=accepted -> shop,support', 'an edit waits for a system');
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');
SELECT throws_ok($$ SELECT * FROM sync_poll('shop') $$, '42704', NULL, 'which is dropped: it is no target any more');
SELECT throws_ok($$ SELECT * FROM sync_diff('shop', 'contact', '{}') $$, '42704', NULL, 'and no source');
SELECT is(pg_temp.poll('support'), 'update {"phone": "7"}', 'the others go on');
SELECT is(pg_temp.ack('support'), true, 'as before');
SELECT is(pg_temp.saw('crm', '{"phone": "8"}'), 'accepted phone=accepted -> support', 'an edit is for them only');

SELECT * FROM finish();
