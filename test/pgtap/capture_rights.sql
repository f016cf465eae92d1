-- A writer of an attached table needs no right in the book, and gets none by it.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "crm": {}}, "window": "0", "fields": {"name": {}, "code": {}, "n": {"type": "number"}}}');
SELECT 'writer_' || pg_backend_pid() AS writer, 'owner_' || pg_backend_pid() AS owner \gset
CREATE ROLE :writer;
CREATE ROLE :owner;
CREATE SCHEMA theirs AUTHORIZATION :owner;
GRANT USAGE ON SCHEMA theirs TO :writer;

-- A type of the table's owner, with code that runs where a row is read
SET ROLE :owner;
CREATE TYPE theirs.code AS ENUM ('7', '8');
CREATE TABLE theirs.log (who text);
GRANT INSERT ON theirs.log TO PUBLIC;
CREATE FUNCTION theirs.code_to_json(theirs.code) RETURNS json LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO theirs.log VALUES (current_user);
	RETURN to_json($1::text);
END $$;
CREATE CAST (theirs.code AS json) WITH FUNCTION theirs.code_to_json(theirs.code);
CREATE TABLE theirs.people (id bigint PRIMARY KEY, name text, code theirs.code, n int DEFAULT 0);
GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON theirs.people TO :writer;
RESET ROLE;

SET ROLE :writer;
SELECT throws_ok($$ SELECT sync_attach('theirs.people', 'app', 'contact') $$, '42501', 'permission denied for function sync_attach', 'who has no right in the book attaches nothing');
RESET ROLE;
GRANT EXECUTE ON FUNCTION sync_attach(regclass, text, text, boolean), sync_capture() TO :owner, :writer;
GRANT SELECT ON sync_entity, sync_attached TO :owner, :writer;
REVOKE TRIGGER ON theirs.people FROM :writer;
SET ROLE :writer;
SELECT throws_ok($$ SELECT sync_attach('theirs.people', 'app', 'contact') $$, '42501', 'permission denied for table people', 'nor who may make no trigger');
SET ROLE :owner;
SELECT lives_ok($$ SELECT sync_attach('theirs.people', 'app', 'contact') $$, 'the owner of the table does');
RESET ROLE;
GRANT EXECUTE ON FUNCTION sync_detach(regclass) TO :writer;
GRANT TRIGGER ON theirs.people TO :writer;
SET ROLE :writer;
SELECT throws_ok($$ SELECT sync_detach('theirs.people') $$, '42501', 'must be owner of "people" to detach it', 'who may only make triggers detaches nothing');
RESET ROLE;
REVOKE TRIGGER ON theirs.people FROM :writer;
REVOKE EXECUTE ON FUNCTION sync_detach(regclass) FROM :writer;
REVOKE ALL ON sync_entity, sync_attached FROM :owner, :writer;
REVOKE ALL ON FUNCTION sync_attach(regclass, text, text, boolean), sync_capture() FROM :owner, :writer;

-- Operators of the writer's that come first in the search path
CREATE SCHEMA evil AUTHORIZATION :writer;
SET ROLE :writer;
CREATE FUNCTION evil.equals(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil code runs as %', current_user; END $$;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.equals);
CREATE FUNCTION evil.unnest(text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil code runs as %', current_user; END $$;
CREATE FUNCTION evil.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil code runs as %', current_user; END $$;
CREATE FUNCTION evil.count(text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil code runs as %', current_user; END $$;
SET search_path = evil, pg_catalog, theirs;
INSERT INTO theirs.people VALUES (1, 'A', '7'), (2, NULL, '8'), (3, 'C', NULL);
UPDATE theirs.people SET name = 'AA', n = 1 WHERE id OPERATOR(pg_catalog.=) 1;
DELETE FROM theirs.people WHERE id OPERATOR(pg_catalog.=) 2;
RESET search_path;
RESET ROLE;
SELECT is((SELECT string_agg(concat_ws(' ', record_key, data ->> 'name', data ->> 'code', data ->> 'n', deleted), '; ' ORDER BY record_key) FROM sync_record),
	'1 AA 7 1 f; 2 8 0 t; 3 C 0 f', 'a writer without any right writes the book');
SELECT is((SELECT string_agg(DISTINCT actor, ',') FROM sync_event), :'writer', 'under its own name');
SELECT is((SELECT string_agg(DISTINCT who, ',') FROM theirs.log), :'writer', 'code that comes with a type runs with the rights of the writer');
SELECT is((SELECT count(*) > 0 FROM theirs.log), true, 'and did run');
SET ROLE :writer;
SELECT throws_ok('SELECT * FROM public.sync_outbox', '42501', NULL, 'the book is closed to it as before');
SELECT is(current_user::text, :'writer', 'it is itself');
RESET ROLE;

-- Row security hides rows from readers, not from the book
ALTER TABLE theirs.people ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY mine ON theirs.people USING (n = 0) WITH CHECK (true);
SET ROLE :writer;
INSERT INTO theirs.people VALUES (4, 'D', NULL, 5);
UPDATE theirs.people SET name = 'unseen';
RESET ROLE;
SELECT is((SELECT string_agg(concat_ws(' ', record_key, data ->> 'name'), '; ' ORDER BY record_key) FROM sync_record WHERE NOT deleted), '1 AA; 3 unseen; 4 D', 'with row security what is written is seen');

-- A rule is what it makes of a statement
CREATE RULE soft AS ON DELETE TO theirs.people WHERE old.id = 3 DO INSTEAD UPDATE theirs.people SET name = 'gone' WHERE id = old.id;
DELETE FROM theirs.people;
SELECT is((SELECT string_agg(concat_ws(' ', record_key, data ->> 'name', deleted), '; ' ORDER BY record_key) FROM sync_record), '1 AA t; 2 t; 3 gone f; 4 D t', 'with rules too');

DROP OWNED BY :writer, :owner CASCADE;
DROP ROLE :writer, :owner;
SELECT * FROM finish();
