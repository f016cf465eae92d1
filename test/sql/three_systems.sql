-- A CRM, a help desk, a billing system that knows no phones, and a registry that is only
-- read: each is told what it carries and does not show yet, at its own pace.
\pset footer off
\pset null -
SET client_min_messages = warning;
BEGIN;
SET LOCAL sync_ledger.now = '1767225600000000';
SELECT sync_configure('contact', $$
{ "systems": {"crm": {}, "desk": {}, "billing": {}, "registry": {"writable": false}},
  "fields": {
    "name":  {},
    "phone": {"path": {"crm": "phone", "desk": "phone"}},
    "plan":  {"owner": "billing", "values": {"desk": {"gold": "tier_3"}}},
    "city":  {"path": {"crm": "city", "desk": "address.city", "billing": "town", "registry": "city"}} },
  "window": "0" }
$$) AS version;

CREATE FUNCTION pg_temp.shows(system text, payload jsonb)
	RETURNS TABLE (verdict text, outcome jsonb, change_set jsonb, targets text[]) LANGUAGE sql AS $$
	SELECT verdict, outcome, change_set, targets FROM sync_diff(system, 'contact', payload || '{"record_key": 1}', verbose => true)
$$;
-- A worker of one system takes what waits, and brings it there.
CREATE FUNCTION pg_temp.works(system text) RETURNS TABLE (direction text, action text, payload jsonb, acked boolean) LANGUAGE sql AS $$
	SELECT direction, action, payload, sync_ack(id, lease, system || '_1') FROM sync_poll(system)
$$;
CREATE FUNCTION pg_temp.waiting() RETURNS TABLE (direction text, action text, change_set jsonb, idempotency_key text) LANGUAGE sql AS $$
	SELECT direction, action, change_set, idempotency_key FROM sync_outbox ORDER BY target_system, id
$$;
CREATE FUNCTION pg_temp.shadows() RETURNS TABLE (system text, native_id text, existence text, data jsonb, matches boolean) LANGUAGE sql AS $$
	SELECT s.system, s.native_id, s.existence, s.data, r.data @> s.data FROM sync_shadow AS s JOIN sync_record AS r USING (entity, record_key) ORDER BY 1
$$;

-- A contact of the CRM is to be created in two systems; each gets the fields that it carries.
SELECT * FROM pg_temp.shows('crm', '{"name": "Ann", "phone": "1", "plan": "gold", "city": "Bonn"}');
SELECT * FROM pg_temp.works('desk');
SELECT * FROM pg_temp.works('billing');
SELECT * FROM pg_temp.shows('desk', '{"name": "Ann", "phone": "1", "plan": "tier_3", "address": {"city": "Bonn"}}');
SELECT * FROM pg_temp.shows('billing', '{"name": "Ann", "phone": "no phones here", "plan": "gold", "town": "Bonn"}');

-- An edit in the help desk is for all others, never for the one it comes from.
SELECT * FROM pg_temp.shows('desk', '{"name": "Ann Lee"}');
SELECT * FROM pg_temp.waiting();

-- The CRM's worker is quick, the billing system's one is not: three edits are one call there.
SELECT * FROM pg_temp.works('crm');
SELECT * FROM pg_temp.shows('crm', '{"name": "Ann Lee"}');
SELECT * FROM pg_temp.shows('crm', '{"name": "Ann B. Lee", "phone": "2"}');
SELECT * FROM pg_temp.works('desk');
SELECT * FROM pg_temp.shows('desk', '{"name": "Ann B. Lee", "phone": "2", "address": {"city": "Köln"}}');
SELECT * FROM pg_temp.waiting();
SELECT * FROM pg_temp.works('billing');
SELECT * FROM pg_temp.works('crm');

-- The owner's plan goes to both others, in the words of each; what another one writes there is put right.
SELECT * FROM pg_temp.shows('billing', '{"name": "Ann B. Lee", "plan": "free", "town": "Köln"}');
SELECT * FROM pg_temp.works('crm');
SELECT * FROM pg_temp.works('desk');
SELECT * FROM pg_temp.shows('desk', '{"plan": "free"}');
SELECT * FROM pg_temp.shows('desk', '{"plan": "tier_3"}');
SELECT * FROM pg_temp.waiting();
SELECT * FROM pg_temp.works('desk');

-- The registry has the contact too, with another city: it is heard, and told nothing.
SELECT * FROM pg_temp.shows('registry', '{"name": "Ann B. Lee", "city": "Kiel"}');

-- Meanwhile two others move the contact elsewhere.  All sides stand in one conflict, and the city goes to nobody.
SELECT * FROM pg_temp.shows('crm', '{"city": "Jena"}');
SELECT * FROM pg_temp.shows('billing', '{"town": "Gera"}');
SELECT * FROM pg_temp.shows('crm', '{"city": "Weimar", "phone": "3"}');
SELECT field, kind, current_value, current_system, incoming_value, incoming_system, sides, revision FROM sync_open_conflicts;
SELECT * FROM pg_temp.waiting();

-- The decision goes to whoever shows something else.
SELECT sync_resolve(id, winner => 'billing', by => 'dora') FROM sync_open_conflicts;
SELECT * FROM pg_temp.waiting();
SELECT * FROM pg_temp.works('crm');
SELECT * FROM pg_temp.works('desk');
SELECT * FROM pg_temp.works('billing');

-- At rest every system that can be written to shows the golden record.
SELECT * FROM pg_temp.shadows();
SELECT * FROM pg_temp.waiting();
SELECT target_system, count(*) AS calls FROM sync_ledger GROUP BY 1 ORDER BY 1;
ROLLBACK;
