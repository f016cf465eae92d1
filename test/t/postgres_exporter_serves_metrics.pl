# Prometheus's postgres_exporter serves what examples/prometheus/queries.yaml asks for.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $exporter = 'prometheus-postgres-exporter';
plan skip_all => "$exporter is not installed" if system("command -v $exporter >/dev/null") != 0;

my $node = PostgreSQL::Test::Cluster->new('watched');
$node->init(extra => ['--encoding=UTF8']);
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION sync_ledger;
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "window": "0"}');
SELECT sync_diff('crm', 'contact', '[{"record_key": "1", "phone": "1"}, {"record_key": "2", "phone": "2"}]');
SELECT sync_diff('support', 'contact', '{"record_key": "1", "phone": "3"}');
SELECT sync_ack(max(lease)) FROM sync_poll('support', 1);
SELECT sync_diff('crm', 'contact', '{"record_key": "3", "phone": "3"}');
SQL

my $port = PostgreSQL::Test::Cluster::get_free_port();
local $ENV{DATA_SOURCE_NAME} = 'host=' . $node->host . ' port=' . $node->port . ' dbname=postgres sslmode=disable';
my $output = '';
my $run = IPC::Run::start([ $exporter, "--web.listen-address=127.0.0.1:$port", '--disable-default-metrics',
	'--disable-settings-metrics', '--extend.query-path=examples/prometheus/queries.yaml' ], '>&', \$output);

# What it serves, once it serves something.
sub metrics
{
	for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
	{
		my $page = '';
		IPC::Run::run([ 'perl', '-MIO::Socket::INET', '-e',
			q{my $s = IO::Socket::INET->new($ARGV[0]) or exit 1; print $s "GET /metrics HTTP/1.0\r\n\r\n"; print while <$s>} , "127.0.0.1:$port" ],
			'>', \$page, '2>', '/dev/null');
		return $page if $page =~ /^pg_exporter_last_scrape_error/m;
		usleep(100_000);
	}
	return $output;
}

my $page = metrics();
$run->kill_kill;

sub metric
{
	my ($name, $labels) = @_;
	my ($value) = $page =~ /^$name\{[^}]*$labels[^}]*\} (\S+)$/m;
	return $value;
}

like($page, qr/^pg_exporter_last_scrape_error 0$/m, 'it is served without an error');
like($page, qr/^pg_exporter_user_queries_load_error\{[^}]*\} 0$/m, 'the file is one that it takes');
is(metric('sync_lag_claimable', 'target="support"'), '1', 'what is claimable');
is(metric('sync_lag_claimable', 'target="crm"'), '0', 'of each target');
is(metric('sync_lag_dead', 'target="support"'), '0', 'dead letters');
like(metric('sync_lag_oldest_seconds', 'target="support"'), qr/^\d+(\.\d+)?(e-\d+)?$/, 'how long the oldest waits');
like(metric('sync_lag_p95_seconds', 'target="support"'), qr/^\d+(\.\d+)?(e-\d+)?$/, 'how long a delivery takes');
is(metric('sync_records_total', 'outcome="accepted"[^}]*system="crm"'), '3', 'what arrived');
is(metric('sync_records_total', 'outcome="delivered"[^}]*system="support"'), '1', 'what went out');
is(metric('sync_conflicts_open', 'entity="contact"'), '1', 'what a human must decide');
is(metric('sync_health_status', 'subject="delivery to support"'), '0', 'and whether all is well');

$node->stop;
done_testing();
