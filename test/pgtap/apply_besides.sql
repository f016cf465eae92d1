-- What a table does beside what sync_apply() writes to it: foreign keys on itself, triggers that write
-- its rows again, keys that it changes, rows that it names itself.
\ir story.psql
SELECT * FROM no_plan();

-- In one call crm tells all, and shows what it was told
CREATE PROCEDURE pg_temp.settle_in(of_entity text, shown text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sync_ack(lease) FROM (SELECT DISTINCT lease FROM sync_poll('crm', 1000, entity => of_entity)) AS p;
	PERFORM sync_diff('crm', of_entity, shown);
END
$$;
CREATE FUNCTION pg_temp.golden_of(of_entity text, of_key text) RETURNS text LANGUAGE sql AS $$
	SELECT data::text FROM sync_record WHERE entity = of_entity AND record_key = of_key
$$;
CREATE FUNCTION pg_temp.queued(of_entity text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, target_system, action, change_set, last_error), '; ' ORDER BY record_key COLLATE "C")
	FROM sync_outbox WHERE entity = of_entity
$$;

-- A later statement of a batch changes a row of an earlier one
CREATE TABLE tree (key text PRIMARY KEY, a text, code text UNIQUE, parent text REFERENCES tree (code) ON UPDATE CASCADE);
SELECT sync_configure('tree', '{"systems": {"crm": {"key": "key"}, "tree": {"key": "key"}}, "window": "0", "fields": {"a": {}, "code": {}, "parent": {"nulls": "clear"}}}');
SELECT sync_attach('tree', 'tree', 'tree');
INSERT INTO tree VALUES ('p', 'P', 'c1', NULL), ('q', 'Q', 'c2', 'c1');
CALL pg_temp.settle_in('tree', '[{"key": "p", "a": "P", "code": "c1", "parent": null}, {"key": "q", "a": "Q", "code": "c2", "parent": "c1"}]');
SELECT count(*) FROM sync_diff('crm', 'tree', '[{"key": "q", "a": "Q2"}, {"key": "p", "code": "c9"}]');
SELECT is(sync_apply('tree'), 2, 'both changes are written');
SELECT is((SELECT a || ' ' || parent FROM tree WHERE key = 'q'), 'Q2 c9', 'and one of them has changed the row of the other');
SELECT is(pg_temp.golden_of('tree', 'q'), '{"a": "Q2", "code": "c2", "parent": "c9"}', 'as the book says');
SELECT is(pg_temp.queued('tree'), 'q crm update {"parent": "c9"}', 'and crm is told');

-- One foreign key sets null what another one deletes
CREATE TABLE staff (key text PRIMARY KEY, name text, parent text REFERENCES staff ON DELETE CASCADE, boss text REFERENCES staff ON DELETE SET NULL);
SELECT sync_configure('staff', '{"systems": {"crm": {"key": "key"}, "staff": {"key": "key"}}, "window": "0", "fields": {"name": {}, "parent": {"nulls": "clear"}, "boss": {"nulls": "clear"}}}');
SELECT sync_attach('staff', 'staff', 'staff');
INSERT INTO staff VALUES ('p', 'P', NULL, NULL), ('m', 'M', 'p', NULL), ('q', 'Q', 'm', 'p'), ('z', 'Z', NULL, 'p');
CALL pg_temp.settle_in('staff', '[{"key": "p", "name": "P", "parent": null, "boss": null}, {"key": "m", "name": "M", "parent": "p", "boss": null}, {"key": "q", "name": "Q", "parent": "m", "boss": "p"}, {"key": "z", "name": "Z", "parent": null, "boss": "p"}]');
DELETE FROM staff WHERE key = 'p';
SELECT results_eq('SELECT key FROM staff', $$ VALUES ('z') $$, 'a statement deletes four rows, one of which it has changed');
SELECT is(pg_temp.queued('staff'), 'm crm delete {}; p crm delete {}; q crm delete {}; z crm update {"boss": null}', 'they are deleted everywhere');

