# A call can be part of a transaction that is prepared, where NOTIFY is turned off: its records are held
# until that ends, whatever happens to the server in between, and the session goes on.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('book');
$node->init(extra => ['--encoding=UTF8']);
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 5');
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION sync_ledger;
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}}, "window": "0"}');
SELECT sync_diff('crm', 'contact', '[{"record_key": "1", "phone": "1"}, {"record_key": "2", "phone": "1"}]');
SQL

my $off = 'SET sync_ledger.notify = off;';

sub prepared
{
	my ($name, $phone) = @_;
	return "BEGIN; SELECT verdict FROM sync_diff('crm', 'contact', '{\"record_key\": \"1\", \"phone\": \"$phone\"}'); PREPARE TRANSACTION '$name';";
}

sub polled { return $node->safe_psql('postgres', q{SELECT record_key || ' ' || change_set FROM sync_poll('support')}) }

my ($code, $out, $err) = $node->psql('postgres', prepared('loud', '2'));
like($err, qr/cannot PREPARE a transaction that has executed LISTEN, UNLISTEN, or NOTIFY/, 'with NOTIFY it is refused');

is($node->safe_psql('postgres', $off . prepared('undone', '2')
	. q{SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "3", "phone": "1"}');}),
	"accepted\naccepted", 'without it is prepared, and the session goes on');
$node->psql('postgres', q{SET lock_timeout = '10ms'; SELECT sync_diff('crm', 'contact', '{"record_key": "1", "phone": "9"}')}, stderr => \$err);
like($err, qr/canceling statement due to lock timeout/, 'its record is held');
is(polled(), "2 {\"phone\": \"1\"}\n3 {\"phone\": \"1\"}", 'a poll skips it');
$node->safe_psql('postgres', q{ROLLBACK PREPARED 'undone'});
is($node->safe_psql('postgres', q{SELECT data FROM sync_record WHERE record_key = '1'}), '{"phone": "1"}', 'rolled back, it leaves nothing');

$node->safe_psql('postgres', $off . prepared('done', '3'));
$node->stop('immediate');
$node->start;
is(polled(), '', 'it outlives a crash');
$node->safe_psql('postgres', q{COMMIT PREPARED 'done'});
is(polled(), '1 {"phone": "3"}', 'committed, it is there to be claimed');

is($node->safe_psql('postgres', $off . <<'SQL'), "2\n1\n2\n2", 'a policy that is prepared is not in force');
BEGIN;
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "fields": {"phone": {}, "email": {}}, "window": "0"}');
SELECT sync_diff('crm', 'contact', '[]');
PREPARE TRANSACTION 'policy';
SELECT substring(sync_policy('contact') FROM 'version (\d+)');
COMMIT PREPARED 'policy';
SELECT substring(sync_policy('contact') FROM 'version (\d+)');
SELECT count(*) FROM sync_entity;
SQL

# a captured write is part of its transaction
$node->safe_psql('postgres', <<'SQL');
SELECT sync_configure('note', '{"systems": ["app", "crm"], "fields": {"name": {}}, "window": "0"}');
CREATE TABLE note (record_key int PRIMARY KEY, name text);
SELECT sync_attach('note', 'app', 'note');
SQL
$node->safe_psql('postgres', $off . q{BEGIN; INSERT INTO note VALUES (1, 'A'), (2, 'B'); PREPARE TRANSACTION 'written';});
is($node->safe_psql('postgres', q{SELECT count(*) FROM sync_poll('crm', entity => 'note')}), '0', 'a write that is prepared is not told');
$node->safe_psql('postgres', q{COMMIT PREPARED 'written'});
is($node->safe_psql('postgres', q{SELECT record_key, change_set FROM sync_poll('crm', entity => 'note')}), "1|{\"name\": \"A\"}\n2|{\"name\": \"B\"}", 'committed, it is');

$node->stop;
done_testing();
