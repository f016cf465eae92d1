-- Nothing of the extension is for everybody: whoever may use it is granted it by name.
-- By catalogue and not by list, so that no later object can be forgotten.
DO $privileges$
DECLARE
	member text;
BEGIN
	FOR member IN
		SELECT CASE d.classid
			WHEN 'pg_catalog.pg_proc'::regclass THEN
				(SELECT format('%s %s', CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END,
							   p.oid::regprocedure)
				 FROM pg_catalog.pg_proc p WHERE p.oid = d.objid)
			WHEN 'pg_catalog.pg_class'::regclass THEN
				(SELECT format('%s %s', CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END,
							   c.oid::regclass)
				 FROM pg_catalog.pg_class c WHERE c.oid = d.objid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S'))
			WHEN 'pg_catalog.pg_type'::regclass THEN
				(SELECT format('TYPE %s', t.oid::regtype)
				 FROM pg_catalog.pg_type t WHERE t.oid = d.objid AND t.typelem = 0)
			END
		FROM pg_catalog.pg_depend d
		JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND e.extname = 'sync_ledger'
		WHERE d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
	LOOP
		CONTINUE WHEN member IS NULL;
		EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', member);
	END LOOP;
END
$privileges$;
