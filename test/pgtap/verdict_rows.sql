-- One row for each record that is not unchanged, in input order, with all that became of it.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {"version": "v"}, "billing": {}},
	"fields": {"phone": {}, "email": {"owner": "crm"}, "seats": {"type": "number"}, "plan": {}}}');

CREATE FUNCTION pg_temp.verdicts(system text, records text, all_rows boolean DEFAULT false) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', record_key, verdict), ', ' ORDER BY ordinality)
	FROM sync_diff(system, 'contact', records, verbose => all_rows) WITH ORDINALITY
$$;

CALL pg_temp.at('10:00');
SELECT is(pg_temp.verdicts('crm', '[{"record_key": "Z", "phone": "0"}, {"record_key": "A", "phone": "0"}, {"record_key": "M", "phone": "0", "email": "a", "plan": "gold"}]'),
	'Z accepted, A accepted, M accepted', 'in input order, not in key order');
SELECT is(pg_temp.verdicts('crm', '[{"record_key": "Z", "phone": "0"}, {"record_key": "A", "phone": "1"}, {"record_key": "M", "phone": "0"}, {"record_key": "B", "seats": "many"}]'),
	'A accepted, B rejected', 'without what is unchanged');
SELECT is(pg_temp.verdicts('crm', '[{"record_key": "Z", "phone": "0"}, {"record_key": "A", "phone": "1"}, {"record_key": "C", "phone": "1"}]', all_rows => true),
	'Z unchanged, A unchanged, C accepted', 'unless verbose asks for it');
SELECT is(pg_temp.verdicts('crm', '[]'), NULL, 'an empty array is no record');
SELECT is(pg_temp.verdicts('crm', '[{"record_key": "T", "phone": "1"}, {"record_key": "U", "phone": "1"}, {"record_key": "T", "phone": "2"}, {"record_key": "T", "phone": "2"}]', all_rows => true),
	'T accepted, U accepted, T accepted, T unchanged', 'a record that stands twice is decided on the effects of the first');
SELECT is((SELECT data->>'phone' FROM sync_record WHERE record_key = 'T'), '2', 'the last one counts');

-- The columns
SELECT results_eq($$ SELECT record_key, verdict, action, change_set, outcome, field_hash, (SELECT array_agg(t ORDER BY t) FROM unnest(targets) AS t), coalesce(conflict_ids, '{}')
		FROM sync_diff('crm', 'contact', '{"record_key": "N", "id": "c_1", "phone": "0", "email": "A", "seats": "5"}') $$,
	$$ VALUES ('N', 'accepted', 'create', '{"phone": "0", "email": "A", "seats": 5}'::jsonb, '{"phone": "accepted", "email": "accepted", "seats": "accepted"}'::jsonb,
		sync_hash('{"phone": "0", "email": "A", "seats": 5}'), '{billing,support}'::text[], '{}'::bigint[]) $$, 'a create');
CALL pg_temp.record('N');
CALL pg_temp.deliver('support', 'billing');
CALL pg_temp.at('12:00');
SELECT results_eq($$ SELECT record_key, verdict, action, change_set, outcome, field_hash, (SELECT array_agg(t ORDER BY t) FROM unnest(targets) AS t)
		FROM sync_diff('support', 'contact', '{"record_key": "N", "phone": "1", "email": "B", "seats": 5}') $$,
	$$ VALUES ('N', 'overruled', 'update', '{"phone": "1"}'::jsonb, '{"phone": "accepted", "email": "overruled"}'::jsonb,
		sync_hash('{"phone": "1", "email": "B", "seats": 5, "plan": null}'), '{billing,crm,support}'::text[]) $$,
	'an update: change_set is what was accepted, outcome is of the fields that differed, the hash of what the system now shows');
