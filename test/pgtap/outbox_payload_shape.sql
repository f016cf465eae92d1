-- A payload is the change-set in the target's own shape; what comes back in it is unchanged.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{
	"systems": {"crm": {"id": "id"}, "support": {"key": "requester.external_id", "id": "id"}, "odd": {"key": "keys[0]"}},
	"fields": {
		"email": {"path": {"crm": "email", "support": "requester.email", "odd": "mails[0].address"}, "normalize": ["email"]},
		"plan": {"values": {"support": {"gold": "tier_3", "iron": "tier_1"}}},
		"tags": {"type": "set", "path": {"crm": "tags", "support": "labels[*].name", "odd": "tags"}},
		"seats": {"type": "number"},
		"active": {"type": "boolean"},
		"renewal": {"type": "timestamp"},
		"extra": {"type": "json"},
		"dotted": {"path": {"crm": "dotted", "support": "\"a.b\".c", "odd": "dotted"}},
		"secret": {"path": {"crm": "secret"}, "nulls": "clear"},
		"note": {"nulls": "clear"}}}');

CREATE FUNCTION pg_temp.payload(target text) RETURNS jsonb LANGUAGE sql AS $$
	WITH polled AS (SELECT * FROM sync_poll(target)),
		noted AS (INSERT INTO claim (record_key, target, id, lease) SELECT record_key, target, id, lease FROM polled)
	SELECT payload FROM polled WHERE record_key = pg_temp.record_key()
$$;

SELECT is(pg_temp.saw('crm', '{"id": "c_1", "email": " Ada@Example.com", "plan": "gold", "tags": ["vip", "eu", "vip"], "seats": "19.90",
	"active": "TRUE", "renewal": "2026-01-02T03:04:05+02:00", "extra": {"z": [1, 2.50], "a": null}, "dotted": "d", "secret": "s", "note": "n"}'),
	'accepted active=accepted,dotted=accepted,email=accepted,extra=accepted,note=accepted,plan=accepted,renewal=accepted,seats=accepted,secret=accepted,tags=accepted -> odd,support',
	'a record with all kinds of values');
SELECT is(pg_temp.payload('support'), '{"requester": {"external_id": "T1", "email": "ada@example.com"}, "plan": "tier_3", "labels": [{"name": "eu"}, {"name": "vip"}],
	"seats": 19.9, "active": true, "renewal": "2026-01-02T01:04:05Z", "extra": {"a": null, "z": [1, 2.5]}, "a.b": {"c": "d"}, "note": "n"}',
	'a create in the target''s shape: paths, quoted keys, values of its own, the key where it keeps it; no field that it does not carry');
SELECT is(pg_temp.payload('odd'), '{"keys": ["T1"], "mails": [{"address": "ada@example.com"}], "plan": "gold", "tags": ["eu", "vip"],
	"seats": 19.9, "active": true, "renewal": "2026-01-02T01:04:05Z", "extra": {"a": null, "z": [1, 2.5]}, "dotted": "d", "note": "n"}',
	'each target has its own shape: elements of arrays');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT is((SELECT array_agg(verdict) FROM sync_diff('support', 'contact', '{"id": "zd_1", "requester": {"external_id": "T1", "email": "ADA@example.com"},
	"plan": "tier_3", "labels": [{"name": "vip", "id": 7}, {"name": "eu", "id": 8}], "seats": 19.90, "active": 1, "extra": {"z": [1.0, 2.5], "a": null}}')),
	'{echo}', 'what comes back in that shape is our echo');
SELECT is(pg_temp.shows('support') - '{extra,renewal,dotted,note}'::text[], '{"email": "ada@example.com", "plan": "gold", "tags": ["eu", "vip"], "seats": 19.9, "active": true}',
	'and canonical inside');

SELECT is(pg_temp.saw('crm', '{"plan": "iron", "note": null, "tags": [], "secret": "t"}'), 'accepted note=accepted,plan=accepted,secret=accepted,tags=accepted -> odd,support', 'an edit');
SELECT is(pg_temp.payload('support'), '{"requester": {"external_id": "T1"}, "plan": "tier_1", "labels": [], "note": null}',
	'an update holds what changed and the key: null is null, an empty set is a value');
SELECT is((SELECT change_set FROM sync_outbox WHERE target_system = 'support'), '{"plan": "iron", "note": null, "tags": []}', 'the change-set is canonical');
SELECT is((SELECT array_agg(r.verdict) FROM sync_diff('support', 'contact', '{"requester": {"external_id": "T1"}, "plan": "tier_1", "labels": [], "note": null}') AS r),
	'{echo}', 'the echo before the ack is one as well');
SELECT is(pg_temp.ack('support'), true, 'acknowledged');
SELECT * FROM finish();
