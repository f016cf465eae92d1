-- What others showed of a set while the record was frozen is merged when it is decided for life.
\ir story.psql
\ir gone.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "deletes": "review", "fields": {"tags": {"type": "set", "merge": "set"}}}');

-- All show a and z; the crm deletes, a human is asked; support adds b, the shop adds c and removes z.
CREATE PROCEDURE pg_temp.frozen(record_key text, author text, others text[]) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"tags": ["a", "z"]}', author, VARIADIC others);
	PERFORM pg_temp.gone('crm');
	PERFORM pg_temp.saw('support', '{"tags": ["a", "b", "z"]}');
	PERFORM pg_temp.saw('shop', '{"tags": ["a", "c"]}');
END
$$;

CALL pg_temp.frozen('support wins', 'crm', '{support,shop}');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'support wins');
SELECT is(pg_temp.golden()->'tags', '["a", "b", "c"]', 'what the shop added and removed counts too');
SELECT is(pg_temp.pending('shop'), 'update {"tags": ["a", "b", "c"]}', 'the shop gets the union');
SELECT is(pg_temp.pending('crm'), 'create {"tags": ["a", "b", "c"]}', 'and the crm');

CALL pg_temp.frozen('the shop wins', 'crm', '{support,shop}');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'shop'), true, 'the shop wins');
SELECT is(pg_temp.golden()->'tags', '["a", "b", "c"]', 'what support added counts too');

CALL pg_temp.frozen('by its author', 'shop', '{crm,support}');
SELECT is(sync_resolve(pg_temp.life_conflict(), winner => 'support'), true, 'support wins over the author of the set');
SELECT is(pg_temp.golden()->'tags', '["a", "b", "c"]', 'whose edit counts too');

-- The deleter creates it again while a late set of another one is held
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"tags": {"type": "set", "merge": "set"}}}');
CALL pg_temp.at_rest('created again', '{"tags": ["a"]}', 'crm', 'support');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'the crm deletes');
SELECT is(pg_temp.saw('support', '{"tags": ["a", "b"]}'), 'held tags=held', 'support adds b to what is dead');
SELECT alike(pg_temp.saw('crm', '{"tags": ["a", "n"]}'), 'accepted%', 'the crm creates it again, with n');
SELECT is(pg_temp.golden()->'tags', '["a", "b", "n"]', 'both count');

SELECT * FROM finish();
