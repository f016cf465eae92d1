-- A lost delete may have landed: where the record is created again, all of it goes there.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

CALL pg_temp.at_rest('created after the loss', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
SELECT is(pg_temp.polled('support'), 'delete', 'a worker has it, and dies');
CALL pg_temp.at('12:10');
SELECT alike(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'accepted% -> support', 'created again as it was: support may have lost it');
SELECT alike(pg_temp.polled('support'), '% {"email": "a", "phone": "0"}', 'so all of it goes there');

CALL pg_temp.at_rest('created before the loss', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
SELECT is(pg_temp.polled('support'), 'delete', 'a worker has it');
SELECT alike(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'accepted% -> support', 'created again meanwhile');
CALL pg_temp.at('12:10');
SELECT alike(pg_temp.polled('support'), '% {"email": "a", "phone": "0"}', 'the worker died: all of it goes there');

-- Where support shows the delete, it is created
CALL pg_temp.at_rest('shown', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
SELECT is(pg_temp.polled('support'), 'delete', 'a worker has it, and dies');
CALL pg_temp.at('12:10');
SELECT alike(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'accepted%', 'created again as it was');
SELECT alike(pg_temp.gone('support'), 'echo%', 'the lost delete did land');
SELECT is(pg_temp.polled('support'), 'create {"email": "a", "phone": "0"}', 'then it is created there');

-- Where the create was lost too, neither it nor its answer is of now: the delete goes again, then a new create
CREATE FUNCTION pg_temp.key(target text) RETURNS text LANGUAGE sql AS $$
	SELECT right(idempotency_key, 2) FROM sync_outbox WHERE record_key = pg_temp.record_key() AND target_system = target
$$;
CREATE PROCEDURE pg_temp.lose_both(record_key text, permanent boolean) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.record(record_key);
	CALL pg_temp.at('12:00');
	PERFORM pg_temp.saw('crm', '{"phone": "0"}'), pg_temp.poll('support'), pg_temp.nack('support', permanent => permanent);
	CALL pg_temp.at('12:01');
	PERFORM pg_temp.gone('crm'), pg_temp.poll('support'), pg_temp.nack('support', permanent => permanent);
	CALL pg_temp.at('12:10');
END
$$;

CALL pg_temp.lose_both('both lost', false);
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'created again after a lost create and a lost delete');
SELECT is(pg_temp.polled('support') || pg_temp.key('support'), 'deletev2', 'the delete goes again as it was');
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'an edit meanwhile');
SELECT is(pg_temp.ack('support'), true, 'the delete is acknowledged');
SELECT is(pg_temp.polled('support') || pg_temp.key('support'), 'create {"phone": "2"}v4', 'then a new create, under a key of its own');

CALL pg_temp.lose_both('both dead', true);
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'created again after two dead letters');
SELECT is(pg_temp.polled('support'), 'delete', 'which brings back the delete');

CALL pg_temp.lose_both('both lost, and shown', false);
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted%', 'created again');
SELECT alike(pg_temp.saw('support', '{"phone": "0"}'), 'echo%', 'the create did land, and stands');
SELECT is(pg_temp.polled('support'), 'update {"phone": "1"}', 'so it is brought up to date');

CALL pg_temp.lose_both('both lost, then discarded', false);
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted%', 'created again');
SELECT is(sync_discard(id, 'it is not there'), true, 'a human who knows says that nothing is to be deleted')
	FROM sync_outbox WHERE record_key = pg_temp.record_key();
SELECT is(pg_temp.waits('support'), 'create {"phone": "0"}', 'the create goes again');

-- Ours or somebody's, what the lost create would have left is what support shows in the new life
CALL pg_temp.record('the lost value is shown');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'accepted email=accepted,phone=accepted -> support', 'a record');
SELECT is(pg_temp.poll('support'), 'create {"email": "a", "phone": "0"}', 'is on its way');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes it');
SELECT is(pg_temp.nack('support'), true, 'nobody knows whether the create landed');
CALL pg_temp.at('12:01');
SELECT is(pg_temp.polled('support'), 'delete', 'it is deleted there');
SELECT is(pg_temp.ack('support'), true, 'as is acknowledged');
SELECT alike(pg_temp.saw('support', '{"phone": "7", "email": null}'), 'held%', 'somebody has created it there');
SELECT alike(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted%', 'and the crm creates it again');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'agreed phone=echo -> support', 'support shows what the lost create held');
SELECT is(pg_temp.shows('support'), '{"phone": "0"}', 'so that is what it shows');
SELECT is(pg_temp.waits('support'), 'update {"phone": "1"}', 'and what is written over');

-- A create that was lost does not go again once something newer was sent there
CALL pg_temp.record('sent since');
CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'a record');
SELECT is(pg_temp.polled('support') || pg_temp.key('support'), 'create {"phone": "0"}v1', 'is on its way');
SELECT is(pg_temp.nack('support'), true, 'and lost');
SELECT alike(pg_temp.saw('support', '{"phone": "7"}'), 'conflict phone=conflict%', 'somebody has created it there');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'a human decides');
SELECT is(pg_temp.polled('support'), 'update {"phone": "0"}', 'which goes there');
SELECT is(pg_temp.nack('support'), true, 'and is lost too');
SELECT alike(pg_temp.gone('support'), 'conflict%', 'it is deleted there');
SELECT alike(pg_temp.gone('crm'), 'accepted%', 'and in the crm');
SELECT alike(pg_temp.saw('crm', '{"phone": "9"}'), 'accepted%support', 'which creates it again');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.polled('support'), 'update {"phone": "9"}', 'support may have it or not: what it should show goes there');
SELECT cmp_ok(right(pg_temp.key('support'), 1)::integer, '>', 2, 'under a key of its own');

SELECT * FROM finish();
