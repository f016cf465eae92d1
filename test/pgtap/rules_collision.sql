-- Two systems change the same field, the second without having seen the first: a conflict.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

-- Both show phone 0 and email a; at 12:00 the crm sets phone 1.
CREATE PROCEDURE pg_temp.crm_edits(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"phone": "1"}');
END
$$;

CALL pg_temp.crm_edits('before the claim');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'an edit before the other one was handed out has not seen it');
SELECT is(pg_temp.conflicts(), 'phone collision open: "1" (crm) against "2" (support)', 'both values stand in one open row');
SELECT is((SELECT base_value FROM sync_conflict), '"0"', 'and the base');
SELECT is((SELECT sides FROM sync_conflict), '{"crm": ["1"], "support": ["2"]}', 'and what each side showed');
SELECT is((SELECT revision FROM sync_conflict), 1, 'revisions count from 1');
SELECT is(pg_temp.golden(), '{"phone": "1", "email": "a"}', 'the golden value stays');
SELECT is(pg_temp.waits('support'), NULL, 'a frozen field is not sent to who edited second');
SELECT is(pg_temp.waits('crm'), NULL, 'nor to who edited first');
SELECT is(pg_temp.poll('support'), NULL, 'no worker is handed anything of it');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'accepted email=accepted -> support', 'the field is frozen, not the record');
SELECT is(pg_temp.poll('support'), 'update {"email": "b"}', 'other fields go on');

CALL pg_temp.crm_edits('in flight');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the edit is handed out');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'an edit while the write is in flight has not seen it');
SELECT is(pg_temp.ack('support'), true, 'the worker is done');
SELECT is(pg_temp.waits('support'), NULL, 'an ack thaws nothing');
SELECT is(pg_temp.conflicts(), 'phone collision open: "1" (crm) against "2" (support)', 'and closes no conflict');

CALL pg_temp.crm_edits('acked');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the edit is handed out');
SELECT is(pg_temp.ack('support'), true, 'and acknowledged');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'an ack alone does not prove that a human saw the write');

CALL pg_temp.crm_edits('shown');
CALL pg_temp.deliver('support');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'an edit after the sight of the write has seen it');
SELECT is(pg_temp.conflicts(), NULL, 'no conflict then');

CALL pg_temp.crm_edits('long ago');
SELECT is(pg_temp.poll('support'), 'update {"phone": "1"}', 'the edit is handed out');
SELECT is(pg_temp.ack('support'), true, 'and acknowledged');
CALL pg_temp.at('12:11');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'accepted phone=accepted -> crm', 'past the echo window no sight is owed: the edit has seen the write');

CALL pg_temp.crm_edits('own edit');
SELECT is(pg_temp.saw('crm', '{"phone": "3"}'), 'accepted phone=accepted -> support', 'who set a value has seen it');

CALL pg_temp.record('created twice');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'one system creates a record');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'the other one creates it too, with another value');

SELECT * FROM finish();
