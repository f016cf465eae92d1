-- Every mistake in a policy gets an error that says what, where, which value, and the fix.
BEGIN;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.refused(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RETURN state || ' ' || message || CASE hint WHEN '' THEN '' ELSE ' | ' || hint END;
END
$$;

CREATE FUNCTION pg_temp.config_refused(config text) RETURNS text LANGUAGE sql AS $$
	SELECT replace(pg_temp.refused(format('SELECT sync_configure(%L, %L)', 'contact', config)), ' policy of "contact": ', ' ')
$$;

-- A policy of systems crm and support and a field phone with these keys; of a system crm.
CREATE FUNCTION pg_temp.field(keys text) RETURNS text LANGUAGE sql AS $$
	SELECT format('{"systems": ["crm", "support"], "fields": {"phone": %s}}', keys)
$$;
CREATE FUNCTION pg_temp.system(keys text) RETURNS text LANGUAGE sql AS $$
	SELECT format('{"systems": {"crm": %s}, "fields": {"phone": {}}}', keys)
$$;
CREATE FUNCTION pg_temp.key(key text) RETURNS text LANGUAGE sql AS $$
	SELECT format('{"systems": ["crm", "support"], "fields": {"phone": {}}, %s}', key)
$$;
CREATE FUNCTION pg_temp.systems(systems text) RETURNS text LANGUAGE sql AS $$
	SELECT format('{"systems": %s, "fields": {"phone": {}}}', systems)
$$;
CREATE FUNCTION pg_temp.fields(fields text) RETURNS text LANGUAGE sql AS $$
	SELECT format('{"systems": ["crm", "support"], "fields": %s}', fields)
$$;

-- The three mistakes of a new user: the whole text
SELECT is(pg_temp.refused(format('SELECT sync_configure(%L, %L)', 'contact', pg_temp.field('{"normalise": ["trim"]}'))),
	'22023 policy of "contact": fields.phone.normalise is no known key | Did you mean "normalize"? Known keys here: authority, group, merge, normalize, nulls, owner, path, required, sensitive, type, values.',
	'a typo in a key');
SELECT is(pg_temp.refused(format('SELECT sync_configure(%L, %L)', 'contact', pg_temp.field('{"owner": "cmr"}'))),
	'22023 policy of "contact": fields.phone.owner names no known system: "cmr" | Did you mean "crm"? Known systems: crm, support.',
	'an unknown system as owner');
SELECT is(pg_temp.refused(format('SELECT sync_configure(%L, %L)', 'contact', pg_temp.field('{"nulls": "keeep"}'))),
	'22023 policy of "contact": fields.phone.nulls must be "keep" or "clear", not "keeep" | Did you mean "keep"?',
	'a typo in a value');

-- Wrong in the policy: 22023.  % stands for a hint that other tests show whole.
SELECT alike(pg_temp.config_refused(config), '22023 ' || expected, expected)
FROM (VALUES
	-- the document
	('"policy"', 'the config must be an object, not "policy"'),
	('[]', 'the config must be an object, not []'),
	('{}', 'the config has no "systems" | Write "systems": ["crm", "support"].'),
	('{"systems": ["crm"]}', 'the config has no "fields" | Write "fields": {"email": {}, "phone": {}}.'),
	(pg_temp.key('"feilds": {}'), 'feilds is no known key | Did you mean "fields"?%'),
	(pg_temp.key('"WINDOW": "1 s"'), 'WINDOW is no known key | Did you mean "window"?%'),
	(pg_temp.key('"retntion": {}'), 'retntion is no known key | Did you mean "retention"?%'),
	(pg_temp.key('"retention": "1 year"'), 'retention must be an object, not "1 year"'),
	(pg_temp.key('"retention": {"leger": "1 day"}'), 'retention.leger is no known key | Did you mean "ledger"? Known keys here: changes, conflicts, ledger, near_misses, rejects, statistics.'),
	(pg_temp.key('"retention": {"changes": "1 year"}'), 'retention.changes must be an interval of fixed length, without months or years, not "1 year"'),
	(pg_temp.key('"retention": {"rejects": 30}'), 'retention.rejects must be an interval in a string, such as "60 seconds", not 30'),
	(pg_temp.key('"rate": 5'), 'rate is no known key%'),
	(pg_temp.key('"max_attempts": 0'), 'max_attempts must be a whole number from 1 to 1000, not 0'),
	(pg_temp.key('"max_attempts": 1001'), 'max_attempts must be a whole number from 1 to 1000, not 1001'),
	(pg_temp.key('"max_attempts": 1.5'), 'max_attempts must be a whole number from 1 to 1000, not 1.5'),
	(pg_temp.key('"max_attempts": 1e400'), 'max_attempts must be a whole number from 1 to 1000, not 1000%...'),
	(pg_temp.key('"max_attempts": "12"'), 'max_attempts must be a whole number from 1 to 1000, not "12"'),
	(pg_temp.key('"max_attempts": null'), 'max_attempts must be a whole number from 1 to 1000, not null'),
	(pg_temp.key('"max_flips": 0'), 'max_flips must be a whole number from 1 to 1000, not 0'),
	(pg_temp.key('"max_change": 1.01'), 'max_change must be a number from 0 to 1, not 1.01'),
	(pg_temp.key('"max_change": -0.1'), 'max_change must be a number from 0 to 1, not -0.1'),
	(pg_temp.key('"max_change": "half"'), 'max_change must be a number from 0 to 1, not "half"'),
	(pg_temp.key('"window_scope": "records"'), 'window_scope must be "field" or "record", not "records" | Did you mean "record"?'),
	(pg_temp.key('"deletes": "never"'), 'deletes must be "propagate", "review" or "ignore", not "never" | %'),
	(pg_temp.key('"deletes": true'), 'deletes must be "propagate", "review" or "ignore", not true'),
	(pg_temp.key('"delete_owner": "crn"'), 'delete_owner names no known system: "crn" | Did you mean "crm"?%'),
	(pg_temp.key('"delete_owner": 1'), 'delete_owner must be a string, not 1'),
	(pg_temp.key('"match_on": "phone"'), 'match_on must be an array of names of fields, not "phone"'),
	(pg_temp.key('"match_on": ["fone"]'), 'match_on[0] names no known field: "fone" | Did you mean "phone"? Known fields: phone.'),
	(pg_temp.key('"match_on": ["phone", "phone"]'), 'match_on[1] names a field a second time: "phone"'),
	-- windows
	(pg_temp.key('"window": 60'), 'window must be an interval in a string, such as "60 seconds", not 60'),
	(pg_temp.key('"window": "soon"'), 'window must be an interval such as "60 seconds", without a minus sign, not "soon"'),
	(pg_temp.key('"window": ""'), 'window must be an interval such as "60 seconds", without a minus sign, not ""'),
	(pg_temp.key('"window": "-1 second"'), 'window must be an interval such as "60 seconds", without a minus sign, not "-1 second"'),
	(pg_temp.key('"window": "1 second ago"'), 'window must be an interval from 0 to 36500 days, not "1 second ago"'),
	(pg_temp.key('"window": "1 month"'), 'window must be an interval of fixed length, without months or years, not "1 month"'),
	(pg_temp.key('"window": "P1Y"'), 'window must be an interval of fixed length, without months or years, not "P1Y"'),
	(pg_temp.key('"window": "36500 days 1 second"'), 'window must be an interval from 0 to 36500 days, not %'),
	(pg_temp.key('"window": "infinity"'), 'window must be an interval such as %, not "infinity"'),
	(pg_temp.system('{"echo_window": "10 minuets"}'), 'systems.crm.echo_window must be an interval such as %, not "10 minuets"'),
	-- systems
	(pg_temp.systems('"crm"'), 'systems must be an object or an array of names, not "crm"'),
	(pg_temp.systems('[]'), 'systems names no system'),
	(pg_temp.systems('{}'), 'systems names no system'),
	(pg_temp.systems('["crm", 1]'), 'systems[1] must be a string, not 1'),
	(pg_temp.systems('["crm", "crm"]'), 'systems[1] names system "crm" a second time'),
	(pg_temp.systems('["c-rm"]'), 'systems[0] is no name for a system: it holds other characters than letters (a to z), digits, "_" and "."'),
	(pg_temp.systems('["crmé"]'), 'systems[0] is no name for a system: it holds other characters %'),
	(pg_temp.systems('{"": {}}'), 'systems."" is no name for a system: it is empty'),
	(pg_temp.systems(format('["%s"]', repeat('x', 64))), 'systems[0] is no name for a system: it is longer than 63 bytes'),
	(pg_temp.systems('["review"]'), 'systems[0] is no name for a system: "review" is reserved | %'),
	(pg_temp.systems('["sync"]'), 'systems[0] is no name for a system: "sync" is reserved | %'),
	(pg_temp.systems('["new"]'), 'systems[0] is no name for a system: "new" is reserved | %'),
	(pg_temp.systems('{"delete": {}}'), 'systems.delete is no name for a system: "delete" is reserved | %'),
	((SELECT pg_temp.systems(json_agg('s' || n)::text) FROM generate_series(1, 61) n), 'systems names 61 systems, 60 are the most'),
	(pg_temp.systems('{"crm": "external_id"}'), 'systems.crm must be an object, not "external_id"'),
	(pg_temp.system('{"kye": "id"}'), 'systems.crm.kye is no known key | Did you mean "key"? Known keys here: apply, deleted, echo_window, id, key, rate, sentinel, strict_versions, timezone, unseen, version, writable.'),
	(pg_temp.system('{"key": 5}'), 'systems.crm.key must be a path in a string, not 5'),
	(pg_temp.system('{"key": "ids[*]"}'), 'systems.crm.key must name one value, so "[*]" cannot stand in it: "ids[*]" | %'),
	(pg_temp.system('{"id": "ids[*]"}'), 'systems.crm.id must name one value%'),
	(pg_temp.system('{"version": "v[*]"}'), 'systems.crm.version must name one value%'),
	(pg_temp.system('{"sentinel": "s[*]"}'), 'systems.crm.sentinel must name one value%'),
	(pg_temp.system('{"deleted": "d[*]"}'), 'systems.crm.deleted must name one value%'),
	(pg_temp.system('{"writable": "no"}'), 'systems.crm.writable must be true or false, not "no"'),
	(pg_temp.system('{"unseen": "null"}'), 'systems.crm.unseen must be "wait" or "send", not "null" | %'),
	(pg_temp.system('{"rate": 100}'), 'systems.crm.rate must be a rate such as "100/minute", of 1 to 1000000 changes a second, minute or hour, not 100'),
	(pg_temp.system('{"rate": "100"}'), 'systems.crm.rate must be a rate %, not "100"'),
	(pg_temp.system('{"rate": "0/minute"}'), 'systems.crm.rate must be a rate %, not "0/minute"'),
	(pg_temp.system('{"rate": "1000001/hour"}'), 'systems.crm.rate must be a rate %, not "1000001/hour"'),
	(pg_temp.system('{"rate": "10/minutes"}'), 'systems.crm.rate must be a rate %, not "10/minutes"'),
	(pg_temp.system('{"rate": "10/ minute"}'), 'systems.crm.rate must be a rate %, not "10/ minute"'),
	(pg_temp.system('{"rate": "-1/minute"}'), 'systems.crm.rate must be a rate %, not "-1/minute"'),
	(pg_temp.system('{"rate": "1.5/second"}'), 'systems.crm.rate must be a rate %, not "1.5/second"'),
	(pg_temp.system('{"rate": "5/minute", "writable": false}'), 'systems.crm has a "rate" but is not writable | Nothing is sent to a system that is not writable.'),
	(pg_temp.system('{"strict_versions": 1}'), 'systems.crm.strict_versions must be true or false, not 1'),
	(pg_temp.system('{"strict_versions": true}'), 'systems.crm has "strict_versions" but no "version" | %'),
	(pg_temp.system('{"timezone": "Europe/Belrin"}'), 'systems.crm.timezone is no known time zone: "Europe/Belrin" | Use "UTC", a name such as "Europe/Berlin", which the view pg_timezone_names lists, or an offset such as "+02:00".'),
	(pg_temp.system('{"timezone": "XYZ-2"}'), 'systems.crm.timezone is no known time zone: "XYZ-2" | %'),
	(pg_temp.system('{"timezone": "Foo2"}'), 'systems.crm.timezone is no known time zone: "Foo2" | %'),
	(pg_temp.system('{"timezone": "Foo/2"}'), 'systems.crm.timezone is no known time zone: "Foo/2" | %'),
	(pg_temp.system('{"timezone": "Europe/Berlin2"}'), 'systems.crm.timezone is no known time zone: "Europe/Berlin2" | %'),
	(pg_temp.system('{"timezone": "<+02>-02"}'), 'systems.crm.timezone is no known time zone: "<+02>-02" | %'),
	(pg_temp.system('{"timezone": "UTC+2"}'), 'systems.crm.timezone is no known time zone: "UTC+2" | %'),
	(pg_temp.system('{"timezone": "CET-1CEST"}'), 'systems.crm.timezone is no known time zone: "CET-1CEST" | %'),
	(pg_temp.system('{"timezone": "+25:00"}'), 'systems.crm.timezone is no known time zone: "+25:00" | %'),
	(pg_temp.system('{"timezone": "+16"}'), 'systems.crm.timezone is no known time zone: "+16" | %'),
	(pg_temp.system('{"timezone": "+02:60"}'), 'systems.crm.timezone is no known time zone: "+02:60" | %'),
	(pg_temp.system('{"timezone": "+2"}'), 'systems.crm.timezone is no known time zone: "+2" | %'),
	(pg_temp.system('{"timezone": "+0200"}'), 'systems.crm.timezone is no known time zone: "+0200" | %'),
	(pg_temp.system('{"timezone": ""}'), 'systems.crm.timezone is no known time zone: "" | %'),
	(pg_temp.system('{"timezone": "Localtime"}'), 'systems.crm.timezone is no known time zone: "Localtime" | %'),
	(pg_temp.system('{"timezone": "posixrules"}'), 'systems.crm.timezone is no known time zone: "posixrules" | %'),
	(pg_temp.system('{"timezone": "Factory"}'), 'systems.crm.timezone is no known time zone: "Factory" | %'),
	(pg_temp.system('{"timezone": 2}'), 'systems.crm.timezone must be a string, not 2'),
	-- fields
	(pg_temp.fields('["phone"]'), 'fields must be an object such as {"email": {}, "phone": {}}, not ["phone"]'),
	(pg_temp.fields('{}'), 'fields names no field'),
	(pg_temp.fields('{"": {}}'), 'fields."" is no name for a field: it is empty'),
	(pg_temp.fields('{"a\tb": {}}'), 'fields.a%b is no name for a field: it holds a control character'),
	(pg_temp.fields(format('{"%s": {}}', repeat('x', 256))), 'fields.xxx% is no name for a field: it is longer than 255 bytes'),
	((SELECT pg_temp.fields(json_object_agg('f' || n, '{}'::json)::text) FROM generate_series(1, 1001) n), 'fields names 1001 fields, 1000 are the most'),
	(pg_temp.field('"text"'), 'fields.phone must be an object, not "text"'),
	(pg_temp.fields('{"a.b": {"typ": "text"}}'), 'fields."a.b".typ is no known key | Did you mean "type"?%'),
	(pg_temp.field('{"type": "txet"}'), 'fields.phone.type must be "text", "number", "boolean", "timestamp", "date", "set" or "json", not "txet" | Did you mean "text"?'),
	(pg_temp.field('{"required": 1}'), 'fields.phone.required must be true or false, not 1'),
	(pg_temp.field('{"sensitive": "yes"}'), 'fields.phone.sensitive must be true or false, not "yes"'),
	(pg_temp.field('{"normalize": "trim"}'), 'fields.phone.normalize must be an array such as ["trim", "lower"], not "trim"'),
	(pg_temp.field('{"normalize": ["trim", "lowr"]}'), 'fields.phone.normalize[1] must be "trim", %, not "lowr" | Did you mean "lower"?'),
	(pg_temp.field('{"normalize": ["trim", "trim"]}'), 'fields.phone.normalize[1] names a normalizer a second time: "trim"'),
	(pg_temp.field('{"type": "number", "normalize": ["digits"]}'), 'fields.phone.normalize cannot be used with type number | Only fields of type text and set are normalized.'),
	(pg_temp.field('{"owner": {"crm": true}}'), 'fields.phone.owner must be a string, not {"crm": true}'),
	(pg_temp.field('{"owner": "crm", "authority": "tie"}'), 'fields.phone.authority must be "exclusive" or "tiebreak", not "tie" | %'),
	(pg_temp.field('{"authority": "tiebreak"}'), 'fields.phone.authority means nothing in a field without owner | Name the system that has it: "owner".'),
	(pg_temp.field('{"owner": "crm", "path": {"support": "p"}}'), 'the config names an owner of field "phone" that does not carry it: "crm" | %'),
	(pg_temp.field('{"merge": "union"}'), 'fields.phone.merge must be "set", not "union" | %'),
	(pg_temp.field('{"merge": "set"}'), 'fields.phone has "merge": "set" but type text | Use "type": "set".'),
	(pg_temp.field('{"group": ""}'), 'fields.phone.group is no name: it is empty'),
	(pg_temp.field('{"group": "phone"}'), 'the config gives a group the name of a field: "phone" | %'),
	(pg_temp.fields('{"a": {"group": "g", "owner": "crm"}, "b": {"group": "g"}}'), 'the config gives fields "a" and "b" of group "g" different owners or authorities | %'),
	(pg_temp.fields('{"a": {"group": "g", "owner": "crm"}, "b": {"group": "g", "owner": "crm", "authority": "tiebreak"}}'), 'the config gives fields "a" and "b" of group "g" different owners or authorities | %'),
	(pg_temp.fields('{"a": {"group": "g"}, "b": {"group": "g", "type": "set", "merge": "set"}}'), 'the config merges set "b", which group "g" resolves as one | %'),
	-- paths
	(pg_temp.field('{"path": 1}'), 'fields.phone.path must be a path, or an object with one for each system, not 1'),
	(pg_temp.field('{"path": {}}'), 'fields.phone.path names no system, so the field stands nowhere'),
	(pg_temp.field('{"path": {"suport": "a"}}'), 'fields.phone.path.suport names no known system: "suport" | Did you mean "support"?%'),
	(pg_temp.field('{"path": {"crm": null}}'), 'fields.phone.path.crm must be a path in a string, not null'),
	(pg_temp.field('{"path": ""}'), 'fields.phone.path is no path: "": a key is missing at position 1 | %'),
	(pg_temp.field('{"path": "[0]"}'), 'fields.phone.path is no path: "[0]": a key is missing at position 1 | %'),
	(pg_temp.field('{"path": "é..b"}'), 'fields.phone.path is no path: "é..b": a key is missing at position 3 | %'),
	(pg_temp.field('{"path": "a."}'), '%a key is missing at position 3 | %'),
	(pg_temp.field('{"path": "a[x]"}'), '%a number or * is missing at position 3 | %'),
	(pg_temp.field('{"path": "a[-1]"}'), '%a number or * is missing at position 3 | %'),
	(pg_temp.field('{"path": "a[1"}'), '%a closing bracket is missing at position 4 | %'),
	(pg_temp.field('{"path": "a[1234567]"}'), '%too large an index at position 3 | %'),
	(pg_temp.field('{"path": "a]"}'), '%a dot or a bracket is missing at position 2 | %'),
	(pg_temp.field('{"path": "a[0]b"}'), '%a dot or a bracket is missing at position 5 | %'),
	(pg_temp.field('{"path": "\"a"}'), '%a closing quote is missing at position 3 | %'),
	(pg_temp.field('{"path": "\"a\\n\""}'), '%an escape other than \\" and \\\\ at position 4 | %'),
	(pg_temp.field('{"path": "a\"b\""}'), '%a dot or a bracket is missing at position 2 | %'),
	(pg_temp.field(format('{"path": "a%s"}', repeat('.a', 100))), '%too many steps at position 201 | %'),
	(pg_temp.field('{"path": "a[*]"}'), 'fields.phone.path finds many values with "[*]", but the field''s type is text: "a[*]" | %'),
	(pg_temp.field('{"type": "set", "path": "a[*].b[*]"}'), '%a second [*] at position 8 | %'),
	(pg_temp.fields('{"a": {"path": "x.y"}, "b": {"path": "x.y"}}'), 'the config writes fields %"a"%of system "crm" to one place: "x.y" | %'),
	(pg_temp.system('{"sentinel": "phone.source"}'), 'the config writes field "phone" and the stamp of system "crm" to one place: "phone" | Give the "sentinel" a place of its own.'),
	(pg_temp.system('{"key": "ref", "sentinel": "ref"}'), 'the config writes the record key and the stamp of system "crm" to one place: "ref" | Give the "sentinel" a place of its own.'),
	(pg_temp.system('{"id": "a.b", "sentinel": "a"}'), 'the config writes the native id and the stamp of system "crm" to one place: "a.b" | %'),
	(pg_temp.system('{"version": "v", "sentinel": "v.mark"}'), 'the config writes the version and the stamp of system "crm" to one place: "v" | %'),
	(pg_temp.system('{"deleted": "gone", "sentinel": "gone"}'), 'the config writes the mark of deletion and the stamp of system "crm" to one place: "gone" | %'),
	(pg_temp.fields('{"a": {"path": "x"}, "b": {"path": "x[0].y"}, "c": {"path": "xx"}}'), 'the config writes fields "a" and "b" of system "crm" to one place: "x[0].y" | %'),
	(pg_temp.fields('{"a": {"path": "\"x.y\".z"}, "b": {"path": "\"x.y\".z.n"}}'), 'the config writes fields "a" and "b" of system "crm" to one place: "x.y".z.n | %'),
	(pg_temp.fields('{"a": {"path": "x[0]"}, "b": {"path": "x.y"}}'), 'the config writes fields "b" and "a" of system "crm" to one place, as an object and as an array: "x[0]" | Give each field a place of its own, or make the system "writable": false.'),
	(pg_temp.fields('{"a": {"path": "x.y.z"}, "b": {"path": "x.y[1].z"}, "c": {"path": "x.z"}}'), 'the config writes fields "a" and "b" of system "crm" to one place, as an object and as an array: "x.y[1].z" | %'),
	(pg_temp.fields('{"a": {"path": "x[0].n"}, "b": {"path": "x[*].n", "type": "set"}}'), 'the config writes fields "a" and "b" of system "crm" to one array, which "[*]" takes as a whole: "x[*].n" | %'),
	(pg_temp.fields('{"a": {"path": "x[*].m", "type": "set"}, "b": {"path": "x[*].n", "type": "set"}}'), 'the config writes fields "a" and "b" of system "crm" to one array, which "[*]" takes as a whole: "x[*].n" | Give each field a place of its own, %'),
	(pg_temp.fields('{"a": {"path": "x[*].m", "type": "set"}, "b": {"path": "x.n"}}'), 'the config writes fields "b" and "a" of system "crm" to one array, which "[*]" takes as a whole: "x[*].m" | %'),
	(pg_temp.system('{"key": "phone.ref"}'), 'the config writes field "phone" and the record key of system "crm" to one place: "phone.ref" | Give each field a place of its own, %'),
	('{"systems": {"crm": {"key": "k"}}, "fields": {"v": {"path": "k.v"}}}', 'the config writes the record key and field "v" of system "crm" to one place: "k.v" | %'),
	('{"systems": {"crm": {"id": "k"}}, "fields": {"v": {"path": "k.v"}}}', 'the config writes the native id and field "v" of system "crm" to one place: "k.v" | %'),
	(pg_temp.system('{"id": "phone[1]"}'), 'the config writes field "phone" and the native id of system "crm" to one place: "phone[1]" | %'),
	('{"systems": {"crm": {"key": "k.id"}}, "fields": {"v": {"path": "k[0]"}}}', 'the config writes the record key and field "v" of system "crm" to one place, as an object and as an array: "k[0]" | %'),
	('{"systems": {"crm": {"sentinel": "k[0]"}}, "fields": {"v": {"path": "k.v"}}}', 'the config writes field "v" and the stamp of system "crm" to one place, as an object and as an array: "k[0]" | %'),
	('{"systems": {"crm": {"key": "v"}}, "fields": {"v": {}, "w": {"path": "v"}}}', 'the config writes fields "v" and "w" of system "crm" to one place: "v" | %'),
	-- value maps
	(pg_temp.field('{"values": []}'), 'fields.phone.values must be an object, not []'),
	(pg_temp.field('{"values": {"crn": {}}}'), 'fields.phone.values.crn names no known system: "crn" | Did you mean "crm"?%'),
	(pg_temp.field('{"values": {"crm": "a"}}'), 'fields.phone.values.crm must be an object, not "a"'),
	(pg_temp.field('{"values": {"crm": {"a": null}}}'), 'fields.phone.values.crm.a must be a string, a number, true or false, not null'),
	(pg_temp.field('{"values": {"crm": {"a": ["b"]}}}'), 'fields.phone.values.crm.a must be a string, a number, true or false, not ["b"]'),
	(pg_temp.field('{"values": {"crm": {"a": "x", "b": "x"}}}'), 'fields.phone.values.crm.b gives a second value the name "x" | %'),
	(pg_temp.field('{"values": {"crm": {"a": 1, "b": "1"}}}'), 'fields.phone.values.crm.b gives a second value the name "1" | %'),
	(pg_temp.field('{"normalize": ["lower"], "values": {"crm": {"a": "X", "b": "x"}}}'), 'fields.phone.values.crm.b gives a second value the name "x" | %'),
	(pg_temp.field('{"normalize": ["lower"], "values": {"crm": {"A": "x", "a": "y"}}}'), 'fields.phone.values.crm.a maps a value a second time: "a"'),
	(pg_temp.field('{"type": "number", "values": {"crm": {"one": "x"}}}'), 'fields.phone.values.crm.one must be called by a number, as the field''s values are'),
	(pg_temp.field('{"type": "number", "values": {"crm": {"1": "x", "1.0": "y"}}}'), 'fields.phone.values.crm."1.0" maps a value a second time: 1'),
	(pg_temp.field('{"type": "boolean", "values": {"crm": {"yes": "x"}}}'), 'fields.phone.values.crm.yes must be called true or false, as the field''s values are'),
	(pg_temp.field('{"type": "date", "values": {"crm": {}}}'), 'fields.phone.values cannot be used with type date | %'),
	(pg_temp.field('{"path": {"crm": "a"}, "values": {"support": {}}}'), 'fields.phone.values.support maps values for a system that does not carry the field | %'),
	-- a long value is cut
	(pg_temp.field(format('{"type": "%s"}', repeat('é', 100))), 'fields.phone.type must be %, not "' || repeat('é', 59) || '... | %')
) AS wrong (config, expected);

-- The calls
SELECT is(pg_temp.refused($$SELECT sync_configure(NULL, '{}')$$), '22004 entity must not be null', 'no entity');
SELECT is(pg_temp.refused($$SELECT sync_configure('contact', NULL)$$), '22004 config must not be null', 'no config');
SELECT is(pg_temp.refused($$SELECT sync_config(NULL)$$), '22004 entity must not be null', 'no entity to show');
SELECT is(pg_temp.refused($$SELECT sync_policy(NULL)$$), '22004 entity must not be null', 'no entity to tell');
SELECT is(pg_temp.refused($$SELECT sync_configure('con-tact', '{}')$$),
	'22023 no name for an entity: "con-tact": it holds other characters than letters (a to z), digits, "_" and "."', 'a wrong name of an entity');
SELECT is(pg_temp.refused($$SELECT sync_configure('', '{}')$$), '22023 no name for an entity: "": it is empty', 'an empty name of an entity');
SELECT is(pg_temp.refused(format('SELECT sync_policy(%L)', repeat('x', 64))),
	format('42704 entity "%s" is not configured | No entity is; sync_configure() configures one.', repeat('x', 64)), 'nothing is configured');
SELECT is((SELECT count(*) FROM sync_entity), 0::bigint, 'what was refused is not stored');
DO $$ BEGIN
	PERFORM sync_configure(e, pg_temp.field('{}')::jsonb) FROM unnest('{contact,invoice}'::text[]) e;
END $$;
SELECT is(pg_temp.refused($$SELECT sync_policy('contcat')$$),
	'42704 entity "contcat" is not configured | Did you mean "contact"? Known entities: contact, invoice.', 'an unknown entity to tell');
SELECT is(pg_temp.refused($$SELECT sync_config('Invoice')$$),
	'42704 entity "Invoice" is not configured | Did you mean "invoice"? Known entities: contact, invoice.', 'an unknown entity to show');
SELECT is(pg_temp.refused($$SELECT sync_config('contact', 2)$$), '42704 entity "contact" has no version 2 | The newest version is 1.', 'an unknown version');
SELECT is(pg_temp.refused($$SELECT sync_config('contact', 0)$$), '42704 entity "contact" has no version 0 | The newest version is 1.', 'no version 0');

SELECT * FROM finish();
ROLLBACK;
