-- Dead letters are listed with why and since when; no sensitive value is in them, nor in the events for others.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "window": "0",
	"fields": {"phone": {}, "iban": {"sensitive": true}, "tags": {"type": "set", "sensitive": true}}}');
CALL pg_temp.at('10:00');

-- A record of the crm whose call fails for good, with these words of the worker.
CREATE PROCEDURE pg_temp.fails(record_key text, fields jsonb, words text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	PERFORM pg_temp.saw('crm', fields);
	PERFORM sync_nack(id, lease, words, permanent => true) FROM sync_poll('support');
END
$$;

CREATE FUNCTION pg_temp.letter(of_key text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', action, change_set, 'after', attempts, last_error) FROM sync_dead_letters WHERE record_key = of_key
$$;

SELECT is_empty('SELECT * FROM sync_dead_letters', 'there is none');
CALL pg_temp.fails('plain', '{"phone": "1"}', 'no such record');
SELECT is(pg_temp.letter('plain'), 'create {"phone": "1"} after 1 no such record', 'why it failed');
SELECT is((SELECT concat_ws(' ', entity, target_system, source_system, idempotency_key) FROM sync_dead_letters), 'contact support crm crm-to-support-contact-plain-v1', 'of what');
SELECT is((SELECT died_at FROM sync_dead_letters), '2026-03-01 10:00+00', 'since when');

CALL pg_temp.fails('named', '{"iban": "DE02SECRET", "phone": "2"}', 'cannot store DE02SECRET');
SELECT is(pg_temp.letter('named'), 'create {"iban": "***", "phone": "2"} after 1 *** (it holds a sensitive value)', 'a value that is sensitive is masked, in the worker''s words too');
CALL pg_temp.fails('in a set', '{"tags": ["SECRET", "new"]}', 'bad tag: SECRET');
SELECT is(pg_temp.letter('in a set'), 'create {"tags": "***"} after 1 *** (it holds a sensitive value)', 'an element of a set as well');
CALL pg_temp.fails('not named', '{"iban": "DE03", "phone": "3"}', 'bad gateway');
SELECT is(pg_temp.letter('not named'), 'create {"iban": "***", "phone": "3"} after 1 bad gateway', 'words without one are shown');

-- The row as Debezium's outbox event router wants it
CALL pg_temp.record('event');
SELECT is(pg_temp.saw('crm', '{"iban": "DE04", "phone": "4"}'), 'accepted iban=accepted,phone=accepted -> support', 'a change');
SELECT has_column('sync_outbox_event'::name, c, c || ' is a column of the event') FROM unnest('{id,aggregatetype,aggregateid,type,payload,timestamp}'::name[]) AS c;
SELECT is((SELECT concat_ws(' ', aggregatetype, aggregateid, type, payload, target, extract(epoch FROM "timestamp" - '2026-03-01 10:00+00')) FROM sync_outbox_event),
	'contact event create {"iban": "***", "phone": "4"} support 0.000000', 'it waits, dead ones do not');
SELECT is((SELECT id FROM sync_outbox_event), 'e690904b-34bf-8dfc-c157-52902634d519', 'its id is that of its content, everywhere the same');
SELECT is((SELECT count(*) FROM sync_poll('support')), 1::bigint, 'a worker takes it');
SELECT is((SELECT count(*) FROM sync_outbox_event), 1::bigint, 'it is the same event');

SELECT * FROM finish();
