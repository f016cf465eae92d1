-- Triggers of a table that write the row again which sync_apply() writes: what the row is in the end is
-- the table's form of what was sent, however often it was written on the way, and nobody's edit against ours.
\ir story.psql
SELECT * FROM no_plan();

CREATE TABLE one (k int PRIMARY KEY, x text, y text);
CREATE TABLE two (k int PRIMARY KEY, x text, y text);
SELECT sync_configure('r', '{"systems": {"one": {"key": "k"}, "two": {"key": "k"}}, "window": "0", "fields": {"x": {}, "y": {}}}');
SELECT sync_attach('one', 'one', 'r'), sync_attach('two', 'two', 'r');
CREATE FUNCTION once_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() = 1 THEN
		UPDATE public.two SET x = upper(x) WHERE k = new.k;
		UPDATE public.two SET x = x || '.' WHERE k = new.k;
	END IF;
	RETURN NULL;
END
$$;
CREATE TRIGGER once_more AFTER INSERT OR UPDATE OF x ON two FOR EACH ROW EXECUTE FUNCTION once_more();
CREATE FUNCTION pg_temp.shown() RETURNS text LANGUAGE sql AS $$
	SELECT data::text FROM sync_shadow WHERE entity = 'r' AND record_key = '1' AND system = 'two'
$$;

INSERT INTO one VALUES (1, 'a', 'y');
SELECT is(sync_apply('two'), 1, 'a row is created, which its trigger writes twice');
SELECT is((SELECT x FROM two), 'A.', 'in the form of the table');
SELECT is(pg_temp.shown(), '{"x": "A.", "y": "y"}', 'which the book knows');
SELECT is_empty('TABLE sync_conflict', 'it collides with nothing');
SELECT is_empty('TABLE sync_outbox', 'and does not go back');
UPDATE one SET x = 'b';
SELECT is(sync_apply('two'), 1, 'the next value goes there too');
SELECT is(pg_temp.shown(), '{"x": "B.", "y": "y"}', 'and is known in the same way');
SELECT is((SELECT times FROM sync_near_misses WHERE field = 'x'), 2::bigint, 'these are near misses');
UPDATE two SET x = 'human';
SELECT is((SELECT change_set FROM sync_outbox), '{"x": "HUMAN."}', 'an edit is one, as the table has it in the end');
SELECT is(sync_apply('one'), 1, 'and goes to the first table');
SELECT is((SELECT x FROM one), 'HUMAN.', 'as it is');

-- A field that was not sent
CREATE OR REPLACE FUNCTION once_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE public.two SET y = 'y of ' || new.x WHERE k = new.k;
	UPDATE public.two SET y = y || '.' WHERE k = new.k;
	RETURN NULL;
END
$$;
UPDATE one SET x = 'c';
SELECT is(sync_apply('two'), 1, 'a trigger derives another field');
SELECT is((SELECT string_agg(target_system || ' ' || change_set, '; ') FROM sync_outbox), 'one {"y": "y of c."}', 'which is an edit of the table');
SELECT is(sync_apply('one'), 1, 'that goes back');
SELECT results_eq('TABLE one', 'TABLE two', 'both tables agree');
SELECT is_empty('TABLE sync_conflict', 'and nobody was asked');

-- The owner is the other side, and its edits are many
CREATE TABLE mine (k int PRIMARY KEY, x text);
CREATE TABLE theirs (k int PRIMARY KEY, x text);
SELECT sync_configure('o', '{"systems": {"one": {"key": "k"}, "two": {"key": "k"}}, "window": "0", "max_flips": 2, "fields": {"x": {"owner": "one"}}}');
SELECT sync_attach('mine', 'one', 'o'), sync_attach('theirs', 'two', 'o');
CREATE FUNCTION upper_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE public.theirs SET x = upper(x) WHERE k = new.k AND x <> upper(x);
	RETURN NULL;
