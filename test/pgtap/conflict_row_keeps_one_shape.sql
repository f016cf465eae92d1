-- A policy groups or parts fields in conflict: a row's values have one shape, the one that its field names.
\ir story.psql
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.policy(groups jsonb) RETURNS integer LANGUAGE sql AS $$
	SELECT sync_configure('contact', jsonb_build_object('systems', '["crm", "support"]'::jsonb, 'window', '0 s', 'fields',
		(SELECT jsonb_object_agg(key, CASE value WHEN '' THEN '{}' ELSE jsonb_build_object('group', value) END) FROM jsonb_each_text(groups))))
$$;
CREATE FUNCTION pg_temp.rows() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' | ', field, base_value, current_value, incoming_value, sides::text, resolution, resolved_value), '; ' ORDER BY id)
	FROM sync_conflict WHERE record_key = pg_temp.record_key()
$$;
CREATE PROCEDURE pg_temp.collision(record_key text, fields text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"street": "A", "city": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', CASE fields WHEN 'street' THEN '{"street": "B"}' ELSE '{"street": "B", "city": "b"}' END::jsonb);
	PERFORM pg_temp.saw('support', CASE fields WHEN 'street' THEN '{"street": "C"}' ELSE '{"street": "C", "city": "c"}' END::jsonb);
END
$$;

-- One field in conflict becomes part of a group
SELECT pg_temp.policy('{"street": "", "city": ""}');
CALL pg_temp.collision('decided', 'street');
CALL pg_temp.collision('shown', 'street');
CALL pg_temp.collision('agreed', 'street');
CALL pg_temp.collision('both', 'both');
SELECT pg_temp.policy('{"street": "address", "city": "address"}');

CALL pg_temp.record('decided');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'a human decides');
SELECT is(pg_temp.rows(), 'address | {"street": "A"} | {"street": "B"} | {"street": "C"} | {"crm": [{"street": "B"}], "support": [{"street": "C"}]} | support | {"city": "a", "street": "C"}', 'the row is the group''s, its values are objects');

CALL pg_temp.record('shown');
SELECT is(pg_temp.saw('support', '{"city": "c"}'), 'conflict city=conflict', 'a side shows what joined it');
SELECT is(pg_temp.rows(), 'address | {"street": "A"} | {"city": "a", "street": "B"} | {"city": "c", "street": "C"} | {"crm": [{"street": "B"}], "support": [{"street": "C"}, {"city": "c", "street": "C"}]}', 'the same');

CALL pg_temp.record('agreed');
SELECT alike(pg_temp.saw('support', '{"street": "B"}'), 'agreed%', 'a side gives in');
SELECT is(pg_temp.rows(), 'address | {"street": "A"} | {"city": "a", "street": "B"} | {"city": "a", "street": "B"} | {"crm": [{"street": "B"}], "support": [{"street": "C"}, {"city": "a", "street": "B"}]} | agreed | {"city": "a", "street": "B"}', 'the same');

CALL pg_temp.record('both');
SELECT is(sync_resolve((SELECT min(id) FROM sync_conflict WHERE record_key = 'both'), winner => 'support'), true, 'a human decides of two rows that are one group');
SELECT matches(pg_temp.rows(), 'address \| {.*} \| {.*} \| {.*} \| {.*} \| support \| {"city": "c", "street": "C"}; (street|city) \| "." \| "." \| "." \| {.*} \| superseded \| "."', 'one is the group''s, the other one its field''s');

-- Fields in conflict as a group are parted
CALL pg_temp.collision('parted and shown', 'street');
CALL pg_temp.collision('parted and agreed', 'street');
CALL pg_temp.collision('alone and shown', 'street');
CALL pg_temp.collision('alone and agreed', 'street');
CALL pg_temp.collision('alone and decided', 'street');
CALL pg_temp.collision('alone and given', 'street');
CALL pg_temp.collision('other groups', 'street');
SELECT pg_temp.policy('{"street": "", "city": ""}');
CALL pg_temp.record('parted and shown');
SELECT is(pg_temp.saw('support', '{"city": "d"}'), 'conflict city=conflict', 'a side shows one of them');
SELECT is(pg_temp.rows(), 'address | {"city": "a", "street": "A"} | {"city": "a", "street": "B"} | {"city": "d", "street": "C"} | {"crm": [{"city": "a", "street": "B"}], "support": [{"city": "a", "street": "C"}, {"city": "d", "street": "C"}]}', 'which goes into the object');
CALL pg_temp.record('parted and agreed');
SELECT alike(pg_temp.saw('support', '{"street": "B"}'), 'agreed%', 'a side gives in');
SELECT matches(pg_temp.rows(), 'address \| {.*} \| {"city": "a", "street": "B"} \| {.*} \| {.*} \| agreed \| {.*}', 'the same');

SELECT pg_temp.policy('{"street": ""}');
CALL pg_temp.record('alone and shown');
SELECT alike(pg_temp.saw('support', '{"street": "D"}'), 'conflict%', 'a side shows the only one that is left');
SELECT is(pg_temp.rows(), 'address | {"city": "a", "street": "A"} | {"city": "a", "street": "B"} | {"city": "a", "street": "D"} | {"crm": [{"city": "a", "street": "B"}], "support": [{"city": "a", "street": "C"}, {"city": "a", "street": "D"}]}', 'which goes into the object');
CALL pg_temp.record('alone and agreed');
SELECT alike(pg_temp.saw('support', '{"street": "B"}'), 'agreed%', 'a side gives in');
SELECT is(pg_temp.rows(), 'address | {"city": "a", "street": "A"} | {"city": "a", "street": "B"} | {"city": "a", "street": "B"} | {"crm": [{"city": "a", "street": "B"}], "support": [{"city": "a", "street": "C"}, {"city": "a", "street": "B"}]} | agreed | {"street": "B"}', 'the same');
CALL pg_temp.record('alone and decided');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'a human decides for a side');
SELECT matches(pg_temp.rows(), 'address \| {.*} \| {.*} \| {.*} \| {.*} \| support \| {"street": "C"}', 'the same');
CALL pg_temp.record('alone and given');
SELECT throws_ok(format('SELECT sync_resolve(%s, value => %L)', pg_temp.open_conflict(), '"E"'), '22023',
	'the value of fields that are decided together must be a JSON object, not a scalar', 'a value has the shape of the row');
