-- Three systems: one deletes, one edits, one does nothing; in every order nothing is lost or guessed.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}, "email": {}}}');

CALL pg_temp.at_rest('one after the other', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.gone('support'), 'accepted delete -> crm,shop', 'support deletes');
CALL pg_temp.delete_there('shop');
SELECT is(pg_temp.gone('shop'), 'echo', 'the shop shows our delete');
SELECT is(pg_temp.gone('crm'), 'agreed', 'the crm deletes of its own');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'all have');

-- An edit of one that another, which deletes, has seen, and the third has not
CALL pg_temp.at_rest('third not told', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> shop,support', 'an edit');
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.gone('support'), 'accepted delete -> crm,shop', 'who has seen it may delete');
SELECT is(pg_temp.polled('shop'), 'delete', 'the third one gets the delete only');
SELECT is(pg_temp.polled('crm'), 'delete', 'the author too');

-- The delete has reached one, not yet the one that edits
CALL pg_temp.at_rest('half way', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> shop,support', 'the crm deletes');
CALL pg_temp.delete_there('support');
SELECT is(pg_temp.gone('support'), 'echo', 'support has');
SELECT alike(pg_temp.saw('shop', '{"phone": "3"}'), 'held%', 'the shop edits');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'shop'), true, 'the shop wins');
SELECT is(pg_temp.polled('crm'), 'create {"email": "a", "phone": "3"}', 'created again in one');
SELECT is(pg_temp.polled('support'), 'create {"email": "a", "phone": "3"}', 'and in the other');
SELECT is(pg_temp.polled('shop'), NULL, 'not where it is');
SELECT is(pg_temp.ack('crm'), true, 'acknowledged');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT alike(pg_temp.saw('crm', '{"phone": "3", "email": "a"}'), 'echo%', 'shown');
SELECT alike(pg_temp.saw('support', '{"phone": "3", "email": "a"}'), 'echo%', 'shown');

-- The delete is in flight to one that edits
CALL pg_temp.at_rest('edit while deleted', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> shop,support', 'the crm deletes');
SELECT is(pg_temp.polled('support'), 'delete', 'support''s worker is at it');
SELECT alike(pg_temp.saw('support', '{"phone": "4"}'), 'held%', 'when an edit there is shown');
SELECT is(pg_temp.life_conflicts(), 'resurrect open', 'which a human must see');
SELECT is(pg_temp.polled('shop'), NULL, 'nothing more goes out');
SELECT is(pg_temp.ack('support'), true, 'the delete is acknowledged');
SELECT is(pg_temp.life_conflicts(), 'resurrect open', 'the edit is still to be decided on');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'shop'), true, 'the shop''s record shall live');
SELECT is(pg_temp.life(), 'alive', 'it lives');
SELECT ok(pg_temp.golden()->>'phone' = '4' OR EXISTS (SELECT FROM sync_conflict WHERE record_key = 'edit while deleted' AND field = 'phone' AND incoming_value = '"4"'
	OR record_key = 'edit while deleted' AND sides::text LIKE '%"4"%'), 'the edit of support is in it, or named');
SELECT alike(pg_temp.polled('crm'), 'create %', 'created again where it was deleted');

-- Two edits of what is dead
CALL pg_temp.at_rest('two edits', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> shop,support', 'the crm deletes');
SELECT alike(pg_temp.saw('support', '{"phone": "4"}'), 'held%', 'support edits');
SELECT alike(pg_temp.saw('shop', '{"phone": "5"}'), 'held%', 'and the shop');
SELECT is(pg_temp.life_conflicts(), 'resurrect open', 'one question');
SELECT is((SELECT incoming_system FROM sync_conflict WHERE id = pg_temp.life_conflict()), 'shop', 'the latest side is the shop');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'support wins');
SELECT is(pg_temp.golden()->>'phone', '4', 'the record is as it shows it');
SELECT ok(EXISTS (SELECT FROM sync_conflict WHERE record_key = 'two edits' AND field = 'phone' AND incoming_value = '"5"'), 'what the shop showed stands in a row of its own');

-- A third one deletes while it is to be decided whether an edit revives the record
CALL pg_temp.at_rest('deleted meanwhile', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> shop,support', 'the crm deletes');
SELECT alike(pg_temp.saw('support', '{"phone": "4"}'), 'held%', 'support edits');
SELECT unalike(pg_temp.gone('shop'), '%->%', 'the shop deletes too');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'support wins');
SELECT is(pg_temp.polled('shop'), 'create {"email": "a", "phone": "4"}', 'the shop has it created again');
SELECT is(pg_temp.polled('crm'), 'create {"email": "a", "phone": "4"}', 'so has the crm');

-- A read-only system shows a delete, and gets none
SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {}, "legacy": {"writable": false}}, "fields": {"phone": {}, "email": {}}}');
CALL pg_temp.record('read-only');
CALL pg_temp.at('12:00');
SELECT alike(pg_temp.saw('legacy', '{"phone": "0", "email": "a"}'), 'accepted%', 'a record of a system that cannot be written');
CALL pg_temp.deliver('crm', 'support');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'is deleted in the others');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'read-only' AND target_system = 'legacy'), 0::bigint, 'not there');

SELECT * FROM finish();
