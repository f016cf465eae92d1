-- deletes: review. Every delete is a human's decision; until then the record is frozen.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}, "email": {}}, "deletes": "review"}');

CREATE PROCEDURE pg_temp.crm_deletes(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
	PERFORM pg_temp.gone('crm');
END
$$;

CALL pg_temp.at_rest('asked', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT alike(pg_temp.gone('crm'), 'conflict%', 'the crm deletes');
SELECT is(pg_temp.life_conflicts(), 'delete open', 'a human is asked');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'nobody is told');
SELECT is(pg_temp.life(), 'alive', 'nobody has died');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'delete'), true, 'the human lets it go');
SELECT is(pg_temp.life(), 'dead', 'it is dead');
SELECT is(pg_temp.polled('support'), 'delete', 'everybody is told');
SELECT is(pg_temp.polled('shop'), 'delete', 'everybody');
SELECT is(pg_temp.polled('crm'), NULL, 'who does not know it');

CALL pg_temp.crm_deletes('kept');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'shop'), true, 'the human keeps it');
SELECT is(pg_temp.pending('crm'), 'create {"email": "a", "phone": "0"}', 'it is created again where it was deleted');
SELECT is(pg_temp.pending('support'), NULL, 'the others have it');
SELECT is(pg_temp.pending('shop'), NULL, 'as it is');
CALL pg_temp.deliver('crm');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.saw('crm', '{"phone": "5"}'), 'accepted phone=accepted -> shop,support', 'and it is as every other record');

-- Both delete before the human decides
CALL pg_temp.crm_deletes('by two');
SELECT ok(pg_temp.gone('support') !~ '->', 'a second one deletes it: nobody is told');
SELECT is(pg_temp.life_conflicts(), 'delete open', 'one row, one decision');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'delete'), true, 'the human lets it go');
SELECT is(pg_temp.polled('shop'), 'delete', 'who has it is told');
SELECT is(pg_temp.polled('support'), NULL, 'who has not is not');
SELECT is(pg_temp.polled('crm'), NULL, 'nor the other one');

-- An edit of the frozen record
CALL pg_temp.crm_deletes('edited');
SELECT matches(pg_temp.saw('support', '{"phone": "1"}'), '^(conflict|held)', 'an edit while it is to be decided');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'edited'), 0::bigint, 'goes to nobody');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'the human keeps it as support shows it');
SELECT is(pg_temp.golden(), '{"email": "a", "phone": "1"}', 'with the edit');
SELECT is(pg_temp.pending('shop'), 'update {"phone": "1"}', 'which goes to who has the record');
SELECT is(pg_temp.pending('crm'), 'create {"email": "a", "phone": "1"}', 'and to who has it no more');
SELECT is(pg_temp.pending('support'), NULL, 'not to its author');

-- What is unchanged stays unchanged in a frozen record
CALL pg_temp.crm_deletes('polled');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'unchanged', 'a full poll of support is nothing new');
SELECT is((SELECT revision FROM sync_conflict WHERE id = pg_temp.life_conflict()), 1, 'nor for the conflict');

SELECT * FROM finish();
