-- A burst of edits folds into one waiting row, which always holds what is left to tell.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}, "plan": {}}}');

CREATE FUNCTION pg_temp.row_id() RETURNS bigint LANGUAGE sql AS $$
	SELECT id FROM sync_outbox WHERE record_key = pg_temp.record_key() AND status = 'pending'
$$;
CREATE FUNCTION pg_temp.row_key() RETURNS text LANGUAGE sql AS $$
	SELECT idempotency_key FROM sync_outbox WHERE record_key = pg_temp.record_key() AND status = 'pending'
$$;

CALL pg_temp.at_rest('burst', '{"phone": "0", "email": "a", "plan": "gold"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT pg_temp.row_id() AS id, pg_temp.row_key() AS key, created_at FROM sync_outbox WHERE id = pg_temp.row_id() \gset
CALL pg_temp.at('12:00:20');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'a second one, of another field');
SELECT is(pg_temp.waits('support'), 'update {"email": "b", "phone": "1"}', 'folds into the waiting row');
SELECT is(pg_temp.row_id(), :id::bigint, 'which keeps its id');
SELECT is((SELECT created_at FROM sync_outbox WHERE id = pg_temp.row_id()), :'created_at', 'and its time');
SELECT isnt(pg_temp.row_key(), :'key', 'under a new key, as it is another content');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'a third one');
SELECT is(pg_temp.waits('support'), 'update {"email": "b", "phone": "2"}', 'replaces the first one''s value');
SELECT is((SELECT count(*) FROM sync_outbox), 1::bigint, 'one row, one call');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'an edit that takes the value back');
SELECT is(pg_temp.waits('support'), 'update {"email": "b"}', 'takes the field out of the row');
SELECT is(pg_temp.saw('crm', '{"email": "a"}'), 'accepted email=accepted', 'the last one taken back');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'takes the row away');
SELECT is(pg_temp.poll('support'), NULL, 'nothing to do');

-- A burst in one call
SELECT is((SELECT array_agg(verdict ORDER BY ordinality) FROM sync_diff('crm', 'contact',
	'[{"record_key": "burst", "phone": "3"}, {"record_key": "burst", "phone": "4"}, {"record_key": "burst", "email": "c"}]')
	WITH ORDINALITY), '{accepted,accepted,accepted}', 'the same in one call');
SELECT is(pg_temp.poll('support'), 'update {"email": "c", "phone": "4"}', 'is one row');
SELECT is((SELECT change_set FROM sync_change WHERE record_key = 'burst' ORDER BY version DESC LIMIT 1), '{"email": "c"}', 'the log keeps each edit');

-- A create takes in what comes before its claim
CALL pg_temp.record('create');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'a new record');
SELECT is(pg_temp.saw('crm', '{"email": "a"}'), 'accepted email=accepted -> support', 'grows');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'and changes');
SELECT is(pg_temp.poll('support'), 'create {"email": "a", "phone": "1"}', 'one create tells it all');

-- What one system's edits and another's have in common is the row
SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {"phone": {}, "email": {}, "plan": {}}}');
CALL pg_temp.record('sources');
SELECT pg_temp.saw('crm', '{"phone": "0", "email": "a"}');
CALL pg_temp.deliver('support', 'billing');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'one system edits');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'accepted email=accepted -> billing,crm', 'another one too');
SELECT is(pg_temp.waits('billing'), 'update {"email": "b", "phone": "1"}', 'the third is told in one row');
SELECT is((SELECT source_system || ' ' || direction FROM sync_outbox WHERE record_key = 'sources' AND target_system = 'billing'),
	'support support->billing', 'whose source is the author of its newest change');

SELECT * FROM finish();
