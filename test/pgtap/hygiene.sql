-- The catalogue says of every object of the extension what the house asks of it.
-- Each test lists the offenders, so that a failure names them.
BEGIN;
SELECT plan(10);

CREATE TEMP VIEW member AS
SELECT d.classid, d.objid
FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'sync_ledger';

CREATE TEMP VIEW routine AS
SELECT p.* FROM pg_proc p JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid;

CREATE TEMP VIEW relation AS
SELECT c.* FROM pg_class c JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid;

CREATE TEMP VIEW stored AS
SELECT r.* FROM relation r WHERE r.relkind = 'r' AND r.relpersistence = 'p';

SELECT cmp_ok((SELECT count(*) FROM routine), '>', 0::bigint, 'there are functions to look at');

SELECT is_empty($$
	SELECT proname AS name FROM routine WHERE proname NOT LIKE 'sync\_%'
	UNION ALL
	SELECT relname FROM relation WHERE relname NOT LIKE 'sync\_%'
$$, 'every function, table, view, type and sequence is named sync_*');

SELECT is_empty($$
	SELECT oid::regprocedure FROM routine WHERE obj_description(oid, 'pg_proc') IS NULL
$$, 'every function has a comment');

SELECT is_empty($$
	SELECT oid::regclass FROM relation
	WHERE relkind IN ('r', 'v', 'c') AND obj_description(oid, 'pg_class') IS NULL
$$, 'every table, view and type has a comment');

SELECT is_empty($$
	SELECT r.oid::regprocedure::text AS object
	FROM routine r, aclexplode(coalesce(r.proacl, acldefault('f', r.proowner))) a WHERE a.grantee = 0
	UNION ALL
	SELECT r.oid::regclass::text
	FROM relation r,
		 aclexplode(coalesce(r.relacl, acldefault(CASE r.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char",
												  r.relowner))) a
	WHERE a.grantee = 0
	UNION ALL
	SELECT t.oid::regtype::text
	FROM pg_type t JOIN member m ON m.classid = 'pg_type'::regclass AND m.objid = t.oid,
		 aclexplode(coalesce(t.typacl, acldefault('T', t.typowner))) a
	WHERE a.grantee = 0 AND t.typelem = 0
$$, 'PUBLIC has no privilege on anything');

SELECT is_empty($$
	SELECT oid::regprocedure FROM routine
	WHERE prosecdef AND NOT 'search_path=pg_catalog, pg_temp' = ANY (coalesce(proconfig, '{}'))
$$, 'every SECURITY DEFINER function pins its search_path');

SELECT is_empty($$
	SELECT r.oid::regclass FROM relation r
	WHERE r.relkind IN ('r', 'S') AND r.relpersistence = 'p'
	  AND r.oid NOT IN (SELECT unnest(extconfig) FROM pg_extension
						WHERE extname = 'sync_ledger' AND extconfig IS NOT NULL)
$$, 'a dump carries every table and sequence that is not unlogged');

SELECT is_empty($$
	SELECT s.oid::regclass FROM stored s
	WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = s.oid AND i.indisunique
					  AND i.indpred IS NULL AND i.indisvalid)
$$, 'every table has a key');

SELECT is_empty($$
	SELECT i.indexrelid::regclass, a.attname
	FROM relation r
	JOIN pg_index i ON i.indrelid = r.oid
	JOIN pg_attribute a ON a.attrelid = i.indexrelid
	JOIN pg_collation c ON c.oid = a.attcollation
	WHERE c.collname <> 'C'
$$, 'every text in an index is ordered by code point');

SELECT is_empty($$
	SELECT r.oid::regclass FROM relation r WHERE r.relkind IN ('p', 'm', 'f')
$$, 'there is no partitioned table, materialised view or foreign table');

SELECT * FROM finish();
ROLLBACK;
