-- A complete listing that would delete or change too much fails, unless just that is approved.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "max_change": 0.25}');

-- A listing of crm: so many of its eight records, so many of them edited, so many new ones.
CREATE FUNCTION pg_temp.listing(there integer, edited integer DEFAULT 0, fresh integer DEFAULT 0) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(jsonb_agg(r), '[]')::text FROM (
		SELECT jsonb_build_object('record_key', 'K' || k, 'phone', CASE WHEN k <= edited THEN 'new' ELSE 'old' END) FROM generate_series(1, there) AS k
		UNION ALL SELECT jsonb_build_object('record_key', 'N' || n, 'phone', 'old') FROM generate_series(1, fresh) AS n) AS l (r)
$$;

-- What becomes of it: how many rows, or the error, its detail and its hint.
CREATE FUNCTION pg_temp.takes(records text, approve integer DEFAULT NULL, dry boolean DEFAULT true) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	RETURN (SELECT count(*) FROM sync_diff('crm', 'contact', records, complete => true, approve => approve, dry_run => dry));
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE || ' ' || message, nullif(detail, ''), hint);
END
$$;

CALL pg_temp.at('10:00');
SELECT is(pg_temp.takes('[]'), '0', 'an empty listing of a system that holds nothing');
SELECT is(pg_temp.takes(pg_temp.listing(8)), '8', 'a first listing is not guarded');
SELECT is(pg_temp.takes(pg_temp.listing(8), 3), '8', 'and needs no approval');
SELECT is(pg_temp.takes(pg_temp.listing(8), dry => false), '8', 'it is taken');
SELECT is((SELECT sum(sync_ack(lease)) FROM (SELECT DISTINCT lease FROM sync_poll('support')) AS l), 8::bigint, 'and delivered');
CALL pg_temp.at('12:00');

SELECT is(pg_temp.takes(pg_temp.listing(6)), '2', 'a quarter is missing: allowed');
SELECT is(pg_temp.takes(pg_temp.listing(8, 2)), '2', 'a quarter is changed: allowed');
SELECT is(pg_temp.takes(pg_temp.listing(6, 2)), '4', 'each for itself');
SELECT is(pg_temp.takes(pg_temp.listing(8, 0, 20)), '20', 'new records change none that is held');
SELECT is(pg_temp.takes(pg_temp.listing(5)),
	'SL001 a complete listing of system "crm" with 3 records missing and 0 changed, of 8 of entity "contact" that it is known to hold'
	' | "max_change" is 0.25, and 3 records exceed it; 0 were approved.'
	' | If that is right, let just these pass once: approve => 3. With dry_run as well they are listed first.', 'more is missing');
SELECT alike(pg_temp.takes(pg_temp.listing(8, 4)), 'SL001 % 0 records missing and 4 changed, of 8 %approve => 4.%', 'more is changed');
SELECT alike(pg_temp.takes(pg_temp.listing(6, 4)), 'SL001 % 2 records missing and 4 changed, of 8 %approve => 4.%', 'what exceeds is what counts');
SELECT alike(pg_temp.takes(pg_temp.listing(5, 4)), 'SL001 % 3 records missing and 4 changed, of 8 %approve => 7.%', 'or both together');

-- The same for good: nothing is written
SELECT md5(string_agg(s::text, ',')) AS book FROM sync_state AS s \gset
SELECT alike(pg_temp.takes(pg_temp.listing(5, 4), dry => false), 'SL001 % 3 records missing and 4 changed, of 8 %approve => 7.%', 'for good');
SELECT is((SELECT md5(string_agg(s::text, ',')) FROM sync_state AS s), :'book', 'nothing is changed');
SELECT is_empty('SELECT * FROM sync_outbox', 'nothing is told');

-- Just so many
SELECT alike(pg_temp.takes(pg_temp.listing(5, 4), 6), 'SL001 %7 records exceed it; 6 were approved%approve => 7.%', 'another number fails again');
SELECT alike(pg_temp.takes(pg_temp.listing(5, 4), 8), 'SL001 %7 records exceed it; 8 were approved%approve => 7.%', 'a larger one too');
SELECT is(pg_temp.takes(pg_temp.listing(5, 4), 7), '7', 'the number that was named passes');
SELECT is(pg_temp.takes(pg_temp.listing(5, 4), 7, false), '7', 'for good');
SELECT is((SELECT count(*) FROM sync_record WHERE deleted), 3::bigint, 'three are deleted');
SELECT is(pg_temp.takes(pg_temp.listing(5, 4), 7, false), '0', 'once: the same listing is nothing new');
SELECT alike(pg_temp.takes(pg_temp.listing(3, 4), 7), 'SL001 % 2 records missing and 0 changed, of 5 %approve => 2.%', 'and the next one is guarded anew, by what is held now');

-- Never by nothing
SELECT is(pg_temp.takes('[]'), 'SL002 an empty listing of system "crm", which is known to hold 5 records of entity "contact"'
	' | It is not taken to mean that all are gone; if they are, name them in a call of sync_delete.', 'an empty listing');
SELECT alike(pg_temp.takes('[]', 5), 'SL002 %', 'is not approved either');

-- A share of 1 allows everything but that, one of 0 nothing
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "max_change": 1}');
SELECT is(pg_temp.takes(pg_temp.listing(1)), '5', 'four missing, one changed');
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "max_change": 0}');
SELECT alike(pg_temp.takes(pg_temp.listing(4, 4)), 'SL001 %approve => 1.%', 'not one');

SELECT * FROM finish();
