-- At rest a stamp costs nothing, and what is remembered for it stays small.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"sentinel": "stamp"}}, "fields": {"phone": {}, "email": {}}}');

CREATE FUNCTION pg_temp.stamp(before integer DEFAULT 0) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('stamp', e.idempotency_key)
	FROM sync_claim AS e WHERE e.record_key = pg_temp.record_key() AND e.target_system = 'support'
	ORDER BY e.id DESC OFFSET before LIMIT 1
$$;

CREATE FUNCTION pg_temp.state_bytes() RETURNS integer LANGUAGE sql AS $$
	SELECT octet_length(state) FROM sync_state WHERE record_key = pg_temp.record_key()
$$;

CREATE FUNCTION pg_temp.row_version() RETURNS text LANGUAGE sql AS $$
	SELECT ctid || ' ' || xmin FROM sync_state WHERE record_key = pg_temp.record_key()
$$;

-- The crm sets a phone, which goes out and is acknowledged.
CREATE PROCEDURE pg_temp.write(phone text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.saw('crm', jsonb_build_object('phone', phone));
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
END
$$;

CREATE PROCEDURE pg_temp.begin(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('10:00');
	PERFORM pg_temp.saw('support', '{"phone": "0", "email": "a"}');
	CALL pg_temp.deliver('crm');
	CALL pg_temp.at('12:00');
END
$$;

CALL pg_temp.begin('rest');
CALL pg_temp.write('0');
CALL pg_temp.write('2');
SELECT is(pg_temp.saw('support', '{"phone": "2", "email": "a"}' || pg_temp.stamp()), 'echo phone=echo', 'both show what the crm wrote');
CREATE TEMP TABLE size AS SELECT pg_temp.state_bytes() AS at_rest;
CALL pg_temp.write('1');
SELECT cmp_ok(pg_temp.state_bytes(), '>', at_rest + 20, 'a write is remembered') FROM size;
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}' || pg_temp.stamp()), 'echo phone=echo', 'until it was shown under its stamp');
SELECT cmp_ok(pg_temp.state_bytes(), '<', at_rest + 10, 'then all of it is forgotten') FROM size;
CREATE TEMP TABLE noted AS SELECT pg_temp.row_version();
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}' || pg_temp.stamp()), 'unchanged', 'what comes under the stamp later says nothing new');
CALL pg_temp.at('15:00');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}' || pg_temp.stamp()), 'unchanged', 'however late');
SELECT is(pg_temp.row_version(), row_version, 'and writes nothing') FROM noted;

-- The sight comes without the stamp: that is noted once more, when it comes
CALL pg_temp.begin('twice');
CALL pg_temp.write('1');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}'), 'echo phone=echo', 'a sight without the stamp');
CALL pg_temp.at('15:00');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}' || pg_temp.stamp()), 'echo phone=echo', 'hours later the stamp: used up');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}' || pg_temp.stamp()), 'unchanged', 'once');
SELECT cmp_ok(pg_temp.state_bytes(), '<', at_rest + 10, 'and nothing is left') FROM size;

-- A system that never shows a stamp
CALL pg_temp.begin('never shown');
CREATE PROCEDURE pg_temp.write_many(first integer, last integer, step interval) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN first .. last LOOP
		CALL pg_temp.at(to_char(time '12:00' + (i - first) * step, 'HH24:MI:SS'));
		CALL pg_temp.write('phone ' || i);
	END LOOP;
END
$$;
CALL pg_temp.write_many(1, 40, '11 minutes');
SELECT cmp_ok(pg_temp.state_bytes(), '<', at_rest + 400, 'forty writes, hours apart, of which none was shown: a handful is remembered') FROM size;
CALL pg_temp.at('23:00');
SELECT is(pg_temp.saw('support', '{"phone": "phone 38", "email": "a"}' || pg_temp.stamp(2)), 'echo phone=echo', 'the newest ones');
SELECT is(pg_temp.saw('support', '{"phone": "phone 5", "email": "a"}' || pg_temp.stamp(35)), 'accepted phone=accepted -> crm', 'not the oldest');

-- As many in one echo window
CALL pg_temp.begin('a storm');
CALL pg_temp.write_many(1, 200, '1 second');
SELECT cmp_ok(pg_temp.state_bytes(), '<', at_rest + 3000, 'two hundred writes in one echo window: a state stays small') FROM size;
SELECT is(pg_temp.saw('support', '{"phone": "phone 190", "email": "a"}'), 'echo phone=echo', 'and yet knows late echoes');

-- A key that is too long for a stamp ends in a hash, and is known all the same
CALL pg_temp.begin(repeat('long ', 100));
CALL pg_temp.write('1');
SELECT is(length(pg_temp.stamp()->>'stamp'), 255, 'a stamp is cut');
SELECT is(pg_temp.saw('support', '{"phone": "2"}' || pg_temp.stamp()), 'held phone=held', 'an edit under it has seen the write: only the window holds it');
CALL pg_temp.begin(repeat('long ', 100) || 'other');
CALL pg_temp.write('1');
SELECT is(pg_temp.saw('support', '{"phone": "2"}' || (SELECT jsonb_build_object('stamp', idempotency_key) FROM sync_claim
	WHERE record_key = repeat('long ', 100) AND target_system = 'support')), 'conflict phone=conflict', 'that of a record whose key begins as this one''s proves nothing');

SELECT * FROM finish();
