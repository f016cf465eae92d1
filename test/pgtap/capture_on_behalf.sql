-- sync_ledger.system: a writer of an attached table says on whose behalf it writes. That system's word is
-- decided as its own; the table only shows it.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "crm": {}, "erp": {}}, "window": "0", "fields": {
	"name": {}, "plan": {"owner": "app"}, "note": {"path": {"app": "note", "erp": "note"}}}}');
CREATE TABLE people (id text PRIMARY KEY, name text, plan text, note text);
SELECT sync_attach('people', 'app', 'contact');
CALL pg_temp.at('10:00');
INSERT INTO people VALUES ('T1', 'A', 'gold', 'x'), ('T2', 'B', 'gold', 'x'), ('T3', 'C', 'gold', 'x');
CALL pg_temp.record('T2'); CALL pg_temp.deliver('crm', 'erp');
CALL pg_temp.record('T3'); CALL pg_temp.deliver('crm', 'erp');
CALL pg_temp.record('T1'); CALL pg_temp.deliver('crm', 'erp');
CREATE FUNCTION pg_temp.last_events() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', system, CASE event WHEN 'deleted' THEN event END, verdict, change_set), '; ' ORDER BY id) FROM sync_event e
	WHERE record_key = pg_temp.record_key() AND at = (SELECT max(at) FROM sync_event)
$$;

-- An edit of the other system
CALL pg_temp.at('12:00');
SET sync_ledger.system = 'crm';
UPDATE people SET name = 'AA' WHERE id = 'T1';
SELECT is(pg_temp.last_events(), 'crm accepted {"name": "AA"}; app agreed', 'is that system''s edit, and the table shows it');
SELECT is(pg_temp.waits('erp'), 'update {"name": "AA"}', 'the third system is told');
SELECT is(concat(pg_temp.waits('app'), pg_temp.waits('crm')), '', 'the two others are not');
SELECT is((SELECT author FROM sync_blame('contact', 'T1') WHERE field = 'name'), 'crm', 'it is the author');
SELECT is(pg_temp.shows('app'), '{"name": "AA", "note": "x", "plan": "gold"}', 'what the table shows is known');

-- What it may not edit goes back to both
CALL pg_temp.at('12:01');
UPDATE people SET plan = 'free' WHERE id = 'T1';
SELECT is(pg_temp.last_events(), 'crm overruled; app overruled', 'what the table''s own system owns is overruled');
SELECT is(pg_temp.waits('app'), 'update {"plan": "gold"}', 'the table gets it back');
SELECT is(pg_temp.waits('crm'), 'update {"plan": "gold"}', 'and so does that system');

-- What it does not carry is nobody's edit
CALL pg_temp.at('12:02');
UPDATE people SET note = 'y' WHERE id = 'T2';
CALL pg_temp.record('T2');
SELECT is(pg_temp.last_events(), 'app overruled', 'a field that it does not carry is not its word');

-- An echo
CALL pg_temp.record('T3');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.saw('erp', '{"name": "E"}'), 'accepted name=accepted -> app,crm', 'a third system edits');
SELECT is(pg_temp.poll('crm'), 'update {"name": "E"}', 'the worker of the other one has it');
CALL pg_temp.at('12:11');
UPDATE people SET name = 'E' WHERE id = 'T3';
SELECT is(pg_temp.last_events(), 'crm echo; app agreed', 'written on its behalf it is the echo of that write');
SELECT is(pg_temp.waits('app'), NULL, 'the table has it already');
SELECT ok(pg_temp.ack('crm'), 'the worker comes back');

