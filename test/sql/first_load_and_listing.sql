-- Two systems are loaded, then listed in full: what drifted, what was deleted,
-- and what was only a broken export.
\pset footer off
\pset null -
SET client_min_messages = warning;
BEGIN;
SET LOCAL sync_ledger.now = '1772359200000000';

SELECT sync_configure('customer', '{
  "systems": {"crm": {}, "desk": {"key": "external"}},
  "fields": {"phone": {"owner": "crm"}, "email": {}},
  "max_change": 0.5 }');

-- The first loads: nothing is sent.
SELECT record_key, verdict, change_set, targets FROM sync_diff('crm', 'customer', '[
  {"record_key": "1", "phone": "+31 6", "email": "ann@example.org"},
  {"record_key": "2", "phone": "+31 7", "email": "bob@example.org"},
  {"record_key": "3", "phone": "+31 8", "email": "cy@example.org"} ]', baseline => true);
SELECT record_key, verdict, outcome, targets, detail FROM sync_diff('desk', 'customer', '[
  {"external": "1", "phone": "06", "email": "ann@example.org"},
  {"external": "2", "phone": "+31 7", "email": "bob@example.com"} ]', baseline => true);
SELECT record_key, system, field, golden_value, shown_value, reason FROM sync_divergence
WHERE entity = 'customer' ORDER BY record_key, system, field;
SELECT * FROM sync_audit('customer');

-- A complete listing that is empty, one that lacks two of three, and that one approved.
SAVEPOINT before_listing;
SELECT record_key, verdict FROM sync_diff('crm', 'customer', '[]', complete => true);
ROLLBACK TO before_listing;
SELECT record_key, verdict FROM sync_diff('crm', 'customer', '[
  {"record_key": "1", "phone": "+31 6", "email": "ann@example.org"} ]', complete => true);
ROLLBACK TO before_listing;
SET LOCAL sync_ledger.now = '1772362800000000';
SELECT record_key, verdict, action, targets, detail FROM sync_diff('crm', 'customer', '[
  {"record_key": "1", "phone": "+31 6", "email": "ann@example.org"} ]', complete => true, approve => 2);

-- A record of a listing that cannot be identified might be any of those that are missing.
SELECT record_key, verdict, detail FROM sync_diff('desk', 'customer', '[
  {"phone": "06", "email": "ann@example.org"} ]', complete => true);

-- Two objects of a listing bear one key: only one of them can be in sync. Once a human has said that the
-- other is a record of its own, they are two.
SELECT sync_configure('ticket', '{"systems": {"desk": {"id": "id", "version": "v"}, "crm": {}}, "fields": {"title": {}}}');
SELECT record_key, verdict, outcome FROM sync_diff('desk', 'ticket', '[
  {"record_key": "1", "id": "t1", "title": "Printer", "v": 7}, {"record_key": "1", "id": "t2", "title": "Scanner", "v": 3},
  {"record_key": "2", "id": "t3", "title": "Mouse", "v": 5}, {"record_key": "2", "id": "t3", "title": "Mouse", "v": 5} ]',
  complete => true, baseline => true);
SELECT record_key, verdict, detail FROM sync_diff('desk', 'ticket', '[
  {"record_key": "2", "id": "t4", "title": "Keyboard", "v": 8}, {"record_key": "2", "id": "t3", "title": "Mouse", "v": 9} ]');
SELECT sync_resolve(id, winner => 'new') FROM sync_open_conflicts WHERE entity = 'ticket';
SELECT record_key, verdict, detail FROM sync_diff('desk', 'ticket', '[
  {"record_key": "1", "id": "t1", "title": "Printer", "v": 7}, {"record_key": "2", "id": "t4", "title": "Keyboard", "v": 8},
  {"record_key": "2", "id": "t3", "title": "Mouse", "v": 9} ]', complete => true, verbose => true);

-- Nor can two records of one key be in sync where a system has no native ids: the listing says so, and does not
-- where they are equal.
SELECT sync_configure('task', '{"systems": ["desk", "crm"], "fields": {"title": {}}}');
SELECT record_key, verdict FROM sync_diff('desk', 'task', '[
  {"record_key": "1", "title": "Printer"}, {"record_key": "2", "title": "Mouse"}, {"record_key": "2", "title": "Mouse"}]',
  complete => true, baseline => true);
SELECT record_key, verdict FROM sync_diff('desk', 'task', '[
  {"record_key": "1", "title": "Printer"}, {"record_key": "2", "title": "Mouse"}, {"record_key": "2", "title": "Mouse"}]',
  complete => true);
SELECT record_key, verdict FROM sync_diff('desk', 'task', '[
  {"record_key": "1", "title": "Scanner"}, {"record_key": "2", "title": "Mouse"}, {"record_key": "1", "title": "Printer"}]',
  complete => true);

ROLLBACK;
