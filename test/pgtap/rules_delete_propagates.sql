-- A delete goes to the others; what remains is a tombstone.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

CALL pg_temp.at_rest('deleted', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.life(), 'alive', 'a record in both');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'is deleted in one');
SELECT is(pg_temp.life(), 'dead', 'and is dead');
SELECT is(pg_temp.pending('crm'), NULL, 'who deleted it is told nothing');
SELECT is(pg_temp.polled('support'), 'delete', 'the other one is');
SELECT is((SELECT concat_ws(' ', source_system, direction, action, status) FROM sync_outbox WHERE record_key = 'deleted'),
	'crm crm->support delete leased', 'by who deleted it');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is((SELECT count(*) FROM sync_outbox), 0::bigint, 'at rest');
SELECT is((SELECT count(*) FROM sync_ledger WHERE record_key = 'deleted' AND direction = 'crm->support' AND sync_ledger.synced_at IS NOT NULL), 2::bigint,
	'the gate remembers the create and the delete');
SELECT is(pg_temp.life_conflicts(), NULL, 'nobody has to look');

-- The row says what happened, and the trace who did it
CALL pg_temp.at_rest('row', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is((SELECT row(record_key, verdict, action, targets, coalesce(conflict_ids, '{}'))::text FROM sync_delete('support', 'contact', '{row}', actor => 'ann')),
	row('row', 'accepted', 'delete', '{crm}'::text[], '{}'::bigint[])::text, 'one row for one record');
SELECT ok(EXISTS (SELECT FROM sync_trace('contact', 'row') WHERE system = 'support' AND data->>'actor' = 'ann'), 'the trace says who did it');
SELECT is((SELECT concat_ws(' ', idempotency_key, attempt) FROM sync_poll('crm')), 'support-to-crm-contact-row-v2 1', 'a delete is a version of its own');

-- Said again by the same system, it says nothing new
CALL pg_temp.at_rest('again', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'deleted');
SELECT is(pg_temp.gone('crm'), 'unchanged', 'it shows nothing of the record any more');
SELECT is(pg_temp.pending('support'), 'delete', 'one delete waits');
CALL pg_temp.delete_there('support');
SELECT is(pg_temp.gone('crm'), 'unchanged', 'and after it went out nothing is new');
SELECT is(pg_temp.pending('support'), NULL, 'nor sent');

-- What never was there
CALL pg_temp.record('never seen');
SELECT is(pg_temp.gone('crm'), 'unchanged', 'a record that nobody ever showed');
SELECT is_empty($$ SELECT * FROM sync_record WHERE record_key = 'never seen' $$, 'makes no tombstone');
CALL pg_temp.record('only there');
SELECT alike(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'accepted%', 'a record that waits for its create in the other');
SELECT is(pg_temp.gone('support'), 'unchanged', 'cannot be deleted there');
SELECT is(pg_temp.pending('support'), 'create {"email": "a", "phone": "0"}', 'and is still to be created');
SELECT is(pg_temp.gone('crm'), 'accepted delete', 'deleted where it is, before it was created elsewhere');
SELECT is(pg_temp.pending('support'), NULL, 'there is nothing to create, nor to delete');

-- Many in one call: in input order, without the unchanged ones
CALL pg_temp.at_rest('m1', '{"phone": "0", "email": "a"}', 'crm', 'support');
CALL pg_temp.at_rest('m2', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is((SELECT string_agg(record_key || ' ' || verdict, ', ' ORDER BY ordinality) FROM sync_delete('crm', 'contact', '{m2,never seen,m1,m2}') WITH ORDINALITY),
	'm2 accepted, m1 accepted', 'a key twice is deleted once');
SELECT is((SELECT count(*) FROM sync_poll('support') WHERE action = 'delete'), 2::bigint, 'and sent once');

-- The worker gets the key where the target wants it, and its native id
SELECT sync_configure('ticket', '{"systems": {"crm": {}, "support": {"key": "requester.ref", "id": "id"}}, "fields": {"phone": {}}}');
SELECT is((SELECT verdict FROM sync_diff('crm', 'ticket', '{"record_key": "K", "phone": "1"}')), 'accepted', 'a record');
SELECT is((SELECT sync_ack(id, lease, 'zd_7') FROM sync_poll('support', entity => 'ticket')), true, 'created there');
SELECT is((SELECT verdict FROM sync_delete('crm', 'ticket', '{K}')), 'accepted', 'deleted here');
SELECT is((SELECT concat_ws(' ', action, native_id, payload #>> '{requester,ref}') FROM sync_poll('support', entity => 'ticket')), 'delete zd_7 K', 'the worker knows whom to delete');

SELECT * FROM finish();