-- What it has not written is no word of its own
CALL pg_temp.at('12:15');
CALL pg_temp.record('T2');
RESET sync_ledger.system;
UPDATE people SET name = 'new' WHERE id = 'T2';
SELECT is(pg_temp.waits('crm'), 'update {"name": "new"}', 'an edit of the table is on its way to that system');
SET sync_ledger.system = 'crm';
CALL pg_temp.at('12:16');
UPDATE people SET plan = 'none' WHERE id = 'T2';
SELECT is(pg_temp.waits('crm'), 'update {"name": "new", "plan": "gold"}', 'and stays so while another column is written on its behalf');
SELECT is(pg_temp.shows('crm')->>'name', 'B', 'it has not shown that edit');
SELECT is(pg_temp.saw('crm', '{"name": "B"}'), 'unchanged', 'what it still shows is no edit');
CALL pg_temp.at('12:17');
UPDATE people SET name = name, plan = 'no' WHERE id = 'T2';
SELECT is(pg_temp.waits('crm'), 'update {"plan": "gold"}', 'a value that is written again is its word');
UPDATE people SET plan = 'gold', note = 'z' WHERE id = 'T2';

-- New records, and deletes
CALL pg_temp.at('12:20');
CALL pg_temp.record('T4');
INSERT INTO people VALUES ('T4', 'D', 'free');
SELECT is(pg_temp.waits('erp'), 'create {"name": "D", "plan": "free"}', 'a record that it creates');
SELECT is(concat(pg_temp.waits('app'), pg_temp.waits('crm')), '', 'is there in both');
CALL pg_temp.record('T3');
CALL pg_temp.at('12:30');
DELETE FROM people WHERE id = 'T3';
SELECT is(pg_temp.last_events(), 'crm deleted accepted; app agreed', 'a delete');
SELECT is(pg_temp.waits('erp'), 'delete {}', 'goes to the third');
SELECT is(concat(pg_temp.waits('app'), pg_temp.waits('crm')), '', 'and to nobody else');

-- Its own name is nothing special; another word is an error
SET sync_ledger.system = 'app';
UPDATE people SET name = 'DD' WHERE id = 'T4';
SELECT is((SELECT author FROM sync_blame('contact', 'T4') WHERE field = 'name'), 'app', 'the table''s own system is itself');
SET sync_ledger.system = 'cmr';
SELECT throws_ok($$ UPDATE people SET name = 'x' $$, '42704', 'entity "contact" has no system "cmr"', 'an unknown system');

-- A system that is a table itself
CREATE TABLE ledgers (record_key text PRIMARY KEY, name text, plan text, note text) PARTITION BY HASH (record_key);
CREATE TABLE ledgers_all PARTITION OF ledgers FOR VALUES WITH (MODULUS 1, REMAINDER 0);
SELECT sync_attach('ledgers', 'erp', 'contact');
CALL pg_temp.record('T4');
SET sync_ledger.system = 'erp';
SELECT throws_ok($$ UPDATE people SET name = 'x' $$, '55000', 'cannot write to "people" on behalf of system "erp", which is table "public.ledgers"', 'is told by that table alone');
SELECT is(pg_temp.shows('erp'), NULL, 'the book does not believe that it shows what was never written to it');
SELECT lives_ok($$ INSERT INTO ledgers VALUES ('T9', 'L', 'gold', 'l') $$, 'which is itself under its own name');
SELECT lives_ok($$ INSERT INTO ledgers_all VALUES ('T8', 'L', 'gold', 'l') $$, 'and so is a part of it');
SELECT sync_detach('ledgers');
SELECT lives_ok($$ UPDATE people SET name = 'x' WHERE id = 'T4' $$, 'a table that is detached is no hindrance');

-- Who may
SELECT 'writer_' || pg_backend_pid() AS writer \gset
CREATE ROLE :writer;
GRANT ALL ON people TO :writer;
SET sync_ledger.system = 'crm';
SET ROLE :writer;
SELECT throws_ok($$ UPDATE people SET name = 'x' $$, '42501', format('role "%s" may not write on behalf of system "crm"', :'writer'), 'not everybody');
RESET sync_ledger.system;
SELECT lives_ok($$ UPDATE people SET name = 'x' WHERE id = 'T4' $$, 'on its own behalf anybody does');
RESET ROLE;
DROP OWNED BY :writer;
DROP ROLE :writer;
SELECT * FROM finish();
