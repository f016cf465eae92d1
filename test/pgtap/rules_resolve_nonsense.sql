-- A decision that is none is refused by name and with a hint, whatever kind of conflict it is about, and changes nothing.
\ir story.psql
\ir gone.psql
\ir refusal.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"key": "ref", "id": "id"}, "support": {"key": "ref", "id": "id"}},
	"fields": {"seats": {"type": "number"}, "name": {}, "street": {"group": "address"}, "city": {"group": "address"}, "plan": {"owner": "crm"}},
	"match_on": ["name"], "max_flips": 1}');

-- One payload of a system for a record.
CREATE FUNCTION pg_temp.shown(system text, key text, fields jsonb) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM sync_diff(system, 'contact', fields || jsonb_build_object('ref', key))
$$;

-- A record that both show, at 10:00; then it is noon.
CREATE PROCEDURE pg_temp.both(key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at('10:00');
	PERFORM pg_temp.shown(s, key, '{"seats": 1, "street": "A", "city": "Aix", "plan": "p"}') FROM unnest(ARRAY['crm', 'support']) AS s;
	CALL pg_temp.at('12:00');
END
$$;

-- What is open is remembered by the kind and the field it is about.
CREATE FUNCTION pg_temp.id_of(of_kind text, of_field text DEFAULT NULL) RETURNS bigint LANGUAGE sql AS $$
	SELECT max(id) FROM sync_conflict WHERE kind = of_kind AND status = 'open' AND field IS NOT DISTINCT FROM of_field
$$;

CALL pg_temp.both('collision');
SELECT pg_temp.shown('crm', 'collision', '{"seats": 2, "street": "B"}'), pg_temp.shown('support', 'collision', '{"seats": 3, "city": "Bonn"}');
CALL pg_temp.both('bounce');
SELECT pg_temp.shown('crm', 'bounce', '{"name": "x"}'), pg_temp.shown('support', 'bounce', '{"name": "x"}'), pg_temp.shown('support', 'bounce', '{"name": "y"}');
CALL pg_temp.at('10:00');
SELECT pg_temp.shown('crm', 'drift', '{"plan": "p"}'), pg_temp.shown('support', 'drift', '{"plan": "p"}'), pg_temp.shown('crm', 'drift', '{"seats": 1}'), pg_temp.shown('support', 'drift', '{"seats": 2}');
CALL pg_temp.both('oscillation');
SELECT pg_temp.shown('support', 'oscillation', jsonb_build_object('plan', 'x' || n)) FROM generate_series(1, 3) AS n;
CALL pg_temp.both('delete');
SELECT pg_temp.shown('crm', 'delete', '{"seats": 2}');
SELECT count(*) FROM sync_delete('support', 'contact', '{delete}');
CALL pg_temp.both('resurrect');
SELECT count(*) FROM sync_delete('crm', 'contact', '{resurrect}');
SELECT pg_temp.shown('support', 'resurrect', '{"seats": 5}');
SELECT pg_temp.shown('crm', 'd1', '{"name": "twin"}'), pg_temp.shown('crm', 'd2', '{"name": "twin"}');
SELECT count(*) FROM sync_diff('support', 'contact', '{"id": "s9", "name": "twin"}');
SELECT is((SELECT array_agg(DISTINCT kind ORDER BY kind) FROM sync_conflict WHERE status = 'open'),
	'{bounce,collision,delete,drift,duplicate,oscillation,resurrect}', 'every kind of conflict is open');

SELECT pg_temp.book() AS before \gset
CREATE TEMP TABLE open AS SELECT id, concat_ws(' ', kind, 'of', coalesce(field, 'the record')) AS name, kind, field FROM sync_conflict WHERE status = 'open';

-- Of every kind: a winner that is no side, both, none
SELECT matches(pg_temp.refused(format('SELECT sync_resolve(%s, %s)', id, decision)), expected, name || ': ' || what)
FROM open, (VALUES
	('nobody', $$'nobody'$$, '^22023 .*"nobody".*\| .'),
	('nothing', $$''$$, '^22023 .*"".*\| .'),
	('sync', $$'sync'$$, '^22023 .*"sync".*\| .'),
	('neither', $$null$$, '^22023 .*\| .'),
	('both', $$'crm', '1'$$, '^22023 .*\| .')
) AS t (what, decision, expected) ORDER BY id, what;

-- Words that belong to another kind
SELECT matches(pg_temp.refused(format('SELECT sync_resolve(%s, %L)', id, word)), format('^22023 .*"%s".*\| .', word), name || ': ' || word)
FROM open, unnest(ARRAY['delete', 'new']) AS word
WHERE NOT (word = 'delete' AND kind IN ('delete', 'resurrect') OR word = 'new' AND kind = 'duplicate') ORDER BY id, word;

-- Values that do not fit
SELECT matches(pg_temp.refused(format('SELECT sync_resolve(%s, value => %L)', id, value)), '^22023 .', name || ': ' || value)
FROM open, unnest(ARRAY['{"a": 1}', '[1]', 'true']) AS value WHERE kind IN ('delete', 'resurrect', 'duplicate') OR field IN ('seats', 'address') AND value <> 'true' ORDER BY id, value;

-- A revision that is not the current one decides nothing
SELECT is(sync_resolve(id, CASE kind WHEN 'duplicate' THEN 'new' WHEN 'resurrect' THEN 'support' ELSE 'crm' END, revision => revision), false, format('%s: revision %s', name, revision))
FROM open, unnest(ARRAY[-1, 0, 99]) AS revision ORDER BY id, revision;

SELECT is(pg_temp.book(), :'before', 'nothing has changed');

SELECT * FROM finish();
