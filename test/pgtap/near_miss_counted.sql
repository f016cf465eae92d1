-- Each near miss is counted per system and field, with the last example and what would help.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {"version": "v", "sentinel": "stamp"}}, "fields": {
	"email": {}, "amount": {"type": "number"}, "tags": {"type": "set"}, "due": {"type": "timestamp"}, "iban": {"sensitive": true}}}');

CREATE FUNCTION pg_temp.misses(of_field text) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s of %s: %s became %s, %s', times, system, sent, stored, coalesce(helps::text, 'nothing helps'))
	FROM sync_near_misses WHERE entity = 'contact' AND field = of_field
$$;

-- support shows a record; the crm sets a field, which goes out.
CREATE PROCEDURE pg_temp.write(record_key text, fields jsonb) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('10:00');
	PERFORM pg_temp.saw('support', '{"v": 1, "email": "x", "amount": 0, "tags": [], "due": "2026-01-01T00:00:00Z", "iban": "0"}');
	CALL pg_temp.deliver('crm');
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', fields);
	PERFORM pg_temp.poll('support');
END
$$;

CALL pg_temp.write('lower', '{"email": "A@x.org"}');
SELECT is(pg_temp.misses('email'), NULL, 'nothing was missed yet');
SELECT is(pg_temp.ack('support', '{"email": "a@x.org"}'), true, 'a target lowers what it is sent');
SELECT is(pg_temp.misses('email'), '1 of support: "A@x.org" became "a@x.org", {"normalize": ["lower"]}', 'a near miss, and what would help');
SELECT is((SELECT missed_at FROM sync_near_misses WHERE field = 'email'), '2026-03-01 12:00+00'::timestamptz, 'when it was');
SELECT is(pg_temp.saw('support', '{"email": "a@x.org"}'), 'echo email=echo', 'the webhook of what it stored is the echo');
SELECT is(pg_temp.waits('crm'), NULL, 'nobody is told');
SELECT is(pg_temp.waits('support'), NULL, 'and it is settled');

CALL pg_temp.write('lower again', '{"email": "B@x.org"}');
SELECT is(pg_temp.saw('support', '{"email": "b@x.org"}'), 'conflict email=conflict', 'the webhook comes first: it looks as an edit');
SELECT is(pg_temp.ack('support', '{"email": "b@x.org"}'), true, 'the answer explains it');
SELECT is(pg_temp.open_conflict(), NULL, 'no human need look');
SELECT is(pg_temp.misses('email'), '2 of support: "B@x.org" became "b@x.org", {"normalize": ["lower"]}', 'counted, with the last example');
SELECT is((SELECT e.data FROM sync_event AS e WHERE record_key = pg_temp.record_key() AND event = 'acknowledged' AND system = 'support'),
	'{"email": "b@x.org"}', 'and the log says what was stored');

CALL pg_temp.write('as sent', '{"email": "c@x.org"}');
SELECT is(pg_temp.ack('support', '{"email": "c@x.org", "amount": 7}'), true, 'what is stored as it was sent');
SELECT is(pg_temp.misses('email'), '2 of support: "B@x.org" became "b@x.org", {"normalize": ["lower"]}', 'is none');
SELECT is(pg_temp.misses('amount'), NULL, 'nor is a field that was not sent');

CALL pg_temp.write('rounded', '{"amount": 19.95}');
SELECT is(pg_temp.ack('support', '{"v": 2, "amount": 20}'), true, 'an amount is rounded');
SELECT is(pg_temp.misses('amount'), '1 of support: 19.95 became 20, nothing helps', 'no normaliser rounds');
SELECT is(pg_temp.saw('support', '{"v": 2, "amount": 20}'), 'echo amount=echo', 'the rounded one is the echo');
SELECT is(pg_temp.saw('support', '{"v": 2, "amount": 20}'), 'unchanged', 'once');
SELECT is(pg_temp.shows('crm')->>'amount', '19.95', 'the crm keeps its own');

CALL pg_temp.write('a set', '{"tags": ["Vip", "new"]}');
SELECT is(pg_temp.ack('support', '{"tags": ["new", "vip"]}'), true, 'a set is lowered');
SELECT is(pg_temp.misses('tags'), '1 of support: ["Vip", "new"] became ["new", "vip"], {"normalize": ["lower"]}', 'its elements would have to be');
SELECT is(pg_temp.saw('support', '{"tags": ["vip", "new"]}'), 'echo tags=echo', 'in any order it is the echo');

CALL pg_temp.write('a timestamp', '{"due": "2026-02-03T04:05:06.789Z"}');
SELECT is(pg_temp.ack('support', '{"due": "2026-02-03T04:05:06Z"}'), true, 'a timestamp loses its fraction');
SELECT is(pg_temp.misses('due'), '1 of support: "2026-02-03T04:05:06.789Z" became "2026-02-03T04:05:06Z", nothing helps', 'nothing would have kept it');
SELECT is(pg_temp.saw('support', '{"due": "2026-02-03T05:05:06+01:00"}'), 'echo due=echo', 'in any zone it is the echo');

CALL pg_temp.write('dropped', '{"email": "d@x.org"}');
SELECT is(pg_temp.ack('support', '{"email": null}'), true, 'a target may drop what it is sent');
SELECT is(pg_temp.misses('email'), '3 of support: "d@x.org" became null, nothing helps', 'that is one more');
SELECT is(pg_temp.waits('support'), NULL, 'and not sent again');

CALL pg_temp.write('sensitive', '{"iban": "de 02"}');
SELECT is(pg_temp.ack('support', '{"iban": "DE 02"}'), true, 'a sensitive field');
SELECT is(pg_temp.misses('iban'), '1 of support: "***" became "***", {"normalize": ["lower"]}', 'is counted, and masked');
SELECT is((SELECT count(*) FROM sync_near_miss WHERE sent::text || stored::text ILIKE '%de 02%'), 0::bigint, 'its values are not even kept');

-- Under the stamp
CALL pg_temp.write('stamped', '{"email": "E@x.org"}');
SELECT is(pg_temp.ack('support', '{"email": "e@x.org"}'), true, 'one more');
CALL pg_temp.at('18:00');
SELECT is(pg_temp.saw('support', (SELECT jsonb_build_object('email', 'e@x.org', 'stamp', idempotency_key) FROM sync_claim
	WHERE record_key = 'stamped' AND target_system = 'support')), 'echo email=echo', 'its stamp names it, as it was stored');

SELECT * FROM finish();