END
$$;
CREATE TRIGGER upper_case AFTER INSERT OR UPDATE ON theirs FOR EACH ROW EXECUTE FUNCTION upper_case();
INSERT INTO mine VALUES (1, 'a0');
SELECT sync_apply('two');
DO $$
BEGIN
	FOR i IN 1 .. 6 LOOP
		UPDATE mine SET x = 'a' || i;
		PERFORM sync_apply('two');
	END LOOP;
END
$$;
SELECT is((SELECT x FROM theirs), 'A6', 'the owner''s last edit has arrived');
SELECT is_empty('TABLE sync_conflict', 'a near miss is no loss, and no oscillation');

-- A row that a statement deletes, and a trigger keeps
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE public.theirs SET x = 'kept' WHERE k = old.k;
	RETURN NULL;
END
$$;
CREATE TRIGGER keep BEFORE DELETE ON theirs FOR EACH ROW EXECUTE FUNCTION keep();
DELETE FROM mine;
SELECT is(sync_apply('two'), 1, 'a delete is done');
SELECT is((SELECT string_agg(kind || ' ' || (sides -> 'two')::text, '; ') FROM sync_open_conflicts), 'resurrect [{"x": "KEPT"}]', 'what a trigger writes instead is asked about');

-- A row that goes, and is put there again
CREATE FUNCTION put_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.two SELECT k, x FROM gone WHERE x = 'Phoenix';
	RETURN NULL;
END
$$;
DROP TRIGGER once_more ON two;
CREATE TRIGGER put_again AFTER DELETE ON two REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION put_again();
INSERT INTO one VALUES (2, 'Phoenix', 'y'), (3, 'x', 'y'), (4, 'x', 'y');
SELECT is(sync_apply('two'), 3, 'three rows more');
SET session_replication_role = replica;
DELETE FROM two WHERE k = 3;
RESET session_replication_role;
DELETE FROM one WHERE k > 1;
SELECT is(sync_apply('two'), 3, 'are deleted, where one was gone unseen');
SELECT is((SELECT string_agg(record_key || ' ' || (sides ->> 'two'), '; ') FROM sync_open_conflicts WHERE entity = 'r'), '2 [{"x": "Phoenix", "y": null}]', 'what is there again is asked about');
SELECT is((SELECT data FROM sync_shadow WHERE entity = 'r' AND record_key = '2' AND system = 'two'), '{"x": "Phoenix", "y": null}', 'and shown as it stands');
INSERT INTO one VALUES (3, 'x', 'y'), (4, 'x', 'y');
SELECT is(sync_apply('two'), 2, 'the others are created again');
DELETE FROM two WHERE k > 2;
SELECT is(sync_apply('one'), 2, 'and deleted by a human, which is no echo');

-- A trigger that puts each row into a child of the table, as partitions were made before there were any
SELECT sync_configure('log', '{"systems": {"crm": {"key": "k"}, "tree": {"key": "k"}}, "window": "0", "fields": {"a": {}}}');
CREATE TABLE tree (k int PRIMARY KEY, a text);
CREATE TABLE even (CHECK (k % 2 = 0), PRIMARY KEY (k)) INHERITS (tree);
CREATE TABLE odd (CHECK (k % 2 = 1), PRIMARY KEY (k)) INHERITS (tree);
CREATE FUNCTION put() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('INSERT INTO public.%I VALUES ($1.*)', CASE new.k % 2 WHEN 0 THEN 'even' ELSE 'odd' END) USING new;
	RETURN NULL;
