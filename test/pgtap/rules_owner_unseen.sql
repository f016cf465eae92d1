-- A field with an owner is sent over what was never shown; the owner's own is not.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {"owner": "crm"}}}');

-- Both have the record, and neither has ever shown the e-mail address.
CREATE PROCEDURE pg_temp.both_have_it(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('10:00');
	PERFORM pg_temp.saw('crm', '{"phone": "0"}');
	PERFORM pg_temp.saw('support', '{"phone": "0"}');
	CALL pg_temp.at('12:00');
END
$$;

CALL pg_temp.both_have_it('sent over');
SELECT is(pg_temp.saw('crm', '{"email": "a"}'), 'accepted email=accepted -> support', 'the owner sets it');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'overruled email=overruled -> support', 'another system''s first sight of another value is overruled');
SELECT is(pg_temp.conflicts(), 'email owner resolved: "a" (crm) against "b" (support)', 'and stands as a loss');
SELECT is(pg_temp.poll('support'), 'update {"email": "a"}', 'the owner''s value is sent over it');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"email": "a"}'), 'echo email=echo', 'shown');

CALL pg_temp.both_have_it('the owner has not spoken');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'accepted email=accepted', 'another system is first to show a value');
SELECT is(pg_temp.waits('crm'), NULL, 'which is not sent blindly over what the owner may have');
SELECT is(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'accepted email=accepted -> support', 'the owner shows its own: its word');
SELECT is(pg_temp.golden()->>'email', 'a', 'counts');
SELECT is(pg_temp.conflicts(), 'email owner resolved: "b" (support) against "a" (crm)', 'and what it replaced unseen stands, resolved');
SELECT is(pg_temp.poll('support'), 'update {"email": "a"}', 'the other side is told');

CALL pg_temp.both_have_it('the owner has none');
SELECT is(pg_temp.saw('support', '{"email": "b"}'), 'accepted email=accepted', 'another system is first to show a value');
SELECT is(pg_temp.saw('crm', '{"phone": "0", "email": null}'), 'agreed email=agreed -> crm', 'the owner shows that it has none: no edit');
SELECT is(pg_temp.poll('crm'), 'update {"email": "b"}', 'so it is told');

SELECT * FROM finish();
