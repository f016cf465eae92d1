-- What waits for a system that the policy does not name any more: it goes with the next change of
-- its record, no worker gets it, and health says what to do.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "erp"], "window": "0", "fields": {"phone": {}}}');
SELECT count(*) FROM sync_diff('crm', 'contact', '[{"record_key": "a", "phone": "1"}, {"record_key": "b", "phone": "1"}, {"record_key": "c", "phone": "1"}]');
CREATE FUNCTION pg_temp.erp() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(record_key || ' ' || status, ', ' ORDER BY record_key COLLATE "C") FROM sync_outbox WHERE target_system = 'erp'
$$;
CREATE FUNCTION pg_temp.health(of_subject text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(': ', status, reason, next_step) FROM sync_health WHERE subject = of_subject
$$;
SELECT is((SELECT record_key FROM sync_poll('erp', 1)), 'a', 'a worker has the first one');
SELECT is(pg_temp.health('targets'), 'ok: what waits has a target that its policy names', 'all is well');

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "window": "0", "fields": {"phone": {}}}');
SELECT is(pg_temp.erp(), 'a leased, b pending, c pending', 'a policy without the target leaves what waits');
SELECT is((SELECT left_behind || ' ' || claimable FROM sync_lag WHERE target = 'erp'), '3 0', 'which is not claimable');
SELECT is(pg_temp.health('targets'), 'warning: 3 for erp, which the policy does not name any more: No worker gets these: give them up with sync_discard(id, reason), ids in sync_outbox, or name the target in the policy again.',
	'health says what to do');
CALL pg_temp.at('15:00');
SELECT alike(pg_temp.health('delivery to erp'), 'ok: nothing waits for a worker', 'and asks for no worker');

SELECT is((SELECT targets::text FROM sync_diff('crm', 'contact', '[{"record_key": "a", "phone": "2"}, {"record_key": "b", "phone": "2"}]') LIMIT 1), '{support}', 'their records change');
SELECT is(pg_temp.erp(), 'a leased, c pending', 'what waited for it goes, what a worker has does not');
SELECT is((SELECT detail FROM sync_trace('contact', 'b') WHERE event = 'no longer needed'), 'the policy does not name it any more', 'and the record says so');
SELECT is((SELECT sync_discard(id, 'erp is no more') FROM sync_outbox WHERE record_key = 'c' AND target_system = 'erp'), true, 'or a human gives it up');
SELECT is((SELECT sync_ack(lease) FROM sync_outbox WHERE target_system = 'erp'), 1, 'the worker acknowledges what it has');
SELECT is(pg_temp.erp(), NULL, 'nothing is left');
SELECT is(pg_temp.health('targets'), 'ok: what waits has a target that its policy names', 'all is well');

-- A dead letter goes too, and by a poll of another target
SELECT sync_configure('contact', '{"systems": ["crm", "support", "erp"], "window": "0", "fields": {"phone": {}}}');
SELECT count(*) FROM sync_diff('crm', 'contact', '{"record_key": "d", "phone": "1"}');
SELECT is((SELECT sync_nack(id, lease, 'no', permanent => true) FROM sync_poll('erp', 1000) WHERE record_key = 'd'), true, 'it is refused for good');
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "window": "0", "fields": {"phone": {}}}');
SELECT is((SELECT count(*) FROM sync_poll('support', 1000) WHERE record_key = 'd'), 1::bigint, 'a claim under the new policy writes the record');
SELECT is((SELECT string_agg(record_key, ',') FROM sync_outbox WHERE target_system = 'erp' AND status = 'dead'), NULL, 'without the dead letter');

-- A worker that has died, and a human who gives up what a policy names again
SELECT sync_configure('task', '{"systems": ["crm", "sup", "old"], "window": "0", "fields": {"name": {}}}');
SELECT count(*) FROM sync_diff('crm', 'task', '[{"record_key": "a", "name": "A"}, {"record_key": "b", "name": "A"}]');
SELECT is((SELECT record_key FROM sync_poll('old', 1, '1 s')), 'a', 'a worker takes one');
SELECT sync_configure('task', '{"systems": ["crm", "sup"], "window": "0", "fields": {"name": {}}}');
SELECT is((SELECT sync_discard(id, 'it was said so') FROM sync_outbox WHERE target_system = 'old' AND record_key = 'b'), true, 'a human gives up the other');
CALL pg_temp.at('15:00:30');
SELECT is(sync_maintain() ->> 'leases', '0', 'the worker has died');
SELECT is((SELECT count(*) FROM sync_outbox WHERE target_system = 'old'), 0::bigint, 'nothing is left');
SELECT is((SELECT count(*) FROM sync_lease WHERE target_system = 'old'), 0::bigint, 'no lease either');
SELECT is((SELECT string_agg(event, ', ' ORDER BY n) FROM sync_trace('task', 'a') WITH ORDINALITY AS t(at, event, system, detail, data, n) WHERE system = 'old' AND event <> 'waiting'),
	'claimed, no longer needed', 'the record says so');
