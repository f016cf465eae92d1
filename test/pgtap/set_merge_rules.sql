-- Sets and the other rules: null, first sights, owners, conflicts, three systems.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {
	"tags": {"type": "set", "merge": "set"},
	"cleared": {"type": "set", "merge": "set", "nulls": "clear"},
	"owned": {"type": "set", "merge": "set", "owner": "crm"},
	"tied": {"type": "set", "merge": "set", "owner": "crm", "authority": "tiebreak"}}}');

CALL pg_temp.at_rest('nulls', '{"tags": ["a"], "cleared": ["a", "b"]}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('support', '{"tags": null}'), 'kept tags=kept', 'null erases nothing');
SELECT is(pg_temp.saw('crm', '{"cleared": ["a", "b", "c"]}'), 'accepted cleared=accepted -> billing,support', 'the crm adds c');
SELECT is(pg_temp.saw('support', '{"cleared": null}'), 'accepted cleared=accepted -> billing,crm,support', 'where it clears it is the empty set');
SELECT is(pg_temp.golden()->'cleared', '["c"]', 'and removes what was shown');
SELECT is(pg_temp.saw('billing', '{"cleared": []}'), 'agreed cleared=agreed -> billing', 'the empty set removes no more');
SELECT is(pg_temp.golden()->'cleared', '["c"]', 'than was shown');

-- Three systems, each with its own addition and removal
CALL pg_temp.at_rest('three', '{"tags": ["a", "b", "c"]}', 'crm', 'support', 'billing');
SELECT alike(pg_temp.saw('crm', '{"tags": ["b", "c", "x"]}'), 'accepted%', 'the crm replaces a by x');
SELECT alike(pg_temp.saw('support', '{"tags": ["a", "c", "y"]}'), 'accepted%', 'support replaces b by y');
SELECT alike(pg_temp.saw('billing', '{"tags": ["a", "b", "z"]}'), 'accepted%', 'billing replaces c by z');
SELECT is(pg_temp.golden()->'tags', '["x", "y", "z"]', 'all of it is done');
CALL pg_temp.deliver('crm', 'support', 'billing');
SELECT is(pg_temp.shows('crm')->'tags' = pg_temp.shows('support')->'tags' AND pg_temp.shows('crm')->'tags' = pg_temp.shows('billing')->'tags', true, 'and all show the same');

-- A first sight is no edit
CALL pg_temp.at_rest('first sight', '{"owned": ["o"]}', 'crm', 'support', 'billing');
SELECT is(sync_configure('contact', sync_config('contact') || '{"fields": {"tags": {"type": "set", "merge": "set"}, "labels": {"type": "set", "merge": "set"},
	"owned": {"type": "set", "merge": "set", "owner": "crm"}, "tied": {"type": "set", "merge": "set", "owner": "crm", "authority": "tiebreak"}}}'), 2, 'a new field');
SELECT is(pg_temp.saw('crm', '{"labels": ["a"]}'), 'accepted labels=accepted', 'is filled by its first sight');
SELECT is(pg_temp.saw('support', '{"labels": ["b"]}'), 'conflict labels=conflict', 'and another one is a drift');
SELECT is(pg_temp.saw('crm', '{"labels": ["a", "c"]}'), 'conflict labels=conflict', 'the author''s edit moves the frozen set');
SELECT is(pg_temp.conflicts(), 'labels drift open: ["a", "c"] (crm) against ["b"] (support)', 'side by side');

-- An exclusive owner decides; one that breaks ties has none to break
CALL pg_temp.at_rest('owned', '{"owned": ["a"], "tied": ["a"]}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('support', '{"owned": ["a", "b"]}'), 'overruled owned=overruled -> support', 'another''s addition is overruled');
SELECT is(pg_temp.golden()->'owned', '["a"]', 'the owner''s set stands');
SELECT is(pg_temp.saw('crm', '{"tied": ["a", "c"]}'), 'accepted tied=accepted -> billing,support', 'the owner adds c');
SELECT is(pg_temp.saw('support', '{"tied": ["a", "d"]}'), 'accepted tied=accepted -> billing,crm,support', 'support d, unaware');
SELECT is(pg_temp.golden()->'tied', '["a", "c", "d"]', 'both stand');

SELECT * FROM finish();
