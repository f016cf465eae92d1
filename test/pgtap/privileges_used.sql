-- What each privilege is good for: every call and every view as each role, with nothing but
-- what sync_grant gives.  A call that lacks a right inside of it fails here.
\ir story.psql
\ir privileges.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "desk": {}, "app": {"key": "id"}, "other": {"key": "id"}}, "match_on": ["name"], "window": "0",
	"fields": {"name": {}, "phone": {"sensitive": true}}}');
CALL pg_temp.at('12:00');
SELECT count(*) FROM sync_diff('crm', 'contact', '[{"record_key": "1", "name": "A", "phone": "1"}, {"record_key": "2", "name": "B", "phone": "2"}, {"record_key": {}}]');
SELECT count(*) FROM sync_diff('desk', 'contact', '[{"record_key": "1", "name": "A2", "phone": "1"}]');
SELECT id AS conflict FROM sync_open_conflicts \gset
SELECT id, lease FROM sync_poll('desk', 1) \gset
SELECT id AS waiting FROM sync_outbox WHERE status = 'pending' AND target_system = 'app' LIMIT 1 \gset

-- Tables that belong to all of the roles
SELECT 'owners_' || :pid AS owners \gset
CREATE ROLE :owners;
SELECT format('GRANT %I TO %I', :'owners', role) FROM someone \gexec
CREATE TABLE people (id text PRIMARY KEY, name text, phone text);
CREATE TABLE others (LIKE people INCLUDING ALL);
SELECT sync_attach('others', 'other', 'contact');
ALTER TABLE people OWNER TO :owners;
ALTER TABLE others OWNER TO :owners;

CREATE TEMP TABLE call (may text, statement text, nr serial);
INSERT INTO call VALUES
	('reader ingest worker reviewer admin', $$ SELECT sync_policy('contact') $$),
	('reader ingest worker reviewer admin', $$ SELECT sync_config('contact') $$),
	('reader ingest worker reviewer admin', $$ SELECT sync_canonical('{}'), sync_hash('{}'), sync_changes('{}', '{}') $$),
	('ingest admin', $$ SELECT sync_diff('crm', 'contact', '{"record_key": "1", "name": "C"}') $$),
	('ingest admin', $$ SELECT sync_diff('crm', 'contact', '{"record_key": "1", "name": "A"}', verbose => true) $$),
	('ingest admin', $$ SELECT sync_diff('crm', 'contact', '{"record_key": "3", "name": "C"}'::json) $$),
	('ingest admin', $$ SELECT sync_diff('crm', 'contact', '{"record_key": "3", "name": "C"}'::jsonb) $$),
	('ingest admin', $$ SELECT sync_diff('crm', 'contact', '{"record_key": "3", "name": "C"}', dry_run => true) $$),
	('ingest admin', $$ SELECT sync_diff('crm', 'contact', '{"record_key": "1"}', complete => true, approve => 1) $$),
	('ingest admin', $$ SELECT sync_diff('crm', 'contact', '{"record_key": []}') $$),
	('ingest admin', $$ SELECT sync_diff_from('app', 'contact', 'people') $$),
	('ingest admin', $$ SELECT sync_diff_from('other', 'contact', 'others') $$),
	('ingest admin', $$ SELECT sync_delete('crm', 'contact', '{2}') $$),
	('ingest admin', $$ SELECT sync_read('{"systems": ["crm"], "fields": {"name": {}}}', 'crm', '{"record_key": "1"}') $$),
	('ingest admin', $$ SELECT sync_attach('people', 'app', 'contact') $$),
	('ingest admin', $$ SELECT sync_detach('others') $$),
	('ingest admin', $$ SET LOCAL sync_ledger.system = 'crm'; INSERT INTO others VALUES ('1', 'D', '1') $$),
	('nobody reader ingest worker reviewer admin', $$ INSERT INTO others VALUES ('1', 'D', '1'), ('9', 'E', '9') $$),
	('worker admin', $$ SELECT sync_poll('desk') $$),
	('worker admin', format($$ SELECT sync_ack(%s) $$, :lease)),
	('worker admin', format($$ SELECT sync_ack(%s, '{%s}') $$, :lease, :id)),
	('worker admin', format($$ SELECT sync_ack(%s, %s, 'z', '{"name": "a"}') $$, :id, :lease)),
	('worker admin', format($$ SELECT sync_nack(%s, %s, 'no') $$, :id, :lease)),
	('worker admin', format($$ SELECT sync_nack(%s, %s, 'no', permanent => true) $$, :id, :lease)),
	('worker admin', format($$ SELECT sync_extend(%s, '1 minute') $$, :lease)),
	('worker admin', $$ DO 'BEGIN ASSERT sync_apply(''other'') = 2; END' $$),
	('reviewer admin', $$ SELECT * FROM sync_conflict $$),
	('reviewer admin', $$ SELECT * FROM sync_reject $$),
	('reviewer admin', $$ SELECT sync_conflict_poll() $$),
	('reviewer admin', format($$ SELECT sync_conflict_ack(%s) $$, :conflict)),
	('reviewer admin', format($$ SELECT sync_resolve(%s, 'crm') $$, :conflict)),
	('reader reviewer admin', $$ SELECT * FROM sync_open_conflicts $$),
	('reader reviewer admin', $$ SELECT * FROM sync_conflict_summary $$),
	('reader reviewer admin', $$ SELECT sync_trace('contact', '1') $$),
	('reader reviewer admin', $$ SELECT sync_blame('contact', '1') $$),
	('reader admin', $$ SELECT sync_audit('contact') $$),
	('reader admin', $$ SELECT * FROM sync_divergence $$),
	('reader admin', $$ SELECT * FROM sync_near_misses $$),
	('reader admin', $$ SELECT * FROM sync_dead_letters $$),
	('reader admin', $$ SELECT * FROM sync_outbox_event $$),
	('reader admin', $$ SELECT * FROM sync_lag $$),
	('reader admin', $$ SELECT * FROM sync_activity $$),
	('reader admin', $$ SELECT * FROM sync_savings $$),
	('reader admin', $$ SELECT * FROM sync_stat $$),
	('reader admin', $$ SELECT * FROM sync_health $$),
	('reader ingest worker admin', $$ SELECT * FROM sync_attached $$),
	('reader ingest worker reviewer admin', $$ SELECT * FROM sync_entity $$),
	('reader worker admin', $$ SELECT sync_pause_reason('desk'), sync_pause_reason() $$),
	('admin', $$ SELECT sync_configure('contact', '{"systems": {"crm": {}, "desk": {"rate": "10/minute"}, "app": {"key": "id"}, "other": {"key": "id"}}, "match_on": ["phone"], "fields": {"name": {}, "phone": {}}}') $$),
	('admin', $$ SELECT sync_pause(), sync_pause('desk') $$),
	('admin', $$ SELECT sync_resume(), sync_resume('desk') $$),
	('admin', format($$ SELECT sync_redrive(%s) $$, :waiting)),
	('admin', format($$ SELECT sync_discard(%s, 'no') $$, :waiting)),
	('admin', $$ SELECT sync_touch('contact', '{1}') $$),
	('admin', $$ SELECT sync_forget('contact', '{1}') $$),
	('admin', $$ SELECT sync_maintain() $$),
	('admin', $$ SELECT sync_unschedule() $$),
	('admin', $$ SELECT * FROM sync_privileges $$),
	('admin', $$ SELECT * FROM sync_record $$),
	('admin', $$ SELECT * FROM sync_shadow $$),
	('admin', $$ SELECT * FROM sync_change $$),
	('admin', $$ SELECT * FROM sync_ledger $$),
	('admin', $$ SELECT * FROM sync_outbox $$),
	('admin', $$ SELECT * FROM sync_event, sync_claim, sync_waiting, sync_delivery, sync_state, sync_lease, sync_home, sync_target $$),
	('admin', $$ SELECT * FROM sync_native_id, sync_match, sync_near_miss, sync_conflict_lease, sync_sweep $$),
	('', $$ DELETE FROM sync_outbox $$),
	('', $$ UPDATE sync_conflict SET note = '' $$),
	('', $$ INSERT INTO sync_entity (entity, version, config) VALUES ('x', 1, '{}') $$),
	('', $$ SELECT nextval('sync_outbox_id_seq') $$),
	('', $$ SELECT sync_renew_targets() $$),
	('', $$ SET LOCAL sync_ledger.now = '1' $$);
