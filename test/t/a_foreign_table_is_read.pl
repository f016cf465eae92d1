# sync_diff_from reads a table of another server by postgres_fdw: as payloads, as a first load, as all
# that the system holds; with the caller's own rights there, and whole or not at all.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $far = PostgreSQL::Test::Cluster->new('far');
$far->init(extra => ['--encoding=UTF8']);
$far->start;
$far->safe_psql('postgres', <<'SQL');
CREATE TABLE contacts (id int PRIMARY KEY, name text, seats numeric, tags text[], seen timestamptz);
INSERT INTO contacts SELECT n, 'name ' || n, n / 8.0, ARRAY['b', 'a'], '2026-01-02 03:04:05+02' FROM generate_series(1, 3000) AS n;
CREATE ROLE guest LOGIN;
SQL

my $near = PostgreSQL::Test::Cluster->new('near');
$near->init(extra => ['--encoding=UTF8']);
$near->start;
my ($host, $port) = ($far->host, $far->port);
$near->safe_psql('postgres', <<"SQL");
CREATE EXTENSION sync_ledger;
CREATE EXTENSION postgres_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$host', port '$port', dbname 'postgres', fetch_size '100');
CREATE USER MAPPING FOR CURRENT_USER SERVER far;
CREATE FOREIGN TABLE far_contacts (id int, name text, seats numeric, tags text[], seen timestamptz)
	SERVER far OPTIONS (table_name 'contacts');
SELECT sync_configure('contact', '{"systems": {"erp": {"key": "id"}, "crm": {}},
	"fields": {"name": {"required": true}, "seats": {"type": "number"}, "tags": {"type": "set"}, "seen": {"type": "timestamp"}}}');
SQL

sub verdicts
{
	my ($options) = @_;

	return $near->safe_psql('postgres', <<"SQL");
SELECT verdict || ' ' || count(*) || coalesce(' ' || min(change_set::text) FILTER (WHERE verdict = 'accepted' AND record_key = '7'), '')
FROM sync_diff_from('erp', 'contact', 'far_contacts' $options) GROUP BY verdict ORDER BY verdict
SQL
}

sub book
{
	return $near->safe_psql('postgres', <<'SQL');
SELECT (SELECT count(*) FROM sync_record WHERE NOT deleted), (SELECT sum(version) FROM sync_record), (SELECT count(*) FROM sync_outbox),
	(SELECT count(*) FROM sync_change)
SQL
}

is(verdicts(', baseline => true'), 'accepted 3000 {"name": "name 7", "seen": "2026-01-02T01:04:05Z", "tags": ["a", "b"], "seats": 0.875}',
	'a first load takes every row, with the types of the columns');
is(verdicts(''), '', 'read again, all is unchanged');
is(verdicts(', verbose => true'), 'unchanged 3000', 'and says so where it is asked to');

$far->safe_psql('postgres', q{UPDATE contacts SET name = 'other' WHERE id = 7; DELETE FROM contacts WHERE id = 8});
is(verdicts(', dry_run => true'), 'accepted 1 {"name": "other"}', 'a dry run says what changed');
is(verdicts(''), 'accepted 1 {"name": "other"}', 'so does the real one; what is missing is not gone');
is(verdicts(', complete => true'), 'accepted 1', 'in a complete listing it is');
is($near->safe_psql('postgres', q{SELECT deleted FROM sync_record WHERE record_key = '8'}), 't', 'that record is dead');

my $before = book();
$far->safe_psql('postgres', 'ALTER TABLE contacts RENAME seats TO places');
my ($code, $out, $error) = $near->psql('postgres', q{SELECT count(*) FROM sync_diff_from('erp', 'contact', 'far_contacts')});
like($error, qr/column "seats" does not exist/, 'a column that is not there any more is an error that names it');
is(book(), $before, 'and nothing has changed');
$far->safe_psql('postgres', 'ALTER TABLE contacts RENAME places TO seats');

# The other server fails in the middle: a row of it cannot be read.
$far->safe_psql('postgres', q{
	UPDATE contacts SET name = 'new';
	ALTER TABLE contacts RENAME TO all_contacts;
	CREATE VIEW contacts AS SELECT id, name, seats / (2500 - id) AS seats, tags, seen FROM all_contacts});
($code, $out, $error) = $near->psql('postgres', q{SELECT count(*) FROM sync_diff_from('erp', 'contact', 'far_contacts')});
like($error, qr/division by zero/, 'an error there is an error here');
is(book(), $before, 'of the rows that were read before it nothing is left');
$far->safe_psql('postgres', 'DROP VIEW contacts; ALTER TABLE all_contacts RENAME TO contacts');

# Who reads is who calls: not the owner of the book.
$near->safe_psql('postgres', q{
	CREATE ROLE guest LOGIN;
	SELECT sync_grant('guest', 'ingest');
	CREATE USER MAPPING FOR guest SERVER far OPTIONS (user 'guest', password_required 'false');
	GRANT SELECT ON far_contacts TO guest});
($code, $out, $error) = $near->psql('postgres', q{SELECT count(*) FROM sync_diff_from('erp', 'contact', 'far_contacts')},
	extra_params => ['-U', 'guest']);
like($error, qr/permission denied for table contacts/, 'a caller whom the other server lets read nothing reads nothing');
$far->safe_psql('postgres', 'GRANT SELECT ON contacts TO guest');
is($near->safe_psql('postgres', q{SELECT count(*) FROM sync_diff_from('erp', 'contact', 'far_contacts')}, extra_params => ['-U', 'guest']),
	2999, 'and then what it may');
is($near->safe_psql('postgres', q{SELECT count(*) FROM sync_change WHERE change_set = '{"name": "new"}' AND author = 'erp'}), 2999,
	'all of which are edits of that system');

$near->stop;
$far->stop;
done_testing();
