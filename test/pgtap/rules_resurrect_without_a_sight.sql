-- Our delete was taken but never shown: an old photograph is one once; a record that is still shown after that is a question.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"phone": {}, "email": {}}}');

-- The crm deletes; our delete was acknowledged by support, which has not shown it.
CREATE PROCEDURE pg_temp.deleted_there(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"phone": "0", "email": "a"}', 'crm', 'support', 'shop');
	PERFORM pg_temp.gone('crm');
	CALL pg_temp.delete_there('support');
END
$$;

CALL pg_temp.deleted_there('past the echo window');
CALL pg_temp.at('12:30');
SELECT alike(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'held%', 'support shows the record half an hour after it took our delete');
SELECT is(pg_temp.life_conflicts(), 'resurrect open', 'a human looks');

CALL pg_temp.deleted_there('within it');
CALL pg_temp.at('12:02');
SELECT matches(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), '^(echo|unchanged)', 'an old photograph of it is nothing new, once');
CALL pg_temp.at('12:30');
SELECT alike(pg_temp.saw('support', '{"phone": "0", "email": "a"}'), 'held%', 'half an hour later it is no old photograph');
SELECT is(pg_temp.life_conflicts(), 'resurrect open', 'a human looks');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'delete'), true, 'and lets it go');
SELECT is(pg_temp.polled('support'), 'delete', 'once more');

SELECT * FROM finish();
