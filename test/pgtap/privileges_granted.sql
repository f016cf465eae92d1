-- Who has which right on what: a table of all objects of the extension.  An object that is
-- not in it fails the test: whoever adds one says here who may use it.
BEGIN;
SELECT * FROM no_plan();
\ir privileges.psql

CREATE TEMP TABLE expected (may text, names text[]);
INSERT INTO expected VALUES
	('reader ingest worker reviewer admin', '{sync_policy,sync_config,sync_entity,sync_canonical,sync_hash,sync_changes}'),
	('ingest admin', '{sync_verdict,sync_diff,sync_diff_from,sync_delete,sync_read,sync_attach,sync_detach,sync_capture}'),
	('worker admin', '{sync_poll,sync_ack,sync_nack,sync_extend,sync_apply,sync_merge}'),
	('reviewer admin', '{sync_conflict,sync_reject,sync_conflict_poll,sync_conflict_ack,sync_resolve}'),
	('reader reviewer admin', '{sync_open_conflicts,sync_conflict_summary,sync_trace,sync_blame,sync_masked,sync_masked_sides,sync_is_sensitive,sync_is_sensitive_group,sync_is_current,sync_sensitive_fields}'),
	('reader admin', '{sync_dead_letter_words,sync_audit,sync_divergence,sync_state_divergence,sync_near_misses,sync_dead_letters,sync_outbox_event,sync_lag,sync_activity,sync_savings,sync_systems,sync_stat,sync_now,sync_health,sync_health_outbox,sync_health_review,sync_health_attached,sync_health_server}'),
	('reader ingest worker admin', '{sync_attached}'),
	('reader worker admin', '{sync_pause_reason}'),
	('admin', '{sync_configure,sync_pause,sync_resume,sync_redrive,sync_discard,sync_touch,sync_forget,sync_maintain,sync_schedule,sync_unschedule,sync_privileges}'),
	('admin', '{sync_record,sync_state_record,sync_sensitive_words,sync_masked_words,sync_shadow,sync_state_shadows,sync_change,sync_ledger,sync_outbox,sync_waiting,sync_lease,sync_state,sync_event,sync_claim,sync_key_version,sync_delivery,sync_native_id,sync_match,sync_near_miss,sync_conflict_lease,sync_target,sync_home,sync_sweep}'),
	('', '{sync_grant,sync_revoke}'),
	('', '{sync_state_waiting,sync_state_blame,sync_field_keys,sync_trace_events,sync_trace_deliveries,sync_trace_conflicts,sync_trace_waiting,sync_conflict_limits,sync_trace_rejects,sync_last_sweep,sync_misfit,sync_renew_targets,sync_rate_left,sync_rate_take,sync_outbox_arrives}'),
	('', '{sync_event_id_seq,sync_outbox_id_seq,sync_lease_seq,sync_conflict_id_seq,sync_reject_id_seq,sync_stat_id_seq,sync_near_miss_id_seq}');

CREATE TEMP VIEW member AS
	SELECT d.classid, d.objid FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'sync_ledger';

-- Of each object, the rights that a role has on it.
CREATE FUNCTION pg_temp.rights_on_relation(role name, relation oid) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(p, ',') FROM unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS p
	WHERE has_table_privilege(role, relation, p)
$$;
CREATE FUNCTION pg_temp.rights_on_sequence(role name, sequence oid) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(p, ',') FROM unnest('{SELECT,USAGE,UPDATE}'::text[]) AS p WHERE has_sequence_privilege(role, sequence, p)
$$;
CREATE TEMP VIEW actual AS
	SELECT p.oid::regprocedure::text AS object, p.proname::text AS name, s.privilege, s.nr, s.role,
		CASE WHEN has_function_privilege(s.role, p.oid, 'EXECUTE') THEN 'EXECUTE' END AS rights, 'EXECUTE' AS least
	FROM member AS m JOIN pg_proc AS p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid CROSS JOIN someone AS s
	UNION ALL
	SELECT c.oid::regclass::text, c.relname, s.privilege, s.nr, s.role, CASE c.relkind
			WHEN 'S' THEN pg_temp.rights_on_sequence(s.role, c.oid) ELSE pg_temp.rights_on_relation(s.role, c.oid) END, 'SELECT'
	FROM member AS m JOIN pg_class AS c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid AND c.relkind <> 'c' CROSS JOIN someone AS s
	UNION ALL
	SELECT t.oid::regtype::text, t.typname, s.privilege, s.nr, s.role, CASE WHEN has_type_privilege(s.role, t.oid, 'USAGE') THEN 'USAGE' END, 'USAGE'
	FROM pg_type AS t JOIN pg_class AS c ON c.oid = t.typrelid AND c.relkind = 'c' CROSS JOIN someone AS s
	WHERE t.typname LIKE 'sync\_%';

