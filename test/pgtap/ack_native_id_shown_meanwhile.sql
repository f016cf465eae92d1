-- A late answer to an update names the id that it was sent to: not the record that the system
-- has shown under another id since.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"id": "id"}}, "fields": {"name": {}, "phone": {}}, "window": "0"}');

CREATE FUNCTION pg_temp.native_id() RETURNS text LANGUAGE sql AS $$
	SELECT native_id FROM sync_shadow WHERE record_key = pg_temp.record_key() AND system = 'support'
$$;

CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"name": "A"}'), 'accepted name=accepted -> support', 'crm has it');
SELECT is(pg_temp.poll('support'), 'create {"name": "A"}', 'support is told');
SELECT is(pg_temp.ack('support', '{"id": "zd_1"}'), true, 'and says what it created');
SELECT is(pg_temp.native_id(), 'zd_1', 'which is known');
SELECT is(pg_temp.saw('support', '{"id": "zd_1", "name": "A"}'), 'echo name=echo', 'and shown');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'crm edits');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'support is told');
SELECT is(pg_temp.saw('support', '{"id": "zd_2", "name": "A"}'), 'unchanged', 'where it has another id by now');
SELECT is(pg_temp.native_id(), 'zd_2', 'the newer one is known');
SELECT is(pg_temp.ack('support', '{"id": "zd_1", "name": "A", "phone": "1"}'), true, 'the answer comes late');
SELECT is(pg_temp.native_id(), 'zd_2', 'and does not bring the older one back');

SELECT * FROM finish();
