-- A system tells of its own record and of its delete while our create is on its way. The create lands
-- after that: what it leaves empty is no word of the owner's.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "desk"], "window": "0", "deletes": "review",
	"fields": {"a": {"owner": "crm"}, "b": {"owner": "desk", "authority": "tiebreak"}}}');

CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"a": "1", "b": null}'), 'accepted a=accepted,b=agreed -> desk', 'the crm has a record');
SELECT is(pg_temp.poll('desk'), 'create {"a": "1"}', 'it goes out');
SELECT is(pg_temp.saw('desk', '{"a": "3", "b": "4"}'), 'overruled a=overruled,b=accepted -> crm', 'desk has one of its own');
SELECT alike(pg_temp.gone('desk'), 'conflict%', 'and deletes it');
SELECT is(pg_temp.ack('desk'), true, 'our create has landed, before or after that');
SELECT is(pg_temp.saw('desk', '{"a": "1", "b": null}'), 'echo a=echo', 'after it, as we see');
SELECT is(pg_temp.golden(), '{"a": "1", "b": "4"}', 'which moves nothing');
SELECT is(pg_temp.shows('desk'), '{"a": "1", "b": null}', 'but is what desk shows');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'crm'), true, 'a human decides for the crm''s');
SELECT is(pg_temp.golden(), '{"a": "1", "b": null}', 'as it is there');

SELECT * FROM finish();
