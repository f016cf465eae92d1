# A call that runs out of disk, of memory or of patience in the middle of a batch does nothing: the
# book is as it was, the session goes on, and the same call does all of it once there is room.
use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('narrow');
$node->init(extra => [ '--encoding=UTF8', '--wal-segsize=1' ]);
$node->append_conf('postgresql.conf', "shared_buffers = 16MB\nmax_wal_size = 64MB\n");

# A server whose files may grow to so many kB, or its processes: for others than root, too.
sub start
{
	my ($limit) = @_;
	command_ok([ 'bash', '-c', 'ulimit -S $0; shift 0; exec pg_ctl -w -s -D "$1" -l "$2" start', $limit, $node->data_dir, $node->logfile ],
		"a server under \"ulimit $limit\"");
	$node->_update_pid(1);
}

sub restart
{
	$node->stop;
	start(@_);
}

# every row of every table
sub book
{
	my $queries = $node->safe_psql('postgres', <<'SQL');
SELECT format('SELECT %L, count(*), sum(hashtextextended(t::text, 0)) FROM %s AS t;', relname, oid::regclass)
FROM pg_class WHERE relkind = 'r' AND (relname ~ '^sync_' AND relname <> 'sync_sweep' OR relname = 'person') ORDER BY relname
SQL
	return $node->safe_psql('postgres', $queries);
}

# Runs a statement that fails with an error, then one that works, in one session.
sub fails
{
	my ($what, $sqlstate, $sql) = @_;
	my $before = book();
	my ($out, $err);
	$node->psql('postgres', "\\set VERBOSITY sqlstate\n$sql;\nSELECT verdict FROM sync_diff('crm', 'contact', '{\"record_key\": \"0\", \"note\": \"n\"}', verbose => true);",
		stdout => \$out, stderr => \$err, on_error_stop => 0);
	like($err, qr/ERROR:  $sqlstate/, "$what: the call fails");
	is($out, 'unchanged', "$what: the session goes on");
	is(book(), $before, "$what: the book is as it was");
}

sub value { return $node->safe_psql('postgres', @_) }

# What is sent stands in a table: many records, one large one in the middle
$node->start;
value(<<'SQL');
CREATE EXTENSION sync_ledger;
SELECT sync_configure('contact', '{"systems": {"crm": {}, "support": {}, "app": {"unseen": "send"}}, "fields": {"note": {}}, "window": "0"}');
SELECT count(*) FROM sync_diff('crm', 'contact', (SELECT jsonb_agg(jsonb_build_object('record_key', i, 'note', 'n'))::text FROM generate_series(0, 600) AS i));
CREATE TABLE sent (name text, records text);
INSERT INTO sent SELECT 'many', jsonb_agg(jsonb_build_object('record_key', i, 'note', noise || i)::text)::text
FROM (SELECT string_agg(md5(i::text), '') AS noise FROM generate_series(1, 100) AS i) AS n, generate_series(1, 1000) AS i;
UPDATE sent SET records = (SELECT '[' || string_agg(e, ',') || ']' FROM jsonb_array_elements_text(records::jsonb) AS e);
CREATE TABLE person (record_key text PRIMARY KEY, note text);
SELECT sync_attach('person', 'app', 'contact');
CREATE TABLE large (name text, records text);
INSERT INTO large SELECT 'large', (SELECT string_agg(jsonb_build_object('record_key', i, 'note', 'changed')::text, ',') FROM generate_series(1, 200) AS i);
CREATE FUNCTION with_a_large_one(megabytes int) RETURNS text LANGUAGE sql AS $$
	SELECT '[' || records || ',{"record_key": "large", "note": "' || repeat('0123456789abcdef', megabytes * 65536) || '"},' || records || ']' FROM large
$$;
SQL

my $diff = q{SELECT count(*) FROM sync_diff('crm', 'contact', (SELECT records FROM sent))};
my $poll = q{SELECT count(*) FROM sync_poll('support', 5000)};
my $apply = q{SELECT sync_apply('app', 5000)};
my $insert = q{INSERT INTO person SELECT 'p' || i, repeat(md5(i::text), 40) FROM generate_series(1, 3000) AS i};

# A file that would grow beyond the limit is a full disk; what is larger than all others is filled up before.
my $full = '(53100|54000|XX000)';

sub restart_with_room_in
{
	my ($table) = @_;
	value('CHECKPOINT');
	my $kilobytes = value("SELECT pg_relation_size('$table') / 1024 + 16");
	cmp_ok($kilobytes, '>', value(q{SELECT max(pg_relation_size(oid)) / 1024 FROM pg_class WHERE relkind IN ('r', 'i', 't')}), "$table is the largest file");
	restart("-f $kilobytes");
}

restart('-f 2500');
fails('out of disk, sync_diff', $full, $diff);
fails('out of disk, a write into an attached table', $full, $insert);
restart('-f unlimited');
is(value($diff), '1000', 'with room, sync_diff does all of it');

value(q{SET session_replication_role = replica; INSERT INTO person SELECT 'q' || i, repeat(md5(i::text), 40) FROM generate_series(1, 8000) AS i});
restart_with_room_in('person');
fails('out of disk, sync_apply', $full, $apply);
restart('-f unlimited');
is(value($apply), '1001', 'with room, sync_apply does all of it');

is(value($poll), '1001', 'all of it is handed out');
value(q{INSERT INTO sync_delivery SELECT -i, -i, now(), now(), 1, 1, false, 'contact', 'old', 'crm', 'support', 'update', repeat(md5(i::text), 5), '', '', '{}'
	FROM generate_series(1, 90000) AS i});
restart_with_room_in('sync_delivery');
fails('out of disk, sync_ack', $full, q{SELECT sync_ack(lease) FROM sync_lease WHERE target_system = 'support'});
restart('-f unlimited');
is(value(q{SELECT sync_ack(lease) FROM sync_lease WHERE target_system = 'support'}), '1001', 'with room, sync_ack takes all of it down');

# Memory ends in the middle of a chunk
restart('-v 250000');
fails('out of memory', '53200', q{SELECT count(*) FROM sync_diff('crm', 'contact', with_a_large_one(25))});
fails('out of memory, verbose', '53200', q{SELECT count(*) FROM sync_diff('crm', 'contact', with_a_large_one(25), verbose => true)});
fails('out of memory, of what writes nothing', '53200', q{SELECT count(*) FROM sync_diff('crm', 'contact', with_a_large_one(25), dry_run => true)});
restart('-v unlimited');
is(value(q{SELECT count(*) FROM sync_diff('crm', 'contact', with_a_large_one(1))}), '201', 'with room it is done');

# A record that somebody else holds
my ($in, $out, $err) = ("BEGIN;\nSELECT sync_diff('crm', 'contact', '{\"record_key\": \"370\", \"note\": \"held\"}');\n\\echo held\n", '', '');
my $holder = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, '2>', \$err,
	IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
$holder->pump until $out =~ /held\n/ || $err ne '';
my $changes = q{(SELECT jsonb_agg(jsonb_build_object('record_key', i, 'note', 'again'))::text FROM generate_series(1, 400) AS i)};
fails('a lock timeout', '55P03', "SET lock_timeout = '100ms'; SELECT count(*) FROM sync_diff('crm', 'contact', $changes)");
fails('a statement timeout', '57014', "SET statement_timeout = '200ms'; SELECT count(*) FROM sync_diff('crm', 'contact', $changes); RESET statement_timeout");
$holder->kill_kill;
is(value("SELECT count(*) FROM sync_diff('crm', 'contact', $changes)"), '400', 'once it is free, all of it is done');

$node->stop;
done_testing();
