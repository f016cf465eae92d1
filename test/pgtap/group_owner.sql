-- The owner of a group: its edit wins in all fields, another's is overruled in all of them.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support", "billing"], "fields": {
	"street": {"group": "address", "owner": "crm"}, "city": {"group": "address", "owner": "crm"},
	"name": {"group": "person", "owner": "crm", "authority": "tiebreak"}, "title": {"group": "person", "owner": "crm", "authority": "tiebreak"}}}');

CREATE FUNCTION pg_temp.losses() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s: %s for %s', field, resolution, resolved_value, incoming_value), '; ' ORDER BY id)
	FROM sync_conflict WHERE record_key = pg_temp.record_key() AND kind = 'owner' AND status = 'resolved'
$$;

CALL pg_temp.at_rest('overruled', '{"street": "A", "city": "a"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('support', '{"street": "B", "city": "b"}'), 'overruled city=overruled,street=overruled -> support', 'another''s address is overruled as one');
SELECT is(pg_temp.losses(), 'address owner: {"city": "a", "street": "A"} for {"city": "b", "street": "B"}', 'and named in one row');
SELECT is(pg_temp.waits('support'), 'update {"city": "a", "street": "A"}', 'the owner''s goes back in one change-set');
SELECT is(pg_temp.saw('support', '{"street": "A", "city": "c"}'), 'overruled city=overruled,street=agreed -> support', 'half of one too');
SELECT is(pg_temp.waits('support'), 'update {"city": "a"}', 'and what differs goes back');

CALL pg_temp.at_rest('first edit', '{}', 'support', 'crm', 'billing');
SELECT is(pg_temp.saw('support', '{"street": "S", "city": "s"}'), 'accepted city=accepted,street=accepted', 'before the owner spoke anyone fills it');
CALL pg_temp.at('13:00');
SELECT is(pg_temp.saw('crm', '{"street": "C"}'), 'accepted street=accepted -> billing,support', 'the owner speaks of one field');
SELECT is(pg_temp.losses(), 'address owner: {"city": "s", "street": "C"} for {"street": "C"}', 'what it replaced unseen is named');
SELECT is(pg_temp.saw('support', '{"city": "t"}'), 'overruled city=overruled -> support', 'and owns the other as well');

-- With a tiebreak: only in a collision, of any field
CALL pg_temp.at_rest('tie', '{"name": "A", "title": "a"}', 'crm', 'support', 'billing');
SELECT is(pg_temp.saw('crm', '{"name": "B"}'), 'accepted name=accepted -> billing,support', 'the owner edits');
SELECT is(pg_temp.saw('support', '{"title": "b"}'), 'overruled title=overruled -> support', 'the other field, edited unaware, loses');
CALL pg_temp.deliver('support', 'billing');
CALL pg_temp.at('12:30');
SELECT is(pg_temp.saw('support', '{"title": "b"}'), 'accepted title=accepted -> billing,crm', 'seen and past the window it does not');
SELECT is(pg_temp.saw('crm', '{"name": "C"}'), 'accepted name=accepted -> billing,support', 'the owner''s next edit is accepted, unaware or not');
SELECT is(pg_temp.losses(), 'person owner: {"name": "B", "title": "a"} for {"name": "A", "title": "b"}; person owner: {"name": "C", "title": "b"} for {"name": "C", "title": "a"}',
	'and what it did not see is named');
SELECT is((SELECT current_value FROM sync_conflict WHERE record_key = 'tie' ORDER BY id DESC LIMIT 1), '{"name": "B", "title": "b"}', 'as what was replaced');

-- The owner's own field beside one that nobody can tell from a late echo: both are held
CALL pg_temp.at_rest('held along', '{"street": "A", "city": "a"}', 'support', 'crm', 'billing');
SELECT is(pg_temp.saw('support', '{"city": "b"}'), 'accepted city=accepted -> billing,crm', 'support moves, before the owner spoke');
SELECT is(pg_temp.poll('crm'), 'update {"city": "b"}', 'the owner is told');
SELECT is(pg_temp.ack('crm'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"street": "D"}'), 'accepted street=accepted -> billing,crm', 'support moves again');
SELECT is(pg_temp.saw('crm', '{"city": "a"}'), 'echo city=echo', 'the old city comes late');
SELECT is(pg_temp.saw('crm', '{"street": "C", "city": "a"}'), 'held city=held,street=held', 'and again, beside a new street');
SELECT is(pg_temp.conflicts(), 'address bounce open: {"city": "b", "street": "D"} (support) against {"city": "a", "street": "C"} (crm)', 'whole addresses are held');
SELECT is(pg_temp.saw('crm', '{"street": "E"}'), 'accepted street=accepted -> billing,crm,support', 'the owner''s next word decides, and what was in doubt is sent once more');
SELECT is((SELECT sides FROM sync_conflict WHERE record_key = 'held along'),
	'{"crm": [{"city": "a", "street": "C"}], "support": [{"city": "b", "street": "D"}]}', 'and what it replaced is named');

-- The owner moves both fields of a group in conflict at once: the first of them closes it
CALL pg_temp.at_rest('both at once', '{"street": "A", "city": "a"}', 'support', 'crm', 'billing');
SELECT is(pg_temp.saw('support', '{"city": "b"}'), 'accepted city=accepted -> billing,crm', 'support moves');
SELECT is(pg_temp.poll('crm'), 'update {"city": "b"}', 'the owner is told');
SELECT is(pg_temp.ack('crm'), true, 'acknowledged');
SELECT is(pg_temp.saw('support', '{"street": "D"}'), 'accepted street=accepted -> billing,crm', 'support moves again');
SELECT is(pg_temp.saw('crm', '{"city": "a"}'), 'echo city=echo', 'the old city comes late');
SELECT is(pg_temp.saw('crm', '{"street": "C", "city": "a"}'), 'held city=held,street=held', 'and again, beside a new street');
SELECT is(pg_temp.saw('crm', '{"street": "E", "city": "e"}'), 'accepted city=accepted,street=accepted -> billing,crm,support', 'the owner''s next address decides');
SELECT is(pg_temp.conflicts(), 'address bounce resolved: {"city": "e", "street": "E"} (crm) against {"city": "a", "street": "C"} (crm)', 'in one row');

SELECT * FROM finish();
