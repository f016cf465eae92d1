-- First loads of an address drift, settle and go out as a whole; of a merged set they drift.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {}, "parts": {"unseen": "send"}},
	"fields": {"street": {"group": "address"}, "city": {"group": "address"}, "tags": {"type": "set", "merge": "set"},
		"line": {"group": "billing", "owner": "crm"}, "zip": {"group": "billing", "owner": "crm"}}}');
CALL pg_temp.at('10:00');

-- Without owner
CALL pg_temp.record('equal');
SELECT is(pg_temp.loaded('crm', '{"street": "a"}'), 'accepted street=accepted', 'half of an address');
SELECT is(pg_temp.loaded('support', '{"street": "a", "city": "c"}'), 'accepted city=accepted,street=agreed', 'all of the same one fills the rest');
SELECT is(pg_temp.loaded('parts', '{"street": "a", "city": "c"}'), 'agreed city=agreed,street=agreed', 'and is agreed');
CALL pg_temp.record('drift');
SELECT is(pg_temp.loaded('crm', '{"street": "a", "city": "c"}'), 'accepted city=accepted,street=accepted', 'one address');
SELECT is(pg_temp.loaded('support', '{"street": "b", "city": "c"}'), 'conflict city=agreed,street=conflict', 'and another');
SELECT is((SELECT (field, kind, current_value, incoming_value)::text FROM sync_conflict WHERE record_key = 'drift'),
	'(address,drift,"{""city"": ""c"", ""street"": ""a""}","{""city"": ""c"", ""street"": ""b""}")', 'are one row');
SELECT is(pg_temp.loaded('parts', '{"city": "d"}'), 'conflict city=conflict', 'a third');
SELECT is((SELECT count(*) FROM sync_conflict WHERE record_key = 'drift'), 1::bigint, 'is another side of it');
SELECT is(sync_resolve(pg_temp.open_conflict(), 'support'), true, 'a human decides');
SELECT is(pg_temp.waits('crm'), 'update {"street": "b"}', 'who shows another one is told');
SELECT is(pg_temp.waits('parts'), 'update {"city": "c", "street": "b"}', 'as a whole');
CALL pg_temp.record('halves');
SELECT is(pg_temp.loaded('crm', '{"street": "a"}'), 'accepted street=accepted', 'half of an address here');
SELECT is(pg_temp.loaded('parts', '{"city": "d"}'), 'conflict city=conflict', 'half of one there make no whole');
SELECT is(pg_temp.golden(), '{"street": "a"}', 'nobody puts them together');

-- With an owner, in both orders
CALL pg_temp.record('owner first');
SELECT is(pg_temp.loaded('crm', '{"line": "1", "zip": "2"}'), 'accepted line=accepted,zip=accepted', 'the owner');
SELECT is(pg_temp.loaded('support', '{"line": "3", "zip": "4"}'), 'kept line=kept,zip=kept', 'and another');
SELECT is((SELECT (field, kind, status, current_value, incoming_value)::text FROM sync_conflict WHERE record_key = 'owner first'),
	'(billing,owner,resolved,"{""zip"": ""2"", ""line"": ""1""}","{""zip"": ""4"", ""line"": ""3""}")', 'the difference is one row');
CALL pg_temp.record('owner last');
SELECT is(pg_temp.loaded('support', '{"line": "3", "zip": "4"}'), 'accepted line=accepted,zip=accepted', 'another');
SELECT is(pg_temp.loaded('crm', '{"line": "1", "zip": "2"}'), 'accepted line=accepted,zip=accepted', 'and the owner');
SELECT is_empty($$ SELECT * FROM sync_outbox WHERE record_key LIKE 'owner%' $$, 'nothing is sent');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"zip": "5"}'), 'accepted zip=accepted -> support', 'the owner changes a part of it');
SELECT is(pg_temp.waits('support'), 'update {"zip": "5", "line": "1"}', 'all that differs goes with it, never half an address');
CALL pg_temp.record('owner first');
SELECT is(pg_temp.saw('crm', '{"zip": "5"}'), 'accepted zip=accepted -> support', 'in the other order');
SELECT is(pg_temp.waits('support'), 'update {"zip": "5", "line": "1"}', 'too');

CALL pg_temp.at('10:00');
CALL pg_temp.record('owner leaves a line empty');
SELECT is(pg_temp.loaded('support', '{"line": "3", "zip": "4"}'), 'accepted line=accepted,zip=accepted', 'a whole address');
SELECT is(pg_temp.loaded('crm', '{"line": "1", "zip": null}'), 'accepted line=accepted,zip=accepted', 'the owner''s has no such line');
SELECT is(pg_temp.golden(), '{"zip": null, "line": "1"}', 'and stands as it is');
CALL pg_temp.record('owner first leaves a line empty');
SELECT is(pg_temp.loaded('crm', '{"line": "1", "zip": null}'), 'accepted line=accepted,zip=agreed', 'the owner''s first');
SELECT is(pg_temp.loaded('support', '{"line": "3", "zip": "4"}'), 'kept line=kept,zip=kept', 'and then another');
SELECT is(pg_temp.golden(), '{"zip": null, "line": "1"}', 'end alike');
CALL pg_temp.record('owner of a part');
CALL pg_temp.at('10:00');
SELECT is(pg_temp.loaded('support', '{"zip": "4"}'), 'accepted zip=accepted', 'a part of an address');
SELECT is(pg_temp.loaded('parts', '{"zip": "5", "line": "6"}'), 'conflict line=conflict,zip=conflict', 'another whole one: drift, of a field that nobody has set as well');
SELECT is(pg_temp.loaded('crm', '{"line": "1"}'), 'accepted line=accepted', 'the owner''s part');
SELECT is((SELECT (kind, status, resolution)::text FROM sync_conflict WHERE record_key = 'owner of a part'), '(drift,resolved,owner)', 'closes it');
CALL pg_temp.record('owner has none of it');
SELECT is(pg_temp.loaded('support', '{"line": "1", "zip": null}'), 'accepted line=accepted,zip=agreed', 'an address without a part');
SELECT is(pg_temp.loaded('parts', '{"line": "2", "zip": "3"}'), 'conflict line=conflict,zip=conflict', 'and another one drift');
SELECT is(pg_temp.loaded('crm', '{"line": null, "zip": null}'), 'kept line=kept,zip=agreed', 'an owner that has neither');
SELECT is((SELECT count(*) FROM sync_open_conflicts WHERE record_key = 'owner has none of it'), 1::bigint, 'does not choose');

-- Sets
CALL pg_temp.record('tags');
SELECT is(pg_temp.loaded('crm', '{"tags": ["a", "b"]}'), 'accepted tags=accepted', 'a set');
SELECT is(pg_temp.loaded('support', '{"tags": ["b", "a"]}'), 'agreed tags=agreed', 'the same one');
SELECT is(pg_temp.loaded('parts', '{"tags": ["b", "c"]}'), 'conflict tags=conflict', 'another one: nobody knows what was added or removed');
SELECT is(sync_resolve(pg_temp.open_conflict(), value => '["a", "b", "c"]'), true, 'a human does');
SELECT is(pg_temp.waits('parts'), 'update {"tags": ["a", "b", "c"]}', 'and then it is sent');

SELECT * FROM finish();
