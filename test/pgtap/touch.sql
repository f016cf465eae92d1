-- A new policy sends nothing by itself: sync_touch has what it has to send of a record wait now.
\ir story.psql
\ir refusal.psql
SELECT * FROM no_plan();

CREATE PROCEDURE pg_temp.configured(systems text) LANGUAGE sql AS $$
	SELECT sync_configure('contact', format('{"systems": %s, "window": "0", "fields": {"phone": {}, "email": {}}}', systems)::jsonb)
$$;
CREATE FUNCTION pg_temp.waits() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', target_system, record_key, action, change_set, status), '; ' ORDER BY target_system, record_key COLLATE "C") FROM sync_outbox
$$;
CREATE FUNCTION pg_temp.untouched() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', system, record_key, field), '; ' ORDER BY system, record_key COLLATE "C", field) FROM sync_divergence WHERE reason = 'untouched'
$$;

CALL pg_temp.configured('["crm", "support"]');
CALL pg_temp.at_rest('a', '{"phone": "0", "email": "a"}', 'crm', 'support');
CALL pg_temp.at_rest('b', '{"phone": "1", "email": "b"}', 'crm', 'support');
CALL pg_temp.at_rest('dead', '{"phone": "2", "email": "c"}', 'crm', 'support');
SELECT is((SELECT string_agg(verdict, ',') FROM sync_delete('crm', 'contact', '{dead}')), 'accepted', 'one is deleted');
SELECT is((SELECT sync_ack(lease) FROM sync_poll('support')), 1, 'everywhere');
CALL pg_temp.at_rest('c', '{"phone": "3", "email": "d"}', 'crm', 'support');
SELECT is(sync_touch('contact', '{a,b,c,dead}'), 0, 'under the same policy there is nothing to do');
SELECT is(pg_temp.waits(), NULL, 'and nothing waits');

-- A system joins, and has one of the records
CALL pg_temp.configured('["crm", "support", "shop"]');
SELECT is((SELECT string_agg(verdict, ',') FROM sync_diff('shop', 'contact', '{"record_key": "c", "phone": "3"}', baseline => true)), 'agreed', 'it shows what it has');
SELECT is(pg_temp.untouched(), 'shop a; shop b', 'what it lacks is listed');
SELECT is(sync_touch('contact', '{b,nobody,b,NULL,c,dead,b}'), 2, 'each record is touched once, and none that is not there');
SELECT is(pg_temp.waits(), 'shop b create {"email": "b", "phone": "1"} pending', 'what the new policy has to send waits');
SELECT is(pg_temp.untouched(), 'shop a', 'and is listed no more');
SELECT is(sync_touch('contact', '{b,c,dead}'), 0, 'once more does nothing');
SELECT is((SELECT count(*) FROM sync_state WHERE record_key = 'nobody'), 0::bigint, 'nobody is still nobody');
SELECT is((SELECT string_agg(change_set::text, ',') FROM sync_poll('shop')), '{"email": "b", "phone": "1"}', 'a worker gets it');
SELECT is(sync_touch('contact', '{}'), 0, 'no records');
SELECT is(sync_touch('contact', NULL), 0, 'none at all');

-- What a worker has, and what is frozen
CALL pg_temp.configured('["crm", "support", "shop", "erp"]');
SELECT is(sync_touch('contact', '{b}'), 1, 'a record that a worker has');
SELECT is(pg_temp.waits(), 'erp b create {"email": "b", "phone": "1"} pending; shop b create {"email": "b", "phone": "1"} leased', 'stays with the worker');
SELECT is((SELECT sync_ack(lease) FROM sync_outbox WHERE target_system = 'shop'), 1, 'which acknowledges it');
SELECT is((SELECT sync_ack(lease) FROM sync_poll('erp')), 1, 'the other one too');
CALL pg_temp.record('a');
SELECT alike(pg_temp.saw('crm', '{"phone": "5"}'), 'accepted%', 'an edit');
SELECT alike(pg_temp.saw('support', '{"phone": "6"}'), 'conflict%', 'meets another');
CALL pg_temp.configured('["crm", "support", "shop", "erp", "pos"]');
SELECT is(sync_touch('contact', '{a}'), 1, 'a record in conflict');
SELECT is(pg_temp.waits(), 'erp a create {"email": "a"} pending; pos a create {"email": "a"} pending; shop a create {"email": "a"} pending', 'goes without what is frozen');

-- A system that is written to from now on
CALL pg_temp.configured('{"crm": {}, "support": {}, "shop": {"writable": false}}');
SELECT is(sync_touch('contact', '{a}'), 1, 'what was to be sent is not any more');
SELECT is(pg_temp.waits(), NULL, 'and goes');
CALL pg_temp.record('c');
SELECT alike(pg_temp.saw('crm', '{"phone": "7"}'), 'accepted%', 'an edit');
SELECT is((SELECT sync_ack(lease) FROM sync_poll('support')), 1, 'is taken by one system');
CALL pg_temp.configured('{"crm": {}, "support": {}, "shop": {}}');
SELECT is(sync_touch('contact', '{c}'), 1, 'and, now that it may be,');
SELECT is(pg_temp.waits(), 'shop c update {"phone": "7"} pending', 'by the other');

-- As the documents say it
CALL pg_temp.configured('{"crm": {}, "support": {}, "shop": {}, "late": {}}');
SELECT is((SELECT sync_touch('contact', array_agg(DISTINCT record_key)) FROM sync_divergence WHERE reason = 'untouched'), 3, 'all that is listed');
SELECT is(pg_temp.untouched(), NULL, 'is listed no more');

