-- A record that no system shows any more is dead, whatever was open about it; a create that
-- was acknowledged after its target said "deleted" may be there, and is deleted too.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

CREATE FUNCTION pg_temp.deleted(system text) RETURNS text LANGUAGE sql AS $$
	SELECT verdict FROM sync_delete(system, 'contact', ARRAY[pg_temp.record_key()])
$$;
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "name": {}}, "window": "0 seconds"}');

-- An open collision dies with the record, and does not haunt its next life.
CALL pg_temp.at_rest('collision', '{"phone": "1", "name": "ann"}', 'crm', 'support');
SELECT pg_temp.saw('crm', '{"phone": "2"}');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'conflict phone=conflict', 'a collision');
SELECT is(pg_temp.deleted('support'), 'conflict', 'support deletes the record');
SELECT is(pg_temp.deleted('crm'), 'accepted', 'and crm: nobody shows it');
SELECT is(pg_temp.open_conflict(), NULL, 'nothing is left to decide');
SELECT is(pg_temp.saw('crm', '{"phone": "8", "name": "bob"}'), 'accepted name=accepted,phone=accepted -> support', 'crm creates it again');
SELECT is(pg_temp.golden(), '{"name": "bob", "phone": "8"}', 'as it shows it');

-- A create was under way when its target said that the record is gone.
CALL pg_temp.record('create');
SELECT pg_temp.saw('crm', '{"phone": "1", "name": "ann"}');
SELECT is(pg_temp.poll('support'), 'create {"name": "ann", "phone": "1"}', 'a create is on its way');
SELECT is(pg_temp.deleted('support'), 'conflict', 'support deletes the record: this one, or one of its own');
SELECT is(pg_temp.deleted('crm'), 'accepted', 'and crm: nobody shows it');
SELECT is(pg_temp.ack('support'), true, 'the create has landed, before or after that');
SELECT is(pg_temp.poll('support'), 'delete {}', 'so it is deleted there');

-- The delete that ends it may be the echo of ours.
CALL pg_temp.at_rest('late edit', '{"phone": "1", "name": "ann"}', 'crm', 'support');
SELECT is(pg_temp.deleted('crm'), 'accepted', 'crm deletes the record');
SELECT is(pg_temp.poll('support'), 'delete {}', 'which goes to support');
SELECT is(pg_temp.ack('support'), true, 'and has landed');
SELECT is(pg_temp.saw('support', '{"phone": "7"}'), 'held phone=held', 'a late edit there');
SELECT isnt(pg_temp.open_conflict(), NULL, 'is for a human');
SELECT is(pg_temp.deleted('support'), 'echo', 'then support tells of the delete');
SELECT is(pg_temp.open_conflict(), NULL, 'nobody shows the record: nothing is left to decide');
SELECT is((SELECT incoming_value->>'phone' FROM sync_conflict WHERE record_key = 'late edit'), '7', 'the edit is named');
SELECT is(pg_temp.saw('support', '{"phone": "8"}'), 'held phone=held', 'shown there once more');
SELECT isnt(pg_temp.open_conflict(), NULL, 'it is for a human again');

SELECT * FROM finish();
ROLLBACK;
