-- What dead records showed can be forgotten; that they are dead stays.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql
\ir refusal.psql

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id", "version": "v"}, "support": {"id": "id"}, "old": {"writable": false}},
	"fields": {"email": {"required": true}, "name": {}, "tags": {"type": "set", "merge": "set"}}, "window": "0 seconds"}');
CALL pg_temp.at('12:00');
SELECT pg_temp.saw('crm', '{"id": "c1", "v": 5, "email": "ann@example.org", "name": "Ann", "tags": ["a"]}');
SELECT pg_temp.poll('support');
SELECT pg_temp.ack('support');
SELECT pg_temp.saw('support', '{"id": "s1", "email": "ann@example.org", "name": "Anna", "tags": ["a"]}');
SELECT record_key FROM sync_diff('crm', 'contact', '{"record_key": "T1", "id": "c1", "v": 6, "email": null}');
CREATE FUNCTION pg_temp.mentions(word text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(t.name, ', ' ORDER BY t.name) FROM (
		SELECT 'sync_state', state::text FROM sync_state
		UNION ALL SELECT 'sync_event', e::text FROM sync_event AS e
		UNION ALL SELECT 'sync_delivery', d::text FROM sync_delivery AS d
		UNION ALL SELECT 'sync_conflict', c::text FROM sync_conflict AS c
		UNION ALL SELECT 'sync_reject', r::text FROM sync_reject AS r
		UNION ALL SELECT 'sync_outbox', o::text FROM sync_outbox AS o
	) AS t(name, body)
	WHERE t.body LIKE '%' || word || '%' OR t.body LIKE '%' || encode(word::bytea, 'hex') || '%'
$$;
SELECT ok(pg_temp.mentions('ann@example.org') IS NOT NULL, 'the book holds the address');

SELECT is(sync_forget('contact', '{T1}'), 0, 'a record in conflict is not forgotten');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'which is decided');
CALL pg_temp.deliver('crm');
SELECT is(sync_forget('contact', '{T1}'), 0, 'nor is a living one');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{T1}')), 'accepted', 'it is deleted');
SELECT is(sync_forget('contact', '{T1}'), 0, 'nor is one whose delete waits');
SELECT is(pg_temp.poll('support'), 'delete {}', 'a worker has that');
SELECT is(sync_forget('contact', '{T1}'), 0, 'nor then');
SELECT pg_temp.ack('support');
SELECT is(sync_forget('contact', '{T1,T1,nobody,NULL}'), 1, 'now it is');
SELECT is(pg_temp.mentions('ann@example.org'), NULL, 'nothing holds the address');
SELECT is(pg_temp.mentions('Ann'), NULL, 'nor the name');
SELECT is((SELECT row(deleted, generation, data)::text FROM sync_record WHERE record_key = 'T1'),
	'(t,1,"{""name"": null, ""tags"": null, ""email"": null}")', 'the record is dead as before');
SELECT is((SELECT string_agg(event || ' ' || detail, '; ') FROM sync_trace('contact', 'T1')),
	'forgotten what it showed, and what came before, is gone; by ' || session_user, 'the trace says that much');
SELECT is(sync_forget('contact', '{T1}'), 1, 'once more changes nothing');

-- It does not come back by itself.
SELECT is(pg_temp.saw('support', '{"email": "ann@example.org", "name": "Anna"}'), 'held email=held,name=held', 'a late webhook is for a human');
SELECT is(sync_forget('contact', '{T1}'), 0, 'who is asked');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'delete'), true, 'and says no');
SELECT is(pg_temp.poll('support'), 'delete {}', 'it goes there');
SELECT pg_temp.ack('support');
SELECT is(sync_forget('contact', '{T1}'), 1, 'and is forgotten again');
SELECT is(pg_temp.mentions('ann@example.org'), NULL, 'all of it');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "T1", "id": "c1", "v": 4, "email": "ann@example.org"}')), 'stale', 'a version from before the delete is stale');
SELECT is((SELECT verdict FROM sync_delete('support', 'contact', '{T1}')), 'echo', 'the sight of our delete is an echo');

-- Who deleted it may create it again: a life of its own.
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "T1", "id": "c2", "v": 9, "email": "ann@example.com"}')), 'accepted', 'made anew there');
SELECT is(pg_temp.poll('support'), 'create {"email": "ann@example.com"}', 'it is created elsewhere');
SELECT is((SELECT generation FROM sync_record WHERE record_key = 'T1'), 2, 'in its second generation');
SELECT is((SELECT count(*) FROM sync_outbox WHERE idempotency_key LIKE '%-v1' OR idempotency_key LIKE '%-v2'), 0::bigint, 'no key is given twice');

