-- Retries of one content share one key, no two contents do; a correction has its own.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}, "email": {}}}');

-- Polls, and keeps what the claim said.
CREATE TEMP TABLE tried (n serial, record_key text, id bigint, lease bigint, change_set jsonb, key text, attempt integer);
CREATE FUNCTION pg_temp.try() RETURNS jsonb LANGUAGE sql AS $$
	WITH polled AS (SELECT * FROM sync_poll('support')),
		noted AS (INSERT INTO tried (record_key, id, lease, change_set, key, attempt)
			SELECT record_key, id, lease, change_set, idempotency_key, attempt FROM polled)
	SELECT change_set FROM polled WHERE record_key = pg_temp.record_key()
$$;
CREATE FUNCTION pg_temp.tries() RETURNS TABLE (keys bigint, ids bigint, leases bigint, attempts integer[]) LANGUAGE sql AS $$
	SELECT count(DISTINCT key), count(DISTINCT id), count(DISTINCT lease), array_agg(attempt ORDER BY n)
	FROM tried WHERE record_key = pg_temp.record_key()
$$;
CREATE FUNCTION pg_temp.ack_try() RETURNS boolean LANGUAGE sql AS $$
	SELECT sync_ack(id, lease, NULL) FROM tried WHERE record_key = pg_temp.record_key() ORDER BY n DESC LIMIT 1
$$;

CALL pg_temp.at_rest('retry', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.try(), '{"phone": "1"}', 'is claimed');
CALL pg_temp.at('12:00:59');
SELECT is(pg_temp.try(), NULL, 'nobody else gets it within the lease');
CALL pg_temp.at('12:01:01');
SELECT is(pg_temp.try(), '{"phone": "1"}', 'after 60 seconds it comes back');
CALL pg_temp.at('12:03');
SELECT is(pg_temp.try(), '{"phone": "1"}', 'and again');
SELECT results_eq('SELECT * FROM pg_temp.tries()', $$ VALUES (1::bigint, 1::bigint, 3::bigint, '{1,2,3}'::integer[]) $$,
	'one content: one key, one row, a lease for each attempt');
SELECT is(pg_temp.ack_try(), true, 'acknowledged at last');
SELECT is((SELECT count(DISTINCT l.idempotency_key) FROM sync_ledger AS l JOIN tried AS t ON t.key = l.idempotency_key), 1::bigint, 'the ledger knows that key');

CALL pg_temp.at_rest('lease of the call', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is((SELECT count(*) FROM sync_poll('support', lease => '10 minutes')), 1::bigint, 'a worker takes a longer lease');
CALL pg_temp.at('12:09');
SELECT is(pg_temp.try(), NULL, 'the row is its own that long');
CALL pg_temp.at('12:10:01');
SELECT is(pg_temp.try(), '{"phone": "1"}', 'and no longer');
SELECT is(pg_temp.ack_try(), true, 'acknowledged');

CALL pg_temp.at_rest('another content', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.try(), '{"phone": "1"}', 'is claimed');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'the value moves on');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.try(), '{"phone": "2"}', 'what comes back is the newest content');
SELECT is((SELECT keys FROM pg_temp.tries()), 2::bigint, 'under a key of its own');
SELECT is(pg_temp.ack_try(), true, 'acknowledged');

CALL pg_temp.at_rest('there and back', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.try(), '{"phone": "1"}', 'is claimed');
SELECT is(pg_temp.ack_try(), true, 'and acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'and shown');
SELECT is(pg_temp.saw('support', '{"phone": "9"}'), 'overruled phone=overruled -> support', 'an edit there is overruled');
SELECT is(pg_temp.try(), '{"phone": "1"}', 'the same value goes out again');
SELECT is((SELECT keys FROM pg_temp.tries()), 2::bigint, 'a correction has a key of its own');
SELECT is(pg_temp.ack_try(), true, 'acknowledged');

CALL pg_temp.at_rest('seen between', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.try(), '{"phone": "1"}', 'is claimed');
SELECT alike(pg_temp.saw('support', '{"phone": "9"}'), 'overruled phone=overruled%', 'another value of its field is shown');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.try(), '{"phone": "1"}', 'the retry after that');
SELECT is((SELECT keys FROM pg_temp.tries()), 2::bigint, 'is a correction: the target may know the first call as done');
SELECT is(pg_temp.ack_try(), true, 'acknowledged');

-- An observation of other fields does not make it one
CALL pg_temp.at_rest('other field', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.try(), '{"phone": "1"}', 'is claimed');
SELECT is(pg_temp.saw('support', '{"phone": "0", "email": "b"}'), 'accepted email=accepted -> crm', 'another field is edited there');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.try(), '{"phone": "1"}', 'the retry');
SELECT is((SELECT keys FROM pg_temp.tries()), 1::bigint, 'has the key of the first try');

-- No key stands for two contents, in all of this
SELECT is_empty('SELECT key FROM tried GROUP BY key HAVING count(DISTINCT (record_key, change_set)) > 1', 'no two contents share a key');

SELECT * FROM finish();
