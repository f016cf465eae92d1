-- An API that takes an array replaces the whole of it: an update of one element holds the
-- values that the target is known to show in the others.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{
	"systems": {"crm": {}, "support": {"key": "ids[1].ref", "sentinel": "marks[0]"}},
	"fields": {
		"street": {"path": {"crm": "street", "support": "address[0]"}},
		"city": {"path": {"crm": "city", "support": "address[1]"}, "values": {"support": {"Berlin": "BER", "Rome": "ROM"}}},
		"state": {"path": {"crm": "state", "support": "address[2]"}},
		"desk": {"path": {"crm": "desk", "support": "ids[0].desk"}},
		"marked": {"path": {"crm": "marked", "support": "marks[1]"}},
		"first": {"path": {"crm": "first", "support": "x.rows[0].cells[1].v"}},
		"last": {"nulls": "clear", "path": {"crm": "last", "support": "x.rows[1].cells[0]"}},
		"labels": {"type": "set", "path": {"crm": "labels", "support": "x.rows[1].labels[*].n"}},
		"name": {}}}');

CREATE FUNCTION pg_temp.payload() RETURNS jsonb LANGUAGE sql AS $$
	WITH polled AS (SELECT * FROM sync_poll('support')),
		noted AS (INSERT INTO claim (record_key, target, id, lease) SELECT record_key, 'support', id, lease FROM polled)
	SELECT jsonb_set(payload, '{marks,0}', '"stamp"') FROM polled
$$;

CALL pg_temp.at('12:00');
SELECT is(pg_temp.saw('crm', '{"street": "Main St", "city": "Berlin", "first": "f", "last": "l", "labels": ["b", "a"], "desk": "d", "marked": "m", "name": "n"}'),
	'accepted city=accepted,desk=accepted,first=accepted,labels=accepted,last=accepted,marked=accepted,name=accepted,street=accepted -> support', 'a record');
SELECT is(pg_temp.payload(), '{"ids": [{"desk": "d"}, {"ref": "T1"}], "marks": ["stamp", "m"], "address": ["Main St", "BER"], "name": "n",
	"x": {"rows": [{"cells": [null, {"v": "f"}]}, {"cells": ["l"], "labels": [{"n": "a"}, {"n": "b"}]}]}}', 'a create holds what is golden');
SELECT is(pg_temp.ack('support', '{"address": ["Main Street", "BER"]}'), true, 'the target writes a street in its own way');

SELECT is(pg_temp.saw('crm', '{"city": "Rome"}'), 'accepted city=accepted -> support', 'the city changes');
SELECT is((SELECT change_set FROM sync_outbox), '{"city": "Rome"}', 'that is the change-set');
SELECT is(pg_temp.payload(), '{"ids": [{"desk": "d"}, {"ref": "T1"}], "marks": ["stamp", "m"], "address": ["Main Street", "ROM"]}',
	'the street goes along as the target shows it, and what stands beside key and stamp');
SELECT is(pg_temp.saw('support', '{"address": ["Main Street", "BER", "BE"], "ids": [{"desk": "d"}, {"ref": "T1"}]}'), 'accepted city=echo,desk=echo,state=accepted,street=echo', 'meanwhile the target shows one more element');
SELECT is(pg_temp.nack('support', 'busy', '0 s'), true, 'the call fails');
SELECT is(pg_temp.payload() -> 'address', '["Main Street", "ROM", "BE"]', 'its retry holds that too');
SELECT is(pg_temp.ack('support'), true, 'it lands');
SELECT is(pg_temp.saw('support', '{"ids": [{"desk": "d"}, {"ref": "T1"}], "address": ["Main Street", "ROM", "BE"]}'), 'echo city=echo', 'what comes back is our echo and no edit');

SELECT is(pg_temp.saw('crm', '{"labels": ["c"], "desk": "e"}'), 'accepted desk=accepted,labels=accepted -> support', 'a set inside of an element changes');
SELECT is(pg_temp.payload(), '{"ids": [{"desk": "e"}, {"ref": "T1"}], "marks": ["stamp", "m"],
	"x": {"rows": [{"cells": [null, {"v": "f"}]}, {"cells": ["l"], "labels": [{"n": "c"}]}]}}', 'with all of the array that it stands in');
SELECT is(pg_temp.ack('support'), true, 'it lands');

SELECT is(pg_temp.saw('crm', '{"last": null, "name": "m"}'), 'accepted last=accepted,name=accepted -> support', 'a null');
SELECT is(pg_temp.payload() -> 'x', '{"rows": [{"cells": [null, {"v": "f"}]}, {"cells": [null], "labels": [{"n": "c"}]}]}', 'stands between the values of others');
SELECT is(pg_temp.ack('support'), true, 'it lands');
SELECT is(pg_temp.saw('crm', '{"name": "k"}'), 'accepted name=accepted -> support', 'a field outside of arrays');
SELECT is(pg_temp.payload(), '{"ids": [{"desk": "e"}, {"ref": "T1"}], "marks": ["stamp", "m"], "name": "k"}', 'takes none of them along');

-- A frozen field is not sent, and not taken away either.
CALL pg_temp.at('14:00');
SELECT is(pg_temp.saw('crm', '{"street": "High St"}'), 'accepted street=accepted -> support', 'one street');
SELECT is(pg_temp.saw('support', '{"ids": [{"desk": "e"}, {"ref": "T1"}], "address": ["Side St", "ROM", "BE"]}'), 'conflict street=conflict', 'against another');
SELECT is(pg_temp.saw('crm', '{"city": "Berlin"}'), 'accepted city=accepted -> support', 'while they are in conflict the city changes');
SELECT is(pg_temp.payload() -> 'address', '["Side St", "BER", "BE"]', 'and the target keeps its street');
SELECT * FROM finish();
