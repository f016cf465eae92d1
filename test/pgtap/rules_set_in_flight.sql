-- The base of a merge is every set that a system may be showing: what cannot be told is not guessed.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"tags": {"type": "set", "merge": "set"}}}');

-- Both show a; the crm adds b, which is in flight to support.
CREATE PROCEDURE pg_temp.adds_b(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"tags": ["a"]}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"tags": ["a", "b"]}');
	PERFORM pg_temp.poll('support');
	CALL pg_temp.at('12:02');
END
$$;

CALL pg_temp.adds_b('echo');
SELECT is(pg_temp.saw('support', '{"tags": ["b", "a"]}'), 'echo tags=echo', 'our write is shown before the answer');
SELECT is(pg_temp.ack('support'), true, 'then the answer');
SELECT is(pg_temp.waits('support'), NULL, 'at rest');

CALL pg_temp.adds_b('adds');
SELECT alike(pg_temp.saw('support', '{"tags": ["a", "b", "c"]}'), 'accepted tags=accepted -> %crm%', 'support shows our b and adds c');
SELECT is(pg_temp.golden()->'tags', '["a", "b", "c"]', 'all three');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.poll('crm'), 'update {"tags": ["a", "b", "c"]}', 'the crm gets the new one');

CALL pg_temp.adds_b('adds without');
SELECT alike(pg_temp.saw('support', '{"tags": ["a", "c"]}'), 'accepted tags=accepted -> %crm%', 'support adds c; whether it has b yet nobody knows');
SELECT is(pg_temp.golden()->'tags', '["a", "b", "c"]', 'an element that only some hold is not removed');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.waits('support'), 'update {"tags": ["a", "b", "c"]}', 'support gets the union');

CALL pg_temp.adds_b('removes');
SELECT alike(pg_temp.saw('support', '{"tags": []}'), 'accepted tags=accepted -> %crm%', 'support removes a, which it held in any case');
SELECT is(pg_temp.golden()->'tags', '["b"]', 'and b stays');

-- An old photograph after the ack: late once, then a human looks
CALL pg_temp.adds_b('late');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"tags": ["a"]}'), 'echo tags=echo', 'the set from before our write is a late echo');
SELECT is(pg_temp.golden()->'tags', '["a", "b"]', 'which removes nothing');
SELECT is(pg_temp.waits('support'), NULL, 'and sends nothing');
SELECT is(pg_temp.saw('support', '{"tags": ["a"]}'), 'held tags=held', 'the same again within the echo window is held');
SELECT is((SELECT concat_ws(' ', field, kind, status) FROM sync_conflict WHERE record_key = 'late'), 'tags bounce open', 'as a bounce');

-- Shown, it is known: what is missing then was removed
CALL pg_temp.adds_b('known');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b"]}'), 'echo tags=echo', 'and shown');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.saw('support', '{"tags": ["a"]}'), 'accepted tags=accepted -> crm', 'b is removed');
SELECT is(pg_temp.golden()->'tags', '["a"]', 'for all');

-- A lost write may have landed
CALL pg_temp.adds_b('lost');
CALL pg_temp.at('12:05');
SELECT alike(pg_temp.saw('support', '{"tags": ["a", "c"]}'), 'accepted tags=accepted -> %', 'support adds c after the worker died');
SELECT is(pg_temp.golden()->'tags', '["a", "b", "c"]', 'b is not lost');

-- Owned, it is not merged
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"tags": {"type": "set", "merge": "set", "owner": "crm"}}}');
CALL pg_temp.at_rest('owned', '{"tags": ["a"]}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "z"]}'), 'overruled tags=overruled -> support', 'another than the owner adds nothing');
SELECT is(pg_temp.poll('support'), 'update {"tags": ["a"]}', 'the owner''s set goes back');

SELECT * FROM finish();
