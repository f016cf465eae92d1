-- What this version cannot do is refused by name, never silently ignored.
BEGIN;
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}}');

-- The refusal names the key
SELECT unnest(ARRAY[
	throws_ok(format('SELECT sync_configure(%L, %L)', 'contact', config), '0A000', NULL, key || ' is not supported'),
	throws_like(format('SELECT sync_configure(%L, %L)', 'contact', config), '%' || key || '%', 'and the error names ' || key)])
FROM (VALUES
	('match_on', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "match_on": ["phone"]}')
) AS later (key, config);
SELECT is((SELECT max(version) FROM sync_entity), 1, 'a refused policy is no version');

-- Their defaults say nothing new, so they may be written down
SELECT lives_ok($$ SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "deletes": "propagate", "window_scope": "field"}') $$,
	'the defaults may be written down');

SELECT * FROM finish();
ROLLBACK;
