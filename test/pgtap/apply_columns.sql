-- What is written to a column reads back as what was written, whatever its type; what is called failed has
-- left nothing.
SELECT plan(34);

SELECT sync_configure('task', '{"systems": {"app": {"key": "id", "timezone": "Europe/Berlin"}, "crm": {}}, "window": "0", "fields": {
    "due": {"type": "timestamp"}, "at": {"type": "timestamp"}, "day": {"type": "date"}, "said": {}, "a": {"path": {"app": "doc.a", "crm": "a"}},
    "b": {"path": {"app": "plain.b", "crm": "b"}}}}');
CREATE DOMAIN whole AS jsonb CHECK (VALUE ? 'must');
CREATE TABLE task (id integer PRIMARY KEY, due timestamp, at timestamptz, day timestamptz, said timestamp, doc whole, plain json);
SELECT sync_attach('task', 'app', 'task');

SET TimeZone = 'America/New_York';
SELECT count(*) FROM sync_diff('crm', 'task', '{"record_key": "1", "due": "2026-07-01T10:00:00Z", "at": "2026-07-01T10:00:00Z", "day": "2026-07-01", "said": "2026-07-01T10:00:00"}');
SELECT is(sync_apply('app'), 1, 'a create');
SELECT is(due, '2026-07-01 12:00:00', 'a timestamp without a zone is in the zone of the system') FROM task;
SELECT is(at, '2026-07-01 10:00:00+00', 'one with a zone is the time') FROM task;
SELECT is(day, '2026-07-01 00:00:00+00', 'a day is its midnight in UTC, where it is read') FROM task;
SELECT is(said, '2026-07-01 10:00:00', 'text is no time') FROM task;
SELECT count(*) FROM sync_diff('crm', 'task', '{"record_key": "1", "due": "2026-01-01T10:00:00Z", "day": "2018-11-04"}');
SET TimeZone = 'America/Sao_Paulo';
SELECT is(sync_apply('app'), 1, 'an update');
SELECT is(due, '2026-01-01 11:00:00', 'in the zone too') FROM task;
SELECT is(day, '2018-11-04 00:00:00+00', 'also a day that has no midnight here') FROM task;
SELECT is_empty('TABLE sync_reject', 'nothing is rejected');
SET TimeZone = 'America/New_York';
SELECT is_empty('SELECT field, reason FROM sync_divergence', 'it reads back as what was written');

UPDATE task SET doc = '{"must": 1, "a": "x"}', plain = '{"b": "x", "c": 1}';
SELECT sync_ack(lease) FROM sync_poll('crm');
SELECT count(*) FROM sync_diff('crm', 'task', '{"record_key": "1", "a": "x", "b": "x"}');
SELECT count(*) FROM sync_diff('crm', 'task', '{"record_key": "1", "a": "y", "b": "y"}');
SELECT is(sync_apply('app'), 1, 'a part of a domain with a check, and of json');
SELECT is(doc::jsonb, '{"must": 1, "a": "y"}', 'the check is for all of it') FROM task;
SELECT is(plain::jsonb, '{"b": "y", "c": 1}', 'json keeps the rest') FROM task;

-- Capture that is off sees no row: then none was written.
ALTER TABLE task DISABLE TRIGGER USER;
SELECT count(*) FROM sync_diff('crm', 'task', '[{"record_key": "1", "said": "z"}, {"record_key": "2", "said": "n"}]');
SELECT is(sync_apply('app'), 0, 'without the triggers nothing is done');
SELECT is((SELECT string_agg(id || ' ' || said, ', ') FROM task), '1 2026-07-01 10:00:00', 'and nothing is written');
SELECT is((SELECT string_agg(record_key || ' ' || last_error, ', ' ORDER BY id) FROM sync_outbox),
    '1 invalid input syntax for type timestamp: "z", 2 invalid input syntax for type timestamp: "n"', 'the error stands at the change');
SELECT count(*) FROM sync_diff('crm', 'task', '[{"record_key": "1", "said": "2026-07-02T10:00:00"}, {"record_key": "2", "said": "2026-07-03T10:00:00"}]');
SELECT set_config('sync_ledger.now', ((extract(epoch FROM now()) + 86400) * 1000000)::bigint::text, false);
SELECT is(sync_apply('app'), 0, 'a change of which no row is seen is not done');
SELECT is((SELECT string_agg(id || ' ' || said, ', ') FROM task), '1 2026-07-01 10:00:00', 'and is not written');
ALTER TABLE task ENABLE TRIGGER USER;
SELECT set_config('sync_ledger.now', ((extract(epoch FROM now()) + 2 * 86400) * 1000000)::bigint::text, false);
SELECT is(sync_apply('app'), 2, 'with them it is');

-- An offset is that of the timestamps, east of Greenwich.
CREATE FUNCTION written_at(zone text) RETURNS timestamp LANGUAGE plpgsql AS $$
BEGIN
    PERFORM sync_configure('slot', jsonb_build_object('systems', jsonb_build_object('cal', jsonb_build_object('timezone', zone), 'crm', '{}'::jsonb),
        'window', '0', 'fields', '{"due": {"type": "timestamp"}}'::jsonb));
    PERFORM sync_diff('crm', 'slot', jsonb_build_object('record_key', zone, 'due', '2026-07-01T10:00:00Z'));
    PERFORM sync_apply('cal');
    RETURN (SELECT due FROM slot WHERE record_key = zone);