SELECT is(pg_temp.who(statement), may, statement) FROM call ORDER BY nr;

-- Whatever somebody is granted is called above, or is a part of what is
SELECT is_empty($$
	SELECT DISTINCT o.name FROM sync_privileges AS p CROSS JOIN LATERAL regexp_replace(p.object, '\(.*', '') AS o(name)
	WHERE p.privilege IS NOT NULL AND p.kind <> 'TYPE'
	  AND NOT EXISTS (SELECT FROM call AS c WHERE c.statement ~ ('\m' || o.name || '\M'))
	  -- of views, of triggers, of sync_apply; and what needs pg_cron
	  AND o.name NOT IN ('sync_now', 'sync_systems', 'sync_masked', 'sync_masked_sides', 'sync_masked_words', 'sync_sensitive_words', 'sync_dead_letter_words', 'sync_is_sensitive', 'sync_is_sensitive_group', 'sync_is_current', 'sync_sensitive_fields',
		'sync_health_outbox', 'sync_health_review', 'sync_health_server', 'sync_health_attached', 'sync_state_divergence', 'sync_state_record',
		'sync_state_shadows', 'sync_key_version', 'sync_capture', 'sync_merge', 'sync_schedule')
$$, 'nothing that is granted goes untried');

-- Views work in parallel plans, too
SELECT count(set_config(name, 'on', false)) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');
SELECT is(pg_temp.who($$ SELECT * FROM sync_record, sync_shadow $$), 'admin', 'what is stored, by parallel workers');
SELECT is(pg_temp.who($$ SELECT * FROM sync_divergence, sync_near_misses, sync_lag $$), 'reader admin', 'and views for people');
SELECT count(set_config(name, 'off', false)) FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query');

-- Readers see no sensitive value
SELECT is((SELECT string_agg(DISTINCT v, ' ') FROM (
	SELECT value #>> '{}' FROM sync_blame('contact', '1') WHERE field = 'phone') AS b(v)), '***', 'what readers see is masked');

-- A rate is counted by the worker's polls
SELECT sync_configure('contact', '{"systems": {"crm": {}, "desk": {"rate": "10/minute"}, "app": {"key": "id"}, "other": {"key": "id"}}, "match_on": ["name"], "window": "0",
	"fields": {"name": {}, "phone": {"sensitive": true}}}');
SELECT is(pg_temp.who($$ SELECT sync_poll('desk') $$), 'worker admin', 'under a rate too');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.who($$ SELECT sync_poll('desk') $$), 'worker admin', 'and leases that ran out come back');

SELECT format('DROP OWNED BY %I CASCADE', role) FROM someone \gexec
SELECT format('DROP ROLE %I', role) FROM someone \gexec
DROP OWNED BY :owners CASCADE;
DROP ROLE :owners;
SELECT * FROM finish();
