-- Nobody knows the native id: match_on finds the one living record that is equal in all its
-- fields and is not known by another id there.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"id": "ticket"}}, "fields": {"email": {"normalize": ["email"]}, "name": {}, "phone": {}}, "match_on": ["email", "name"], "window": "0"}');
CALL pg_temp.at('10:00');

SELECT is(pg_temp.came('crm', '{"record_key": "1", "id": "c_1", "email": "a@x", "name": "Ada"}'), '1 accepted -> support', 'a record of the crm');
SELECT is(pg_temp.came('support', '{"ticket": "zd_1", "email": " A@X", "name": "Ada", "phone": "5"}'), '1 accepted (matched on email and name)', 'the same values, once normalised: it is that record');
SELECT is(pg_temp.waiting('support'), NULL, 'nothing is created where it is known now');
SELECT is(pg_temp.came('support', '{"ticket": "zd_1", "phone": "6"}'), '1 accepted (found by native id zd_1)', 'from now on its id names it');
SELECT is(pg_temp.came('support', '{"ticket": "zd_1", "email": "b@x"}'), '1 accepted -> crm (found by native id zd_1)', 'whatever its values are');

-- Not equal in all of them, or null in one
SELECT is(pg_temp.came('support', '{"ticket": "zd_2", "email": "b@x", "name": "Bob"}'), 'support:zd_2 accepted -> crm', 'another name: another record');
SELECT is(pg_temp.came('support', '{"ticket": "zd_3", "email": "b@x"}'), 'support:zd_3 accepted -> crm', 'a field that it does not show');
SELECT is(pg_temp.came('support', '{"ticket": "zd_4", "email": "b@x", "name": null}'), 'support:zd_4 accepted -> crm', 'a null is equal to nothing');
SELECT is(pg_temp.came('crm', '{"id": "c_4", "email": "b@x", "name": null}'), 'crm:c_4 accepted -> support', 'not even to a null');

-- Known by another native id there
SELECT is(pg_temp.came('support', '{"ticket": "zd_5", "email": "b@x", "name": "Ada"}'), 'support:zd_5 accepted -> crm', 'a record that support knows by another id is not it');

-- A key is a name: nothing is matched
SELECT is(pg_temp.came('crm', '{"record_key": "9", "email": "b@x", "name": "Bob"}'), '9 accepted -> support', 'who bears a key is that record');

-- What it shows now counts, not what it showed
SELECT is(pg_temp.came('crm', '{"record_key": "10", "email": "old@x", "name": "Eve"}'), '10 accepted -> support', 'a record');
SELECT is(pg_temp.came('crm', '{"record_key": "10", "email": "new@x"}'), '10 accepted -> support', 'moves on');
SELECT is(pg_temp.came('support', '{"ticket": "zd_6", "email": "old@x", "name": "Eve"}'), 'support:zd_6 accepted -> crm', 'it is not what it was');
SELECT is(pg_temp.came('support', '{"ticket": "zd_7", "email": "new@x", "name": "Eve"}'), '10 agreed (matched on email and name)', 'but what it is');

-- The dead are not matched
SELECT is(pg_temp.came('crm', '{"record_key": "11", "email": "d@x", "name": "Dan"}'), '11 accepted -> support', 'a record');
SELECT is((SELECT verdict FROM sync_delete('crm', 'contact', '{11}')), 'accepted', 'is deleted');
SELECT is(pg_temp.came('support', '{"ticket": "zd_8", "email": "d@x", "name": "Dan"}'), 'support:zd_8 accepted -> crm', 'and is not found again');

-- The webhook of our create comes before its answer, without key
SELECT is(pg_temp.came('crm', '{"record_key": "12", "email": "e@x", "name": "Eli"}'), '12 accepted -> support', 'a record');
CREATE TEMP TABLE poll AS SELECT id, lease, action FROM sync_poll('support', 1000) WHERE record_key = '12';
SELECT is((SELECT action FROM poll), 'create', 'is being created');
SELECT is(pg_temp.came('support', '{"ticket": "zd_9", "email": "e@x", "name": "Eli"}'), '12 echo (matched on email and name)', 'its webhook is the echo');
SELECT is((SELECT sync_ack(id, lease, 'zd_9') FROM poll), true, 'the answer says the same');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

SELECT * FROM finish();
