# What sync_grant gave is in a dump, and so is what was taken back by hand.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my @privileges = qw(reader ingest worker reviewer admin);
my $roles = join '', map { "CREATE ROLE \"a $_\" LOGIN;" } @privileges;
my $path = 'SET search_path = "the book";';

# who has which right on what, by name
my $rights = <<'SQL';
SELECT objects.name, grantee::regrole, privilege_type, is_grantable
FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'sync_ledger' AND d.refclassid = 'pg_extension'::regclass
CROSS JOIN LATERAL (
	SELECT p.oid::regprocedure::text, proacl FROM pg_proc p WHERE d.classid = 'pg_proc'::regclass AND p.oid = d.objid
	UNION ALL
	SELECT c.oid::regclass::text, relacl FROM pg_class c WHERE d.classid = 'pg_class'::regclass AND c.oid = d.objid
	UNION ALL
	SELECT t.oid::regtype::text, typacl FROM pg_type t WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid) AS objects (name, acl)
CROSS JOIN LATERAL aclexplode(acl)
ORDER BY 1, 2, 3
SQL

my $from = PostgreSQL::Test::Cluster->new('from');
$from->init(extra => ['--encoding=UTF8']);
$from->start;
$from->safe_psql('postgres', "$roles CREATE DATABASE book");
$from->safe_psql('book', 'CREATE SCHEMA "the book"; CREATE EXTENSION sync_ledger SCHEMA "the book"');
my $nothing = $from->safe_psql('book', $rights);
$from->safe_psql('book', "$path SELECT sync_grant('\"a $_\"', '$_')") for @privileges;
my $all = $from->safe_psql('book', $rights);
isnt($all, $nothing, 'privileges are granted');
$from->safe_psql('book', "$path REVOKE SELECT ON sync_health FROM \"a reader\"; GRANT SELECT ON sync_record TO \"a reader\"");
my $granted = $from->safe_psql('book', $rights);
isnt($granted, $all, 'and some of them by hand');

my $to = PostgreSQL::Test::Cluster->new('to');
$to->init(extra => ['--encoding=UTF8']);
$to->start;
$to->safe_psql('postgres', $roles);
my $dump = PostgreSQL::Test::Utils::tempdir() . '/book';
my %restore = (
	plain => [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1' ],
	custom => [ 'pg_restore', '--exit-on-error' ]);
for my $format (sort keys %restore)
{
	$to->safe_psql('postgres', "CREATE DATABASE $format");
	$from->command_ok([ 'pg_dump', '-d', $from->connstr('book'), '-F', $format, '-f', "$dump.$format" ], "it is dumped, $format");
	my @file = $format eq 'plain' ? ('-f', "$dump.$format") : ("$dump.$format");
	$to->command_ok([ @{ $restore{$format} }, '-d', $to->connstr($format), @file ], 'and restored');
	is($to->safe_psql($format, $rights), $granted, 'everybody has what they had');
}

my $reader = [ extra_params => [ '-U', 'a reader' ] ];
is($to->safe_psql('plain', "$path SELECT count(*) FROM sync_lag", @$reader), '0', 'a reader reads');
isnt($to->psql('plain', "$path SELECT sync_poll('x')", @$reader), 0, 'and takes nothing');

$to->safe_psql('plain', "$path SELECT sync_revoke('\"a $_\"')") for @privileges;
is($to->safe_psql('plain', $rights), $nothing, 'all is taken back');
$to->safe_psql('plain', "$path SELECT sync_grant('\"a worker\"', 'worker'); DROP OWNED BY \"a worker\"");
is($to->safe_psql('plain', $rights), $nothing, 'by DROP OWNED too');

$from->stop;
$to->stop;
done_testing();