END $$;
CREATE TRIGGER put BEFORE INSERT ON tree FOR EACH ROW EXECUTE FUNCTION put();
SELECT sync_attach('tree', 'tree', 'log');
SELECT count(*) FROM sync_diff('crm', 'log', '[{"k": 1, "a": "x"}, {"k": 2, "a": "y"}, {"k": 3, "a": "z"}]');
SELECT is(sync_apply('tree'), 3, 'rows that a trigger puts into a child are done');
SELECT is((SELECT string_agg(tableoid::regclass || ' ' || k || ' ' || a, ', ' ORDER BY k) FROM tree), 'odd 1 x, even 2 y, odd 3 z', 'and are there');
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE public.odd SET a = upper(a) WHERE k = new.k; RETURN NULL; END $$;
CREATE TRIGGER shout AFTER INSERT ON odd FOR EACH ROW EXECUTE FUNCTION shout();
SELECT count(*) FROM sync_diff('crm', 'log', '[{"k": 1, "a": "xx"}, {"k": 5, "a": "v"}, {"k": 6, "a": "w"}]');
SELECT is(sync_apply('tree'), 3, 'and changed');
SELECT is((SELECT string_agg(k || ' ' || a, ', ' ORDER BY k) FROM tree), '1 xx, 2 y, 3 z, 5 V, 6 w', 'also where another trigger writes them there');
SELECT is((SELECT string_agg(record_key || ' ' || (data ->> 'a'), ', ' ORDER BY record_key) FROM sync_shadow WHERE system = 'tree'), '1 xx, 2 y, 3 z, 5 V, 6 w', 'the book knows them');
SELECT is_empty($$SELECT record_key, target_system, change_set, last_error FROM sync_outbox WHERE entity = 'log'$$, 'and nothing goes back');

