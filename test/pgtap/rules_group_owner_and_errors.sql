-- A group has one owner and one authority; its decisions are objects of its fields.
\ir story.psql
\ir refusal.psql
SELECT * FROM no_plan();

SELECT matches(pg_temp.refused(format('SELECT sync_configure(%L, %L)', 'contact', format('{"systems": ["crm", "support"], "fields": {"street": %s, "city": %s}}', street, city))),
	'^22023 .*address', name)
FROM (VALUES
	('two owners', '{"group": "address", "owner": "crm"}', '{"group": "address", "owner": "support"}'),
	('an owner of one field only', '{"group": "address", "owner": "crm"}', '{"group": "address"}'),
	('two authorities', '{"group": "address", "owner": "crm", "authority": "tiebreak"}', '{"group": "address", "owner": "crm"}')
) AS t (name, street, city);
SELECT is((SELECT count(*) FROM sync_entity), 0::bigint, 'a refused policy is no version');

-- Owned: another's edit of one field is overruled, the owner's replaces
SELECT sync_configure('contact', '{"systems": ["crm", "support"],
	"fields": {"street": {"group": "address", "owner": "crm"}, "city": {"group": "address", "owner": "crm"}, "phone": {}}}');
CALL pg_temp.at_rest('owned', '{"street": "A 1", "city": "Aix", "phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('support', '{"city": "Bonn", "phone": "1"}'), 'overruled city=overruled,phone=accepted -> crm,support', 'another''s edit');
SELECT is(pg_temp.poll('support'), 'update {"city": "Aix"}', 'the owner''s value goes back');
SELECT is(pg_temp.poll('crm'), 'update {"phone": "1"}', 'nothing of it to the owner');
SELECT is(pg_temp.golden(), '{"street": "A 1", "city": "Aix", "phone": "1"}', 'the address stands');
CALL pg_temp.at_rest('owner edits', '{"street": "A 1", "city": "Aix", "phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"street": "B 2"}'), 'accepted street=accepted -> support', 'the owner edits');
SELECT alike(pg_temp.saw('support', '{"city": "Bonn"}'), 'overruled city=overruled%', 'another''s edit of the other field loses');
SELECT is(pg_temp.poll('support'), 'update {"city": "Aix", "street": "B 2"}', 'the whole of the owner''s address goes there');

-- Decisions that are none
SELECT sync_configure('contact', '{"systems": ["crm", "support"],
	"fields": {"street": {"group": "address"}, "number": {"type": "number", "group": "address"}, "phone": {}}}');
CALL pg_temp.at_rest('decide', '{"street": "A", "number": 1, "phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"street": "B"}'), 'accepted street=accepted -> support', 'an edit');
SELECT alike(pg_temp.saw('support', '{"number": 2}'), 'conflict %', 'another one');
SELECT pg_temp.book() AS before \gset
SELECT matches(pg_temp.refused(format('SELECT sync_resolve(%s, value => %L)', pg_temp.open_conflict(), value)), expected, name)
FROM (VALUES
	('a string', '"C"', '^22023 .*object.*\| .'),
	('an array', '["C", 3]', '^22023 .*object.*\| .'),
	('null', 'null', '^22023 .*object.*\| .'),
	('a field that is none of the group', '{"street": "C", "number": 3, "phone": "9"}', '^22023 .*phone.*'),
	('a value that does not fit', '{"street": "C", "number": "three"}', '^22023 .*number.*three.*')
) AS t (name, value, expected);
SELECT is(pg_temp.book(), :'before', 'nothing has changed');
SELECT is(sync_resolve(pg_temp.open_conflict(), value => '{"street": "C", "number": 3}'), true, 'an object of its fields');
SELECT is(pg_temp.poll('crm'), 'update {"number": 3, "street": "C"}', 'goes to both');
SELECT is(pg_temp.poll('support'), 'update {"number": 3, "street": "C"}', 'goes to both');

SELECT * FROM finish();
