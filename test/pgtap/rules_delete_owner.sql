-- delete_owner: only one system may delete; where another did, the record is created again.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}, "email": {}}, "delete_owner": "crm"}');

CALL pg_temp.at_rest('by another', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT alike(pg_temp.gone('support'), 'overruled% -> support', 'support may not delete');
SELECT is(pg_temp.life(), 'alive', 'the record lives');
SELECT is(pg_temp.pending('shop'), NULL, 'the others are told nothing');
SELECT is(pg_temp.polled('support'), 'create {"email": "a", "phone": "0"}', 'there it is created again');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT alike(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'echo%', 'and shown');
SELECT is((SELECT count(*) FROM sync_conflict WHERE status = 'open'), 0::bigint, 'nobody has to look');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'accepted phone=accepted -> crm,shop', 'and it may be edited there');

CALL pg_temp.at_rest('by the owner', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> shop,support', 'the owner may');
SELECT is(pg_temp.life(), 'dead', 'it is dead');

-- What the owner has not seen it does not delete without being asked
CALL pg_temp.at_rest('owner, unseen edit', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> crm,shop', 'an edit that the owner of deletes has not seen');
CALL pg_temp.at('12:10');
SELECT alike(pg_temp.gone('crm'), 'conflict%', 'and deletes');
SELECT is(pg_temp.life_conflicts(), 'delete open', 'is a human''s decision');

-- Another's delete with an edit on its way to it: what it gets is the record as it is now
CALL pg_temp.at_rest('another, unseen edit', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> shop,support', 'an edit');
SELECT alike(pg_temp.gone('support'), 'overruled% -> support', 'support has not seen it and deletes');
SELECT is(pg_temp.polled('support'), 'create {"email": "a", "phone": "1"}', 'the whole record goes there');
SELECT is(pg_temp.polled('support'), NULL, 'once');

-- Deleted there again while it is created again
SELECT alike(pg_temp.gone('support'), '%', 'a second webhook of the same delete');
SELECT is(pg_temp.ack('support'), true, 'the create is acknowledged');
SELECT is(pg_temp.life(), 'alive', 'the record lives');
SELECT is(pg_temp.pending('shop'), 'update {"phone": "1"}', 'the others only learn of the edit');

-- The owner's delete before another one's: nothing to overrule
CALL pg_temp.at_rest('owner first', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> shop,support', 'the owner deletes');
SELECT is(pg_temp.gone('support'), 'agreed', 'and the other one too');
SELECT is(pg_temp.polled('support'), NULL, 'there it need not be deleted');

-- and after it: the record need not be created again
CALL pg_temp.at_rest('owner last', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT alike(pg_temp.gone('support'), 'overruled% -> support', 'the other one deletes');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> shop', 'and then the owner');
SELECT is(pg_temp.polled('support'), NULL, 'nothing to create');
SELECT is(pg_temp.polled('shop'), 'delete', 'the third one deletes');

SELECT * FROM finish();
