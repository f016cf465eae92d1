-- A create is lost, its record dies and lives again while the delete is on its way: what is
-- created then is another content, under a key of its own.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

CREATE TEMP TABLE sent AS SELECT NULL::text AS idempotency_key, NULL::text AS action, NULL::jsonb AS change_set WHERE false;
CREATE FUNCTION pg_temp.polled(target text) RETURNS text LANGUAGE sql AS $$
	WITH polled AS (SELECT * FROM sync_poll(target)),
		noted AS (INSERT INTO claim (record_key, target, id, lease) SELECT record_key, target, id, lease FROM polled),
		kept AS (INSERT INTO sent SELECT idempotency_key, action, change_set FROM polled)
	SELECT action || ' ' || change_set FROM polled
$$;
SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {"phone": {}}, "window": "0 seconds"}');
CALL pg_temp.at('12:00');
SELECT pg_temp.saw('crm', '{"phone": "1"}');
CALL pg_temp.deliver('support');
SELECT is(pg_temp.polled('billing'), 'create {"phone": "1"}', 'a create that nobody hears of again');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{T1}')), 'accepted', 'the record is deleted');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.polled('billing'), 'delete {}', 'so it is deleted there, whether it landed or not');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'held phone=held', 'support still edits it');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'and wins');
SELECT pg_temp.ack('billing');
SELECT is(pg_temp.polled('billing'), 'create {"phone": "3"}', 'it is created there as support shows it');
SELECT is((SELECT count(DISTINCT idempotency_key) FROM sent), 3::bigint, 'no two contents share a key');

-- Where a part of the create was seen there, it cannot go again as it was.
SELECT sync_configure('contact', '{"systems": ["crm", "billing"], "fields": {"phone": {}, "name": {}}, "window": "0 seconds"}');
CALL pg_temp.record('T2');
DELETE FROM sent;
SELECT pg_temp.saw('crm', '{"phone": "1", "name": "ann"}');
SELECT is(pg_temp.polled('billing'), 'create {"name": "ann", "phone": "1"}', 'a create is on its way');
SELECT is(pg_temp.saw('billing', '{"phone": "2", "name": "ann"}'), 'conflict name=echo,phone=conflict', 'where somebody has made the same record');
SELECT pg_temp.nack('billing', 'timeout', '0 s');
SELECT is((SELECT verdict FROM sync_delete('billing', 'contact', '{T2}')), 'conflict', 'and deletes it');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{T2}')), 'accepted', 'as crm does');
SELECT is(pg_temp.saw('crm', '{"phone": "3", "name": "bob"}'), 'accepted name=accepted,phone=accepted -> billing', 'which creates it again');
SELECT is(pg_temp.polled('billing'), 'delete {}', 'what the create may have left is deleted first');
SELECT pg_temp.ack('billing');
SELECT is(pg_temp.polled('billing'), 'create {"name": "bob", "phone": "3"}', 'then it is created as it is');
SELECT pg_temp.ack('billing');
SELECT is(pg_temp.polled('billing'), NULL, 'and nothing is left to send');
SELECT is((SELECT count(DISTINCT idempotency_key) FROM sent), 3::bigint, 'no two contents share a key');

-- What a create leaves out was not seen there: nothing is to be deleted first, and nobody's delete is ours.
SELECT sync_configure('contact', '{"systems": ["crm", "billing"], "fields": {"phone": {}, "name": {}}, "window": "0 seconds", "deletes": "review"}');
CALL pg_temp.record('T3');
SELECT pg_temp.saw('crm', '{"phone": "1", "name": null}');
SELECT is(pg_temp.polled('billing'), 'create {"phone": "1"}', 'a create without a name');
SELECT pg_temp.nack('billing', 'timeout', '90 s');
SELECT is((SELECT verdict FROM sync_delete('billing', 'contact', '{T3}')), 'conflict', 'has landed, and somebody deletes it');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'delete'), true, 'as a human says');
SELECT is(pg_temp.saw('billing', '{"phone": "4", "name": null}'), 'held phone=held', 'it is made anew there');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'billing'), true, 'and a human lets it live');
SELECT is((SELECT verdict FROM sync_delete('billing', 'contact', '{T3}')), 'conflict', 'who deletes it once more is no echo of ours');

SELECT * FROM finish();
ROLLBACK;
