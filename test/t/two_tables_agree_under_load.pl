# Two attached tables that are both written to by several sessions while sync_apply carries changes
# both ways: when the writers stop, they agree, and nothing waits.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seconds = $ENV{SECONDS_OF_LOAD} || 4;
my $node = PostgreSQL::Test::Cluster->new('book');
$node->init(extra => ['--encoding=UTF8']);
$node->append_conf('postgresql.conf', "synchronous_commit = off\nfsync = off\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION sync_ledger;
SELECT sync_configure('item', '{"systems": ["here", "there"], "window": "0", "fields": {
	"mine": {"type": "number", "owner": "here"}, "yours": {"type": "number", "owner": "there"}, "free": {"type": "number"}}}');
CREATE TABLE here (record_key int PRIMARY KEY, mine int, yours int, free int);
CREATE TABLE there (record_key int PRIMARY KEY, mine int, yours int, free int);
SELECT sync_attach('here', 'here', 'item'), sync_attach('there', 'there', 'item');
INSERT INTO here SELECT i, 0, 0, 0 FROM generate_series(1, 200) i;
SELECT sync_apply('there');
SQL

# Each writer has keys of its own for new rows; all of them change all others.
my $script = PostgreSQL::Test::Utils::tempdir();
for my $side ([ here => 0 ], [ there => 1 ])
{
	my ($table, $offset) = @$side;
	append_to_file("$script/$table.sql", <<"SQL");
\\set key random(1, 200)
\\set other random(1, 200)
\\set value random(1, 1000000)
\\set new 1000000 + $offset * 1000000 + random(1, 900000)
UPDATE $table SET mine = :value WHERE record_key = :key;
UPDATE $table SET yours = :value, free = :value WHERE record_key = :other;
INSERT INTO $table VALUES (:new, 1, 2, 3) ON CONFLICT (record_key) DO UPDATE SET free = excluded.free + 1;
DELETE FROM $table WHERE record_key = :new AND :value % 2 = 0;
SQL
}
append_to_file("$script/apply.sql", "SELECT sync_apply('here', 100);\nSELECT sync_apply('there', 100);\n");

sub load
{
	my ($name, $clients) = @_;
	my ($out, $err) = ('', '');
	my $handle = IPC::Run::start(
		[ 'pgbench', '-n', '-T', $seconds, '-c', $clients, '--max-tries=100', '-f', "$script/$name.sql",
			'-h', $node->host, '-p', $node->port, 'postgres' ], '>', \$out, '2>', \$err);
	return [ $handle, \$out, \$err, $name ];
}

sub finished
{
	my ($handle, $out, $err, $name) = @{ $_[0] };
	IPC::Run::finish($handle);
	my ($done) = $$out =~ /transactions actually processed: (\d+)/;
	my ($failed) = $$out =~ /failed transactions: (\d+)/;
	is($failed, 0, "$name: no transaction has failed") or diag($$err);
	cmp_ok($done, '>', 0, "$name: some were done");
}

my @load = (load('here', 2), load('there', 2), load('apply', 1));
finished($_) for @load;

# Of what both have changed at once a human decides
$node->safe_psql('postgres', q{SELECT sync_resolve(id, winner => CASE kind WHEN 'delete' THEN 'delete' ELSE current_system END) FROM sync_open_conflicts});
for my $round (1 .. 20)
{
	$node->safe_psql('postgres', 'SELECT sync_redrive(id) FROM sync_outbox');
	my $applied = $node->safe_psql('postgres', q{SELECT sync_apply('here', 100000) + sync_apply('there', 100000)});
	last if $applied == 0;
}

is($node->safe_psql('postgres', q{SELECT count(*) FROM sync_open_conflicts}), '0', 'nothing is left to decide');
is($node->safe_psql('postgres', q{SELECT id, record_key, target_system, action, change_set, last_error FROM sync_outbox LIMIT 5}), '', 'nothing waits');
is($node->safe_psql('postgres', q{SELECT h, t FROM here h FULL JOIN there t USING (record_key) WHERE h IS DISTINCT FROM t LIMIT 5}), '', 'the tables agree');
is($node->safe_psql('postgres', q{SELECT h, r.data FROM here h FULL JOIN (SELECT * FROM sync_record WHERE NOT deleted) r ON r.record_key = h.record_key::text
	WHERE (r.data ->> 'mine')::int IS DISTINCT FROM h.mine OR (r.data ->> 'free')::int IS DISTINCT FROM h.free LIMIT 5}), '', 'and so does the book');

$node->stop;
done_testing();
