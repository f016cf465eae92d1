-- Which normaliser or type would have made two values one: found by trying, or nothing.
\ir story.psql
SELECT * FROM no_plan();

-- A target was sent the one and says that it stored the other: what would help.
CREATE FUNCTION pg_temp.help(spec jsonb, sent jsonb, stored jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	name text := 'e' || md5(concat(spec, sent, stored));
BEGIN
	PERFORM sync_configure(name, jsonb_build_object('systems', '["a", "b"]'::jsonb, 'fields', jsonb_build_object('f', spec)));
	PERFORM sync_diff('a', name, jsonb_build_object('record_key', '1', 'f', sent));
	PERFORM sync_ack(p.id, p.lease, NULL, jsonb_build_object('f', stored)) FROM sync_poll('b', entity => name) AS p;
	RETURN (SELECT coalesce(m.helps, '"nothing"') FROM sync_near_misses AS m WHERE m.entity = name);
END
$$;

SELECT is(pg_temp.help(spec::jsonb, sent::jsonb, stored::jsonb), expected::jsonb, concat_ws(' ', spec, 'sent', sent, 'stored', stored))
FROM (VALUES
	-- text
	('{}', '"A@x.org"', '"a@x.org"', '{"normalize": ["lower"]}'),
	('{}', '"de"', '"DE"', '{"normalize": ["lower"]}'),
	('{}', '" a "', '"a"', '{"normalize": ["trim"]}'),
	('{}', '" A@x.org"', '"a@x.org"', '{"normalize": ["email"]}'),
	('{"normalize": ["trim"]}', '" A@x.org"', '"a@x.org"', '{"normalize": ["trim", "lower"]}'),
	('{}', '"a  b"', '"a b"', '{"normalize": ["squeeze"]}'),
	('{}', '"e\u0301"', '"\u00e9"', '{"normalize": ["nfc"]}'),
	('{}', '"stra\u00dfe"', '"STRASSE"', '"nothing"'),
	-- phones
	('{}', '"+49 (30) 123"', '"+4930123"', '{"normalize": ["phone"]}'),
	('{}', '"+49 30 123"', '"49 30 123"', '{"normalize": ["digits"]}'),
	('{"normalize": ["phone"]}', '"+49 30 123"', '"49 30 123"', '{"normalize": ["phone", "digits"]}'),
	('{}', '"Flat 5"', '"Apartment 5"', '"nothing"'),
	('{}', '"-"', '"--"', '"nothing"'),
	('{}', '"19.9"', '"199"', '"nothing"'),
	-- types
	('{}', '"19.90"', '"19.9"', '{"type": "number"}'),
	('{}', '"1e2"', '"100"', '{"type": "number"}'),
	('{}', '"1"', '"true"', '{"type": "boolean"}'),
	('{}', '"2026-01-02T03:04:05+02:00"', '"2026-01-02T01:04:05Z"', '{"type": "timestamp"}'),
	('{}', '"2026-01-02T01:04:05"', '"2026-01-02T01:04:05.000Z"', '{"type": "timestamp"}'),
	('{}', '"2026-01-02T00:00:00Z"', '"2026-01-02"', '{"type": "date"}'),
	('{"type": "json"}', '["b", "a"]', '["a", "b"]', '{"type": "set"}'),
	('{"type": "json"}', '"19.90"', '"19.9"', '{"type": "number"}'),
	('{"type": "json"}', '{"a": 1}', '{"a": 1, "b": null}', '"nothing"'),
	-- sets
	('{"type": "set"}', '["A", "b"]', '["a", "b"]', '{"normalize": ["lower"]}'),
	('{"type": "set"}', '[" a", "b"]', '["a", "b"]', '{"normalize": ["trim"]}'),
	('{"type": "set"}', '["a", "b"]', '["a"]', '"nothing"'),
	-- what a type has made canonical already
	('{"type": "number"}', '19.95', '20', '"nothing"'),
	('{"type": "timestamp"}', '"2026-01-02T01:04:05.678Z"', '"2026-01-02T01:04:05Z"', '"nothing"'),
	('{"type": "boolean"}', 'true', 'false', '"nothing"'),
	('{}', '"a"', 'null', '"nothing"'),
	('{}', '"a long text"', '"a long"', '"nothing"')
) AS v (spec, sent, stored, expected);

-- The same in the target's own form is no near miss
SELECT is(pg_temp.help('{"type": "number"}', '19.90', '"19.9"'), NULL, 'a number as a text');
SELECT is(pg_temp.help('{"normalize": ["lower"]}', '"A"', '"A"'), NULL, 'a text that the policy lowers');
SELECT is(pg_temp.help('{"type": "set"}', '["b", "a", "b"]', '["a", "b"]'), NULL, 'a set in another order');
SELECT is(pg_temp.help('{"type": "timestamp"}', '"2026-01-02T03:04:05+02:00"', '"2026-01-02T01:04:05.000Z"'), NULL, 'a timestamp in another zone');

SELECT * FROM finish();
