-- A human resolves a group as one: by a side, or by an object of its fields.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"],
	"fields": {"street": {"group": "address", "required": true}, "city": {"group": "address"}, "zip": {"group": "address", "type": "number"}}}');

-- The crm moves to street B, support to city b, each unseen by the other.
CREATE PROCEDURE pg_temp.collision(record_key text) LANGUAGE plpgsql AS $$
BEGIN
	CALL pg_temp.at_rest(record_key, '{"street": "A", "city": "a"}', 'crm', 'support');
	PERFORM pg_temp.saw('crm', '{"street": "B"}');
	PERFORM pg_temp.saw('support', '{"city": "b"}');
END
$$;

CREATE FUNCTION pg_temp.last_conflict() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', status, resolution, resolved_value::text) FROM sync_conflict WHERE record_key = pg_temp.record_key()
$$;

CALL pg_temp.collision('current');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm', by => 'ann'), true, 'the golden address wins');
SELECT is(pg_temp.golden() - 'zip', '{"city": "a", "street": "B"}', 'it stands');
SELECT is(pg_temp.waits('support'), 'update {"city": "a", "street": "B"}', 'what differs there goes in one change-set');
SELECT is(pg_temp.waits('crm'), NULL, 'and where it stands nothing');
SELECT is(pg_temp.last_conflict(), 'resolved crm {"zip": null, "city": "a", "street": "B"}', 'the row says so');

CALL pg_temp.collision('as it is');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'current_system'), true, 'whoever that is');
SELECT is(pg_temp.last_conflict(), 'resolved crm {"zip": null, "city": "a", "street": "B"}', 'the row names it');

CALL pg_temp.collision('side');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'support'), true, 'the other address wins');
SELECT is(pg_temp.golden() - 'zip', '{"city": "b", "street": "A"}', 'whole');
SELECT is(pg_temp.waits('crm'), 'update {"city": "b", "street": "A"}', 'the crm gets all of it');
SELECT is(pg_temp.waits('support'), NULL, 'who showed it, nothing');

CALL pg_temp.collision('value');
SELECT is(sync_resolve(pg_temp.open_conflict(), value => '{"street": "C", "zip": "89"}'), true, 'an object of some of its fields');
SELECT is(pg_temp.golden(), '{"zip": 89, "city": "a", "street": "C"}', 'typed; what it leaves out stays');
SELECT is(pg_temp.waits('support'), 'update {"zip": 89, "city": "a", "street": "C"}', 'support gets what differs');
SELECT is(pg_temp.waits('crm'), 'update {"street": "C"}', 'the crm too, but for what it never showed');
SELECT is(pg_temp.last_conflict(), 'resolved value {"zip": 89, "city": "a", "street": "C"}', 'the row has all of it');
SELECT is((SELECT array_agg(author ORDER BY field) FROM sync_blame('contact', 'value')), '{crm,review,review}', 'review is the author of what it said');

CALL pg_temp.collision('errors');
CREATE FUNCTION pg_temp.refused(arguments text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT sync_resolve(%s, %s)', pg_temp.open_conflict(), arguments);
	RETURN 'accepted';
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN SQLERRM;
END
$$;
SELECT is(pg_temp.refused($$value => '{"stret": "C"}'$$), 'the value has a key that is no field of this conflict: "stret"', 'an unknown key');
SELECT is(pg_temp.refused($$value => '"C"'$$), 'the value of group "address" must be a JSON object, not a scalar', 'no object');
SELECT is(pg_temp.refused($$value => '{"zip": "x"}'$$), 'the value does not fit field "zip": no number: "x"', 'a value of the wrong type');
SELECT is(pg_temp.refused($$value => '{"street": null}'$$), 'field "street" is required and cannot be null', 'a required field');
SELECT is(pg_temp.refused($$winner => 'billing'$$), '"billing" is no side of this conflict', 'no side');
SELECT is(pg_temp.last_conflict(), 'open', 'nothing of it changed anything');

-- Two at once: the second comes too late
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm', revision => 2), false, 'a decision on another revision is none');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm', revision => 1), true, 'on the present one it is');

-- The decision's writes go their way
SELECT is(pg_temp.poll('support'), 'update {"city": "a", "street": "B"}', 'it is claimed');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"street": "B", "city": "a"}'), 'echo city=echo,street=echo', 'and shown: no edit');
SELECT is(pg_temp.saw('support', '{"city": "c"}'), 'accepted city=accepted -> crm', 'a decision opens no window');

SELECT * FROM finish();
