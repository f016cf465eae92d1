-- Decided for life, a record is as the winner shows it; what others showed meanwhile is decided then.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}, "email": {}}, "deletes": "review"}');

-- The crm deletes; a human is asked
CREATE PROCEDURE pg_temp.crm_deletes(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
	PERFORM pg_temp.gone('crm');
END
$$;

CREATE FUNCTION pg_temp.known(value text) RETURNS boolean LANGUAGE sql AS $$
	SELECT pg_temp.golden()->>'phone' = value
		OR EXISTS (SELECT FROM sync_conflict AS c WHERE record_key = pg_temp.record_key() AND field = 'phone'
			AND (sides @? format('$.* ? (@ == "%s")', value)::jsonpath OR sides @? format('$.*[*] ? (@ == "%s")', value)::jsonpath
				OR to_jsonb(value) IN (incoming_value, current_value)))
$$;

CALL pg_temp.crm_deletes('one edit, of the winner');
SELECT matches(pg_temp.saw('shop', '{"phone": "9"}'), '^(conflict|held)', 'the shop edits meanwhile');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'shop'), true, 'and wins');
SELECT is(pg_temp.golden(), '{"email": "a", "phone": "9"}', 'the record is as it shows it');
SELECT is(pg_temp.polled('support'), 'update {"phone": "9"}', 'the others are told');
SELECT is(pg_temp.polled('crm'), 'create {"email": "a", "phone": "9"}', 'the others are told');

CALL pg_temp.crm_deletes('one edit, of another');
SELECT matches(pg_temp.saw('shop', '{"phone": "9"}'), '^(conflict|held)', 'the shop edits meanwhile');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'support, which did not, wins');
SELECT is(pg_temp.life(), 'alive', 'it lives');
SELECT is(pg_temp.life_conflicts(), 'delete resolved', 'life is decided');
SELECT is(pg_temp.known('9'), true, 'the edit of the shop is not lost');
SELECT isnt(pg_temp.golden()->>'email', NULL, 'the rest is as it was');

CALL pg_temp.crm_deletes('two edits');
SELECT matches(pg_temp.saw('support', '{"phone": "8"}'), '^(conflict|held)', 'support edits');
SELECT matches(pg_temp.saw('shop', '{"phone": "9"}'), '^(conflict|held)', 'so does the shop');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'support wins');
SELECT is(pg_temp.golden()->>'phone', '8', 'the record is as it shows it');
SELECT is((SELECT concat_ws(' ', field, kind, status, current_value, incoming_value) FROM sync_conflict WHERE record_key = 'two edits' AND field IS NOT NULL),
	'phone collision open "8" "9"', 'what the shop showed collides with that now');
SELECT is(pg_temp.polled('shop'), NULL, 'nothing of it goes there');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'shop'), true, 'decided');
SELECT is(pg_temp.polled('support'), 'update {"phone": "9"}', 'support is told');
SELECT is(pg_temp.golden(), '{"email": "a", "phone": "9"}', 'and this is the record');

-- The same edit by both is no conflict
CALL pg_temp.crm_deletes('the same edit');
SELECT matches(pg_temp.saw('support', '{"phone": "8"}'), '^(conflict|held)', 'support edits');
SELECT matches(pg_temp.saw('shop', '{"phone": "8"}'), '^(conflict|held)', 'the shop likewise');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'support wins');
SELECT is((SELECT count(*) FROM sync_conflict WHERE record_key = 'the same edit' AND status = 'open'), 0::bigint, 'they agree');
SELECT is(pg_temp.polled('shop'), NULL, 'the shop is told nothing');
SELECT is(pg_temp.polled('crm'), 'create {"email": "a", "phone": "8"}', 'the crm gets it all');

-- Different fields go both through
CALL pg_temp.crm_deletes('different fields');
SELECT matches(pg_temp.saw('support', '{"phone": "8"}'), '^(conflict|held)', 'support edits one');
SELECT matches(pg_temp.saw('shop', '{"email": "b"}'), '^(conflict|held)', 'the shop the other');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'support wins');
SELECT is(pg_temp.golden()->>'phone', '8', 'its field stands');
SELECT ok(pg_temp.golden()->>'email' = 'b' OR EXISTS (SELECT FROM sync_conflict WHERE record_key = 'different fields' AND field = 'email' AND incoming_value = '"b"'),
	'the other one is decided too, or to be decided');

-- The edit was taken back meanwhile
CALL pg_temp.crm_deletes('taken back');
SELECT matches(pg_temp.saw('shop', '{"phone": "9"}'), '^(conflict|held)', 'the shop edits');
SELECT matches(pg_temp.saw('shop', '{"phone": "0"}'), '^(conflict|held|agreed)', 'and takes it back');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'support wins');
SELECT is(pg_temp.golden(), '{"email": "a", "phone": "0"}', 'nothing has changed');
SELECT is(pg_temp.polled('support'), NULL, 'support is told nothing');
SELECT is(pg_temp.polled('shop'), NULL, 'nor the shop');

-- Dead, nothing of it goes anywhere
CALL pg_temp.crm_deletes('dead');
SELECT matches(pg_temp.saw('shop', '{"phone": "9"}'), '^(conflict|held)', 'the shop edits meanwhile');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'delete'), true, 'the human lets it go');
SELECT is(pg_temp.polled('shop'), 'delete', 'deleted where it was edited');
SELECT is(pg_temp.polled('support'), 'delete', 'and where not');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'dead' AND action <> 'delete'), 0::bigint, 'nothing else');

CALL pg_temp.at_rest('as it stands', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT matches(pg_temp.saw('shop', '{"phone": "9"}'), '^accepted', 'an edit');
SELECT matches(pg_temp.gone('support'), '^conflict', 'and a delete');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'current_system'), true, 'the record stays, whoever edited it');
SELECT is((SELECT resolution FROM sync_conflict WHERE record_key = pg_temp.record_key()), 'shop', 'the row says who that was');
SELECT is(pg_temp.polled('support'), 'create {"email": "a", "phone": "9"}', 'and it is created again');

-- What the shop showed of the dead record was let go; then support shows it again, and wins
CALL pg_temp.at_rest('null of the winner', '{"phone": "0", "email": null}', 'crm', 'support', 'shop');
SELECT is(pg_temp.gone('crm'), 'conflict', 'the crm deletes');
SELECT alike(pg_temp.saw('shop', '{"phone": "0", "email": "e"}'), 'conflict%', 'the shop fills what nobody had set');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'delete'), true, 'the human lets it go');
SELECT alike(pg_temp.saw('support', '{"phone": "7", "email": null}'), 'held%', 'support edits another field');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'and wins');
SELECT is(pg_temp.polled('shop'), 'update {"email": null, "phone": "7"}', 'the shop is told of the null, too');

-- The winner is a system of which nobody can say whether our create is there: that shows nothing else than the record
CALL pg_temp.record('yet to land');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": null}'), 'accepted email=agreed,phone=accepted -> shop,support', 'a new record');
SELECT is(pg_temp.poll('support'), 'create {"phone": "1"}', 'a worker creates it');
SELECT is(pg_temp.gone('support'), 'conflict', 'support says that it is gone there');
SELECT is(pg_temp.ack('support'), true, 'and then the worker that it has created it');
SELECT is(pg_temp.gone('crm'), 'conflict', 'the crm deletes it, too');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'a human lets it live by support''s word');
SELECT is(pg_temp.golden(), '{"email": null, "phone": "1"}', 'and no value is lost');
SELECT is(pg_temp.polled('support'), 'create {"phone": "1"}', 'support gets it once more');

SELECT * FROM finish();
