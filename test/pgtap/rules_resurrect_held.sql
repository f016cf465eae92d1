-- A late update of a dead record does not revive it: a human decides.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}, "email": {}}}');

CREATE PROCEDURE pg_temp.crm_deletes(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
	PERFORM pg_temp.gone('crm');
END
$$;

-- Before the delete went out
CALL pg_temp.crm_deletes('before');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'unchanged', 'who has not been told shows what it showed');
SELECT alike(pg_temp.saw('support', '{"phone": "1", "email": "a"}'), 'held%', 'an edit of the dead record');
SELECT is(pg_temp.life_conflicts(), 'resurrect open', 'a human looks');
SELECT is((SELECT incoming_system FROM sync_conflict WHERE id = pg_temp.life_conflict()), 'support', 'at what support shows');
SELECT is(pg_temp.life(), 'dead', 'dead until then');
SELECT is(pg_temp.polled('support'), NULL, 'the record is frozen: no delete goes there');
SELECT is(pg_temp.polled('shop'), NULL, 'nor to the third one');
SELECT is(pg_temp.polled('crm'), NULL, 'nor anything back');
SELECT alike(pg_temp.saw('support', '{"phone": "2", "email": "a"}'), 'held%', 'a further edit');
SELECT is(pg_temp.life_conflicts(), 'resurrect open', 'stands in the same row');
SELECT is((SELECT revision FROM sync_conflict WHERE id = pg_temp.life_conflict()), 2, 'under a new revision');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support', revision => 1), false, 'a decision about the first one comes too late');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support', revision => 2), true, 'the human lets it live');
SELECT is(pg_temp.life(), 'alive', 'it lives');
SELECT is(pg_temp.golden(), '{"email": "a", "phone": "2"}', 'as support shows it');
SELECT is(pg_temp.pending('crm'), 'create {"email": "a", "phone": "2"}', 'who deleted it has it created again');
SELECT is(pg_temp.pending('shop'), 'update {"phone": "2"}', 'who still has it is told what differs');
SELECT is(pg_temp.pending('support'), NULL, 'who shows it is told nothing');
CALL pg_temp.deliver('crm', 'shop');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.saw('crm', '{"phone": "5"}'), 'accepted phone=accepted -> shop,support', 'it is a record as any other');

CALL pg_temp.crm_deletes('dead stays dead');
SELECT alike(pg_temp.saw('support', '{"phone": "1"}'), 'held%', 'an edit of the dead record');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'delete'), true, 'the human lets it go');
SELECT is(pg_temp.life(), 'dead', 'dead');
SELECT is(pg_temp.polled('support'), 'delete', 'now it goes to who edited it');
SELECT is(pg_temp.polled('shop'), 'delete', 'and to the third one');
SELECT is(pg_temp.polled('crm'), NULL, 'not to who has it not');

-- After the delete was shown there
CALL pg_temp.crm_deletes('after');
CALL pg_temp.delete_there('support');
CALL pg_temp.delete_there('shop');
SELECT is(pg_temp.gone('support'), 'echo', 'our delete is shown');
CALL pg_temp.at('12:30');
SELECT alike(pg_temp.saw('support', '{"phone": "7", "email": "b"}'), 'held%', 'and half an hour later the record is');
SELECT is(pg_temp.life_conflicts(), 'resurrect open', 'a human looks');
SELECT is(pg_temp.polled('crm'), NULL, 'nobody is told');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'the human lets it live');
SELECT is(pg_temp.pending('crm'), 'create {"email": "b", "phone": "7"}', 'it is created in the others');
SELECT is(pg_temp.pending('shop'), 'create {"email": "b", "phone": "7"}', 'as support shows it');
SELECT is(pg_temp.pending('support'), NULL, 'who has it');

CALL pg_temp.crm_deletes('after, and dead');
CALL pg_temp.delete_there('support');
SELECT is(pg_temp.gone('support'), 'echo', 'our delete is shown');
CALL pg_temp.at('12:30');
SELECT alike(pg_temp.saw('support', '{"phone": "7", "email": "b"}'), 'held%', 'and half an hour later the record is');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'delete'), true, 'the human lets it go');
SELECT is(pg_temp.polled('support'), 'delete', 'it is deleted there once more');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.gone('support'), 'echo', 'which is our echo again');

-- Who shows it deletes it again: there is nothing left to decide, or death wins
CALL pg_temp.crm_deletes('changed its mind');
SELECT alike(pg_temp.saw('support', '{"phone": "1"}'), 'held%', 'an edit of the dead record');
SELECT throws_ok($$ SELECT sync_resolve(pg_temp.life_conflict(), winner => 'crm') $$, '22023', NULL, 'who shows no record cannot be its winner');
SELECT unalike(pg_temp.gone('support'), '%-> %support%', 'who edited it deletes it too');
SELECT is(pg_temp.life(), 'dead', 'dead');
SELECT is(pg_temp.polled('support'), NULL, 'and it need not be deleted there');

SELECT * FROM finish();
