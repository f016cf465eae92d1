# Rows that a subscription brings into an attached table are captured where the attach says so, those
# of the first copy and those that follow; by themselves they are not.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $from = PostgreSQL::Test::Cluster->new('from');
$from->init(allows_streaming => 'logical', extra => ['--encoding=UTF8']);
$from->start;
$from->safe_psql('postgres', <<'SQL');
CREATE TABLE quiet (id int PRIMARY KEY, name text);
CREATE TABLE loud (id int PRIMARY KEY, name text);
INSERT INTO quiet VALUES (1, 'A');
INSERT INTO loud VALUES (1, 'A');
CREATE PUBLICATION everything FOR ALL TABLES;
SQL

my $to = PostgreSQL::Test::Cluster->new('to');
$to->init(allows_streaming => 'logical', extra => ['--encoding=UTF8']);
$to->start;
$to->safe_psql('postgres', <<'SQL');
CREATE EXTENSION sync_ledger;
SELECT sync_configure('contact', '{"systems": {"quiet": {"key": "id"}, "loud": {"key": "id"}, "crm": {}}, "fields": {"name": {}}, "window": "0"}');
CREATE TABLE quiet (id int PRIMARY KEY, name text);
CREATE TABLE loud (id int PRIMARY KEY, name text);
SELECT sync_attach('quiet', 'quiet', 'contact');
SELECT sync_attach('loud', 'loud', 'contact', replicated => true);
SQL
$to->safe_psql('postgres', sprintf(q{CREATE SUBSCRIPTION everything CONNECTION $$%s$$ PUBLICATION everything}, $from->connstr('postgres')));
$to->wait_for_subscription_sync($from, 'everything');

sub events
{
	return $to->safe_psql('postgres', q{SELECT system, event, record_key, change_set FROM sync_event ORDER BY id});
}

my $copied = 'loud|arrived|1|{"name": "A"}';
is(events(), $copied, 'the first copy is captured where the attach says so, and only there');

$from->safe_psql('postgres', <<'SQL');
UPDATE quiet SET name = 'B';
BEGIN;
UPDATE loud SET name = 'B';
INSERT INTO loud VALUES (2, 'C');
COMMIT;
DELETE FROM loud WHERE id = 1;
SQL
$from->wait_for_catchup('everything');
is(events(), join("\n", $copied, 'loud|arrived|1|{"name": "B"}', 'loud|arrived|2|{"name": "C"}', 'loud|deleted|1|'),
	'so are the changes that follow');
is($to->safe_psql('postgres', 'SELECT * FROM quiet'), '1|B', 'what is not captured is in its table');

$to->safe_psql('postgres', q{UPDATE quiet SET name = 'here'});
is($to->safe_psql('postgres', q{SELECT system FROM sync_event ORDER BY id DESC LIMIT 1}), 'quiet', 'which captures what is written here');

$to->stop;
$from->stop;
done_testing();
