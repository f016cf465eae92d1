-- A merged set takes what each system adds and removes, in either order and whatever is on its way.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"tags": {"type": "set", "merge": "set"}, "phone": {}}}');

CALL pg_temp.at_rest('order', '{"tags": ["b", "a"]}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"tags": ["b", "a", "b"]}'), 'unchanged', 'another order is no change');

-- Both add, neither has seen the other's
SELECT is(pg_temp.saw('crm', '{"tags": ["a", "b", "c"]}'), 'accepted tags=accepted -> support', 'the crm adds c');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b", "d"]}'), 'accepted tags=accepted -> crm,support', 'support adds d, and both are told');
SELECT is(pg_temp.golden()->'tags', '["a", "b", "c", "d"]', 'the union stands');
SELECT is(pg_temp.waits('crm'), 'update {"tags": ["a", "b", "c", "d"]}', 'the crm gets what it lacks');
SELECT is(pg_temp.waits('support'), 'update {"tags": ["a", "b", "c", "d"]}', 'support too');
SELECT is((SELECT source_system FROM sync_outbox WHERE target_system = 'support' AND record_key = 'order'), 'sync', 'from nobody but the union');
SELECT is(pg_temp.conflicts(), NULL, 'sets do not collide');
CALL pg_temp.deliver('crm', 'support');
SELECT is(concat(pg_temp.waits('crm'), pg_temp.waits('support')), '', 'at rest');

-- One removes, the other adds, in both orders
SELECT is(pg_temp.saw('crm', '{"tags": ["b", "c", "d"]}'), 'accepted tags=accepted -> support', 'the crm removes a');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b", "c", "d", "e"]}'), 'accepted tags=accepted -> crm,support', 'support adds e');
SELECT is(pg_temp.golden()->'tags', '["b", "c", "d", "e"]', 'a stays away');
CALL pg_temp.deliver('crm', 'support');
SELECT is(pg_temp.saw('support', '{"tags": ["b", "c", "d", "e", "f"]}'), 'accepted tags=accepted -> crm', 'support adds f');
SELECT is(pg_temp.saw('crm', '{"tags": ["c", "d", "e"]}'), 'accepted tags=accepted -> crm,support', 'the crm removes b, unaware');
SELECT is(pg_temp.golden()->'tags', '["c", "d", "e", "f"]', 'both are done');
CALL pg_temp.deliver('crm', 'support');

-- No window holds a set
SELECT is(pg_temp.saw('crm', '{"tags": ["c"]}'), 'accepted tags=accepted -> support', 'the crm tidies up');
CALL pg_temp.deliver('support');
SELECT is(pg_temp.saw('support', '{"tags": ["c", "g"]}'), 'accepted tags=accepted -> crm', 'support adds g a moment later');
CALL pg_temp.deliver('crm');

-- In flight: the photograph is older than the write
SELECT is(pg_temp.saw('crm', '{"tags": ["c", "g", "h"]}'), 'accepted tags=accepted -> support', 'the crm adds h');
SELECT is(pg_temp.poll('support'), 'update {"tags": ["c", "g", "h"]}', 'it is on its way');
SELECT is(pg_temp.saw('support', '{"tags": ["c", "g", "i"]}'), 'accepted tags=accepted -> crm,support', 'support adds i to what it shows');
SELECT is(pg_temp.golden()->'tags', '["c", "g", "h", "i"]', 'h is not taken for removed');
SELECT is(pg_temp.ack('support'), true, 'the write is acknowledged');
SELECT is(pg_temp.poll('support'), 'update {"tags": ["c", "g", "h", "i"]}', 'the union follows');
SELECT is(pg_temp.ack('support'), true, 'and is acknowledged');
SELECT is(pg_temp.saw('support', '{"tags": ["c", "g", "h", "i"]}'), 'echo tags=echo', 'and shown');
SELECT is(pg_temp.waits('support'), NULL, 'at rest');
CALL pg_temp.deliver('crm');

-- In flight, removed here: what the photograph still holds is not added again
SELECT is(pg_temp.saw('crm', '{"tags": ["g", "h", "i"]}'), 'accepted tags=accepted -> support', 'the crm removes c');
SELECT is(pg_temp.poll('support'), 'update {"tags": ["g", "h", "i"]}', 'it is on its way');
SELECT is(pg_temp.saw('support', '{"tags": ["c", "g", "h", "i", "j"]}'), 'accepted tags=accepted -> crm,support', 'support adds j to what it shows');
SELECT is(pg_temp.golden()->'tags', '["g", "h", "i", "j"]', 'c does not come back');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
CALL pg_temp.deliver('support', 'crm');
SELECT is(pg_temp.shows('support')->'tags', '["g", "h", "i", "j"]', 'and it is right everywhere');
SELECT is(pg_temp.shows('crm')->'tags', '["g", "h", "i", "j"]', 'in the crm too');

-- All sights have come, or are owed no more: no doubt
CALL pg_temp.at('12:20');
SELECT is(pg_temp.saw('support', '{"tags": ["g"]}'), 'accepted tags=accepted -> crm', 'what was shown to all is removed for all');
SELECT is(pg_temp.golden()->'tags', '["g"]', 'at once');

SELECT * FROM finish();
