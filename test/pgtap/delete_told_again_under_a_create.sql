-- The webhook of a delete comes once more after the record was created anew there: it may be
-- older than that create.  Somebody is asked; and decided for death, our create is deleted too.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "window": "0 seconds"}');

-- A new generation, of which support has our create; then its old "gone" comes again.
CREATE PROCEDURE pg_temp.gone_again(record_key text, is_acked boolean) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "1"}', 'crm', 'support');
	PERFORM pg_temp.gone('crm');
	CALL pg_temp.delete_there('support');
	PERFORM pg_temp.gone('support');
	PERFORM pg_temp.saw('crm', '{"phone": "2"}');
	PERFORM pg_temp.poll('support');
	IF is_acked THEN
		PERFORM pg_temp.ack('support');
	END IF;
	PERFORM pg_temp.gone('support');
END
$$;

CALL pg_temp.gone_again('acked', true);
SELECT is(pg_temp.life_conflicts(), 'delete open', 'a human is asked');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'delete'), true, 'and decides for death');
SELECT is(pg_temp.pending('support'), 'delete', 'our create may stand there: it is deleted');
CALL pg_temp.at('12:15');
SELECT alike(pg_temp.saw('support', '{"phone": "2"}'), '%', 'shown a long while after,');
SELECT is(pg_temp.life(), 'dead', 'it gives no new life');
SELECT is(pg_temp.polled('support'), 'delete', 'and goes');

CALL pg_temp.gone_again('on its way', false);
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'delete'), true, 'the same, decided while the create is on its way');
SELECT is(pg_temp.pending('support'), 'delete', 'it is deleted after it');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'held phone=held', 'what support shows may be our create, edited: it is held');
SELECT is(pg_temp.life(), 'dead', 'and gives no new life');

CALL pg_temp.gone_again('seen before', false);
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'crm'), true, 'decided for life');
SELECT is(pg_temp.life(), 'alive', 'it lives');

-- A create that was seen is older than the delete: who deleted it may bring the record back.
CALL pg_temp.at_rest('in order', '{"phone": "1"}', 'crm', 'support');
SELECT is(pg_temp.gone('support'), 'accepted delete -> crm', 'support deletes what it has shown');
SELECT is(pg_temp.pending('support'), NULL, 'nothing is deleted there');
SELECT alike(pg_temp.saw('support', '{"phone": "3"}'), 'accepted%', 'and it may create it again');
SELECT is(pg_temp.life(), 'alive', 'which gives it new life');

SELECT * FROM finish();
