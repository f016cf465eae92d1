-- What differs between two complete records: the truth table.
BEGIN;
SELECT plan(40);

CREATE TEMP TABLE pair (ordinal serial, old jsonb, new jsonb, expected jsonb, behaviour text);
INSERT INTO pair (old, new, expected, behaviour) VALUES
	('{}', '{}', '{}', 'two_empty_records_are_equal'),
	('{"a": 1, "b": 2}', '{"b": 2, "a": 1}', '{}', 'the_order_of_keys_is_no_difference'),
	('{"a": 1}', '{"a": 2}', '{"a": 2}', 'another_value_is_a_change'),
	('{"a": 1, "b": 2}', '{"a": 1, "b": 3}', '{"b": 3}', 'only_what_differs_is_named'),
	('{"a": 1}', '{}', '{"a": null}', 'a_key_that_is_gone_becomes_null'),
	('{}', '{"a": 1}', '{"a": 1}', 'a_new_key_is_a_change'),
	('{"a": null}', '{}', '{}', 'null_to_absent_is_none'),
	('{}', '{"a": null}', '{}', 'absent_to_null_is_none'),
	('{"a": null}', '{"a": null}', '{}', 'null_to_null_is_none'),
	('{"a": null}', '{"a": 1}', '{"a": 1}', 'null_to_a_value_is_a_change'),
	('{"a": 1}', '{"a": null}', '{"a": null}', 'a_value_to_null_is_a_change'),
	('{"a": ""}', '{"a": null}', '{"a": null}', 'an_empty_string_is_not_null'),
	('{"a": ""}', '{}', '{"a": null}', 'an_empty_string_is_not_absent'),
	('{"a": 1}', '{"a": 1.0}', '{}', 'a_number_in_another_form_is_none'),
	('{"a": 100}', '{"a": 1E2}', '{}', 'a_number_with_an_exponent_is_none'),
	('{"a": 0}', '{"a": -0.0}', '{}', 'minus_zero_is_zero'),
	('{"a": 9007199254740992}', '{"a": 9007199254740993}', '{"a": 9007199254740993}', 'numbers_are_compared_exactly'),
	('{"a": 1}', '{"a": "1"}', '{"a": "1"}', 'another_type_is_a_change'),
	('{"a": true}', '{"a": false}', '{"a": false}', 'true_to_false_is_a_change'),
	('{"a": true}', '{"a": true}', '{}', 'true_to_true_is_none'),
	('{"a": false}', '{"a": 0}', '{"a": 0}', 'false_is_not_zero'),
	('{"a": "x"}', '{"a": "X"}', '{"a": "X"}', 'case_matters'),
	('{"a": "e\u0301"}', '{"a": "\u00e9"}', '{"a": "\u00e9"}', 'unicode_is_compared_by_code_point'),
	('{"a": [1, 2]}', '{"a": [1.0, 2]}', '{}', 'numbers_inside_an_array_are_compared_by_value'),
	('{"a": [1, 2]}', '{"a": [2, 1]}', '{"a": [2, 1]}', 'the_order_of_an_array_matters'),
	('{"a": []}', '{"a": {}}', '{"a": {}}', 'an_empty_array_is_no_empty_object'),
	('{"a": []}', '{"a": null}', '{"a": null}', 'an_empty_array_is_not_null'),
	('{"a": {"x": 1, "y": [2]}}', '{"a": {"y": [2.00], "x": 1}}', '{}', 'equal_objects_inside_are_none'),
	('{"a": {"x": 1}}', '{"a": {"x": 1, "y": null}}', '{"a": {"x": 1, "y": null}}', 'null_inside_a_value_is_not_absent'),
	('{"a": 1, "bb": 2, "c": 3, "dddd": 4}', '{"": 0, "bb": 5, "cc": 6, "dddd": 4, "e": 7}',
	 '{"": 0, "a": null, "bb": 5, "c": null, "cc": 6, "e": 7}', 'keys_of_both_sides_are_met'),
	(NULL, '{"a": 1, "b": null}', '{"a": 1}', 'no_old_record_gives_all_that_is_not_null'),
	('{"a": 1, "b": null}', NULL, '{"a": null}', 'no_new_record_gives_null_for_all_that_was_not'),
	(NULL, NULL, '{}', 'no_record_at_all_is_no_change');

SELECT is(sync_changes(old, new), expected, behaviour) FROM pair ORDER BY ordinal;

SELECT is_empty($$
	SELECT behaviour FROM pair WHERE sync_changes(old, old) <> '{}' OR sync_changes(new, new) <> '{}'
$$, 'a_record_does_not_differ_from_itself');
SELECT is_empty($$
	SELECT behaviour FROM pair
	WHERE sync_changes(coalesce(old, '{}') || sync_changes(old, new), new) <> '{}'
$$, 'the_changes_applied_to_the_old_record_give_the_new_one');
SELECT is((SELECT count(*) FROM pair WHERE (sync_changes(old, new) = '{}') <> (sync_changes(new, old) = '{}')), 0::bigint,
	'there_and_back_differ_alike');

SELECT throws_ok($$ SELECT sync_changes('[]', '{}') $$, '22023', 'a record to compare is no JSON object', 'an_array_is_no_record');
SELECT throws_ok($$ SELECT sync_changes('{}', '[{}]') $$, '22023', 'a record to compare is no JSON object', 'an_array_of_records_is_none');
SELECT throws_ok($$ SELECT sync_changes('null', '{}') $$, '22023', 'a record to compare is no JSON object', 'json_null_is_no_record');
SELECT throws_ok($$ SELECT sync_changes(NULL, '1') $$, '22023', 'a record to compare is no JSON object', 'a_scalar_is_no_record');

SELECT * FROM finish();
ROLLBACK;
