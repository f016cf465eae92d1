# Text is compared, sorted and hashed as UTF-8: a database in another encoding is refused at CREATE EXTENSION,
# and says why; a client in another encoding is served, and what it cannot show is an error to it alone.
use strict;
use warnings;
use utf8;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('book');
$node->init(extra => ['--encoding=UTF8', '--locale=C.UTF-8']);
$node->start;

for my $encoding ('LATIN1', 'SQL_ASCII', 'EUC_JP', 'WIN1252')
{
	$node->safe_psql('postgres', "CREATE DATABASE other_$encoding ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
	my ($code, $out, $err) = $node->psql(lc "other_$encoding", '\set VERBOSITY verbose' . "\nCREATE EXTENSION sync_ledger");
	like($err, qr/0A000: sync_ledger needs a database with encoding "UTF8", this one has "$encoding"/, "$encoding is refused");
	like($err, qr/HINT:  Create the database with CREATE DATABASE \.\.\. ENCODING 'UTF8' TEMPLATE template0\./, 'with what to do');
	is($node->safe_psql(lc "other_$encoding", q{SELECT count(*) FROM pg_class WHERE relname LIKE 'sync\_%'}), '0', 'and nothing is left');
}

$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION sync_ledger;
SELECT sync_configure('contact', '{"systems": ["crm", "desk"], "fields": {"name": {"normalize": ["lower"]}}, "window": "0"}');
SQL
my $latin = $node->safe_psql('postgres', <<"SQL");
SET client_encoding = 'LATIN1';
SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "1", "name": "\xc4NNE"}');
SET client_encoding = 'UTF8';
SELECT convert_to(data->>'name', 'UTF8') FROM sync_record;
SQL
is($latin, "accepted\n\\xc3a46e6e65", 'a client in LATIN1 is understood');
my ($code, $out, $err) = $node->psql('postgres', <<'SQL');
SELECT verdict FROM sync_diff('crm', 'contact', '{"record_key": "2", "name": "\u2603"}');
SET client_encoding = 'LATIN1';
SELECT change_set FROM sync_poll('desk');
SQL
like($err, qr/character with byte sequence 0xe2 0x98 0x83 in encoding "UTF8" has no equivalent in encoding "LATIN1"/, 'what it cannot show is an error');
is($node->safe_psql('postgres', q{SELECT count(*) FROM sync_poll('desk')}), '2', 'and nothing of it is lost');
($code, $out, $err) = $node->psql('postgres', qq{SELECT * FROM sync_diff('crm', 'contact', '{"record_key": "3", "name": "\xc3\x28"}')});
like($err, qr/invalid byte sequence for encoding "UTF8": 0xc3 0x28/, 'bytes that are no UTF-8 do not come in');

$node->stop;
done_testing();
