-- What is written inside of a jsonb column leaves what stands beside it, however deep, and in arrays.
SELECT plan(31);

SELECT sync_configure('place', '{"systems": {"map": {"key": "id"}, "crm": {}}, "window": "0", "fields": {
    "lat": {"path": {"crm": "lat", "map": "doc.addr.geo.lat"}}, "lng": {"path": {"crm": "lng", "map": "doc.addr.geo.lng"}},
    "second": {"path": {"crm": "second", "map": "doc.people[1].mail"}}, "first_line": {"path": {"crm": "first_line", "map": "doc.lines[0]"}},
    "second_line": {"path": {"crm": "second_line", "map": "doc.lines[1]"}}, "tags": {"type": "set", "path": {"crm": "tags", "map": "doc.tags[*].name"}},
    "numbered": {"path": {"crm": "numbered", "map": "doc.\"7\".x"}}}}');
CREATE TABLE place (id integer PRIMARY KEY, doc jsonb);
SELECT sync_attach('place', 'map', 'place');

INSERT INTO place VALUES (1, '{"addr": {"city": "Bonn", "geo": {"lat": "50", "lng": "7", "source": "gps"}},
    "people": [{"mail": "first@x", "name": "Ann"}, {"mail": "old@x", "name": "Bob"}, {"mail": "third@x"}],
    "lines": ["a", "b", "c"], "tags": [{"name": "y", "color": "red"}, {"name": "z", "color": "blue"}], "7": {"x": "o", "y": 1}}');

CREATE FUNCTION write(field text, value jsonb, OUT applied integer) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM sync_ack(lease) FROM sync_poll('crm');
    PERFORM sync_diff('crm', 'place', jsonb_build_object('record_key', '1', field, value));
    applied := sync_apply('map');
END $$;
CREATE FUNCTION doc(VARIADIC path text[]) RETURNS jsonb LANGUAGE sql AS $$ SELECT doc #> path FROM place WHERE id = 1 $$;

SELECT sync_ack(lease) FROM sync_poll('crm');
SELECT count(*) FROM sync_record, LATERAL sync_diff('crm', 'place', jsonb_build_object('record_key', '1') || data);

SELECT is(write('lat', '"51"'), 1, 'three members deep');
SELECT is(doc('addr'), '{"city": "Bonn", "geo": {"lat": "51", "lng": "7", "source": "gps"}}', 'all beside it stays');

SELECT is(write('second', '"new@x"'), 1, 'in an element of an array');
SELECT is(doc('people'), '[{"mail": "first@x", "name": "Ann"}, {"mail": "new@x", "name": "Bob"}, {"mail": "third@x"}]', 'the others stay, and its other members');

SELECT is(write('second_line', '"B"'), 1, 'an element of an array');
SELECT is(doc('lines'), '["a", "B", "c"]', 'the others stay');

SELECT is(write('tags', '["y", "w"]'), 1, 'a set of members');
SELECT is(doc('tags') -> 1, '{"name": "y", "color": "red"}', 'an element that stays keeps its other members');
SELECT is(doc('tags') -> 0, '{"name": "w"}', 'another one is new');
SELECT is(jsonb_array_length(doc('tags')), 2, 'and one is gone');

SELECT is(write('numbered', '"p"'), 1, 'a key that looks like a number');
SELECT is(doc('7'), '{"x": "p", "y": 1}', 'is a key');

UPDATE place SET doc = '{"addr": null, "people": "none", "lines": [], "tags": []}' WHERE id = 1;
SELECT is(write('lat', '"52"'), 1, 'below a null');
SELECT is(doc('addr'), '{"geo": {"lat": "52"}}', 'what is missing on the way is made');
SELECT is(write('second', '"last@x"'), 1, 'below what is no array');
SELECT is(doc('people'), '[null, {"mail": "last@x"}]', 'an array is made');

UPDATE place SET doc = NULL WHERE id = 1;
SELECT is(write('numbered', '"q"'), 1, 'in a column that holds nothing');
SELECT is(doc('7'), '{"x": "q"}', 'the key is made');

SELECT is_empty('SELECT record_key, system, field FROM sync_divergence WHERE reason = ''near miss''', 'the book knows what stands there');

-- Whatever a worker passes by hand
SELECT is(sync_merge(NULL, '{"a": 1}', '[["a"]]'), '{"a": 1}', 'nothing is written to');
SELECT is(sync_merge('1', '2', '[[]]'), '2', 'a path without steps is all of it');
SELECT is(sync_merge('{"a": 1}', '{"b": 2}', '[["c"], 5, {"d": 1}, "e"]'), '{"a": 1}', 'what is no path, or leads nowhere, changes nothing');
SELECT is(sync_merge('{"a": 1}', '{"b": 2}', '"b"'), '{"a": 1}', 'nor does what is no array');
SELECT is(sync_merge('{"a": [{"n": 1, "m": 2}, 3]}', '{"a": [3, {"n": 1}, {"n": {}}]}', '[["a", null, "n"]]'),
    '{"a": [3, {"n": 1, "m": 2}, {"n": {}}]}', 'elements without the member are alike by nothing');
SELECT is(sync_merge('""', '[[]]', '[[null, null, "a"]]'), '[[]]', 'all elements of all elements are no place');
SELECT throws_ok(format('SELECT sync_merge(''{"a": [1]}'', ''{"a": [1]}'', %L)', paths), '22023', NULL, paths || ' is refused')
FROM unnest('{"[[true]]","[[\"a\", {}]]","[[\"a\", []]]","[[\"a\", -1]]","[[\"a\", 1000000]]"}'::text[]) AS paths;
SELECT throws_ok($$SELECT sync_merge('{}', '{}', '[["a", 1e20]]')$$, '22003', NULL, 'a number that is none of an element');

SELECT * FROM finish();
