-- An older version of a field changes nothing; versions are compared field by field.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"version": "v"}, "support": {"version": "v"}},
	"fields": {"phone": {}, "email": {}}}');

SELECT is(pg_temp.saw('crm', '{"v": 5, "phone": "1", "email": "a"}'), 'accepted email=accepted,phone=accepted -> support', 'a record under version 5');
SELECT is(pg_temp.saw('crm', '{"v": 4, "phone": "0"}'), 'stale phone=stale', 'version 4 is stale');
SELECT is(pg_temp.golden()->>'phone', '1', 'a stale value is not golden');
SELECT is(pg_temp.shows('crm')->>'phone', '1', 'nor what the system shows');
SELECT is(pg_temp.waits('support'), 'create {"email": "a", "phone": "1"}', 'nor sent');
SELECT is(pg_temp.conflicts(), NULL, 'nor worth a human''s look');
SELECT is(pg_temp.saw('crm', '{"v": 10, "phone": "2"}'), 'accepted phone=accepted -> support', 'numbers are compared as numbers: 10 after 5');
SELECT is(pg_temp.saw('crm', '{"v": 9, "phone": "1"}'), 'stale phone=stale', 'and 9 before 10');
SELECT is(pg_temp.saw('crm', '{"v": 7, "phone": "3", "email": "b"}'), 'accepted email=accepted,phone=stale -> support', 'one payload can be stale in one field and new in the other');
SELECT is(pg_temp.golden(), '{"phone": "2", "email": "b"}', 'each field by its own newest version');
SELECT is(pg_temp.saw('crm', '{"phone": "4"}'), 'accepted phone=accepted -> support', 'a payload without version is not stale');
SELECT is(pg_temp.saw('support', '{"v": 1, "email": "b", "phone": "4"}'), 'agreed email=agreed,phone=agreed', 'versions of two systems are never compared');

CALL pg_temp.record('timestamps');
SELECT is(pg_temp.saw('crm', '{"v": "2026-01-02T03:04:05+02:00", "phone": "1"}'), 'accepted phone=accepted -> support', 'a timestamp as version');
SELECT is(pg_temp.saw('crm', '{"v": "2026-01-02T01:30:00Z", "phone": "2"}'), 'accepted phone=accepted -> support', 'timestamps are compared as timestamps');
SELECT is(pg_temp.saw('crm', '{"v": "2026-01-02T03:10:00+02:00", "phone": "3"}'), 'stale phone=stale', 'whatever their offsets');

CALL pg_temp.record('texts');
SELECT is(pg_temp.saw('crm', '{"v": "rev-b", "phone": "1"}'), 'accepted phone=accepted -> support', 'any text as version');
SELECT is(pg_temp.saw('crm', '{"v": "rev-a", "phone": "2"}'), 'stale phone=stale', 'text is compared by code point');
SELECT is(pg_temp.saw('crm', '{"v": "rev-é", "phone": "2"}'), 'accepted phone=accepted -> support', 'in no locale''s order');
SELECT is(pg_temp.saw('crm', '{"v": "rev-f", "phone": "3"}'), 'stale phone=stale', 'where é would be near e');

-- The very version under which a system showed the field, after a write of ours
CALL pg_temp.record('same version');
SELECT pg_temp.saw('support', '{"v": 5, "phone": "0"}');
CALL pg_temp.deliver('crm');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('support', '{"v": 5, "phone": "00"}'), 'accepted phone=accepted -> crm', 'before a write of ours the same version with another value is an edit');
CALL pg_temp.deliver('crm');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'the other system edits');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'its value goes out');
SELECT is(pg_temp.saw('support', '{"v": 5, "phone": "00"}'), 'unchanged', 'what it showed before is nothing new while the write is in flight');
SELECT is(pg_temp.ack('support'), true, 'the write is acknowledged');
SELECT is(pg_temp.saw('support', '{"v": 5, "phone": "00"}'), 'stale phone=stale', 'under the same version it is older than the write');
SELECT is(pg_temp.saw('support', '{"v": 5, "phone": "00"}'), 'stale phone=stale', 'as often as it comes');
SELECT is(pg_temp.saw('support', '{"v": 5, "phone": "7"}'), 'stale phone=stale', 'and so is any other value');
SELECT is(pg_temp.shows('support')->>'phone', '1', 'the write stands');
SELECT is(pg_temp.saw('support', '{"v": 5, "phone": "1"}'), 'echo phone=echo', 'the golden value under that version is no older value');
SELECT is(pg_temp.waits('support'), NULL, 'nothing is sent');
SELECT is(pg_temp.waits('crm'), NULL, 'to nobody');

SELECT * FROM finish();