-- On behalf of another system
CREATE TABLE item (id serial, key text UNIQUE, name text, parent text REFERENCES item (key) ON DELETE SET NULL);
SELECT sync_configure('item', '{"systems": {"crm": {"key": "key"}, "item": {"key": "key", "id": "id"}}, "window": "0", "fields": {"name": {}, "parent": {"nulls": "clear"}}}');
SELECT sync_attach('item', 'item', 'item');
INSERT INTO item (key, name, parent) VALUES ('p', 'P', NULL), (NULL, 'R', 'p');
CALL pg_temp.settle_in('item', '[{"key": "p", "name": "P", "parent": null}]');
SELECT count(*) FROM sync_delete('crm', 'item', ARRAY['p']);
SET sync_ledger.system = 'crm';
SELECT is(sync_apply('item'), 1, 'a delete is applied in a session that speaks for another system');
RESET sync_ledger.system;
SELECT is((SELECT string_agg(record_key, ', ') FROM sync_record WHERE entity = 'item' AND NOT deleted), 'item:2', 'a row without a key stays the record that it was');
CREATE TABLE crm_item (key text PRIMARY KEY, name text, parent text);
SELECT sync_attach('crm_item', 'crm', 'item');
INSERT INTO crm_item VALUES ('t', 'T', NULL);
SELECT is(sync_apply('item'), 1, 'a table is the other system now');
INSERT INTO item (key, name, parent) VALUES (NULL, 'S', 't');
DELETE FROM crm_item WHERE key = 't';
SET sync_ledger.system = 'crm';
SELECT is(sync_apply('item'), 1, 'what a delete brings about in a session that speaks for it is the table''s own word');
RESET sync_ledger.system;
SELECT is_empty($$ SELECT FROM item WHERE parent IS NOT NULL $$, 'and stands');

-- A key inside of a column, and no native id: an error of the row
CREATE TABLE docs (id serial, data jsonb, name text);
SELECT sync_configure('docs', '{"systems": {"crm": {"key": "key"}, "docs": {"id": "id", "key": "data.ref"}}, "window": "0", "fields": {"name": {}}}');
SELECT sync_attach('docs', 'docs', 'docs');
SELECT count(*) FROM sync_diff('docs', 'docs', '{"data": {"ref": "a"}, "name": "A"}');
SELECT count(*) FROM sync_diff('crm', 'docs', '{"key": "a", "name": "A"}');
SELECT count(*) FROM sync_diff('crm', 'docs', '{"key": "a", "name": "B"}');
SELECT is(sync_apply('docs'), 0, 'a row that cannot be found');
SELECT is(pg_temp.queued('docs'), 'a docs update {"name": "B"} "docs" has no column by which the row of key "a" could be found', 'is told with the reason');

-- A table that names its rows itself
CREATE TABLE numbered (id serial PRIMARY KEY, name text);
SELECT sync_configure('n', '{"systems": {"crm": {"key": "key"}, "numbered": {"id": "id"}}, "window": "0", "fields": {"name": {}}}');
SELECT sync_attach('numbered', 'numbered', 'n');
SELECT count(*) FROM sync_diff('crm', 'n', '[{"key": "a", "name": "A"}, {"key": "b", "name": "B"}]');
SELECT is(sync_apply('numbered'), 2, 'creates go there');
SELECT results_eq('SELECT name FROM numbered ORDER BY name', $$ VALUES ('A'), ('B') $$, 'each as a row');
SELECT count(*) FROM sync_diff('crm', 'n', '{"key": "b", "name": "BB"}');
SELECT is(sync_apply('numbered'), 1, 'and updates');
SELECT results_eq('SELECT name FROM numbered ORDER BY name', $$ VALUES ('A'), ('BB') $$, 'to the row that was made');
UPDATE numbered SET name = 'AA' WHERE name = 'A';
SELECT is(pg_temp.queued('n'), 'a crm update {"name": "AA"}', 'whose edits go back');

-- A trigger that gives a row with an id another key
CREATE TABLE named (id serial PRIMARY KEY, name text, key text UNIQUE);
SELECT sync_configure('named', '{"systems": {"crm": {"key": "key"}, "named": {"id": "id", "key": "key"}}, "window": "0", "fields": {"name": {}}}');
SELECT sync_attach('named', 'named', 'named');
INSERT INTO named (name, key) VALUES ('X', 'Ab');
CALL pg_temp.settle_in('named', '{"key": "Ab", "name": "X"}');
CREATE FUNCTION low() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.key := lower(new.key); RETURN new; END $$;
CREATE TRIGGER low BEFORE UPDATE ON named FOR EACH ROW EXECUTE FUNCTION low();
SELECT count(*) FROM sync_diff('crm', 'named', '{"key": "Ab", "name": "Z"}');
SELECT is(sync_apply('named'), 0, 'is not written');
SELECT is((SELECT name || ' ' || key FROM named), 'X Ab', 'the row is as it was');
SELECT is(pg_temp.queued('named'), 'Ab named update {"name": "Z"} "named" has the row of key "Ab" under another one', 'with the reason');

