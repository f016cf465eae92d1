-- What sync_apply writes is acknowledged with the row that stands there then: write, answer and
-- sight are one event of the record, which leaves one delivery and nothing to wait for.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "shop": {"key": "ref", "id": "no"}}, "window": "0",
	"fields": {"name": {"required": true}, "n": {"type": "number"}, "note": {}}}');
CREATE TABLE app (id int PRIMARY KEY, name text, n numeric, note text);
CREATE TABLE shop (no serial PRIMARY KEY, ref text UNIQUE, name text, n numeric, note text);
SELECT sync_attach('app', 'app', 'contact'), sync_attach('shop', 'shop', 'contact');
INSERT INTO app VALUES (1, 'A', 1, 'x');
SELECT sync_apply('shop');
CREATE TABLE before AS SELECT coalesce(max(id), 0) AS id FROM sync_event;

UPDATE app SET n = 2.50;
SELECT is(sync_apply('shop'), 1, 'a change is applied');
SELECT set_eq('SELECT event, system FROM sync_event WHERE id > (SELECT id FROM before)', $$ VALUES ('arrived', 'app') $$, 'the log has the change, and no sight of it');
SELECT is((SELECT count(*) FROM sync_delivery WHERE action = 'update'), 1::bigint, 'and one delivery');
SELECT is((SELECT data ->> 'n' FROM sync_shadow WHERE system = 'shop'), '2.5', 'which is shown');
SELECT is_empty($$ SELECT * FROM sync_diff('shop', 'contact', '{"ref": "1", "n": 2.5}') $$, 'nothing is owed: the same once more says nothing');
SELECT is((SELECT change_set FROM sync_diff('shop', 'contact', '{"ref": "1", "n": 1}')), '{"n": 1}', 'and what the table shows next is an edit, not an old photograph');
SELECT sync_diff('shop', 'contact', '{"ref": "1", "n": 2.5}'), sync_apply('app');

-- What a trigger adds is an edit of the table, of whoever applied
CREATE FUNCTION adds() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.note := 'by a trigger'; RETURN new; END $$;
CREATE TRIGGER adds BEFORE UPDATE ON shop FOR EACH ROW EXECUTE FUNCTION adds();
UPDATE app SET n = 3;
SELECT sync_apply('shop');
SELECT is((SELECT concat_ws(' ', author, actor, change_set) FROM sync_change ORDER BY version DESC LIMIT 1), format('shop %s {"note": "by a trigger"}', current_user), 'what it adds is in the log');
SELECT is((SELECT string_agg(target_system || ' ' || change_set, ',') FROM sync_outbox), 'app {"note": "by a trigger"}', 'and goes to the other table');
SELECT sync_apply('app');
DROP TRIGGER adds ON shop;

-- The stamp that the row carries is used up by that sight
SELECT sync_configure('stamped', '{"systems": {"app": {"key": "id"}, "shop": {"key": "ref", "sentinel": "src"}}, "window": "0", "fields": {"name": {}}}');
CREATE TABLE here (id int PRIMARY KEY, name text);
CREATE TABLE there (ref text PRIMARY KEY, name text, src text);
SELECT sync_attach('here', 'app', 'stamped'), sync_attach('there', 'shop', 'stamped');
INSERT INTO here VALUES (1, 'A');
SELECT sync_apply('shop');
UPDATE here SET name = 'X';
SELECT sync_apply('shop');
CREATE TABLE copy AS TABLE there;
UPDATE here SET name = 'Y';
SELECT sync_apply('shop');
UPDATE there AS t SET name = c.name, src = c.src FROM copy AS c;
SELECT is((SELECT data ->> 'name' FROM sync_record WHERE entity = 'stamped'), 'X', 'a row that a human puts back as it was is an edit');
SELECT sync_apply('app');
SELECT is((SELECT name FROM here), 'X', 'which goes to the other table');

-- A sight is counted as what came in
SELECT ok(sum(records) > 0, 'sights are counted') FROM sync_stat WHERE entity = 'stamped' AND system = 'shop' AND counted = 'echo';

-- What no record may be is told by the door for records
CREATE OR REPLACE FUNCTION adds() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.name := NULL; RETURN new; END $$;
CREATE TRIGGER adds BEFORE UPDATE ON shop FOR EACH ROW EXECUTE FUNCTION adds();
UPDATE app SET n = 4;
SELECT is(sync_apply('shop'), 1, 'a row that lacks a required field afterwards');
SELECT is((SELECT string_agg(field || ' ' || reason, ',') FROM sync_reject), 'name required, but null', 'is written, and rejected as a record');

-- So is a value that stood there already, which is sent again after a call of unknown outcome
SELECT sync_configure('again', '{"systems": {"app": {"key": "id"}, "shop": {"key": "id"}}, "window": "0", "fields": {"name": {}}}');
CREATE TABLE ours (id int PRIMARY KEY, name text);
CREATE TABLE theirs (id int PRIMARY KEY, name text);
SELECT sync_attach('ours', 'app', 'again'), sync_attach('theirs', 'shop', 'again');
INSERT INTO ours VALUES (1, 'A');
SELECT sync_apply('shop');
UPDATE ours SET name = 'lost';
SELECT sync_nack(id, lease, 'timeout', '0 s') FROM sync_poll('shop', entity => 'again');
UPDATE ours SET name = 'B';
SELECT sync_apply('shop');
UPDATE theirs SET name = 'C';
SELECT is((SELECT string_agg(target_system, ',' ORDER BY target_system) FROM sync_outbox WHERE entity = 'again'), 'app,shop', 'what a worker may have sent may land yet: an edit goes back to its own table');
SELECT is(sync_apply('shop'), 1, 'which has it');
SELECT is(sync_apply('app'), 1, 'the other one too');
UPDATE theirs SET name = 'D';
SELECT sync_apply('shop'), sync_apply('app');
UPDATE theirs SET name = 'C';
SELECT is((SELECT change_set FROM sync_outbox WHERE entity = 'again' AND target_system = 'app'), '{"name": "C"}', 'the value once more is no late echo, but an edit');
SELECT sync_apply('shop'), sync_apply('app');
SELECT results_eq('TABLE ours', 'TABLE theirs', 'and both tables agree');

SELECT * FROM finish();
