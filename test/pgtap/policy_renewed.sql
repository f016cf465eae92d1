-- A new policy makes no storm: what every system shows already, read by the new type or
-- normaliser, is no change; what then really differs is one.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"name": {}, "seats": {}, "tags": {"type": "set"}}}');
CALL pg_temp.at_rest('T1', '{"name": " Ada  King", "seats": "5.0", "tags": ["B", "a"]}', 'crm', 'support');
CALL pg_temp.at_rest('T2', '{"name": "bob", "seats": "6", "tags": []}', 'crm', 'support');

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"name": {"normalize": ["trim", "squeeze", "lower"]},
	"seats": {"type": "number"}, "tags": {"type": "set", "normalize": ["lower"]}}}');
CALL pg_temp.record('T1');
SELECT is(pg_temp.saw('crm', '{"name": " Ada  King", "seats": "5.0", "tags": ["B", "a"]}'), 'unchanged', 'the crm shows what it showed');
SELECT is(pg_temp.saw('support', '{"name": " Ada  King", "seats": "5.0", "tags": ["B", "a"]}'), 'unchanged', 'so does support');
SELECT is(pg_temp.golden(), '{"name": "ada king", "seats": 5, "tags": ["a", "b"]}', 'the golden record is read as the policy says now');
SELECT is(pg_temp.saw('crm', '{"name": "Ada Lovelace", "seats": 5, "tags": ["a", "b"]}'), 'accepted name=accepted -> support', 'what differs is a change');
SELECT is(pg_temp.poll('support'), 'update {"name": "ada lovelace"}', 'and only that goes out');

-- A value that no longer fits stays as it is until somebody shows another
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"name": {"type": "number"}}}');
CALL pg_temp.record('T2');
SELECT is(pg_temp.golden(), '{"name": "bob"}', 'what does not fit is kept');
SELECT is(pg_temp.saw('crm', '{"name": 7}'), 'accepted name=accepted -> support', 'until it is changed');

SELECT * FROM finish();
