-- A human's edit keeps our stamp: neither an edit nor a revert under a left-over stamp is swallowed.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"sentinel": "stamp"}}, "fields": {"phone": {}, "email": {}}}');

CREATE TEMP TABLE stamp (record_key text, key text);

-- The crm sets phone 1 instead of 0; the write is claimed.
CREATE PROCEDURE pg_temp.claimed(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	WITH polled AS (SELECT * FROM sync_poll('support') AS p WHERE p.record_key = claimed.record_key),
		noted AS (INSERT INTO stamp SELECT p.record_key, p.idempotency_key FROM polled AS p)
	INSERT INTO claim (record_key, target, id, lease) SELECT p.record_key, 'support', p.id, p.lease FROM polled AS p;
END
$$;

CREATE FUNCTION pg_temp.stamped(fields jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.saw('support', fields || jsonb_build_object('stamp', (SELECT key FROM stamp WHERE record_key = pg_temp.record_key())))
$$;

CALL pg_temp.claimed('edit');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.stamped('{"phone": "1"}'), 'echo phone=echo', 'shown');
CALL pg_temp.at('12:03');
SELECT is(pg_temp.stamped('{"phone": "5"}'), 'accepted phone=accepted -> crm', 'an edit that keeps our stamp');
SELECT is(pg_temp.stamped('{"phone": "5", "email": "e"}'), 'accepted email=accepted -> crm', 'one of another field');

CALL pg_temp.claimed('revert');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.stamped('{"phone": "1"}'), 'echo phone=echo', 'shown');
CALL pg_temp.at('12:03');
SELECT matches(pg_temp.stamped('{"phone": "0"}'), '^(accepted|held)', 'a revert that keeps our stamp is an edit, or a question');
CALL pg_temp.claimed('late revert');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.stamped('{"phone": "1"}'), 'echo phone=echo', 'shown');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.stamped('{"phone": "0"}'), 'accepted phone=accepted -> crm', 'past the echo window it is an edit');

-- The webhook of our write never came: the first one under its stamp shows a human's edit
CALL pg_temp.claimed('edit first');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
CALL pg_temp.at('12:03');
SELECT is(pg_temp.stamped('{"phone": "5"}'), 'accepted phone=accepted -> crm', 'which is proved newer than our write');
SELECT is(pg_temp.waits('support'), NULL, 'and crosses nothing');
CALL pg_temp.claimed('edit first, unstamped');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
CALL pg_temp.at('12:03');
SELECT is(pg_temp.saw('support', '{"phone": "5"}'), 'conflict phone=conflict', 'without a stamp nobody knows');
CALL pg_temp.claimed('revert first');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
CALL pg_temp.at('12:03');
SELECT matches(pg_temp.stamped('{"phone": "0"}'), '^(accepted|held)', 'a revert is no old photograph under that stamp');
CALL pg_temp.claimed('old photograph');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
CALL pg_temp.at('12:03');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'echo phone=echo', 'without a stamp it is a late echo');

-- Before the answer
CALL pg_temp.claimed('in flight');
SELECT is(pg_temp.stamped('{"phone": "1"}'), 'echo phone=echo', 'the webhook comes before the answer');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
CALL pg_temp.at('12:03');
SELECT is(pg_temp.stamped('{"phone": "5"}'), 'accepted phone=accepted -> crm', 'an edit after both');

-- A stamp that is none of ours says nothing
CREATE FUNCTION pg_temp.under(name text, sentinel jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.claimed(name);
	PERFORM pg_temp.ack('support');
	CALL pg_temp.at('12:03');
	RETURN pg_temp.saw('support', jsonb_build_object('phone', '5', 'stamp', sentinel));
END
$$;
SELECT is(pg_temp.under(name, stamp), 'conflict phone=conflict', name)
FROM (VALUES ('null', 'null'::jsonb), ('empty', '""'), ('a number', '17'), ('an object', '{"a": 1}'), ('an array', '["x"]'), ('somebody else''s', '"hubspot"'),
	('another record''s', '"crm-to-support-contact-edit-v2"'), ('another target''s', '"support-to-crm-contact-another target''s-v2"'),
	('one to come', '"crm-to-support-contact-one to come-v99"')) AS t (name, stamp);

SELECT * FROM finish();
