-- An element that only some of the sets hold which a system may be showing: late once, then held.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"tags": {"type": "set", "merge": "set"}}}');

-- Both show a and b; the crm adds c, which is written to support and owed its sight.
CREATE PROCEDURE pg_temp.written(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"tags": ["a", "b"]}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"tags": ["a", "b", "c"]}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
END
$$;

CALL pg_temp.written('late once');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b", "d"]}'), 'accepted tags=accepted -> crm,support', 'd is new, and c may be late');
SELECT is(pg_temp.golden()->'tags', '["a", "b", "c", "d"]', 'so it stays');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b", "d", "e"]}'), 'held tags=held', 'missing once more it is late, or was removed: nobody can tell');
SELECT is(pg_temp.conflicts(), 'tags bounce open: ["a", "b", "c", "d"] (support) against ["a", "b", "d", "e"] (support)', 'so nobody guesses');
SELECT is(concat(pg_temp.waits('crm'), pg_temp.waits('support')), '', 'and nothing is sent');
SELECT is(sync_resolve(pg_temp.open_conflict(), value => '["d", "e"]'), true, 'a human decides');
SELECT is(pg_temp.waits('crm'), 'update {"tags": ["d", "e"]}', 'and it goes on');

CALL pg_temp.written('only late');
SELECT is(pg_temp.saw('support', '{"tags": ["a"]}'), 'accepted tags=accepted -> crm,support', 'what all of them held is removed, in doubt or not');
SELECT is(pg_temp.golden()->'tags', '["a", "c"]', 'what only some held is not');

CALL pg_temp.written('says nothing');
SELECT is(pg_temp.saw('crm', '{"tags": ["a", "b", "c", "d"]}'), 'accepted tags=accepted -> support', 'the crm adds d');
SELECT is(pg_temp.poll('support'), 'update {"tags": ["a", "b", "c", "d"]}', 'on its way too');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b", "d"]}'), 'echo tags=echo', 'a set of nothing but what is on its way is no edit');
SELECT is(pg_temp.golden()->'tags', '["a", "b", "c", "d"]', 'the golden set stays');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.waits('support'), NULL, 'what counts as late crosses nothing: who removed c is not written over');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b", "d"]}'), 'held tags=held', 'the same once more is held');

-- Nor the empty set, where we have created the record
CALL pg_temp.record('emptied');
SELECT is(pg_temp.saw('crm', '{"tags": ["a"]}'), 'accepted tags=accepted -> support', 'the crm has a');
SELECT is(pg_temp.poll('support'), 'create {"tags": ["a"]}', 'it is created');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"tags": []}'), 'echo tags=echo', 'empty: from before it, or a was removed');
SELECT is(pg_temp.waits('support'), NULL, 'nothing is sent over it');
SELECT is(pg_temp.saw('support', '{"tags": []}'), 'held tags=held', 'once more it is held');

-- It is not late for ever: of two writes the later one was seen, and what is missing is of neither's making
CALL pg_temp.record('only the later one seen');
SELECT is(pg_temp.saw('crm', '{"tags": ["a"]}'), 'accepted tags=accepted -> support', 'the crm has a');
SELECT is(pg_temp.poll('support'), 'create {"tags": ["a"]}', 'it is created');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('crm', '{"tags": ["a", "b", "c"]}'), 'accepted tags=accepted -> support', 'b and c are added');
SELECT is(pg_temp.poll('support'), 'update {"tags": ["a", "b", "c"]}', 'and written');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b", "c"]}'), 'echo tags=echo', 'and seen');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "c"]}'), 'held tags=held', 'b was removed: it does not go under as late');

-- After a crossing what counts as late would be written over before it is seen again
CALL pg_temp.record('crossed');
SELECT is(pg_temp.saw('crm', '{"tags": ["a"]}'), 'accepted tags=accepted -> support', 'the crm has a');
SELECT is(pg_temp.poll('support'), 'create {"tags": ["a"]}', 'it is created');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b"]}'), 'accepted tags=accepted -> crm,support', 'b is added before that was seen');
SELECT is(pg_temp.saw('support', '{"tags": ["b"]}'), 'held tags=held', 'then a is missing');
SELECT is(pg_temp.waits('support'), NULL, 'and is not written over');

-- The sight ends the doubt
CALL pg_temp.written('seen');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b", "c"]}'), 'echo tags=echo', 'the sight of the write');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b"]}'), 'accepted tags=accepted -> crm', 'what is missing from then on was removed');
CALL pg_temp.written('seen, then less');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b", "c"]}'), 'echo tags=echo', 'the sight of the write');
SELECT is(pg_temp.saw('support', '{"tags": ["a"]}'), 'accepted tags=accepted -> crm', 'anything else is an edit');
SELECT is(pg_temp.golden()->'tags', '["a"]', 'which removes c');

-- So does time
CALL pg_temp.written('past the echo window');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b"]}'), 'accepted tags=accepted -> crm', 'an edit');
SELECT is(pg_temp.golden()->'tags', '["a", "b"]', 'which removes c');

SELECT * FROM finish();
