-- Is all well, and if not, why and what to do next.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "window": "0", "fields": {"phone": {}, "seats": {"type": "number"}}}');
CALL pg_temp.at('10:00');

-- What is not well, the worst first.
CREATE FUNCTION pg_temp.ails() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(status || ': ' || subject || ': ' || reason, '; ') FROM (SELECT * FROM sync_health OFFSET 0) AS h WHERE status <> 'ok'
$$;
CREATE FUNCTION pg_temp.next_step(of_subject text) RETURNS text LANGUAGE sql AS $$
	SELECT next_step FROM sync_health WHERE subject = of_subject
$$;

SELECT is(pg_temp.ails(), NULL, 'all is well');
SELECT cmp_ok((SELECT count(*) FROM sync_health WHERE status = 'ok'), '>=', 9::bigint, 'and each thing that was looked at says so');
SELECT is((SELECT count(*) FROM sync_health WHERE reason IS NULL), 0::bigint, 'with its reason');

-- Delivery
SELECT is(pg_temp.saw('crm', '{"phone": "1"}'), 'accepted phone=accepted -> support', 'a change waits');
CALL pg_temp.at('10:04');
SELECT is(pg_temp.ails(), NULL, 'a few minutes are well');
CALL pg_temp.at('10:06');
SELECT is(pg_temp.ails(), 'warning: delivery to support: 1 claimable, the oldest for 00:06:00', 'more are not');
SELECT alike(pg_temp.next_step('delivery to support'), '%sync_poll(''support'')%', 'it says what to do');
CALL pg_temp.at('11:01');
SELECT is(pg_temp.ails(), 'critical: delivery to support: 1 claimable, the oldest for 01:01:00', 'an hour is too long');
SELECT isnt(pg_temp.poll('support'), NULL, 'a worker takes it');
SELECT is(pg_temp.ails(), NULL, 'all is well');

-- A pause, and a copy of the book
SELECT is(sync_pause('support')::text, '', 'support is paused');
SELECT is(pg_temp.ails(), 'warning: delivery to support: paused; nothing waits for a worker', 'a pause is told');
SELECT is((SELECT string_agg(target, ',') FROM sync_lag WHERE paused), 'support', 'in sync_lag too');
SELECT is(pg_temp.next_step('delivery to support'), 'sync_resume(''support'') ends the pause.', 'it says what to do');
SELECT is(sync_resume('support')::text, '', 'which is done');
UPDATE sync_home SET control_inode = control_inode + 1;
SELECT is(pg_temp.ails(), 'critical: the book: this book is not where it was written: the server''s data directory was copied', 'so is a copy');
SELECT alike(pg_temp.next_step('the book'), '%sync_resume()%', 'it says what to do');
SELECT is(sync_resume()::text, '', 'which is done');
SELECT is(pg_temp.ails(), NULL, 'all is well');

-- Leases, dead letters
CALL pg_temp.at('11:08');
SELECT is(pg_temp.ails(), 'warning: leases: 1 ran out more than 5 minutes ago and did not come back', 'a worker that died, and nobody polls');
SELECT alike(pg_temp.next_step('leases'), '%sync_maintain()%', 'it says what to do');
SELECT is(sync_maintain() ->> 'leases', '1', 'which is done');
SELECT isnt(pg_temp.poll('support'), NULL, 'another worker');
SELECT is(pg_temp.nack('support', permanent => true), true, 'gives it up');
SELECT is(pg_temp.ails(), 'warning: dead letters of support: 1 failed too often, or for good', 'a dead letter');
SELECT alike(pg_temp.next_step('dead letters of support'), '%sync_redrive(id)%sync_discard(id, reason)%', 'it says what to do');
SELECT is(sync_redrive(id), true, 'which is done') FROM sync_dead_letters;
CALL pg_temp.deliver('support');
SELECT is(pg_temp.ails(), NULL, 'all is well');

