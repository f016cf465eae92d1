# Whole or by schema, plain or custom, into a new database or over an extension that is there already: the
# copy has every row and every sequence, and goes on as the book would.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dumped');
$node->init(extra => ['--encoding=UTF8'], allows_streaming => 1);
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE book');

# the answers to a script, run as by hand
sub answers
{
	my ($database, $script) = @_;
	my ($out, $err) = run_command([ 'psql', '-XAtq', '-d', $node->connstr($database), '-f', "test/backup/$script.sql" ]);
	is($err, '', "$script.sql runs without an error");
	return $out;
}

answers('book', 'story');
my $contents = answers('book', 'contents');
chomp(my $goes_on = slurp_file('test/backup/goes_on.out'));

my $directory = PostgreSQL::Test::Utils::tempdir();
my @schema = ('-n', '"the book"');
my $number = 0;

# (what, options of pg_dump, whether the extension is there already)
sub restored
{
	my ($what, $format, $options, $is_there) = @_;
	my $database = 'copy' . ++$number;
	my $dump = "$directory/$database";
	$node->command_ok([ 'pg_dump', '-d', $node->connstr('book'), '-F', $format, @$options, '-f', $dump ], "$what: it is dumped");
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE SCHEMA "the book"; CREATE EXTENSION sync_ledger SCHEMA "the book"') if $is_there;
	my @restore = $format eq 'plain' ? ('psql', '-Xq', '-f') : ('pg_restore');
	my ($out, $err) = run_command([ @restore, $dump, '-d', $node->connstr($database) ]);
	my @errors = grep { !/schema "the book" already exists/ } $err =~ /ERROR:.*/g;
	is("@errors", '', "$what: it is restored");
	is(answers($database, 'contents'), $contents, "$what: every row and every sequence is there");
	is(answers($database, 'goes_on'), $goes_on, "$what: it goes on");
	$node->safe_psql('postgres', "DROP DATABASE $database");
}

for my $format ('plain', 'custom')
{
	restored("all of it, $format", $format, [], 0);
	restored("the schema and the extension, $format", $format, [ @schema, '-e', 'sync_ledger' ], 0);
	restored("all of it, $format, over an extension", $format, [], 1);
	restored("the schema, $format, over an extension", $format, \@schema, 1);
}

# the copies of a whole server
$node->safe_psql('postgres', 'CREATE DATABASE template_copy TEMPLATE book');
is(answers('template_copy', 'contents'), $contents, 'a template copy has all of it');
is(answers('template_copy', 'goes_on'), $goes_on, 'and goes on');

$node->backup('whole');
my $clone = PostgreSQL::Test::Cluster->new('clone');
$clone->init_from_backup($node, 'whole');
$node->stop;
$clone->start;
$node = $clone;
is(answers('book', 'contents'), $contents, 'a copy of the server has all of it');
is(answers('book', 'goes_on'), $goes_on, 'and goes on');
$clone->stop;

done_testing();
