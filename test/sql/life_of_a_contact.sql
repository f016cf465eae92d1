-- The life of one contact between a CRM and a help desk, from its first webhook to a
-- human's decision.  The clock is set; each step prints what was decided, and who gets what.
\pset footer off
\pset null -
SET client_min_messages = warning;
BEGIN;
SET LOCAL sync_ledger.now = '1767225600000000';
CREATE FUNCTION pg_temp.later(by interval) RETURNS void LANGUAGE sql AS $$
	SELECT set_config('sync_ledger.now', (current_setting('sync_ledger.now')::bigint + extract(epoch FROM by) * 1000000)::bigint::text, true)
$$;

SELECT sync_configure('contact', $$
{ "systems": {
    "crm":  {"key": "external_id", "id": "id"},
    "desk": {"key": "requester.external_id", "id": "id"} },
  "fields": {
    "email": {"normalize": ["trim", "lower"], "owner": "crm", "path": {"crm": "properties.email", "desk": "requester.email"}},
    "phone": {"normalize": ["phone"], "path": {"crm": "properties.phone", "desk": "requester.phone"}},
    "name":  {"path": {"crm": "properties.name", "desk": "requester.name"}},
    "seats": {"type": "number", "path": {"crm": "properties.seats", "desk": "fields.seats"}} } }
$$) AS version;

CREATE VIEW pg_temp.waiting AS
	SELECT direction, action, change_set, status, attempts FROM sync_outbox ORDER BY id;
CREATE TEMP TABLE claim (id bigint, lease bigint);
CREATE FUNCTION pg_temp.poll(target text)
	RETURNS TABLE (direction text, action text, native_id text, payload jsonb, idempotency_key text) LANGUAGE sql AS $$
	WITH polled AS (SELECT * FROM sync_poll(target)), noted AS (INSERT INTO claim SELECT id, lease FROM polled)
	SELECT direction, action, native_id, payload, idempotency_key FROM polled
$$;

