\echo Use "CREATE EXTENSION sync_ledger" to load this file. \quit

-- Payloads are compared, sorted and hashed as UTF-8, by code point.
DO $guard$
BEGIN
	IF pg_catalog.getdatabaseencoding() <> 'UTF8' THEN
		RAISE EXCEPTION 'sync_ledger needs a database with encoding "UTF8", this one has "%"',
			pg_catalog.getdatabaseencoding()
			USING ERRCODE = 'feature_not_supported',
				HINT = 'Create the database with CREATE DATABASE ... ENCODING ''UTF8'' TEMPLATE template0.';
	END IF;
END
$guard$;
