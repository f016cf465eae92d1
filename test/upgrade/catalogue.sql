-- All that the extension sync_ledger is made of, a line for each thing, in an order of its own: two
-- installations that print the same are the same.
WITH members AS (
	SELECT d.classid, d.objid FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
	WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e' AND e.extname = 'sync_ledger'),
relations AS (SELECT c.* FROM members JOIN pg_class AS c ON classid = 'pg_class'::regclass AND c.oid = objid),
acls AS (
	SELECT oid::regclass::text AS name, relacl AS acl FROM relations
	UNION ALL SELECT p.oid::regprocedure::text, proacl FROM members JOIN pg_proc AS p ON classid = 'pg_proc'::regclass AND p.oid = objid
	UNION ALL SELECT t.oid::regtype::text, typacl FROM members JOIN pg_type AS t ON classid = 'pg_type'::regclass AND t.oid = objid
	UNION ALL SELECT attrelid::regclass || '.' || attname, attacl FROM relations AS r JOIN pg_attribute AS a ON attrelid = r.oid),
lines (line) AS (
	SELECT 'member ' || pg_describe_object(classid, objid, 0) FROM members
	UNION ALL SELECT 'comment ' || pg_describe_object(classid, objid, objsubid) || ': ' || description
		FROM members JOIN pg_description AS c ON c.classoid = classid AND c.objoid = objid
	UNION ALL SELECT 'function ' || pg_get_functiondef(p.oid) || ' ' || coalesce(probin, '')
		FROM members JOIN pg_proc AS p ON classid = 'pg_proc'::regclass AND p.oid = objid WHERE prokind <> 'a'
	UNION ALL SELECT concat_ws(' ', 'relation', oid::regclass, relkind, relpersistence, reloptions, relrowsecurity, relreplident) FROM relations
	UNION ALL SELECT concat_ws(' ', 'column', r.oid::regclass, row_number() OVER (PARTITION BY r.oid ORDER BY attnum), attname, format_type(atttypid, atttypmod),
			attcollation::regcollation, attnotnull, attidentity, attgenerated, attstorage, attcompression,
			(SELECT array_agg(o) FROM unnest(attoptions) AS o WHERE o !~ '^pg_'), attstattarget, pg_get_expr(adbin, adrelid))
		FROM relations AS r JOIN pg_attribute AS a ON attrelid = r.oid LEFT JOIN pg_attrdef ON adrelid = r.oid AND adnum = attnum
		WHERE attnum > 0 AND NOT attisdropped AND relkind <> 'S'
	UNION ALL SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(c.oid), convalidated)
		FROM relations AS r JOIN pg_constraint AS c ON conrelid = r.oid
	UNION ALL SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid), indisvalid, indisclustered) FROM relations AS r JOIN pg_index ON indrelid = r.oid
	UNION ALL SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(t.oid), tgenabled) FROM relations AS r JOIN pg_trigger AS t ON tgrelid = r.oid
	UNION ALL SELECT concat_ws(' ', 'rule', pg_get_ruledef(w.oid), ev_enabled) FROM relations AS r JOIN pg_rewrite AS w ON ev_class = r.oid
	UNION ALL SELECT concat_ws(' ', 'statistics', pg_get_statisticsobjdef(s.oid)) FROM relations AS r JOIN pg_statistic_ext AS s ON stxrelid = r.oid
	UNION ALL SELECT concat_ws(' ', 'sequence', seqrelid::regclass, seqtypid::regtype, seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle,
			(SELECT refobjid::regclass || '.' || refobjsubid FROM pg_depend WHERE objid = seqrelid AND deptype IN ('a', 'i') AND refclassid = 'pg_class'::regclass))
		FROM relations AS r JOIN pg_sequence ON seqrelid = r.oid
	UNION ALL SELECT concat_ws(' ', 'type', t.oid::regtype, typtype, typcategory, format_type(typbasetype, typtypmod))
		FROM members JOIN pg_type AS t ON classid = 'pg_type'::regclass AND t.oid = objid
	UNION ALL SELECT concat_ws(' ', 'privilege', name, coalesce(nullif(grantee, 0)::regrole::text, 'public'), privilege_type, is_grantable)
		FROM acls CROSS JOIN LATERAL aclexplode(acl)
	UNION ALL SELECT 'default privileges ' || name FROM acls WHERE acl IS NULL AND name !~ '\.'
	UNION ALL SELECT concat_ws(' ', 'dumped', t.id::regclass, quote_nullable(condition))
		FROM pg_extension, unnest(extconfig, extcondition) AS t (id, condition) WHERE extname = 'sync_ledger'
	UNION ALL SELECT concat_ws(' ', 'extension', extnamespace::regnamespace, extrelocatable) FROM pg_extension WHERE extname = 'sync_ledger')
SELECT line FROM lines ORDER BY line COLLATE "C";
