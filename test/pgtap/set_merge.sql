-- Three-way merges of sets, as vectors: golden set, shown set, the sets it may have shown before.
BEGIN;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.merge(golden text, shown text, bases text[]) RETURNS text
	LANGUAGE c STRICT AS '$libdir/sync_ledger', 'sync_test_set_merge';

CREATE TEMP TABLE vector (ordinal serial, golden text, shown text, bases text[], expected text, behaviour text);
INSERT INTO vector (golden, shown, bases, expected, behaviour) VALUES
	('[]', '[]', '{[]}', '[]', 'nothing_of_nothing'),
	('null', '["a"]', '{"null"}', '["a"]', 'null_is_the_empty_set'),
	('["a"]', 'null', '{"[\"a\"]"}', '[]', 'null_removes_all_that_was_shown'),
	('["a","b"]', '["a"]', '{"[\"a\",\"b\"]"}', '["a"]', 'what_was_shown_and_is_missing_was_removed'),
	('["a"]', '["a","b"]', '{"[\"a\"]"}', '["a","b"]', 'what_was_not_shown_is_added'),
	('["a","c"]', '["a","b"]', '{"[\"a\"]"}', '["a","b","c"]', 'what_others_added_stays'),
	('["a"]', '["a","b","c"]', '{"[\"a\",\"b\"]"}', '["a","c"]', 'what_others_removed_does_not_come_back'),
	('["b"]', '["b","c"]', '{"[\"a\",\"b\"]"}', '["b","c"]', 'removed_here_and_there'),
	('["b","c"]', '["b","c"]', '{"[\"a\"]"}', '["b","c"]', 'added_here_and_there'),
	('["a","b"]', '["c"]', '{[]}', '["a","b","c"]', 'a_union'),
	('["a","b"]', '[]', '{"[\"a\",\"b\"]"}', '[]', 'all_are_removed'),
	-- What only some of the bases hold
	('["a","b"]', '["a"]', '{"[\"a\"]","[\"a\",\"b\"]"}', 'unsure ["a","b"]', 'missing_where_only_some_held_it_is_unsure'),
	('["a","b"]', '["a","c"]', '{"[\"a\"]","[\"a\",\"b\"]"}', 'unsure ["a","b","c"]', 'what_is_sure_of_the_rest_is_merged'),
	('["a","b"]', '["b"]', '{"[\"a\"]","[\"a\",\"b\"]"}', '["b"]', 'what_all_of_them_held_was_removed'),
	('["a"]', '["a","b"]', '{"[\"a\"]","[\"a\",\"b\"]"}', '["a"]', 'what_one_of_them_held_is_not_added'),
	('["a"]', '["a"]', '{"[\"a\"]","[\"a\",\"b\"]"}', '["a"]', 'what_is_gone_already_needs_no_telling'),
	-- Order and escapes
	('["B","a"]', '["B","a","b"]', '{"[\"B\",\"a\"]"}', '["B","a","b"]', 'sorted_by_code_point'),
	(E'["a","\uE000"]', E'["\uE000","\U00010000"]', E'{"[\\"\uE000\\"]"}', E'["a","\uE000","\U00010000"]', 'not_by_utf16'),
	('["\""]', '["\"","\\"]', '{"[\"\\\"\"]"}', '["\"","\\"]', 'escapes_are_part_of_no_element'),
	('["\n","a"]', '["\n","\u001f"]', '{"[\"\\n\",\"a\"]"}', '["\n","\u001f"]', 'sorted_by_what_escapes_mean'),
	('["a,b"]', '["a","b"]', '{[]}', '["a","a,b","b"]', 'commas_part_nothing'),
	('[""]', '["","a"]', '{"[\"\"]"}', '["","a"]', 'the_empty_text_is_an_element'),
	-- What another type has left behind
	('{"a":1}', '["a"]', '{3}', '["a"]', 'what_is_no_set_is_the_empty_one'),
	('[1,["a"]]', '["a"]', '{[]}', '["a"]', 'nor_is_an_array_of_anything');

SELECT is(pg_temp.merge(golden, shown, bases), expected, behaviour) FROM vector ORDER BY ordinal;

-- A merge with what it gave is no change, and the order of two systems' additions is none of its business
SELECT is(count(*), 0::bigint, 'merging again changes nothing') FROM vector
WHERE expected NOT LIKE 'unsure%' AND pg_temp.merge(expected, expected, ARRAY[expected]) <> expected;
SELECT is(pg_temp.merge(pg_temp.merge('["a"]', '["a","b"]', '{"[\"a\"]"}'), '["a","c"]', '{"[\"a\"]"}'),
	pg_temp.merge(pg_temp.merge('["a"]', '["a","c"]', '{"[\"a\"]"}'), '["a","b"]', '{"[\"a\"]"}'), 'either may come first');

SELECT * FROM finish();
ROLLBACK;
