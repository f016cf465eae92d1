-- A constraint that is deferred refuses a row, not all that is written with it.
\ir story.psql
SELECT * FROM no_plan();

SELECT sync_configure('company', '{"systems": {"crm": {"key": "k"}, "app": {"key": "id"}}, "window": "0", "fields": {"name": {}, "main": {"type": "number"}}}');
SELECT sync_configure('contact', '{"systems": {"crm": {"key": "k"}, "app": {"key": "id"}}, "window": "0", "fields": {"name": {}, "company": {"type": "number"}}}');
CREATE TABLE company (id int PRIMARY KEY, name text, main int);
CREATE TABLE contact (id int PRIMARY KEY, name text UNIQUE DEFERRABLE INITIALLY DEFERRED, company int REFERENCES company DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE company ADD FOREIGN KEY (main) REFERENCES contact DEFERRABLE INITIALLY DEFERRED;
SELECT sync_attach('company', 'app', 'company'), sync_attach('contact', 'app', 'contact');
CREATE FUNCTION pg_temp.rows() RETURNS text LANGUAGE sql AS $$
	SELECT (SELECT string_agg(c::text, ' ' ORDER BY id) FROM public.company c) || '; ' || (SELECT string_agg(c::text, ' ' ORDER BY id) FROM public.contact c)
$$;
CREATE FUNCTION pg_temp.waits() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(concat_ws(' ', entity, record_key, action, attempts, last_error), '; ' ORDER BY entity, record_key) FROM public.sync_outbox WHERE target_system = 'app'
$$;

-- Two tables that refer to each other
SELECT count(*) FROM sync_diff('crm', 'company', '{"k": 1, "name": "A", "main": 11}');
SELECT count(*) FROM sync_diff('crm', 'contact', '[{"k": 11, "name": "x", "company": 1}, {"k": 12, "name": "y", "company": 1}]');
SELECT is(sync_apply('app'), 3, 'rows that refer to each other are created');
SELECT is(pg_temp.rows(), '(1,A,11); (11,x,1) (12,y,1)', 'both ways');
SELECT count(*) FROM sync_diff('crm', 'contact', '[{"k": 11, "name": "y"}, {"k": 12, "name": "x"}]');
SELECT is(sync_apply('app'), 2, 'unique values change places');
SELECT is(pg_temp.rows(), '(1,A,11); (11,y,1) (12,x,1)', 'in one call');

-- One row is refused
SELECT count(*) FROM sync_diff('crm', 'contact', '[{"k": 13, "name": "z", "company": 2}, {"k": 12, "name": "xx"}, {"k": 14, "name": "v", "company": null}]');
SELECT is(sync_apply('app'), 2, 'a row that refers to nothing holds up no other');
SELECT is(pg_temp.rows(), '(1,A,11); (11,y,1) (12,xx,1) (14,v,)', 'they are there');
SELECT is(pg_temp.waits(), 'contact 13 create 1 insert or update on table "contact" violates foreign key constraint "contact_company_fkey"', 'it waits, with the reason');
SELECT count(*) FROM sync_diff('crm', 'company', '{"k": 2, "name": "B"}');
SELECT count(sync_redrive(id)) FROM sync_outbox WHERE target_system = 'app';
SELECT is(sync_apply('app'), 2, 'with what it refers to it goes');
SELECT is(pg_temp.waits(), NULL, 'nothing waits');

-- A delete
SELECT sync_ack(lease) FROM (SELECT DISTINCT lease FROM sync_poll('crm')) AS l;
SELECT count(*) FROM sync_diff('crm', 'company', '[{"k": 1, "name": "A", "main": 11}, {"k": 2, "name": "B", "main": null}]');
SELECT is((SELECT string_agg(verdict, ' ') FROM sync_delete('crm', 'company', '{2}')), 'accepted', 'what is referred to is deleted');
SELECT is(sync_apply('app'), 0, 'which the table refuses');
SELECT is(pg_temp.waits(), 'company 2 delete 1 update or delete on table "company" violates foreign key constraint "contact_company_fkey" on table "contact"', 'it waits, too');
SELECT count(*) FROM sync_diff('crm', 'contact', '{"k": 13, "company": 1}');
SELECT count(sync_redrive(id)) FROM sync_outbox WHERE target_system = 'app';
SELECT is(sync_apply('app'), 2, 'until it is referred to no more');
SELECT is(pg_temp.rows(), '(1,A,11); (11,y,1) (12,xx,1) (13,z,1) (14,v,)', 'then it goes');

-- The constraints are deferred again
BEGIN;
SELECT count(*) FROM sync_diff('crm', 'contact', '[{"k": 15, "name": "u", "company": 9}, {"k": 16, "name": "t"}]');
SELECT is(sync_apply('app'), 1, 'in a transaction that goes on');
INSERT INTO contact VALUES (17, 's', 3);
INSERT INTO company VALUES (3, 'C', 17);
COMMIT;
SELECT is(pg_temp.rows(), '(1,A,11) (3,C,17); (11,y,1) (12,xx,1) (13,z,1) (14,v,) (16,t,) (17,s,3)', 'rows may refer to what comes later');

-- A table of another owner, whose code is not left for the end of the transaction
SELECT 'owner_' || pg_backend_pid() AS owner \gset
CREATE ROLE :owner;
GRANT CREATE ON SCHEMA public TO :owner;
ALTER TABLE company OWNER TO :owner;
ALTER TABLE contact OWNER TO :owner;
SELECT count(*) FROM sync_diff('crm', 'company', '{"k": 4, "name": "D"}');
SELECT count(*) FROM sync_diff('crm', 'contact', '{"k": 18, "name": "r", "company": 4}');
SELECT is(sync_apply('app'), 2, 'of another owner');
SELECT is(pg_temp.waits(), 'contact 15 create 1 insert or update on table "contact" violates foreign key constraint "contact_company_fkey"', 'one row is refused, as before');
ALTER TABLE company OWNER TO CURRENT_USER;
ALTER TABLE contact OWNER TO CURRENT_USER;
DROP OWNED BY :owner;
DROP ROLE :owner;

-- A name that another constraint has, which is not deferred
CREATE TABLE namesake (a int, CONSTRAINT contact_company_fkey FOREIGN KEY (a) REFERENCES company);
SELECT count(*) FROM sync_diff('crm', 'contact', '{"k": 19, "name": "q", "company": 4}');
SELECT is(sync_apply('app'), 1, 'a name that is not the constraint''s alone');

-- At once, in the transaction of who writes the other table
SELECT sync_configure('unit', '{"systems": {"here": {"key": "id"}, "there": {"key": "id", "apply": "immediate"}}, "window": "0", "fields": {"up": {"type": "number", "nulls": "clear"}}}');
CREATE TABLE here (id int PRIMARY KEY, up int);
CREATE TABLE there (id int PRIMARY KEY, up int REFERENCES there DEFERRABLE INITIALLY DEFERRED);
SELECT sync_attach('here', 'here', 'unit'), sync_attach('there', 'there', 'unit');
BEGIN;
INSERT INTO here VALUES (1, 9), (2, NULL);
INSERT INTO here VALUES (3, 2);
COMMIT;
SELECT is((SELECT string_agg(id::text, ' ' ORDER BY id) FROM here), '1 2 3', 'the writer''s transaction stands');
SELECT is((SELECT string_agg(there::text, ' ' ORDER BY id) FROM there), '(2,) (3,2)', 'the other table has what its constraint lets in');
SELECT is((SELECT record_key || ' ' || last_error FROM sync_outbox WHERE target_system = 'there'),
	'1 insert or update on table "there" violates foreign key constraint "there_up_fkey"', 'and the rest waits');
BEGIN;
INSERT INTO there VALUES (4, 5);
INSERT INTO here VALUES (6, 2);
INSERT INTO there VALUES (5, NULL);
COMMIT;
SELECT is((SELECT string_agg(there::text, ' ' ORDER BY id) FROM there), '(2,) (3,2) (4,5) (5,) (6,2)', 'what the writer leaves to the constraint itself may come in any order');

-- A trigger that waits for the end of the writer's transaction is not run before
CREATE FUNCTION sum_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	EXECUTE format('UPDATE public.%I AS b SET total = (SELECT sum(i.n) FROM public.%I AS i WHERE i.bill = b.id) WHERE id = $1', tg_argv[0], tg_table_name) USING new.bill;
	RETURN NULL;
END $$;
CREATE TABLE bill_here (id int PRIMARY KEY, total int);
CREATE TABLE item_here (id int PRIMARY KEY, bill int REFERENCES bill_here DEFERRABLE INITIALLY DEFERRED, n int);
CREATE TABLE bill_there (id int PRIMARY KEY, total int);
CREATE TABLE item_there (id int PRIMARY KEY, bill int REFERENCES bill_there DEFERRABLE INITIALLY DEFERRED, n int);
CREATE CONSTRAINT TRIGGER sum_up AFTER INSERT OR UPDATE ON item_here DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sum_up('bill_here');
CREATE CONSTRAINT TRIGGER sum_up AFTER INSERT OR UPDATE ON item_there DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sum_up('bill_there');
SELECT sync_configure('bill', '{"systems": {"here": {"key": "id"}, "there": {"key": "id", "apply": "immediate"}}, "window": "0", "fields": {"total": {"type": "number"}}}');
SELECT sync_configure('item', '{"systems": {"here": {"key": "id"}, "there": {"key": "id", "apply": "immediate"}}, "window": "0", "fields": {"bill": {}, "n": {"type": "number"}}}');
SELECT sync_attach('bill_here', 'here', 'bill'), sync_attach('bill_there', 'there', 'bill'), sync_attach('item_here', 'here', 'item'), sync_attach('item_there', 'there', 'item');
BEGIN;
INSERT INTO item_here VALUES (1, 1, 10), (2, 1, 5);
INSERT INTO bill_here VALUES (1, 0);
COMMIT;
SELECT is((SELECT total FROM bill_here), 15, 'it finds what was written after its row');
SELECT is((SELECT total FROM bill_there), 15, 'there too');
SELECT is((SELECT count(*) FROM item_there), 2::bigint, 'and nothing is refused that stands in the end');
SELECT is_empty($$ SELECT FROM sync_outbox WHERE entity IN ('bill', 'item') $$, 'nothing waits');
DROP TABLE item_here, item_there, bill_here, bill_there;

-- A writer, or a caller, who may not use the schema of the other table
SELECT 'writer_' || pg_backend_pid() AS writer \gset
CREATE ROLE :writer;
CREATE SCHEMA apart;
SELECT sync_configure('part', '{"systems": {"near": {"key": "id"}, "far": {"key": "id", "apply": "immediate"}, "crm": {}}, "window": "0", "fields": {"name": {}}}');
CREATE TABLE near (id text PRIMARY KEY, name text);
CREATE TABLE apart.far (id text PRIMARY KEY, name text UNIQUE DEFERRABLE INITIALLY DEFERRED);
SELECT sync_attach('near', 'near', 'part'), sync_attach('apart.far', 'far', 'part');
GRANT SELECT, INSERT, UPDATE ON near TO :writer;
SET ROLE :writer;
INSERT INTO public.near VALUES ('1', 'x');
INSERT INTO public.near VALUES ('2', 'x');
RESET ROLE;
SELECT is((SELECT string_agg(n::text, ' ' ORDER BY id) FROM near AS n), '(1,x) (2,x)', 'writes what it may');
SELECT is((SELECT string_agg(f::text, ' ' ORDER BY id) FROM apart.far AS f), '(1,x)', 'and the constraint is asked at once');
SELECT is((SELECT record_key || ' ' || last_error FROM sync_outbox WHERE target_system = 'far'),
	'2 duplicate key value violates unique constraint "far_name_key"', 'so the rest waits');
BEGIN;
SET LOCAL ROLE :writer;
UPDATE public.near SET name = 'y' WHERE id = '1';
RESET ROLE;
INSERT INTO apart.far VALUES ('3', 'z');
INSERT INTO apart.far VALUES ('4', 'z');
DELETE FROM apart.far WHERE id = '4';
COMMIT;
SELECT is((SELECT string_agg(f::text, ' ' ORDER BY id) FROM apart.far AS f), '(1,y) (3,z)', 'they wait again for what comes later');
DROP OWNED BY :writer;
DROP ROLE :writer;
SELECT * FROM finish();