END $$;
CREATE TABLE slot (record_key text PRIMARY KEY, due timestamp);
SELECT sync_configure('slot', '{"systems": ["cal", "crm"], "window": "0", "fields": {"due": {"type": "timestamp"}}}');
SELECT sync_attach('slot', 'cal', 'slot');
SELECT is(written_at('+02'), '2026-07-01 12:00:00', 'an offset of hours');
SELECT is(written_at('-03:30'), '2026-07-01 06:30:00', 'of minutes, to the west');
SELECT is(written_at('UTC'), '2026-07-01 10:00:00', 'none');
SELECT is_empty($$SELECT record_key FROM sync_divergence WHERE entity = 'slot' AND reason = 'near miss'$$, 'each reads back as what was written');

-- A key that the table makes of several columns
SELECT sync_configure('line', '{"systems": {"shop": {"key": "name"}, "crm": {}}, "window": "0", "fields": {"number": {"type": "number"}, "line": {"type": "number"}, "items": {"type": "number"}}}');
CREATE TABLE line (number int, line int, items int, name text GENERATED ALWAYS AS (number::text || '-' || line::text) STORED UNIQUE, PRIMARY KEY (number, line));
SELECT sync_attach('line', 'shop', 'line');
SELECT count(*) FROM sync_diff('crm', 'line', '[{"record_key": "1-1", "number": 1, "line": 1, "items": 5}, {"record_key": "1-2", "number": 1, "line": 2, "items": 6}, {"record_key": "x", "number": 3, "line": 1, "items": 7}]');
SELECT is(sync_apply('shop'), 2, 'rows are created whose key the table makes');
SELECT is((SELECT string_agg(name || ' ' || items, ', ' ORDER BY name) FROM line), '1-1 5, 1-2 6', 'where it is that of the record');
SELECT is((SELECT record_key || ' ' || last_error FROM sync_outbox WHERE target_system = 'shop'), 'x "line" has the row of key "x" under another one', 'and no others');
SELECT count(*) FROM sync_diff('crm', 'line', '{"record_key": "1-1", "items": 8}');
SELECT is(sync_apply('shop'), 1, 'they are updated');
SELECT is((SELECT string_agg(name || ' ' || items, ', ' ORDER BY name) FROM line), '1-1 8, 1-2 6', 'by that key');

-- A field at the path of the key is read there, and never written
SELECT sync_configure('part', '{"systems": {"bin": {"key": "id"}, "crm": {}}, "window": "0", "fields": {"a": {}, "code": {"path": {"bin": "id", "crm": "code"}}}}');
CREATE TABLE bin (id text PRIMARY KEY, a text);
SELECT sync_attach('bin', 'bin', 'part');
SELECT count(*) FROM sync_diff('crm', 'part', '{"record_key": "p", "a": "x", "code": "p"}');
SELECT sync_apply('bin');
SELECT count(*) FROM sync_diff('crm', 'part', '{"record_key": "p", "code": "q"}');
SELECT is(sync_apply('bin'), 1, 'nothing but such a field');
SELECT is((SELECT string_agg(bin::text, ' ') FROM bin), '(p,x)', 'leaves the row as it is');
SELECT is((SELECT field || ' ' || reason FROM sync_divergence WHERE entity = 'part'), 'code near miss', 'which is told');
CREATE TABLE counted (n bigint GENERATED ALWAYS AS IDENTITY, id text PRIMARY KEY);
SELECT sync_configure('count', '{"systems": {"counted": {"key": "id"}, "crm": {}}, "window": "0", "fields": {"n": {"type": "number"}, "code": {"path": {"counted": "id", "crm": "code"}}}}');
SELECT sync_attach('counted', 'counted', 'count');
INSERT INTO counted (id) VALUES ('p');
SELECT count(*) FROM sync_diff('crm', 'count', '{"record_key": "p", "n": 1, "code": "p"}');
SELECT count(*) FROM sync_diff('crm', 'count', '{"record_key": "p", "code": "q"}');
SELECT is(sync_apply('counted'), 1, 'also where the other column is an identity, which no statement can write');

-- A record of which nothing but its key is known, in a table that names its rows itself
SELECT sync_configure('lead', '{"systems": {"numbered": {"id": "id"}, "crm": {}}, "window": "0", "fields": {"a": {}}}');
CREATE TABLE numbered (id serial PRIMARY KEY, a text);
SELECT sync_attach('numbered', 'numbered', 'lead');
SELECT count(*) FROM sync_diff('crm', 'lead', '[{"record_key": "k", "a": null}, {"record_key": "l", "a": null}]');
SELECT is(sync_apply('numbered'), 2, 'rows of nothing but defaults');
SELECT is((SELECT string_agg(s.record_key || ' ' || s.existence, ', ' ORDER BY s.record_key) FROM sync_shadow s JOIN numbered n ON n.id::text = s.native_id WHERE s.entity = 'lead'), 'k there, l there', 'are known');

SELECT * FROM finish();
