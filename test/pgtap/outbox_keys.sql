-- A key is business identity: who tells whom what, at which version; never a time or an id.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {"phone": {}, "email": {}}}');

CREATE FUNCTION pg_temp.key(target text) RETURNS text LANGUAGE sql AS $$
	SELECT idempotency_key FROM sync_outbox WHERE record_key = pg_temp.record_key() AND target_system = target AND status = 'pending'
$$;
CREATE FUNCTION pg_temp.version_in_key(target text) RETURNS bigint LANGUAGE sql AS $$
	SELECT substring(pg_temp.key(target) FROM '-v([0-9]+)$')::bigint
$$;
CREATE FUNCTION pg_temp.version() RETURNS bigint LANGUAGE sql AS $$
	SELECT version FROM sync_record WHERE record_key = pg_temp.record_key()
$$;

CALL pg_temp.at('10:00');
CALL pg_temp.record('4829');
SELECT is(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'accepted email=accepted,phone=accepted -> billing,support', 'a new record');
SELECT is(pg_temp.key('support'), 'crm-to-support-contact-4829-v1', 'source, target, entity, record and version');
SELECT is(pg_temp.key('billing'), 'crm-to-billing-contact-4829-v1', 'for each direction');
SELECT is(pg_temp.version(), 1::bigint, 'versions count from 1');
CALL pg_temp.deliver('support', 'billing');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> billing,crm', 'an edit by another system');
SELECT matches(pg_temp.key('crm'), '^support-to-crm-contact-4829-v[0-9]+$', 'is told in that direction');
SELECT is(pg_temp.version_in_key('crm'), pg_temp.version(), 'the version is the record''s');
SELECT is(pg_temp.version_in_key('billing'), pg_temp.version(), 'for every target');
SELECT pg_temp.version() AS version \gset
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> billing,crm', 'a further edit');
SELECT cmp_ok(pg_temp.version(), '>', :version::bigint, 'is a new content, and a new version');
SELECT is(pg_temp.version_in_key('crm'), pg_temp.version(), 'the waiting row follows');
SELECT is((SELECT direction FROM sync_outbox WHERE record_key = '4829' AND target_system = 'crm'), 'support->crm', 'a direction is an ordered pair');
SELECT pg_temp.version() AS version \gset
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'unchanged', 'nothing new');
SELECT is(pg_temp.version(), :version::bigint, 'is no new version');

-- The hash: of what the target will show
SELECT is((SELECT field_hash FROM sync_outbox WHERE record_key = '4829' AND target_system = 'crm'), sync_hash('{"phone": "2", "email": "a"}'),
	'field_hash is the hash of the record as the target will show it');
CALL pg_temp.deliver('crm', 'billing');
SELECT is((SELECT field_hash FROM sync_ledger WHERE record_key = '4829' AND target_system = 'crm'), sync_hash('{"phone": "2", "email": "a"}'), 'and the ledger keeps it');
SELECT is((SELECT field_hash FROM sync_shadow WHERE record_key = '4829' AND system = 'crm'), sync_hash('{"phone": "2", "email": "a"}'), 'as does the shadow, of what it shows');

-- Long and odd record keys
CALL pg_temp.record(repeat('k', 1000));
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> billing,support', 'a record key of 1,000 bytes');
SELECT cmp_ok(length(pg_temp.key('support')), '<=', 255, 'its idempotency key has at most 255 characters');
SELECT alike(pg_temp.key('support'), 'crm-to-support-contact-kkkk%', 'and begins as any');
SELECT pg_temp.key('support') AS long_key \gset
CALL pg_temp.record(repeat('k', 999) || 'l');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> billing,support', 'a record key that differs in its end only');
SELECT isnt(pg_temp.key('support'), :'long_key', 'has another idempotency key');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'a new content of that record');
SELECT is((SELECT count(DISTINCT idempotency_key) FROM sync_outbox WHERE target_system = 'support'), 2::bigint, 'each row its own');
CALL pg_temp.record(repeat('é', 200));
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> billing,support', 'a long record key beyond ASCII');
SELECT cmp_ok(length(pg_temp.key('support')), '<=', 255, 'is cut no wider');

-- Versions and keys do not depend on the entity's other records, nor on ids
CALL pg_temp.record('4830');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> billing,support', 'another record');
SELECT is(pg_temp.key('support'), 'crm-to-support-contact-4830-v1', 'starts at version 1 of its own');

SELECT * FROM finish();
