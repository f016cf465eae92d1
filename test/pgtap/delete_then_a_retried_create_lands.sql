-- A create goes twice; between its two landings the record is edited and deleted there.  What the
-- second one leaves is all its own: the fields that it left out are empty, and nobody typed that.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "name": {}}, "window": "0 seconds"}');
CALL pg_temp.at('12:00');
SELECT pg_temp.saw('crm', '{"phone": "1", "name": null}');
SELECT is(pg_temp.poll('support'), 'create {"phone": "1"}', 'a create lands, and its answer is lost');
CALL pg_temp.at('12:02');
SELECT is(pg_temp.poll('support'), 'create {"phone": "1"}', 'it goes again');
SELECT alike(pg_temp.saw('support', '{"phone": "1", "name": null}'), 'echo%', 'the first one is shown');
SELECT is(pg_temp.saw('support', '{"phone": "1", "name": "bob"}'), 'accepted name=accepted -> crm', 'edited');
SELECT is(pg_temp.gone('support'), 'accepted delete -> crm', 'and deleted by a human');
SELECT is(pg_temp.ack('support'), true, 'the second one lands');
SELECT is(pg_temp.saw('support', '{"phone": "1", "name": null}'), 'echo -> support', 'and is shown, without a name: that is ours');
SELECT is(pg_temp.life(), 'dead', 'it gives no new life');
SELECT is(pg_temp.pending('support'), 'delete', 'and is deleted');

SELECT * FROM finish();
