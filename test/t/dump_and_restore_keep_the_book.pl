# A dump of the database carries the whole book, and where it is restored the work goes on:
# what waited is handed out, what was leased can be acknowledged, ids do not start anew.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $from = PostgreSQL::Test::Cluster->new('from');
$from->init(extra => ['--encoding=UTF8']);
$from->start;
$from->safe_psql('postgres', 'CREATE DATABASE book');
# so many transactions that the other server is far behind in them
$from->safe_psql('book', 'SELECT pg_current_xact_id();' x 1000);
$from->safe_psql('book', <<'SQL');
CREATE SCHEMA "the book";
CREATE EXTENSION sync_ledger SCHEMA "the book";
SET search_path = "the book";
SELECT sync_configure('contact', '{"systems": {"crm": {"id": "id"}, "support": {}}, "window": "0 seconds",
	"fields": {"phone": {}, "seats": {"type": "number"}}, "match_on": ["phone"]}');
SELECT sync_diff('crm', 'contact', '[{"record_key": "leased", "phone": "1"},
	{"record_key": "waiting", "phone": "2"}, {"record_key": "conflict", "phone": "3"}]');
SELECT sync_diff('support', 'contact', '{"record_key": "conflict", "phone": "4"}');
SELECT sync_diff('crm', 'contact', '{"record_key": "rejected", "seats": "many"}');
SELECT sync_diff('crm', 'contact', '[{"id": "known", "phone": "5"}, {"record_key": "two names", "id": "known", "phone": "6"}]');
SELECT sync_poll('support', 1);
CREATE TABLE public.people (record_key text PRIMARY KEY, phone text, seats int);
SELECT sync_configure('person', '{"systems": ["app", "crm"], "window": "0 seconds", "fields": {"phone": {}}}');
SELECT sync_attach('public.people', 'app', 'person');
INSERT INTO public.people VALUES ('attached', '1', 0);
SQL

my $to = PostgreSQL::Test::Cluster->new('to');
$to->init(extra => ['--encoding=UTF8']);
$to->start;
$to->safe_psql('postgres', 'CREATE DATABASE book');
my $dump = PostgreSQL::Test::Utils::tempdir() . '/book.sql';
$from->command_ok([ 'pg_dump', '-d', $from->connstr('book'), '-f', $dump ], 'it is dumped');
$to->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $to->connstr('book'), '-f', $dump ],
	'it is restored');

# what each relation of a dump holds: the rows of a table, the position of a sequence; a place
# in the outbox is a transaction of the server it is in
my $contents = $from->safe_psql('book', <<'SQL');
SELECT format(CASE relkind WHEN 'S' THEN 'SELECT last_value FROM %s'
	ELSE 'SELECT to_jsonb(r) - ''place'' AS r FROM %s r ORDER BY r::text' END, oid::regclass)
FROM pg_class
WHERE oid = ANY (SELECT unnest(extconfig) FROM pg_extension WHERE extname = 'sync_ledger')
ORDER BY 1
SQL
for my $query (split /\n/, $contents)
{
	is($to->safe_psql('book', $query), $from->safe_psql('book', $query), "the same: $query");
}

my $path = 'SET search_path = "the book";';
is($to->safe_psql('book', "$path SELECT sync_ack(1)"), '1', 'the leased row can be acknowledged');
is($to->safe_psql('book', "$path SELECT record_key FROM sync_poll('support', 1)"), '', 'nothing is handed out');
$to->safe_psql('book', "$path SELECT sync_resume()");
is($to->safe_psql('book', "$path SELECT record_key, lease FROM sync_poll('support', 1)"),
	'waiting|2', 'until it is told to go on: the waiting row, under a lease of its own');
is($to->safe_psql('book', "$path SELECT verdict FROM sync_diff('crm', 'contact', '{\"record_key\": \"leased\", \"phone\": \"1\"}', verbose => true)"),
	'unchanged', 'what the systems show is known');
is($to->safe_psql('book', "$path SELECT sync_resolve(id, winner => 'crm') FROM sync_open_conflicts WHERE kind <> 'duplicate'"),
	't', 'the open conflict can be decided');
is($to->safe_psql('book', "$path SELECT verdict FROM sync_diff('crm', 'contact', '{\"id\": \"known\", \"phone\": \"7\"}')"),
	'conflict', 'what is held for a human is held');
is($to->safe_psql('book', "$path SELECT sync_resolve(id, value => to_jsonb('crm:known'::text)) FROM sync_open_conflicts WHERE kind = 'duplicate'"),
	't', 'until it is decided');
is($to->safe_psql('book', "$path SELECT record_key FROM sync_diff('crm', 'contact', '{\"id\": \"known\", \"phone\": \"8\"}')"),
	'crm:known', 'a record is known by its native id');
is($to->safe_psql('book', "$path SELECT record_key, detail FROM sync_diff('crm', 'contact', '{\"id\": \"new\", \"phone\": \"2\"}', verbose => true)"),
	'waiting|matched on phone', 'and by the fields of match_on');

is($to->safe_psql('book', q{UPDATE public.people SET phone = '2' RETURNING record_key}), 'attached', 'an attached table is written to');
is($to->safe_psql('book', "$path SELECT data FROM sync_record WHERE record_key = 'attached'"), '{"phone": "2"}', 'and is captured there');

# the rows alone
my $rows = PostgreSQL::Test::Utils::tempdir() . '/rows.sql';
$to->command_ok([ 'pg_dump', '-d', $to->connstr('book'), '--data-only', '-t', 'public.people', '-f', $rows ], 'the rows of a table are dumped');
$to->safe_psql('book', 'DELETE FROM public.people');
$to->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $to->connstr('book'), '-f', $rows ], 'restored, with an empty search path,');
is($to->safe_psql('book', "$path SELECT data, deleted FROM sync_record WHERE record_key = 'attached'"), '{"phone": "2"}|f', 'they are captured as any rows are');

$from->stop;
$to->stop;
done_testing();
