-- The extension goes into the schema that the user names, refuses a database that is not
-- UTF8, and leaves nothing behind when it is dropped.
\set SHOW_CONTEXT never
CREATE DATABASE regress_sync_ledger_schema ENCODING 'UTF8' TEMPLATE template0;
\c regress_sync_ledger_schema
CREATE SCHEMA "the book";
CREATE EXTENSION sync_ledger SCHEMA "the book";
SELECT bool_and(member.schema = '"the book"') AS all_in_schema
FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) AS member
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
  AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'sync_ledger');
DROP EXTENSION sync_ledger;
DROP SCHEMA "the book";

CREATE DATABASE regress_sync_ledger_latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
\c regress_sync_ledger_latin1
CREATE EXTENSION sync_ledger;

\c contrib_regression
DROP DATABASE regress_sync_ledger_schema;
DROP DATABASE regress_sync_ledger_latin1;
