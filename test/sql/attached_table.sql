-- A table of this database as a system, as its owner sees it.
\set ON_ERROR_ROLLBACK on
BEGIN;
SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "crm": {}}, "window": "0 seconds",
	"fields": {"name": {"required": true}, "phone": {"normalize": ["phone"]}}}');
CREATE TABLE contacts (id int PRIMARY KEY, name text, phone text, note text);
INSERT INTO contacts VALUES (1, 'Ada', '+1 (415) 555-0100');

-- what is there already is taken in while nobody writes
SELECT sync_attach('contacts', 'app', 'contact');
SELECT record_key, verdict, action, targets FROM sync_diff_from('app', 'contact', 'contacts', baseline => true);
SELECT record_key, verdict FROM sync_diff('crm', 'contact', '{"record_key": "1", "name": "Ada", "phone": "+14155550100"}', verbose => true);

-- what changes goes to the other system
UPDATE contacts SET phone = '+1 415 555 0199', note = 'called';
UPDATE contacts SET phone = '+1-415-555-0199', note = 'called again';
INSERT INTO contacts VALUES (2, 'Grace', NULL), (3, NULL, NULL);
SELECT record_key, action, change_set FROM sync_outbox ORDER BY id;
SELECT record_key, field, reason FROM sync_reject;

-- what would go unseen is refused
TRUNCATE contacts;
ALTER TABLE contacts RENAME COLUMN phone TO mobile;
UPDATE contacts SET mobile = NULL;
SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "crm": {}}, "window": "0 seconds",
	"fields": {"name": {"required": true}, "fax": {}}}');
SELECT sync_configure('contact', '{"systems": {"app": {"key": "id"}, "crm": {}}, "window": "0 seconds",
	"fields": {"name": {"required": true}, "phone": {"normalize": ["phone"], "path": {"app": "mobile", "crm": "phone"}}}}');
UPDATE contacts SET mobile = '+1 415 555 0100' WHERE id = 1;
SELECT record_key, action, change_set FROM sync_outbox ORDER BY id;

SELECT * FROM sync_attached;
SELECT sync_detach('contacts');
SELECT * FROM sync_attached;

-- what no change can be written to is told
CREATE TABLE persons (id int PRIMARY KEY, name text, "Long name" text GENERATED ALWAYS AS (name || '!') STORED);
SELECT sync_configure('person', '{"systems": {"app": {"key": "id"}, "crm": {}}, "fields": {
	"name": {}, "long": {"path": {"app": "\"Long name\"", "crm": "long"}}}}');
SELECT sync_attach('persons', 'app', 'person');
SELECT sync_configure('person', '{"systems": {"app": {"key": "id", "writable": false}, "crm": {}}, "fields": {
	"name": {}, "long": {"path": {"app": "\"Long name\"", "crm": "long"}}}}');
SELECT sync_attach('persons', 'app', 'person');
ROLLBACK;
