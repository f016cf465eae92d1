-- An owner's edit of a group in conflict, in all mixtures of what its fields say and in both orders:
-- the row that people read and what the engine knows stay one, and nothing frozen goes out.
\ir story.psql
SELECT * FROM no_plan();

-- The other field stands before city or after it, by its name
CREATE FUNCTION pg_temp.policy(other text, owner jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_build_object('systems', '["a", "b", "c"]'::jsonb, 'max_flips', 1, 'fields', jsonb_build_object(
		'city', '{"group": "addr"}' || owner, other, '{"group": "addr"}' || owner))
$$;

CREATE PROCEDURE pg_temp.show(system text, city text, other text, value text) LANGUAGE sql AS $$
	SELECT pg_temp.saw(system, jsonb_build_object('city', city, other, value))
$$;

-- A conflict of the kind, in which c has said nothing yet
CREATE PROCEDURE pg_temp.quarrel(kind text, other text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(kind);
	CALL pg_temp.at('10:00');
	IF kind LIKE 'drift%' THEN
		PERFORM pg_temp.loaded('a', jsonb_build_object('city', 'A', other, '1'));
		PERFORM pg_temp.loaded('b', jsonb_build_object('city', 'B', other, CASE kind WHEN 'drift' THEN '1' ELSE '2' END));
		RETURN;
	END IF;
	CALL pg_temp.show('a', 'Z', other, '1');
	CALL pg_temp.deliver('b', 'c');
	CALL pg_temp.at('12:00');
	CALL pg_temp.show('a', 'A', other, '1');
	IF kind <> 'collision' THEN
		CALL pg_temp.deliver('b', 'c');
	END IF;
	IF kind <> 'oscillation' THEN
		CALL pg_temp.show('b', 'B', other, '1');
		RETURN;
	END IF;
	CALL pg_temp.at('12:02');
	CALL pg_temp.show('b', 'Z', other, '1');
	CALL pg_temp.deliver('a', 'c');
	CALL pg_temp.at('12:04');
	CALL pg_temp.show('a', 'A', other, '1');
END
$$;

-- What a human would find wrong: an open row that nobody can decide, or one that moves nothing
CREATE FUNCTION pg_temp.fault() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	fault text;
	row sync_conflict;
BEGIN
	SELECT string_agg(target_system, ',') INTO fault FROM sync_outbox AS o
	WHERE record_key = pg_temp.record_key() AND EXISTS (
		SELECT FROM sync_conflict AS c WHERE c.status = 'open' AND c.record_key = o.record_key);
	IF fault IS NOT NULL THEN
		RETURN 'frozen, and waits for ' || fault;
	END IF;
	SELECT string_agg(DISTINCT field, ',') INTO fault FROM sync_divergence AS d
	WHERE record_key = pg_temp.record_key() AND reason = 'conflict' AND pg_temp.open_conflict() IS NULL;
	IF fault IS NOT NULL THEN
		RETURN 'frozen without a row: ' || fault;
	END IF;
	FOR row IN SELECT * FROM sync_conflict WHERE record_key = pg_temp.record_key() AND status = 'open' LOOP
		IF NOT sync_resolve(row.id, winner => row.current_system) THEN
			RETURN 'refused: ' || row.id;
		END IF;
	END LOOP;
	RETURN CASE WHEN EXISTS (SELECT FROM sync_conflict WHERE record_key = pg_temp.record_key() AND status = 'open') THEN 'still open' END;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLERRM;
END
$$;

CREATE TEMP TABLE story (owner jsonb, kind text, speaker text, says text, other text, became jsonb);

CREATE PROCEDURE pg_temp.play(INOUT story story) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sync_configure('contact', pg_temp.policy(story.other, story.owner)::jsonb);
	CALL pg_temp.quarrel(story.kind, story.other);
	SELECT jsonb_build_object('verdict', verdict, 'outcome', outcome, 'targets', targets) INTO story.became
	FROM sync_diff(story.speaker, 'contact', jsonb_build_object('record_key', story.kind) || replace(story.says, 'other', story.other)::jsonb, verbose => true);
	story.became := story.became || jsonb_build_object('golden', pg_temp.golden(),
		'rows', (SELECT jsonb_agg(jsonb_build_array(kind, status, resolution, sides) ORDER BY id) FROM sync_conflict),
		'fault', pg_temp.fault());
	story.became := replace(story.became::text, story.other, 'other');
	RAISE division_by_zero;
EXCEPTION WHEN division_by_zero THEN
	NULL;
END
$$;

DO $$
DECLARE
	story story;
BEGIN
	FOR story IN SELECT * FROM
		unnest(ARRAY['{"owner": "c"}', '{"owner": "c", "authority": "tiebreak"}', '{}']::jsonb[]) AS owner,
		unnest(ARRAY['drift', 'drift of both', 'collision', 'bounce', 'oscillation']) AS kind,
		unnest(ARRAY['a', 'b', 'c']) AS speaker,
		unnest(ARRAY['{"city": "C", "other": "1"}', '{"city": "A", "other": "3"}', '{"city": "C", "other": "3"}',
			'{"city": "A", "other": "1"}', '{"city": "Z", "other": null}', '{"city": "C", "other": null}', '{"city": null, "other": "3"}', '{"city": "C"}',
			'{"city": "A", "other": null}', '{"city": null, "other": null}', '{"city": "B", "other": "1"}']) AS says,
		unnest(ARRAY['area', 'street']) AS other,
		(SELECT NULL::jsonb) AS became
	LOOP
		CALL pg_temp.play(story);
		INSERT INTO story SELECT story.*;
	END LOOP;
END
$$;
-- What the owner edits is accepted, closes the row, and goes to whoever shows otherwise
CREATE TEMP VIEW decided AS
	SELECT kind, says, other, became->>'verdict' AS verdict, became #>> '{rows,0,1}' AS status, became #>> '{rows,0,2}' AS resolution,
		jsonb_array_length(became->'rows') AS rows, jsonb_array_length(became->'targets') AS targets
	FROM story WHERE speaker = 'c' AND owner <> '{}' AND became->>'verdict' NOT IN ('agreed', 'unchanged');

SELECT is_empty('SELECT * FROM story WHERE became->>''fault'' IS NOT NULL', 'the rows are the conflicts that the engine knows of, and what they freeze waits for nobody');
SELECT is_empty('SELECT owner, kind, speaker, says FROM story GROUP BY 1, 2, 3, 4 HAVING count(DISTINCT became) > 1', 'the order of the fields decides nothing');
SELECT is_empty('SELECT * FROM decided WHERE kind <> ''oscillation'' AND (verdict, status, resolution, rows) IS DISTINCT FROM (''accepted'', ''resolved'', ''owner'', 1)', 'the owner''s edit closes the one row');
SELECT is_empty('SELECT * FROM decided WHERE kind <> ''oscillation'' AND targets = 0', 'and is sent');
SELECT is_empty('SELECT * FROM decided WHERE kind = ''oscillation'' AND (verdict, status, rows, targets) IS DISTINCT FROM (''held'', ''open'', 1, 0)', 'an oscillation waits for a human');
SELECT is(count(*), 188::bigint, 'of all that the owner said') FROM decided;

SELECT * FROM finish();
