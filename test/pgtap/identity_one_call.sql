-- Records of one call that are one record are decided in input order, each on the effects of
-- the ones before it, in a dry run too.
\ir story.psql
\ir identity.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"id": "ticket", "deleted": "gone"}}, "fields": {"email": {}, "phone": {}}, "match_on": ["email"], "window": "0"}');
CALL pg_temp.at('10:00');

-- First as a dry run, then for good: the same rows
CREATE FUNCTION pg_temp.both(system text, payload jsonb) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	dry text[] := ARRAY(SELECT pg_temp.came(system, payload, true));
	done text[] := ARRAY(SELECT pg_temp.came(system, payload));
BEGIN
	RETURN CASE WHEN dry = done THEN done ELSE ARRAY['dry'] || dry || ARRAY['done'] || done END;
END
$$;

SELECT is(pg_temp.both('support', '[{"ticket": "t_1", "email": "a"}, {"ticket": "t_1", "email": "b"}, {"ticket": "t_1", "email": "b"}]'),
	ARRAY['support:t_1 accepted -> crm', 'support:t_1 accepted -> crm (found by native id t_1)', 'support:t_1 unchanged (found by native id t_1)'],
	'a record that is new, by its native id');
SELECT is(pg_temp.both('support', '[{"record_key": "2", "ticket": "t_2", "email": "c"}, {"ticket": "t_2", "email": "d"}]'),
	ARRAY['2 accepted -> crm', '2 accepted -> crm (found by native id t_2)'],
	'a link that the first one makes');
SELECT is(pg_temp.both('support', '[{"record_key": "3", "email": "e"}, {"ticket": "t_3", "email": "e", "phone": "1"}, {"ticket": "t_4", "email": "e"}]'),
	ARRAY['3 accepted -> crm', '3 accepted -> crm (matched on email)', 'support:t_4 accepted -> crm'],
	'a record that match_on finds, and then no more');
SELECT is(pg_temp.both('support', '[{"record_key": "5", "email": "f"}, {"record_key": "6", "email": "f"}, {"ticket": "t_5", "email": "f"}, {"ticket": "t_5", "email": "g"}]'),
	ARRAY['5 accepted -> crm', '6 accepted -> crm', 'support:t_5 conflict (native id t_5: email of several records)', 'support:t_5 conflict (native id t_5: its native id is in open conflict)'],
	'one that is in doubt');
SELECT is(pg_temp.both('support', '[{"record_key": "7", "ticket": "t_7", "email": "h"}, {"record_key": "7", "ticket": "t_8"}, {"ticket": "t_7", "email": "i"}]'),
	ARRAY['7 accepted -> crm', '7 unchanged', 'support:t_7 accepted -> crm'],
	'an id that names a record no more');
SELECT is(pg_temp.both('crm', '[{"record_key": "9", "email": "j"}, {"record_key": "9", "email": "k"}, {"id": "c_9", "email": "j"}, {"id": "c_10", "email": "k"}]'),
	ARRAY['9 accepted -> support', '9 accepted -> support', 'crm:c_9 accepted -> support', '9 unchanged (matched on email)'],
	'values that moved on within the call');
SELECT is(pg_temp.both('support', '[{"record_key": "11", "email": "l"}, {"record_key": "11", "gone": true}, {"ticket": "t_11", "email": "l"}]'),
	ARRAY['11 accepted -> crm', '11 accepted', 'support:t_11 accepted -> crm'],
	'a record that died within the call');
SELECT is(pg_temp.both('support', '[{"ticket": "t_12", "gone": true}, {"ticket": "t_12", "email": "m"}, {"ticket": "t_12", "gone": true}]'),
	ARRAY['support:t_12 unchanged', 'support:t_12 accepted -> crm', 'support:t_12 accepted (found by native id t_12)'],
	'lives and deaths');
SELECT is(pg_temp.both('crm', '[{"record_key": "13", "email": "n"}, {"record_key": "14", "email": "o"}, {"record_key": "15", "email": "o"}]'),
	ARRAY['13 accepted -> support', '14 accepted -> support', '15 accepted -> support'], 'records of the other side');
SELECT is(pg_temp.both('support', '[{"record_key": "13", "ticket": "t_13", "phone": "1"}, {"ticket": "t_14", "email": "n", "phone": "2"}]'),
	ARRAY['13 accepted', 'support:t_14 accepted -> crm'],
	'a record that the first one links, and match_on finds no more');
SELECT is(pg_temp.both('support', '[{"record_key": "14", "ticket": "t_15", "phone": "1"}, {"ticket": "t_16", "email": "o"}]'),
	ARRAY['14 accepted', '15 agreed (matched on email)'],
	'one of two, and the other is meant');
SELECT is_empty('SELECT pg_temp.strays()', 'the indexes say what the shadows say');

-- An id that named a record before the call, and names it no more
SELECT is(pg_temp.both('support', '{"record_key": "20", "ticket": "t_20", "phone": "1"}'), ARRAY['20 accepted -> crm'], 'a record, linked');
SELECT is(pg_temp.both('support', '[{"record_key": "20", "ticket": "t_21", "phone": "2"}, {"ticket": "t_20", "phone": "3"}, {"ticket": "t_21", "phone": "4"}]'),
	ARRAY['20 accepted -> crm', 'support:t_20 accepted -> crm', '20 accepted -> crm (found by native id t_21)'],
	'an id that the first one takes the place of');

