-- A field of another type: what every system shows is read by it, and only what then differs is a change.
\ir story.psql
SELECT * FROM no_plan();

-- Writes a policy in which the one field f has these properties.
CREATE PROCEDURE pg_temp.field(properties text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sync_configure('contact', format('{"systems": ["crm", "support"], "fields": {"f": %s}}', properties)::jsonb);
END
$$;

-- What a poll of both says of a record that showed "before" when f had the properties "was"
-- and shows "after" now that it has "now"; what then waits.
CREATE FUNCTION pg_temp.polls(name text, was text, before text, now text, after text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.field(was);
	CALL pg_temp.at_rest(name, format('{"f": %s}', before)::jsonb, 'crm', 'support');
	CALL pg_temp.field(now);
	RETURN concat_ws(', ', pg_temp.saw('crm', format('{"f": %s}', after)::jsonb),
		pg_temp.saw('support', format('{"f": %s}', after)::jsonb), pg_temp.waits('crm'), pg_temp.waits('support'));
END
$$;

SELECT is(pg_temp.polls(name, was, before, now, before), 'unchanged, unchanged', name)
FROM (VALUES
	('text to number', '{}', '"5.0"', '{"type": "number"}'),
	('a big number', '{}', '"12345678901234567890"', '{"type": "number"}'),
	('number to text', '{"type": "number"}', '5', '{}'),
	('text to boolean', '{}', '"TRUE"', '{"type": "boolean"}'),
	('number to boolean', '{"type": "number"}', '1', '{"type": "boolean"}'),
	('text to timestamp', '{}', '"2026-01-02T03:04:05+02:00"', '{"type": "timestamp"}'),
	('text to date', '{}', '"2026-01-02"', '{"type": "date"}'),
	('json to text', '{"type": "json"}', '"x"', '{}'),
	('json to number', '{"type": "json"}', '"19.90"', '{"type": "number"}'),
	('text to json', '{}', '"x"', '{"type": "json"}'),
	('json to set', '{"type": "json"}', '["b", "a", "b"]', '{"type": "set"}'),
	('null', '{}', 'null', '{"type": "number"}'),
	('empty', '{}', '""', '{"normalize": ["trim"]}'),
	('lower', '{}', '"Ada King"', '{"normalize": ["lower"]}'),
	('upper after lower', '{"normalize": ["lower"]}', '"Ada King"', '{"normalize": ["upper"]}'),
	('trim', '{}', '"  Ada "', '{"normalize": ["trim"]}'),
	('digits', '{}', '"+49 (30) 1"', '{"normalize": ["digits"]}'),
	('phone', '{}', '"+49 (30) 1"', '{"normalize": ["phone"]}'),
	('email', '{}', '" A@b.C "', '{"normalize": ["email"]}'),
	('nfc', '{}', '"e\u0301"', '{"normalize": ["nfc"]}'),
	('a set''s elements', '{"type": "set"}', '["B", "a", "b"]', '{"type": "set", "normalize": ["lower"]}')
) AS t (name, was, before, now);

-- What really differs is one change, of that field, to who shows something else
SELECT is(pg_temp.polls('differs', '{}', '"5.0"', '{"type": "number"}', '6'), 'accepted f=accepted -> support, agreed f=agreed', 'another number, by both');

-- Two systems that showed different values of one meaning agree under the new policy
CALL pg_temp.field('{}');
CALL pg_temp.at_rest('two spellings', '{"f": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"f": "Ada"}'), 'accepted f=accepted -> support', 'one spelling');
SELECT is(pg_temp.saw('support', '{"f": "ADA"}'), 'conflict f=conflict', 'and another');
CALL pg_temp.field('{"normalize": ["lower"]}');
SELECT unalike(pg_temp.saw('crm', '{"f": "Ada"}'), '%->%', 'read as one');
SELECT unalike(pg_temp.saw('support', '{"f": "ADA"}'), '%->%', 'by both');
SELECT is(pg_temp.waits('support'), NULL, 'nothing goes out');
SELECT is(pg_temp.waits('crm'), NULL, 'to anyone');

-- A write that waits, and one in flight
CALL pg_temp.field('{}');
CALL pg_temp.at_rest('waits', '{"f": "1"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"f": "2.50"}'), 'accepted f=accepted -> support', 'an edit waits');
CALL pg_temp.at_rest('flies', '{"f": "1"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"f": "2.50"}'), 'accepted f=accepted -> support', 'another one');
CREATE TEMP TABLE flying AS SELECT * FROM sync_poll('support') WHERE record_key = 'flies';
CALL pg_temp.field('{"type": "number"}');
SELECT is(pg_temp.saw('support', '{"f": 2.5}'), 'echo f=echo', 'the echo, read by the new type, before the answer');
SELECT is((SELECT bool_and(sync_ack(id, lease, NULL, '{"f": 2.5}')) FROM flying), true, 'the answer');
SELECT is(pg_temp.waits('support'), NULL, 'is no near miss and no crossing');
SELECT is(pg_temp.golden(), '{"f": 2.5}', 'and this is the value');

SELECT * FROM finish();
