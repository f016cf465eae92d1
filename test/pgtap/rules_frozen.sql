-- A frozen field: stale and echo hold as ever, everything else goes into the open row.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"version": "v"}, "support": {"version": "v"}, "billing": {}}, "fields": {"phone": {}, "email": {}}}');

CREATE FUNCTION pg_temp.revision() RETURNS integer LANGUAGE sql AS $$
	SELECT revision FROM sync_conflict WHERE id = pg_temp.open_conflict()
$$;

-- The crm has set phone 1, support under version 7 phone 2 without having seen that.
CREATE PROCEDURE pg_temp.collide(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
	PERFORM pg_temp.saw('crm', '{"v": 3, "phone": "1"}');
	PERFORM pg_temp.saw('support', '{"v": 7, "phone": "2"}');
END
$$;

CALL pg_temp.collide('stale');
SELECT is(pg_temp.saw('support', '{"v": 6, "phone": "3"}'), 'stale phone=stale', 'an older version is stale in a frozen field too');
SELECT is(pg_temp.saw('crm', '{"v": 2, "phone": "3"}'), 'stale phone=stale', 'on both sides');
SELECT is(pg_temp.revision(), 1, 'and is nothing that a human must see');
SELECT is(pg_temp.saw('support', '{"v": 8, "phone": "2"}'), 'unchanged', 'nothing new is nothing new');
SELECT is(pg_temp.revision(), 1, 'and no revision');

CALL pg_temp.at_rest('echo', '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'an edit');
SELECT is(pg_temp.poll('billing'), 'update {"phone": "1"}', 'is on its way to one target');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'when another one collides with it');
SELECT is(pg_temp.saw('billing', '{"phone": "1"}'), 'echo phone=echo', 'the echo of what was under way is one');
SELECT is(pg_temp.ack('billing'), true, 'and its answer is taken');
SELECT is(pg_temp.revision(), 1, 'neither is a side of the conflict');
SELECT is((SELECT sides FROM sync_conflict WHERE id = pg_temp.open_conflict()), '{"crm": ["1"], "support": ["2"]}', 'which has two');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'decided');
SELECT is(pg_temp.poll('billing'), 'update {"phone": "2"}', 'all who show something else are told');
SELECT is(pg_temp.poll('crm'), 'update {"phone": "2"}', 'the author too');

-- A lease that runs out while the field is frozen: nothing of it goes out again
CALL pg_temp.at_rest('lost', '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "b"}'), 'accepted email=accepted,phone=accepted -> billing,support', 'an edit of two fields');
SELECT is(pg_temp.poll('billing'), 'update {"email": "b", "phone": "1"}', 'is on its way to one target');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict -> support', 'when another one collides with one of them');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.poll('billing'), 'update {"email": "b"}', 'the retry leaves the frozen field out');
SELECT is(pg_temp.ack('billing'), true, 'acknowledged');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'decided for what was under way');
SELECT is(pg_temp.poll('billing'), 'update {"phone": "1"}', 'goes out again: nobody knows whether it landed');

-- A null that erases nothing is no side; one that clears is a value
CALL pg_temp.collide('null');
SELECT alike(pg_temp.saw('support', '{"v": 8, "phone": null}'), 'kept phone=kept%', 'a null that erases nothing');
SELECT isnt(pg_temp.open_conflict(), NULL, 'closes nothing');
SELECT is(pg_temp.waits('support'), NULL, 'and sends nothing of the frozen field');

-- A create holds no frozen field
CALL pg_temp.record('create');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "a"}'), 'accepted email=accepted,phone=accepted -> billing,support', 'a new record');
SELECT is(pg_temp.saw('support', '{"phone": "2", "email": "a"}'), 'conflict email=agreed,phone=conflict -> billing', 'is new in another system too, with another value');
SELECT is(pg_temp.poll('billing'), 'create {"email": "a"}', 'the third is told what is not frozen');
SELECT is(pg_temp.ack('billing'), true, 'acknowledged');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'decided');
SELECT is(pg_temp.poll('billing'), 'update {"phone": "2"}', 'and the rest when it is decided');

SELECT * FROM finish();