-- Conflicts, rejected records
SELECT is(pg_temp.saw('crm', '{"phone": "2"}'), 'accepted phone=accepted -> support', 'an edit');
SELECT is(pg_temp.saw('support', '{"phone": "3"}'), 'conflict phone=conflict', 'another, unaware');
SELECT is((SELECT reason FROM sync_health WHERE subject = 'conflicts'), '1 open, the oldest for 00:00:00', 'a conflict is no fault');
SELECT set_config('sync_ledger.now', (extract(epoch FROM '2026-03-02 12:00+00'::timestamptz) * 1000000)::bigint::text, false);
SELECT is(sync_maintain() ->> 'more', 'false', 'maintenance runs');
SELECT is(pg_temp.ails(), 'warning: conflicts: 1 open, the oldest for 1 day 00:52:00', 'that nobody decides is one');
SELECT alike(pg_temp.next_step('conflicts'), '%sync_resolve%', 'it says what to do');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'crm'), true, 'which is done');
CALL pg_temp.deliver('support');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "T2", "seats": "x"}')), 'rejected', 'a record that does not fit');
SELECT is(pg_temp.ails(), 'warning: rejected records: 1 in the last day', 'is told for a day');
SELECT set_config('sync_ledger.now', (extract(epoch FROM '2026-03-04 12:00+00'::timestamptz) * 1000000)::bigint::text, false);

-- Maintenance
SELECT is(pg_temp.ails(), 'warning: maintenance: last ran 2 days ago', 'counts of the day before are not added up');
SELECT alike(pg_temp.next_step('maintenance'), '%sync_schedule()%', 'it says what to do');
SELECT is(sync_maintain() ->> 'more', 'false', 'which is done');
SELECT is(pg_temp.ails(), NULL, 'all is well');
SELECT is((SELECT count(*) FROM sync_health WHERE status = 'ok' AND next_step IS NOT NULL), 0::bigint, 'and there is nothing to do');

-- A monitor asks all the time, most of all when a million change-sets wait
CREATE FUNCTION pg_temp.passes(view regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	before bigint := pg_stat_get_xact_numscans('sync_outbox'::regclass);
BEGIN
	EXECUTE 'SELECT count(*) FROM ' || view;
	RETURN pg_stat_get_xact_numscans('sync_outbox'::regclass) - before;
END $$;
SELECT is(pg_temp.passes('sync_health'), 1::bigint, 'it takes one pass over what waits');
SELECT is(pg_temp.passes('sync_lag'), 1::bigint, 'and so does the lag');

-- What waits for a table of this database is no worker's to carry: it would say that it is written, and it is not
SELECT sync_configure('person', '{"systems": {"app": {"key": "id"}, "crm": {}}, "fields": {"name": {}}}');
CREATE TABLE people (id text PRIMARY KEY, name text);
SELECT sync_attach('people', 'app', 'person');
CALL pg_temp.at('20:00');
SELECT sync_diff('crm', 'person', '{"record_key": "1", "name": "A"}');
CALL pg_temp.at('20:06');
CREATE FUNCTION pg_temp.for_app() RETURNS text LANGUAGE sql AS $$ SELECT next_step FROM sync_health WHERE subject = 'delivery to app' $$;
SELECT is(pg_temp.for_app(), $$Run sync_apply('app') every few seconds; sync_schedule(apply => 'app') has pg_cron do so; look at sync_lag.$$, 'a table is applied');
SELECT sync_configure('lead', '{"systems": ["app", "crm"], "fields": {"name": {}}}');
SELECT is(pg_temp.for_app(), $$Run sync_apply('app') every few seconds for its attached tables, and workers that call sync_poll('app', entity => ...) for all else; look at sync_lag.$$,
	'workers are for the entities that are none');
SELECT sync_detach('people');
SELECT is(pg_temp.for_app(), $$Start a worker that calls sync_poll('app'), or more of them; look at sync_lag.$$, 'and for systems elsewhere');

SELECT * FROM finish();
