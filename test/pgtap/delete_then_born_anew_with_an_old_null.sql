-- A record that was deleted where our create had landed is created there anew. Of the former
-- life the shadow says nothing: a null that may be our create's own is what is there now.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "desk"], "fields": {"phone": {}, "email": {}}, "window": 0}');

-- Desk's record is created in crm at the second call, fills its email there and dies there.
CREATE PROCEDURE pg_temp.die(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('desk', '{"phone": "1", "email": null}'), pg_temp.poll('crm'), pg_temp.nack('crm');
	CALL pg_temp.at('12:01');
	PERFORM pg_temp.poll('crm'), pg_temp.saw('crm', '{"phone": "1", "email": null}'), pg_temp.ack('crm');
	PERFORM pg_temp.saw('crm', '{"phone": "1", "email": "c"}');
	CALL pg_temp.deliver('desk');
	PERFORM pg_temp.gone('crm');
END
$$;

CALL pg_temp.die('crm wins');
SELECT is(pg_temp.saw('desk', '{"phone": "2", "email": "c"}'), 'held phone=held', 'an edit elsewhere');
SELECT is(pg_temp.saw('crm', '{"phone": "3", "email": null}'), 'held phone=held', 'created anew, without an email');
SELECT is(pg_temp.shows('crm'), '{"phone": "3", "email": null}', 'which is all that it shows');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'a human decides for it');
SELECT is(pg_temp.golden(), '{"phone": "3", "email": null}', 'so the record is as crm shows it');
SELECT is(pg_temp.waits('desk'), 'update {"email": null}', 'and desk is told, but for the phone that was edited there');

CALL pg_temp.die('desk wins');
SELECT is(pg_temp.saw('desk', '{"phone": "2", "email": "c"}'), 'held phone=held', 'an edit elsewhere');
SELECT is(pg_temp.saw('crm', '{"phone": "3", "email": null}'), 'held phone=held', 'created anew, without an email');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'desk'), true, 'a human decides against it');
SELECT is(pg_temp.golden(), '{"phone": "2", "email": "c"}', 'the record is as desk shows it');
SELECT is(pg_temp.waits('crm'), 'update {"email": "c"}', 'and crm is told what it does not show');

SELECT * FROM finish();
