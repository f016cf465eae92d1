-- A payload without business key is found by the native id of its system, or makes a record of its own.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"key": "ref", "id": "id"}}, "fields": {"phone": {}, "email": {}}}');

-- One payload of support: record, verdict, targets.
CREATE FUNCTION pg_temp.support(payload text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, verdict, nullif(targets, '{}')), '; ') FROM sync_diff('support', 'contact', payload, verbose => true)
$$;

CREATE FUNCTION pg_temp.native_id(of_key text, of_system text DEFAULT 'support') RETURNS text LANGUAGE sql AS $$
	SELECT native_id FROM sync_shadow WHERE record_key = of_key AND system = of_system
$$;

CALL pg_temp.at('10:00');
SELECT is(pg_temp.support('{"ref": "A", "id": "zd_1", "phone": "0"}'), 'A accepted {crm}', 'a payload with both');
SELECT is(pg_temp.native_id('A'), 'zd_1', 'its id is remembered');
CALL pg_temp.record('A');
CALL pg_temp.deliver('crm');
CALL pg_temp.at('11:00');
SELECT is(pg_temp.support('{"id": "zd_1", "phone": "1"}'), 'A accepted {crm}', 'then the id alone is enough');
SELECT is(pg_temp.support('{"ref": null, "id": "zd_1", "phone": "1"}'), 'A unchanged', 'a key that is null is none');

-- Unknown: a record of its own, keyed by system and id
SELECT is(pg_temp.support('{"id": "zd_2", "phone": "5"}'), 'support:zd_2 accepted {crm}', 'an id that is not known makes a record');
SELECT is(pg_temp.support('{"id": "zd_2", "phone": "5"}'), 'support:zd_2 unchanged', 'once');
SELECT is(pg_temp.support('{"id": 17, "phone": "6"}'), 'support:17 accepted {crm}', 'an id may be a number');
SELECT is(pg_temp.native_id('support:17'), '17', 'it is remembered as text');
SELECT is(pg_temp.support('[{"id": "zd_3", "phone": "7"}, {"id": "zd_3", "phone": "8"}]'), 'support:zd_3 accepted {crm}; support:zd_3 accepted {crm}', 'twice in one call it is one record');
SELECT is((SELECT data->>'phone' FROM sync_record WHERE record_key = 'support:zd_3'), '8', 'with the later value');

-- The worker of the other system gets that key, and its system may use it
SELECT is((SELECT string_agg(record_key || ' ' || action, ', ' ORDER BY record_key) FROM sync_poll('crm') WHERE record_key LIKE 'support:zd%'),
	'support:zd_2 create, support:zd_3 create', 'created elsewhere under that key');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "support:zd_2", "phone": "5"}')), 'echo', 'and found there by it');

-- Neither key nor id
SELECT is(pg_temp.support('{"phone": "9"}'), 'rejected', 'neither key nor id names no record');

-- The id that an ack hands back
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "B", "phone": "b"}')), 'accepted', 'a record of the crm');
SELECT is((SELECT sync_ack(id, lease, 'zd_9') FROM sync_poll('support')), true, 'is created in support, whose worker says how it is called there');
SELECT is(pg_temp.native_id('B'), 'zd_9', 'which is remembered');
SELECT is(pg_temp.support('{"id": "zd_9", "phone": "b"}'), 'B echo', 'so its webhook is known without a key');
CALL pg_temp.at('12:00');

-- A delete by native id alone
SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"key": "ref", "id": "id", "deleted": "gone"}}, "fields": {"phone": {}, "email": {}}}');
SELECT is(pg_temp.support('{"id": "zd_1", "gone": true}') ~ '^A (accepted|conflict)', true, 'a deleted record is found by its id');
SELECT is(pg_temp.support('{"id": "zd_77", "gone": true}') ~ 'accepted', false, 'a deleted one that nobody knows makes no record');
SELECT is_empty($$ SELECT 1 FROM sync_record WHERE record_key = 'support:zd_77' $$, 'nor a tombstone');

-- The same id in another system is another one
SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"key": "ref", "id": "id"}}, "fields": {"phone": {}, "email": {}}}');
SELECT is((SELECT record_key || ' ' || verdict FROM sync_diff('crm', 'contact', '{"id": "zd_9", "phone": "z"}')), 'crm:zd_9 accepted', 'ids of two systems never meet');

SELECT * FROM finish();