SELECT is_empty($$ SELECT a.name FROM actual AS a EXCEPT SELECT unnest(names) FROM expected $$, 'each object has its place in the table');
SELECT is_empty($$ SELECT unnest(names) FROM expected EXCEPT SELECT a.name FROM actual AS a $$, 'and the table names nothing else');
SELECT is_empty(format($$
	SELECT a.object, a.rights, e.may FROM actual AS a JOIN expected AS e ON a.name = ANY (e.names)
	WHERE a.privilege = %L
	  AND a.rights IS DISTINCT FROM CASE WHEN a.privilege = ANY (string_to_array(e.may, ' ')) THEN a.least END
$$, privilege), format('%s has what the table says, and no more', privilege)) FROM someone ORDER BY nr;
SELECT is_empty($$ SELECT a.object, p.object FROM (SELECT DISTINCT a.object FROM actual AS a) AS a
	FULL JOIN (SELECT DISTINCT object FROM sync_privileges) AS p USING (object) WHERE a.object IS NULL OR p.object IS NULL $$,
	'sync_privileges knows each object');

-- Once more changes nothing, several add up, and all of it is taken back
CREATE TEMP TABLE before AS SELECT object, role, rights FROM actual WHERE privilege = 'worker';
SELECT lives_ok(format('SELECT sync_grant(%L, %L)', role, privilege), 'a privilege is granted again') FROM someone WHERE privilege = 'worker';
SELECT set_eq($$ SELECT object, role, rights FROM actual WHERE privilege = 'worker' $$, 'SELECT * FROM before', 'which changes nothing');
SELECT sync_grant(role::text::regrole, 'reviewer') FROM someone WHERE privilege = 'worker';
SELECT is_empty($$ SELECT object FROM actual AS a WHERE privilege IN ('worker', 'reviewer') AND rights IS NOT NULL
	AND NOT EXISTS (SELECT FROM actual AS b WHERE b.privilege = 'worker' AND b.object = a.object AND b.rights = a.rights) $$,
	'with another one a role has both');
SELECT format('GRANT ALL ON sync_outbox_id_seq, sync_outbox TO %I; GRANT EXECUTE ON FUNCTION sync_grant(regrole, text) TO %1$I', role)
FROM someone WHERE privilege = 'worker' \gexec
SELECT sync_revoke(role::text::regrole) FROM someone WHERE privilege = 'worker';
SELECT is_empty($$ SELECT object, rights FROM actual WHERE privilege = 'worker' AND rights IS NOT NULL $$, 'sync_revoke takes everything, what was granted by hand too');
CREATE TEMP TABLE rows AS SELECT oid, xmin::text AS writer FROM pg_class WHERE relname LIKE 'sync\_%' UNION ALL SELECT oid, xmin::text FROM pg_proc WHERE proname LIKE 'sync\_%';
SELECT sync_revoke(role::text::regrole) FROM someone WHERE privilege = 'worker';
SELECT set_eq($$ SELECT oid, xmin::text AS writer FROM pg_class WHERE relname LIKE 'sync\_%' UNION ALL SELECT oid, xmin::text FROM pg_proc WHERE proname LIKE 'sync\_%' $$,
	'SELECT * FROM rows', 'to take back nothing writes nothing');
