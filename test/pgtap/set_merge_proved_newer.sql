-- What a system showed before a write of ours landed is no base of what it shows after it.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v"}}, "fields": {"tags": {"type": "set", "merge": "set"}}}');

-- Support is created with a as version 1; the crm adds b, which is on its way.
CREATE PROCEDURE pg_temp.on_its_way(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', '{"tags": ["a"]}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support', '{"tags": ["a"], "v": 1}');
	PERFORM pg_temp.saw('support', '{"tags": ["a"], "v": 1}');
	PERFORM pg_temp.saw('crm', '{"tags": ["a", "b"]}');
	PERFORM pg_temp.poll('support');
END
$$;

-- The write buries x, which support had shown; then a human there adds y to what the write left
CALL pg_temp.on_its_way('buried');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "x"], "v": 2}'), 'accepted tags=accepted -> crm,support', 'x is added before the write lands');
SELECT is(pg_temp.ack('support', '{"v": 3}'), true, 'the write lands as version 3');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b", "y"], "v": 4}'), 'accepted tags=accepted -> crm,support', 'y is added after it');
SELECT is(pg_temp.golden()->'tags', '["a", "b", "x", "y"]', 'nobody has removed x');
SELECT is(pg_temp.waits('support'), 'update {"tags": ["a", "b", "x", "y"]}', 'so it goes back');

-- What the write left and is missing was removed
CALL pg_temp.on_its_way('removed');
SELECT is(pg_temp.ack('support', '{"v": 3}'), true, 'the write lands as version 3');
SELECT is(pg_temp.saw('support', '{"tags": ["a"], "v": 4}'), 'accepted tags=accepted -> crm', 'b is missing in version 4');
SELECT is(pg_temp.golden()->'tags', '["a"]', 'so a human has removed it');

-- A lost call replaced what its retry replaced; once that is seen, under a version, none of it is there
CALL pg_temp.record('put back after a retry');
CALL pg_temp.at('12:00');
SELECT pg_temp.saw('support', '{"tags": ["a", "b"], "v": 1}');
CALL pg_temp.deliver('crm');
CALL pg_temp.at('12:10');
SELECT pg_temp.saw('crm', '{"tags": ["a"]}');
SELECT pg_temp.poll('support');
CALL pg_temp.at('12:12');
SELECT is(pg_temp.poll('support'), 'update {"tags": ["a"]}', 'a worker died, and the call goes again');
SELECT is(pg_temp.saw('support', '{"tags": ["a"], "v": 2}'), 'echo tags=echo', 'support shows it');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b"], "v": 3}'), 'accepted tags=accepted -> crm,support', 'and puts b back, which is an edit');

-- What landed before a write that the payload is newer than is no base either, told its version or not
CALL pg_temp.record('two writes, one version');
CALL pg_temp.at('12:00');
SELECT pg_temp.saw('crm', '{"tags": ["a"]}');
SELECT is(pg_temp.poll('support'), 'create {"tags": ["a"]}', 'created');
SELECT is(pg_temp.ack('support'), true, 'nobody says as which version');
SELECT pg_temp.saw('crm', '{"tags": ["a", "b", "c"]}');
SELECT is(pg_temp.poll('support'), 'update {"tags": ["a", "b", "c"]}', 'and written again');
SELECT is(pg_temp.ack('support', '{"v": 2}'), true, 'which is version 2');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "c"], "v": 3}'), 'accepted tags=accepted -> crm,support', 'b is removed in version 3');
SELECT is(pg_temp.golden()->'tags', '["a", "c"]', 'and is removed');

SELECT * FROM finish();