-- The CRM has a new contact: the help desk is to create it.
SELECT record_key, verdict, action, change_set, targets FROM sync_diff('crm', 'contact', '
	{"id": "hs_501", "external_id": 4829, "properties": {"name": "Ann Lee", "email": " Ann@Example.com ", "phone": "+49 30 1234", "seats": 5.0}}');

-- The same payload in another key order, with numbers in another form: nothing at all.
SELECT verdict, outcome, targets FROM sync_diff('crm', 'contact', '
	{"properties": {"seats": "5", "phone": "+49 (30) 12-34", "email": "ann@example.com", "name": "Ann Lee"}, "external_id": "4829", "id": "hs_501"}', verbose => true);

-- A worker carries it to the help desk.  Its webhook comes back before the API has answered: our own echo.
SELECT * FROM pg_temp.poll('desk');
SELECT verdict, outcome, targets FROM sync_diff('desk', 'contact', '
	{"id": "zd_991", "requester": {"external_id": "4829", "name": "Ann Lee", "email": "ann@example.com", "phone": "+49301234"}, "fields": {"seats": 5}}');
SELECT sync_ack(id, lease, 'zd_991') FROM claim;

-- One phone number changes in the CRM: only that one goes out.
SELECT pg_temp.later('1 hour');
SELECT verdict, action, change_set, targets FROM sync_diff('crm', 'contact', '
	{"id": "hs_501", "external_id": 4829, "properties": {"name": "Ann Lee", "email": "ann@example.com", "phone": "+49 30 777", "seats": 5}}');
TRUNCATE claim;
SELECT * FROM pg_temp.poll('desk');
SELECT sync_ack(id, lease, NULL) FROM claim;

-- After the ack a webhook brings the echo, and a human's edit in the same payload: the edit goes on.
SELECT verdict, outcome, change_set, targets FROM sync_diff('desk', 'contact', '
	{"id": "zd_991", "requester": {"external_id": "4829", "name": "Ann Lee-Smith", "email": "ann@example.com", "phone": "+4930777"}, "fields": {"seats": 5}}', actor => 'bob');
TRUNCATE claim;
SELECT * FROM pg_temp.poll('crm');
SELECT sync_ack(id, lease, NULL) FROM claim;

-- A null erases nothing.
SELECT pg_temp.later('1 hour');
SELECT verdict, outcome, targets, detail FROM sync_diff('desk', 'contact', '{"id": "zd_991", "requester": {"external_id": "4829", "phone": null}}');

-- The e-mail belongs to the CRM: what the help desk writes there is put right, and the loss is on record.
SELECT verdict, outcome, targets, detail FROM sync_diff('desk', 'contact', '{"id": "zd_991", "requester": {"external_id": "4829", "email": "ann@private.example"}}');
SELECT field, kind, status, current_value, incoming_value, incoming_system FROM sync_conflict ORDER BY id;
TRUNCATE claim;
SELECT * FROM pg_temp.poll('desk');
SELECT sync_ack(id, lease, NULL) FROM claim;
SELECT verdict, outcome FROM sync_diff('desk', 'contact', '{"id": "zd_991", "requester": {"external_id": "4829", "email": "ann@example.com"}}');

-- Two humans change two fields at once: both changes go through.
SELECT pg_temp.later('1 hour');
SELECT verdict, outcome, targets FROM sync_diff('crm', 'contact', '{"external_id": 4829, "properties": {"seats": 7}}', actor => 'carol');
SELECT verdict, outcome, targets FROM sync_diff('desk', 'contact', '{"requester": {"external_id": "4829", "name": "Ann Smith"}}', actor => 'bob');
SELECT * FROM pg_temp.waiting;

-- Two humans change one field, neither aware of the other: nobody guesses, and the field goes to nobody.
SELECT verdict, outcome, targets, detail FROM sync_diff('desk', 'contact', '{"requester": {"external_id": "4829"}, "fields": {"seats": 9}}', actor => 'bob');
SELECT field, kind, base_value, current_value, current_system, incoming_value, incoming_system, sides, revision FROM sync_open_conflicts;
SELECT * FROM pg_temp.waiting;

-- A third human decides: the help desk is right.
SELECT sync_resolve(id, winner => 'desk', by => 'dora', note => 'nine it is', revision => 1) FROM sync_open_conflicts;
SELECT field, status, resolved_value, resolution, resolved_by, note FROM sync_conflict WHERE kind = 'collision';
TRUNCATE claim;
SELECT * FROM pg_temp.poll('crm');
SELECT * FROM pg_temp.poll('desk');
SELECT sync_ack(id, lease, NULL) FROM claim ORDER BY id;

-- At rest: both systems show the golden record, but for the null that was kept, and the book
-- says how it came about.
SELECT version, data FROM sync_record;
SELECT system, native_id, data FROM sync_shadow ORDER BY 1;
SELECT version, author, actor, change_set FROM sync_change ORDER BY version;
SELECT direction, change_set, idempotency_key, writes FROM sync_ledger ORDER BY synced_at, idempotency_key COLLATE "C";
SELECT count(*) AS waiting FROM sync_outbox;

-- Ann wants to be forgotten. First she is deleted everywhere; what is left is that she was.
SET LOCAL client_min_messages = notice;
SELECT sync_forget('contact', '{4829}');
SELECT pg_temp.later('1 hour');
SELECT record_key, verdict, targets FROM sync_delete('crm', 'contact', '{4829}', actor => 'carol');
SELECT sync_forget('contact', '{4829}');
SELECT count(sync_ack(id, lease, NULL)) FROM sync_poll('desk');
SELECT sync_forget('contact', '{4829}');
SELECT version, generation, deleted, data FROM sync_record;
SELECT system, native_id, data FROM sync_shadow ORDER BY 1;
SELECT system, event FROM sync_trace('contact', '4829');
SELECT count(*) FROM sync_conflict;
ROLLBACK;
