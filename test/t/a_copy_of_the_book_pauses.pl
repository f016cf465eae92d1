# A book that finds itself elsewhere than it was written hands out nothing until it is told to:
# a template copy, a restore, a copy of the data directory, a promoted standby.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('home');
$node->init(extra => ['--encoding=UTF8'], allows_streaming => 1);
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE book');
$node->safe_psql('book', <<'SQL');
CREATE EXTENSION sync_ledger;
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}}');
SELECT sync_diff('crm', 'contact', '{"record_key": "C", "phone": "1"}');
SQL

# what a poll in a transaction that is rolled back hands out, and what it warns of
sub polled
{
	my ($server, $database) = @_;
	my ($out, $err);
	$server->psql($database, "BEGIN; SELECT record_key FROM sync_poll('support'); ROLLBACK",
		stdout => \$out, stderr => \$err);
	my ($why) = $err =~ /DETAIL: +It finds that (.*)\./;
	return $out . (defined $why ? "; $why" : '');
}

is(polled($node, 'book'), 'C', 'where it was written it hands out what waits');
$node->restart;
is(polled($node, 'book'), 'C', 'after a restart too');

$node->safe_psql('postgres', 'CREATE DATABASE staging TEMPLATE book');
is(polled($node, 'staging'), '; it was written in another database of this server', 'a template copy does not');
is($node->safe_psql('staging', "SELECT verdict FROM sync_diff('crm', 'contact', '{\"record_key\": \"C\", \"phone\": \"2\"}')"),
	'accepted', 'but it takes in what comes');
$node->safe_psql('staging', 'SELECT sync_resume()');
is(polled($node, 'staging'), 'C', 'until it is told to go on');
is(polled($node, 'book'), 'C', 'which is nothing to the book itself');

my $dump = PostgreSQL::Test::Utils::tempdir() . '/book.sql';
$node->command_ok([ 'pg_dump', '-d', $node->connstr('book'), '-f', $dump ], 'it is dumped');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $dump ], 'and restored');
is(polled($node, 'restored'), '; it was written in another database of this server', 'a restored book waits to be told');

$node->safe_psql('book', "CREATE TABLE person (record_key text PRIMARY KEY, phone text); SELECT sync_attach('person', 'support', 'contact')");
$node->backup('copy');
my $clone = PostgreSQL::Test::Cluster->new('clone');
$clone->init_from_backup($node, 'copy');
$clone->start;
is(polled($clone, 'book'), '; the server\'s data directory was copied', 'so does a copy of the data directory');
$clone->append_conf('postgresql.conf', 'sync_ledger.allow_failover = on');
$clone->reload;
is(polled($clone, 'book'), 'C', 'unless its configuration file says that it may go on');
$clone->stop;

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('flush'));

# what a statement on the standby comes to: its rows, or its SQLSTATE and message
sub on_standby
{
	my ($sql) = @_;
	my ($ret, $out, $err) = $standby->psql('book', $sql, extra_params => [ '-v', 'VERBOSITY=verbose' ]);
	return $err =~ /(?:ERROR|WARNING|NOTICE): +(.*)/ ? $1 : $out;
}

my @views = split /\n/, $node->safe_psql('book', <<'SQL');
SELECT c.oid::regclass FROM pg_depend AS d JOIN pg_class AS c ON c.oid = d.objid
WHERE d.classid = 'pg_class'::regclass AND d.deptype = 'e' AND c.relkind = 'v'
	AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'sync_ledger')
SQL
cmp_ok(scalar(@views), '>', 15, 'there are views to look at');
for my $view (@views)
{
	is(on_standby("SELECT count(v::text) >= 0 FROM (TABLE $view OFFSET 0) AS v"), 't', "a standby shows $view");
}
for my $look ("sync_policy('contact')", "sync_blame('contact', 'C')", "sync_trace('contact', 'C')", "sync_audit('contact')", "sync_config('contact')")
{
	is(on_standby("SELECT count(v::text) >= 0 FROM $look AS v"), 't', "and $look");
}
is(on_standby("SELECT DISTINCT status FROM sync_health WHERE subject IN ('the book', 'maintenance')"), 'ok', 'nothing is wrong with it');
is(on_standby("SELECT reason FROM sync_health WHERE subject = 'maintenance'"), 'is seen on the primary only', 'what it cannot know it says');
is(on_standby('SELECT sync_pause_reason()'), 'this server is a standby', 'it knows what it is');
# also of rows that did not get there: "no longer yours" would be a wrong word
for my $call ("sync_poll('support')", 'sync_pause()', 'sync_resume()', 'sync_resume(\'support\')', 'sync_maintain()',
	'sync_ack(77)', "sync_ack(77, '{77}')", 'sync_ack(77, 77, NULL)', "sync_nack(77, 77, 'failed')", "sync_extend(77, '1 min')",
	'sync_redrive(77)', "sync_discard(77, 'given up')", "sync_resolve(77, 'crm')",
	"sync_configure('contact', sync_config('contact'))", "sync_attach('person', 'support', 'contact')", "sync_detach('person')",
	"sync_apply('support')", "sync_diff_from('support', 'contact', 'person')")
{
	my ($name) = $call =~ /(\w+)/;
	is(on_standby("SELECT $call"), "25006: cannot execute $name() during recovery", "$call is for the primary");
}

$node->stop;
$standby->promote;
is(polled($standby, 'book'), '; the server was promoted, or recovered to a point in time', 'a promoted standby waits to be told');
my ($ret, $out, $err) = $standby->psql('book', "LOAD 'sync_ledger'; SET sync_ledger.allow_failover = on");
like($err, qr/cannot be changed now/, 'no session can excuse it');
$standby->append_conf('postgresql.conf', 'sync_ledger.allow_failover = on');
$standby->reload;
is(polled($standby, 'book'), 'C', 'its configuration file can');
is(polled($standby, 'staging'), 'C', 'each database has a home of its own');
is(polled($standby, 'restored'), '; it was written in another database of this server', 'a failover excuses no restore');
$standby->append_conf('postgresql.conf', 'sync_ledger.allow_failover = off');
$standby->reload;
$standby->safe_psql('book', 'SELECT sync_resume()');
is(polled($standby, 'book'), 'C', 'and so can sync_resume');
$standby->stop;

done_testing();
