-- A merged set takes what each side added and removed, whoever comes first.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"tags": {"type": "set", "merge": "set"}, "phone": {}}}');

CREATE PROCEDURE pg_temp.tagged(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"tags": ["a", "b"], "phone": "0"}', 'crm', 'support', 'shop');
END
$$;

CALL pg_temp.tagged('order');
SELECT is(pg_temp.saw('support', '{"tags": ["b", "a"]}'), 'unchanged', 'the order of elements means nothing');
SELECT is(pg_temp.saw('support', '{"tags": ["b", "a", "b"]}'), 'unchanged', 'nor does an element twice');

CALL pg_temp.tagged('crm first');
SELECT is(pg_temp.saw('crm', '{"tags": ["a", "b", "c"]}'), 'accepted tags=accepted -> shop,support', 'the crm adds c');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.saw('support', '{"tags": ["b", "d"]}'), 'accepted tags=accepted -> crm,shop,support', 'support, which has not seen that, removes a and adds d');
SELECT is(pg_temp.golden()->'tags', '["b", "c", "d"]', 'both count');
SELECT is(pg_temp.conflicts(), NULL, 'there is no conflict');
SELECT is(pg_temp.poll('crm'), 'update {"tags": ["b", "c", "d"]}', 'the union goes to one');
SELECT is(pg_temp.poll('support'), 'update {"tags": ["b", "c", "d"]}', 'to the other');
SELECT is(pg_temp.poll('shop'), 'update {"tags": ["b", "c", "d"]}', 'and to the third');
SELECT is((SELECT string_agg(direction, ' ' ORDER BY direction) FROM sync_outbox WHERE record_key = 'crm first'),
	'support->crm support->shop sync->support', 'what its last author gets back comes from sync');

CALL pg_temp.tagged('support first');
SELECT is(pg_temp.saw('support', '{"tags": ["b", "d"]}'), 'accepted tags=accepted -> crm,shop', 'support removes a and adds d');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.saw('crm', '{"tags": ["a", "b", "c"]}'), 'accepted tags=accepted -> crm,shop,support', 'the crm adds c');
SELECT is(pg_temp.golden()->'tags', '["b", "c", "d"]', 'the same set as the other way round');

CALL pg_temp.tagged('three');
SELECT is(pg_temp.saw('crm', '{"tags": ["a", "b", "c"]}'), 'accepted tags=accepted -> shop,support', 'one adds c');
CALL pg_temp.at('12:10');
SELECT alike(pg_temp.saw('support', '{"tags": ["a", "b", "d"]}'), 'accepted tags=accepted -> %', 'one adds d');
CALL pg_temp.at('12:20');
SELECT alike(pg_temp.saw('shop', '{"tags": ["b"]}'), 'accepted tags=accepted -> %', 'one removes a');
SELECT is(pg_temp.golden()->'tags', '["b", "c", "d"]', 'all count');
CALL pg_temp.deliver('crm', 'support', 'shop');
SELECT is(pg_temp.shows('crm')->'tags', '["b", "c", "d"]', 'all show it');
SELECT is((SELECT count(*) FROM sync_outbox WHERE record_key = 'three'), 0::bigint, 'at rest');

-- Who has seen it edits it plainly
CALL pg_temp.tagged('seen');
SELECT is(pg_temp.saw('crm', '{"tags": ["a", "b", "c"]}'), 'accepted tags=accepted -> shop,support', 'the crm adds c');
CALL pg_temp.deliver('support', 'shop');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.saw('support', '{"tags": ["a"]}'), 'accepted tags=accepted -> crm,shop', 'support, which shows it, removes b and c');
SELECT is(pg_temp.golden()->'tags', '["a"]', 'both are gone');
SELECT is(pg_temp.poll('crm'), 'update {"tags": ["a"]}', 'everywhere');

-- The same edit by two
CALL pg_temp.tagged('same');
SELECT is(pg_temp.saw('crm', '{"tags": ["a", "b", "c"]}'), 'accepted tags=accepted -> shop,support', 'the crm adds c');
SELECT is(pg_temp.saw('support', '{"tags": ["c", "b", "a"]}'), 'agreed tags=agreed', 'support adds it too');
SELECT is(pg_temp.poll('support'), NULL, 'and gets nothing');

-- Empty is a value; null is the empty set, and by default erases nothing
CALL pg_temp.tagged('empty');
SELECT is(pg_temp.saw('support', '{"tags": []}'), 'accepted tags=accepted -> crm,shop', 'all removed');
SELECT is(pg_temp.golden()->'tags', '[]', 'an empty set');
SELECT is(pg_temp.poll('crm'), 'update {"tags": []}', 'goes out as one');
CALL pg_temp.tagged('null');
SELECT alike(pg_temp.saw('support', '{"tags": null}'), 'kept tags=kept%', 'null erases nothing');
SELECT is(pg_temp.golden()->'tags', '["a", "b"]', 'the set stays');

SELECT sync_configure('contact', '{"systems": ["crm", "support", "shop"], "fields": {"tags": {"type": "set", "merge": "set", "nulls": "clear"}, "phone": {}}}');
CALL pg_temp.tagged('null clears');
SELECT is(pg_temp.saw('crm', '{"tags": ["a", "b", "c"]}'), 'accepted tags=accepted -> shop,support', 'the crm adds c');
CALL pg_temp.at('12:10');
SELECT alike(pg_temp.saw('support', '{"tags": null}'), 'accepted tags=accepted -> %', 'support, which has not seen that, clears its own');
SELECT is(pg_temp.golden()->'tags', '["c"]', 'what it had not seen stays');

SELECT * FROM finish();
