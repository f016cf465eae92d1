-- A delete's own version counts for all fields: what is older is stale, whatever it holds, and
-- brings nothing back.
\ir story.psql
SELECT * FROM no_plan();

CREATE PROCEDURE pg_temp.policy(more jsonb) LANGUAGE sql AS $$
	SELECT sync_configure('contact', '{"systems": {"crm": {"version": "v", "deleted": "gone"}, "desk": {}}, "fields": {"name": {}, "phone": {}}, "window": "0"}' || more)
$$;

-- crm shows the record in its second version, and deletes it in the fifth
CREATE FUNCTION pg_temp.deleted(record_key text, fields jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, fields || '{"v": 2}', 'crm', 'desk');
	RETURN pg_temp.saw('crm', '{"v": 5, "gone": true}');
END
$$;

CALL pg_temp.policy('{}');
SELECT is(pg_temp.deleted('dead', '{"name": "Ada"}'), 'accepted -> desk', 'crm deletes the record');
SELECT is(pg_temp.saw('crm', '{"name": "Ada", "v": 3}'), 'stale name=stale', 'an older version of it comes late');
SELECT is(pg_temp.saw('crm', '{"v": 3}'), 'stale', 'and one without the fields');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "v": 4}'), 'stale phone=stale', 'and one with a field that nobody had set');
SELECT is(pg_temp.waits('crm'), NULL, 'nothing is deleted where it was deleted');
SELECT is(pg_temp.waits('desk'), 'delete {}', 'the delete goes to the other');
CALL pg_temp.deliver('desk');
SELECT is(pg_temp.saw('crm', '{"name": "Eve", "v": 6}'), 'accepted name=accepted -> desk', 'a newer one creates it again');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "v": 4}'), 'stale phone=stale', 'what is older than the delete is stale in that life too');

SELECT is(pg_temp.deleted('empty', '{}'), 'accepted -> desk', 'a record without values is deleted');
SELECT is(pg_temp.saw('crm', '{"v": 3}'), 'stale', 'an older version of it is stale');
SELECT is(pg_temp.saw('crm', '{"v": 6}'), 'accepted', 'a newer one is not');

CALL pg_temp.at_rest('echo', '{"name": "Ada", "v": 2}', 'crm', 'desk');
SELECT is((SELECT verdict FROM sync_delete('desk', 'contact', '{echo}')), 'accepted', 'the other deletes one');
SELECT is(pg_temp.poll('crm'), 'delete {}', 'crm is told');
SELECT is(pg_temp.ack('crm'), true, 'acknowledged');
SELECT is(pg_temp.saw('crm', '{"v": 5, "gone": true}'), 'echo', 'and says so');
SELECT is(pg_temp.saw('crm', '{"name": "Eve", "v": 3}'), 'stale name=stale', 'what was there before is older');
SELECT is(pg_temp.saw('crm', '{"v": 3}'), 'stale', 'with or without the fields');

-- What the delete leaves to do is not done by that either
CALL pg_temp.policy('{"delete_owner": "desk"}');
SELECT is(pg_temp.deleted('overruled', '{"name": "Ada"}'), 'overruled -> crm', 'a delete is overruled');
SELECT is(pg_temp.saw('crm', '{"name": "Eve", "v": 3}'), 'stale name=stale', 'an edit from before it comes late');
SELECT is(pg_temp.conflicts(), ' delete resolved: {"name": "Ada", "phone": null} (crm) against  (crm); name collision resolved: "Ada" (crm) against "Eve" (crm)', 'and is named');
SELECT is(pg_temp.saw('crm', '{"v": 4}'), 'stale', 'so does what holds nothing');
SELECT is(pg_temp.waits('crm'), 'create {"name": "Ada"}', 'the record is created again all the same');

CALL pg_temp.policy('{"deletes": "ignore"}');
SELECT is(pg_temp.deleted('ignored', '{"name": "Ada"}'), 'kept', 'a delete is ignored');
SELECT is(pg_temp.saw('crm', '{"v": 3}'), 'stale', 'an older version is stale');
SELECT is((SELECT existence FROM sync_shadow WHERE record_key = 'ignored' AND system = 'crm'), 'left out', 'crm stays out of the record');

CALL pg_temp.policy('{"deletes": "review"}');
SELECT is(pg_temp.deleted('reviewed', '{"name": "Ada"}'), 'conflict', 'a delete is reviewed');
SELECT is(pg_temp.saw('crm', '{"v": 3}'), 'stale', 'an older version is stale');
SELECT isnt(pg_temp.open_conflict(), NULL, 'and takes nothing back');

-- Under another native id it is another record of that system, which counts anew
CALL pg_temp.policy('{"systems": {"crm": {"version": "v", "deleted": "gone", "id": "id"}, "desk": {}}}');
CALL pg_temp.at_rest('anew', '{"name": "Ada", "v": 2, "id": "c1"}', 'crm', 'desk');
SELECT is(pg_temp.saw('crm', '{"v": 5, "gone": true, "id": "c1"}'), 'accepted -> desk', 'crm deletes a record');
CALL pg_temp.deliver('desk');
SELECT is(pg_temp.saw('crm', '{"name": "Ada", "v": 3, "id": "c1"}'), 'stale name=stale', 'an older version of it is stale');
SELECT is(pg_temp.saw('crm', '{"name": "Eve", "v": 1, "id": "c2"}'), 'accepted name=accepted -> desk', 'another one under its key is a new life');
SELECT is(pg_temp.saw('crm', '{"name": "Eva", "v": 2, "id": "c2"}'), 'accepted name=accepted -> desk', 'and goes on');
SELECT is(pg_temp.saw('crm', '{"name": "Eve", "v": 1, "id": "c2"}'), 'stale name=stale', 'by its own versions');
CALL pg_temp.at_rest('held', '{"name": "Ada", "v": 2, "id": "h1"}', 'crm', 'desk');
SELECT is((SELECT verdict FROM sync_delete('desk', 'contact', '{held}')), 'accepted', 'the other deletes one');
CALL pg_temp.deliver('crm');
SELECT is(pg_temp.saw('crm', '{"v": 5, "gone": true, "id": "h1"}'), 'echo', 'which is shown');
SELECT is(pg_temp.saw('crm', '{"name": "Eve", "v": 1, "id": "h2"}'), 'held name=held', 'another one is held');

SELECT * FROM finish();