SELECT sync_grant(role::text::regrole, 'worker') FROM someone WHERE privilege = 'worker';
SELECT set_eq($$ SELECT object, role, rights FROM actual WHERE privilege = 'worker' $$, 'SELECT * FROM before', 'and it can be given again');

-- What a role with a grant option has passed on goes with it; from another one the owner cannot take it
SELECT role AS giver FROM someone WHERE privilege = 'worker' \gset
SELECT role AS taker FROM someone WHERE privilege = 'reader' \gset
GRANT EXECUTE ON FUNCTION sync_extend(bigint, interval) TO :giver WITH GRANT OPTION;
SET ROLE :giver;
GRANT EXECUTE ON FUNCTION sync_extend(bigint, interval) TO :taker;
RESET ROLE;
SELECT throws_ok(format('SELECT sync_revoke(%L)', :'taker'), '2B000', format('role "%s" has rights that another role granted it', :'taker'), 'what is left is told');
SELECT lives_ok(format('SELECT sync_revoke(%L)', :'giver'), 'the one that granted it can be revoked');
SELECT is(has_function_privilege(:'taker', 'sync_extend(bigint, interval)', 'EXECUTE'), false, 'and what it granted is gone');
SELECT lives_ok(format('SELECT sync_revoke(%L), sync_grant(%1$L, ''reader''), sync_grant(%L, ''worker'')', :'taker', :'giver'), 'both can be given anew');

-- Mistakes
SELECT throws_ok(format('SELECT sync_grant(%L, %L)', role, 'revewer'), '22023', 'sync_ledger has no privilege "revewer"', 'an unknown privilege') FROM someone WHERE nr = 1;
SELECT throws_ok($$ SELECT sync_grant('-', 'reader') $$, '42704', 'role with OID 0 does not exist', 'PUBLIC is nobody');
SELECT throws_ok($$ SELECT sync_grant(NULL, 'reader') $$, '22004', 'no argument of sync_grant may be null', 'null');
SELECT throws_ok($$ SELECT sync_revoke(NULL) $$, '22004', 'no argument of sync_revoke may be null', 'nor for sync_revoke');
SELECT throws_ok(format('SELECT sync_grant(%L, NULL)', role), '22004', 'no argument of sync_grant may be null', 'no privilege') FROM someone WHERE nr = 1;
SELECT is(pg_temp.who(format('SELECT sync_grant(%L, ''reader'')', role)), '', 'nobody of them grants') FROM someone WHERE nr = 1;
SELECT format('GRANT EXECUTE ON FUNCTION sync_grant(regrole, text), sync_revoke(regrole) TO %I', role) FROM someone WHERE privilege = 'admin' \gexec
SELECT role AS admin FROM someone WHERE privilege = 'admin' \gset
SET ROLE :admin;
SELECT throws_ok(format('SELECT sync_grant(%L, ''reader'')', :'admin'), '42501', 'must be owner of extension sync_ledger', 'who may call it, but owns nothing, grants nothing');
SELECT throws_ok(format('SELECT sync_revoke(%L)', :'admin'), '42501', 'must be owner of extension sync_ledger', 'nor takes anything back');
RESET ROLE;

-- In a schema of its own, under a name that needs quotes
CREATE FUNCTION pg_temp.hint(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hint text;
BEGIN
	EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
	RETURN hint;
END
$$;
SELECT is(pg_temp.hint($$ SELECT sync_grant(current_user::regrole, 'revewer') $$),
	'Did you mean "reviewer"? Known privileges: admin, ingest, reader, reviewer, worker.', 'and what was meant');
DROP EXTENSION sync_ledger;
CREATE SCHEMA "The Book";
CREATE EXTENSION sync_ledger SCHEMA "The Book";
CREATE ROLE "O'Reader";
SELECT "The Book".sync_grant('"O''Reader"', 'reader');
SET ROLE "O'Reader";
SELECT lives_ok('SELECT * FROM "The Book".sync_health', 'a schema of its own is opened');
SELECT throws_ok('SELECT * FROM "The Book".sync_record', '42501', 'permission denied for view sync_record', 'but no more than that');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
