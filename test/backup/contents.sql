-- Every row of every table that a dump holds, and the position of every sequence; a place in the outbox is
-- a transaction of the server that it is in.
SET timezone = 'UTC';
SELECT format(CASE relkind WHEN 'S' THEN 'SELECT %L, last_value, is_called FROM %s;'
	ELSE 'SELECT %L, to_jsonb(r) - ''place'' AS row FROM %s AS r ORDER BY (to_jsonb(r) - ''place'')::text COLLATE "C";' END, relname, c.oid::regclass)
FROM pg_class AS c, pg_extension WHERE extname = 'sync_ledger' AND c.oid = ANY (extconfig)
ORDER BY relname COLLATE "C"
\gexec
