# ALTER EXTENSION UPDATE from every released version makes what CREATE EXTENSION makes; and where library and
# objects are of different versions, calls say so.
#
# Released versions' install scripts stand in test/upgrade; what leads on from them in sql/.
use strict;
use warnings;

use File::Basename;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# A copy of PostgreSQL whose extensions anybody may add to: it finds its files from where its programs are.
sub copy_of_postgresql
{
	my $root = PostgreSQL::Test::Utils::tempdir();
	my $bindir;
	for my $what (qw(bindir pkglibdir sharedir))
	{
		my ($dir) = run_command([ $ENV{PG_CONFIG} || 'pg_config', "--$what" ]);
		system_or_bail('mkdir', '-p', $root . dirname($dir));
		system_or_bail('cp', '-a', $dir, $root . dirname($dir)) unless -e "$root$dir";
		$bindir = "$root$dir" if $what eq 'bindir';
	}
	return dirname($bindir);
}

my $postgresql = copy_of_postgresql();
my $node = PostgreSQL::Test::Cluster->new('update', install_path => $postgresql);
$node->init(extra => ['--encoding=UTF8']);
$node->start;

my ($sharedir) = run_command([ "$postgresql/bin/pg_config", '--sharedir' ]);
my $extensions = "$sharedir/extension";
my ($version) = slurp_file("$extensions/sync_ledger.control") =~ /^default_version\s*=\s*'(.*)'/m;
my $install = slurp_file("$extensions/sync_ledger--$version.sql");
my $catalogue = 'test/upgrade/catalogue.sql';

sub script
{
	my ($name, $text) = @_;
	unlink "$extensions/sync_ledger--$name.sql";
	append_to_file("$extensions/sync_ledger--$name.sql", $text);
}

# What statements leave of the extension, without the statements themselves
sub made_by
{
	return $node->safe_psql('postgres', join("\n", 'BEGIN;', @_, slurp_file($catalogue), 'ROLLBACK;'));
}

# The lines that only one of two catalogues has
sub difference
{
	my ($left, $right) = map { { map { $_ => 1 } split /\n/ } } @_;
	return join("\n", (map { "< $_" } grep { !$right->{$_} } sort keys %$left), map { "> $_" } grep { !$left->{$_} } sort keys %$right);
}

sub install { return made_by("CREATE EXTENSION sync_ledger VERSION '$_[0]';") }
sub update { return made_by("CREATE EXTENSION sync_ledger VERSION '$_[0]';", "ALTER EXTENSION sync_ledger UPDATE TO '$_[1]';") }

# The versions that were released
my %released;
for my $file (glob 'test/upgrade/sync_ledger--*.sql')
{
	my ($name) = $file =~ /sync_ledger--(.*)\.sql$/;
	next if $name eq $version;
	script($name, slurp_file($file));
	$released{$name} = 1;
}
my @steps = map { /sync_ledger--(.*)--(.*)\.sql$/ ? [ $1, $2 ] : () } glob 'sql/sync_ledger--*--*.sql';
my %reached = (%released, map { $_->[1] => 1 } @steps);
is(join(' ', grep { !$reached{$_} } map { $_->[0] } @steps), '', 'each update starts at a version that was released');
is(difference(update($_, $version), install($version)), '', "$_ is updated to $version") for sort keys %released;
note('no version was released before ' . $version) unless %released;

# It would be noticed: a version that adds something, and updates that forget or change a piece of it
my %pieces = (
	column => 'ALTER TABLE sync_reject ADD COLUMN more text;',
	default => 'ALTER TABLE sync_reject ALTER COLUMN times SET DEFAULT 2;',
	storage => 'ALTER TABLE sync_event ALTER COLUMN detail SET STORAGE MAIN;',
	constraint => 'ALTER TABLE sync_reject ADD CONSTRAINT sync_reject_times_check CHECK (times > 0);',
	index => 'CREATE INDEX sync_reject_more_idx ON sync_reject (last_at);',
	setting => 'ALTER TABLE sync_reject SET (fillfactor = 70);',
	comment => q{COMMENT ON COLUMN sync_reject.actor IS 'Who did it.';},
	function => q{CREATE FUNCTION sync_more() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';},
	cost => 'ALTER FUNCTION sync_merge(jsonb, jsonb, jsonb) COST 7;',
	privilege => 'GRANT SELECT ON sync_reject TO public;',
	view => 'CREATE VIEW sync_more_rejects AS SELECT id FROM sync_reject;',
	trigger => 'ALTER TABLE sync_outbox DISABLE TRIGGER sync_outbox_arrives;',
	sequence => 'ALTER SEQUENCE sync_reject_id_seq CACHE 5;',
	dump => q{SELECT pg_catalog.pg_extension_config_dump('sync_reject', 'WHERE false');});
my $addition = join "\n", '', map { $pieces{$_} } sort keys %pieces;
script('next', $install . $addition);
script("$version--next", $addition);
my $next = install('next');
is(difference(update($version, 'next'), $next), '', 'an update that forgets nothing is an install');
for my $piece (sort keys %pieces)
{
	script("$version--without_$piece", join "\n", map { $pieces{$_} } grep { $_ ne $piece } sort keys %pieces);
	isnt(difference(update($version, "without_$piece"), $next), '', "an update that forgets a piece is none: $piece");
}

# Library and objects of different versions
$node->safe_psql('postgres', 'CREATE EXTENSION sync_ledger');
my ($in, $out, $err) = ('', '', '');
my $session = IPC::Run::start([ "$postgresql/bin/psql", '-XAtq', '-d', $node->connstr('postgres') ], '<', \$in, '>', \$out, '2>', \$err,
	IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));

sub says
{
	($out, $err) = ('', '');
	$in .= "$_[0];\n\\echo done\n";
	$session->pump until $out =~ /done\n/;
	$session->pump_nb;
	return $out . $err;
}

my $call = q{SELECT sync_configure('contact', '{"systems": ["crm"], "fields": {"phone": {}}}')};
my $differ = qr/the library of sync_ledger is of version \Q$version\E, its objects in this database are of version next\nHINT: .*ALTER EXTENSION sync_ledger UPDATE/;
is(says($call), "1\ndone\n", 'library and objects are of one version');
$node->safe_psql('postgres', "ALTER EXTENSION sync_ledger UPDATE TO 'next'");
like(says($call), $differ, 'a session that was there before an update says that they no longer are');
$node->psql('postgres', $call, stderr => \$err);
like($err, $differ, 'so does a new one');
script('next--' . $version, 'ALTER EXTENSION sync_ledger DROP FUNCTION sync_more();');
$node->safe_psql('postgres', "ALTER EXTENSION sync_ledger UPDATE TO '$version'");
is($node->safe_psql('postgres', $call), '1', 'until they are again');
$session->kill_kill;

$node->stop;
done_testing();
