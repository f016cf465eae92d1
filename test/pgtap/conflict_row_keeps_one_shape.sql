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

SELECT * FROM finish();