-- A trigger that deletes the row which was inserted, and inserts another one in its place
SELECT sync_configure('anew', '{"systems": {"crm": {"key": "k"}, "anew": {"key": "k"}}, "window": "0", "fields": {"a": {}, "b": {}}}');
CREATE TABLE anew (k text PRIMARY KEY, a text, b text);
CREATE TABLE anew_child (PRIMARY KEY (k)) INHERITS (anew);
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF new.b IS NULL THEN
		DELETE FROM public.anew WHERE k = new.k;
		INSERT INTO public.anew VALUES (new.k, new.a, 'done');
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER again AFTER INSERT ON anew FOR EACH ROW EXECUTE FUNCTION again();
SELECT sync_attach('anew', 'anew', 'anew');
CREATE FUNCTION pg_temp.anew(of_key text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws('; ', (SELECT concat_ws(' ', tableoid::regclass, k, a, b) FROM public.anew WHERE k = of_key),
		(SELECT concat_ws(' ', existence, data) FROM sync_shadow WHERE system = 'anew' AND record_key = of_key),
		(SELECT data FROM sync_record WHERE entity = 'anew' AND record_key = of_key AND data ->> 'b' IS NOT NULL),
		(SELECT string_agg(concat_ws(' ', target_system, action, change_set, last_error), ', ') FROM sync_outbox WHERE entity = 'anew' AND record_key = of_key))
$$;
SELECT count(*) FROM sync_diff('crm', 'anew', '{"k": "1", "a": "x"}');
SELECT is(sync_apply('anew'), 1, 'a row is created');
SELECT is(pg_temp.anew('1'), 'anew 1 x done; there {"a": "x", "b": "done"}; {"a": "x", "b": "done"}', 'and is what stands there');

-- One that puts it into a child, and takes it out again
DROP TRIGGER again ON anew;
CREATE OR REPLACE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.anew_child VALUES (new.k, new.a, 'put');
	IF new.a = 'moved' THEN
		UPDATE public.anew_child SET k = 'other' WHERE k = new.k;
		RETURN NULL;
	END IF;
	DELETE FROM public.anew_child WHERE k = new.k;
	IF new.a = 'put again' THEN
		INSERT INTO public.anew_child VALUES (new.k, new.a, 'twice');
	END IF;
	RETURN CASE new.a WHEN 'stays' THEN new END;
END $$;
CREATE TRIGGER again BEFORE INSERT ON anew FOR EACH ROW EXECUTE FUNCTION again();
SELECT count(*) FROM sync_diff('crm', 'anew', '[{"k": "2", "a": "goes"}, {"k": "3", "a": "stays"}, {"k": "4", "a": "put again"}, {"k": "5", "a": "moved"}]');
SELECT is(sync_apply('anew'), 2, 'what stands there is done');
SELECT is(pg_temp.anew('2'), 'anew create {"a": "goes"} "anew" has no such row after the create', 'and what does not is not');
SELECT is(pg_temp.anew('3'), 'anew 3 stays; there {"a": "stays", "b": null}', 'the statement''s own row');
SELECT is(pg_temp.anew('4'), 'anew_child 4 put again twice; there {"a": "put again", "b": "twice"}; {"a": "put again", "b": "twice"}', 'the one that was put there last');
SELECT is(pg_temp.anew('5'), 'anew create {"a": "moved"} "anew" has no such row after the create', 'and none under another name');

-- One that takes back a part of what it does
CREATE OR REPLACE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		INSERT INTO public.anew_child VALUES (new.k, new.a, 'undone');
		RAISE EXCEPTION 'no';
	EXCEPTION WHEN raise_exception THEN
		RETURN CASE new.a WHEN 'stays' THEN new END;
	END;
END $$;
SELECT count(*) FROM sync_diff('crm', 'anew', '[{"k": "6", "a": "goes"}, {"k": "7", "a": "stays"}]');
SELECT is(sync_apply('anew'), 1, 'what it has undone is not done');
SELECT is(pg_temp.anew('6'), 'anew create {"a": "goes"} "anew" has no such row after the create', 'and waits');
SELECT is(pg_temp.anew('7'), 'anew 7 stays; there {"a": "stays", "b": null}', 'the statement''s own row is what it is');

-- A trigger that writes the row which stands there instead of inserting it: rows that are only marked as deleted, and live again
SELECT sync_configure('soft', '{"systems": {"hard": {"key": "k"}, "soft": {"key": "k", "deleted": "gone_at"}}, "window": "0", "fields": {"a": {}, "b": {"nulls": "clear"}}}');
CREATE TABLE hard (k int PRIMARY KEY, a text, b text);
CREATE TABLE soft (k int PRIMARY KEY, a text, b text, gone_at timestamptz);
CREATE FUNCTION bury() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE public.soft SET gone_at = now() WHERE k = old.k; RETURN NULL; END $$;
CREATE FUNCTION revive() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	UPDATE public.soft SET a = new.a, b = 'revived', gone_at = NULL WHERE k = new.k AND gone_at IS NOT NULL AND new.a <> 'stays dead';
	IF found OR new.a = 'stays dead' THEN RETURN NULL; END IF;
	RETURN new;
END $$;
CREATE TRIGGER bury BEFORE DELETE ON soft FOR EACH ROW EXECUTE FUNCTION bury();
CREATE TRIGGER revive BEFORE INSERT ON soft FOR EACH ROW EXECUTE FUNCTION revive();
SELECT sync_attach('hard', 'hard', 'soft'), sync_attach('soft', 'soft', 'soft');
INSERT INTO hard VALUES (1, 'x'), (2, 'x'), (3, 'x');
SELECT is(sync_apply('soft'), 3, 'rows that are new');
DELETE FROM hard WHERE k < 3;
SELECT is(sync_apply('soft'), 2, 'are marked as deleted');
INSERT INTO hard VALUES (1, 'y'), (2, 'stays dead');
SELECT is(sync_apply('soft'), 1, 'and live again');
SELECT is((SELECT concat_ws(' ', a, b, gone_at) FROM soft WHERE k = 1), 'y revived', 'as the trigger makes them');
SELECT is((SELECT string_agg(concat_ws(' ', target_system, record_key, action, change_set, last_error), '; ' ORDER BY record_key) FROM sync_outbox WHERE entity = 'soft'),
	'hard 1 update {"b": "revived"}; soft 2 create {"a": "stays dead"} "soft" has no such row after the create', 'what it adds is an edit of the table; one that it does not write waits');
SELECT is(sync_apply('hard'), 1, 'which goes back');
UPDATE hard SET a = 'z' WHERE k = 1;
SELECT is(sync_apply('soft'), 1, 'a row that lives again is one as any other');
SELECT is((SELECT data FROM sync_shadow WHERE entity = 'soft' AND record_key = '1' AND system = 'soft'), '{"a": "z", "b": "revived"}', 'as the book knows');
SELECT * FROM finish();
