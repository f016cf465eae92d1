-- A payload without business key is found by its native id; one that nobody knows is a
-- record of its own, named by it.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"key": "ext", "id": "ticket"}}, "fields": {"email": {}, "phone": {}}, "window": "0"}');
CALL pg_temp.at('10:00');

SELECT is(pg_temp.came('support', '{"ticket": "zd_1", "email": "a"}'), 'support:zd_1 accepted -> crm', 'nobody knows it: a record named by system and native id');
SELECT is(pg_temp.links('support'), 'zd_1=support:zd_1', 'which is known from now on');
SELECT is(pg_temp.came('support', '{"ticket": "zd_1", "email": "a"}'), 'support:zd_1 unchanged (found by native id zd_1)', 'again: unchanged');
SELECT is(pg_temp.came('support', '{"ticket": "zd_1", "ext": null, "email": "b"}'), 'support:zd_1 accepted -> crm (found by native id zd_1)', 'an edit finds it');
SELECT is(pg_temp.came('support', '{"ticket": "zd_1", "ext": "", "email": "c"}'), 'support:zd_1 accepted -> crm (found by native id zd_1)', 'an empty key is none');
SELECT is(pg_temp.came('support', '{"ext": "support:zd_1", "email": "d"}'), 'support:zd_1 accepted -> crm', 'its own name is its key');

-- By a payload that bears both
SELECT is(pg_temp.came('support', '{"ext": "4829", "ticket": 991, "email": "x"}'), '4829 accepted -> crm', 'key and native id');
SELECT is(pg_temp.came('support', '{"ticket": "991", "email": "y"}'), '4829 accepted -> crm (found by native id 991)', 'link them');
SELECT is(pg_temp.came('crm', '{"record_key": "4829", "id": "c_1", "email": "y"}'), '4829 agreed', 'each system has its own ids');
SELECT is(pg_temp.came('crm', '{"id": "991", "email": "z"}'), 'crm:991 accepted -> support', 'the same id in another system is another record');
SELECT is(pg_temp.came('crm', '{"id": "c_1", "email": "w"}'), '4829 accepted -> support (found by native id c_1)', 'found by its own');

-- A key that is known already brings the id later
SELECT is(pg_temp.came('crm', '{"record_key": "7", "email": "x"}'), '7 accepted -> support', 'a record without id');
SELECT is(pg_temp.came('crm', '{"record_key": "7", "id": "c_7", "email": "x"}'), '7 unchanged', 'an observation that changes nothing brings it');
SELECT is(pg_temp.came('crm', '{"id": "c_7", "email": "y"}'), '7 accepted -> support (found by native id c_7)', 'it is known by it');

-- The key stays and the native id is another one
SELECT is(pg_temp.came('crm', '{"record_key": "7", "id": "c_8", "email": "y"}'), '7 unchanged', 'made anew there under its key');
SELECT is(pg_temp.came('crm', '{"id": "c_8", "email": "z"}'), '7 accepted -> support (found by native id c_8)', 'the new id is known');
SELECT is(pg_temp.links('crm'), '991=crm:991 c_1=4829 c_8=7', 'the old one is not any more');

-- By the ack of a create
CALL pg_temp.carry('support');
SELECT is(pg_temp.links('support'), '991=4829 new 7=7 new crm:991=crm:991 zd_1=support:zd_1', 'an ack brings it');
SELECT is(pg_temp.came('support', '{"ticket": "new 7", "email": "z"}'), '7 echo (found by native id new 7)', 'the echo of the create is found by it');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

-- Neither
SELECT is(pg_temp.came('crm', '{"email": "x"}'), 'rejected (no record key at path "record_key")', 'neither key nor native id: rejected');
SELECT is(pg_temp.came('crm', format('{"id": "%s", "email": "x"}', repeat('n', 997))::jsonb), 'rejected (the record key that its native id makes is longer than 1000 bytes)', 'a native id that makes no key: rejected');

-- The deleted path
SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"key": "ext", "id": "ticket", "deleted": "gone"}}, "fields": {"email": {}, "phone": {}}, "window": "0"}');
CALL pg_temp.carry('crm');
SELECT is(pg_temp.came('support', '{"ticket": "zd_9", "gone": true}'), 'support:zd_9 unchanged', 'the delete of a record that nobody knows');
SELECT is(pg_temp.came('support', '{"ticket": "new 7", "gone": true}'), '7 accepted -> crm (found by native id new 7)', 'a delete is found by native id too');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

SELECT * FROM finish();
