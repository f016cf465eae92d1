-- Different fields never collide: both edits go through, each to the other side.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}, "plan": {"owner": "crm"}}}');

CALL pg_temp.at_rest('before any claim', '{"phone": "0", "email": "a", "plan": "gold"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "a", "plan": "gold"}'), 'accepted phone=accepted -> support', 'one system edits one field');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "b", "plan": "gold"}'), 'accepted email=accepted -> crm', 'the other one another field, inside any window');
SELECT is(pg_temp.golden(), '{"phone": "1", "email": "b", "plan": "gold"}', 'both edits are golden');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'each side is told what it does not know');
SELECT is(pg_temp.poll('crm'), 'update {"email": "b"}', 'and nothing else');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.ack('crm'), true, 'by both');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "b", "plan": "gold"}'), 'echo phone=echo', 'each echo is one');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "b", "plan": "gold"}'), 'echo email=echo', 'on both sides');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = pg_temp.record_key()), 0::bigint, 'at rest');
SELECT is(pg_temp.conflicts(), NULL, 'without a conflict');

CALL pg_temp.at_rest('in flight', '{"phone": "0", "email": "a", "plan": "gold"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'is in flight');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "b", "plan": "gold"}'), 'accepted email=accepted -> crm', 'an edit of another field crosses nothing');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'nothing is repeated');
SELECT is(pg_temp.poll('crm'), 'update {"email": "b"}', 'the other edit goes on');

CALL pg_temp.at_rest('acked', '{"phone": "0", "email": "a", "plan": "gold"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes out');
SELECT is(pg_temp.ack('support'), true, 'and is acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "b", "plan": "gold"}'), 'accepted email=accepted,phone=echo -> crm', 'a payload from before the write brings an edit of another field');
SELECT is(pg_temp.golden(), '{"phone": "1", "email": "b", "plan": "gold"}', 'both edits are golden');
SELECT is(pg_temp.waits('support'), NULL, 'nothing is repeated');

-- One field collides, one is overruled, one goes through: all in one payload
CALL pg_temp.at_rest('all at once', '{"phone": "0", "email": "a", "plan": "gold"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit waits');
SELECT is(pg_temp.saw('support', '{"phone": "2", "email": "b", "plan": "silver"}'), 'conflict email=accepted,phone=conflict,plan=overruled -> crm,support', 'each field is decided for itself; the verdict is the worst');
SELECT is(pg_temp.waits('crm'), 'update {"email": "b"}', 'what was accepted goes on');
SELECT is(pg_temp.waits('support'), 'update {"plan": "gold"}', 'what was overruled goes back');
SELECT is(pg_temp.conflicts(), 'phone collision open: "1" (crm) against "2" (support); plan owner resolved: "gold" (crm) against "silver" (support)', 'and the rest waits for a human');

-- Both systems edit before either is told, in the other order
CALL pg_temp.at_rest('other order', '{"phone": "0", "email": "a", "plan": "gold"}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "b", "plan": "gold"}'), 'accepted email=accepted -> crm', 'the other one first');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "a", "plan": "gold"}'), 'accepted phone=accepted -> support', 'then the one');
SELECT is(pg_temp.golden(), '{"phone": "1", "email": "b", "plan": "gold"}', 'comes to the same');

SELECT * FROM finish();
