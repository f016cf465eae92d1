# Where pg_cron is there, it runs sync_maintain() by itself; where it keeps its jobs in another
# database, the error says what to do there, and that works too.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('cron');
$node->init(extra => ['--encoding=UTF8']);
$node->append_conf('postgresql.conf', <<'CONF');
shared_preload_libraries = 'pg_cron'
cron.database_name = 'book'
cron.use_background_workers = on
max_worker_processes = 20
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE book');
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');

my $book = <<'SQL';
CREATE SCHEMA "the book";
CREATE EXTENSION sync_ledger SCHEMA "the book";
SET search_path = "the book";
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}}');
SELECT sync_diff('crm', 'contact', '{"record_key": "1", "phone": "1"}');
SELECT sync_poll('support', lease => '1 ms');
SQL
$node->safe_psql($_, $book) for 'book', 'elsewhere';

sub refused
{
	my ($database) = @_;
	my ($code, $out, $err) = $node->psql($database, 'SELECT "the book".sync_schedule()');
	return $err;
}

like(refused('book'), qr/extension "pg_cron" is not installed in this database\nHINT:  Run CREATE EXTENSION pg_cron\./,
	'without the extension it says so');
$node->safe_psql('book', 'CREATE EXTENSION pg_cron');
is($node->safe_psql('book', 'SELECT "the book".sync_unschedule()'), 'f', 'there is no job yet');

my $job = $node->safe_psql('book', q{SELECT "the book".sync_schedule('0 3 * * *')});
is($node->safe_psql('book', 'SELECT "the book".sync_schedule()'), $job, 'a second call is of the same job');
is($node->safe_psql('book', 'SELECT jobid, schedule, command, database FROM cron.job'),
	"$job|* * * * *|SELECT \"the book\".sync_maintain()|book", 'with the new schedule');
my ($code, $out, $err) = $node->psql('book', q{SELECT "the book".sync_schedule('now and then')});
like($err, qr/invalid schedule: now and then/, 'a schedule that is none is refused');

my $elsewhere = refused('elsewhere');
like($elsewhere, qr/pg_cron keeps its jobs in database "book", not in "elsewhere"/, 'in another database it says where');
my ($statement) = $elsewhere =~ /HINT:  Run there: (.*;)/;
like($node->safe_psql('book', $statement), qr/^\d+$/, 'what it says to run there can be run');

# what waits for an attached table is another job
$node->safe_psql('book', <<'SQL');
SET search_path = "the book";
CREATE TABLE public.people (id text PRIMARY KEY, name text);
SELECT sync_configure('person', '{"systems": {"app": {"key": "id"}, "crm": {}}, "fields": {"name": {}}}');
SELECT sync_attach('public.people', 'app', 'person');
SELECT sync_diff('crm', 'person', '{"record_key": "1", "name": "Ada"}');
SQL
(undef, undef, $err) = $node->psql('book', q{SELECT "the book".sync_schedule(apply => 'App')});
like($err, qr/no policy names a system "App"\nHINT:  Did you mean "app"\?/, 'a system that is none is refused');
like($node->safe_psql('book', q{SELECT "the book".sync_schedule(apply => 'app')}), qr/^\d+$/, 'what waits for a table is a job of its own');

# each has a lease that ran out, which nothing but maintenance brings back here
for my $database ('book', 'elsewhere')
{
	ok($node->poll_query_until($database, q{SELECT status = 'pending' FROM "the book".sync_outbox}),
		"within a minute it has run in $database");
}
ok($node->poll_query_until('book', q{SELECT name = 'Ada' FROM public.people}), 'and the table is written to');
is($node->safe_psql('book', q{SELECT "the book".sync_unschedule('app')}), 't', 'until that job is removed');
is($node->safe_psql('book', 'SELECT count(DISTINCT database) FROM cron.job_run_details WHERE status IN (\'running\', \'succeeded\')'),
	'2', 'and says so');

is($node->safe_psql('book', 'SELECT "the book".sync_unschedule()'), 't', 'the job is removed');
is($node->safe_psql('book', "SELECT count(*) FROM cron.job WHERE jobid = $job"), '0', 'it is gone');
is($node->safe_psql('book', 'SELECT "the book".sync_unschedule()'), 'f', 'and cannot be removed twice');

# as somebody who is no superuser: a job of its own
$node->safe_psql('book', 'CREATE ROLE ops LOGIN; SELECT "the book".sync_grant(\'ops\', \'admin\')');
my $ops = [ extra_params => [ '-U', 'ops' ] ];
(undef, undef, $err) = $node->psql('book', 'SELECT "the book".sync_schedule()', @$ops);
like($err, qr/permission denied for schema cron/, 'who may not use pg_cron schedules nothing');
$node->safe_psql('book', 'GRANT USAGE ON SCHEMA cron TO ops');
$node->safe_psql('book', 'SELECT "the book".sync_schedule()', @$ops);
is($node->safe_psql('book', 'SELECT username FROM cron.job WHERE command LIKE \'%the book%\' AND database = \'book\''), 'ops', 'who may has the job run as itself');
is($node->safe_psql('book', 'SELECT "the book".sync_unschedule()', @$ops), 't', 'and removes it');

$node->stop;
done_testing();
