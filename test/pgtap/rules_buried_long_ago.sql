-- An edit that our write buried is found however late, whatever came before it: what our
-- write left is no word of that system, when nobody remembers the write any more.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v", "strict_versions": true}},
	"fields": {"phone": {}}, "window": "0 s"}');

-- Support shows our 0 as its version 1; a human types 2 there (version 2), our 1 lands
-- over it (version 3), and its ack names no version.  Two hours later C is 3.
CREATE PROCEDURE pg_temp.bury(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', '{"phone": "0"}'), pg_temp.poll('support'), pg_temp.ack('support', '{"v": 1}');
	PERFORM pg_temp.saw('support', '{"phone": "0", "v": 1}');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}'), pg_temp.poll('support'), pg_temp.ack('support');
	CALL pg_temp.at('14:00');
	PERFORM pg_temp.saw('crm', '{"phone": "3"}');
END
$$;

CALL pg_temp.bury('after the write');
SELECT is(pg_temp.saw('support', '{"phone": "1", "v": 3}'), 'unchanged', 'what our write left says nothing new');
SELECT is(pg_temp.saw('support', '{"phone": "2", "v": 2}'), 'conflict phone=conflict', 'the edit under it is named');
SELECT is(pg_temp.conflicts(), 'phone collision open: "3" (crm) against "2" (support)', 'in a conflict');

CALL pg_temp.bury('before the write');
SELECT is(pg_temp.saw('support', '{"phone": "2", "v": 2}'), 'conflict phone=conflict', 'shown first, it is named too');
SELECT alike(pg_temp.saw('support', '{"phone": "1", "v": 3}'), 'conflict%', 'as is what follows');

CALL pg_temp.bury('typed since');
SELECT is(pg_temp.saw('support', '{"phone": "4", "v": 5}'), 'conflict phone=conflict', 'a later edit');
SELECT is(pg_temp.saw('support', '{"phone": "2", "v": 2}'), 'stale phone=stale', 'whose author had the older one on the screen');

-- Support's own webhook of our 1 overtakes the one in which it shows the same once more.
CALL pg_temp.bury('our write, older');
SELECT is(pg_temp.saw('support', '{"phone": "1", "v": 4}'), 'unchanged', 'what our write left, under a newer version');
SELECT is(pg_temp.saw('support', '{"phone": "1", "v": 3}'), 'stale phone=stale', 'and under an older one: nobody''s edit');
SELECT is(pg_temp.saw('support', '{"phone": "2", "v": 2}'), 'conflict phone=conflict', 'the edit under it is named');

SELECT * FROM finish();
