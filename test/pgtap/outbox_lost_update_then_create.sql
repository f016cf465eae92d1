-- A lost update whose record is created again there is another call: it has a key of its own.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}}, "delete_owner": "crm"}');

CREATE FUNCTION pg_temp.keys() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(DISTINCT action || ' ' || right(idempotency_key, 2), ', ' ORDER BY action || ' ' || right(idempotency_key, 2))
	FROM sync_claim WHERE record_key = pg_temp.record_key() AND action <> 'delete' AND version > 1
$$;

CALL pg_temp.at_rest('lost', '{"phone": "1"}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted%', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'is on its way');
SELECT is(pg_temp.nack('support', retry_after => '0 s'), true, 'and lost');
SELECT alike(pg_temp.gone('support'), 'overruled% -> support', 'support deletes, which it may not');
SELECT is(pg_temp.waits('support'), 'create {"phone": "2"}', 'the row says what is sent now');
SELECT is(pg_temp.poll('support'), 'create {"phone": "2"}', 'the record is created there again');
SELECT is(pg_temp.keys(), 'create v3, update v2', 'under another key than the update of the same value');
SELECT is(pg_temp.nack('support', retry_after => '0 s'), true, 'that is lost too');
SELECT is(pg_temp.poll('support'), 'create {"phone": "2"}', 'and goes again');
SELECT is(pg_temp.keys(), 'create v3, update v2', 'under its own key');

CALL pg_temp.at_rest('dead', '{"phone": "1"}', 'crm', 'support');
SELECT alike(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted%', 'an edit');
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'is on its way');
SELECT is(pg_temp.nack('support', permanent => true), true, 'and a dead letter: the record is not there');
SELECT alike(pg_temp.gone('support'), 'overruled% -> support', 'as support says');
SELECT is(pg_temp.poll('support'), 'create {"phone": "2"}', 'a create revives the dead letter');
SELECT is(pg_temp.keys(), 'create v3, update v2', 'under a key of its own');

-- The webhook of an older delete of ours shows that the record is not there
CALL pg_temp.at_rest('echo of a delete', '{"phone": "1"}', 'crm', 'support');
SELECT alike(pg_temp.gone('crm'), 'accepted%', 'the crm deletes');
SELECT is(pg_temp.poll('support'), 'delete {}', 'which goes there');
SELECT is(pg_temp.nack('support', retry_after => '1 hour'), true, 'and is lost');
SELECT alike(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted%', 'the crm creates it again');
SELECT is(sync_redrive(id), true, 'at once') FROM sync_outbox WHERE record_key = pg_temp.record_key();
SELECT is(pg_temp.poll('support'), 'update {"phone": "2"}', 'support may have it still');
SELECT is(pg_temp.nack('support', retry_after => '0 s'), true, 'that is lost too');
SELECT alike(pg_temp.gone('support'), 'echo%', 'the delete has landed');
SELECT is(pg_temp.poll('support'), 'create {"phone": "2"}', 'so it is created there');
SELECT is(pg_temp.keys(), 'create v4, update v3', 'under a key of its own');

SELECT * FROM finish();
