-- Rows of another cluster bring the numbers of its transactions: they take places of this one,
-- so that a worker that has gone by finds them, and none stands where nobody comes for years.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}}');
CREATE TABLE elsewhere (LIKE sync_outbox);

CREATE FUNCTION pg_temp.restored(foreign_place xid8) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO elsewhere SELECT * FROM sync_outbox WHERE status = 'pending';
	DELETE FROM sync_outbox WHERE status = 'pending';
	PERFORM sync_poll('support');
	UPDATE elsewhere SET place = foreign_place;
	INSERT INTO sync_outbox TABLE elsewhere;
	DELETE FROM elsewhere;
	RETURN (SELECT string_agg(record_key, ',' ORDER BY id) FROM sync_outbox WHERE place = pg_current_xact_id());
END
$$;

SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'a change waits');
CALL pg_temp.record('T2');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'so does another one');
SELECT is(pg_temp.restored('3'), 'T1,T2', 'places of long ago are none');
SELECT is(pg_temp.restored('9000000000000000000'), 'T1,T2', 'nor are places to come');
SELECT is((SELECT array_agg(record_key) FROM sync_poll('support', 1)), '{T1}', 'the worker that had gone by finds the first');
SELECT is((SELECT array_agg(record_key) FROM sync_poll('support', 1)), '{T2}', 'and the second one');
SELECT is((SELECT count(*) FROM sync_poll('support')), 0::bigint, 'and no more');

CALL pg_temp.record('T3');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> support', 'a change waits');
SET session_replication_role = replica;
SELECT is(pg_temp.restored('3'), 'T3', 'also where triggers are off for replication');
RESET session_replication_role;
SELECT is((SELECT array_agg(record_key) FROM sync_poll('support')), '{T3}', 'and it is found');

SELECT is(pg_temp.poll('support'), NULL, 'nothing waits');
SELECT is((SELECT count(*) FROM sync_outbox WHERE status = 'leased'), 3::bigint, 'but what is leased');
INSERT INTO elsewhere SELECT * FROM sync_outbox;
DELETE FROM sync_outbox;
INSERT INTO sync_outbox TABLE elsewhere;
SELECT is(pg_temp.poll('support'), NULL, 'which comes from elsewhere as such');

CREATE TABLE narrow (place xid8);
CREATE TRIGGER arrives BEFORE INSERT ON narrow FOR EACH ROW EXECUTE FUNCTION sync_outbox_arrives();
SELECT throws_ok($$ INSERT INTO narrow VALUES ('1') $$, '39P01', NULL, 'it is no trigger of other tables');

SELECT * FROM finish();
