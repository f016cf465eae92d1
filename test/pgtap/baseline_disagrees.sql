-- Where two first loads disagree the owner's value stands; without one it is drift.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"],
	"fields": {"phone": {"owner": "crm"}, "email": {}, "plan": {"owner": "billing", "authority": "tiebreak"}}}');
CALL pg_temp.at('12:00');

-- The owner first
CALL pg_temp.record('owner first');
SELECT is(pg_temp.loaded('crm', '{"phone": "1"}'), 'accepted phone=accepted', 'the owner first');
SELECT is(pg_temp.loaded('support', '{"phone": "2"}'), 'kept phone=kept', 'another value does not count');
SELECT is(pg_temp.golden(), '{"phone": "1"}', 'the owner''s stands');
SELECT is(pg_temp.shows('support'), '{"phone": "2"}', 'what support shows is known');
SELECT is(pg_temp.waits('support'), NULL, 'and not overwritten');
SELECT is(pg_temp.conflicts(), 'phone owner resolved: "1" (crm) against "2" (support)', 'the difference is on record');

-- The owner second, and third
CALL pg_temp.record('owner second');
SELECT is(pg_temp.loaded('support', '{"phone": "2"}'), 'accepted phone=accepted', 'another first');
SELECT is(pg_temp.loaded('crm', '{"phone": "1"}'), 'accepted phone=accepted', 'the owner''s value replaces it');
SELECT is(pg_temp.golden(), '{"phone": "1"}', 'and stands');
SELECT is(pg_temp.waits('support'), NULL, 'the first one is not overwritten');
SELECT is(pg_temp.conflicts(), 'phone owner resolved: "2" (support) against "1" (crm)', 'the difference is on record');
SELECT is(pg_temp.loaded('billing', '{"phone": "2"}'), 'kept phone=kept', 'a third system comes too late');

CALL pg_temp.record('owner third');
SELECT is(pg_temp.loaded('support', '{"phone": "2"}'), 'accepted phone=accepted', 'another first');
SELECT is(pg_temp.loaded('billing', '{"phone": "3"}'), 'conflict phone=conflict', 'the owner is silent: the others drift');
SELECT is(pg_temp.loaded('crm', '{"phone": "1"}'), 'accepted phone=accepted', 'the owner comes');
SELECT is(pg_temp.golden(), '{"phone": "1"}', 'and its value stands');
SELECT is(pg_temp.conflicts(), 'phone drift resolved: "1" (crm) against "3" (billing)', 'that settles it');
SELECT is_empty('SELECT * FROM sync_outbox', 'for all, without a write');

CALL pg_temp.record('owner agrees with one');
SELECT is(pg_temp.loaded('support', '{"phone": "2"}'), 'accepted phone=accepted', 'another first');
SELECT is(pg_temp.loaded('billing', '{"phone": "3"}'), 'conflict phone=conflict', 'the others drift');
SELECT is(pg_temp.loaded('crm', '{"phone": "2"}'), 'accepted phone=accepted', 'the owner says what one of them says');
SELECT is(pg_temp.open_conflict(), NULL, 'that settles it too');
SELECT is_empty('SELECT * FROM sync_outbox', 'without a write');

-- It owns what it agrees to as well
CALL pg_temp.record('owner agrees');
SELECT is(pg_temp.loaded('support', '{"phone": "1"}'), 'accepted phone=accepted', 'another first');
SELECT is(pg_temp.loaded('crm', '{"phone": "1"}'), 'agreed phone=agreed', 'the owner agrees');
SELECT is(pg_temp.loaded('billing', '{"phone": "2"}'), 'kept phone=kept', 'and its value stands');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'overruled phone=overruled -> support', 'against later edits too');
CALL pg_temp.at('12:00');

-- With authority only in a collision: two first loads are one
CALL pg_temp.record('tiebreak');
SELECT is(pg_temp.loaded('support', '{"plan": "tin"}'), 'accepted plan=accepted', 'another first');
SELECT is(pg_temp.loaded('billing', '{"plan": "gold"}'), 'accepted plan=accepted', 'the owner''s value replaces it');
SELECT is(pg_temp.loaded('crm', '{"plan": "zinc"}'), 'kept plan=kept', 'and stands');
SELECT is(pg_temp.golden(), '{"plan": "gold"}', 'whoever comes when');

-- Without owner
CALL pg_temp.record('drift');
SELECT is(pg_temp.loaded('support', '{"email": "a"}'), 'accepted email=accepted', 'no owner');
SELECT is(pg_temp.loaded('crm', '{"email": "b"}'), 'conflict email=conflict', 'another value: drift');
SELECT is(pg_temp.loaded('billing', '{"email": "c"}'), 'conflict email=conflict', 'and a third one');
SELECT is(pg_temp.golden(), '{"email": "a"}', 'nobody guesses');
SELECT is((SELECT (kind, status, revision, sides)::text FROM sync_conflict WHERE record_key = 'drift'),
	'(drift,open,2,"{""crm"": [""b""], ""billing"": [""c""], ""support"": [""a""]}")', 'one row names all three');
SELECT is(pg_temp.loaded('crm', '{"email": "b"}'), 'unchanged', 'once more: nothing new');
SELECT is_empty($$ SELECT * FROM sync_outbox WHERE record_key = 'drift' $$, 'nothing is sent');
SELECT is(sync_resolve(pg_temp.open_conflict(), 'crm'), true, 'a human decides');
SELECT is(pg_temp.waits('support'), 'update {"email": "b"}', 'then it is');
SELECT is(pg_temp.waits('billing'), 'update {"email": "b"}', 'to all who show another value');

CALL pg_temp.record('mended');
SELECT is(pg_temp.loaded('support', '{"email": "a"}'), 'accepted email=accepted', 'no owner');
SELECT is(pg_temp.loaded('crm', '{"email": "b"}'), 'conflict email=conflict', 'drift');
SELECT is(pg_temp.loaded('crm', '{"email": "a"}'), 'agreed email=agreed', 'mended there before the next load');
SELECT is(pg_temp.conflicts(), 'email drift resolved: "a" (support) against "a" (crm)', 'closes it');

-- The same system again, before any other
CALL pg_temp.record('again');
SELECT is(pg_temp.loaded('support', '{"email": "a"}'), 'accepted email=accepted', 'loaded');
SELECT is(pg_temp.loaded('support', '{"email": "b"}'), 'accepted email=accepted', 'and again: nobody disagrees');
SELECT is(pg_temp.golden(), '{"email": "b"}', 'the newer value');

SELECT * FROM finish();
