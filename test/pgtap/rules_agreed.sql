-- An edit that equals the golden value is noted, and nobody is told.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {"phone": {}, "email": {}}}');

CALL pg_temp.at_rest('same edit', '{"phone": "0"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'one system edits');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'agreed phone=agreed', 'another one makes the same edit');
SELECT is(pg_temp.shows('support')->>'phone', '1', 'it is known to show it');
SELECT is(pg_temp.waits('support'), NULL, 'what waited for it is gone');
SELECT is(pg_temp.waits('billing'), 'update {"phone": "1"}', 'the third one still waits');
SELECT is(pg_temp.conflicts(), NULL, 'to agree is no conflict');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'unchanged', 'noted once');
SELECT is((SELECT array_agg(author ORDER BY version) FROM sync_change WHERE record_key = 'same edit'), '{crm,crm}', 'the first one is the author');
CALL pg_temp.at('12:00:30');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'held phone=held', 'inside the window of the author''s edit a further edit is held');

CALL pg_temp.at_rest('has seen', '{"phone": "0"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> billing,support', 'one system edits');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'agreed phone=agreed', 'another one makes the same edit');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> billing,crm', 'who agreed has seen the value, and may edit it after the window');

CALL pg_temp.record('created twice');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": "a"}'), 'accepted email=accepted,phone=accepted -> billing,support', 'a record is new');
SELECT is(pg_temp.saw('support', '{"phone": "1", "email": "a"}'), 'agreed email=agreed,phone=agreed', 'it was new in the other system too, and the same');
SELECT is(pg_temp.poll('support'), NULL, 'nothing is created there');

-- Where the form differs and the canonical value does not, there is no edit at all
SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {"phone": {"normalize": ["phone"]}, "email": {"owner": "crm", "normalize": ["email"]}}}');
CALL pg_temp.record('form');
SELECT is(pg_temp.saw('crm', '{"phone": "+1 415", "email": "Ada@Example.com"}'), 'accepted email=accepted,phone=accepted -> billing,support', 'a record is new');
SELECT is(pg_temp.saw('support', '{"phone": "+1-415", "email": " ada@example.COM"}'), 'agreed email=agreed,phone=agreed', 'the same in another form, of an owned field too');

SELECT * FROM finish();