SELECT is(sync_resolve(pg_temp.open_conflict(), value => '{"street": "E"}'), true, 'so it is an object');
SELECT matches(pg_temp.rows(), 'address \| {.*} \| {.*} \| {.*} \| {.*} \| value \| {"street": "E"}', 'the same');
SELECT is(pg_temp.golden(), '{"street": "E"}', 'and is golden');

-- The group has another name
SELECT pg_temp.policy('{"street": "home", "city": "home"}');
CALL pg_temp.record('other groups');
SELECT is(pg_temp.saw('support', '{"street": "D"}'), 'conflict street=conflict', 'a side shows one of them');
SELECT is(pg_temp.rows(), 'home | {"city": "a", "street": "A"} | {"city": "a", "street": "B"} | {"city": "a", "street": "D"} | {"crm": [{"city": "a", "street": "B"}], "support": [{"city": "a", "street": "C"}, {"city": "a", "street": "D"}]}', 'the row is the new group''s');

-- A row of a parted group, and one of another group of that name
CREATE PROCEDURE pg_temp.two_rows(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.policy('{"q": "g", "r": "g", "s": "", "t": ""}');
	CALL pg_temp.at_rest(record_key, '{"q": "1", "r": "1", "s": "1", "t": "1"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"q": "2", "s": "2"}');
	PERFORM pg_temp.saw('support', '{"q": "3"}');
END
$$;
CREATE FUNCTION pg_temp.resolve(field_of_row text, winner text) RETURNS boolean LANGUAGE sql AS $$
	SELECT sync_resolve(id, winner => winner) FROM sync_conflict
	WHERE record_key = pg_temp.record_key() AND field = field_of_row AND status = 'open'
$$;
CREATE FUNCTION pg_temp.open_rows() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(field || ' ' || coalesce(incoming_value::text, ''), '; ' ORDER BY id) FROM sync_open_conflicts WHERE record_key = pg_temp.record_key()
$$;
CALL pg_temp.two_rows('same name');
SELECT pg_temp.policy('{"q": "", "r": "", "s": "g", "t": "g"}');
SELECT alike(pg_temp.saw('support', '{"s": "3"}'), 'conflict s=conflict%', 'a conflict of the new group');
SELECT is(pg_temp.open_rows(), 'g {"q": "3", "r": "1"}; g {"s": "3", "t": "1"}', 'has a row beside that of the old one');

-- Fields of two open rows become one group: they go on in one row
CALL pg_temp.two_rows('one row');
SELECT alike(pg_temp.saw('support', '{"s": "3"}'), 'conflict s=conflict%', 'a group and a field are in conflict');
SELECT is(pg_temp.open_rows(), 'g {"q": "3", "r": "1"}; s "3"', 'each in its row');
SELECT pg_temp.policy('{"q": "g", "r": "g", "s": "g", "t": ""}');
CALL pg_temp.at('12:20');
SELECT alike(pg_temp.saw('support', '{"s": "4", "q": "4"}'), 'conflict q=conflict,s=conflict%', 'which a policy makes one; a side goes on');
SELECT is(pg_temp.open_rows(), 'g {"q": "4", "r": "1", "s": "4"}', 'one row is left');
SELECT is((SELECT string_agg(concat_ws(' ', field, incoming_value, resolution, resolved_value), '; ') FROM sync_conflict WHERE record_key = 'one row' AND status = 'resolved'),
	's "3" superseded "2"', 'the other one is settled with it');
SELECT matches((SELECT detail FROM sync_trace('contact', 'one row') WHERE event = 'conflict settled'),
	'^conflict \d+ \(collision of s\): it has become one with that of its group$', 'which the trace says');
SELECT is(pg_temp.saw('crm', '{"s": "5"}'), 'conflict s=conflict', 'the author moves on');
SELECT is(pg_temp.resolve('g', 'support'), true, 'a human decides');
SELECT is(pg_temp.golden(), '{"q": "4", "r": "1", "s": "4", "t": "1"}', 'of all');
SELECT is(pg_temp.waits('crm'), 'update {"q": "4", "s": "4"}', 'which goes on');

-- A field leaves a group in conflict, and another that stays is settled with others
CALL pg_temp.two_rows('left behind');
SELECT alike(pg_temp.saw('support', '{"r": "3", "s": "3"}'), 'conflict r=conflict,s=conflict%', 'a group and a field are in conflict');
SELECT pg_temp.policy('{"q": "h", "r": "", "s": "h", "t": ""}');
SELECT is(pg_temp.resolve('s', 'support'), true, 'a human decides of the field, and so of its new group');
SELECT is(pg_temp.open_rows(), 'g {"q": "3", "r": "3"}', 'what the old group has left is open');
SELECT alike(pg_temp.saw('support', '{"r": "7"}'), 'conflict r=conflict%', 'and in conflict');
SELECT is(pg_temp.resolve('g', 'support'), true, 'until a human decides');
SELECT is(pg_temp.golden(), '{"q": "3", "r": "7", "s": "3", "t": "1"}', 'of it');
SELECT is(pg_temp.waits('crm'), 'update {"q": "3", "r": "7", "s": "3"}', 'then it goes on');

SELECT * FROM finish();
