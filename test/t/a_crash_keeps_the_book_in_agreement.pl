# The server crashes with calls committed and others under way: all tables of the book come
# back as they were at the last commit, and the systems go on where they were.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('book');
$node->init(extra => ['--encoding=UTF8']);
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION sync_ledger;
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "window": "0",
	"fields": {"phone": {}, "seats": {"type": "number"}}}');
SELECT sync_diff('crm', 'contact', '[{"record_key": "acked", "phone": "1"}, {"record_key": "waiting", "phone": "1"}]');
SELECT sync_diff('support', 'contact', '{"record_key": "waiting", "phone": "1"}');
SELECT sync_ack(lease) FROM sync_poll('support');
SELECT sync_diff('crm', 'contact', '{"record_key": "leased", "phone": "1"}');
SELECT sync_poll('support');
SELECT sync_diff('crm', 'contact', '[{"record_key": "waiting", "phone": "2"}, {"record_key": "rejected", "seats": "many"}]');
SQL

# every row of every table
sub book
{
	my $queries = $node->safe_psql('postgres', <<'SQL');
SELECT format('SELECT %L, t FROM %s AS t ORDER BY t::text;', relname, oid::regclass)
FROM pg_class WHERE relkind = 'r' AND relname ~ '^sync_' ORDER BY relname
SQL
	return $node->safe_psql('postgres', $queries);
}

sub verdict
{
	my ($system, $record) = @_;
	return $node->safe_psql('postgres',
		"SELECT verdict FROM sync_diff('$system', 'contact', '$record', verbose => true)");
}

# leaves a transaction open that has run this
sub begin
{
	my ($sql) = @_;
	my ($in, $out, $err) = ("BEGIN;\n$sql\n\\echo done\n", '', '');
	my $timeout = IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default);
	my $psql = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ],
		'<', \$in, '>', \$out, '2>', \$err, $timeout);
	$psql->pump until $out =~ /done/ || $err ne '';
	is($err, '', 'a transaction is under way');
	return $psql;
}

my $before = book();
cmp_ok(scalar(split /\n/, $before), '>=', 9, 'there is something to lose');
my @open = (
	begin(q{SELECT sync_diff('crm', 'contact', '[{"record_key": "new", "phone": "9"}, {"record_key": "acked", "phone": "9"}]');}),
	begin(q{SELECT sync_poll('support');}),
	begin(q{SELECT sync_ack(lease) FROM sync_outbox WHERE status = 'leased';}));
$node->stop('immediate');
$_->kill_kill foreach @open;
$node->start;

is(book(), $before, 'all tables are as they were at the last commit');
is(verdict('crm', '{"record_key": "waiting", "phone": "2"}'), 'unchanged', 'what was committed is known');
is(verdict('crm', '{"record_key": "new", "phone": "9"}'), 'accepted', 'what was not is new');
is(verdict('support', '{"record_key": "leased", "phone": "1"}'), 'echo', 'what a worker may have sent is not forgotten');
is($node->safe_psql('postgres', q{SELECT sync_ack(lease) FROM sync_outbox WHERE status = 'leased'}),
	'1', 'and can be acknowledged');
is($node->safe_psql('postgres', q{SELECT record_key || ' ' || action FROM sync_poll('support') ORDER BY 1}),
	"new create\nwaiting update", 'what was claimed in a transaction that was lost is claimed again');

$node->stop;
done_testing();
