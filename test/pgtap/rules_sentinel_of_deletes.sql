-- A delete carries a stamp as every write; under a stamp of ours a deleted record is our delete, and an old one is known.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"sentinel": "meta.stamp", "deleted": "gone", "key": "ref"}}, "fields": {"phone": {}, "email": {}}}');

CREATE FUNCTION pg_temp.support(fields jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', verdict, nullif(targets, '{}')), '; ')
	FROM sync_diff('support', 'contact', fields || jsonb_build_object('ref', pg_temp.record_key()), verbose => true)
$$;

-- A record that both show, support without any stamp.
CREATE PROCEDURE pg_temp.both(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('10:00');
	PERFORM pg_temp.support('{"phone": "0", "email": "a"}');
	PERFORM pg_temp.saw('crm', '{"phone": "0", "email": "a"}');
	CALL pg_temp.at('12:00');
END
$$;

CALL pg_temp.both('stamped');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
SELECT is((SELECT payload FROM sync_poll('support')), '{"ref": "stamped", "meta": {"stamp": "crm-to-support-contact-stamped-v2"}}', 'key and stamp go along');
SELECT is((SELECT bool_and(sync_ack(id, lease, NULL)) FROM sync_outbox), true, 'acknowledged');
SELECT is(pg_temp.support('{"gone": true, "meta": {"stamp": "crm-to-support-contact-stamped-v2"}}'), 'echo', 'our delete is shown under its stamp');

-- A human deletes what keeps the stamp of our last edit: that is a human's delete
CALL pg_temp.both('left over');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'goes out');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.support('{"phone": "1", "email": "a", "meta": {"stamp": "crm-to-support-contact-left over-v2"}}'), 'echo', 'and is shown');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.support('{"gone": true, "meta": {"stamp": "crm-to-support-contact-left over-v2"}}'), 'accepted {crm}', 'a delete under a left-over stamp is a delete');

-- A long key ends in a hash, and is a stamp nevertheless
CALL pg_temp.both(repeat('long', 80));
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'a record with a long key is deleted');
SELECT is((SELECT length(payload #>> '{meta,stamp}') <= 255 AND payload #>> '{meta,stamp}' = idempotency_key FROM sync_poll('support')), true, 'stamp and key are the same, and short enough');

SELECT * FROM finish();
