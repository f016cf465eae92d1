-- Where a table has foreign keys or triggers of its own, changes are written in the order in which they
-- wait: a row is moved away before its parent goes, and a parent comes before its rows.
SELECT plan(24);

SELECT sync_configure('node', '{"systems": {"ta": {"key": "id"}, "tb": {"key": "id"}}, "window": "0", "fields": {
    "name": {}, "par": {"type": "number", "nulls": "clear"}}}');
CREATE TABLE ta (id integer PRIMARY KEY, name text, par integer REFERENCES ta ON DELETE CASCADE);
CREATE TABLE tb (id integer PRIMARY KEY, name text, par integer REFERENCES tb ON DELETE CASCADE);
SELECT sync_attach('ta', 'ta', 'node'), sync_attach('tb', 'tb', 'node');

CREATE FUNCTION nodes(of regclass) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    found text;
BEGIN
    EXECUTE format('SELECT string_agg(concat_ws('' '', id, name, par), '', '' ORDER BY id) FROM %s', of) INTO found;
    RETURN found;
END $$;

INSERT INTO ta VALUES (1, 'root', NULL), (2, 'two', 1), (3, 'three', 2), (4, 'four', NULL), (5, 'five', 4);
SELECT is(sync_apply('tb'), 5, 'parents come first');
SELECT is(nodes('tb'), nodes('ta'), 'all of them are there');

UPDATE ta SET par = 4 WHERE id = 2;
DELETE FROM ta WHERE id = 1;
SELECT is(sync_apply('tb'), 2, 'a row leaves its parent, which goes');
SELECT is(nodes('ta'), '2 two 4, 3 three 2, 4 four, 5 five 4', 'in the one table');
SELECT is(nodes('tb'), nodes('ta'), 'and in the other');
SELECT is_empty('SELECT id FROM sync_conflict WHERE status = ''open''', 'nobody is asked');

DELETE FROM ta WHERE id = 4;
SELECT cmp_ok(sync_apply('tb'), '>=', 1, 'a parent goes with its rows');
SELECT is(nodes('tb'), nodes('ta'), 'in both');

INSERT INTO ta VALUES (6, 'six', NULL);
SELECT is(sync_apply('tb'), 1, 'one');
DELETE FROM ta WHERE id = 6;
INSERT INTO ta VALUES (7, 'seven', NULL), (8, NULL, 7);
UPDATE ta SET name = 'eight' WHERE id = 8;
SELECT is(sync_apply('tb'), 3, 'a delete, and creates of two shapes');
SELECT is(nodes('tb'), nodes('ta'), 'in both again');
SELECT is_empty('SELECT id FROM sync_outbox', 'nothing is left');

-- Tables that refer to others come after them, whatever their entities are called.
SELECT sync_configure('customer', '{"systems": {"ta": {"key": "id"}, "tb": {"key": "id"}}, "window": "0", "fields": {"name": {}}}');
SELECT sync_configure('booking', '{"systems": {"ta": {"key": "id"}, "tb": {"key": "id"}}, "window": "0", "fields": {"customer": {"type": "number"}}}');
CREATE TABLE customer_a (id integer PRIMARY KEY, name text);
CREATE TABLE customer_b (LIKE customer_a INCLUDING ALL);
CREATE TABLE booking_a (id integer PRIMARY KEY, customer integer REFERENCES customer_a ON DELETE CASCADE);
CREATE TABLE booking_b (id integer PRIMARY KEY, customer integer REFERENCES customer_b ON DELETE CASCADE);
SELECT sync_attach('customer_a', 'ta', 'customer'), sync_attach('customer_b', 'tb', 'customer'),
    sync_attach('booking_a', 'ta', 'booking'), sync_attach('booking_b', 'tb', 'booking');
INSERT INTO customer_a VALUES (1, 'one');
INSERT INTO booking_a VALUES (1, 1);
SELECT is(sync_apply('tb'), 2, 'the customer comes before its booking');
SELECT is((SELECT customer FROM booking_b), 1, 'which is there');
SELECT is_empty('SELECT id FROM sync_outbox', 'at once');

-- A row leaves what it refers to before that goes, and goes before it.
INSERT INTO customer_a VALUES (2, 'two');
UPDATE booking_a SET customer = 2;
DELETE FROM customer_a WHERE id = 1;
SELECT is(sync_apply('tb'), 3, 'another customer takes the booking over');
SELECT is((SELECT customer FROM booking_b), 2, 'which stays');
SELECT is((SELECT string_agg(name, ', ') FROM customer_b), 'two', 'the first one goes');
SELECT is_empty('SELECT id FROM sync_conflict WHERE status = ''open''', 'nobody is asked about a booking');
INSERT INTO booking_a VALUES (2, 2);
SELECT is(sync_apply('tb'), 1, 'one more');
DELETE FROM customer_a;
SELECT is(sync_apply('tb'), 3, 'the customer goes with the bookings');
SELECT is_empty('SELECT id FROM booking_b', 'all of them');
SELECT is_empty('SELECT id FROM customer_b', 'and the customer');
SELECT is_empty('SELECT id FROM sync_outbox', 'and that is all');

SELECT * FROM finish();