SELECT conflict_ids FROM sync_diff('billing', 'contact', '{"record_key": "N", "phone": "7"}') \gset
SELECT is(:'conflict_ids'::bigint[], (SELECT array_agg(id) FROM sync_conflict WHERE record_key = 'N' AND status = 'open'), 'a conflict is named');
SELECT results_eq($$ SELECT verdict, action, change_set FROM sync_diff('billing', 'contact', '{"record_key": "N", "phone": "8"}') $$,
	$$ VALUES ('conflict', NULL::text, NULL::jsonb) $$, 'nothing was accepted: no action');
SELECT ok((SELECT length(detail) > 0 FROM sync_diff('billing', 'contact', '{"record_key": "N", "phone": "9"}')), 'detail says why in words');

-- The verdict is the worst outcome
CALL pg_temp.at_rest('worst', '{"phone": "0", "email": "a", "plan": "gold", "seats": 1}', 'crm', 'support', 'billing');
SELECT pg_temp.saw('crm', '{"phone": "1"}');
SELECT pg_temp.poll('support');
SELECT is(pg_temp.saw('support', '{"phone": "1", "seats": null}'), 'kept phone=echo,seats=kept', 'kept is worse than echo');
SELECT is(pg_temp.saw('support', '{"plan": "iron", "phone": null}'), 'accepted phone=kept,plan=accepted -> billing,crm', 'accepted is worse than kept');
SELECT alike(pg_temp.saw('support', '{"plan": "tin", "email": "b"}'), 'overruled email=overruled,plan=accepted%', 'overruled is worse than accepted');
SELECT alike(pg_temp.saw('billing', '{"plan": "zinc", "email": "b"}'), 'conflict email=overruled,plan=conflict%', 'conflict is worse than overruled');

-- Who did it
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '{"record_key": "actor", "phone": "0"}', actor => 'grace')), 1::bigint, 'the caller says who did it');
SELECT is((SELECT author || ' ' || actor FROM sync_change WHERE record_key = 'actor'), 'crm grace', 'which is kept with the change');

-- One door of three types
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "json", "phone": "0"}'::json)), 'accepted', 'json');
SELECT is_empty($$ SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "json", "phone": "0"}'::jsonb) $$, 'jsonb: the same record is unchanged');
SELECT is_empty($$ SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "json", "phone": "0"}'::text) $$, 'text: the same');

-- Once the executor comes to a call it does all of its work; one that it never comes to does nothing
SELECT record_key FROM sync_diff('crm', 'contact', '[{"record_key": "LIMIT 1", "phone": "0"}, {"record_key": "and more", "phone": "0"}]') LIMIT 1;
SELECT EXISTS (SELECT FROM sync_diff('crm', 'contact', '[{"record_key": "EXISTS", "phone": "0"}, {"record_key": "the rest", "phone": "0"}]'));
SELECT record_key FROM sync_diff('crm', 'contact', '{"record_key": "WHERE", "phone": "0"}') WHERE verdict = 'conflict';
SELECT record_key FROM sync_diff('crm', 'contact', '{"record_key": "LIMIT 0", "phone": "0"}') LIMIT 0;
SELECT record_key FROM sync_diff('crm', 'contact', '{"record_key": "false", "phone": "0"}') WHERE false;
WITH unread AS (SELECT record_key FROM sync_diff('crm', 'contact', '{"record_key": "WITH", "phone": "0"}')) SELECT 1 WHERE false;
SELECT set_eq($$ SELECT record_key FROM sync_record WHERE record_key = ANY ('{LIMIT 1,and more,EXISTS,the rest,WHERE,LIMIT 0,false,WITH}') $$,
	'{LIMIT 1,and more,EXISTS,the rest,WHERE}'::text[], 'all or nothing of a call');
SELECT count(*) FROM (SELECT FROM sync_poll('billing') LIMIT 1) AS one;
SELECT is((SELECT claimable FROM sync_lag WHERE target = 'billing'), 0::bigint, 'a poll claims what nobody reads, too');

SELECT * FROM finish();
