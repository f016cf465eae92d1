-- The stamp of a write that nobody has shown is known as long as the ledger keeps the write.
\ir story.psql
SELECT * FROM no_plan();

-- At a time of the day that comes so many days later.
CREATE PROCEDURE pg_temp.later(days integer, moment text) LANGUAGE sql AS $$
	SELECT set_config('sync_ledger.now', (extract(epoch FROM
		('2026-03-01 ' || moment || '+00')::timestamptz + days * interval '1 day') * 1000000)::bigint::text, false)
$$;

-- A write is acknowledged and never shown; another one two days later. After that support shows the first one's payload.
CREATE FUNCTION pg_temp.shown_late(record_key text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	stamp text;
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "1"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "2"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
	SELECT idempotency_key INTO stamp FROM sync_claim AS e
	WHERE e.record_key = shown_late.record_key ORDER BY id DESC LIMIT 1;
	CALL pg_temp.later(2, '12:00');
	PERFORM pg_temp.saw('crm', '{"phone": "3"}');
	PERFORM pg_temp.poll('support');
	PERFORM pg_temp.ack('support');
	CALL pg_temp.later(2, '14:00');
	RETURN pg_temp.saw('support', jsonb_build_object('phone', '2', 'stamp', stamp));
END
$$;

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"sentinel": "stamp"}}, "fields": {"phone": {}}, "window": "0"}');
SELECT is(pg_temp.shown_late('kept'), 'echo phone=echo', 'the ledger keeps the write: its stamp tells of it');
SELECT is(pg_temp.golden(), '{"phone": "3"}', 'and it is no edit');

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"sentinel": "stamp"}}, "fields": {"phone": {}}, "window": "0",
	"retention": {"ledger": "3 days"}}');
SELECT is(pg_temp.shown_late('kept as well'), 'echo phone=echo', 'three days are long enough for that');

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"sentinel": "stamp"}}, "fields": {"phone": {}}, "window": "0",
	"retention": {"ledger": "1 day"}}');
SELECT is(pg_temp.shown_late('gone'), 'accepted phone=accepted -> crm', 'one day is not: it is taken for what it looks like');

SELECT * FROM finish();
