-- The first sight of a field under our stamp is its echo at any age; after that a stamp proves only what is not older.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"sentinel": "meta.stamp"}}, "fields": {"phone": {}, "email": {}}}');

CREATE TEMP TABLE stamp (n serial, record_key text, key text);

-- The crm sets the phone; the write is claimed and acknowledged, and its stamp noted.
CREATE PROCEDURE pg_temp.writes(phone text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.saw('crm', jsonb_build_object('phone', phone));
	WITH polled AS (SELECT * FROM sync_poll('support') WHERE record_key = pg_temp.record_key()),
		noted AS (INSERT INTO stamp (record_key, key) SELECT record_key, payload #>> '{meta,stamp}' FROM polled)
	INSERT INTO claim (record_key, target, id, lease) SELECT record_key, 'support', id, lease FROM polled;
	PERFORM pg_temp.ack('support');
END
$$;

-- Support shows fields under the stamp of the newest write, or of the one that many writes before.
CREATE FUNCTION pg_temp.stamped(fields jsonb, before integer DEFAULT 0) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.saw('support', fields || jsonb_build_object('meta', jsonb_build_object('stamp',
		(SELECT key FROM stamp WHERE record_key = pg_temp.record_key() ORDER BY n DESC OFFSET before LIMIT 1))))
$$;

CREATE PROCEDURE pg_temp.zero(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
END
$$;

CALL pg_temp.zero('the stamp');
CALL pg_temp.writes('1');
SELECT is((SELECT key FROM stamp), 'crm-to-support-contact-the stamp-v2', 'is the idempotency key, at the path of the target');
SELECT is(pg_temp.stamped('{"phone": "1", "email": "a"}'), 'echo phone=echo', 'the echo');
SELECT is(pg_temp.stamped('{"phone": "1", "email": "a"}'), 'unchanged', 'and what comes after it is nothing new');

-- An older write's webhook comes hours later
CALL pg_temp.zero('late');
CALL pg_temp.writes('1');
CALL pg_temp.writes('2');
SELECT is(pg_temp.stamped('{"phone": "2"}'), 'echo phone=echo', 'the newer write is shown first');
CALL pg_temp.at('18:00');
SELECT is(pg_temp.stamped('{"phone": "1"}', 1), 'echo phone=echo', 'the first sight of the older one, six hours late, is its echo');
SELECT is(pg_temp.golden()->>'phone', '2', 'and changes nothing');
SELECT is(pg_temp.waits('support'), NULL, 'sends nothing');
SELECT is(pg_temp.waits('crm'), NULL, 'to anyone');

-- The same after an edit under the newer stamp: the older one is of the past, and nothing is sent
CALL pg_temp.zero('late, after an edit');
CALL pg_temp.writes('1');
CALL pg_temp.writes('2');
CALL pg_temp.at('18:00');
SELECT is(pg_temp.stamped('{"phone": "7"}'), 'accepted phone=accepted -> crm', 'an edit under the newer stamp');
SELECT is(pg_temp.stamped('{"phone": "1"}', 1), 'echo phone=echo', 'then the first sight of the older one');
SELECT is(pg_temp.golden()->>'phone', '7', 'changes nothing');
SELECT is(pg_temp.waits('support'), NULL, 'and sends nothing');

-- Without the stamp, or when it was used up, the same is an edit
CALL pg_temp.zero('unstamped');
CALL pg_temp.writes('1');
CALL pg_temp.writes('2');
SELECT is(pg_temp.stamped('{"phone": "2"}'), 'echo phone=echo', 'the newer write is shown first');
CALL pg_temp.at('18:00');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> crm', 'an older value without a stamp, six hours later, was typed by a human');
CALL pg_temp.zero('used up');
CALL pg_temp.writes('1');
SELECT is(pg_temp.stamped('{"phone": "1"}'), 'echo phone=echo', 'shown');
CALL pg_temp.writes('2');
SELECT is(pg_temp.stamped('{"phone": "2"}'), 'echo phone=echo', 'shown');
CALL pg_temp.at('18:00');
SELECT is(pg_temp.stamped('{"phone": "1"}', 1), 'accepted phone=accepted -> crm', 'a left-over stamp makes no echo: X, then Y, then X again');

-- A stamp is used up field by field
CALL pg_temp.zero('by field');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'two fields in one write');
CALL pg_temp.writes('1');
CALL pg_temp.writes('2');
SELECT is(pg_temp.stamped('{"phone": "1"}', 1), 'echo phone=echo', 'the first write shows one field');
SELECT is(pg_temp.stamped('{"phone": "2"}'), 'echo phone=echo', 'then the second write');
SELECT is(pg_temp.saw('crm', '{"email": "c"}'), 'accepted email=accepted -> support', 'the other field moves on');
CALL pg_temp.writes('3');
SELECT is(pg_temp.stamped('{"phone": "3", "email": "c"}'), 'echo email=echo,phone=echo', 'and is shown');
CALL pg_temp.at('18:00');
SELECT is(pg_temp.stamped('{"email": "b"}', 2), 'echo email=echo', 'the first sight of that field under the first stamp is still its echo');

-- The stamp names which of two equal writes it is
CALL pg_temp.zero('named');
CALL pg_temp.writes('1');
CALL pg_temp.writes('2');
CALL pg_temp.writes('1');
SELECT is(pg_temp.stamped('{"phone": "1"}'), 'echo phone=echo', 'the newest write is shown, and named');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.stamped('{"phone": "7"}'), 'accepted phone=accepted -> crm', 'so who edits then has seen it');
CALL pg_temp.zero('unnamed');
CALL pg_temp.writes('1');
CALL pg_temp.writes('2');
CALL pg_temp.writes('1');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'without a stamp it is the older one''s echo');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'echo phone=echo', 'the next write is still to be shown');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'and the newest');
SELECT is(pg_temp.waits('support'), NULL, 'all of which sends nothing');

-- Support has moved on, to what the crm says too; then the older webhooks come
CALL pg_temp.zero('moved on');
CALL pg_temp.writes('1');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'the other field is written too');
CALL pg_temp.writes('1');
SELECT is(pg_temp.saw('crm', '{"phone": "5"}'), 'accepted phone=accepted -> support', 'the crm moves on');
SELECT is(pg_temp.stamped('{"phone": "5", "email": "b"}'), 'agreed email=echo,phone=agreed', 'and a human in support, to the same');
SELECT is(pg_temp.waits('support'), NULL, 'so nothing waits');
SELECT is(pg_temp.stamped('{"phone": "1"}', 1), 'echo phone=echo', 'the webhook of the write before that');
SELECT is(pg_temp.shows('support')->>'phone', '5', 'changes nothing');
SELECT is(pg_temp.waits('support'), NULL, 'and sends nothing');

SELECT * FROM finish();