-- sync_apply() in a trigger of a table that it writes
CREATE TABLE one (key text PRIMARY KEY, m text);
CREATE TABLE two (key text PRIMARY KEY, m text);
SELECT sync_configure('pair', '{"systems": {"crm": {"key": "key"}, "one": {"key": "key"}, "two": {"key": "key"}}, "window": "0", "fields": {"m": {}}}');
SELECT sync_attach('one', 'one', 'pair'), sync_attach('two', 'two', 'pair');
CREATE FUNCTION go_on() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.sync_apply('two', 10000); RETURN NULL; END $$;
CREATE TRIGGER go_on AFTER INSERT ON one FOR EACH STATEMENT EXECUTE FUNCTION go_on();
CREATE FUNCTION up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.m := upper(new.m); RETURN new; END $$;
CREATE TRIGGER up BEFORE INSERT ON two FOR EACH ROW EXECUTE FUNCTION up();
SELECT count(*) FROM sync_diff('crm', 'pair', (SELECT jsonb_agg(jsonb_build_object('key', 'k' || i, 'm', 'x')) FROM generate_series(1, 1500) AS i));
SELECT is(sync_apply('one', 10000), 1500, 'a table whose trigger applies another one');
SELECT is((SELECT count(*) FROM one WHERE m = 'x'), 1500::bigint, 'has its rows');
SELECT is((SELECT count(*) FROM two WHERE m = 'X'), 1500::bigint, 'and the other one has its own');
SELECT is((SELECT string_agg(DISTINCT system || ' ' || data, ', ') FROM sync_shadow WHERE entity = 'pair' AND system <> 'crm'), 'one {"m": "x"}, two {"m": "X"}', 'as the book says');

-- What a later statement sets back is seen, and what a trigger changed on the way in is not forgotten over it
CREATE TABLE back (key text PRIMARY KEY, a text, b text, code text UNIQUE, parent text REFERENCES back (code) ON UPDATE SET NULL);
SELECT sync_configure('back', '{"systems": {"crm": {"key": "key"}, "back": {"key": "key"}}, "window": "0", "fields": {"a": {}, "b": {}, "code": {}, "parent": {"nulls": "clear"}}}');
SELECT sync_attach('back', 'back', 'back');
INSERT INTO back VALUES ('p', 'P', 'B', 'c1', NULL), ('q', 'Q', 'B', 'c2', NULL);
CALL pg_temp.settle_in('back', '[{"key": "p", "a": "P", "b": "B", "code": "c1", "parent": null}, {"key": "q", "a": "Q", "b": "B", "code": "c2", "parent": null}]');
SELECT count(*) FROM sync_diff('crm', 'back', '[{"key": "q", "a": "Q2", "parent": "c1"}, {"key": "p", "code": "c9"}]');
SELECT is(sync_apply('back'), 2, 'a reference is written, and what it refers to renamed');
SELECT is((SELECT a || ' ' || coalesce(parent, 'null') FROM back WHERE key = 'q'), 'Q2 null', 'so the reference is gone again');
SELECT is((SELECT data ->> 'parent' FROM sync_shadow WHERE entity = 'back' AND record_key = 'q' AND system = 'back'), NULL, 'which is what the table made of it');
SELECT is((SELECT concat_ws(' ', field, shown_value, golden_value) FROM sync_divergence WHERE entity = 'back' AND record_key = 'q'), 'parent null "c1"', 'and a difference that is told');
SELECT is((SELECT concat_ws(' ', sent, stored) FROM sync_near_misses WHERE entity = 'back' AND field = 'parent'), '"c1" null', 'as a near miss');
SELECT count(*) FROM sync_diff('crm', 'back', '{"key": "q", "parent": null}');
CALL pg_temp.settle_in('back', '[{"key": "q", "a": "Q2", "b": "B", "code": "c2", "parent": null}]');

CREATE FUNCTION on_the_way() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF new.a IS DISTINCT FROM old.a THEN
		new.b := 'b of ' || new.a;
		new.a := upper(new.a);
	END IF;
	RETURN new;
