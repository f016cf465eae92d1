-- A trigger that lets no update through which changes nothing does not refuse what the table shows already.
\ir story.psql
SELECT * FROM no_plan();

SELECT 'owner_' || pg_backend_pid() AS owner \gset
CREATE ROLE :owner;
SELECT sync_configure('row', '{"systems": {"app": {"key": "k"}, "shop": {"key": "k", "id": "id"}}, "window": "0", "fields": {"n": {"type": "number", "nulls": "clear"}, "plain": {"type": "json", "nulls": "clear"},
	"x": {"nulls": "clear", "path": {"app": "x", "shop": "doc.x"}}}}');
CREATE TABLE app (k text PRIMARY KEY, n numeric, plain jsonb, x text);
CREATE TABLE shop (id serial PRIMARY KEY, k text UNIQUE, n numeric(8,1), plain json, doc jsonb DEFAULT '{"x": null}');
ALTER TABLE shop OWNER TO :owner;
SELECT sync_grant(:'owner', 'worker');
CREATE TRIGGER needless BEFORE UPDATE ON shop FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
SELECT sync_attach('app', 'app', 'row'), sync_attach('shop', 'shop', 'row');
CREATE FUNCTION pg_temp.waiting() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', target_system, record_key, action, change_set, last_error), '; ' ORDER BY record_key) FROM sync_outbox
$$;
INSERT INTO app VALUES ('a', 2.25, '[1]', 'x'), ('b', 1, NULL, 'y'), ('c', 1, NULL, NULL);
SELECT is(sync_apply('shop'), 3, 'rows that are new');
UPDATE app SET n = n + 0.01;
SELECT is(sync_apply('shop'), 3, 'values that the table rounds to what it has');
SELECT is(pg_temp.waiting(), NULL, 'are written as far as can be');
SELECT is((SELECT string_agg(concat_ws(' ', k, n), ', ' ORDER BY k) FROM shop), 'a 2.3, b 1.0, c 1.0', 'and stand as they did');
SELECT is((SELECT string_agg(concat_ws(' ', record_key, field, golden_value, shown_value, reason), ', ' ORDER BY record_key) FROM sync_divergence), 'a n 2.26 2.3 near miss, b n 1.01 1 near miss, c n 1.01 1 near miss', 'which the book knows');

-- What was written there while nobody looked
ALTER TABLE shop DISABLE TRIGGER USER;
UPDATE shop SET plain = '[2]', doc = '{"x": "z", "own": 1}' WHERE k = 'a';
ALTER TABLE shop ENABLE TRIGGER USER;
UPDATE app SET plain = '[2]', x = 'z' WHERE k = 'a';
UPDATE app SET x = 'yy' WHERE k = 'b';
SELECT is(sync_apply('shop'), 2, 'inside of a column too, and in one of json');
SELECT is(pg_temp.waiting(), NULL, 'nothing waits');
SELECT is((SELECT string_agg(concat_ws(' ', k, plain, doc), ', ' ORDER BY k) FROM shop WHERE k < 'c'), 'a [2] {"x": "z", "own": 1}, b {"x": "yy"}', 'they agree');

-- One of the user's, that refuses besides
DROP TRIGGER needless ON shop;
CREATE FUNCTION needless() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF (old.n, old.doc) IS NOT DISTINCT FROM (new.n, new.doc) OR new.n < 0 THEN RETURN NULL; END IF;
	RETURN new;
END $$;
CREATE TRIGGER needless BEFORE UPDATE ON shop FOR EACH ROW EXECUTE FUNCTION needless();
UPDATE app SET n = CASE k WHEN 'a' THEN 2.28 WHEN 'b' THEN -1 ELSE 7 END;
SELECT is(sync_apply('shop'), 2, 'a function as well');
SELECT is(pg_temp.waiting(), 'shop b update {"n": -1} "shop" has no such row after the update', 'what it refuses waits');
SELECT is((SELECT string_agg(concat_ws(' ', k, n), ', ' ORDER BY k) FROM shop), 'a 2.3, b 1.0, c 7.0', 'the others are written');
DROP OWNED BY :owner CASCADE;
DROP ROLE :owner;
SELECT * FROM finish();
