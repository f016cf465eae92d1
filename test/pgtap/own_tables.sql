-- What a user does to the extension's own tables: a trigger sees each row, another column is
-- refused by name, and a read-only transaction stays one.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}}');
CALL pg_temp.at_rest('T1', '{"phone": "0"}', 'crm', 'support');

CREATE TABLE seen (relation name, changes bigint);
CREATE FUNCTION note_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.seen SELECT tg_table_name, count(*) FROM public.sync_change;
	RETURN NULL;
END
$$;
CREATE TRIGGER note_row AFTER INSERT OR UPDATE ON sync_outbox FOR EACH ROW EXECUTE FUNCTION note_row();
CREATE TRIGGER note_row AFTER INSERT ON sync_event FOR EACH ROW EXECUTE FUNCTION note_row();
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'a call goes through beside triggers');
SELECT is((SELECT array_agg(relation::text || ' ' || changes ORDER BY relation) FROM seen), '{"sync_event 2","sync_outbox 1"}',
	'each trigger has seen its row');
DROP FUNCTION note_row CASCADE;

SELECT throws_ok($$ SET LOCAL transaction_read_only = on; SELECT sync_diff('crm', 'contact', '{"record_key": "T1", "phone": "2"}') $$,
	'25006', 'cannot execute a write of sync_ledger in a read-only transaction', 'read only is read only');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "T1", "phone": "2"}', dry_run => true)), 'accepted',
	'a dry run writes nothing anyway');

-- An expired lease that a policy without the target has orphaned moves nothing
SELECT isnt(pg_temp.poll('support'), NULL, 'support has a row');
SELECT sync_configure('contact', '{"systems": ["crm", "legacy"], "fields": {"phone": {}}}');
SELECT isnt(pg_temp.saw('crm', '{"phone": "3"}'), NULL, 'the record is written without support');
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}}');
SELECT isnt(pg_temp.saw('crm', '{"phone": "4"}'), NULL, 'and with it again');
SELECT is(pg_temp.saw('support', '{"phone": null}'), 'agreed phone=agreed -> support', 'support shows that it has none');
SELECT is(pg_temp.poll('support'), 'update {"phone": "4"}', 'and is claimed for anew');
SELECT is(pg_temp.ack('support', before => 1), true, 'the orphaned row is acknowledged');
SELECT is(pg_temp.shows('support'), '{"phone": null}', 'and confirms nothing of the new one');
SELECT is(pg_temp.ack('support'), true, 'which is acknowledged by its own lease');
SELECT is(pg_temp.shows('support'), '{"phone": "4"}', 'and confirmed by it');

-- A required field is not decided away
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {"required": true}}}');
CALL pg_temp.at_rest('T2', '{"phone": "0"}', 'crm', 'support');
SELECT is(pg_temp.saw('crm', '{"phone": "5"}'), 'accepted phone=accepted -> support', 'the crm edits');
SELECT is(pg_temp.saw('support', '{"phone": "6"}'), 'conflict phone=conflict', 'so does support, unaware');
SELECT throws_ok(format($$ SELECT sync_resolve(%s, value => 'null') $$, pg_temp.open_conflict()), '22023',
	'field "phone" is required and cannot be null', 'null is no decision for it');

-- BEFORE triggers too, on rows that this transaction has written, and those that write other records
CREATE FUNCTION let_pass() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
CREATE TRIGGER pass BEFORE UPDATE ON sync_outbox FOR EACH ROW EXECUTE FUNCTION let_pass();
CREATE TRIGGER pass BEFORE UPDATE ON sync_state FOR EACH ROW EXECUTE FUNCTION let_pass();
SELECT sync_configure('lead', '{"systems": ["crm", "support", "third"], "window": "0", "fields": {
	"email": {"path": {"crm": "email", "support": "email"}}, "phone": {"path": {"crm": "phone", "third": "phone"}}}}');
BEGIN;
SELECT is((SELECT count(*) FROM sync_diff('crm', 'lead', '[{"record_key": "1", "email": "a", "phone": "1"}, {"record_key": "2", "email": "a", "phone": "1"}]')), 2::bigint, 'a batch');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'lead', '{"record_key": "1", "email": "b", "phone": "1"}')), 1::bigint, 'folds into a row of this transaction');
SELECT is((SELECT sync_ack(max(lease)) FROM (SELECT lease FROM sync_poll('support')) AS p), 2, 'which polls and acknowledges it');
COMMIT;
DROP FUNCTION let_pass CASCADE;
CREATE FUNCTION change_other() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF new.status = 'leased' AND new.record_key = '1' THEN
		PERFORM public.sync_diff('crm', 'lead', '{"record_key": "2", "phone": "22"}');
	END IF;
	RETURN new;
END
$$;
CREATE TRIGGER change_other BEFORE UPDATE ON sync_outbox FOR EACH ROW EXECUTE FUNCTION change_other();
SELECT is((SELECT count(*) FROM sync_diff('crm', 'lead', '[{"record_key": "1", "email": "c"}, {"record_key": "2", "email": "c"}]')), 2::bigint, 'a batch');
SELECT is((SELECT string_agg(record_key, ',' ORDER BY record_key) FROM sync_poll('support')), '1,2', 'a poll whose first row changes the next record has both');
SELECT is((SELECT change_set::text FROM sync_outbox WHERE record_key = '2' AND target_system = 'third'), '{"phone": "22"}', 'and the change stands');
DROP FUNCTION change_other CASCADE;

-- Constraints are kept by rows that no statement writes, also one that comes and goes
ALTER TABLE sync_outbox ADD CONSTRAINT not_this_one CHECK (record_key <> 'T4');
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '{"record_key": "T3", "phone": "1"}')), 1::bigint, 'what it allows goes through');
SELECT throws_ok($$ SELECT sync_diff('crm', 'contact', '{"record_key": "T4", "phone": "1"}') $$, '23514', NULL, 'what it forbids does not');
ALTER TABLE sync_outbox DROP CONSTRAINT not_this_one;
SELECT is((SELECT count(*) FROM sync_diff('crm', 'contact', '{"record_key": "T4", "phone": "1"}')), 1::bigint, 'until it is gone');

ALTER TABLE sync_outbox ADD COLUMN note text;
SELECT throws_like($$ SELECT sync_diff('crm', 'contact', '{"record_key": "T5", "phone": "1"}') $$,
	'table "sync_outbox" has 23 columns where this version of sync_ledger has 22', 'a table with another column is refused by name');

SELECT * FROM finish();
