-- An acknowledgement finds rows and states wherever they stand by then.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

-- Three records with an update each, with a worker.
CREATE PROCEDURE pg_temp.claim_three(name text) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 3 LOOP
		CALL pg_temp.at_rest(name || i, '{"phone": "0", "email": "a"}', 'crm', 'support');
		PERFORM pg_temp.saw('crm', '{"phone": "1"}');
	END LOOP;
	PERFORM pg_temp.poll('support');
END
$$;

CREATE FUNCTION pg_temp.ack_all() RETURNS integer LANGUAGE sql AS $$
	SELECT sync_ack((SELECT lease FROM claim ORDER BY n DESC LIMIT 1))
$$;

-- What support shows of the three.
CREATE FUNCTION pg_temp.shown(name text) RETURNS text[] LANGUAGE sql AS $$
	SELECT array_agg(data ->> 'phone' ORDER BY record_key) FROM sync_shadow WHERE system = 'support' AND record_key LIKE name || '%'
$$;

CALL pg_temp.claim_three('still');
SELECT is(pg_temp.ack_all(), 3, 'rows that stand where they stood');
SELECT is(pg_temp.shown('still'), '{1,1,1}', 'are acknowledged');
SELECT is(pg_temp.ack_all(), 0, 'once');

CALL pg_temp.claim_three('packed');
VACUUM FULL sync_outbox;
VACUUM FULL sync_state;
SELECT is(pg_temp.ack_all(), 3, 'rows of tables that were rewritten');
SELECT is(pg_temp.shown('packed'), '{1,1,1}', 'are found in their new places');

CALL pg_temp.claim_three('turned');
CREATE TEMP TABLE kept_states AS TABLE sync_state;
CREATE TEMP TABLE kept_rows AS TABLE sync_outbox;
TRUNCATE sync_state, sync_outbox;
INSERT INTO sync_state SELECT * FROM kept_states ORDER BY record_key DESC;
INSERT INTO sync_outbox SELECT * FROM kept_rows ORDER BY id DESC;
SELECT is(pg_temp.ack_all(), 3, 'rows in whose place another one stands');
SELECT is(pg_temp.shown('turned'), '{1,1,1}', 'are found by their own names');

CALL pg_temp.claim_three('edited');
CALL pg_temp.record('edited2');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'an edit writes the state of one');
SELECT is(pg_temp.ack_all(), 3, 'of a record that has changed since');
SELECT is(pg_temp.shown('edited'), '{1,1,1}', 'what was sent is what is shown');
SELECT is(pg_temp.poll('support'), 'update {"email": "b"}', 'and the edit follows');

CALL pg_temp.claim_three('one by one');
SELECT is((SELECT count(*) FILTER (WHERE sync_ack(id, lease, NULL)) FROM (SELECT * FROM claim WHERE record_key LIKE 'one by one%' ORDER BY id DESC) AS c), 3::bigint, 'rows that are named in another order');
SELECT is(pg_temp.shown('one by one'), '{1,1,1}', 'are acknowledged all the same');

SELECT * FROM finish();
