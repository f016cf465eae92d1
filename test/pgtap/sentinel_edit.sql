-- A human's edit keeps our stamp: it is no echo, and the stamp proves only what it can.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"sentinel": "stamp"}}, "fields": {"phone": {}, "email": {}}}');

-- What support sends: fields, and the stamp of the claim that many before the last one.
CREATE FUNCTION pg_temp.stamped(fields jsonb, before integer DEFAULT 0) RETURNS jsonb LANGUAGE sql AS $$
	SELECT fields || jsonb_build_object('stamp', e.idempotency_key)
	FROM sync_claim AS e WHERE e.record_key = pg_temp.record_key() AND e.target_system = 'support'
	ORDER BY e.id DESC OFFSET before LIMIT 1
$$;

-- Both show phone 0; at 12:00 the crm's phone 1 goes out and is acknowledged.
CREATE PROCEDURE pg_temp.write(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('10:00');
	PERFORM pg_temp.saw('support', '{"phone": "0", "email": "a"}');
	CALL pg_temp.deliver('crm');
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
	CALL pg_temp.at('12:05');
END
$$;

CALL pg_temp.write('edited');
SELECT is(pg_temp.saw('support', pg_temp.stamped('{"phone": "2"}')), 'accepted phone=accepted -> crm', 'an edit that is the first thing shown under our stamp: who made it had our write before him');
SELECT is(pg_temp.saw('support', pg_temp.stamped('{"phone": "1"}')), 'accepted phone=accepted', 'and taken back it is an edit too, no echo');
SELECT is(pg_temp.saw('support', pg_temp.stamped('{"phone": "0"}')), 'accepted phone=accepted -> crm', 'as is what our write had replaced');

CALL pg_temp.write('edited without a stamp');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'without a stamp nobody knows what he saw');

CALL pg_temp.write('taken back');
SELECT is(pg_temp.saw('support', pg_temp.stamped('{"phone": "1"}')), 'echo phone=echo', 'the echo');
SELECT is(pg_temp.saw('support', pg_temp.stamped('{"phone": "0"}')), 'accepted phone=accepted -> crm', 'then the old value, typed back under our stamp');
SELECT is(pg_temp.saw('support', pg_temp.stamped('{"phone": "1"}')), 'accepted phone=accepted', 'then ours again, as an edit');

CALL pg_temp.write('an old photograph');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'echo phone=echo', 'what was there before, late');
SELECT is(pg_temp.saw('support', pg_temp.stamped('{"phone": "1"}')), 'echo phone=echo', 'the echo');
SELECT is(pg_temp.saw('support', pg_temp.stamped('{"phone": "0"}')), 'accepted phone=accepted -> crm', 'what was there before, under our stamp, is typed back');

CALL pg_temp.write('partly stamped');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'the echo, in a payload without the stamp');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'an edit without it');
SELECT is(pg_temp.saw('support', pg_temp.stamped('{"phone": "1"}')), 'accepted phone=accepted', 'taken back, in the first payload with the stamp: our write was seen before');

CALL pg_temp.write('another field');
SELECT is(pg_temp.saw('support', pg_temp.stamped('{"phone": "1", "email": "b"}')), 'accepted email=accepted,phone=echo -> crm', 'an echo and an edit in one payload');

-- A later write's stamp is newer than an earlier write of another field
CALL pg_temp.write('a later write');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'another field is written');
SELECT is(pg_temp.poll('support'), 'update {"email": "b"}', 'later');
SELECT is(pg_temp.ack('support'), true, 'and acknowledged');
SELECT is(pg_temp.saw('support', pg_temp.stamped('{"phone": "2"}')), 'accepted phone=accepted -> crm', 'under its stamp an edit of the first field has seen the first write');
CALL pg_temp.write('an earlier write');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> support', 'the field is written again');
SELECT is(pg_temp.poll('support'), 'update {"phone": "3"}', 'later');
SELECT is(pg_temp.ack('support'), true, 'and acknowledged');
SELECT is(pg_temp.saw('support', pg_temp.stamped('{"phone": "2"}', 1)), 'conflict phone=conflict', 'under the earlier stamp an edit has not seen the later write');

-- What is no stamp of this record in this system proves nothing; % is the record's key
CREATE FUNCTION pg_temp.edit_under(stamp text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.write('r-v2 ' || md5(stamp));
	RETURN pg_temp.saw('support', jsonb_build_object('phone', '2', 'stamp', replace(stamp, '%', pg_temp.record_key())::jsonb));
END
$$;
SELECT is(pg_temp.edit_under('"crm-to-support-contact-%-v2"'), 'accepted phone=accepted -> crm', 'an edit under its stamp has seen the write');
SELECT is(pg_temp.edit_under('"review-to-support-contact-%-v2"'), 'accepted phone=accepted -> crm', 'whatever its source');
SELECT is(pg_temp.edit_under(stamp), 'conflict phone=conflict', 'an edit under ' || stamp || ' has not')
FROM unnest(ARRAY['null', '""', '"x"', '17', '["crm-to-support-contact-%-v2"]', '"crm-to-support-contact-another-v2"',
	'"crm-to-support-contact-%-v99"', '"crm-to-support-invoice-%-v2"', '"crm-to-crm-contact-%-v2"', '"-to-support-contact-%-v2"',
	'"crm-to-support-contact-%-v02"', '"crm-to-support-contact-%-v2x"', '"crm-to-support-contact-%-v"', '"crm-to-support-contact-%-v1-v2"',
	'"crm-to-support-contact-%-v99999999999999999999"']) AS stamp;

SELECT * FROM finish();
