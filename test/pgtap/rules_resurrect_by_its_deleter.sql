-- The system that deleted a record creates it again: a new generation, nobody has to look.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

CREATE PROCEDURE pg_temp.crm_deletes(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support');
	PERFORM pg_temp.gone('crm');
END
$$;

CALL pg_temp.at_rest('delivered', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT pg_temp.generation() AS first \gset
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'deleted');
SELECT is(pg_temp.generation(), :first, 'the tombstone is of the generation that died');
CALL pg_temp.delete_there('support');
SELECT is(pg_temp.gone('support'), 'echo', 'everywhere');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.saw('crm', '{"phone": "5", "email": "b"}'), 'accepted email=accepted,phone=accepted -> support', 'the crm creates it again');
SELECT is(pg_temp.life(), 'alive', 'it lives');
SELECT is(pg_temp.generation(), :first + 1, 'in a new generation');
SELECT is(pg_temp.golden(), '{"email": "b", "phone": "5"}', 'as the crm shows it');
SELECT is(pg_temp.life_conflicts(), NULL, 'nobody has to look');
SELECT is((SELECT concat_ws(' ', action, change_set, idempotency_key) FROM sync_poll('support')),
	'create {"email": "b", "phone": "5"} crm-to-support-contact-delivered-v3', 'it is created there; versions go on');

CALL pg_temp.crm_deletes('not sent yet');
SELECT is(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'accepted email=accepted,phone=accepted', 'created again as it was, before the delete went out');
SELECT is(pg_temp.life(), 'alive', 'it lives');
SELECT is(pg_temp.polled('support'), NULL, 'support, which shows just that, never hears of it');

CALL pg_temp.crm_deletes('changed, not sent yet');
SELECT alike(pg_temp.saw('crm', '{"phone": "5", "email": "a"}'), 'accepted% -> support', 'created again with another phone');
SELECT is(pg_temp.polled('support'), 'update {"phone": "5"}', 'support is told what differs');

CALL pg_temp.crm_deletes('in flight');
SELECT is(pg_temp.polled('support'), 'delete', 'the delete is in flight');
SELECT alike(pg_temp.saw('crm', '{"phone": "5", "email": "b"}'), 'accepted% -> support', 'when it is created again');
SELECT is(pg_temp.polled('support'), NULL, 'one call at a time');
SELECT is(pg_temp.ack('support'), true, 'it was deleted there');
SELECT is(pg_temp.polled('support'), 'create {"email": "b", "phone": "5"}', 'so it is created there');
SELECT is(pg_temp.gone('support'), 'echo', 'the webhook of the delete comes now');
SELECT is(pg_temp.life(), 'alive', 'and kills nothing');
SELECT is(pg_temp.ack('support'), true, 'the create is acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "5", "email": "b"}'), 'echo email=echo,phone=echo', 'and shown');
SELECT is(pg_temp.waits('support'), NULL, 'at rest');

-- It closes what a late update of the other one had opened, and loses no edit
CALL pg_temp.crm_deletes('closes');
SELECT alike(pg_temp.saw('support', '{"phone": "9"}'), 'held%', 'support edits what is dead');
SELECT is(pg_temp.life_conflicts(), 'resurrect open', 'a human is asked');
SELECT unalike(pg_temp.saw('crm', '{"phone": "0", "email": "a"}'), 'held%', 'the crm creates it again');
SELECT is(pg_temp.life(), 'alive', 'it lives');
SELECT is(pg_temp.life_conflicts(), 'resurrect resolved', 'the question is answered');
SELECT ok(EXISTS (SELECT FROM sync_conflict WHERE record_key = 'closes' AND field = 'phone' AND incoming_value = '"9"') OR pg_temp.golden()->>'phone' = '9',
	'what support showed is not lost');

-- Deleted and created twice
CALL pg_temp.at_rest('twice', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT pg_temp.generation() AS first \gset
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'deleted');
CALL pg_temp.delete_there('support');
SELECT alike(pg_temp.saw('crm', '{"phone": "1", "email": "a"}'), 'accepted% -> support', 'created');
CALL pg_temp.deliver('support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'deleted');
CALL pg_temp.delete_there('support');
SELECT alike(pg_temp.saw('crm', '{"phone": "2", "email": "a"}'), 'accepted% -> support', 'created');
SELECT is(pg_temp.generation(), :first + 2, 'two generations later');
SELECT is((SELECT count(DISTINCT idempotency_key) = count(*) FROM sync_ledger WHERE record_key = 'twice'), true, 'no two contents shared a key');

-- Who has not deleted it may not
CALL pg_temp.crm_deletes('by another');
CALL pg_temp.delete_there('support');
SELECT is(pg_temp.gone('support'), 'echo', 'the echo of our delete is none of its own');
CALL pg_temp.at('12:30');
SELECT alike(pg_temp.saw('support', '{"phone": "1", "email": "a"}'), 'held%', 'support creates what the crm deleted');

SELECT * FROM finish();
