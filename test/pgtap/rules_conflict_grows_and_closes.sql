-- An open conflict takes in what its sides show, and closes when all show the golden value.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"],
	"fields": {"phone": {"path": {"crm": "phone", "support": "phone"}}, "plan": {}}}');

CREATE FUNCTION pg_temp.row_of_conflict() RETURNS text LANGUAGE sql AS $$
	SELECT format('r%s %s %s', revision, current_value, sides) FROM sync_conflict
	WHERE record_key = pg_temp.record_key() ORDER BY id DESC LIMIT 1
$$;

CREATE PROCEDURE pg_temp.collide(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.saw('support', '{"phone": "2"}');
END
$$;

CALL pg_temp.collide('grows');
SELECT is(pg_temp.row_of_conflict(), 'r1 "1" {"crm": ["1"], "support": ["2"]}', 'a collision');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'unchanged', 'the value that it showed already is nothing new');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'conflict phone=conflict', 'a further value of the side');
SELECT is(pg_temp.row_of_conflict(), 'r2 "1" {"crm": ["1"], "support": ["2", "3"]}', 'updates the row and its revision');
SELECT is((SELECT incoming_value FROM sync_conflict WHERE id = pg_temp.open_conflict()), '"3"', 'the incoming value is the latest');
SELECT alike(pg_temp.saw('crm', '{"phone": "4"}'), '%phone=%', 'a further edit by the author of the golden value');
SELECT is(pg_temp.golden()->>'phone', '4', 'moves the golden value');
SELECT is((SELECT current_value FROM sync_conflict WHERE id = pg_temp.open_conflict()), '"4"', 'and the current value of the row');
SELECT cmp_ok((SELECT revision FROM sync_conflict WHERE id = pg_temp.open_conflict()), '>', 2, 'in a new revision');
SELECT is(pg_temp.waits('support'), NULL, 'and sends nothing');
SELECT is((SELECT count(*) FROM sync_conflict WHERE record_key = pg_temp.record_key()), 1::bigint, 'it is one row all the while');
SELECT is(pg_temp.saw('support', '{"phone": "4"}'), 'agreed phone=agreed', 'the side comes to the golden value');
SELECT is(pg_temp.open_conflict(), NULL, 'all sides show it for sure: closed');
SELECT is(pg_temp.waits('support'), NULL, 'nobody is told what all show');
SELECT is(pg_temp.waits('crm'), NULL, 'neither of them');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.saw('support', '{"phone": "5"}'), 'accepted phone=accepted -> crm', 'the field is free again');

CALL pg_temp.collide('the author gives in');
SELECT alike(pg_temp.saw('crm', '{"phone": "2"}'), '%phone=%', 'the author of the golden value comes to the other value');
SELECT is(pg_temp.golden()->>'phone', '2', 'which is golden then');
SELECT is(pg_temp.open_conflict(), NULL, 'all sides show it for sure: closed');
SELECT is(pg_temp.waits('support'), NULL, 'nobody is told what all show');

-- A write that was in flight leaves it open what support shows
CALL pg_temp.at_rest('in flight', '{"phone": "0"}', 'crm', 'support');
SELECT pg_temp.saw('crm', '{"phone": "1"}');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'a write is in flight');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'an edit crosses it');
SELECT alike(pg_temp.saw('crm', '{"phone": "2"}'), '%phone=%', 'the author comes to the other value');
SELECT isnt(pg_temp.open_conflict(), NULL, 'the write may have landed on it: not for sure, so it stays open');

-- What a webhook showed before the answer came was the target's own form of the value
CALL pg_temp.at_rest('own form', '{"phone": "0"}', 'crm', 'support');
SELECT pg_temp.saw('crm', '{"phone": "1"}');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'a write is in flight');
SELECT is(pg_temp.saw('support', '{"phone": "01"}'), 'conflict phone=conflict', 'another value is shown before the ack');
SELECT is(pg_temp.ack('support', '{"phone": "01"}'), true, 'the target says that it stored just that');
SELECT is(pg_temp.open_conflict(), NULL, 'it was the target''s own form: closed');
SELECT is(pg_temp.golden()->>'phone', '1', 'the golden value stays');
SELECT is(pg_temp.waits('support'), NULL, 'and is not sent again');

CALL pg_temp.at_rest('two values', '{"phone": "0"}', 'crm', 'support');
SELECT pg_temp.saw('crm', '{"phone": "1"}');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'a write is in flight');
SELECT is(pg_temp.saw('support', '{"phone": "02"}'), 'conflict phone=conflict', 'another value is shown before the ack');
SELECT is(pg_temp.saw('support', '{"phone": "01"}'), 'conflict phone=conflict', 'and one more');
SELECT is(pg_temp.ack('support', '{"phone": "01"}'), true, 'the target says that it stored the latter');
SELECT isnt(pg_temp.open_conflict(), NULL, 'which explains only one of the two: open');

SELECT * FROM finish();
