-- What a system shows while a worker has our delete is from before it or from after it: nobody can say,
-- and the acknowledgement does not either.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"version": "v"}, "support": {"version": "v"}, "shop": {}}, "fields": {"phone": {}}, "window": "0"}');
-- Up to where support has shown the record under our delete, and has taken that
CREATE PROCEDURE pg_temp.crossed(key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at('12:00');
	CALL pg_temp.record(key);
	PERFORM sync_diff('crm', 'contact', jsonb_build_object('record_key', key, 'phone', '1', 'v', '1'));
	PERFORM sync_ack(lease) FROM (SELECT lease FROM sync_poll('shop') UNION SELECT lease FROM sync_poll('support')) AS l;
	PERFORM sync_diff('support', 'contact', jsonb_build_object('record_key', key, 'phone', '1', 'v', '1'));
	PERFORM sync_delete('crm', 'contact', ARRAY[key]);
	PERFORM sync_ack(lease) FROM sync_poll('shop');
	PERFORM pg_temp.poll('support');
END $$;
CREATE FUNCTION pg_temp.existence() RETURNS text LANGUAGE sql AS $$
	SELECT existence FROM sync_shadow WHERE record_key = pg_temp.record_key() AND system = 'support'
$$;

CALL pg_temp.crossed('anew');
SELECT is(pg_temp.saw('support', '{"phone": "2", "v": "2"}'), 'held phone=held', 'support shows the record');
SELECT is(pg_temp.ack('support'), true, 'then our delete is acknowledged');
SELECT is(pg_temp.poll('support'), NULL, 'while a human is asked nothing is sent');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'delete'), true, 'who says that it is to go');
SELECT is(pg_temp.poll('support'), 'delete {}', 'it may have been made after our delete, which goes once more');
SELECT is(pg_temp.ack('support'), true, 'support takes that one');
SELECT is(pg_temp.poll('support'), NULL, 'and no third one');
SELECT is(pg_temp.existence(), 'gone', 'it is gone');
SELECT is(pg_temp.gone('support'), 'echo', 'as support says');
CALL pg_temp.at('12:30');
SELECT alike(pg_temp.saw('crm', '{"phone": "5", "v": "5"}'), 'accepted%', 'the crm, which deleted it, makes it again');
SELECT is(pg_temp.poll('support'), 'create {"phone": "5"}', 'it is created in support');
SELECT is(pg_temp.ack('support'), true, 'again');
SELECT alike(pg_temp.saw('support', '{"phone": "5", "v": "6"}'), 'echo%', 'which shows it');
SELECT alike(pg_temp.gone('support'), 'accepted%', 'and deletes it: no echo of ours is owed for that');

CALL pg_temp.crossed('said');
SELECT is(pg_temp.saw('support', '{"phone": "2", "v": "2"}'), 'held phone=held', 'another one is shown');
SELECT is(pg_temp.ack('support'), true, 'our delete is acknowledged');
SELECT is(pg_temp.gone('support'), 'echo', 'and shown: it was the later of the two');
SELECT is(pg_temp.poll('support'), NULL, 'it does not go again');
SELECT is(pg_temp.life_conflicts(), 'resurrect resolved', 'nor is there anything left to decide');

CALL pg_temp.crossed('lives');
SELECT is(pg_temp.saw('support', '{"phone": "2", "v": "2"}'), 'held phone=held', 'a third one is shown');
SELECT is(pg_temp.ack('support'), true, 'our delete is acknowledged');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'and a human keeps it');
SELECT is(pg_temp.polled('support'), 'create {"phone": "2"}', 'where it may be gone it is created again');
SELECT * FROM finish();
