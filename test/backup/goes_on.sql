-- What a restored book does, a line for each answer: goes_on.out says what they are.
SET client_min_messages = error;
SET search_path = "the book";
SELECT 'tables without a row: ' || coalesce(string_agg(c.oid::regclass::text, ' '), 'none') FROM pg_class AS c, pg_extension
WHERE extname = 'sync_ledger' AND c.oid = ANY (extconfig) AND relkind = 'r'
	AND (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', c.oid::regclass), false, true, '')))[1]::text = '0';
SELECT 'the same again: ' || count(*) FROM sync_diff('crm', 'contact', '[{"record_key": "acked", "phone": "1", "name": "ä \"quoted\" \\ \t \ud83d\ude00", "tags": ["b", "a"]},
	{"record_key": "missed", "phone": "0"}, {"record_key": "leased", "phone": "2"}, {"record_key": "dead", "phone": "3"}, {"record_key": "waiting", "phone": "4"},
	{"record_key": "conflict", "phone": "5"}, {"record_key": "decided", "phone": "7"}]');
SELECT 'from support: ' || record_key || ' ' || verdict FROM sync_diff('support', 'contact', '[{"record_key": "conflict", "phone": "55"}, {"record_key": "missed", "phone": "00"}]');
SELECT 'rejected again: ' || verdict FROM sync_diff('crm', 'contact', '{"record_key": "rejected", "seats": "many"}');
SELECT 'rejects: ' || count(*) || ', ' || sum(times) || ' times' FROM sync_reject;
SELECT 'policy: ' || substring(sync_policy('contact') FROM 'version \d+');
SELECT 'handed out before it is told to go on: ' || count(*) FROM sync_poll('support');
SELECT 'what was leased is acknowledged: ' || sync_ack(lease) FROM sync_outbox WHERE status = 'leased';
SELECT sync_resume(), sync_resume('crm') \g /dev/null
SELECT 'handed out: ' || record_key || ' ' || action || ' ' || change_set FROM sync_poll('support') ORDER BY 1;
SELECT 'decided: ' || sync_resolve(id, winner => 'crm') FROM sync_open_conflicts WHERE record_key = 'conflict';
SELECT 'a new edit: ' || verdict FROM sync_diff('crm', 'contact', '{"record_key": "new", "phone": "10"}');
SELECT 'by its native id: ' || record_key || ' ' || verdict FROM sync_diff('crm', 'contact', '{"id": "known", "phone": "11"}');
SELECT 'by what it matches on: ' || record_key FROM sync_diff('crm', 'contact', '{"id": "new", "phone": "4", "name": "new"}');
SELECT 'written after the first one: ' || bool_and(id > 1) FROM (SELECT max(id) AS id FROM sync_event UNION ALL SELECT max(id) FROM sync_conflict) AS newest;
