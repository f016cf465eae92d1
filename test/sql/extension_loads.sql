-- The extension installs into a schema of the user's choice and leaves nothing behind.
CREATE SCHEMA book;
CREATE EXTENSION sync_ledger SCHEMA book;
SELECT extnamespace::regnamespace AS schema FROM pg_extension WHERE extname = 'sync_ledger';
DROP EXTENSION sync_ledger;
DROP SCHEMA book;
