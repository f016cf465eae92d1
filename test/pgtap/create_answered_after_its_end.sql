-- The target says that the record is gone, then our create is answered: nobody knows which came first.
-- What the answer says of the record, under a version, does not make it one that is there.
BEGIN;
SELECT * FROM no_plan();
\ir story.psql

SELECT sync_configure('contact', '{"systems": {"crm": {"deleted": "gone"}, "desk": {"deleted": "gone", "version": "v"}}, "fields": {"phone": {}, "email": {}}, "window": "0"}');
SELECT is(pg_temp.saw('crm', '{"phone": "1", "email": null}'), 'accepted email=agreed,phone=accepted -> desk', 'a new record');
SELECT is(pg_temp.poll('desk'), 'create {"phone": "1"}', 'a worker creates it');
SELECT is(pg_temp.saw('desk', '{"gone": true}'), 'conflict', 'it is gone there');
SELECT is(pg_temp.ack('desk', '{"phone": "1", "email": null, "v": 7}'), true, 'and then the worker that it has created it');
SELECT is((SELECT existence FROM sync_shadow WHERE system = 'desk'), 'create of unknown outcome', 'which nobody knows');
SELECT is(pg_temp.saw('crm', '{"gone": true}'), 'conflict', 'the crm deletes it, too');
SELECT is(sync_resolve(pg_temp.open_conflict(), winner => 'desk'), true, 'a human lets it live by desk''s word');
SELECT is((SELECT data FROM sync_record), '{"email": null, "phone": "1"}', 'no value is lost');
SELECT is(pg_temp.poll('desk'), 'create {"phone": "1"}', 'desk gets it once more');

SELECT * FROM finish();
ROLLBACK;
