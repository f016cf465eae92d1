-- deletes: ignore. Who deletes a record is out of it until it shows it again; nobody else notices.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}, "email": {}}, "deletes": "ignore"}');

CALL pg_temp.at_rest('left', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT unalike(pg_temp.gone('support'), '%->%', 'support deletes: nobody gets anything');
SELECT is(pg_temp.life(), 'alive', 'the record lives');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'nothing is sent');
SELECT is(pg_temp.conflicts(), NULL, 'nobody has to look');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> shop', 'an edit goes to the others, not there');
SELECT is(pg_temp.pending('support'), NULL, 'support is left out');
SELECT is(pg_temp.gone('support'), 'unchanged', 'deleted again: it shows nothing of it');
CALL pg_temp.deliver('shop');
CALL pg_temp.at('12:20');
SELECT alike(pg_temp.saw('support', '{"phone": "1", "email": "a"}'), 'agreed %', 'it shows the record again');
SELECT is(pg_temp.pending('support'), NULL, 'as it is');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> shop,support', 'and is told again');

-- What waited for it is gone with it
CALL pg_temp.at_rest('waiting', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> shop,support', 'an edit waits');
SELECT unalike(pg_temp.gone('support'), '%->%', 'support deletes without having seen it');
SELECT is(pg_temp.polled('support'), NULL, 'it is out: nothing to send');
SELECT is(pg_temp.polled('shop'), 'update {"phone": "1"}', 'the others are told');
SELECT is(pg_temp.conflicts(), NULL, 'no conflict where deletes mean nothing');

-- The author of all of it deletes: the others keep it
CALL pg_temp.at_rest('author', '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
SELECT unalike(pg_temp.gone('crm'), '%->%', 'the crm deletes what it created');
SELECT is(pg_temp.life(), 'alive', 'it lives on');
CALL pg_temp.at('12:20');
SELECT is(pg_temp.saw('support', '{"phone": "1"}'), 'accepted phone=accepted -> shop', 'among the others');
SELECT is(pg_temp.golden(), '{"email": "a", "phone": "1"}', 'with what it held');

SELECT * FROM finish();
