-- sync_blame names for each field who set its value, where, when and in which version.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"owner": "crm"}, "email": {}, "plan": {}, "seats": {"type": "number", "sensitive": true}}}');
CREATE FUNCTION pg_temp.blame() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', field, value, 'by', author, actor, to_char(changed_at AT TIME ZONE 'UTC', 'HH24:MI'), 'v' || version)
	FROM sync_blame('contact', pg_temp.record_key())
$$;

CALL pg_temp.at_rest('T1', '{"phone": "1", "email": "a", "plan": null, "seats": 4711}', 'crm', 'support');
SELECT results_eq('SELECT pg_temp.blame()', ARRAY['email "a" by crm 10:00 v1', 'phone "1" by crm 10:00 v1', 'plan null by', 'seats "***" by crm 10:00 v1'],
	'the creator is the author of all but what nobody has set');
SELECT is((SELECT verdict FROM sync_diff('support', 'contact', '{"record_key": "T1", "phone": "2", "email": "b"}', actor => 'eve')), 'overruled', 'eve edits in support');
SELECT results_eq('SELECT pg_temp.blame() LIMIT 2', ARRAY['email "b" by support eve 12:00 v2', 'phone "1" by crm 10:00 v1'],
	'what was accepted is hers, what was overruled is not');
CALL pg_temp.at('12:00:10');
SELECT is(pg_temp.saw('crm', '{"email": "c"}'), 'conflict email=conflict', 'a collision');
SELECT results_eq('SELECT pg_temp.blame() LIMIT 1', ARRAY['email "b" by support eve 12:00 v2'], 'moves nothing');
CALL pg_temp.at('12:05');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support', by => 'ada'), true, 'ada decides for support');
SELECT results_eq('SELECT pg_temp.blame() LIMIT 1', ARRAY['email "b" by review ada 12:05 v3'], 'and has set it then');
SELECT bag_eq($$SELECT b.field, b.author, b.actor FROM sync_blame('contact', 'T1') AS b WHERE b.author IS NOT NULL$$,
	$$SELECT DISTINCT ON (f) f, c.author, c.actor FROM sync_change AS c, jsonb_object_keys(c.change_set) AS f
		WHERE c.record_key = 'T1' ORDER BY f, c.version DESC$$, 'the log says the same');

SELECT is_empty($$SELECT * FROM sync_blame('contact', 'nobody')$$, 'a record that is not known has no fields');
SELECT throws_ok($$SELECT * FROM sync_blame('contacts', 'T1')$$, '42704', 'entity "contacts" is not configured', 'an unknown entity is an error');

SELECT * FROM finish();