SELECT is((SELECT string_agg(event, ', ' ORDER BY n) FROM sync_trace('task', 'b') WITH ORDINALITY AS t(at, event, system, detail, data, n) WHERE system = 'old' AND event <> 'waiting'),
	'discarded', 'of the other one once');
SELECT sync_configure('task', '{"systems": ["crm", "sup", "old"], "window": "0", "fields": {"name": {}}}');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'task', '[{"record_key": "a", "name": "A2"}, {"record_key": "b", "name": "A2"}]')), 2::bigint, 'a policy names the target again');
SELECT is((SELECT string_agg(record_key || ' ' || action || ' ' || change_set, ', ' ORDER BY record_key) FROM sync_outbox WHERE target_system = 'old'),
	'a create {"name": "A2"}, b create {"name": "A2"}', 'and the next change goes there');

-- A call that failed
SELECT sync_configure('ticket', '{"systems": ["crm", "sup", "old"], "window": "0", "fields": {"name": {}}}');
SELECT count(*) FROM sync_diff('crm', 'ticket', '{"record_key": "z", "name": "A"}');
SELECT is((SELECT record_key FROM sync_poll('old', entity => 'ticket')), 'z', 'a worker takes one');
SELECT sync_configure('ticket', '{"systems": ["crm", "sup"], "window": "0", "fields": {"name": {}}}');
SELECT is((SELECT sync_nack(id, lease, '503') FROM sync_outbox WHERE target_system = 'old' AND entity = 'ticket'), true, 'its call fails');
SELECT results_eq($$ SELECT event, detail FROM sync_trace('ticket', 'z') WHERE system = 'old' AND event <> 'claimed' $$,
	$$ VALUES ('no longer needed', 'its call failed, and the policy does not name it any more') $$, 'the record says so');

-- A version of the policy that somebody has removed
SELECT sync_configure('gone', '{"systems": ["crm", "sup", "old"], "window": "0", "fields": {"name": {}}}');
SELECT count(*) FROM sync_diff('crm', 'gone', '{"record_key": "a", "name": "A"}');
SELECT sync_configure('gone', '{"systems": ["crm", "sup"], "window": "0", "fields": {"name": {}}}');
DELETE FROM sync_entity WHERE entity = 'gone' AND version = 1;
SELECT is((SELECT verdict FROM sync_diff('crm', 'gone', '{"record_key": "a", "name": "B"}')), 'accepted', 'names nothing, and is in nobody''s way');

-- Claimed over and over
SELECT sync_configure('lead', '{"systems": ["crm", "desk"], "window": "0", "max_attempts": 2, "fields": {"phone": {}}}');
SELECT count(*) FROM sync_diff('crm', 'lead', '{"record_key": "p", "phone": "1"}');
SELECT is((SELECT attempt FROM sync_poll('desk', lease => '1 s')), 1, 'a worker takes it, and dies');
CALL pg_temp.at('15:01');
SELECT is((SELECT attempt FROM sync_poll('desk', lease => '1 s')), 2, 'another one');
CALL pg_temp.at('15:02');
SELECT alike(pg_temp.health('attempts'), 'ok: %', 'that happens');
SELECT is((SELECT attempt FROM sync_poll('desk', lease => '1 s')), 3, 'a third one');
SELECT is(pg_temp.health('attempts'), 'warning: 1 claimed more often than max_attempts, and no worker said why: Their leases ran out: see what the workers die of (highest attempts in sync_outbox), then sync_discard(id, reason), or a nack that is permanent.',
	'health tells of a record that kills its workers');

-- A rate lets no more out
SELECT sync_configure('deal', '{"systems": {"crm": {}, "slow": {"rate": "1/hour"}}, "window": "0", "fields": {"phone": {}}}');
SELECT count(*) FROM sync_diff('crm', 'deal', '[{"record_key": "q", "phone": "1"}, {"record_key": "r", "phone": "1"}]');
SELECT is((SELECT count(*) FROM sync_poll('slow')), 1::bigint, 'one goes');
CALL pg_temp.at('15:30');
SELECT is(pg_temp.health('delivery to slow'), 'warning: 1 claimable, the oldest for 00:28:00: Its rate (1 in 01:00:00) lets no more out: raise "rate" in the policy, or wait.', 'where the rate is used up health asks for no worker');

SELECT * FROM finish();
