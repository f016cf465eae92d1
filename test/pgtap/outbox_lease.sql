-- A lease is one row, however many rows of the outbox it took: it is gone with the
-- acknowledgement of all of them, or once its time is over and none of them is its own.  A
-- claim touches no index of the outbox.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}}');
SELECT sync_configure('ticket', '{"systems": ["crm", "support"], "fields": {"phone": {}}}');
CREATE FUNCTION pg_temp.changed(entity text, VARIADIC keys text[]) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM sync_diff('crm', entity,
		(SELECT jsonb_agg(jsonb_build_object('record_key', k, 'phone', current_setting('sync_ledger.now'))) FROM unnest(keys) AS k))
$$;
CREATE FUNCTION pg_temp.leases() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s of %s until %s', cardinality(l.ids), l.target_system, to_char(l.ends_at, 'HH24:MI:SS')), '; ' ORDER BY l.lease)
	FROM sync_lease AS l
$$;
SET TimeZone = 'UTC';

CALL pg_temp.at('12:00:00');
SELECT is(pg_temp.changed('contact', 'A', 'B', 'C'), 3::bigint, 'three records change');
SELECT is((SELECT count(*) FROM sync_poll('support')), 3::bigint, 'a worker takes them all');
SELECT is(pg_stat_get_xact_tuples_hot_updated('sync_outbox'::regclass), pg_stat_get_xact_tuples_updated('sync_outbox'::regclass), 'which changes no index');
SELECT is(pg_temp.leases(), '3 of support until 12:01:00', 'that is one lease');
SELECT is((SELECT sync_ack(max(lease)) FROM sync_outbox), 3, 'it is acknowledged');
SELECT is(pg_temp.leases(), NULL, 'and gone');

SELECT is(pg_temp.changed('contact', 'D', 'E'), 2::bigint, 'two more change');
CREATE TEMP TABLE got AS SELECT * FROM sync_poll('support');
SELECT is((SELECT string_agg(sync_ack(id, lease, NULL)::text, ',') FROM got), 'true,true', 'which are acknowledged one by one');
SELECT is(pg_temp.leases(), '2 of support until 12:01:00', 'the lease is still there');
SELECT is((SELECT sync_ack(max(lease)) FROM got), 0, 'and has no row any more');
SELECT is(pg_temp.leases(), NULL, 'which the worker finds out');

SELECT is(pg_temp.changed('contact', 'F', 'G'), 2::bigint, 'two more change');
DROP TABLE got;
CREATE TEMP TABLE got AS SELECT * FROM sync_poll('support');
SELECT is((SELECT sync_ack(id, lease, NULL) FROM got WHERE record_key = 'F'), true, 'one is acknowledged');
SELECT is((SELECT sync_extend(max(lease), '1 minute') FROM got), 1, 'the other one takes longer');
SELECT is(pg_temp.leases(), '2 of support until 12:02:00', 'and so does the lease');
CALL pg_temp.at('12:01:30');
SELECT is((SELECT count(*) FROM sync_poll('support')), 0::bigint, 'it has not come back');
CALL pg_temp.at('12:02:00');
SELECT is((SELECT string_agg(record_key, ',') FROM sync_poll('support')), 'G', 'now it has');
SELECT is(pg_temp.leases(), '1 of support until 12:03:00', 'and has another lease');
SELECT is((SELECT sync_ack(max(lease)) FROM got), 0, 'its old one is over');
SELECT is((SELECT string_agg(status || ' ' || attempts, ',') FROM sync_outbox), 'leased 2', 'and moves nothing');
SELECT is((SELECT sync_ack(max(lease), (SELECT array_agg(id) || NULL::bigint || max(id) FROM sync_outbox)) FROM sync_outbox), 1, 'an id twice is one row, null is none');
SELECT is((SELECT sync_ack(max(lease)) FROM sync_lease), 0, 'it was the last');

CALL pg_temp.at('12:10:00');
SELECT is(pg_temp.changed('contact', 'H') + pg_temp.changed('ticket', 'I'), 2::bigint, 'records of two entities change');
SELECT is((SELECT count(*) FROM sync_poll('support')), 2::bigint, 'a worker takes both');
CALL pg_temp.at('12:11:00');
SELECT is((SELECT string_agg(record_key, ',') FROM sync_poll('support', entity => 'ticket')), 'I', 'one comes back to who asks for its entity only');
SELECT is(pg_temp.leases(), '2 of support until 12:11:00; 1 of support until 12:12:00', 'the lease of both stays');
SELECT is((SELECT string_agg(record_key, ',') FROM sync_poll('support')), 'H', 'until the other one has come back');
SELECT is(pg_temp.leases(), '1 of support until 12:12:00; 1 of support until 12:12:00', 'and goes then');
CALL pg_temp.at('12:13:00');
SELECT is(sync_maintain() ->> 'leases', '2', 'maintenance brings back what ran out');
SELECT is(pg_temp.leases(), NULL, 'and the leases go');

SELECT * FROM finish();
