-- A create that has failed goes again after its field has got a type that its value does not fit.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql
CREATE FUNCTION pg_temp.configure(size text, more text DEFAULT '') RETURNS integer LANGUAGE sql AS $$
	SELECT sync_configure('contact', format('{"systems": ["crm", "support"], "fields": {"size": %s, "name": {} %s}, "window": "0"}', size, more)::jsonb)
$$;
CALL pg_temp.at('12:00');
SELECT pg_temp.configure('{}');
SELECT is(pg_temp.saw('crm', '{"size": "XL", "name": "a"}'), 'accepted name=accepted,size=accepted -> support', 'a text');
SELECT pg_temp.configure('{"type": "number"}');
SELECT is(pg_temp.poll('support'), 'create {"name": "a", "size": "XL"}', 'goes out as it is stored, though it is to be a number');
SELECT pg_temp.nack('support', 'refused');
SELECT pg_temp.configure('{"type": "number"}', ', "more": {}');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.poll('support'), 'create {"name": "a", "size": "XL"}', 'and again by another policy');
SELECT is((SELECT payload->>'size' FROM sync_outbox_event WHERE aggregateid = 'T1'), 'XL', 'as it was');
SELECT is(pg_temp.ack('support'), true, 'it is acknowledged');
SELECT is(pg_temp.shows('support')->>'size', 'XL', 'and stands there');
SELECT * FROM finish();
ROLLBACK;
