-- A claim of an update writes its row of the outbox and leaves the state alone; whoever reads the
-- state takes the claim in, under the policy that it was made under.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {"phone": {}, "email": {}}}');

CREATE TEMP TABLE kept (record_key text, state bytea, version text);

CREATE PROCEDURE pg_temp.keep() LANGUAGE sql AS $$
	DELETE FROM kept;
	INSERT INTO kept SELECT record_key, state, ctid || ' ' || xmin FROM sync_state WHERE record_key = pg_temp.record_key()
$$;

CREATE FUNCTION pg_temp.is_alone() RETURNS boolean LANGUAGE sql AS $$
	SELECT s.ctid || ' ' || s.xmin = k.version FROM sync_state AS s JOIN kept AS k USING (record_key)
$$;

CREATE FUNCTION pg_temp.waits_by_state() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM sync_state AS s, sync_state_waiting(s.entity, s.record_key, s.state)
	WHERE s.record_key = pg_temp.record_key()
$$;

CREATE FUNCTION pg_temp.would(system text, fields jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT v.verdict FROM sync_diff(system, 'contact', fields || jsonb_build_object('record_key', pg_temp.record_key()),
		dry_run => true, verbose => true) AS v
$$;

-- What is written
CALL pg_temp.at_rest('alone', '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'an edit waits for two systems');
CALL pg_temp.keep();
SELECT is(pg_temp.waits_by_state(), 2::bigint, 'the state names both rows as waiting');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'one is claimed');
SELECT ok(pg_temp.is_alone(), 'and the state is as it was');
SELECT is(pg_temp.waits_by_state(), 1::bigint, 'by the state and its row, one is left');
SELECT is(pg_temp.poll('support'), NULL, 'it is not claimed again');
CALL pg_temp.at('12:00:10');
SELECT is(pg_temp.poll('billing'), 'update {"phone": "1"}', 'the other one is claimed');
SELECT ok(pg_temp.is_alone(), 'and the state is still as it was');

-- What it is taken for
SELECT is((SELECT count(*) FROM sync_divergence WHERE record_key = 'alone'), 0::bigint, 'what is on its way does not diverge');
SELECT is((SELECT array_agg(DISTINCT different) FROM sync_audit('contact') WHERE field IS NULL AND system <> 'crm'), '{1}', 'but differs');
SELECT is(pg_temp.would('support', '{"phone": "1"}'), 'echo', 'a dry run knows the claim');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'unchanged', 'what is shown from before it says nothing');
SELECT ok(pg_temp.is_alone(), 'and writes nothing');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'echo phone=echo', 'what it wrote is its echo');
SELECT ok(NOT pg_temp.is_alone(), 'which is written, with both claims');
SELECT is(pg_temp.saw('billing', '{"phone": "1"}'), 'echo phone=echo', 'the other echo');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.ack('billing'), true, 'both');
SELECT is(pg_temp.waits_by_state(), 0::bigint, 'nothing waits');

-- Without an echo before the acknowledgement
CALL pg_temp.at_rest('acked', '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'an edit waits for two systems');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'claimed');
SELECT is(pg_temp.ack('support'), true, 'and acknowledged');
SELECT is(pg_temp.shows('support'), '{"email": "a", "phone": "1"}', 'it shows the write');
SELECT is(pg_temp.shows('billing'), '{"email": "a", "phone": "0"}', 'the other one does not yet');
SELECT is(pg_temp.poll('billing'), 'update {"phone": "1"}', 'whose row still waited');

-- A claim that is undone never was
CALL pg_temp.at_rest('undone', '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'an edit');
BEGIN;
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'claimed');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> billing,support', 'an edit behind it');
SELECT is(pg_temp.waits('support'), 'update {"phone": "2"}', 'gets a row of its own');
ROLLBACK;
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> billing,support', 'without the claim an edit');
SELECT is(pg_temp.waits('support'), 'update {"phone": "3"}', 'folds into the row');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'undone' AND target_system = 'support'), 1::bigint, 'the only one');

-- Under another policy
CALL pg_temp.at_rest('retyped', '{"phone": "0", "email": "a"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "B"}'), 'accepted email=accepted,phone=accepted -> billing,support', 'an edit of two fields');
CALL pg_temp.keep();
SELECT is(pg_temp.poll('support'), 'update {"email": "B", "phone": "1"}', 'claimed');
SELECT sync_configure('contact', '{"systems": ["support", "crm"], "fields": {"email": {"normalize": ["lower"]}, "phone": {"type": "number"}}}');
SELECT ok(pg_temp.is_alone(), 'a new policy leaves the state as it was');
SELECT is(pg_temp.would('support', '{"phone": 1, "email": "b"}'), 'echo', 'the write is known as the new policy reads it');
SELECT is(pg_temp.ack('support'), true, 'and acknowledged');
SELECT is(pg_temp.shows('support'), '{"email": "b", "phone": 1}', 'it is what the target shows');
SELECT is(pg_temp.saw('support', '{"phone": 1, "email": "b"}'), 'echo email=echo,phone=echo', 'and its sight is an echo');

-- A target that is dropped meanwhile, and comes back
CREATE PROCEDURE pg_temp.without_support_from(outcome text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM sync_configure('contact', '{"systems": ["crm"], "fields": {"phone": {}, "email": {}}}');
	CASE outcome WHEN 'ack' THEN PERFORM pg_temp.ack('support'); ELSE PERFORM pg_temp.nack('support'); END CASE;
	PERFORM sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');
END
$$;
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');
CALL pg_temp.at_rest('dropped, acked', '{"phone": "0", "email": "a"}', 'crm', 'support');
CALL pg_temp.at_rest('dropped, failed', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'claimed');
CALL pg_temp.without_support_from('nack');
SELECT is(pg_temp.waits('support'), NULL, 'the row of a target that was no longer named has gone with its failure');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted', 'the target is back: it has the record, and no field of it was seen there');
SELECT is(pg_temp.poll('support'), NULL, 'so nothing is overwritten, and nothing created once more');
SELECT is((SELECT existence || data FROM sync_shadow WHERE record_key = pg_temp.record_key() AND system = 'support'), 'there{}', 'as its shadow says');
SELECT is(pg_temp.saw('support', '{"email": "a", "phone": null}'), 'agreed email=agreed,phone=agreed -> support', 'until it shows them');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'then it is told what it lacks');
CALL pg_temp.record('dropped, acked');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'claimed');
CALL pg_temp.without_support_from('ack');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted', 'the same after an acknowledgement');
SELECT is(pg_temp.poll('support'), NULL, 'the record is there');
SELECT is(pg_temp.saw('support', '{"email": "a", "phone": "2"}'), 'agreed email=agreed,phone=agreed', 'and is taken up again when it is shown');

SELECT * FROM finish();
