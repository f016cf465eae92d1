-- A table whose partition has another owner: a row that is looked for again is looked for by the owner of what
-- was attached, and in no more than that.
\ir story.psql
SELECT * FROM no_plan();

SELECT 'tree_' || pg_backend_pid() AS tree, 'leaf_' || pg_backend_pid() AS leaf \gset
CREATE ROLE :tree;
CREATE ROLE :leaf;
GRANT CREATE, USAGE ON SCHEMA public TO :tree, :leaf;
SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "side": {"key": "id"}, "crm": {}}, "window": "0", "fields": {"name": {}, "n": {"type": "number"}}}');
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() = 1 THEN EXECUTE format('UPDATE %I SET n = n + 100 WHERE id = $1', tg_table_name) USING new.id; END IF;
	RETURN NULL;
END $$;

-- The tree was attached
CREATE TABLE people (id text, name text, n numeric) PARTITION BY LIST (name);
CREATE TABLE people_a PARTITION OF people FOR VALUES IN ('A');
CREATE TABLE people_b PARTITION OF people FOR VALUES IN ('B');
SELECT sync_attach('people', 'app', 'contact');
CREATE TRIGGER a AFTER UPDATE ON people_a FOR EACH ROW EXECUTE FUNCTION again();
CREATE TABLE log (who text);
GRANT INSERT ON log TO PUBLIC;
CREATE FUNCTION note() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.log VALUES (current_user); RETURN true; END $$;
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
CREATE POLICY note ON people USING (note());
INSERT INTO people VALUES ('1', 'A', 1), ('2', 'B', 1);
ALTER TABLE people OWNER TO :tree;
ALTER TABLE people_a OWNER TO :leaf;
SET ROLE :leaf;
SELECT lives_ok($$ UPDATE people_a SET n = 2 $$, 'the partition''s owner, who may not read the tree, writes it');
RESET ROLE;
SELECT is((SELECT data->>'n' FROM sync_record WHERE record_key = '1'), '102', 'and the book is as the table');
GRANT SELECT ON people TO :leaf;
SET ROLE :leaf;
UPDATE people_a SET n = 3;
RESET ROLE;
SELECT is((SELECT data->>'n' FROM sync_record WHERE record_key = '1'), '103', 'who may read it, too');
SELECT is_empty('SELECT * FROM log', 'but runs no policy of the tree''s owner');

-- A partition alone was attached, before it was one
CREATE TABLE side_a (id text, name text, n numeric);
SELECT sync_attach('side_a', 'side', 'contact');
CREATE TRIGGER a AFTER UPDATE ON side_a FOR EACH ROW EXECUTE FUNCTION again();
CREATE TABLE side (id text, name text, n numeric) PARTITION BY LIST (name);
CREATE TABLE side_b PARTITION OF side FOR VALUES IN ('B');
ALTER TABLE side ATTACH PARTITION side_a FOR VALUES IN ('A');
INSERT INTO side VALUES ('secret', 'B', 7);
INSERT INTO side_a VALUES ('secret', 'A', 1);
ALTER TABLE side OWNER TO :tree;
ALTER TABLE side_a OWNER TO :leaf;
SET ROLE :leaf;
SELECT lives_ok($$ UPDATE side_a SET n = 2 WHERE id = 'secret' $$, 'its owner writes it');
RESET ROLE;
SELECT is((SELECT data FROM sync_record WHERE record_key = 'secret'), '{"n": 102, "name": "A"}', 'and the book has nothing of the rest of the tree');

SELECT * FROM finish();
DROP OWNED BY :tree, :leaf CASCADE;
DROP ROLE :tree, :leaf;
