-- sync_audit counts, per system and per field, what matches the golden records, what differs, what is missing there, what was never shown.
\ir story.psql
\ir gone.psql
\ir refusal.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}}');

-- Of a system, of all of a record or of one field: matched, different, missing, unseen.
CREATE FUNCTION pg_temp.audit(of_system text, of_field text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', matched, different, missing, unseen) FROM sync_audit('contact') WHERE system = of_system AND field IS NOT DISTINCT FROM of_field
$$;

SELECT is((SELECT coalesce(sum(matched + different + missing + unseen), 0) FROM sync_audit('contact')), 0::numeric, 'an empty book');

CALL pg_temp.at_rest('A', '{"phone": "0", "email": "a"}', 'crm', 'support');
CALL pg_temp.at_rest('B', '{"phone": "0", "email": "a"}', 'crm', 'support');
SELECT is(pg_temp.audit('crm'), '2 0 0 0', 'two records as they should be');
SELECT is(pg_temp.audit('support'), '2 0 0 0', 'in both');

SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'an edit of one field');
SELECT is(pg_temp.audit('support'), '1 1 0 0', 'until it is delivered one record differs');
SELECT is(pg_temp.audit('support', 'phone'), '1 1 0 0', 'in that field');
SELECT is(pg_temp.audit('support', 'email'), '2 0 0 0', 'not in the other');
SELECT is(pg_temp.audit('crm', 'phone'), '2 0 0 0', 'nor where it comes from');
CALL pg_temp.deliver('support');
SELECT is(pg_temp.audit('support'), '2 0 0 0', 'delivered, both match');

CALL pg_temp.record('C');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'a third record');
SELECT is(pg_temp.audit('support'), '2 0 1 0', 'is missing until it is created');
SELECT is(pg_temp.audit('support', 'phone'), '2 0 1 0', 'with its fields');

CALL pg_temp.record('D');
SELECT is(pg_temp.saw('crm', '{"phone": "0"}'), 'accepted phone=accepted -> support', 'a fourth record');
SELECT is(pg_temp.saw('support', '{"phone": "0"}'), 'agreed phone=agreed', 'that both have');
SELECT is(pg_temp.saw('crm', '{"email": "d"}'), 'accepted email=accepted', 'of which one shows a field that the other never showed');
SELECT is(pg_temp.audit('support', 'email'), '2 0 1 1', 'unseen is neither matched nor different');

-- The dead are not counted
CALL pg_temp.record('A');
CALL pg_temp.at('12:10');
SELECT is(pg_temp.gone('crm'), 'accepted delete -> support', 'a record dies');
CALL pg_temp.delete_there('support');
SELECT is(pg_temp.audit('crm', 'phone'), '3 0 0 0', 'and is no record of the crm any more');
SELECT is(pg_temp.audit('support', 'phone'), '2 0 1 0', 'nor of support');

SELECT is((SELECT array_agg(DISTINCT system) FROM sync_audit('contact', 'support')), '{support}', 'of one system only');
SELECT matches(pg_temp.refused($$ SELECT * FROM sync_audit('contcat') $$), '^42704 .*"contcat".*\| Did you mean "contact"', 'an unknown entity is named');
SELECT matches(pg_temp.refused($$ SELECT * FROM sync_audit('contact', 'suport') $$), '^42704 .*"suport".*\| Did you mean "support"', 'an unknown system is named');

SELECT * FROM finish();
