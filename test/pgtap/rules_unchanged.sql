-- What a system shows already is unchanged: nothing is written, not even a transaction id.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"version": "v"}, "support": {"version": "v", "strict_versions": true}, "shop": {}},
	"fields": {"phone": {"normalize": ["phone"]}, "seats": {"type": "number"}, "tags": {"type": "set"}, "renewal": {"type": "timestamp"}, "note": {}}}');

-- Whether a payload is unchanged and leaves no trace: no transaction id means no row, no WAL.
CREATE FUNCTION pg_temp.leaves_no_trace(payload text) RETURNS boolean LANGUAGE sql AS $$
	SELECT bool_and(verdict = 'unchanged') AND count(*) = 1 AND pg_current_xact_id_if_assigned() IS NULL
	FROM sync_diff('crm', 'contact', payload, verbose => true)
$$;

SELECT is(pg_temp.saw('crm', '{"v": 1, "phone": "+1 415", "seats": 19.9, "tags": ["b", "a"], "renewal": "2026-01-02T03:04:05+02:00", "note": null}'),
	'accepted note=agreed,phone=accepted,renewal=accepted,seats=accepted,tags=accepted -> shop,support', 'a record is new: its null agrees with the golden record, which has no such value either');

SELECT pg_temp.leaves_no_trace('{"record_key": "T1", "v": 1, "phone": "+1 415", "seats": 19.9, "tags": ["b", "a"], "renewal": "2026-01-02T03:04:05+02:00", "note": null}') AS "again",
	pg_temp.leaves_no_trace('{"seats":19.9,"tags":["b","a"],"note":null,"renewal":"2026-01-02T03:04:05+02:00","phone":"+1 415","v":1,"record_key":"T1"}') AS "key_order",
	pg_temp.leaves_no_trace('{"record_key": "T1", "seats": 1.990e1}') AS "number_form",
	pg_temp.leaves_no_trace('{"record_key": "T1", "seats": "19.90"}') AS "number_as_text",
	pg_temp.leaves_no_trace('{"record_key": "T1", "phone": " +1 (415) "}') AS "normalised",
	pg_temp.leaves_no_trace('{"record_key": "T1", "tags": ["a", "b", "a"]}') AS "set_order",
	pg_temp.leaves_no_trace('{"record_key": "T1", "renewal": "2026-01-02 01:04:05"}') AS "offset",
	pg_temp.leaves_no_trace('{"record_key": "T1", "phone": "+\u0031415"}') AS "escapes",
	pg_temp.leaves_no_trace('{"record_key": "T1", "v": 2, "phone": "+1415"}') AS "newer_version",
	pg_temp.leaves_no_trace('{"record_key": "T1", "unmapped": "x"}') AS "unmapped",
	pg_temp.leaves_no_trace('{"record_key": "T1"}') AS "nothing" \gset

SELECT ok(:'again', 'the same payload again');
SELECT ok(:'key_order', 'another order of keys');
SELECT ok(:'number_form', 'another form of a number');
SELECT ok(:'number_as_text', 'a number as text');
SELECT ok(:'normalised', 'what normalises to the same value');
SELECT ok(:'set_order', 'another order of a set, and an element twice');
SELECT ok(:'offset', 'the same moment at another offset');
SELECT ok(:'escapes', 'an escaped character');
SELECT ok(:'newer_version', 'a newer version of the same content: the version is not noted');
SELECT ok(:'unmapped', 'a field that no policy maps');
SELECT ok(:'nothing', 'a payload without any field');

SELECT is_empty($$ SELECT * FROM sync_diff('crm', 'contact', '{"record_key": "T1", "phone": "+1415"}') $$, 'an unchanged record is no row');
SELECT results_eq($$ SELECT record_key, verdict, action, coalesce(outcome, '{}'), coalesce(targets, '{}') FROM sync_diff('crm', 'contact', '{"record_key": "T1", "phone": "+1415"}', verbose => true) $$,
	$$ VALUES ('T1', 'unchanged', NULL::text, '{}'::jsonb, '{}'::text[]) $$, 'unless verbose asks for it');

-- The sight of a write is noted once
SELECT is(pg_temp.poll('shop'), 'create {"tags": ["a", "b"], "phone": "+1415", "seats": 19.9, "renewal": "2026-01-02T01:04:05Z"}', 'the record goes out');
SELECT is(pg_temp.ack('shop'), true, 'and is acknowledged');
SELECT is(pg_temp.saw('shop', '{"phone": "+1415"}'), 'echo phone=echo', 'the sight of a write is an echo');
SELECT is(pg_temp.saw('shop', '{"phone": "+1415"}'), 'unchanged', 'noted once');

-- An edit and its revert whose webhooks arrive swapped
CALL pg_temp.record('swapped');
SELECT is(pg_temp.saw('crm', '{"v": 1, "phone": "1"}'), 'accepted phone=accepted -> shop,support', 'a value');
SELECT is(pg_temp.saw('crm', '{"v": 3, "phone": "1"}'), 'unchanged', 'its revert comes first');
SELECT is(pg_temp.saw('crm', '{"v": 2, "phone": "2"}'), 'accepted phone=accepted -> shop,support', 'the edit is taken for the newer: the version of what was unchanged is not known');
CALL pg_temp.record('swapped, strictly');
SELECT is(pg_temp.saw('support', '{"v": 1, "phone": "1"}'), 'accepted phone=accepted -> crm,shop', 'a value from a system with strict versions');
SELECT is(pg_temp.saw('support', '{"v": 3, "phone": "1"}'), 'unchanged', 'its revert comes first');
SELECT is(pg_temp.saw('support', '{"v": 2, "phone": "2"}'), 'stale phone=stale', 'the edit is stale: strict versions note every newer version');

SELECT * FROM finish();
