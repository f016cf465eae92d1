# Change data capture reads the outbox through logical decoding: each change-set is an insert with
# ordinary columns, and sync_outbox_event shows the same under the names that Debezium expects.
use strict;
use warnings;

use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('decoded');
$node->init(allows_streaming => 'logical', extra => ['--encoding=UTF8']);
$node->start;
# newer minor versions want to be told that a plugin is trusted
if ($node->safe_psql('postgres', q{SELECT count(*) FROM pg_settings WHERE name = 'output_plugin_libraries'}))
{
	$node->append_conf('postgresql.conf', q{output_plugin_libraries = 'wal2json'});
	$node->reload;
}
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION sync_ledger;
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "window": "0"}');
SELECT pg_create_logical_replication_slot('captured', 'wal2json');
SQL

# What happened to the outbox since the last look: kind, and the columns by name.
sub captured
{
	my $lines = $node->safe_psql('postgres', q{SELECT data FROM pg_logical_slot_get_changes('captured', NULL, NULL,
		'format-version', '2', 'add-tables', 'public.sync_outbox', 'include-transaction', 'off')});
	return map {
		my $change = decode_json($_);
		my %columns = map { $_->{name} => $_->{value} } @{ $change->{columns} };
		{ kind => $change->{action}, %columns }
	} split /\n/, $lines;
}

$node->safe_psql('postgres', q{SELECT sync_diff('crm', 'contact', '[{"record_key": "1", "phone": "1"}, {"record_key": "2", "phone": "2"}]')});
my @made = captured();
is(join(' ', map { "$_->{kind} $_->{record_key} $_->{action} $_->{change_set}" } @made),
	'I 1 create {"phone": "1"} I 2 create {"phone": "2"}', 'two change-sets are two inserts, in their order');
is($node->safe_psql('postgres', q{SELECT aggregatetype, aggregateid, type, payload, idempotency_key FROM sync_outbox_event ORDER BY aggregateid}),
	join("\n", map { join '|', @{$_}{qw(entity record_key action change_set idempotency_key)} } @made),
	'the event has the same in it');

$node->safe_psql('postgres', q{SELECT sync_ack(max(lease)) FROM sync_poll('support')});
my @sent = captured();
is(join(' ', sort map { $_->{kind} } @sent), 'D D U U', 'a claim is an update, an acknowledgement a delete');

$node->safe_psql('postgres', q{SELECT pg_drop_replication_slot('captured')});
$node->stop;
done_testing();
