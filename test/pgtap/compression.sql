-- What is long is compressed by LZ4, where the server has it.
\ir story.psql
SELECT * FROM no_plan();

SELECT CASE WHEN 'lz4' = ANY (enumvals) THEN 'lz4' ELSE 'pglz' END AS best FROM pg_settings WHERE name = 'default_toast_compression' \gset
SELECT sync_configure('contact', '{"systems": ["crm", "support"], "window": "0", "fields": {"note": {}}}');
SELECT is((SELECT verdict FROM sync_diff('crm', 'contact', format('{"record_key": "a", "note": "%s"}', repeat('the same words ', 2000)))), 'accepted', 'a long text');
SELECT is((SELECT DISTINCT pg_column_compression(state) FROM sync_state), :'best', 'its state');
SELECT is((SELECT DISTINCT pg_column_compression(change_set) FROM sync_event), :'best', 'its event');
SELECT is((SELECT DISTINCT pg_column_compression(change_set) FROM sync_outbox), :'best', 'what waits');
SELECT is((SELECT count(*) FROM sync_poll('support')), 1::bigint, 'a worker gets it');
SELECT is((SELECT DISTINCT sync_ack(lease) FROM sync_outbox), 1, 'and takes it');
SELECT is((SELECT DISTINCT pg_column_compression(change_set) FROM sync_delivery), :'best', 'its delivery');
SELECT is((SELECT length(data ->> 'note') FROM sync_record), 30000, 'all of it is there');
SELECT * FROM finish();
