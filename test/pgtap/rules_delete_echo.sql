-- The echo of our delete is no delete: early, late, and after a decision for life.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}, "email": {}}}');

CREATE PROCEDURE pg_temp.crm_deletes(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
	PERFORM pg_temp.gone('crm');
END
$$;

CALL pg_temp.crm_deletes('after the ack');
CALL pg_temp.delete_there('support');
SELECT is(pg_temp.gone('support'), 'echo', 'support shows our delete');
SELECT is(pg_temp.pending('support'), NULL, 'nothing is sent there');
SELECT is(pg_temp.pending('crm'), NULL, 'nor back');
SELECT is(pg_temp.pending('shop'), 'delete', 'who has not heard of it still gets it');
SELECT is(pg_temp.life(), 'dead', 'dead');

CALL pg_temp.crm_deletes('before the ack');
SELECT is(pg_temp.polled('support'), 'delete', 'a worker has it');
SELECT is(pg_temp.gone('support'), 'echo', 'the webhook comes before the answer');
SELECT is(pg_temp.ack('support'), true, 'then the answer');
SELECT is(pg_temp.pending('support'), NULL, 'at rest');

CALL pg_temp.crm_deletes('lost');
SELECT is(pg_temp.polled('support'), 'delete', 'a worker has it');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.gone('support'), 'echo', 'and never answered; but it is shown');
SELECT is(pg_temp.polled('support'), NULL, 'then there is nothing to delete');

CALL pg_temp.crm_deletes('days later');
CALL pg_temp.delete_there('support');
CALL pg_temp.at('23:59');
SELECT is(pg_temp.gone('support'), 'echo', 'however late');
SELECT is(pg_temp.pending('crm'), NULL, 'and nobody is told');

-- Its own delete, of the same record, is not our echo
CALL pg_temp.crm_deletes('by both');
SELECT is(pg_temp.gone('support'), 'agreed', 'support deleted it too, before our delete went out');
SELECT is(pg_temp.polled('support'), NULL, 'which need not go out any more');
SELECT is(pg_temp.pending('shop'), 'delete', 'the third one still gets it');
SELECT is(pg_temp.life_conflicts(), NULL, 'they agree');

-- Decided for life, the record is created again; the webhook of our delete comes after all that
CALL pg_temp.crm_deletes('after a decision');
CALL pg_temp.delete_there('support');
SELECT alike(pg_temp.saw('shop', '{"phone": "9"}'), 'held%', 'the shop edits what is dead');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'shop'), true, 'a human lets it live');
SELECT is(pg_temp.life(), 'alive', 'it lives');
SELECT is(pg_temp.gone('support'), 'echo', 'the echo of our delete kills nothing');
SELECT is(pg_temp.life(), 'alive', 'it still lives');
SELECT is(pg_temp.pending('support'), 'create {"email": "a", "phone": "9"}', 'and is created again there');
SELECT is(pg_temp.pending('shop'), NULL, 'the winner shows it');

CALL pg_temp.crm_deletes('after it was created again');
CALL pg_temp.delete_there('support');
SELECT alike(pg_temp.saw('shop', '{"phone": "9"}'), 'held%', 'the shop edits what is dead');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'shop'), true, 'a human lets it live');
SELECT is(pg_temp.polled('support'), 'create {"email": "a", "phone": "9"}', 'it is created again');
SELECT is(pg_temp.gone('support'), 'echo', 'while the create is in flight our delete is shown');
SELECT is(pg_temp.ack('support'), true, 'the create is acknowledged');
SELECT is(pg_temp.saw('support', '{"phone": "9", "email": "a"}'), 'echo email=echo,phone=echo', 'and shown');
SELECT is(pg_temp.life(), 'alive', 'it lives');
SELECT is(pg_temp.waits('support'), NULL, 'at rest there');
CALL pg_temp.deliver('crm');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.gone('support'), 'accepted delete -> crm,shop', 'a later delete is a human''s');

-- Before our delete went out: no delete of ours can have an echo
CALL pg_temp.crm_deletes('decided before it went out');
SELECT alike(pg_temp.saw('shop', '{"phone": "9"}'), 'held%', 'the shop edits what is dead');
SELECT is(pg_temp.pending('support'), NULL, 'what is to be decided is not sent');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'shop'), true, 'a human lets it live');
SELECT is(pg_temp.pending('support'), 'update {"phone": "9"}', 'support shows the record still: it gets what differs');
CALL pg_temp.deliver('support');
SELECT is(pg_temp.pending('crm'), 'create {"email": "a", "phone": "9"}', 'who deleted it has it created again');

SELECT * FROM finish();
