-- A photograph from before our delete shows an edit beside what the delete removed.  The record
-- lives anew meanwhile: the edit is decided, what was removed is late once, then held.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "name": {}}, "window": "0 seconds"}');

-- Our delete is acknowledged in support, and the record lives again in crm, without a name.
CREATE PROCEDURE pg_temp.reborn(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "1", "name": "ann"}', 'crm', 'support');
	PERFORM pg_temp.gone('crm');
	CALL pg_temp.delete_there('support');
	PERFORM pg_temp.saw('crm', '{"phone": "2", "name": null}');
END
$$;

CALL pg_temp.reborn('before the create');
SELECT is(pg_temp.saw('support', '{"phone": "3", "name": "ann"}'), 'conflict name=echo,phone=conflict', 'the edit collides, the name is what our delete removed');
SELECT is(pg_temp.golden()->>'name', NULL, 'and is nobody''s edit');
SELECT is(pg_temp.saw('support', '{"phone": "3", "name": "ann"}'), 'held name=held', 'seen again it is held: nobody can tell');
SELECT is(pg_temp.gone('support'), 'echo', 'then the sight of our delete: all that was older');
SELECT is((SELECT existence FROM sync_shadow WHERE system = 'support' AND record_key = 'before the create'), NULL, 'the record is not there');

CALL pg_temp.reborn('before the ack');
SELECT is(pg_temp.polled('support'), 'create {"phone": "2"}', 'a create is on its way');
SELECT is(pg_temp.saw('support', '{"phone": "1", "name": "ann"}'), 'echo name=echo,phone=echo', 'what our delete removed comes late');
SELECT is(pg_temp.golden(), '{"phone": "2", "name": null}', 'and moves nothing');
SELECT is(pg_temp.pending('crm'), NULL, 'nor is it sent on');
SELECT is(pg_temp.gone('support'), 'echo', 'the sight of our delete');
SELECT is(pg_temp.saw('support', '{"phone": "2", "name": "ann"}'), 'accepted name=accepted,phone=echo -> crm', 'and after it the same name is an edit');

CALL pg_temp.reborn('much later');
SELECT is(pg_temp.polled('support'), 'create {"phone": "2"}', 'created there');
SELECT is(pg_temp.ack('support'), true, 'and acknowledged');
CALL pg_temp.at('12:11');
SELECT alike(pg_temp.saw('support', '{"phone": "2", "name": "ann"}'), '%name=accepted%-> crm', 'no photograph comes after echo_window: an edit');

-- What the human decided for is created there; the same webhook comes again before that lands
CALL pg_temp.at_rest('the webhook comes again', '{"phone": "1", "name": "ann"}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
CALL pg_temp.delete_there('support');
SELECT is(pg_temp.saw('support', '{"phone": "3", "name": "ann"}'), 'held phone=held', 'an edit in support, from before that');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'a human decides for it');
SELECT is(pg_temp.polled('support'), 'create {"name": "ann", "phone": "3"}', 'so it is created there anew');
SELECT is(pg_temp.saw('support', '{"phone": "3", "name": "ann"}'), 'echo', 'which the webhook, come again, does not show');
SELECT is(pg_temp.gone('support'), 'echo', 'our delete is shown');
SELECT is(pg_temp.nack('support'), true, 'and the create has failed');
CALL pg_temp.at('12:05');
SELECT is(pg_temp.polled('support'), 'create {"name": "ann", "phone": "3"}', 'and the create goes again');

SELECT * FROM finish();