END
$$;
CREATE FUNCTION besides() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF new.code IS DISTINCT FROM old.code THEN
		UPDATE public.back SET parent = new.code WHERE key = 'z';
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER on_the_way BEFORE UPDATE ON back FOR EACH ROW EXECUTE FUNCTION on_the_way();
CREATE TRIGGER besides AFTER UPDATE ON back FOR EACH ROW EXECUTE FUNCTION besides();
INSERT INTO back VALUES ('z', 'Z', 'B', 'c3', NULL);
CALL pg_temp.settle_in('back', '[{"key": "z", "a": "Z", "b": "B", "code": "c3", "parent": null}]');
SELECT count(*) FROM sync_diff('crm', 'back', '[{"key": "q", "a": "new"}, {"key": "p", "code": "c10"}]');
SELECT is(sync_apply('back'), 2, 'a trigger writes a third row meanwhile');
SELECT is((SELECT a || ', ' || b FROM back WHERE key = 'q'), 'NEW, b of new', 'another one has changed the first on its way in');
SELECT is(pg_temp.queued('back'), 'q crm update {"b": "b of new"}; z crm update {"parent": "c10"}', 'crm is told of both');
SELECT is((SELECT data::text FROM sync_shadow WHERE entity = 'back' AND record_key = 'q' AND system = 'back'), '{"a": "NEW", "b": "b of new", "code": "c2", "parent": null}', 'the table shows its own form');

-- A trigger that writes after the row was handed over
CREATE TABLE late (key text PRIMARY KEY, a text, b text);
SELECT sync_configure('late', '{"systems": {"crm": {"key": "key"}, "late": {"key": "key"}}, "window": "0", "fields": {"a": {}, "b": {}}}');
SELECT sync_attach('late', 'late', 'late');
CREATE FUNCTION afterwards() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() = 1 THEN
		UPDATE public.late SET b = 'of ' || a WHERE b IS DISTINCT FROM 'of ' || a;
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER zz AFTER INSERT OR UPDATE ON late FOR EACH STATEMENT EXECUTE FUNCTION afterwards();
INSERT INTO late VALUES ('p', 'P', NULL);
CALL pg_temp.settle_in('late', '[{"key": "p", "a": "P", "b": "of P"}]');
SELECT count(*) FROM sync_diff('crm', 'late', '{"key": "p", "a": "new"}');
SELECT is(sync_apply('late'), 1, 'is applied');
SELECT is(pg_temp.golden_of('late', 'p'), (SELECT jsonb_build_object('a', a, 'b', b)::text FROM late), 'and the book ends as the table does');
SELECT is(pg_temp.queued('late'), 'p crm update {"b": "of new"}', 'crm is told');

-- sync_apply() in a row trigger of the very table
CREATE TABLE own (key text PRIMARY KEY, a text, b text);
SELECT sync_configure('own', '{"systems": {"crm": {"key": "key"}, "own": {"key": "key"}}, "window": "0", "fields": {"a": {}, "b": {}}}');
SELECT sync_attach('own', 'own', 'own');
INSERT INTO own VALUES ('p', 'P', 'B'), ('q', 'Q', 'B');
CALL pg_temp.settle_in('own', '[{"key": "p", "a": "P", "b": "B"}, {"key": "q", "a": "Q", "b": "B"}]');
CREATE FUNCTION apply_own() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() = 1 THEN
		PERFORM public.sync_apply('own');
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER apply_own AFTER UPDATE ON own FOR EACH ROW EXECUTE FUNCTION apply_own();
SELECT count(*) FROM sync_diff('crm', 'own', '{"key": "p", "a": "new"}');
UPDATE own SET b = 'x';
SELECT is((SELECT a || b FROM own WHERE key = 'p'), 'newx', 'what it applies stands in the table');
SELECT is(pg_temp.golden_of('own', 'p'), '{"a": "new", "b": "x"}', 'and in the book');

-- The same where nothing but a place inside of a column names the row
CREATE TABLE inside (id serial, data jsonb, a text);
SELECT sync_configure('inside', '{"systems": {"crm": {"key": "key"}, "inside": {"id": "id", "key": "data.ref"}}, "window": "0", "fields": {"a": {}}}');
SELECT sync_attach('inside', 'inside', 'inside');
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() = 1 THEN
		UPDATE public.inside SET a = a || '!' WHERE data = new.data;
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER again AFTER INSERT ON inside FOR EACH ROW EXECUTE FUNCTION again();
SELECT count(*) FROM sync_diff('crm', 'inside', '[{"key": "x", "a": "A"}, {"key": "y", "a": "B"}]');
SELECT is(sync_apply('inside'), 2, 'creates go there');
SELECT results_eq('SELECT a FROM inside ORDER BY a', $$ VALUES ('A!'), ('B!') $$, 'a trigger changes them once more');
SELECT is((SELECT string_agg(record_key, ', ' ORDER BY record_key) FROM sync_record WHERE entity = 'inside'), 'x, y', 'and there are no others');

SELECT * FROM finish();
