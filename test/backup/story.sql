-- A book with something in every table of it, in the schema "the book"; afterwards every record that is
-- known shows what crm and support said last.
CREATE SCHEMA "the book";
CREATE EXTENSION sync_ledger SCHEMA "the book";
SET search_path = "the book";
SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id", "rate": "100/minute"}, "support": {"echo_window": "1 day"}}, "window": "0 seconds", "max_attempts": 1,
	"fields": {"name": {}, "phone": {}, "seats": {"type": "number"}, "tags": {"type": "set", "merge": "set"}}, "match_on": ["phone"]}');
SELECT sync_diff('crm', 'contact', '[{"record_key": "acked", "phone": "1", "name": "ä \"quoted\" \\ \t \ud83d\ude00", "tags": ["b", "a"]}, {"record_key": "missed", "phone": "0"}]', actor => 'ann');
SELECT sync_ack(id, lease, 's-' || record_key, '{"phone": "00"}') FROM sync_poll('support') WHERE record_key = 'missed';
SELECT sync_ack(lease) FROM sync_outbox WHERE status = 'leased';
SELECT sync_diff('crm', 'contact', '[{"record_key": "leased", "phone": "2"}]');
SELECT sync_poll('support', lease => '1 year');
SELECT sync_diff('crm', 'contact', '{"record_key": "dead", "phone": "3"}');
SELECT sync_nack(id, lease, 'no', permanent => true) FROM sync_poll('support');
SELECT sync_diff('crm', 'contact', '[{"record_key": "waiting", "phone": "4"}, {"record_key": "conflict", "phone": "5"}, {"record_key": "deleted", "phone": "6"},
	{"record_key": "decided", "phone": "7"}, {"record_key": "rejected", "seats": "many"}]');
SELECT sync_diff('support', 'contact', '[{"record_key": "conflict", "phone": "55"}, {"record_key": "decided", "phone": "77"}]');
SELECT sync_resolve(id, winner => 'crm', by => 'ann', note => 'why') FROM sync_open_conflicts WHERE record_key = 'decided';
SELECT sync_conflict_poll(worker => 'notifier', lease => '1 year');
SELECT sync_delete('crm', 'contact', '{deleted}');
SELECT sync_diff('crm', 'contact', '[{"id": "known", "phone": "8"}, {"record_key": "two names", "id": "known", "phone": "9"}]');
SELECT sync_pause('crm');
SELECT sync_maintain();
