-- deletes: ignore. The payload that brings a system in again is no unchanged one: it is told what it missed.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}, "deletes": "ignore"}');

CALL pg_temp.at_rest('back', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT unalike(pg_temp.gone('crm'), '%->%', 'the crm deletes and is out');
SELECT is(pg_temp.saw('support', '{"phone": "9"}'), 'accepted phone=accepted', 'an edit goes to nobody');
CALL pg_temp.at('12:30');
SELECT alike(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), '% -> crm', 'the crm shows it again, as it was: it is told what it missed');
SELECT unalike(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), '% -> crm', 'and that is all');
SELECT is(pg_temp.polled('crm'), 'update {"phone": "9"}', 'the edit goes there');

CALL pg_temp.at_rest('row', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT unalike(pg_temp.gone('crm'), '%->%', 'the crm deletes and is out');
SELECT is(pg_temp.saw('support', '{"phone": "9"}'), 'accepted phone=accepted', 'an edit goes to nobody');
CALL pg_temp.at('12:30');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '{"record_key": "row", "phone": "0", "email": "a"}')), 1::bigint, 'coming back is no unchanged record: it is a row');

SELECT * FROM finish();