SELECT is(pg_temp.both('support', '[{"record_key": "20", "phone": "5"}, {"record_key": "20", "ticket": "t_22", "phone": "6"}, {"ticket": "t_21", "phone": "7"}]'),
	ARRAY['20 accepted -> crm', '20 accepted -> crm', 'support:t_21 accepted -> crm'],
	'also where the record stands before it');

-- A delete under a native id that names another record
SELECT is(pg_temp.both('support', '[{"record_key": "25", "ticket": "t_25", "phone": "1"}, {"record_key": "26", "ticket": "t_26", "phone": "1"}]'), ARRAY['25 accepted -> crm', '26 accepted -> crm'], 'two records');
SELECT is(pg_temp.both('support', '[{"record_key": "25", "phone": "2"}, {"record_key": "25", "ticket": "t_26", "gone": true}]'),
	ARRAY['25 accepted -> crm', '25 conflict (native id t_26: its key and its native id name two records)'],
	'is in doubt, also where the record stands before it');

-- Values that a record had before the call, and has no more
SELECT is(pg_temp.both('crm', '[{"record_key": "30", "email": "p"}, {"record_key": "31", "email": "q"}, {"record_key": "32", "email": "q"}]'),
	ARRAY['30 accepted -> support', '31 accepted -> support', '32 accepted -> support'], 'records of the other side');
SELECT is(pg_temp.both('crm', '[{"record_key": "30", "email": "r"}, {"id": "c_30", "email": "p"}]'),
	ARRAY['30 accepted -> support', 'crm:c_30 accepted -> support'], 'nobody is meant any more');
SELECT is(pg_temp.both('crm', '[{"record_key": "31", "email": "s"}, {"id": "c_31", "email": "q"}]'),
	ARRAY['31 accepted -> support', '32 unchanged (matched on email)'], 'one is left of two');

-- A key that stands twice, the second time with a native id
SELECT is(pg_temp.both('support', '[{"record_key": "x1", "ticket": "x_1", "phone": "1"}, {"record_key": "x2", "phone": "2"}]'),
	ARRAY['x1 accepted -> crm', 'x2 accepted -> crm'],
	'two records, one with a native id');
SELECT is(pg_temp.both('support', '[{"record_key": "x2", "phone": "3"}, {"record_key": "x2", "ticket": "x_1", "phone": "4"}]'),
	ARRAY['x2 accepted -> crm', 'x2 conflict (native id x_1: its key and its native id name two records)'],
	'of another record');
SELECT is(pg_temp.both('support', '[{"record_key": "x2", "phone": "5"}, {"record_key": "x2", "ticket": "x_1", "phone": "6"}]'),
	ARRAY['x2 accepted -> crm', 'x2 conflict (native id x_1: its native id is in open conflict)'],
	'in open conflict');
SELECT is(pg_temp.both('support', '[{"record_key": "x2", "phone": "7"}, {"record_key": "x2", "ticket": "x_2", "phone": "8"}, {"ticket": "x_2", "phone": "9"}]'),
	ARRAY['x2 accepted -> crm', 'x2 accepted -> crm', 'x2 accepted -> crm (found by native id x_2)'],
	'that nobody has');
SELECT is(sync_resolve(pg_temp.doubt(), value => '"x1"'), true, 'a human says which');
SELECT is(pg_temp.both('support', '[{"record_key": "x2", "phone": "5"}, {"record_key": "x2", "ticket": "x_1", "phone": "10"}]'),
	ARRAY['x2 accepted -> crm', 'x1 accepted -> crm (found by native id x_1)'],
	'of another record, as a human has said');

-- Many at once: each of its own, none twice
SELECT is((SELECT string_agg(DISTINCT v.verdict, ',') FROM sync_diff('support', 'contact',
	(SELECT json_agg(json_build_object('ticket', 'm_' || n, 'email', 'mail ' || n)) FROM generate_series(1, 3000) AS n)::text) AS v), 'accepted', 'three thousand new ones');
SELECT is((SELECT string_agg(DISTINCT v.verdict || v.detail, ',') FROM sync_diff('crm', 'contact',
	(SELECT json_agg(json_build_object('id', n, 'email', 'mail ' || n)) FROM generate_series(1, 3000) AS n)::text) AS v), 'agreedmatched on email; email: the golden record says so already', 'each is found by the other side');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact',
	(SELECT json_agg(json_build_object('id', n, 'email', 'mail ' || n)) FROM generate_series(1, 3000) AS n)::text)), 0::bigint, 'and is unchanged after that');
SELECT is((SELECT count(*) FROM sync_match WHERE record_key = ''), 0::bigint, 'no lock is left');

-- A native id that came and went in the call still names its record
SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"id": "ticket", "deleted": "gone"}}, "fields": {"email": {}, "phone": {}}, "delete_owner": "crm", "window": "0"}');
SELECT is(pg_temp.both('crm', '[{"record_key": "y1", "phone": "1"}, {"record_key": "y2", "phone": "2"}]'), ARRAY['y1 accepted -> support', 'y2 accepted -> support'], 'two records');
SELECT is(pg_temp.both('support', '[{"record_key": "y1", "ticket": "y_1", "phone": "1"}, {"record_key": "y1", "gone": true}, {"record_key": "y2", "ticket": "y_1", "phone": "2"}]'),
	ARRAY['y1 agreed', 'y1 overruled -> support', 'y2 conflict (native id y_1: its key and its native id name two records)'],
	'to which it is to go again');

SELECT * FROM finish();
