-- What the table refuses because of a row that the same call writes is tried once more after that.
\ir story.psql
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.waiting() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', entity, record_key, action, change_set, attempts, last_error), '; ' ORDER BY entity, record_key) FROM sync_outbox
$$;
SELECT sync_configure('item', '{"systems": {"app": {"key": "id"}, "shop": {"key": "id"}}, "window": "0", "fields": {"pos": {"type": "number", "nulls": "clear"}, "n": {"type": "number"}}}');
CREATE TABLE app_item (id int PRIMARY KEY, pos int, n int);
CREATE TABLE shop_item (id int PRIMARY KEY, pos int UNIQUE, n int CHECK (n > 0));
SELECT sync_attach('app_item', 'app', 'item'), sync_attach('shop_item', 'shop', 'item');
INSERT INTO app_item SELECT i, i FROM generate_series(1, 50) AS i;
SELECT is(sync_apply('shop'), 50, 'the places of a list');

UPDATE app_item SET pos = pos + 1;
INSERT INTO app_item VALUES (51, 1);
SELECT is(sync_apply('shop'), 51, 'a row in front moves all of them on');
SELECT is(pg_temp.waiting(), NULL, 'and nothing waits');
UPDATE app_item SET pos = pos - 1;
DELETE FROM app_item WHERE id = 51;
SELECT is(sync_apply('shop'), 51, 'or back');
SELECT is((SELECT count(*) FROM app_item JOIN shop_item USING (id, pos)), 50::bigint, 'they agree');

UPDATE app_item SET pos = pos + 1, n = CASE WHEN id = 20 THEN -1 END WHERE id <= 40 OR id = 50;
SELECT is(sync_apply('shop'), 1, 'a row that stays where it is holds up those behind it');
SELECT is((SELECT string_agg(DISTINCT attempts || ' ' || last_error, '; ') FROM sync_outbox), '1 duplicate key value violates unique constraint "shop_item_pos_key"; 1 new row for relation "shop_item" violates check constraint "shop_item_n_check"',
	'each is told of what refuses it, and was claimed once');
UPDATE app_item SET pos = pos + 20 WHERE id = 40;
SELECT count(sync_redrive(id)) FROM sync_outbox;
SELECT is(sync_apply('shop'), 20, 'where one can go the others follow');
SELECT is((SELECT string_agg(record_key, ',' ORDER BY record_key::int) FROM sync_outbox WHERE last_error LIKE 'dup%'), (SELECT string_agg(i::text, ',') FROM generate_series(1, 19) AS i), 'up to the one that cannot');
UPDATE app_item SET n = 1 WHERE id = 20;
SELECT count(sync_redrive(id)) FROM sync_outbox;
SELECT is(sync_apply('shop'), 20, 'and then the rest');
SELECT is((SELECT count(*) FROM app_item JOIN shop_item USING (id, pos)), 50::bigint, 'they agree');

-- Rows that refer to each other, where one of the batch is refused
SELECT sync_configure('node', '{"systems": {"app": {"key": "id"}, "shop": {"key": "id"}}, "window": "0", "fields": {"up": {"type": "number", "nulls": "clear"}, "n": {"type": "number"}}}');
CREATE TABLE app_node (id int PRIMARY KEY, up int, n int);
CREATE TABLE shop_node (id int PRIMARY KEY, up int REFERENCES shop_node, n int CHECK (n > 0));
SELECT sync_attach('app_node', 'app', 'node'), sync_attach('shop_node', 'shop', 'node');
INSERT INTO app_node VALUES (1, 2, 1), (2, 3, 1), (3, 4, 1), (4, NULL, 1), (5, NULL, -1), (6, 5, 1);
SELECT is(sync_apply('shop'), 4, 'rows come after what they refer to');
SELECT is(pg_temp.waiting(), 'node 5 create {"n": -1} 1 new row for relation "shop_node" violates check constraint "shop_node_n_check"; node 6 create {"n": 1, "up": 5} 1 insert or update on table "shop_node" violates foreign key constraint "shop_node_up_fkey"',
	'those without it wait');
SELECT * FROM finish();
