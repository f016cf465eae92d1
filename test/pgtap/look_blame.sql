-- sync_blame says of every field of a record who set it, when, in which version, and who did it there.
\ir story.psql
\ir gone.psql
\ir refusal.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}, "tags": {"type": "set"}, "never": {}}}');

CREATE FUNCTION pg_temp.blame(of_field text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', value, author, actor, to_char(changed_at AT TIME ZONE 'UTC', 'HH24:MI'), 'v' || version)
	FROM sync_blame('contact', pg_temp.record_key()) WHERE field = of_field
$$;

CALL pg_temp.at_rest('T1', '{"phone": "0", "email": "a", "tags": ["x"]}', 'crm', 'support');
SELECT is(pg_temp.blame('phone'), '"0" crm 10:00 v1', 'who created it set it');
SELECT is((SELECT verdict FROM sync_diff('support', 'contact', '{"record_key": "T1", "email": "b"}', actor => 'ann@support')), 'accepted', 'a human edits');
SELECT is(pg_temp.blame('email'), '"b" support ann@support 12:00 v2', 'system and actor are named');
SELECT is(pg_temp.blame('phone'), '"0" crm 10:00 v1', 'the other field keeps its author');
SELECT is(pg_temp.blame('tags'), '["x"] crm 10:00 v1', 'of any type');

CALL pg_temp.at('12:05');
SELECT is((SELECT verdict FROM sync_diff('support', 'contact', '{"record_key": "T1", "email": "b"}', actor => 'bob')), NULL, 'what is unchanged');
SELECT is(pg_temp.saw('crm', '{"email": "b"}'), 'agreed email=agreed', 'or agreed');
SELECT is(pg_temp.blame('email'), '"b" support ann@support 12:00 v2', 'changes no author');

CALL pg_temp.at('12:10');
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.saw('support', '{"phone": "2"}'), 'conflict phone=conflict', 'collides');
SELECT is(pg_temp.blame('phone'), '"1" crm 12:10 v3', 'the author of the current value');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support', by => 'ada'), true, 'decided');
SELECT is(pg_temp.blame('phone'), '"2" review ada 12:10 v4', 'by review, the human its actor');

SELECT is((SELECT string_agg(field, ',' ORDER BY field) FROM sync_blame('contact', 'T1') WHERE author IS NOT NULL), 'email,phone,tags', 'the fields that somebody set');
SELECT is((SELECT jsonb_object_agg(field, value) FROM sync_blame('contact', 'T1') WHERE author IS NOT NULL), jsonb_strip_nulls(pg_temp.golden()), 'are the golden record');

SELECT is_empty($$ SELECT * FROM sync_blame('contact', 'nobody') $$, 'of a record that is not there nothing');
SELECT matches(pg_temp.refused($$ SELECT * FROM sync_blame('contcat', 'T1') $$), '^42704 .*"contcat".*\| Did you mean "contact"', 'an unknown entity is named');

SELECT * FROM finish();
