-- What a table refuses has certainly not landed: a create goes again as the record is by then, and
-- a row that the table would hold under another key is not written.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('r', '{"systems": {"one": {"key": "k"}, "two": {"key": "k"}}, "window": "0", "max_attempts": 2, "fields": {"n": {"type": "number", "nulls": "clear"}, "m": {}}}');
CREATE TABLE one (k int PRIMARY KEY, n int, m text);
CREATE TABLE two (k int PRIMARY KEY, n int CHECK (n < 100), m text);
SELECT sync_attach('one', 'one', 'r'), sync_attach('two', 'two', 'r');
CREATE FUNCTION pg_temp.waiting(of_entity text DEFAULT 'r') RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', action, change_set, status, attempts, last_error), '; ' ORDER BY record_key COLLATE "C")
	FROM sync_outbox WHERE entity = of_entity
$$;
CREATE FUNCTION pg_temp.key() RETURNS text LANGUAGE sql AS $$ SELECT idempotency_key FROM sync_outbox $$;

INSERT INTO one VALUES (1, 300, 'a');
SELECT is(sync_apply('two'), 0, 'the other table refuses the row');
SELECT is(pg_temp.waiting(), 'create {"m": "a", "n": 300} pending 1 new row for relation "two" violates check constraint "two_n_check"', 'which waits');
SELECT is(pg_temp.key(), 'one-to-two-r-1-v1', 'under its key');
SELECT is((SELECT sync_redrive(id) FROM sync_outbox), true, 'it goes once more');
SELECT is(sync_apply('two'), 0, 'in vain');
SELECT is(pg_temp.waiting(), 'create {"m": "a", "n": 300} dead 2 new row for relation "two" violates check constraint "two_n_check"', 'and is a dead letter');
SELECT is(pg_temp.key(), 'one-to-two-r-1-v1', 'under the same key');
UPDATE one SET n = 7;
SELECT is(pg_temp.waiting(), 'create {"m": "a", "n": 7} pending 0 new row for relation "two" violates check constraint "two_n_check"', 'who mends the row brings it back, as it is now');
SELECT is(pg_temp.key(), 'one-to-two-r-1-v2', 'under a new key');
SELECT is(sync_apply('two'), 1, 'so it is written');
SELECT results_eq('TABLE two', 'TABLE one', 'both tables agree');
SELECT is_empty('TABLE sync_outbox', 'and nothing waits');

-- What changed while it waited for its retry goes with it
INSERT INTO one VALUES (2, 500, 'b');
SELECT is(sync_apply('two'), 0, 'another one is refused');
UPDATE one SET n = 5 WHERE k = 2;
SELECT is(pg_temp.waiting(), 'create {"m": "b", "n": 5} pending 1 new row for relation "two" violates check constraint "two_n_check"', 'a newer value folds in');
DELETE FROM one WHERE k = 2;
SELECT is(pg_temp.waiting(), NULL, 'a record that is gone is not created');
INSERT INTO one VALUES (3, 8, 'c'), (4, 800, 'd');
SELECT is(sync_apply('two'), 1, 'the others of a batch are written');
UPDATE one SET n = 9, m = 'e' WHERE k = 4;
SELECT sync_redrive(id) FROM sync_outbox;
SELECT is(sync_apply('two'), 1, 'and this one when it can be');
SELECT results_eq('SELECT * FROM two ORDER BY k', 'SELECT * FROM one ORDER BY k', 'both tables agree');
SELECT is((SELECT count(*) FROM sync_audit('r') WHERE missing > 0 OR different > 0), 0::bigint, 'the audit too');

