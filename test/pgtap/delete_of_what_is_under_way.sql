-- A record is deleted while its creates, updates and deletes are on their way.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

CREATE FUNCTION pg_temp.deleted(system text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', v.verdict, v.action, '-> ' || (SELECT nullif(string_agg(t, ',' ORDER BY t), '') FROM unnest(v.targets) AS t))
	FROM sync_delete(system, 'contact', ARRAY[pg_temp.record_key()]) AS v
$$;
CREATE FUNCTION pg_temp.where_is() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(system || ' ' || existence, ', ' ORDER BY system) FROM sync_shadow WHERE record_key = pg_temp.record_key()
$$;
SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"id": "id"}}, "fields": {"phone": {}, "name": {"required": true}}}');
CALL pg_temp.at('12:00');

-- A create that nobody has claimed yet is not made.
CALL pg_temp.record('waiting');
SELECT pg_temp.saw('crm', '{"name": "ann"}');
SELECT is(pg_temp.deleted('crm'), 'accepted delete', 'nothing is told to one who never had it');
SELECT is(pg_temp.waits('support'), NULL, 'the create is gone');

-- One whose worker never came back is deleted, for it may have landed.
CALL pg_temp.record('lost');
SELECT pg_temp.saw('crm', '{"name": "ann"}');
SELECT pg_temp.poll('support');
SELECT is(pg_temp.deleted('crm'), 'accepted delete -> support', 'the delete waits behind the create');
SELECT is(pg_temp.poll('support'), NULL, 'and is not handed out beside it');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.poll('support'), 'delete {}', 'the create is not made again: it is deleted');
SELECT pg_temp.ack('support');
SELECT is(pg_temp.where_is(), 'crm gone, support gone', 'at rest');
SELECT is(pg_temp.saw('support', '{"name": "ann"}'), 'echo name=echo -> support', 'the create lands after all');
SELECT is(pg_temp.waits('support'), 'delete {}', 'and is deleted again');

-- A delete whose worker never came back goes again, under its own key.
CALL pg_temp.at_rest('again', '{"name": "ann"}', 'crm', 'support');
SELECT pg_temp.deleted('crm');
CREATE TEMP TABLE polled AS SELECT 1 AS n, idempotency_key FROM sync_poll('support') WHERE record_key = 'again';
CALL pg_temp.at('12:10');
INSERT INTO polled SELECT 2, idempotency_key FROM sync_poll('support') WHERE record_key = 'again';
SELECT is((SELECT array_agg(DISTINCT idempotency_key) FROM polled), '{crm-to-support-contact-again-v2}', 'a retry keeps its key');
SELECT is(pg_temp.deleted('support'), 'echo', 'the webhook of the first call');
CALL pg_temp.at('12:20');
SELECT is((SELECT count(*) FROM sync_poll('support') WHERE record_key = 'again'), 0::bigint, 'has landed: nothing goes a third time');
SELECT is(pg_temp.where_is(), 'crm gone, support gone', 'it is gone there');

-- An ack that comes after the other side's own delete does not bring the record back.
CALL pg_temp.at_rest('both', '{"name": "ann", "phone": "1"}', 'crm', 'support');
SELECT pg_temp.saw('crm', '{"phone": "2"}');
SELECT pg_temp.poll('support');
SELECT is(pg_temp.deleted('support'), 'conflict', 'it had not seen the new phone');
SELECT is(pg_temp.ack('support', '{"id": "s1", "name": "ann", "phone": "2"}'), true, 'the update had landed before');
SELECT is(pg_temp.where_is(), 'crm there, support gone', 'still gone');
SELECT is(pg_temp.deleted('crm'), 'accepted delete', 'crm deletes it too: nobody shows it any more');
SELECT is(pg_temp.open_conflict(), NULL, 'and nothing is left to decide');

-- A new generation begins with what its creator shows: required fields too.
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'rejected', 'no name');
SELECT is(pg_temp.saw('crm', '{"name": "bob"}'), 'accepted name=accepted -> support', 'a new life');
SELECT is(pg_temp.golden(), '{"name": "bob", "phone": null}', 'nothing of the old one');
SELECT is(pg_temp.poll('support'), 'create {"name": "bob"}', 'it is created again there');
SELECT is((SELECT generation FROM sync_record WHERE record_key = 'both'), 2, 'in generation 2');

SELECT * FROM finish();
ROLLBACK;
