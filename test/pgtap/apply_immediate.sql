-- "apply": "immediate": what one table changes stands in the other one in the same transaction.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"app": {"key": "id", "apply": "immediate"}, "shop": {"key": "id", "apply": "immediate"}, "crm": {}}, "window": "0", "fields": {
	"name": {}, "n": {"type": "number", "owner": "app"}}}');
CREATE TABLE app (id int PRIMARY KEY, name text, n int);
CREATE TABLE shop (id int PRIMARY KEY, name text, n int CHECK (n < 100));
SELECT sync_attach('app', 'app', 'contact'), sync_attach('shop', 'shop', 'contact');
SELECT ok(sync_policy('contact') LIKE '%what another table changes is applied in the same transaction%', 'the policy says so');

BEGIN;
INSERT INTO app VALUES (1, 'A', 1), (2, 'B', 2);
SELECT is((SELECT string_agg(shop::text, ' ' ORDER BY id) FROM shop), '(1,A,1) (2,B,2)', 'it is there at once');
UPDATE shop SET name = 'AA' WHERE id = 1;
SELECT is((SELECT name FROM app WHERE id = 1), 'AA', 'both ways');
SAVEPOINT s;
DELETE FROM app;
SELECT is_empty('TABLE shop', 'a delete too');
ROLLBACK TO s;
COMMIT;
SELECT is((SELECT string_agg(shop::text, ' ' ORDER BY id) FROM shop), '(1,AA,1) (2,B,2)', 'what is rolled back is, in both');
SELECT is((SELECT string_agg(DISTINCT target_system, ',') FROM sync_outbox), 'crm', 'other systems are told by workers');

UPDATE shop SET n = 7, name = 'S';
SELECT is((SELECT string_agg(shop::text, ' ' ORDER BY id) FROM shop), '(1,S,1) (2,S,2)', 'what another owns goes back at once');
SELECT is((SELECT string_agg(app::text, ' ' ORDER BY id) FROM app), '(1,S,1) (2,S,2)', 'and the rest goes there');

UPDATE app SET n = 1000 WHERE id = 1;
SELECT is((SELECT n FROM app WHERE id = 1) || ' ' || (SELECT n FROM shop WHERE id = 1), '1000 1', 'what the other one refuses stands in the first');
SELECT is((SELECT last_error FROM sync_outbox WHERE target_system = 'shop'), 'new row for relation "shop" violates check constraint "shop_n_check"', 'and waits for its retry');
UPDATE app SET n = 3 WHERE id = 1;
SELECT count(sync_redrive(id)) FROM sync_outbox WHERE target_system = 'shop';
SELECT is(sync_apply('shop'), 1, 'as any change does');

-- Triggers of the user's that write the first table again
CREATE FUNCTION back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE public.app SET n = coalesce(n, 0) + 1 WHERE id = new.id; RETURN NULL; END $$;
CREATE TRIGGER back AFTER INSERT ON shop FOR EACH ROW EXECUTE FUNCTION back();
INSERT INTO app VALUES (5, 'E', 5);
SELECT is((SELECT n FROM app WHERE id = 5), 6, 'a trigger of the other table writes the first one');
SELECT sync_apply('shop');
SELECT is((SELECT n FROM shop WHERE id = 5), 6, 'that goes there in the end');
DROP FUNCTION back() CASCADE;

-- Who writes the one needs no right on the other
SELECT 'writer_' || pg_backend_pid() AS writer \gset
CREATE ROLE :writer;
GRANT ALL ON app TO :writer;
SET ROLE :writer;
UPDATE app SET name = 'W' WHERE id = 2;
RESET ROLE;
SELECT is((SELECT name FROM shop WHERE id = 2), 'W', 'it is written with the rights of the table''s owner');
DROP OWNED BY :writer;
DROP ROLE :writer;
SELECT throws_ok($$ SELECT sync_configure('x', '{"systems": {"a": {"apply": "immediate", "writable": false}}, "fields": {"n": {}}}') $$, '22023', NULL, 'nothing is written where nothing is sent');
SELECT is((SELECT count(*) FROM sync_outbox WHERE target_system <> 'crm'), 0::bigint, 'nothing waits');
SELECT * FROM finish();
