-- A policy is told back in sentences that a human can check against what was meant.
\pset tuples_only on
\pset format unaligned
SET client_min_messages = warning;
BEGIN;

-- Everything by default: two names of systems, one name of a field.
SELECT sync_configure('note', '{"systems": ["crm", "support"], "fields": {"title": {}}}');
SELECT sync_policy('note');

-- What a policy can say, under settings that change how intervals, dates and numbers print.
SET intervalstyle = sql_standard;
SET datestyle = 'SQL, DMY';
SET timezone = 'Pacific/Chatham';
SET extra_float_digits = -3;
SELECT sync_configure('contact', $$
{ "systems": {
    "crm":     {"key": "external_id", "id": "id", "version": "updated_at", "strict_versions": true},
    "support": {"key": "requester.\"external.id\"", "echo_window": "90 seconds", "unseen": "send",
                "timezone": "Europe/Berlin"},
    "legacy":  {"key": "refs[0].ref", "writable": false} },
  "fields": {
    "email":    {"required": true, "normalize": ["trim", "lower"], "owner": "crm",
                 "path": {"crm": "properties.email", "support": "requester.email"}},
    "plan":     {"owner": "crm", "values": {"support": {"gold": "tier_3", "free": 0}}},
    "priority": {"owner": "support", "authority": "tiebreak", "nulls": "clear"},
    "labels":   {"type": "set", "path": "labels[*].name"},
    "tags":     {"type": "set", "merge": "set"},
    "street":   {"group": "address"}, "city": {"group": "address"}, "zip": {"group": "address"},
    "VAT no.":  {"sensitive": true, "normalize": ["squeeze"]},
    "seats":    {"type": "number"} },
  "window": "1 day 2:03:04.5", "max_attempts": 1, "max_change": 0.125, "max_flips": 1 }
$$);
SELECT sync_policy('contact');

-- No window: nothing is held back, and the breaker still has its minute.
SELECT sync_configure('note', '{"systems": ["crm"], "fields": {"title": {}}, "window": "0"}');
SELECT substring(sync_policy('note') FROM 'RULES FOR ALL.*');

-- A window for all of a record.
SELECT sync_configure('note', '{"systems": ["crm"], "fields": {"title": {}}, "window_scope": "record"}');
SELECT substring(sync_policy('note') FROM 'RULES FOR ALL.*');
ROLLBACK;
