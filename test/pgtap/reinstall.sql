-- A backend that knew one installation of the extension works with the next one: in
-- another schema, under another name of the schema, or after a rollback in the old one.
BEGIN;
SELECT * FROM no_plan();

CREATE FUNCTION pg_temp.policy_of(field text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('systems', '["crm"]'::jsonb, 'fields', jsonb_build_object(field, '{}'::jsonb))
$$;

SELECT is(sync_configure('subject', pg_temp.policy_of('first')), 1, 'the first installation is used');
SELECT matches(sync_policy('subject'), '\nfirst\n', 'and its policy is in memory');

SAVEPOINT before;
DROP EXTENSION sync_ledger;
CREATE SCHEMA "the ""book";
CREATE EXTENSION sync_ledger SCHEMA "the ""book";
SELECT throws_ok($$SELECT "the ""book".sync_policy('subject')$$, '42704', 'entity "subject" is not configured',
				 'a new installation knows nothing of the old one');
SELECT is("the ""book".sync_configure('subject', pg_temp.policy_of('second')), 1, 'and is written to');
SELECT matches("the ""book".sync_policy('subject'), '\nsecond\n', 'and read from');

ALTER SCHEMA "the ""book" RENAME TO book;
SELECT is(book.sync_configure('subject', pg_temp.policy_of('third')), 2, 'under another name it is written to');
SELECT matches(book.sync_policy('subject'), '\nthird\n', 'and read from');
SELECT is(book.sync_config('subject', 1), pg_temp.policy_of('second'), 'every plan has followed');

ROLLBACK TO before;
SELECT matches(sync_policy('subject'), '\nfirst\n', 'after the rollback the first installation is back');
SELECT is(sync_configure('subject', pg_temp.policy_of('fourth')), 2, 'and is written to');
SELECT matches(sync_policy('subject'), '\nfourth\n', 'and read from');

SELECT * FROM finish();
ROLLBACK;