-- A system that is only read, and still shows it.
CALL pg_temp.record('T2');
SELECT pg_temp.saw('crm', '{"email": "b@example.org"}');
SELECT pg_temp.saw('old', '{"email": "b@example.org"}');
CALL pg_temp.deliver('support');
SELECT verdict FROM sync_delete('crm', 'contact', '{T2}');
CALL pg_temp.deliver('support');
SELECT is(sync_forget('contact', '{T2}'), 0, 'what a system still shows is not forgotten');
SELECT is((SELECT verdict FROM sync_delete('old', 'contact', '{T2}')), 'agreed', 'until it is gone there');
SELECT is(sync_forget('contact', '{T2}'), 1, 'then it is');

-- A worker may speak of what no policy names any more.
CALL pg_temp.record('T3');
SELECT pg_temp.saw('crm', '{"email": "fay@example.org"}');
SELECT is(pg_temp.poll('support'), 'create {"email": "fay@example.org"}', 'a worker has a create');
SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "old": {"writable": false}}, "fields": {"email": {}, "name": {}}, "window": "0 seconds"}');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{T3}')), 'accepted', 'whose target has left the policy when the record is deleted');
SELECT is(sync_forget('contact', '{T3}'), 0, 'it is not forgotten while the worker has that');
CALL pg_temp.at('12:05');
SELECT sync_maintain();
SELECT is(sync_forget('contact', '{T3}'), 1, 'but once the lease has run out');
SELECT is(pg_temp.mentions('fay@example.org'), NULL, 'nothing brings it back');

-- What asked which record an object is goes with the record.
SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"id": "id"}}, "fields": {"email": {}, "name": {}},
	"match_on": ["email"], "window": "0 seconds"}');
SELECT count(*) FROM sync_diff('crm', 'contact', '[{"id": "x1", "email": "cy@x"}, {"id": "x2", "email": "cy@x"}]', baseline => true);
SELECT is((SELECT verdict FROM sync_diff('support', 'contact', '{"id": "y1", "email": "cy@x", "name": "Cy"}')), 'conflict', 'an object of either of two');
SELECT is((SELECT sync_resolve(id, value => '"crm:x1"') FROM sync_conflict WHERE status = 'open'), true, 'a human says of which');
CALL pg_temp.record('crm:x1');
CALL pg_temp.deliver('crm');
SELECT verdict FROM sync_delete('crm', 'contact', '{crm:x1,crm:x2}');
CALL pg_temp.deliver('support');
SELECT is(sync_forget('contact', '{crm:x2,crm:x1}'), 2, 'both are forgotten');
SELECT is(pg_temp.mentions('cy@x'), NULL, 'and what was asked');

-- So does what it was shown under by another key; events of that key stay as long as it means another record, too.
CALL pg_temp.record('p1');
SELECT pg_temp.saw('crm', '{"id": "p1", "email": "dan@x"}');
SELECT pg_temp.saw('support', '{"id": "q1", "email": "dan@x"}');
CALL pg_temp.record('p2');
SELECT pg_temp.saw('crm', '{"id": "p2", "email": "eve@x"}');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "p0", "id": "p1", "name": "Danny"}', actor => 'Dora')), 'conflict', 'an object under another key');
SELECT is((SELECT sync_resolve(id, value => '"p1"') FROM sync_conflict WHERE status = 'open'), true, 'is the same all the same');
SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "p0", "id": "p2", "name": "Evelyn"}', actor => 'Dora');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "p0", "id": "p2", "name": ["Evita"]}')), 'rejected', 'which is shown in a way that does not fit, too');
SELECT is((SELECT sync_resolve(id, value => '"p2"') FROM sync_conflict WHERE status = 'open'), true, 'and so is another one');
SELECT sync_ack(id, lease, NULL) FROM sync_poll('crm');
SELECT verdict FROM sync_delete('crm', 'contact', '{p1,p2}');
SELECT sync_ack(id, lease, NULL) FROM sync_poll('support');
SELECT is(sync_forget('contact', '{p1}'), 1, 'the first is forgotten');
SELECT is(pg_temp.mentions('Danny'), NULL, 'and what it was asked by');
SELECT is(pg_temp.mentions('Evelyn'), 'sync_conflict, sync_event, sync_state', 'not the other one');
SELECT is((SELECT count(*) FROM sync_event WHERE record_key = 'p0'), 2::bigint, 'whose events have that key');
SELECT is(sync_forget('contact', '{p2}'), 1, 'then that as well');
SELECT is(pg_temp.mentions('Evelyn'), NULL, 'all of it');
SELECT is(pg_temp.mentions('Evita'), NULL, 'what did not fit as well');
SELECT is(pg_temp.mentions('Dora'), NULL, 'and who showed them so');

SELECT is(sync_forget('contact', '{}'), 0, 'no records');
SELECT is(sync_forget('contact', NULL), 0, 'none at all');
SELECT matches(pg_temp.refused($$ SELECT sync_forget('contcat', '{a}') $$), '^42704 .*"contcat".*\| Did you mean "contact"', 'an unknown entity is named');
SELECT matches(pg_temp.refused($$ SELECT sync_forget(NULL, '{a}') $$), '^22004 .*entity', 'so is one that is not given');

SELECT * FROM finish();
ROLLBACK;
