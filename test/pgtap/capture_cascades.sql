-- Writes that nobody wrote by name: foreign keys that cascade, and workers who carry changes into a table.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('firm', '{"systems": {"app": {"key": "id"}, "crm": {}}, "window": "0", "fields": {"name": {}}}');
SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "crm": {}}, "window": "0", "fields": {"name": {}, "firm": {"path": {"app": "firm_id", "crm": "firm"}}, "boss": {"nulls": "clear"}}}');
CALL pg_temp.at('09:00');
CREATE TABLE firms (id text PRIMARY KEY, name text);
CREATE TABLE people (id text PRIMARY KEY, name text, firm_id text REFERENCES firms ON UPDATE CASCADE ON DELETE CASCADE,
	boss text REFERENCES people ON UPDATE CASCADE ON DELETE SET NULL);
SELECT sync_attach('firms', 'app', 'firm'), sync_attach('people', 'app', 'contact');

CREATE FUNCTION pg_temp.records(of_entity text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, data ->> 'name', data ->> 'firm', data ->> 'boss'), '; ' ORDER BY record_key) FROM sync_record WHERE entity = of_entity AND NOT deleted
$$;
CREATE FUNCTION pg_temp.differs() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' | ', p, r.data), '; ') FROM people p FULL JOIN (SELECT * FROM sync_record WHERE entity = 'contact' AND NOT deleted) r ON r.record_key = p.id
	WHERE (p.name, p.firm_id, p.boss) IS DISTINCT FROM (r.data ->> 'name', r.data ->> 'firm', r.data ->> 'boss')
$$;

INSERT INTO firms VALUES ('f', 'Acme'), ('g', 'Bell');
INSERT INTO people VALUES ('T1', 'A', 'f', NULL), ('T2', 'B', 'f', 'T1'), ('T3', 'C', 'g', 'T2'), ('T4', 'D', 'g', 'T1');
UPDATE firms SET id = 'ff' WHERE id = 'f';
SELECT is(pg_temp.records('firm'), 'ff Acme; g Bell', 'a key that changes');
SELECT is(pg_temp.records('contact'), 'T1 A ff; T2 B ff T1; T3 C g T2; T4 D g T1', 'changes where it is referred to');
UPDATE people SET id = 'T9', name = name || '!' WHERE id IN ('T1', 'T5');
SELECT is(pg_temp.records('contact'), 'T2 B ff T9; T3 C g T2; T4 D g T9; T9 A! ff', 'in the same table too');
UPDATE people SET name = name || '?', id = CASE id WHEN 'T2' THEN 'T8' ELSE id END;
SELECT is(pg_temp.differs(), NULL, 'with rows that the statement changes itself');
DELETE FROM people WHERE id = 'T9';
SELECT is(pg_temp.records('contact'), 'T3 C? g T8; T4 D? g; T8 B? ff', 'a delete that sets others to null');
DELETE FROM firms WHERE id = 'g';
SELECT is(pg_temp.records('contact'), 'T8 B? ff', 'a delete that deletes others');
SELECT is(pg_temp.differs(), NULL, 'the book is as the table');

-- A worker from outside that carries changes into the table: capture sees its write before its ack
CALL pg_temp.record('T8');
CALL pg_temp.at('10:00');
CALL pg_temp.deliver('crm');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"name": "from crm"}'), 'accepted name=accepted -> app', 'the other system edits');
SELECT is(pg_temp.poll('app'), 'update {"name": "from crm"}', 'a worker has it');
UPDATE people SET name = 'from crm' WHERE id = 'T8';
SELECT is((SELECT verdict FROM sync_event WHERE record_key = 'T8' ORDER BY id DESC LIMIT 1), 'echo', 'its write is the echo');
SELECT ok(pg_temp.ack('app'), 'then it acknowledges');
UPDATE people SET name = 'B?' WHERE id = 'T8';
SELECT is(pg_temp.waits('crm'), 'update {"name": "B?"}', 'the old value again is an edit: nothing came late here');

-- sync_apply has the rights of its caller
SELECT 'worker_' || pg_backend_pid() AS worker \gset
CREATE ROLE :worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :worker;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO :worker;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO :worker;
CALL pg_temp.at('12:10');
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
CREATE POLICY named ON people USING (true) WITH CHECK (name <> 'forbidden');
SELECT is(pg_temp.saw('crm', '{"name": "forbidden"}'), 'conflict name=conflict', 'the other system had not seen that');
SELECT sync_resolve(pg_temp.open_conflict(), winner => 'crm');
SET ROLE :worker;
SELECT is(sync_apply('app'), 0, 'row security holds for sync_apply');
RESET ROLE;
SELECT is((SELECT last_error FROM sync_outbox WHERE target_system = 'app'), 'new row violates row-level security policy for table "people"', 'and is told');
REVOKE UPDATE ON people FROM :worker;
SELECT count(sync_redrive(id)) FROM sync_outbox;
SET ROLE :worker;
SELECT is(sync_apply('app'), 0, 'so do privileges');
RESET ROLE;
SELECT is((SELECT last_error FROM sync_outbox WHERE target_system = 'app'), 'permission denied for table people', 'which are told, too');
SELECT count(sync_redrive(id)) FROM sync_outbox;
SELECT is(sync_apply('app'), 1, 'whoever may, may');
DROP OWNED BY :worker;
DROP ROLE :worker;
SELECT * FROM finish();
