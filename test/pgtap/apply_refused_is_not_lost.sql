-- What a table refuses has certainly not landed: an update and a delete leave no trace in what the
-- book knows of the table, and what its people write afterwards is their own.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('r', '{"systems": {"one": {"key": "k"}, "two": {"key": "k"}}, "window": "0", "fields": {"n": {"type": "number", "nulls": "clear"}, "m": {"nulls": "clear"}}}');
CREATE TABLE one (k int PRIMARY KEY, n int, m text);
CREATE TABLE two (k int PRIMARY KEY, n int CONSTRAINT small CHECK (n < 100), m text);
CREATE TABLE notes (two int CONSTRAINT of_two REFERENCES two);
SELECT sync_attach('one', 'one', 'r'), sync_attach('two', 'two', 'r');
CREATE FUNCTION pg_temp.waiting() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, target_system, action, change_set, idempotency_key), '; ' ORDER BY record_key COLLATE "C", target_system)
	FROM sync_outbox
$$;
CREATE FUNCTION pg_temp.retry() RETURNS int LANGUAGE sql AS $$
	SELECT count(sync_redrive(id)) FROM sync_outbox;
	SELECT sync_apply('two')
$$;
INSERT INTO one SELECT k, 1, 'a' FROM generate_series(1, 6) AS k;
SELECT is(sync_apply('two'), 6, 'both tables have them');

-- An update
UPDATE one SET n = 300 WHERE k = 1;
SELECT is(sync_apply('two'), 0, 'the other table refuses a value');
SELECT is(pg_temp.waiting(), '1 two update {"n": 300} one-to-two-r-1-v2', 'which waits under its key');
SELECT is(pg_temp.retry(), 0, 'it goes again in vain');
SELECT is(pg_temp.waiting(), '1 two update {"n": 300} one-to-two-r-1-v2', 'a retry has the same key');
UPDATE one SET m = 'b' WHERE k = 1;
SELECT is(pg_temp.waiting(), '1 two update {"m": "b", "n": 300} one-to-two-r-1-v3', 'another content has another one');
UPDATE one SET n = 2 WHERE k = 1;
SELECT is(pg_temp.retry(), 1, 'a newer value is taken');
ALTER TABLE two DROP CONSTRAINT small;
UPDATE two SET n = 300 WHERE k = 1;
SELECT is(pg_temp.waiting(), '1 one update {"n": 300} two-to-one-r-1-v5', 'the refused value is an edit where a human types it, and nothing goes back');
SELECT is(sync_apply('one'), 1, 'the first table takes it');
SELECT results_eq('SELECT * FROM one ORDER BY k', 'SELECT * FROM two ORDER BY k', 'both tables agree');
SELECT is((SELECT count(*) FROM sync_conflict), 0::bigint, 'nobody is asked');

-- Taken back before it could be written
ALTER TABLE two ADD CONSTRAINT small CHECK (n < 1000);
UPDATE one SET n = 5000 WHERE k = 2;
SELECT is(sync_apply('two'), 0, 'a value is refused');
UPDATE one SET n = 1 WHERE k = 2;
SELECT is(pg_temp.waiting(), NULL, 'what is there already is not sent');

-- A delete
INSERT INTO notes VALUES (3), (4);
DELETE FROM one WHERE k IN (3, 4);
SELECT is(sync_apply('two'), 0, 'a row that is needed stays');
SELECT is(pg_temp.waiting(), '3 two delete {} one-to-two-r-3-v2; 4 two delete {} one-to-two-r-4-v2', 'its delete waits under its key');
SELECT is(pg_temp.retry(), 0, 'it goes again in vain');
SELECT is(pg_temp.waiting(), '3 two delete {} one-to-two-r-3-v2; 4 two delete {} one-to-two-r-4-v2', 'a retry has the same key');
INSERT INTO one VALUES (3, 1, 'a'), (4, 9, 'a');
SELECT is(pg_temp.waiting(), '4 two update {"n": 9} one-to-two-r-4-v3', 'created again, what differs is sent');
SELECT is(pg_temp.retry(), 1, 'to the row that has stayed');
DELETE FROM notes;
DELETE FROM two WHERE k IN (3, 4);
SELECT is(pg_temp.waiting(), '3 one delete {} two-to-one-r-3-v4; 4 one delete {} two-to-one-r-4-v4', 'a delete by the people there is theirs');
SELECT is(sync_apply('one'), 2, 'and goes to the first table');
SELECT results_eq('SELECT * FROM one ORDER BY k', 'SELECT * FROM two ORDER BY k', 'both tables agree');

-- Where a worker has called before, nobody knows
SELECT sync_configure('s', '{"systems": {"crm": {"key": "k"}, "three": {"key": "k"}}, "window": "0", "fields": {"n": {"type": "number"}}}');
CREATE TABLE three (k int PRIMARY KEY, n int);
CREATE TABLE needs (three int REFERENCES three);
SELECT sync_attach('three', 'three', 's');
SELECT count(*) FROM sync_diff('crm', 's', '{"k": "1", "n": 3}');
SELECT is(sync_apply('three'), 1, 'the table has the record');
INSERT INTO needs VALUES (1);
SELECT count(*) FROM sync_delete('crm', 's', ARRAY['1']);
SELECT is((SELECT sync_nack(id, lease, 'timeout', '0 s') FROM sync_poll('three')), true, 'a worker does not know whether its delete has landed');
SELECT is(sync_apply('three'), 0, 'the table refuses it');
DELETE FROM needs;
DELETE FROM three;
SELECT is((SELECT detail FROM sync_trace('s', '1') WHERE event = 'arrived' AND system = 'three'), 'echo; by postgres; echo of our delete', 'what was deleted there may be the worker''s work');

-- A trigger that refuses a row under the code of a failure that is to be repeated holds up nothing else
SELECT sync_configure('t', '{"systems": {"four": {"key": "k"}, "five": {"key": "k", "apply": "immediate"}, "crm": {"key": "k"}}, "window": "0", "fields": {"n": {"type": "number"}}}');
CREATE TABLE four (k int PRIMARY KEY, n int);
CREATE TABLE five (k int PRIMARY KEY, n int);
CREATE FUNCTION check_version() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF new.n > 1 THEN RAISE EXCEPTION 'row % has changed', new.k USING ERRCODE = '40001'; END IF;
	RETURN new;
END $$;
CREATE TRIGGER check_version BEFORE INSERT ON four FOR EACH ROW EXECUTE FUNCTION check_version();
CREATE TRIGGER check_version BEFORE INSERT ON five FOR EACH ROW EXECUTE FUNCTION check_version();
SELECT sync_attach('four', 'four', 't'), sync_attach('five', 'five', 't');
SELECT count(*) FROM sync_diff('crm', 't', '[{"k": 1, "n": 1}, {"k": 2, "n": 2}, {"k": 3, "n": 1}]');
SELECT is(sync_apply('four'), 2, 'the other rows are written');
SELECT is((SELECT record_key || ' ' || last_error FROM sync_outbox WHERE last_error IS NOT NULL AND target_system = 'four'), '2 row 2 has changed', 'that one waits with the error');
ALTER TABLE four DISABLE TRIGGER check_version;
SELECT lives_ok('INSERT INTO four VALUES (4, 4)', 'at once, too');
SELECT is((SELECT string_agg(record_key || ' ' || last_error, '; ' ORDER BY record_key) FROM sync_outbox WHERE target_system = 'five'), '2 row 2 has changed; 4 row 4 has changed', 'who writes the other table goes on');
SELECT * FROM finish();