-- Where a worker has called before, nobody knows
CREATE TABLE three (k int PRIMARY KEY, n int CHECK (n < 100), m text);
SELECT sync_configure('s', '{"systems": {"crm": {"key": "k"}, "three": {"key": "k"}}, "window": "0", "fields": {"n": {"type": "number"}}}');
SELECT count(*) FROM sync_diff('crm', 's', '{"k": "1", "n": 300}');
SELECT is((SELECT sync_nack(id, lease, 'timeout', '0 s') FROM sync_poll('three')), true, 'a worker does not know whether its call has landed');
SELECT sync_attach('three', 'three', 's');
SELECT is(sync_apply('three'), 0, 'the table refuses it');
SELECT count(*) FROM sync_diff('crm', 's', '{"k": "1", "n": 3}');
SELECT alike(pg_temp.waiting('s'), 'create {"n": 300} pending%', 'so the create goes again as it was');

-- A table that has another spelling of the key
CREATE TABLE ids (k uuid PRIMARY KEY, m text);
CREATE TABLE words (k text PRIMARY KEY, m text);
SELECT sync_configure('k', '{"systems": {"ids": {"key": "k"}, "words": {"key": "k"}}, "window": "0", "fields": {"m": {}}}');
SELECT sync_attach('ids', 'ids', 'k'), sync_attach('words', 'words', 'k');
INSERT INTO words VALUES ('B0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'upper'), ('b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', 'lower');
SELECT is(sync_apply('ids'), 1, 'a key that the table keeps as it is');
SELECT results_eq('SELECT m FROM ids', $$ VALUES ('lower') $$, 'is written, and no other');
SELECT is(pg_temp.waiting('k'), 'create {"m": "upper"} pending 1 "ids" has the row of key "B0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11" under another one', 'with the reason');
SELECT is((SELECT count(*) FROM sync_record WHERE entity = 'k'), 2::bigint, 'there are two records, as before');
UPDATE ids SET m = 'now';
SELECT is(sync_apply('words'), 1, 'the other one is in step');
DELETE FROM words WHERE m = 'upper';
SELECT is(pg_temp.waiting('k'), NULL, 'and nothing waits where the first one is gone');

CREATE FUNCTION lowered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.k := lower(new.k); RETURN new; END $$;
CREATE TABLE lower_words (k text PRIMARY KEY, m text);
CREATE TRIGGER lowered BEFORE INSERT OR UPDATE ON lower_words FOR EACH ROW EXECUTE FUNCTION lowered();
SELECT sync_configure('l', '{"systems": {"low": {"key": "k"}, "crm": {"key": "k"}}, "window": "0", "fields": {"m": {}}}');
SELECT sync_attach('lower_words', 'low', 'l');
SELECT count(*) FROM sync_diff('crm', 'l', '[{"k": "Ab", "m": "x"}, {"k": "cd", "m": "y"}]');
SELECT is(sync_apply('low'), 1, 'a trigger that writes another key');
SELECT results_eq('SELECT k FROM lower_words', $$ VALUES ('cd') $$, 'leaves no row behind');
SELECT is((SELECT count(*) FROM sync_record WHERE entity = 'l'), 2::bigint, 'and no record');

-- A row that can be no record is not written either, and holds up nobody
CREATE TABLE docs (id text, data jsonb, name text);
SELECT sync_configure('d', '{"systems": {"crm": {"key": "key"}, "docs": {"id": "id", "key": "data.ref"}}, "window": "0", "fields": {"name": {}}}');
CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.name = 'poison' THEN new.data := NULL; END IF; RETURN new; END $$;
CREATE TRIGGER poison BEFORE INSERT ON docs FOR EACH ROW EXECUTE FUNCTION poison();
SELECT sync_attach('docs', 'docs', 'd');
SELECT count(*) FROM sync_diff('crm', 'd', '[{"key": "a", "name": "poison"}, {"key": "b", "name": "B"}]');
SELECT is(sync_apply('docs'), 1, 'the other one is written');
SELECT results_eq('SELECT name FROM docs', $$ VALUES ('B') $$, 'and it alone');
SELECT is(pg_temp.waiting('d'), 'create {"name": "poison"} pending 1 "docs" has the row of key "a" under another one', 'which waits with the reason');

-- What a foreign key of the table on itself does besides is the table's own
CREATE TABLE cat (key text PRIMARY KEY, name text, parent text REFERENCES cat ON DELETE CASCADE);
SELECT sync_configure('c', '{"systems": {"crm": {"key": "key"}, "app": {"key": "key"}}, "window": "0", "fields": {"name": {}, "parent": {"nulls": "clear"}}}');
SELECT sync_attach('cat', 'app', 'c');
INSERT INTO cat VALUES ('p', 'P', NULL), ('q', 'Q', 'p'), ('r', 'R', 'q'), ('s', 'S', NULL);
SELECT is((SELECT sync_ack(max(lease)) FROM (SELECT lease FROM sync_poll('crm')) AS p), 4, 'crm has all');
SELECT count(*) FROM sync_diff('crm', 'c', '[{"key": "p", "name": "P", "parent": null}, {"key": "q", "name": "Q", "parent": "p"}, {"key": "r", "name": "R", "parent": "q"}, {"key": "s", "name": "S", "parent": null}]');
SELECT count(*) FROM sync_delete('crm', 'c', ARRAY['p']);
SELECT is(sync_apply('app'), 1, 'the parent is deleted');
SELECT results_eq('SELECT key FROM cat', $$ VALUES ('s') $$, 'and its children with it');
SELECT is((SELECT string_agg(record_key || ' ' || target_system || ' ' || action, ', ' ORDER BY record_key) FROM sync_outbox WHERE entity = 'c'), 'q crm delete, r crm delete', 'which the others are told');

CREATE TABLE cat2 (key text PRIMARY KEY, name text, parent text REFERENCES cat2 ON DELETE SET NULL);
SELECT sync_configure('c2', '{"systems": {"crm": {"key": "key"}, "app2": {"key": "key"}}, "window": "0", "fields": {"name": {}, "parent": {"nulls": "clear"}}}');
SELECT sync_attach('cat2', 'app2', 'c2');
INSERT INTO cat2 VALUES ('p', 'P', NULL), ('q', 'Q', 'p');
SELECT is((SELECT sync_ack(max(lease)) FROM (SELECT lease FROM sync_poll('crm')) AS p), 4, 'crm has all');
SELECT count(*) FROM sync_diff('crm', 'c2', '[{"key": "p", "name": "P", "parent": null}, {"key": "q", "name": "Q", "parent": "p"}]');
SELECT count(*) FROM sync_delete('crm', 'c2', ARRAY['p']);
SELECT is(sync_apply('app2'), 1, 'the parent is deleted');
SELECT is((SELECT string_agg(record_key || ' ' || target_system || ' ' || change_set, ', ') FROM sync_outbox WHERE entity = 'c2'), 'q crm {"parent": null}', 'a reference that goes is an edit');

-- A record that a human has linked to a row under another key
CREATE TABLE linked (id int PRIMARY KEY, key text, name text);
SELECT sync_configure('w', '{"systems": {"crm": {"key": "key"}, "web": {"id": "id", "key": "key"}}, "window": "0", "fields": {"name": {}}}');
SELECT sync_attach('linked', 'web', 'w');
INSERT INTO linked VALUES (5, NULL, 'X');
SELECT is((SELECT sync_ack(max(lease)) FROM (SELECT lease FROM sync_poll('crm', entity => 'w')) AS p), 1, 'crm has it');
SELECT count(*) FROM sync_diff('crm', 'w', '{"key": "web:5", "name": "X"}');
UPDATE linked SET key = 'K7' WHERE id = 5;
SELECT is((SELECT sync_resolve(id, value => '"web:5"') FROM sync_open_conflicts WHERE kind = 'duplicate'), true, 'a human has said that it is the one');
SELECT count(*) FROM sync_diff('crm', 'w', '{"key": "web:5", "name": "Z"}');
SELECT is(sync_apply('web'), 1, 'an edit goes there');
SELECT is((SELECT linked::text FROM linked), '(5,K7,Z)', 'to that row');
SELECT count(*) FROM sync_delete('crm', 'w', ARRAY['web:5']);
SELECT is(sync_apply('web'), 1, 'a delete too');
SELECT is_empty('TABLE linked', 'and it is gone');

SELECT * FROM finish();