-- What a first load lacked is created where somebody says so, and nowhere else
SELECT sync_configure('ticket', '{"systems": {"crm": {}, "support": {}, "shop": {"writable": false}}, "window": "0", "fields": {"phone": {}, "email": {}}, "deletes": "ignore"}');
CREATE FUNCTION pg_temp.left_out() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', system, record_key), '; ' ORDER BY system, record_key COLLATE "C") FROM sync_divergence WHERE entity = 'ticket' AND reason = 'left out'
$$;
CREATE FUNCTION pg_temp.sent() RETURNS text LANGUAGE sql AS $$
	WITH polled AS MATERIALIZED (SELECT * FROM sync_poll('support', entity => 'ticket')), acked AS MATERIALIZED (SELECT sync_ack(lease) FROM polled GROUP BY lease)
	SELECT string_agg(concat_ws(' ', idempotency_key, action, change_set), '; ' ORDER BY record_key COLLATE "C") FROM polled, acked
$$;
SELECT count(*) FROM sync_diff('crm', 'ticket', '[{"record_key": "1", "phone": "1"}, {"record_key": "2", "phone": "2"}, {"record_key": "3", "phone": "3"}]', baseline => true);
SELECT count(*) FROM sync_diff('support', 'ticket', '{"record_key": "1", "phone": "1"}', baseline => true, complete => true);
SELECT is(pg_temp.left_out(), 'shop 1; shop 2; shop 3; support 2; support 3', 'two first loads leave out what one lacks');
SELECT is(sync_touch('ticket', '{1,2,3}'), 0, 'touched they still are');
SELECT is(sync_touch('ticket', '{1,2}', create_in => 'support'), 1, 'one is to be created there');
SELECT is(pg_temp.sent(), 'crm-to-support-ticket-2-v2 create {"phone": "2"}', 'and is');
SELECT is(sync_touch('ticket', '{1,2}', create_in => 'support'), 0, 'once');
SELECT is(pg_temp.left_out(), 'shop 1; shop 2; shop 3; support 3', 'the others stay');
SELECT is((SELECT verdict FROM sync_diff('crm', 'ticket', '{"record_key": "2", "phone": "22"}')), 'accepted', 'it takes part from now on');
SELECT is(pg_temp.sent(), 'crm-to-support-ticket-2-v3 update {"phone": "22"}', 'and gets what changes');
SELECT is((SELECT verdict FROM sync_delete('support', 'ticket', '{2}')), 'kept', 'a delete there that is ignored');
SELECT is(sync_touch('ticket', '{2}', create_in => 'support'), 1, 'is undone');
SELECT is(pg_temp.sent(), 'crm-to-support-ticket-2-v4 create {"phone": "22"}', 'under a key of its own');
SELECT sync_configure('note', '{"systems": {"crm": {}, "support": {"id": "id"}}, "window": "0", "fields": {"phone": {}}, "deletes": "ignore"}');
SELECT sync_diff('crm', 'note', '{"record_key": "4", "phone": "4"}');
SELECT sync_ack(id, lease, 's_4') FROM sync_poll('support', entity => 'note');
SELECT sync_diff('support', 'note', '{"record_key": "4", "id": "s_4", "phone": "4"}');
SELECT is((SELECT verdict FROM sync_delete('support', 'note', '{4}')), 'kept', 'an object that is gone there');
SELECT is(sync_touch('note', '{4}', create_in => 'support'), 1, 'is none of what is created');
SELECT is((SELECT concat_ws(' ', action, coalesce(native_id, 'new')) FROM sync_poll('support', entity => 'note')), 'create new', 'which has no name there yet');
SELECT is((SELECT verdict FROM sync_diff('support', 'note', '{"id": "s_4", "phone": "4"}', verbose => true)), 'stale', 'what is still told of the old one says nothing of it');
SELECT is((SELECT sync_ack(id, lease, 's_5') FROM sync_outbox WHERE entity = 'note'), true, 'the new one is there');
SELECT is((SELECT native_id FROM sync_shadow WHERE entity = 'note' AND system = 'support'), 's_5', 'by its own name');
SELECT is(sync_touch('ticket', '{3}', create_in => 'support'), 1, 'a create');
SELECT is((SELECT sync_discard(id, 'not now') FROM sync_outbox WHERE entity = 'ticket'), true, 'that is discarded');
SELECT is(pg_temp.sent(), NULL, 'does not go');
SELECT is(sync_touch('ticket', '{3}', create_in => 'support'), 1, 'until it is asked for');
SELECT is(pg_temp.sent(), 'crm-to-support-ticket-3-v3 create {"phone": "3"}', 'once more');
SELECT matches(pg_temp.refused($$ SELECT sync_touch('ticket', '{3}', create_in => 'supprot') $$), '^42704 .*"supprot"', 'an unknown system is named');
SELECT matches(pg_temp.refused($$ SELECT sync_touch('ticket', '{3}', create_in => 'shop') $$), '^55000 .*"shop" is not written to', 'so is one that is only read');

SELECT matches(pg_temp.refused($$ SELECT sync_touch('contcat', '{a}') $$), '^42704 .*"contcat".*\| Did you mean "contact"', 'an unknown entity is named');
SELECT matches(pg_temp.refused($$ SELECT sync_touch('contcat', NULL) $$), '^42704 ', 'whatever the records are');
SELECT matches(pg_temp.refused($$ SELECT sync_touch(NULL, '{a}') $$), '^22004 .*entity', 'so is one that is not given');
SELECT * FROM finish();
