-- Two tables of one database kept in step, in one screen:
--     createdb -E UTF8 -T template0 two && psql -d two -f examples/two_tables.sql
\set QUIET on
\pset footer off
CREATE EXTENSION sync_ledger;

CREATE TABLE customers (id integer PRIMARY KEY, name text, phone text, notes text);
CREATE TABLE accounts (number serial PRIMARY KEY, customer integer UNIQUE, holder varchar(40), tel text, credit numeric DEFAULT 0);

SELECT sync_configure('customer', '{
  "systems": { "crm":     {"key": "id"},
               "billing": {"key": "customer", "id": "number"} },
  "fields":  { "name":  {"owner": "crm", "path": {"crm": "name", "billing": "holder"}},
               "phone": {"normalize": ["phone"], "path": {"crm": "phone", "billing": "tel"}} },
  "window":  "0 seconds"
}') AS version;
SELECT sync_attach('customers', 'crm', 'customer'), sync_attach('accounts', 'billing', 'customer');

\echo A customer is made here, and applied there:
INSERT INTO customers VALUES (7, 'Ada', '+1 415 555 0100', 'met in London');
SELECT sync_apply('billing');
TABLE accounts;

\echo Both sides change something; each hears of the other:
UPDATE customers SET name = 'Ada Lovelace';
UPDATE accounts SET tel = '+1 415 555 0199', credit = 100;
SELECT sync_apply('billing'), sync_apply('crm');
TABLE customers;
TABLE accounts;

\echo Billing may not rename a customer: the name goes back.
UPDATE accounts SET holder = 'Ada L.';
SELECT sync_apply('billing');
TABLE accounts;

\echo Nothing waits, and all of it is on record:
SELECT count(*) AS waiting FROM sync_outbox;
SELECT event, system, detail FROM sync_trace('customer', '7');
