-- A first load fills golden records and shadows, and nothing is sent because of it.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"],
	"fields": {"phone": {"owner": "crm"}, "email": {}, "plan": {"nulls": "clear"}}}');

CREATE FUNCTION pg_temp.parts() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(system || ' ' || existence, ', ' ORDER BY system) FROM sync_shadow WHERE record_key = pg_temp.record_key()
$$;

CALL pg_temp.at('12:00');
SELECT is(pg_temp.loaded('crm', '{"phone": "0", "email": "a"}'), 'accepted email=accepted,phone=accepted', 'a new record fills');
SELECT is(pg_temp.golden(), '{"email": "a", "phone": "0"}', 'the golden record');
SELECT is(pg_temp.shows('crm'), '{"email": "a", "phone": "0"}', 'and the shadow');
SELECT is(pg_temp.parts(), 'billing left out, crm there, support left out', 'it is created in no other system');
SELECT is((SELECT (author, change_set)::text FROM sync_change WHERE record_key = 'T1'), '(crm,"{""email"": ""a"", ""phone"": ""0""}")', 'whose values they are is on record');

SELECT is(pg_temp.loaded('support', '{"phone": "0", "email": "a", "plan": "gold"}'), 'accepted email=agreed,phone=agreed,plan=accepted', 'the second system agrees, and fills what is missing');
SELECT is(pg_temp.golden(), '{"plan": "gold", "email": "a", "phone": "0"}', 'into the golden record');
SELECT is(pg_temp.parts(), 'billing left out, crm there, support there', 'it is there now');
SELECT is(pg_temp.loaded('billing', '{"plan": null, "email": null, "phone": null}'), 'kept email=kept,phone=kept,plan=kept', 'null says nothing against a value');
SELECT is(pg_temp.loaded('crm', '{"plan": null}'), 'kept plan=kept', 'whatever nulls mean elsewhere');
SELECT is_empty('SELECT * FROM sync_outbox', 'nothing waits for anybody');
SELECT is_empty('SELECT * FROM sync_conflict', 'nothing is in conflict');

-- Once more, each
SELECT md5(string_agg(s::text, ',')) AS book FROM sync_state AS s \gset
SELECT is(pg_temp.loaded('crm', '{"phone": "0", "email": "a", "plan": null}'), 'unchanged', 'crm once more');
SELECT is(pg_temp.loaded('support', '{"phone": "0", "email": "a", "plan": "gold"}'), 'unchanged', 'support once more');
SELECT is(pg_temp.loaded('billing', '{"plan": null, "email": null, "phone": null}'), 'unchanged', 'billing once more');
SELECT is((SELECT md5(string_agg(s::text, ',')) FROM sync_state AS s), :'book', 'and nothing is written');

-- Null first, a value second
CALL pg_temp.record('null first');
SELECT is(pg_temp.loaded('billing', '{"plan": null, "email": null}'), 'accepted email=agreed,plan=agreed', 'null first');
SELECT is(pg_temp.loaded('support', '{"plan": "gold", "email": "a"}'), 'accepted email=accepted,plan=accepted', 'a value second');
SELECT is_empty('SELECT * FROM sync_outbox', 'is not sent to the first');
SELECT is(pg_temp.shows('billing'), '{"plan": null, "email": null}', 'which is known to show null');

-- What a system was not shown to hold is not overwritten, owner or not
CALL pg_temp.record('parts');
SELECT is(pg_temp.loaded('support', '{"email": "a"}'), 'accepted email=accepted', 'one system shows a part');
SELECT is(pg_temp.loaded('crm', '{"phone": "0"}'), 'accepted phone=accepted', 'the owner another');
SELECT is_empty('SELECT * FROM sync_outbox', 'neither is sent');
SELECT is(pg_temp.loaded('support', '{"phone": null}'), 'kept phone=kept', 'shown later as null: no more than a difference');
SELECT is_empty('SELECT * FROM sync_outbox', 'that is known');

-- A record whose required field is missing is no record
SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {"phone": {"required": true}}}');
CALL pg_temp.record('rejected');
SELECT is(pg_temp.loaded('support', '{"email": "a"}'), 'rejected', 'required is required');
SELECT is(pg_temp.golden(), NULL, 'and nothing is filled');

SELECT * FROM finish();
